"""What a unit leaves behind, held against asking who would be sent there without it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.model import Incident, Unit
from dispatch.recommendation import LedgerLine, LeftBehind
from nightshift import TOWN, ask, incident, unit
from roadmaps import draw

PLACES = st.builds(TOWN.at, st.sampled_from("ABCDEFGHXYZ"), east_m=st.sampled_from([-80, 0, 0, 40]))
# Grades of what units are on; the emergency that is asked about may take them from all of these.
OPEN = {"N-7": "standard", "N-8": "scheduled", "N-9": "priority"}


@st.composite
def shifts(draw_: st.DrawFn) -> tuple[Unit, ...]:
    units = []
    for row in range(draw_(st.integers(1, 7))):
        bound_to = draw_(st.sampled_from([None, *OPEN, *OPEN]))
        units.append(
            unit(
                f"U{row}",
                draw_(PLACES),
                status=draw_(st.sampled_from(["2", "3", "5", "6", "7", "7", "11"])),
                crew=draw_(st.sampled_from([0, 1, 2])),
                age_s=draw_(st.sampled_from([0, 100, 4000])),
                incident_id=bound_to,
                # What a unit says may be older than a regrading, or missing.
                committed_grade=bound_to and draw_(st.sampled_from([OPEN[bound_to], None, "standard", "emergency"])),
            )
        )
    return tuple(units)


def comes(line: LedgerLine, left: Incident) -> bool:
    """Tell whether a unit may be sent to an incident, or is assigned to it already."""
    assigned = line.unit.incident_id == left.incident_id
    return line.eligible or (assigned and {failure.rule for failure in line.failed} <= {"committed", "status"})


def expected(
    who: Unit, sent: set[str], left: Incident, units: tuple[Unit, ...], others: tuple[Incident, ...]
) -> LeftBehind:
    """Ask the brain who should go to the incident that is left, and take the first who is not sent with the unit."""
    answer = ask(TOWN.network, left, *units, others=others)
    own = answer.line(who.callsign).eta
    for line in answer.ledger:
        if comes(line, left) and line.eta is not None and line.unit.callsign not in sent:
            if own is None:
                because = "no road leads the unit there"
                return LeftBehind(left.incident_id, left.grade, line.unit.callsign, None, because)
            delay_ms = line.eta.time_ms - own.time_ms
            return LeftBehind(left.incident_id, left.grade, line.unit.callsign, delay_ms)
    return LeftBehind(left.incident_id, left.grade, because="no other unit could be sent there")


@given(
    units=shifts(),
    places=st.lists(PLACES, min_size=4, max_size=4),
    kept=st.sets(st.sampled_from([*OPEN]), min_size=1),
    needed=st.integers(1, 2),
)
@settings(max_examples=150, deadline=None)
def test_equal_to_asking_who_else_would_go(
    units: tuple[Unit, ...], places: list[tuple[float, float]], kept: set[str], needed: int
) -> None:
    others = tuple(
        incident(place, grade, incident_id=name)
        for (name, grade), place in zip(OPEN.items(), places[1:], strict=True)
        if name in kept
    )
    known = {item.incident_id: item for item in others}
    answer = ask(TOWN.network, incident(places[0], units_needed=needed), *units, others=others)
    for line in answer.ledger:
        who = line.unit
        sent = {*answer.suggested} if who.callsign in answer.suggested else {who.callsign}
        if not line.eligible or who.incident_id is None:
            assert line.leaves is None
        elif who.incident_id in known:
            assert line.leaves == expected(who, sent, known[who.incident_id], units, others)
        else:
            assert line.leaves == LeftBehind(
                who.incident_id, who.committed_grade, because="the incident is not in the picture"
            )


STREET = draw("A---B---C", "A-B-C")
HALF_MILE = incident(STREET.at("C"))


class TestLeftBehind:
    """U1 is bound to a standard incident at A and free to be taken; the emergency is at C."""

    BOUND = unit("U1", STREET.at("B"), status="7", incident_id="N-7", committed_grade="standard")
    LEFT = incident(STREET.at("A"), "standard", incident_id="N-7")

    def leaves(self, *units: Unit, others: tuple[Incident, ...] = ()) -> LeftBehind | None:
        return ask(STREET.network, HALF_MILE, *units, others=others).line("U1").leaves

    def test_who_would_come_next_and_how_much_later(self) -> None:
        following = unit("U2", STREET.at("C"), status="3")
        # By a normal journey: 60 + 36 s for U1, 90 + 72 s for U2.
        assert self.leaves(self.BOUND, following, others=(self.LEFT,)) == LeftBehind("N-7", "standard", "U2", 66_000)

    def test_it_may_be_sooner(self) -> None:
        nearer = unit("U2", STREET.at("A"))
        assert self.leaves(self.BOUND, nearer, others=(self.LEFT,)) == LeftBehind("N-7", "standard", "U2", -81_000)

    def test_nobody_else(self) -> None:
        busy = unit("U2", STREET.at("A"), status="6")
        left = self.leaves(self.BOUND, busy, others=(self.LEFT,))
        assert left == LeftBehind("N-7", "standard", because="no other unit could be sent there")

    @pytest.mark.parametrize("others", [(), (replace(LEFT, incident_id="N-8"),), (replace(LEFT, incident_id=""),)])
    def test_an_incident_that_is_not_in_the_picture(self, others: tuple[Incident, ...]) -> None:
        left = self.leaves(self.BOUND, others=others)
        assert left == LeftBehind("N-7", "standard", because="the incident is not in the picture")

    def test_a_second_unit_on_its_way_there_counts(self) -> None:
        second = unit("U2", STREET.at("A"), status="5", incident_id="N-7", committed_grade="standard")
        assert self.leaves(self.BOUND, second, others=(self.LEFT,)) == LeftBehind("N-7", "standard", "U2", -81_000)

    def test_who_is_sent_along_does_not_come_there(self) -> None:
        pair = replace(HALF_MILE, units_needed=2)
        answer = ask(STREET.network, pair, self.BOUND, unit("U2", STREET.at("A")), others=(self.LEFT,))
        assert set(answer.suggested) == {"U1", "U2"}
        left = LeftBehind("N-7", "standard", because="no other unit could be sent there")
        assert answer.line("U1").leaves == left

    def test_an_incident_without_a_name(self) -> None:
        left = self.leaves(replace(self.BOUND, incident_id=None), others=(self.LEFT,))
        assert left == LeftBehind(None, "standard", because="the incident is not in the picture")

    @pytest.mark.parametrize("place", [(51.5, -0.12), (float("nan"), 0.0)])
    def test_an_incident_outside_the_network_costs_no_answer(self, place: tuple[float, float]) -> None:
        left = self.leaves(self.BOUND, others=(replace(self.LEFT, lat=place[0], lon=place[1]),))
        assert left == LeftBehind("N-7", "standard", because="the incident is outside the road network")

    def test_an_incident_of_a_grade_that_is_not_known_is_not_left(self) -> None:
        answer = ask(STREET.network, HALF_MILE, self.BOUND, others=(replace(self.LEFT, grade="immediate"),))
        assert [failure.because for failure in answer.line("U1").failed] == [
            "committed to incident N-7 (grade immediate)"
        ]

    def test_an_incident_that_was_regraded_is_not_left(self) -> None:
        answer = ask(STREET.network, HALF_MILE, self.BOUND, others=(replace(self.LEFT, grade="emergency"),))
        assert (answer.outcome, answer.line("U1").leaves) == ("nobody_eligible", None)

    def test_where_no_road_leads_to_what_it_was_on(self) -> None:
        estate = draw("A---B---C---D", "A-B length=5000", "B-C bus", "C-D length=5000")
        bound = unit("U1", estate.at("C", east_m=100), status="7", incident_id="N-7", committed_grade="standard")
        left = incident(estate.at("A"), "standard", incident_id="N-7")
        answer = ask(estate.network, incident(estate.at("D")), bound, unit("U2", estate.at("A")), others=(left,))
        assert answer.line("U1").leaves == LeftBehind("N-7", "standard", "U2", None, "no road leads the unit there")

    def test_a_free_unit_leaves_nothing(self) -> None:
        answer = ask(STREET.network, HALF_MILE, unit("U1", STREET.at("A")), others=(self.LEFT,))
        assert answer.line("U1").leaves is None

    def test_who_may_not_be_sent_leaves_nothing(self) -> None:
        assert self.leaves(replace(self.BOUND, status="8"), others=(self.LEFT,)) is None

    def test_it_is_part_of_the_answer(self) -> None:
        answer = ask(STREET.network, HALF_MILE, self.BOUND, unit("U2", STREET.at("A")), others=(self.LEFT,))
        lines = {line["callsign"]: line for line in json.loads(answer.to_json())["ledger"]}
        assert lines["U1"]["leaves"] == {
            "incident_id": "N-7",
            "grade": "standard",
            "next_callsign": "U2",
            "delay_s": -81.0,
            "because": "",
        }
