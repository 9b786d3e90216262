"""All units asked about at once get what each would get alone, by the router that is always right."""

from __future__ import annotations

import json
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

import scenarios.samples.gothenburg
from dispatch.diversion import Diversions
from dispatch.eligibility import PLACELESS, Failure, Question, failures, failures_of, may_have_moved
from dispatch.eta import Eta, Placed, accuracy_m, fix_age_ms, mobilisation, place
from dispatch.force import Force
from dispatch.model import Fix, Incident, Picture, Unit
from dispatch.recommend import recommend
from dispatch.recommendation import LeftBehind, Recommendation
from graphs.conditions import NO_CONDITIONS, Conditions
from graphs.errors import OutsideNetwork, Unreachable
from graphs.network import Network
from graphs.reference import ReferenceRouter
from graphs.router import Router
from graphs.routing import Routing, Ways
from graphs.snapping import Spot
from graphs.times import EdgeTimes
from nightshift import CLEVELAND, TOWN, ago, ask, incident, unit
from scenarios.picture_folder import read_picture_folder
from smallnets import MOMENT, closed_roads, conditions, small_networks, street_grids

NIGHT = Path(scenarios.samples.gothenburg.__file__).parent


# ---- One by one --------------------------------------------------------------------------------------------------


def spots_alone(router: Routing, question: Question) -> tuple[Spot, ...] | Failure:
    fix = question.unit.fix
    assert fix is not None
    try:
        return router.spots(fix.lat, fix.lon, fix.course_deg, fix.speed_kmh, accuracy_m(question, fix))
    except OutsideNetwork:
        return Failure("outside_area", f"position lat {fix.lat:g}, lon {fix.lon:g} is outside the road network")


def eta_alone(ways: Ways, times: EdgeTimes, question: Question, spots: tuple[Spot, ...]) -> Eta | Failure:
    (leg,), (spot_ms,) = ways.best_of([spots]), ways.times_of([spots])
    fix = question.unit.fix
    if leg is None or fix is None:
        return Failure("unreachable", "no road leads from there to the incident")
    age_ms = fix_age_ms(fix, question.now)
    doubt_ms = age_ms if age_ms > question.force.fixes.fresh_s * 1000 and may_have_moved(question) else 0
    length_m, edge = float(times.network.length_m[leg.spot.edge]), leg.spot.edge
    driven_ms = float(times.usual_ms[edge] - times.wait_ms[edge])
    doubt_ms += round(accuracy_m(question, fix) * driven_ms / length_m) if length_m > 0.0 else 0
    known = [time for time in spot_ms if time is not None]
    either_way = len({spot.delay_ms for spot in spots}) == 1
    turn_ms = min(max(known) - min(known), times.u_turn_ms) if either_way else 0
    ready_ms = mobilisation(question) * 1000
    time_ms = ready_ms + leg.time_ms
    return Eta(
        time_ms, ready_ms, leg.drive_ms, leg.walk_ms, max(time_ms - doubt_ms, ready_ms), time_ms + doubt_ms + turn_ms,
        leg.length_m, leg.spot.gap_m, lambda: leg,
    )  # fmt: skip


class OneByOne:
    """What `recommend` says of each unit, worked out for it alone."""

    def __init__(
        self, picture: Picture, network: Network, force: Force, changed: Conditions, engine: type[Routing]
    ) -> None:
        self.picture, self.network, self.force, self.changed, self.engine = picture, network, force, changed, engine
        self.known = {item.incident_id: item for item in picture.incidents if item.incident_id}

    def told(self, who: Unit, asked: Incident) -> tuple[Eta | None, tuple[Failure, ...]]:
        question = self._question(who, asked)
        failed = failures(question)
        if any(failure.rule in PLACELESS for failure in failed):
            return None, failed
        router = self._router(asked)
        spots = spots_alone(router, question)
        if isinstance(spots, Failure):
            return None, (*failed, spots)
        ways = router.arrivals(router.approaches(asked.lat, asked.lon, on_road=asked.on_road))
        found = eta_alone(ways, router.edge_times, question, spots)
        return (None, (*failed, found)) if isinstance(found, Failure) else (found, failed)

    def leaves(self, who: Unit, sent: frozenset[str]) -> LeftBehind:
        left = self.known.get(who.incident_id or "")
        if left is None:
            return LeftBehind(who.incident_id, who.committed_grade, because="the incident is not in the picture")
        if not self.network.contains(left.lat, left.lon):
            return LeftBehind(left.incident_id, left.grade, because="the incident is outside the road network")
        told = [(item, *self.told(item, left)) for item in self.picture.units]
        times = {item.callsign: found.time_ms for item, found, _ in told if found is not None}
        come = [
            (times[item.callsign], item.callsign)
            for item, _, failed in told
            if item.callsign in times and item.callsign not in sent
            if {failure.rule for failure in failed}
            <= ({"committed", "status"} if item.incident_id == left.incident_id else set())
        ]
        if not come:
            return LeftBehind(left.incident_id, left.grade, because="no other unit could be sent there")
        (next_ms, callsign), own_ms = min(come), times.get(who.callsign)
        if own_ms is None:
            return LeftBehind(left.incident_id, left.grade, callsign, because="no road leads the unit there")
        return LeftBehind(left.incident_id, left.grade, callsign, next_ms - own_ms)

    def _router(self, asked: Incident) -> Routing:
        return self.engine(self.network, self.force.grade(asked.grade).profile, self.changed, self.picture.now)

    def _question(self, who: Unit, asked: Incident) -> Question:
        theirs = self.known.get(who.incident_id or "")
        return Question(who, asked, self.picture.now, self.force, theirs.grade if theirs else None)


def check(
    picture: Picture, asked: Incident, network: Network, force: Force, changed: Conditions, alone: type[Routing]
) -> Recommendation:
    """Hold an answer against what each unit gets alone; return it."""
    answer = recommend(picture, asked, network, force, changed)
    slow = OneByOne(picture, network, force, changed, alone)
    for line in answer.ledger:
        found, failed = slow.told(line.unit, asked)
        assert line.failed == failed
        assert line.eta == found
        assert (line.eta and line.eta.leg) == (found and found.leg)
        sent = answer.suggested if line.unit.callsign in answer.suggested else (line.unit.callsign,)
        expected = slow.leaves(line.unit, frozenset(sent)) if line.eligible and line.unit.committed else None
        assert line.leaves == expected
    return answer


def without_engine(answer: Recommendation) -> bytes:
    return replace(answer, versions={**answer.versions, "engine": None}).to_json()


# ---- Drawn towns -------------------------------------------------------------------------------------------------

LATS, LONS = st.floats(53.999, 54.021), st.floats(-1.001, -0.979)
FIXES = st.builds(
    Fix,
    LATS,
    LONS,
    st.integers(-20, 400).map(lambda seconds: MOMENT - timedelta(seconds=seconds)),
    st.sampled_from([None, 0.0, 50.0]),
    st.sampled_from([None, 0.0, 90.0, 200.0]),
    st.sampled_from([None, 0.0, 40.0]),
)
GRADES = st.sampled_from(["emergency", "priority", "standard"])
SKILLS = st.frozensets(st.sampled_from(["taser", "domestic_abuse_trained"]))
CALLED = st.builds(
    Incident,
    LATS,
    LONS,
    GRADES,
    tags=st.frozensets(st.sampled_from(["domestic_abuse", "vulnerable"])),
    needs=st.sampled_from([frozenset[str](), frozenset[str](), frozenset({"taser"})]),
    units_needed=st.integers(1, 3),
)
UNITS = st.builds(
    Unit,
    st.just(""),
    st.sampled_from(["2", "2", "3", "5", "5", "6", "7", "7", "11", "99", None]),
    st.none() | FIXES | FIXES | FIXES,
    st.sampled_from([None, 0, 1, 2]),
    SKILLS,
    duty_start=st.sampled_from([None, MOMENT - timedelta(hours=1), MOMENT + timedelta(hours=1)]),
    duty_end=st.sampled_from([None, MOMENT + timedelta(hours=1), MOMENT]),
    incident_id=st.sampled_from([None, None, "I-0", "I-1", "I-2", "I-9", ""]),
    committed_grade=st.sampled_from([None, None, "standard", "priority"]),
)


@st.composite
def nights(draw_: st.DrawFn) -> tuple[Picture, Incident]:
    """A picture with a few open incidents, and one of them or another to send somebody to."""
    units = [replace(item, callsign=f"U{row}") for row, item in enumerate(draw_(st.lists(UNITS, max_size=9)))]
    open_ = [replace(item, incident_id=f"I-{row}") for row, item in enumerate(draw_(st.lists(CALLED, max_size=3)))]
    asked = draw_(st.sampled_from(open_)) if open_ and draw_(st.booleans()) else draw_(CALLED)
    return Picture(MOMENT, tuple(draw_(st.permutations(units))), tuple(open_)), asked


@given(network=small_networks() | street_grids(), night=nights(), data=st.data())
@settings(max_examples=80, deadline=None)
def test_all_at_once_is_each_alone(network: Network, night: tuple[Picture, Incident], data: st.DataObject) -> None:
    picture, asked = night
    assume(network.contains(asked.lat, asked.lon))
    changed = data.draw(st.just(NO_CONDITIONS) | conditions(network) | closed_roads(network))
    try:
        answer = check(picture, asked, network, CLEVELAND, changed, ReferenceRouter)
    except Unreachable:
        reject()
    slow = recommend(picture, asked, network, CLEVELAND, changed, ReferenceRouter)
    assert without_engine(answer) == without_engine(slow)


@given(night=nights())
@settings(max_examples=150, deadline=None)
def test_units_judged_together_fail_what_each_fails(night: tuple[Picture, Incident]) -> None:
    picture, asked = night
    known = {item.incident_id: item.grade for item in picture.incidents}
    questions = [
        Question(item, asked, picture.now, CLEVELAND, known.get(item.incident_id or "")) for item in picture.units
    ]
    assert failures_of(questions) == list(map(failures, questions))


# ---- Who follows -------------------------------------------------------------------------------------------------


def test_the_next_is_found_beyond_all_who_would_not_come() -> None:
    near = [
        unit(f"U{row:02d}", TOWN.at("G", east_m=row), "taser", status="2" if row % 2 else "5", crew=0)
        for row in range(40)
    ]
    bound = unit("V1", TOWN.at("H"), status="7", incident_id="N-7", committed_grade="standard")
    far = unit("V2", TOWN.at("C"))
    left = incident(TOWN.at("G"), "standard", incident_id="N-7")
    answer = ask(TOWN.network, incident(TOWN.at("F")), *near, bound, far, others=(left,))
    leaves = answer.line("V1").leaves
    assert leaves is not None
    assert leaves.next_callsign == "V2"
    assert (leaves.delay_ms or 0) > 0


def test_diversions_may_be_asked_without_a_ledger() -> None:
    left = incident(TOWN.at("G"), "standard", incident_id="N-7")
    bound = unit("V1", TOWN.at("H"), status="7", incident_id="N-7", committed_grade="standard")
    answer = ask(TOWN.network, incident(TOWN.at("F")), bound, unit("V2", TOWN.at("C")), others=(left,))
    picture = Picture(answer.now, tuple(line.unit for line in answer.ledger), (left,))
    alone = Diversions(picture, TOWN.network, CLEVELAND, lambda profile: Router(TOWN.network, profile, at=picture.now))
    sent = frozenset(answer.suggested if "V1" in answer.suggested else ["V1"])
    assert alone.cost(bound, sent) == answer.line("V1").leaves


def test_a_unit_alone_is_placed_as_in_a_fleet() -> None:
    router, asked = Router(TOWN.network, "response"), incident(TOWN.at("F"))
    inside = Question(unit("U1", TOWN.at("A"), course_deg=90.0, speed_kmh=40.0), asked, ago(0), CLEVELAND)
    placed = place(router, inside)
    assert isinstance(placed, Placed)
    assert placed.spots == spots_alone(router, inside)
    outside = Question(unit("U2", (0.0, 0.0)), asked, ago(0), CLEVELAND)
    assert place(router, outside) == spots_alone(router, outside)
    nowhere = place(router, Question(unit("U3", None), asked, ago(0), CLEVELAND))
    assert isinstance(nowhere, Failure)
    assert nowhere.rule == "no_fix"


# ---- Columns -----------------------------------------------------------------------------------------------------


def test_spots_in_columns_are_spots_one_by_one() -> None:
    router = Router(TOWN.network, "response")
    places = [TOWN.at(name, east_m=7.0) for name in "ABXYG"]
    reports = router.reports(places, np.array([90.0] * 5), np.array([0.0, 40.0, 0.0, 40.0, np.nan]))
    each = reports.each()
    assert each == [reports.of(row) for row in range(len(places))]
    assert reports.only(np.array([3, 0])).each() == [each[3], each[0]]
    assert reports.only(np.array([], np.int64)).each() == []
    later = reports.later(np.arange(5) * 1000).each()
    assert [spot.delay_ms for spot in later[2]] == [spot.delay_ms + 2000 for spot in each[2]]


@pytest.mark.parametrize("engine", [Router, ReferenceRouter])
def test_best_ways_in_columns_are_best_ways_one_by_one(engine: type[Routing]) -> None:
    router = engine(TOWN.network, "response")
    lat, lon = np.array([TOWN.at(name, east_m=7.0) for name in "ABXYG"]).T.copy()
    nothing = np.zeros(len(lat))
    reports = router.spots_of(lat, lon, nothing + 90.0, nothing + 40.0, nothing)
    ways = router.arrivals(router.approaches(*TOWN.at("F")))
    found, expected = ways.best_of_reports(reports), ways.best_of(reports.each())
    assert found.there.tolist() == [True, True, False, False, True]
    for row, leg in enumerate(expected):
        if leg is not None:
            assert (found.time_ms[row], found.walk_ms[row]) == (leg.time_ms, leg.walk_ms)
            assert (found.length_m[row], found.edge[row], found.gap_m[row]) == (
                leg.length_m, leg.spot.edge, leg.spot.gap_m,
            )  # fmt: skip
            assert found.leg(row) == leg
            assert found.leg(row).edges == leg.edges


# ---- Real roads --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def night(gothenburg: Network) -> tuple[Picture, Force]:
    force = Force.read(NIGHT / "force.toml")
    return read_picture_folder(NIGHT, force, gothenburg), force


def many(picture: Picture, force: Force, chance: random.Random) -> Picture:
    """The night's units six times over, somewhere near where they are and doing something else."""
    units = []
    for row, item in enumerate(picture.units * 6):
        bound = chance.choice([None, None, *picture.incidents])
        fix = item.fix and replace(
            item.fix,
            lat=item.fix.lat + chance.gauss(0, 0.004),
            lon=item.fix.lon + chance.gauss(0, 0.008),
            course_deg=chance.choice([None, chance.uniform(0, 360)]),
            speed_kmh=chance.choice([None, 0.0, 45.0]),
        )
        more: dict[str, Any] = {"status": chance.choice(sorted(force.statuses)), "fix": fix}
        units.append(
            replace(
                item,
                callsign=f"{item.callsign}-{row}",
                incident_id=bound and bound.incident_id,
                committed_grade=bound and bound.grade,
                **more,
            )
        )
    return replace(picture, units=tuple(units))


def test_all_who_ask_at_once_are_told_the_same(gothenburg: Network, night: tuple[Picture, Force]) -> None:
    picture, force = night
    crowd = many(picture, force, random.Random(7))
    asked = replace(picture.incidents[0], grade="emergency")
    alone = recommend(crowd, asked, gothenburg, force).to_json()
    answer = recommend(crowd, asked, gothenburg, force)
    with ThreadPoolExecutor(8) as threads:
        told = set(threads.map(lambda _: answer.to_json(), range(16)))
    assert told == {alone}
    assert any(line.leaves for line in answer.ledger)


@pytest.mark.parametrize("seed", range(3))
def test_a_night_in_gothenburg(gothenburg: Network, night: tuple[Picture, Force], seed: int) -> None:
    picture, force = night
    crowd = many(picture, force, random.Random(seed))
    asked = replace(picture.incidents[seed], grade="emergency")
    # Each alone by the engine, for speed; everybody by the reference as well.
    answer = check(crowd, asked, gothenburg, force, NO_CONDITIONS, Router)
    assert any(line.leaves and line.leaves.next_callsign for line in answer.ledger)
    slow = recommend(crowd, asked, gothenburg, force, engine=ReferenceRouter)
    assert without_engine(answer) == without_engine(slow)


# ---- Bytes -------------------------------------------------------------------------------------------------------


class TestBytes:
    @given(night=nights())
    @settings(max_examples=50, deadline=None)
    def test_what_is_written_reads_back_as_what_was_meant(self, night: tuple[Picture, Incident]) -> None:
        picture, asked = night
        answer = recommend(picture, replace(asked, lat=TOWN.at("C")[0], lon=TOWN.at("C")[1]), TOWN.network, CLEVELAND)
        plain = json.dumps(answer.as_dict(), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        assert answer.to_json() == plain.encode() + b"\n"

    @pytest.mark.parametrize("number", [1e-07, -1e-07, 5e-324, 0.1 + 0.2, -0.0, 89.99999999999999])
    def test_a_number_reads_back_as_itself(self, number: float) -> None:
        answer = ask(TOWN.network, incident(TOWN.at("C")))
        told = json.loads(replace(answer, incident=replace(answer.incident, lat=number)).to_json())
        assert repr(told["incident"]["lat"]) == repr(number)

    @pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
    def test_what_is_no_number_is_never_written_as_unknown(self, number: float) -> None:
        answer = ask(TOWN.network, incident(TOWN.at("C")), unit("U1", TOWN.at("A")))
        with pytest.raises(ValueError, match="not a number"):
            replace(answer, gap_m=number).to_json()
        with pytest.raises(ValueError, match="not a number"):
            replace(answer, incident=replace(answer.incident, lon=number)).to_json()
        with pytest.raises(ValueError, match="not a number"):
            replace(answer, ledger=(replace(answer.ledger[0], straight_m=number),)).to_json()
