"""The brain asked about drawn towns: who is nearest by road, who may go, and what the ledger says."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from dispatch.eligibility import Failure
from dispatch.force import Force
from dispatch.model import Incident, Picture, Unit
from dispatch.recommend import recommend
from dispatch.recommendation import Recommendation
from graphs.conditions import Change, Conditions, Stretch
from graphs.errors import InputError, OutsideNetwork
from nightshift import NOW, ask, incident, unit
from roadmaps import draw

EAST, WEST = 90.0, 270.0
# The river runs between the two streets; the one bridge is at the right.
RIVER = draw(
    """
    N---------E
              |
    S-----T---F
    """,
    "N-E",
    "E-F bridge",
    "S-T-F",
)
STREET = draw("A---B---C", "A-B-C")
HALF_MILE = incident(STREET.at("C"))


def order(answer: Recommendation) -> list[str]:
    return [line.unit.callsign for line in answer.ledger]


def time_s(answer: Recommendation, callsign: str) -> float:
    found = answer.line(callsign).eta
    assert found is not None
    return found.time_ms / 1000


def straight_m(answer: Recommendation, callsign: str) -> float:
    found = answer.line(callsign).straight_m
    assert found is not None
    return found


class TestByRoad:
    def test_the_nearest_across_the_river_is_not_the_nearest(self) -> None:
        north, south = unit("N1", RIVER.at("N")), unit("S1", RIVER.at("T"))
        answer = ask(RIVER.network, incident(RIVER.at("S")), north, south)
        assert straight_m(answer, "N1") == pytest.approx(200, abs=0.1)
        assert straight_m(answer, "S1") == pytest.approx(600, abs=0.1)
        assert (answer.nearest, answer.suggested, order(answer)) == ("S1", ("S1",), ["S1", "N1"])
        assert time_s(answer, "S1") == pytest.approx(15 + 600 * 0.075, abs=0.01)
        assert time_s(answer, "N1") == pytest.approx(15 + 2200 * 0.075, abs=0.01)

    def test_the_sixth_in_a_straight_line_is_still_asked_for(self) -> None:
        across = [unit(f"N{row}", RIVER.at("N", east_m=10 * row)) for row in range(20)]
        answer = ask(RIVER.network, incident(RIVER.at("S")), *across, unit("S1", RIVER.at("T")))
        assert max(order(answer), key=lambda name: straight_m(answer, name)) == "S1"
        assert answer.nearest == "S1"

    def test_on_the_wrong_carriageway_the_way_leads_on_to_the_next_gap(self) -> None:
        # Two carriageways 20 m apart; the gaps in the reservation are at the ends.
        dual = draw("D---------C\nA---------B", "C>D", "A>B", "B-C", "D-A", square_m=20)
        between = dual.at("A", east_m=100, north_m=10.5)
        asked = incident(dual.at("A", east_m=20, north_m=-10))
        away = unit("W1", between, course_deg=EAST, speed_kmh=50)
        back = unit("E1", between, course_deg=WEST, speed_kmh=50)
        answer = ask(dual.network, asked, away, back)
        east, west = answer.line("W1").eta, answer.line("E1").eta
        assert east is not None
        assert west is not None
        assert [dual.road(edge) for edge in east.leg.edges][:2] == ["AB", "BC"]
        assert [dual.road(edge) for edge in west.leg.edges][:1] == ["CD"]
        assert answer.nearest == "E1"

    def test_just_behind_on_a_one_way_street_is_round_the_block(self) -> None:
        block = draw("A---B\n|   |\nD---C", "A>B>C>D>A")
        asked = incident(block.at("A", east_m=150))
        past, short = unit("P1", block.at("A", east_m=250)), unit("S1", block.at("A", east_m=50))
        answer = ask(block.network, asked, past, short)
        assert answer.nearest == "S1"
        assert time_s(answer, "S1") == pytest.approx(15 + 100 * 0.075, abs=0.01)
        assert time_s(answer, "P1") == pytest.approx(15 + (400 + 200 + 400 + 200 - 100) * 0.075, abs=0.01)

    def test_ahead_on_the_same_street(self) -> None:
        answer = ask(STREET.network, incident(STREET.at("A", east_m=300)), unit("U1", STREET.at("A", east_m=100)))
        found = answer.line("U1").eta
        assert found is not None
        assert [STREET.road(edge) for edge in found.leg.edges] == ["AB"]
        assert found.drive_ms == pytest.approx(200 * 75, abs=1)
        assert found.leg.length_m == pytest.approx(200, abs=0.01)

    def test_where_no_road_joins_two_halves_nobody_comes_over(self) -> None:
        halves = draw("A---B     C---D", "A-B length=5000", "C-D length=5000")
        answer = ask(halves.network, incident(halves.at("A")), unit("U1", halves.at("B")), unit("U2", halves.at("C")))
        line = answer.line("U2")
        assert (line.eta, line.behind_ms) == (None, None)
        assert line.failed == (Failure("unreachable", "no road leads from there to the incident"),)
        assert straight_m(answer, "U2") == pytest.approx(1000, abs=0.1)
        told = json.loads(answer.to_json())["ledger"][1]
        assert [told[key] for key in ("callsign", "time_s", "length_m", "behind_s")] == ["U2", None, None, None]

    def test_a_way_that_blue_lights_open(self) -> None:
        # Only a bus gate joins the two halves of this estate.
        estate = draw("A---B---C---D", "A-B length=5000", "B-C bus", "C-D length=5000")
        who = unit("U1", estate.at("A", east_m=200))
        answer = ask(estate.network, incident(estate.at("D"), "emergency"), who)
        assert answer.suggested == ("U1",)
        answer = ask(estate.network, incident(estate.at("D"), "standard"), who)
        assert (answer.outcome, [failure.rule for failure in answer.line("U1").failed]) == (
            "nobody_eligible",
            ["unreachable"],
        )

    def test_a_road_that_only_leads_in_is_no_place_to_start_from(self) -> None:
        trap = draw("A---B---C\n|\nT", "A-B-C", "A>T")
        who = unit("U1", trap.at("T"), course_deg=180.0, speed_kmh=30)
        answer = ask(trap.network, incident(trap.at("C")), who)
        found = answer.line("U1").eta
        assert found is not None
        assert trap.road(found.leg.spot.edge) in {"AB", "BA"}
        assert found.leg.spot.gap_m == pytest.approx(200, abs=0.1)

    def test_a_private_road_is_no_place_for_a_normal_journey(self) -> None:
        estate = draw("A---B---C\n    |\n    P", "A-B-C", "B-P private")
        who = unit("U1", estate.at("P", north_m=-1), course_deg=0.0, speed_kmh=30)
        answers = {
            grade: ask(estate.network, incident(estate.at("C"), grade), who) for grade in ("emergency", "standard")
        }
        urgent, routine = (answers[grade].line("U1").eta for grade in ("emergency", "standard"))
        assert urgent is not None
        assert routine is not None
        assert estate.road(urgent.leg.spot.edge) == "PB"
        assert estate.road(routine.leg.spot.edge) in {"AB", "BA", "BC", "CB"}
        assert routine.leg.spot.gap_m == pytest.approx(201, abs=0.5)
        assert json.loads(answers["standard"].to_json())["ledger"][0]["fix_gap_m"] == pytest.approx(201, abs=0.5)

    def test_an_incident_on_the_motorway_is_reached_from_it_only_if_it_is_on_it(self) -> None:
        roads = draw(
            """
            A---------B
            C---------D
            """,
            "A-B residential",
            "C-D motorway",
            "A-C motorway_link",
            "B-D motorway_link",
            square_m=50,
        )
        place = roads.at("C", east_m=200, north_m=20)
        for on_road, expected in ((False, "AB"), (True, "CD")):
            answer = ask(roads.network, incident(place, on_road=on_road), unit("U1", roads.at("C")))
            found = answer.line("U1").eta
            assert found is not None
            assert roads.road(found.leg.approach.edge) in {expected, expected[::-1]}


class TestOutside:
    def test_an_incident_outside_is_an_error(self) -> None:
        with pytest.raises(OutsideNetwork, match=r"lat 51\.5, lon -0\.12 is outside the network drawn\.map"):
            ask(STREET.network, incident((51.5, -0.12)), unit("U1", STREET.at("A")))

    def test_a_swapped_incident_is_told(self) -> None:
        lat, lon = STREET.at("A")
        with pytest.raises(OutsideNetwork, match="with lat and lon swapped it is inside"):
            ask(STREET.network, incident((lon, lat)))

    @pytest.mark.parametrize("place", [(51.5, -0.12), (0.0, 0.0), (-1.25, 54.58), (float("nan"), -1.25), (1e9, 1e9)])
    def test_a_unit_outside_is_told_and_costs_nobody_else_an_answer(self, place: tuple[float, float]) -> None:
        answer = ask(STREET.network, HALF_MILE, unit("U1", place), unit("U2", STREET.at("A")))
        line = answer.line("U1")
        assert [failure.rule for failure in line.failed] == ["outside_area"]
        assert line.eta is None
        assert (answer.nearest, answer.suggested) == ("U2", ("U2",))

    def test_far_from_any_road_the_gap_is_walked_and_said(self) -> None:
        answer = ask(STREET.network, incident(STREET.at("B", north_m=-280)), unit("U1", STREET.at("B")))
        assert answer.gap_m == pytest.approx(280, abs=0.1)
        assert answer.warnings == (
            "the nearest road that may serve the incident is 280 m away; the walk is in the times",
        )
        assert time_s(answer, "U1") == pytest.approx(15 + 280 / 1.4, abs=0.1)

    def test_within_a_walk_nothing_is_warned_of(self) -> None:
        answer = ask(STREET.network, incident(STREET.at("B", north_m=-59)), unit("U1", STREET.at("B")))
        assert (answer.gap_m, answer.warnings) == (pytest.approx(59, abs=0.1), ())


class TestNames:
    @pytest.mark.parametrize(
        ("asked", "said"),
        [
            (incident(STREET.at("C"), "urgent", incident_id="N-1"), 'incident N-1 grade: "urgent" is not accepted'),
            (incident(STREET.at("C"), "emergency", "domestic-abuse"), r'"domestic-abuse".*did you mean domestic_abuse'),
            (incident(STREET.at("C"), needs=["tazer"]), r'needs: "tazer".*did you mean taser'),
        ],
    )
    def test_a_name_without_a_meaning_is_refused(self, asked: Incident, said: str) -> None:
        with pytest.raises(InputError, match=said):
            ask(STREET.network, asked, unit("U1", STREET.at("A")))

    def test_all_of_them_are_told_together(self) -> None:
        asked = incident(STREET.at("C"), "urgent", "domestic-abuse", "vulnerabel", needs=["tazer"])
        with pytest.raises(InputError) as refused:
            ask(STREET.network, asked)
        assert [fault.field for fault in refused.value.faults] == ["grade", "tags", "tags", "needs"]


class TestLedger:
    def test_it_holds_every_unit_the_placed_by_time_and_the_others_after(self) -> None:
        units = [
            unit("Z", STREET.at("A")),
            unit("Y", None),
            unit("X", STREET.at("B"), status="6"),
            unit("W", STREET.at("C"), age_s=9999),
            unit("V", (0.0, 0.0)),
            unit("U", STREET.at("B", east_m=10), status="11"),
            unit("T", STREET.at("C"), status=None),
        ]
        answer = ask(STREET.network, HALF_MILE, *units)
        assert order(answer) == ["Z", "X", "T", "U", "V", "W", "Y"]
        assert [line.behind_ms for line in answer.ledger] == [0, 75_000, 225_000, None, None, None, None]
        assert [line.eligible for line in answer.ledger] == [True, False, False, False, False, False, False]
        assert (answer.nearest, answer.nearest_eligible) == ("Z", "Z")
        assert answer.line("X").status_label == "At scene"
        assert answer.line("T").status_label == "unknown"

    def test_a_line_that_is_not_there(self) -> None:
        with pytest.raises(KeyError, match="U9"):
            ask(STREET.network, HALF_MILE, unit("U1", STREET.at("A"))).line("U9")

    def test_ties_are_broken_by_callsign(self) -> None:
        units = [unit(name, STREET.at("A")) for name in ("U2", "U10", "U1", "u0")]
        for turned in (units, units[::-1], units[2:] + units[:2]):
            answer = ask(STREET.network, HALF_MILE, *turned)
            assert order(answer) == ["U1", "U10", "U2", "u0"]
            assert (answer.suggested, answer.certainty) == (("U1",), "indistinguishable")

    def test_a_future_fix_has_no_age(self) -> None:
        answer = ask(
            STREET.network, HALF_MILE, unit("U1", STREET.at("A"), age_s=-3600), unit("U2", STREET.at("A"), age_s=-9)
        )
        assert (answer.line("U1").fix_age_ms, answer.line("U2").fix_age_ms) == (None, 0)

    def test_age_is_told_where_the_fix_is_not_used(self) -> None:
        answer = ask(STREET.network, HALF_MILE, unit("U1", STREET.at("A"), age_s=5700.5), unit("U2", None))
        assert (answer.line("U1").fix_age_ms, answer.line("U2").fix_age_ms) == (5_700_500, None)

    def test_another_sector_is_noted(self) -> None:
        asked = incident(STREET.at("C"), sector="North")
        answer = ask(
            STREET.network,
            asked,
            unit("U1", STREET.at("A"), sector="South"),
            unit("U2", STREET.at("A"), sector="North"),
        )
        assert answer.line("U1").notes == ("from sector South",)
        assert answer.line("U2").notes == ()
        assert answer.suggested == ("U1",)


class TestOutcome:
    def test_somebody_is_suggested(self) -> None:
        answer = ask(STREET.network, HALF_MILE, unit("U1", STREET.at("A"), status="11"), unit("U2", STREET.at("A")))
        assert (answer.outcome, answer.suggested) == ("suggested", ("U2",))

    @pytest.mark.parametrize(
        "units", [(), (unit("U1", STREET.at("A"), status="11"), unit("U2", STREET.at("A"), duty_end=NOW))]
    )
    def test_nobody_is_on_duty(self, units: tuple[Unit, ...]) -> None:
        answer = ask(STREET.network, HALF_MILE, *units)
        assert (answer.outcome, answer.nearest, answer.nearest_eligible) == ("nobody_on_duty", None, None)
        assert (answer.suggested, answer.certainty, answer.indistinguishable_from) == ((), None, ())
        assert len(answer.ledger) == len(units)

    def test_nobody_can_be_sent_and_each_line_says_why(self) -> None:
        units = [unit("U1", STREET.at("A"), status="6"), unit("U2", None), unit("U3", STREET.at("A"), status="11")]
        answer = ask(STREET.network, HALF_MILE, *units)
        assert (answer.outcome, answer.nearest, answer.suggested) == ("nobody_eligible", "U1", ())
        assert all(line.failed for line in answer.ledger)

    def test_a_grade_that_sends_nobody(self) -> None:
        answer = ask(
            STREET.network, incident(STREET.at("C"), "resolved_without_deployment"), unit("U1", STREET.at("A"))
        )
        assert (answer.outcome, answer.nearest) == ("nobody_eligible", "U1")


def test_a_motorway_that_is_passed_over_is_told() -> None:
    road = draw(
        """
        A-------B

        C-------D
        """,
        "A>B motorway name=M4 length=5000",
        "C-D length=5000",
        "A-C",
        "B-D",
    )
    beside = incident(road.at("A", east_m=400, north_m=3))
    answer = ask(road.network, beside, unit("U1", road.at("C")))
    assert any("M4 is 3 m away" in sentence and "on_road" in sentence for sentence in answer.warnings)
    assert ask(road.network, replace(beside, on_road=True), unit("U1", road.at("C"))).warnings == ()


def test_a_unit_far_from_any_road_says_so() -> None:
    answer = ask(STREET.network, HALF_MILE, unit("U1", STREET.at("A", north_m=300)))
    assert answer.line("U1").notes == ("its position is 300 m from the road",)


# ---- Behind a closure --------------------------------------------------------------------------------------------


def test_a_closed_road_at_the_incident_is_said_and_walked() -> None:
    street = draw("A---------B---------C", "A-B", "B-C")
    ends = (("AB", 0.6, 1.0), ("BA", 0.0, 0.4))
    shut = Change("gas leak", tuple(Stretch(street.edge(road), start, end) for road, start, end in ends))
    picture = Picture(NOW, (unit("P1", street.at("A")),))
    asked = incident(street.along("AB", 0.8))
    free, closed = (
        recommend(picture, asked, street.network, Force.default(), Conditions(changes)) for changes in ((), (shut,))
    )
    assert free.warnings == ()
    assert "the incident is behind a closure (gas leak): units drive up to it and go on on foot" in closed.warnings
    (driven,), (walked,) = ([line.eta for line in answer.ledger] for answer in (free, closed))
    assert driven is not None
    assert walked is not None
    # A fifth of a kilometre on foot at 1.4 m/s.
    assert (driven.walk_ms, walked.walk_ms) == (0, pytest.approx(200_000 / 1.4, abs=500))
    assert closed.versions["conditions"] != free.versions["conditions"]
