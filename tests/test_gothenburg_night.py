"""The demonstration night in Gothenburg, from its files to an answer, held against networkx."""

from __future__ import annotations

import math
from pathlib import Path

import networkx as nx
import pytest

import scenarios.samples.gothenburg
from dispatch.force import Force
from dispatch.model import Picture, Unit
from dispatch.recommend import recommend
from dispatch.recommendation import Recommendation
from graphs.network import Network
from graphs.reference import ReferenceRouter
from oracles import MS, add_end, add_start, turn_graph
from scenarios.picture_folder import read_picture_folder

NIGHT = Path(scenarios.samples.gothenburg.__file__).parent


@pytest.fixture(scope="module")
def force() -> Force:
    return Force.read(NIGHT / "force.toml")


@pytest.fixture(scope="module")
def picture(gothenburg: Network, force: Force) -> Picture:
    return read_picture_folder(NIGHT, force, gothenburg)


@pytest.fixture(scope="module")
def answer(gothenburg: Network, force: Force, picture: Picture) -> Recommendation:
    """Who should go to the screaming in a flat south of the river."""
    asked = next(item for item in picture.incidents if item.incident_id == "N-0211")
    return recommend(picture, asked, gothenburg, force)


def metres_apart(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    """Return the great-circle distance by the law of cosines."""
    a, b = math.radians(lat_a), math.radians(lat_b)
    cosine = math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) * math.cos(math.radians(lon_b - lon_a))
    return 6_371_009.0 * math.acos(cosine)


def test_straight_lines_are_as_long_as_they_are(answer: Recommendation) -> None:
    for line in answer.ledger:
        fix = line.unit.fix
        if fix is None:
            assert line.straight_m is None
        else:
            expected = metres_apart(fix.lat, fix.lon, answer.incident.lat, answer.incident.lon)
            assert line.straight_m == pytest.approx(expected, abs=0.01)


def test_the_nearest_in_a_straight_line_is_across_the_river_and_loses(answer: Recommendation) -> None:
    by_line = sorted((line for line in answer.ledger if line.straight_m), key=lambda line: line.straight_m or 0)
    assert by_line[0].unit.callsign == "H1"
    assert by_line[0].straight_m == pytest.approx(metres_apart(57.7063, 11.9375, 57.69995, 11.93970), abs=0.1)
    assert by_line[0].eligible
    assert (answer.nearest, answer.nearest_eligible, answer.suggested[0]) == ("M1", "M1", "M1")
    lost, won = answer.line("H1"), answer.line("M1")
    assert (won.straight_m or 0) > (lost.straight_m or math.inf)
    # Not a matter of seconds: the bridge is minutes away.
    assert (lost.behind_ms or 0) > 4 * 60_000
    assert answer.certainty == "clear"


def test_every_time_is_what_networkx_finds(gothenburg: Network, answer: Recommendation) -> None:
    router = ReferenceRouter(gothenburg, answer.profile)
    graph = turn_graph(router.edge_times)
    asked = answer.incident
    end = add_end(graph, router.edge_times, 0, router.approaches(asked.lat, asked.lon))
    starts = {}
    for row, line in enumerate(answer.ledger):
        fix = line.unit.fix
        if line.eta is not None and fix is not None:
            assert fix.accuracy_m is not None
            spots = router.spots(fix.lat, fix.lon, fix.course_deg, fix.speed_kmh, fix.accuracy_m)
            starts[line.unit.callsign] = add_start(graph, router.edge_times, row, spots, [end])
    found = nx.single_source_dijkstra_path_length(graph.reverse(copy=False), end)
    assert len(starts) == 37
    for callsign, start in starts.items():
        eta = answer.line(callsign).eta
        assert eta is not None
        assert eta.drive_ms + eta.walk_ms == found[start] // MS


def test_the_ledger_holds_the_whole_shift_and_says_why_not(answer: Recommendation, picture: Picture) -> None:
    assert sorted(line.unit.callsign for line in answer.ledger) == sorted(who.callsign for who in picture.units)
    failed = {line.unit.callsign: [failure.rule for failure in line.failed] for line in answer.ledger}
    assert failed["C8"] == ["no_status"]
    assert failed["L2"] == ["stale_fix"]
    assert failed["O7"] == ["no_fix"]
    assert failed["O8"] == ["off_duty", "off_duty"]
    assert all(failed[f"{sector}5"] == ["status"] for sector in "CHMOL")


def test_what_is_sent_meets_what_domestic_abuse_needs(answer: Recommendation) -> None:
    chosen: list[Unit] = [answer.line(callsign).unit for callsign in answer.suggested]
    assert sum(who.crew or 1 for who in chosen) >= 2
    assert any("domestic_abuse_trained" in who.skills for who in chosen)
    assert answer.unmet == ()


def test_the_target_is_fifteen_minutes_from_the_call(answer: Recommendation) -> None:
    assert answer.target.due_at is not None
    assert answer.target.due_at.isoformat() == "2026-11-21T01:28:40+00:00"
    assert (answer.target.setting, answer.target.target_s) == ("unknown", 900)


def test_every_incident_of_the_night_has_an_answer(gothenburg: Network, force: Force, picture: Picture) -> None:
    for asked in picture.incidents:
        told = recommend(picture, asked, gothenburg, force)
        coming = [unit.callsign for unit in picture.units if unit.incident_id == asked.incident_id]
        assert told.outcome == ("met" if coming else "suggested")
        assert not told.warnings
        eligible = [line for line in told.ledger if line.eligible]
        assert told.suggested[:1] == (() if coming else (eligible[0].unit.callsign,))
        # Whoever is on the way to an incident already is not sent to it again.
        assert all(line.unit.incident_id != asked.incident_id for line in eligible)
