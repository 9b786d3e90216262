"""In brief or with the ledger: who is sent is the same, and when they are there."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

import scenarios.samples.gothenburg
from dispatch.brief import FIRST_LOOK, NO_TIME, Board, Brief, Line, Shortlist
from dispatch.eligibility import Question, on_duty
from dispatch.eta import accuracy_m
from dispatch.force import Force
from dispatch.kinds import NOBODY, Kinds
from dispatch.model import Fix, Incident, Picture, Unit
from dispatch.recommend import recommend
from dispatch.recommendation import Recommendation
from graphs.conditions import NO_CONDITIONS, Conditions
from graphs.crow import least_ms
from graphs.errors import InputError, OutsideNetwork, Unreachable
from graphs.network import Network
from graphs.router import Router
from nightshift import CLEVELAND, NOW, TOWN, changed, incident, unit
from roadmaps import draw
from scenarios.picture_folder import read_picture_folder
from smallnets import MOMENT, closed_roads, conditions, small_networks, street_grids

NIGHT = Path(scenarios.samples.gothenburg.__file__).parent
TRAINED = "domestic_abuse_trained"
# A kilometre between junctions: lengths that lie and lengths that do not.
LINE = draw("A-B-C-D-E-F-G-H", "A-B-C-D-E-F-G-H primary limit=40mph", square_m=500)


class Told:
    """What is told in brief of a picture, by callsign."""

    def __init__(self, brief: Brief, picture: Picture, asked: Incident, force: Force) -> None:
        self.units = sorted(picture.units, key=lambda item: item.callsign)
        self.grades = {item.incident_id: item.grade for item in picture.incidents if item.incident_id}
        self.board = Board([item.callsign for item in self.units], force)
        for row, item in enumerate(self.units):
            question = Question(item, asked, picture.now, force, self.grades.get(item.incident_id or ""))
            self._write(brief.kinds, row, question)
        self.bound = [row for row, item in enumerate(self.units) if item.incident_id == asked.incident_id]
        self.shortlist = brief.shortlist(self.board, asked, picture.now, self.bound)

    def _write(self, kinds: Kinds, row: int, question: Question) -> None:
        board, item = self.board, question.unit
        assert item.fix is not None
        # The status is the kind's; whoever is outside its hours is nobody's.
        hours = replace(item, status=None)
        outside = any(on_duty(replace(question, unit=hours)))
        board.kind[row] = NOBODY if outside else kinds.of(item, question.known_grade)
        board.lat[row], board.lon[row] = item.fix.lat, item.fix.lon
        board.course_deg[row] = np.nan if item.fix.course_deg is None else item.fix.course_deg
        board.speed_kmh[row] = np.nan if item.fix.speed_kmh is None else item.fix.speed_kmh
        board.accuracy_m[row] = accuracy_m(question, item.fix)

    def named(self, line: Line | None) -> tuple[str, int | None] | None:
        return line and (self.units[line.row].callsign, line.time_ms)

    def rows(self, callsigns: set[str]) -> np.ndarray[Any, np.dtype[np.bool_]]:
        return np.array([item.callsign in callsigns for item in self.units], np.bool_)


def times_of(answer: Recommendation, *callsigns: str | None) -> list[tuple[str, int | None]]:
    lines = [answer.line(callsign) for callsign in callsigns if callsign is not None]
    return [(line.unit.callsign, line.eta.time_ms if line.eta else None) for line in lines]


def agree(told: Told, shortlist: Shortlist, answer: Recommendation) -> None:
    """Hold what is told in brief against a ledger."""
    suggested = shortlist.suggested()
    assert [told.named(line) for line in suggested.lines] == times_of(answer, *answer.suggested)
    assert suggested.unmet == answer.unmet
    assert [told.named(shortlist.first)] == (times_of(answer, answer.nearest_eligible) or [None])
    eligible = times_of(answer, *(line.unit.callsign for line in answer.ledger if line.eligible))
    assert [told.named(line) for line in shortlist] == eligible
    known = {told.units[row].callsign: ms for row, ms in enumerate(shortlist.times_ms().tolist()) if ms != NO_TIME}
    assert known == dict(eligible)


def check(
    brief: Brief, picture: Picture, asked: Incident, network: Network, force: Force, closed: Conditions = NO_CONDITIONS
) -> Told:
    """Ask both ways, about all units and about some of them."""
    answer = recommend(picture, asked, network, force, closed)
    told = Told(brief, picture, asked, force)
    agree(told, told.shortlist, answer)
    for share in (2, 3):
        some = {item.callsign for row, item in enumerate(told.units) if row % share == 0 or row in told.bound}
        fewer = replace(picture, units=tuple(item for item in picture.units if item.callsign in some))
        agree(told, told.shortlist.only(told.rows(some)), recommend(fewer, asked, network, force, closed))
    return told


# ---- Drawn towns -------------------------------------------------------------------------------------------------

# The area of the small networks, and somewhat beyond it.
LATS, LONS = st.floats(53.998, 54.022), st.floats(-1.002, -0.978)
FIXES = st.builds(
    Fix,
    LATS,
    LONS,
    st.just(MOMENT),
    st.sampled_from([None, 0.0, 50.0, 400.0]),
    st.sampled_from([None, 0.0, 90.0, 200.0]),
    st.sampled_from([None, 0.0, 40.0]),
)
CALLED = st.builds(
    Incident,
    LATS,
    LONS,
    st.sampled_from(["emergency", "priority", "standard", "resolved_without_deployment"]),
    tags=st.frozensets(st.sampled_from(["domestic_abuse", "vulnerable", "crowd"])),
    needs=st.sampled_from([frozenset[str](), frozenset[str](), frozenset({"taser"})]),
    units_needed=st.integers(0, 4),
    on_road=st.booleans(),
)
UNITS = st.builds(
    Unit,
    st.just(""),
    st.sampled_from(["2", "2", "2", "3", "5", "5", "6", "7", "7", "11", "99", None]),
    FIXES,
    st.sampled_from([None, 0, 1, 2, 2]),
    st.frozensets(st.sampled_from(["taser", TRAINED])),
    duty_start=st.sampled_from([None, None, MOMENT, MOMENT + timedelta(hours=1)]),
    duty_end=st.sampled_from([None, None, MOMENT + timedelta(hours=1), MOMENT]),
    incident_id=st.sampled_from([None, None, None, "I-0", "I-1", "I-2", "I-9", ""]),
    committed_grade=st.sampled_from([None, None, "standard", "priority", "emergency"]),
)
# A tag that only so many people will do for, and whom several of a kind of skill are wanted by.
CROWD = changed(CLEVELAND, "tags", "crowd", label="Crowd", crew=5, prefer_skill="taser", near_enough_s=240)


@st.composite
def nights(draw_: st.DrawFn) -> tuple[Picture, Incident]:
    """A picture with a few open incidents, and one of them or another to send somebody to."""
    units = [replace(item, callsign=f"U{row}") for row, item in enumerate(draw_(st.lists(UNITS, max_size=24)))]
    open_ = [replace(item, incident_id=f"I-{row}") for row, item in enumerate(draw_(st.lists(CALLED, max_size=3)))]
    asked = draw_(st.sampled_from(open_)) if open_ and draw_(st.booleans()) else draw_(CALLED)
    return Picture(MOMENT, tuple(draw_(st.permutations(units))), tuple(open_)), asked


@given(network=small_networks() | street_grids(), night=nights(), data=st.data())
@settings(max_examples=200, deadline=None)
def test_in_brief_is_as_in_the_ledger(network: Network, night: tuple[Picture, Incident], data: st.DataObject) -> None:
    picture, asked = night
    closed = data.draw(st.just(NO_CONDITIONS) | conditions(network) | closed_roads(network))
    brief = Brief(network, CROWD, closed)
    if not network.contains(asked.lat, asked.lon):
        with pytest.raises(OutsideNetwork):
            Told(brief, picture, asked, CROWD)
        return
    try:
        check(brief, picture, asked, network, CROWD, closed)
    except Unreachable:
        reject()


@given(network=small_networks() | street_grids(), night=nights(), data=st.data())
@settings(max_examples=150, deadline=None)
def test_nobody_beats_the_straight_line(network: Network, night: tuple[Picture, Incident], data: st.DataObject) -> None:
    picture, asked = night
    closed = data.draw(st.just(NO_CONDITIONS) | conditions(network) | closed_roads(network))
    if not network.contains(asked.lat, asked.lon):
        reject()
    try:
        answer = recommend(picture, asked, network, CROWD, closed)
    except Unreachable:
        reject()
    router = Router(network, answer.profile, closed, picture.now)
    assert_no_line_is_beaten(router, asked, answer)


def assert_no_line_is_beaten(router: Router, asked: Incident, answer: Recommendation) -> None:
    lines = [(line, line.unit.fix) for line in answer.ledger if line.eta is not None and line.unit.fix is not None]
    reports = [(fix.lat, fix.lon, 30.0 if fix.accuracy_m is None else fix.accuracy_m) for _, fix in lines]
    lat, lon, within_m = np.array(reports, np.float64).reshape(-1, 3).T.copy()
    approaches = router.approaches(asked.lat, asked.lon, on_road=asked.on_road)
    bound_ms = least_ms(router.edge_times, (asked.lat, asked.lon), approaches, lat, lon, within_m)
    for (line, _), ms in zip(lines, bound_ms.tolist(), strict=True):
        assert line.eta is not None
        assert ms <= line.eta.drive_ms + line.eta.walk_ms


def test_a_straight_line_says_nearly_as_much_as_a_straight_road() -> None:
    router = Router(LINE.network, "response")
    (lat, lon), place = np.array([LINE.at("A")]).T.copy(), LINE.at("H")
    approaches = router.approaches(*place)
    (bound_ms,) = least_ms(router.edge_times, place, approaches, lat, lon, np.zeros(1)).tolist()
    leg = router.route(*LINE.at("A"), *place)
    assert leg is not None
    # All but the last stretch, at the speed of all of them.
    assert 0.75 * leg.time_ms < bound_ms < leg.time_ms


# ---- Cases -------------------------------------------------------------------------------------------------------


def at_town(*units: Unit, asked: Incident, others: tuple[Incident, ...] = (), force: Force = CLEVELAND) -> Told:
    return check(Brief(TOWN.network, force), Picture(NOW, units, others), asked, TOWN.network, force)


def sent(told: Told) -> tuple[str, ...]:
    return tuple(told.units[line.row].callsign for line in told.shortlist.suggested().lines)


def test_equal_times_go_by_callsign() -> None:
    there = TOWN.at("A")
    told = at_town(
        unit("U3", there), unit("U1", there), unit("U2", there), asked=incident(TOWN.at("F"), units_needed=2)
    )
    assert sent(told) == ("U1", "U2")


def leaves_in(drive_ms: int) -> tuple[float, float]:
    """Return a place on the line's first kilometre from which a drive to its far end takes so long."""
    router, low, high = Router(LINE.network, "response"), 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2.0
        leg = router.route(*LINE.along("AB", middle), *LINE.at("H"))
        assert leg is not None
        if leg.time_ms == drive_ms:
            return LINE.along("AB", middle)
        low, high = (middle, high) if leg.time_ms > drive_ms else (low, middle)
    raise AssertionError(f"nobody drives {drive_ms} ms")


def test_who_ties_with_all_that_were_looked_at_goes_first_by_callsign() -> None:
    # Eight others seem nearer by the straight line; U0 stands there, and needs as long to move off as they to come.
    leg = Router(LINE.network, "response").route(*LINE.along("AB", 0.5), *LINE.at("H"))
    assert leg is not None
    ready_s = {"2": CLEVELAND.statuses["2"].mobilisation_s}
    ready_s["3"] = ready_s["2"] + -(-leg.time_ms // 1_000)
    told_statuses = {
        code: CLEVELAND.statuses[code].model_copy(update={"mobilisation_s": s}) for code, s in ready_s.items()
    }
    force = CLEVELAND.model_copy(update={"statuses": {**CLEVELAND.statuses, **told_statuses}})
    far = leaves_in((ready_s["3"] - ready_s["2"]) * 1_000)
    units = [unit("U0", LINE.at("H"), status="3"), *(unit(f"U{row}", far) for row in range(1, FIRST_LOOK + 1))]
    picture, asked = Picture(NOW, tuple(units)), incident(LINE.at("H"))
    told = check(Brief(LINE.network, force), picture, asked, LINE.network, force)
    assert told.shortlist.suggested().lines[0].time_ms == ready_s["3"] * 1_000
    assert set(told.shortlist.times_ms().tolist()) == {ready_s["3"] * 1_000}
    assert sent(told) == ("U0",)


@pytest.mark.parametrize(("grade", "who"), [("standard", "U1"), ("emergency", "U2")])
def test_a_unit_is_kept_by_what_the_picture_knows_of_its_incident(grade: str, who: str) -> None:
    # It was told a standard incident, which has been regraded since.
    bound = unit("U1", TOWN.at("F"), status="5", incident_id="N-7", committed_grade="standard")
    theirs = incident(TOWN.at("A"), grade, incident_id="N-7")
    told = at_town(bound, unit("U2", TOWN.at("A")), asked=incident(TOWN.at("F"), "emergency"), others=(theirs,))
    assert sent(told) == (who,)


def test_who_is_coming_is_not_sent_again_and_is_counted() -> None:
    asked = incident(TOWN.at("F"), "emergency", "domestic_abuse", incident_id="N-1", units_needed=2)
    coming = unit("U1", TOWN.at("E"), status="5", incident_id="N-1", committed_grade="emergency")
    told = at_town(coming, unit("U2", TOWN.at("A")), unit("U3", TOWN.at("G")), asked=asked, others=(asked,))
    assert len(sent(told)) == 1
    (line,) = told.shortlist.coming_lines()
    assert told.units[line.row].callsign == "U1"
    assert line.time_ms is not None


def test_who_is_coming_from_where_no_road_leads_has_no_time() -> None:
    asked = incident(TOWN.at("F"), "emergency", "domestic_abuse", incident_id="N-1")
    cut_off = unit("U1", TOWN.at("X"), status="5", incident_id="N-1", committed_grade="emergency", crew=1)
    told = at_town(cut_off, unit("U2", TOWN.at("A"), TRAINED), asked=asked, others=(asked,))
    assert [line.time_ms for line in told.shortlist.coming_lines()] == [None]
    assert sent(told) == ("U2",)


def test_a_free_unit_with_the_skill_goes_before_a_sooner_one_that_would_leave() -> None:
    bound = unit("U1", TOWN.at("E"), TRAINED, status="7", incident_id="N-7", committed_grade="standard")
    told = at_town(
        unit("U0", TOWN.at("F")), bound, unit("U2", TOWN.at("A"), TRAINED),
        asked=incident(TOWN.at("F"), "emergency", "domestic_abuse"),
    )  # fmt: skip
    assert sent(told) == ("U0", "U2")


def test_nobody_outside_the_area_is_sent() -> None:
    told = at_town(unit("U1", (54.9, -1.25)), asked=incident(TOWN.at("F")))
    assert told.shortlist.allowed.tolist() == [True]
    assert told.shortlist.first is None
    assert told.shortlist.suggested() == replace(told.shortlist.suggested(), lines=(), unmet=())


def test_an_empty_board_is_nobody() -> None:
    told = at_town(asked=incident(TOWN.at("F"), units_needed=3))
    assert told.shortlist.first is None
    assert told.shortlist.suggested().lines == ()


@pytest.mark.parametrize("wrong", [{"grade": "urgent"}, {"tags": frozenset({"abuse"})}, {"needs": frozenset({"swim"})}])
def test_names_that_are_not_known_are_refused(wrong: dict[str, Any]) -> None:
    asked = replace(incident(TOWN.at("F"), incident_id="N-1"), **wrong)
    with pytest.raises(InputError) as ledger:
        recommend(Picture(NOW), asked, TOWN.network, CLEVELAND)
    with pytest.raises(InputError) as brief:
        Told(Brief(TOWN.network, CLEVELAND), Picture(NOW), asked, CLEVELAND)
    assert str(brief.value) == str(ledger.value)


def test_the_way_of_who_is_sent_is_at_hand() -> None:
    told = at_town(unit("U1", TOWN.at("A")), asked=incident(TOWN.at("F")))
    (line,) = told.shortlist.suggested().lines
    leg = told.shortlist.ways.best(told.shortlist.router.spots(*TOWN.at("A")))
    assert leg is not None
    assert line.time_ms == leg.time_ms + CLEVELAND.statuses["2"].mobilisation_s * 1000
    assert told.shortlist.approaches[0] in told.shortlist.router.approaches(*TOWN.at("F"))


def test_callsigns_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="order"):
        Board(["U2", "U1"], CLEVELAND)


# ---- Kinds -------------------------------------------------------------------------------------------------------


def test_units_alike_but_for_place_sector_and_incident_are_of_one_kind() -> None:
    kinds = Kinds(CLEVELAND)
    one = unit("U1", TOWN.at("A"), sector="North", status="7", incident_id="N-1", committed_grade="standard")
    other = unit("U2", None, sector="South", status="7", incident_id="N-2", committed_grade="standard")
    assert kinds.of(one) == kinds.of(other)
    assert kinds.unit(kinds.of(one)).crew == 2
    assert kinds.ready_ms[kinds.of(one)] == 60_000


@pytest.mark.parametrize(
    "change",
    [
        {"status": "3"},
        {"crew": 1},
        {"skills": frozenset({"taser"})},
        {"committed_grade": "standard"},
        {"incident_id": "N"},
    ],
)
def test_units_that_a_rule_may_tell_apart_are_of_two_kinds(change: dict[str, Any]) -> None:
    kinds, one = Kinds(CLEVELAND), unit("U1", None)
    assert kinds.of(one) != kinds.of(replace(one, **change))
    assert kinds.of(one) != kinds.of(one, "standard")


def test_nobody_is_never_sent_and_never_coming() -> None:
    kinds, brief = Kinds(CLEVELAND), Brief(TOWN.network, CLEVELAND)
    asked = incident(TOWN.at("F"), incident_id="N-1")
    assert not kinds.may_go(asked)[NOBODY]
    board = Board(["U1"], CLEVELAND)
    board.lat[0], board.lon[0] = TOWN.at("A")
    assert brief.shortlist(board, asked, NOW, [0]).coming == ()


def test_a_kind_met_later_is_judged_when_it_is_met() -> None:
    kinds, asked = Kinds(CLEVELAND), incident(TOWN.at("F"), needs=["taser"])
    plain = kinds.of(unit("U1", None))
    assert not kinds.may_go(asked)[plain]
    skilled = kinds.of(unit("U2", None, "taser"))
    assert kinds.may_go(asked)[skilled]


# ---- Real roads --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def night(gothenburg: Network) -> tuple[Picture, Force]:
    force = Force.read(NIGHT / "force.toml")
    return read_picture_folder(NIGHT, force, gothenburg), force


def crowd(picture: Picture, force: Force, chance: random.Random) -> Picture:
    """The night's units several times over, near where they are, all heard just now, and doing something else."""
    fixes = [item.fix for item in picture.units if item.fix is not None]
    units = []
    for row, fix in enumerate(fixes * 5):
        bound = chance.choice([None, None, None, *picture.incidents])
        moved = Fix(
            fix.lat + chance.gauss(0, 0.005),
            fix.lon + chance.gauss(0, 0.01),
            picture.now,
            chance.choice([None, None, 5.0, 200.0]),
            *chance.choice([(None, None), (chance.uniform(0, 360), 45.0), (chance.uniform(0, 360), 0.0)]),
        )
        units.append(
            Unit(
                f"U{row:03d}",
                chance.choice(sorted(force.statuses)),
                moved,
                chance.choice([None, 1, 2, 2]),
                frozenset(chance.sample(sorted(force.skills), 1)),
                incident_id=bound and bound.incident_id,
                committed_grade=bound and bound.grade,
            )
        )
    return replace(picture, units=tuple(units))


def test_in_brief_is_as_in_the_ledger_in_gothenburg(gothenburg: Network, night: tuple[Picture, Force]) -> None:
    picture, force = night
    chance, brief = random.Random(26), Brief(gothenburg, force)
    for _ in range(3):
        busy = crowd(picture, force, chance)
        for open_ in busy.incidents:
            grade, tags = chance.choice(sorted(force.grades)), chance.sample(sorted(force.tags), 1)
            asked = replace(open_, grade=grade, tags=frozenset(tags), units_needed=chance.choice([1, 1, 2, 5]))
            busy = replace(busy, incidents=tuple(asked if item is open_ else item for item in busy.incidents))
            check(brief, busy, asked, gothenburg, force)
            answer = recommend(busy, asked, gothenburg, force)
            at = busy.now.astimezone(brief.zone)
            assert_no_line_is_beaten(Router(gothenburg, answer.profile, at=at), asked, answer)


def test_the_nearest_is_found_without_looking_at_all(gothenburg: Network, night: tuple[Picture, Force]) -> None:
    picture, force = night
    chance = random.Random(3)
    units = crowd(picture, force, chance).units
    free = [replace(item, status="2", crew=2, incident_id=None, committed_grade=None) for item in units]
    asked = [replace(item, grade="emergency", tags=frozenset(), needs=frozenset()) for item in picture.incidents]
    brief, all_free = Brief(gothenburg, force), replace(picture, units=tuple(free))
    told = [Told(brief, all_free, item, force).shortlist for item in asked]
    assert all(shortlist.first is not None for shortlist in told)
    assert sum(shortlist._looked_at for shortlist in told) < len(asked) * len(free) / 3
