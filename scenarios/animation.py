"""Who was where during a window of one replication, for the console to play; docs/planner.md has the layout."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

import orjson
import polars as pl

from dispatch.model import Incident, Picture, Unit
from scenarios.scenario import Scenario
from scenarios.simulated import Simulated

FORMAT: Final = 1
# A ten-millionth of a degree is a centimetre; what is drawn needs no more than a metre.
_DECIMALS: Final = 5
Sample = tuple[int, float, float]


class AnimationWatch:
    """Looks where everybody is, every so often in a window; a `scenarios.simulated.Watch`.

    Parameters
    ----------
    every_ms
        How often.
    from_ms, to_ms
        From when until before when, from the scenario's start.

    Raises
    ------
    ValueError
        ``every_ms`` is not more than 0, or the window is empty.
    """

    def __init__(self, every_ms: int, from_ms: int, to_ms: int) -> None:
        if every_ms <= 0 or to_ms <= from_ms:
            raise ValueError(f"nothing can be seen every {every_ms} ms from {from_ms} to {to_ms}")
        self.every_ms: int | None = every_ms
        self.from_ms, self.to_ms = from_ms, to_ms
        self.samples: defaultdict[str, list[Sample]] = defaultdict(list)

    def seen(self, now_ms: int, units: tuple[Unit, ...]) -> None:
        """Keep where the units are."""
        for unit in units:
            if unit.fix is not None:
                place = round(unit.fix.lat, _DECIMALS), round(unit.fix.lon, _DECIMALS)
                self.samples[unit.callsign].append((now_ms, *place))

    def decided(self, now_ms: int, picture: Picture, incident: Incident, sent: tuple[str, ...]) -> None:
        """Keep nothing: who was sent stands in the tables."""


def animation_json(scenario: Scenario, watch: AnimationWatch, simulated: Simulated) -> bytes:
    """Return what a window looks like as JSON with sorted keys.

    Parameters
    ----------
    watch
        That looked on.
    simulated
        The replication that it looked at.
    """
    document = {
        "format": FORMAT,
        "scenario": scenario.name,
        "policy": simulated.policy,
        "replication": simulated.replication,
        "start": scenario.moment(0),
        "time_zone": scenario.force.time_zone,
        "from_s": watch.from_ms / 1000,
        "to_s": watch.to_ms / 1000,
        "every_s": (watch.every_ms or 0) / 1000,
        "activities": sorted(set(simulated.states["activity"])),
        "units": list(_units(watch, simulated.states)),
        "incidents": list(_incidents(watch, simulated)),
        "attribution": scenario.network.meta.attribution,
    }
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def _units(watch: AnimationWatch, states: pl.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield each unit with its samples ``[t, lat, lon, activity]``, by spells in which it was seen without a gap."""
    numbers = {name: row for row, name in enumerate(sorted(set(states["activity"])))}
    doing = _activities(watch, states)
    for callsign, samples in sorted(watch.samples.items()):
        told = [[at / 1000, lat, lon, numbers.get(doing.get((callsign, at), ""))] for at, lat, lon in samples]
        spells = _spells(told, (watch.every_ms or 0) / 1000)
        yield {"callsign": callsign, "spells": [list(_changes(spell)) for spell in spells]}


def _spells(samples: list[list[Any]], every_s: float) -> list[list[list[Any]]]:
    """Part samples where one was missed: the unit was not on duty."""
    starts = [row for row, (one, two) in enumerate(pairwise(samples), 1) if two[0] - one[0] > every_s]
    return [samples[start:end] for start, end in pairwise([0, *starts, len(samples)])]


def _changes(spell: list[list[Any]]) -> Iterator[list[Any]]:
    """Leave out the samples between equal ones: nothing happens there."""
    for row, sample in enumerate(spell):
        if row in {0, len(spell) - 1} or not spell[row - 1][1:] == sample[1:] == spell[row + 1][1:]:
            yield sample


def _activities(watch: AnimationWatch, states: pl.DataFrame) -> Mapping[tuple[str, int], str]:
    """Return what each unit did at each of its samples."""
    looks = pl.DataFrame(
        [(callsign, at) for callsign, samples in watch.samples.items() for at, _, _ in samples],
        schema={"callsign": pl.String, "at": pl.Int64},
        orient="row",
    )
    begun = states.select("callsign", "activity", "to_ms", at="from_ms").sort("at", "to_ms")
    found = looks.sort("at").join_asof(begun, on="at", by="callsign", check_sortedness=False)
    known = found.filter(pl.col("to_ms") > pl.col("at"))
    return {(callsign, at): activity for callsign, at, activity, _ in known.iter_rows()}


def _incidents(watch: AnimationWatch, simulated: Simulated) -> Iterator[dict[str, Any]]:
    """Yield the incidents that were there during the window, with what became of each and who was sent."""
    sent = defaultdict[str, list[dict[str, Any]]](list)
    moments = ("assigned_ms", "en_route_ms", "on_scene_ms", "cleared_ms")
    for row in simulated.assignments.iter_rows(named=True):
        steps = {name.replace("_ms", "_s"): _seconds(row[name]) for name in moments}
        sent[row["incident_id"]].append({"callsign": row["callsign"], **steps, "ended": row["ended"]})
    there = simulated.incidents.filter(
        pl.col("received_ms") < watch.to_ms, pl.col("closed_ms").is_null() | (pl.col("closed_ms") >= watch.from_ms)
    )
    life = ("received_ms", "ready_ms", "first_assigned_ms", "first_arrived_ms", "due_ms", "closed_ms")
    about = ("incident_id", "type", "grade", "sector", "outcome")
    for row in there.iter_rows(named=True):
        place = {name: round(row[name], _DECIMALS) for name in ("lat", "lon")}
        times = {name.replace("_ms", "_s"): _seconds(row[name]) for name in life}
        yield {**{name: row[name] for name in about}, **place, **times, "sent": sent[row["incident_id"]]}


def _seconds(time_ms: int | None) -> float | None:
    return None if time_ms is None else time_ms / 1000
