"""Who should be sent together: the nearest that may go, always, and others only where the incident needs them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.force import Force
from dispatch.model import Unit
from dispatch.recommendation import Recommendation
from dispatch.suggest import suggest
from nightshift import CLEVELAND, NOW, ask, changed, incident, unit
from roadmaps import draw

TRAINED = "domestic_abuse_trained"
# Ten kilometres of straight road; a response drives a metre in 75 ms, and a patrol needs 15 s to set out.
ROAD = draw("A---------B", "A-B", square_m=1000)
NOT_TRAINED = f"domestic_abuse: nobody with {TRAINED} is within 300 s of the first"
TOO_FEW = "domestic_abuse: 2 people or 2 units are needed together"


def away(callsign: str, seconds: float, *skills: str, **more: Any) -> Unit:
    """Make a unit that needs so many seconds to drive to the incident at A."""
    return unit(callsign, ROAD.at("A", east_m=seconds / 0.075), *skills, **more)


def sent(*units: Unit, tags: tuple[str, ...] = (), force: Force = CLEVELAND, **more: Any) -> Recommendation:
    return ask(ROAD.network, incident(ROAD.at("A"), "emergency", *tags, **more), *units, force=force)


def domestic(*units: Unit, force: Force = CLEVELAND, **more: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return who is suggested to a domestic abuse incident, and what is unmet."""
    answer = sent(*units, tags=("domestic_abuse",), force=force, **more)
    return answer.suggested, answer.unmet


class TestDomesticAbuse:
    def test_a_trained_pair_goes_alone(self) -> None:
        assert domestic(away("D1", 60, TRAINED), away("D2", 90), away("D3", 95, TRAINED)) == (("D1",), ())

    def test_an_officer_alone_is_joined_by_the_next(self) -> None:
        assert domestic(away("D1", 60, TRAINED, crew=1), away("D2", 400, crew=1)) == (("D1", "D2"), ())

    def test_a_crew_that_is_not_known_counts_as_one(self) -> None:
        answer = sent(away("D1", 60, TRAINED, crew=None), away("D2", 400), tags=("domestic_abuse",))
        assert answer.suggested == ("D1", "D2")
        assert answer.line("D1").notes == (
            "domestic_abuse: crew unknown, only together with another unit",
            f"domestic_abuse: has {TRAINED}",
        )

    def test_two_crews_that_are_not_known_are_two_units(self) -> None:
        assert domestic(away("D1", 60, TRAINED, crew=None), away("D2", 61, crew=None)) == (("D1", "D2"), ())

    def test_a_trained_officer_near_enough_joins(self) -> None:
        assert domestic(away("D1", 60), away("D2", 90), away("D3", 359.9, TRAINED)) == (("D1", "D3"), ())

    def test_a_trained_officer_not_near_enough_does_not(self) -> None:
        assert domestic(away("D1", 60), away("D2", 90), away("D3", 360.1, TRAINED)) == (("D1",), (NOT_TRAINED,))

    @pytest.mark.parametrize(("behind_ms", "joins"), [(300_000, True), (300_001, False)])
    def test_near_enough_to_the_millisecond(self, behind_ms: int, *, joins: bool) -> None:
        asked = incident(ROAD.at("A"), "emergency", "domestic_abuse")
        first, trained = ask(ROAD.network, asked, away("D1", 60), away("D3", 90, TRAINED)).ledger
        assert first.eta is not None
        assert trained.eta is not None
        trained = replace(trained, eta=replace(trained.eta, time_ms=first.eta.time_ms + behind_ms))
        chosen, unmet = suggest([first, trained], asked, CLEVELAND)
        assert chosen == ([first, trained] if joins else [first])
        assert unmet == ([] if joins else [NOT_TRAINED])

    def test_near_enough_is_told_from_the_nearest_that_may_be_sent(self) -> None:
        at_scene = away("D0", 10, status="6")
        assert domestic(at_scene, away("D1", 200), away("D3", 499, TRAINED)) == (("D1", "D3"), ())

    def test_a_trained_officer_who_makes_two_is_enough(self) -> None:
        units = (away("D1", 60, crew=1), away("D2", 100, crew=1), away("D3", 300, TRAINED, crew=1))
        assert domestic(*units) == (("D1", "D3"), ())

    def test_a_trained_officer_who_may_not_be_sent_is_not(self) -> None:
        assert domestic(away("D1", 60), away("D3", 90, TRAINED, status="6")) == (("D1",), (NOT_TRAINED,))

    def test_one_trained_officer_is_enough(self) -> None:
        units = (away("D1", 60, TRAINED, crew=1), away("D2", 70, crew=1), away("D3", 80, TRAINED))
        assert domestic(*units) == (("D1", "D2"), ())

    def test_a_free_trained_officer_goes_before_one_who_would_leave_another_incident(self) -> None:
        bound = away("D2", 90, TRAINED, status="7", incident_id="N-7", committed_grade="standard")
        assert domestic(away("D1", 60), bound, away("D3", 200, TRAINED)) == (("D1", "D3"), ())
        assert domestic(away("D1", 60), bound, away("D3", 361, TRAINED)) == (("D1", "D2"), ())

    def test_an_officer_alone_with_nobody_to_join_goes_and_what_is_missing_is_said(self) -> None:
        assert domestic(away("D1", 60, crew=1)) == (("D1",), (TOO_FEW, NOT_TRAINED))

    def test_the_trained_pair_further_off_is_not_first(self) -> None:
        suggested, _ = domestic(away("D1", 60, crew=1), away("D2", 61, TRAINED))
        assert suggested == ("D1", "D2")

    def test_a_force_may_ask_for_three_people(self) -> None:
        three = changed(CLEVELAND, "tags", "domestic_abuse", crew=3, or_units=3, prefer_skill=None, near_enough_s=None)
        units = (away("D1", 60, crew=1), away("D2", 70, crew=1), away("D3", 80, crew=1), away("D4", 90, crew=1))
        assert domestic(*units, force=three) == (("D1", "D2", "D3"), ())
        assert domestic(units[0], away("D5", 75, crew=2), units[3], force=three) == (("D1", "D5"), ())
        unmet = ("domestic_abuse: 3 people or 3 units are needed together",)
        assert domestic(*units[:2], force=three) == (("D1", "D2"), unmet)

    def test_a_force_may_let_two_units_do_for_three_people(self) -> None:
        force = changed(CLEVELAND, "tags", "domestic_abuse", crew=3, prefer_skill=None, near_enough_s=None)
        units = (away("D1", 60, crew=1), away("D2", 70, crew=1), away("D3", 80, crew=1))
        assert domestic(*units, force=force) == (("D1", "D2"), ())
        assert domestic(away("D4", 50, crew=3), *units, force=force) == (("D4",), ())

    def test_a_crew_of_two_is_not_remarked_upon(self) -> None:
        answer = sent(away("D1", 60, crew=2), away("D2", 90, crew=1), tags=("domestic_abuse",))
        assert answer.line("D1").notes == ()
        assert answer.line("D2").notes == ("domestic_abuse: crew of 1, only together with another unit",)


class TestUnitsNeeded:
    UNITS = tuple(away(f"D{number}", 60 + number) for number in range(4))

    @pytest.mark.parametrize("needed", [1, 2, 3, 4])
    def test_the_nearest_so_many_go(self, needed: int) -> None:
        answer = sent(*self.UNITS, units_needed=needed)
        assert answer.suggested == tuple(f"D{number}" for number in range(needed))
        assert answer.unmet == ()

    def test_too_few_is_said(self) -> None:
        answer = sent(*self.UNITS, units_needed=6)
        assert answer.suggested == ("D0", "D1", "D2", "D3")
        assert answer.unmet == ("6 units are needed; 4 can be sent",)

    def test_so_many_units_may_be_enough_people(self) -> None:
        units = (away("D1", 60, TRAINED, crew=1), away("D2", 70, crew=1), away("D3", 80))
        assert domestic(*units, units_needed=2) == (("D1", "D2"), ())

    def test_a_trained_officer_comes_on_top(self) -> None:
        units = (away("D1", 60), away("D2", 70), away("D3", 80, TRAINED))
        assert domestic(*units, units_needed=2) == (("D1", "D2", "D3"), ())


class TestOtherTags:
    @pytest.mark.parametrize("tag", ["vulnerable", "repeat_victim", "child_at_risk", "firearm_seen", "cut_off_call"])
    def test_a_tag_that_only_informs_changes_nobody(self, tag: str) -> None:
        answer = sent(away("D1", 60, crew=1), away("D2", 61, TRAINED), tags=(tag,))
        assert (answer.suggested, answer.unmet) == (("D1",), ())

    def test_two_tags_are_both_met(self) -> None:
        force = changed(CLEVELAND, "tags", "child_at_risk", prefer_skill="negotiator", near_enough_s=100)
        units = (away("D1", 60), away("D2", 100, "negotiator"), away("D3", 300, TRAINED))
        answer = sent(*units, tags=("domestic_abuse", "child_at_risk"), force=force)
        assert (answer.suggested, answer.unmet) == (("D1", "D2", "D3"), ())

    def test_one_officer_may_have_both_skills(self) -> None:
        force = changed(CLEVELAND, "tags", "child_at_risk", prefer_skill="negotiator", near_enough_s=100)
        units = (away("D1", 60), away("D2", 100, "negotiator", TRAINED), away("D3", 110, TRAINED))
        answer = sent(*units, tags=("domestic_abuse", "child_at_risk"), force=force)
        assert (answer.suggested, answer.unmet) == (("D1", "D2"), ())


def test_with_nobody_to_send_nobody_is_suggested() -> None:
    assert suggest([], incident(ROAD.at("A"), "emergency", "domestic_abuse"), CLEVELAND) == ([], [])
    answer = sent(away("D1", 60, status="6"), tags=("domestic_abuse",))
    assert (answer.nearest, answer.nearest_eligible, answer.suggested) == ("D1", None, ())


def people(units: list[Unit]) -> int:
    return sum(1 if who.crew is None else who.crew for who in units)


patrols = st.builds(
    dict,
    seconds=st.integers(0, 600),
    skills=st.sampled_from([(), (TRAINED,), ("taser",), ("taser", TRAINED)]),
    crew=st.sampled_from([None, 0, 1, 1, 2]),
    status=st.sampled_from(["2", "2", "2", "6", "7", None]),
    committed=st.sampled_from([None, None, "standard", "emergency"]),
)


@given(
    told=st.lists(patrols, max_size=6),
    tags=st.sets(st.sampled_from(["domestic_abuse", "vulnerable"])),
    units_needed=st.integers(1, 4),
    needs=st.sampled_from([(), ("taser",)]),
)
@settings(max_examples=300, deadline=None)
def test_the_nearest_that_may_be_sent_is_always_first(
    told: list[dict[str, Any]], tags: set[str], units_needed: int, needs: tuple[str, ...]
) -> None:
    units = [
        away(
            f"D{row}",
            each["seconds"],
            *each["skills"],
            crew=each["crew"],
            status=each["status"],
            committed_grade=each["committed"],
            incident_id="N-7" if each["committed"] else None,
        )
        for row, each in enumerate(told)
    ]
    answer = sent(*units, tags=tuple(tags), units_needed=units_needed, needs=needs)
    eligible = [line.unit for line in answer.ledger if line.eligible]
    chosen = [answer.line(callsign).unit for callsign in answer.suggested]
    assert answer.suggested[:1] == tuple(who.callsign for who in eligible[:1])
    assert [who for who in eligible if who in chosen] == chosen
    # Something is unmet only where nobody who could be sent would help.
    expected = []
    if chosen and len(eligible) < units_needed:
        expected.append(f"{units_needed} units are needed; {len(eligible)} can be sent")
    if chosen and "domestic_abuse" in tags:
        if len(eligible) < 2 and people(eligible) < 2:
            expected.append(TOO_FEW)
        first_ms = answer.ledger[0].behind_ms
        assert first_ms == 0
        behind = {line.unit.callsign: line.behind_ms or 0 for line in answer.ledger}
        start_ms = behind[eligible[0].callsign]
        near = [who for who in eligible if TRAINED in who.skills and behind[who.callsign] - start_ms <= 300_000]
        if not near and not any(TRAINED in who.skills for who in chosen):
            expected.append(NOT_TRAINED)
        assert bool(near) <= any(TRAINED in who.skills for who in chosen)
    assert list(answer.unmet) == expected
    # Nobody is sent who is not needed: so many units, a second for the people, a trained officer.
    wanted = max(units_needed, 2) + 1 if "domestic_abuse" in tags else units_needed
    assert len(chosen) <= wanted


def bound(callsign: str, seconds: float, *skills: str, **more: Any) -> Unit:
    """Make a unit that is on its way to the incident."""
    return away(callsign, seconds, *skills, status="5", incident_id="N-1", **more)


class TestThoseOnTheirWay:
    def sent(self, *units: Unit, tags: tuple[str, ...] = (), **more: Any) -> Recommendation:
        return sent(*units, tags=tags, incident_id="N-1", **more)

    def test_where_enough_are_coming_nobody_is_suggested(self) -> None:
        answer = self.sent(bound("D1", 300), away("D2", 60))
        assert (answer.outcome, answer.suggested, answer.unmet) == ("met", (), ())
        assert (answer.nearest, answer.nearest_eligible) == ("D2", "D2")

    def test_of_two_one_is_coming(self) -> None:
        answer = self.sent(bound("D1", 300), away("D2", 60), away("D3", 90), units_needed=2)
        assert (answer.outcome, answer.suggested) == ("suggested", ("D2",))

    def test_an_officer_alone_is_joined_by_the_next(self) -> None:
        answer = self.sent(bound("D1", 60, TRAINED, crew=1), away("D2", 400, crew=1), tags=("domestic_abuse",))
        assert answer.suggested == ("D2",)

    def test_a_trained_officer_joins_whoever_is_coming(self) -> None:
        answer = self.sent(bound("D1", 60), away("D2", 90), away("D3", 100, TRAINED), tags=("domestic_abuse",))
        assert answer.suggested == ("D3",)

    def test_what_nobody_can_add_is_unmet(self) -> None:
        answer = self.sent(bound("D1", 60), away("D2", 90), tags=("domestic_abuse",))
        assert (answer.outcome, answer.suggested, answer.unmet) == ("met", (), (NOT_TRAINED,))

    def test_more_are_needed_and_nobody_can_go(self) -> None:
        answer = self.sent(bound("D1", 60), away("D2", 90, status="4"), units_needed=2)
        assert (answer.outcome, answer.suggested) == ("nobody_eligible", ())
        assert answer.unmet == ("2 units are needed; 1 can be sent",)

    def test_one_that_went_off_duty_does_not_come(self) -> None:
        answer = self.sent(bound("D1", 60, duty_end=NOW), away("D2", 90))
        assert answer.suggested == ("D2",)

    def test_an_incident_without_a_name_has_nobody_on_the_way(self) -> None:
        answer = sent(away("D1", 60, status="5", committed_grade="standard"), away("D2", 90))
        assert answer.suggested == ("D1",)
