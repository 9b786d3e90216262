"""Who was where during a window, for the console."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from dispatch.model import Picture
from graphs.network import ATTRIBUTION
from nightshift import incident as an_incident
from nightshift import unit
from played import HOUR, LAT, LON, MINUTE, START, S, incident, played, scenario, sent, state
from scenarios.animation import AnimationWatch, animation_json

EVERY_S = 30


def played_back(
    places: dict[int, tuple[float, float]], states: list[Any], to_s: int = 3_600, **more: Any
) -> dict[str, Any]:
    """Return the animation of a unit that is seen at some places, by second."""
    watch = AnimationWatch(EVERY_S * S, 0, to_s * S)
    for at_s, place in places.items():
        watch.seen(at_s * S, (unit("R1", place), unit("R9", None)))
    told: dict[str, Any] = json.loads(animation_json(scenario(), watch, played(states=states, **more)))
    return told


def moments(told: dict[str, Any]) -> list[list[float]]:
    return [[sample[0] for sample in spell] for spell in told["units"][0]["spells"]]


def test_units_with_what_they_do_where() -> None:
    states = [state("station", -HOUR, 60 * S), state("en_route", 60 * S, 120 * S), state("at_scene", 120 * S, HOUR)]
    places = {0: (LAT, LON), 30: (LAT, LON), 60: (LAT, LON), 90: (LAT + 0.001, LON), 120: (LAT + 0.002, LON)}
    told = played_back(places, states)
    (one,) = told["units"]
    assert told["activities"] == ["at_scene", "en_route", "station"]
    lat, lon = round(LAT, 5), round(LON, 5)
    assert one["callsign"] == "R1"
    (spell,) = one["spells"]
    assert spell == [
        [0, lat, lon, 2],
        [30, lat, lon, 2],
        [60, lat, lon, 1],
        [90, round(LAT + 0.001, 5), lon, 1],
        [120, round(LAT + 0.002, 5), lon, 0],
    ]
    assert (told["from_s"], told["to_s"], told["every_s"]) == (0, 3_600, 30)
    assert told["attribution"] == ATTRIBUTION
    assert told["start"] == START.isoformat()


def test_while_nothing_happens_only_the_ends_are_told() -> None:
    told = played_back(dict.fromkeys(range(0, 600, 30), (LAT, LON)), [state("station", 0, HOUR)])
    assert moments(told) == [[0, 570]]


def test_who_was_not_on_duty_meanwhile_leaves_a_gap() -> None:
    seen = [*range(0, 120, 30), *range(300, 420, 30)]
    states = [state("station", 0, 120 * S), state("station", 300 * S, HOUR)]
    told = played_back(dict.fromkeys(seen, (LAT, LON)), states)
    assert moments(told) == [[0, 90], [300, 390]]


def test_what_a_unit_did_outside_its_states_is_not_known() -> None:
    told = played_back({0: (LAT, LON), 30: (LAT, LON)}, [state("station", 0, 20 * S)])
    assert [sample[3] for sample in told["units"][0]["spells"][0]] == [0, None]


def test_incidents_of_the_window_with_their_lives() -> None:
    rows = [
        incident("over before", -2 * HOUR, 300),
        incident("still open", -HOUR),
        incident("1", 60 * 1_000, 300),
        incident("later", HOUR, 300),
    ]
    told = played_back({}, [state("station", 0, HOUR)], incidents=rows, assignments=[sent("1", 2 * MINUTE, 900)])
    assert [one["incident_id"] for one in told["incidents"]] == ["still open", "1"]
    open_one, one = told["incidents"]
    assert (open_one["closed_s"], open_one["sent"]) == (None, [])
    assert (one["received_s"], one["first_arrived_s"], one["due_s"]) == (60, 360, 960)
    (went,) = one["sent"]
    assert went == {
        "callsign": "R1", "assigned_s": 120, "en_route_s": 121, "on_scene_s": 420, "cleared_s": 4_020,
        "ended": "cleared",
    }  # fmt: skip


def test_the_same_window_is_the_same_bytes() -> None:
    def told() -> bytes:
        watch = AnimationWatch(EVERY_S * S, 0, HOUR)
        for callsigns in (("R2", "R1"), ("R1", "R2")):
            watch.seen(0, tuple(unit(each, (LAT, LON)) for each in callsigns))
        return animation_json(scenario(), watch, played())

    assert told() == told()


def test_a_decision_leaves_nothing() -> None:
    watch = AnimationWatch(S, 0, HOUR)
    watch.decided(0, Picture(START + timedelta(hours=1)), an_incident((LAT, LON)), ("R1",))
    assert watch.samples == {}


@pytest.mark.parametrize(("every_ms", "to_ms"), [(0, 1), (1, 0), (-1, 1)])
def test_a_window_in_which_nothing_can_be_seen_is_refused(every_ms: int, to_ms: int) -> None:
    with pytest.raises(ValueError, match="nothing can be seen"):
        AnimationWatch(every_ms, 0, to_ms)
