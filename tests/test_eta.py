"""How soon a unit can be there, and how sure that is.

On the streets drawn here a response drives 48 km/h: 400 metres, four signs of a picture, in 30 seconds; turning round
takes 15. A normal journey drives 40 km/h and turns in 20.
"""

from __future__ import annotations

import pytest

from dispatch.eta import Eta
from dispatch.model import Incident, Unit
from graphs.network import Network
from nightshift import CLEVELAND, ask, changed, incident, unit
from roadmaps import draw

EAST, WEST = 90.0, 270.0
STREET = draw("A---B---C", "A-B-C")
HALF_MILE = incident(STREET.at("C"))
# Round a block of four sides, 400 m each.
BLOCK = draw(
    """
    A---B
    |   |
    |   |
    |   |
    D---C
    """,
    "A-B-C-D-A",
)


def eta_of(network: Network, who: Unit, asked: Incident) -> Eta:
    found = ask(network, asked, who).line(who.callsign).eta
    assert found is not None
    return found


def headed(course_deg: float | None, speed_kmh: float | None, *, east_m: float = 0.0, place: str = "B") -> Eta:
    """Time the half mile's last 400 m for a unit that reports a course."""
    at = STREET.at(place, east_m=east_m)
    return eta_of(STREET.network, unit("U1", at, course_deg=course_deg, speed_kmh=speed_kmh), HALF_MILE)


class TestTime:
    def test_is_mobilisation_drive_and_walk(self) -> None:
        yard = STREET.at("C", north_m=42)
        found = eta_of(STREET.network, unit("U1", STREET.at("A"), status="3"), incident(yard))
        assert (found.mobilisation_ms, found.drive_ms, found.walk_ms) == (90_000, 60_000, 30_000)
        assert found.time_ms == 180_000

    @pytest.mark.parametrize(
        ("status", "seconds"),
        [("0", 0), ("1", 180), ("2", 15), ("3", 90), ("4", 120), ("5", 15), ("6", 120), ("7", 60)],
    )
    def test_mobilisation_is_by_status_whether_or_not_the_unit_may_be_sent(self, status: str, seconds: int) -> None:
        found = eta_of(STREET.network, unit("U1", STREET.at("A"), status=status), HALF_MILE)
        assert found.mobilisation_ms == seconds * 1000
        assert found.time_ms == seconds * 1000 + 60_000

    def test_a_grade_without_blue_lights_takes_longer(self) -> None:
        found = eta_of(STREET.network, unit("U1", STREET.at("A")), incident(STREET.at("C"), "standard"))
        assert found.drive_ms == 72_000

    @pytest.mark.parametrize("side", [1, -1])
    def test_leaving_a_yard_is_driven_slowly(self, side: int) -> None:
        yard = STREET.at("B", north_m=50 * side)
        found = eta_of(STREET.network, unit("U1", yard, course_deg=EAST, speed_kmh=30), HALF_MILE)
        assert found.drive_ms == 18_000 + 30_000
        assert found.leg.spot.gap_m == pytest.approx(50, abs=0.01)

    def test_there_already(self) -> None:
        found = eta_of(STREET.network, unit("U1", STREET.at("C")), HALF_MILE)
        assert (found.time_ms, found.drive_ms, found.walk_ms) == (15_000, 0, 0)

    def test_walking_from_another_street_where_that_is_sooner(self) -> None:
        # The incident is in the lower street, 50 m from the upper one; by road it is a long way round.
        streets = draw("A---------B\nC---------D", "A-B", "C-D", "B-D length=5000", square_m=50)
        asked = incident(streets.at("C", east_m=100))
        found = eta_of(streets.network, unit("U1", streets.at("A")), asked)
        assert found.drive_ms == 7_500
        assert found.walk_ms == pytest.approx(50 / 1.4 * 1000, abs=1)

    def test_a_road_of_no_length(self) -> None:
        joined = draw("A-B---C", "A-B length=0", "B-C")
        found = eta_of(joined.network, unit("U1", joined.at("A"), accuracy_m=50.0), incident(joined.at("C")))
        assert found.drive_ms == 30_000


class TestDirection:
    @pytest.mark.parametrize("grade", ["emergency", "standard"])
    def test_pointing_away_costs_turning_round(self, grade: str) -> None:
        asked = incident(STREET.at("C"), grade)
        at = STREET.at("B", east_m=-100)
        towards, away = (
            eta_of(STREET.network, unit("U1", at, course_deg=course, speed_kmh=30), asked) for course in (EAST, WEST)
        )
        assert away.drive_ms - towards.drive_ms == (15_000 if grade == "emergency" else 20_000)
        assert away.leg.spot.edge == towards.leg.spot.edge

    def test_a_known_direction_leaves_no_doubt(self) -> None:
        for course in (EAST, WEST):
            found = headed(course, 30)
            assert found.earliest_ms == found.time_ms == found.latest_ms

    def test_an_unknown_one_may_cost_turning_round_and_never_less_time(self) -> None:
        found = headed(None, None)
        assert (found.earliest_ms, found.time_ms, found.latest_ms) == (45_000, 45_000, 60_000)

    @pytest.mark.parametrize(("course", "speed"), [(WEST, 5.0), (WEST, 0.0), (WEST, None), (None, 30.0)])
    def test_a_course_without_speed_is_noise(self, course: float | None, speed: float | None) -> None:
        assert headed(course, speed) == headed(None, None)

    def test_a_course_just_above_walking_pace_counts(self) -> None:
        assert headed(WEST, 5.1).time_ms == headed(EAST, 5.1).time_ms + 15_000

    def test_at_a_dead_end_there_is_nothing_further_to_lose(self) -> None:
        # 20 m from the end: driving there and back costs 3 s more than turning on the spot; the lesser counts.
        found = headed(None, None, place="A", east_m=20)
        assert found.latest_ms - found.time_ms == 15_000

    def test_where_both_ways_lead_there_only_their_difference_is_lost(self) -> None:
        # Opposite on a block: 40 m nearer one way than the other, so 80 m apart.
        opposite = unit("U1", BLOCK.at("A", east_m=240))
        found = eta_of(BLOCK.network, opposite, incident(BLOCK.at("D", east_m=200)))
        assert found.drive_ms == pytest.approx((160 + 400 + 200) * 75, abs=5)
        assert found.latest_ms - found.time_ms == pytest.approx(80 * 75, abs=5)

    def test_a_one_way_street_tells_the_direction(self) -> None:
        one_way = draw("A---B---C", "A>B", "B-C", "C-A length=900")
        found = eta_of(one_way.network, unit("U1", one_way.at("A", east_m=200)), incident(one_way.at("C")))
        assert found.earliest_ms == found.time_ms == found.latest_ms


class TestAge:
    @staticmethod
    def doubt_ms(who: Unit) -> tuple[int, int]:
        found = eta_of(STREET.network, who, HALF_MILE)
        return found.time_ms - found.earliest_ms, found.latest_ms - found.time_ms

    def aged(self, age_s: float, status: str | None = "2") -> tuple[int, int]:
        return self.doubt_ms(unit("U1", STREET.at("A"), status=status, age_s=age_s, course_deg=EAST, speed_kmh=30))

    @pytest.mark.parametrize("age_s", [0, 30, 60, -10])
    def test_a_fresh_fix_adds_none(self, age_s: float) -> None:
        assert self.aged(age_s) == (0, 0)

    def test_after_that_a_moving_unit_may_have_come_nearer_or_gone_away_for_so_long(self) -> None:
        assert self.aged(60.001) == (60_000, 60_001)

    def test_nobody_is_there_before_having_set_out(self) -> None:
        found = eta_of(STREET.network, unit("U1", STREET.at("A"), age_s=299), HALF_MILE)
        assert (found.earliest_ms, found.time_ms) == (15_000, 75_000)

    @pytest.mark.parametrize("status", ["1", "3", "4", "6", "10"])
    def test_a_parked_unit_is_where_it_was(self, status: str) -> None:
        old, new = (unit("U1", STREET.at("A"), status=status, age_s=age_s, speed_kmh=0.0) for age_s in (3599, 0))
        assert self.doubt_ms(old) == self.doubt_ms(new)

    def test_a_unit_reported_parked_that_was_driving_may_have_moved(self) -> None:
        assert self.aged(200, "3")[1] == 200_000

    @pytest.mark.parametrize("status", [None, "77"])
    def test_where_nothing_is_known_it_may_have_moved(self, status: str | None) -> None:
        assert self.aged(200, status)[1] == 200_000


class TestAccuracy:
    @pytest.mark.parametrize(("accuracy_m", "doubt_ms"), [(0.0, 0), (20.0, 1_500), (100.0, 7_500), (None, 2_250)])
    def test_the_radius_is_driven_at_the_speed_of_the_road(self, accuracy_m: float | None, doubt_ms: int) -> None:
        who = unit("U1", STREET.at("A"), accuracy_m=accuracy_m, course_deg=EAST, speed_kmh=30)
        found = eta_of(STREET.network, who, HALF_MILE)
        assert found.time_ms - found.earliest_ms == doubt_ms
        assert found.latest_ms - found.time_ms == doubt_ms

    def test_a_force_may_assume_another_radius(self) -> None:
        told = CLEVELAND.model_dump()["fixes"]
        vague = CLEVELAND.model_copy(update={"fixes": {**told, "default_accuracy_m": 80.0}})
        who = unit("U1", STREET.at("A"), accuracy_m=None, course_deg=EAST, speed_kmh=30)
        found = ask(STREET.network, HALF_MILE, who, force=vague).line("U1").eta
        assert found is not None
        assert found.latest_ms - found.time_ms == 6_000

    def test_doubts_add_up(self) -> None:
        who = unit("U1", STREET.at("A"), status="3", age_s=100, accuracy_m=40.0)
        moving = changed(CLEVELAND, "statuses", "3", moving=True)
        found = ask(STREET.network, HALF_MILE, who, force=moving).line("U1").eta
        assert found is not None
        assert found.latest_ms - found.time_ms == 100_000 + 3_000 + 15_000
