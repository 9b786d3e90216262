"""A simulated replication as the records that a control room would have kept: `nearest import` takes them.

So a simulated shift is audited as a real one is, and the audit has to find what the simulation knows. Everything was
entered when it happened. Positions are those that the decisions went by.
"""

from __future__ import annotations

import json
import operator
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from hashlib import file_digest
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import polars as pl
import tomli_w

from graphs.closures import closures_geojson
from graphs.netfile import save_network
from graphs.profiles import Profiles
from scenarios.cells import harmless, write_rows
from scenarios.demand import calls_from
from scenarios.evidence import CLOSURES, COLUMNS, FORCE, MANIFEST, NETWORK, PROFILES
from scenarios.profile_file import profiles_toml
from scenarios.scenario import PolicyChoice, Scenario
from scenarios.simulated import Simulated
from scenarios.simulated_watch import Decision, Order, RecordsWatch
from scenarios.simulation import simulate

_AS_IT_IS: Final = (
    *("incident_id", "received_at", "lat", "lon", "grade", "type", "units_needed", "sector", "on_road"),
)
_POSITIONS: Final = "positions.csv"
_TIME: Final = "%Y-%m-%dT%H:%M:%S%.6fZ"
_ENDED: Final = {"cleared": "clear", "relieved": "stood_down", "diverted": "diverted"}
Row = Mapping[str, Any]


def export(
    scenario: Scenario, choice: PolicyChoice, replication: int, out: Path, *, every_ms: int | None = None
) -> dict[str, int]:
    """Simulate one replication and write its records.

    Parameters
    ----------
    choice, replication
        See `scenarios.simulation.simulate`.
    out
        The folder; it is made if it is not there.
    every_ms
        How often units report where they are, beside the moments of decisions; None for never.

    Returns
    -------
    dict
        How many rows each table has.

    Raises
    ------
    InputError
        The demand cannot be drawn.
    OSError
        A file cannot be written.
    """
    watch = RecordsWatch(every_ms)
    simulated = simulate(scenario, choice, replication, watch=watch)
    return write_records(scenario, simulated, watch, out)


def write_records(scenario: Scenario, simulated: Simulated, watch: RecordsWatch, out: Path) -> dict[str, int]:
    """Write the records of a replication that was watched; see `export`."""
    order = Order(scenario, watch.decisions)
    out.mkdir(parents=True, exist_ok=True)
    told: dict[str, Iterable[Row]] = {
        "incidents.csv": _incidents(scenario, simulated, order),
        "assignments.csv": _assignments(simulated, order),
        "statuses.csv": _statuses(scenario, simulated, watch.decisions, order),
        "duties.csv": _duties(scenario, simulated, order),
    }
    counts = {name: _write(out / name, COLUMNS[name], rows) for name, rows in told.items()}
    positions = watch.positions(scenario)
    safe = {callsign: harmless(callsign) for callsign in positions["callsign"].unique()}
    positions.with_columns(pl.col("callsign").replace(safe)).write_csv(out / _POSITIONS, datetime_format=_TIME)
    counts[_POSITIONS] = len(positions)
    if scenario.conditions.changes:
        document = closures_geojson(scenario.conditions, scenario.network)
        (out / CLOSURES).write_text(json.dumps(document, ensure_ascii=False, indent=1), "utf-8")
        counts[CLOSURES] = len(document["features"])
    (out / MANIFEST).write_text(_manifest(scenario, out, counts), "utf-8")
    return counts


def _write(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> int:
    with path.open("w", encoding="utf-8", newline="") as file:
        return write_rows(file, columns, rows)


def _manifest(scenario: Scenario, out: Path, counts: Mapping[str, int]) -> str:
    """Write force profile, roads and speeds beside the records; return the manifest."""
    force = scenario.force.model_dump(mode="json", exclude_none=True)
    (out / FORCE).write_text(tomli_w.dumps(force), "utf-8")
    save_network(scenario.network, out / NETWORK)
    head: dict[str, Any] = {
        "preset": "generic",
        "simulated": True,
        "time_zone": scenario.force.time_zone,
        "coordinates": "wgs84",
        "force": FORCE,
        "network": NETWORK,
    }
    if scenario.network.profiles != Profiles.default():
        (out / PROFILES).write_text(profiles_toml(scenario.network.profiles), "utf-8")
        head["profiles"] = PROFILES
    files = dict[str, dict[str, Any]]()
    for name, rows in counts.items():
        with (out / name).open("rb") as file:
            files[name] = {"sha256": file_digest(file, "sha256").hexdigest(), "rows": rows}
    return tomli_w.dumps({**head, "files": files})


def _incidents(scenario: Scenario, simulated: Simulated, order: Order) -> Iterator[Row]:
    closed_ms = dict(simulated.incidents.select("incident_id", "closed_ms").iter_rows())
    for call in calls_from(scenario, simulated.replication):
        it = call.incident
        if it.incident_id in closed_ms:
            ended_ms = closed_ms[it.incident_id]
            closed = None if ended_ms is None else order.happened(ended_ms)
            known = {name: getattr(it, name) for name in _AS_IT_IS}
            more = {"tags": sorted(it.tags), "needs": sorted(it.needs), "entered_at": it.received_at}
            yield {**known, **more, "closed_at": closed, "closed_entered_at": closed}


def _assignments(simulated: Simulated, order: Order) -> Iterator[Row]:
    for sent in simulated.assignments.iter_rows(named=True):
        sending = order.sending(sent["incident_id"], sent["assigned_ms"], sent["callsign"])
        assigned = order.decided(sending)
        en_route, on_scene = (
            None if sent[step] is None else order.happened(sent[step], lambda _: True, sending)
            for step in ("en_route_ms", "on_scene_ms")
        )
        cleared = _cleared(sent, sending, order, on_scene or en_route or assigned)
        who = {"incident_id": sent["incident_id"], "callsign": sent["callsign"]}
        steps = {"assigned_at": assigned, "en_route_at": en_route, "on_scene_at": on_scene, "cleared_at": cleared}
        entered = {"entered_at": assigned, "cleared_entered_at": cleared}
        yield {**who, **steps, **entered, "ended": _ENDED.get(sent["ended"])}


def _cleared(sent: Row, sending: Decision, order: Order, last: datetime) -> datetime | None:
    """Return when a unit was free of an incident, not before the last step that it came to."""
    if sent["cleared_ms"] is None:
        return None

    shown = partial(_is_free_of, sent["callsign"], sent["incident_id"])
    return max(order.happened(sent["cleared_ms"], shown, sending), last)


def _is_free_of(callsign: str, incident_id: str, decision: Decision) -> bool:
    unit = decision.units.get(callsign)
    return unit is None or unit.incident_id != incident_id


def _left_ms(scenario: Scenario, simulated: Simulated) -> dict[int, int]:
    """Return when each crew went off duty: who is bound at the end of its duty goes later."""
    bound = simulated.states.filter(pl.col("incident_id").is_not_null())
    last_ms = dict(bound.group_by("duty").agg(pl.col("to_ms").max()).iter_rows())
    return {
        duty: max(scenario.duties[duty].end_ms, last_ms.get(duty, scenario.begin_ms))
        for duty in simulated.states["duty"].unique().to_list()
    }


def _statuses(
    scenario: Scenario, simulated: Simulated, decisions: Sequence[Decision], order: Order
) -> Iterator[Row]:  # fmt: skip
    """Yield what units reported, by callsign: whoever gets ready to go has no code for that."""
    left_ms = _left_ms(scenario, simulated)
    told = dict[str, list[tuple[datetime, str]]]()
    for duty, callsign, activity, from_ms in simulated.states.select(
        "duty", "callsign", "activity", "from_ms"
    ).iter_rows():
        if activity != "mobilising" and from_ms < left_ms[duty]:
            code = scenario.codes[activity]
            at = order.happened(from_ms, partial(_is_there, callsign, code))
            told.setdefault(callsign, []).append((at, code))
    for reports in told.values():
        reports.sort(key=itemgetter(0))
    _add_moments_between(told, decisions, order)
    for callsign in sorted(told):
        for at, code in told[callsign]:
            yield {"callsign": callsign, "at": at, "status": code, "entered_at": at}


def _add_moments_between(
    told: dict[str, list[tuple[datetime, str]]], decisions: Sequence[Decision], order: Order
) -> None:  # fmt: skip
    """Add what lasted no time at all, and so is not in the tables, but was seen by a decision."""
    for decision in decisions:
        for callsign, unit in decision.units.items():
            reports = told.setdefault(callsign, [])
            before = bisect_left(reports, order.decided(decision), key=itemgetter(0)) - 1
            known = reports[before][1] if before >= 0 else None
            if unit.status is not None and unit.status != known:
                at = order.happened(decision.now_ms, partial(operator.is_, decision))
                insort(reports, (at, unit.status), key=itemgetter(0))


def _duties(scenario: Scenario, simulated: Simulated, order: Order) -> Iterator[Row]:
    left_ms, before_ms = _left_ms(scenario, simulated), dict[str, int]()
    came_ms = simulated.states.group_by("duty").agg(pl.col("from_ms").min()).sort("from_ms", "duty")
    for row, start_ms in came_ms.iter_rows():
        duty, end_ms = scenario.duties[row], left_ms[row]
        # Where one crew hands over to the next, only the briefing tells them apart.
        code = scenario.codes["briefing"] if before_ms.get(duty.callsign) == start_ms else None
        before_ms[duty.callsign] = end_ms
        start = order.happened(start_ms, partial(_is_there, duty.callsign, code))
        end = order.happened(end_ms, partial(_is_gone, duty.callsign))
        station = scenario.station(duty.station)
        crew = {"crew": duty.crew, "skills": sorted(duty.skills), "sector": duty.sector}
        entered = {"entered_at": start, "end_entered_at": end if end_ms < scenario.until_ms else None}
        home = f"{station.lat!r},{station.lon!r}"
        yield {"callsign": duty.callsign, "start": start, "end": end, **crew, "home": home, **entered}


def _is_there(callsign: str, code: str | None, decision: Decision) -> bool:
    unit = decision.units.get(callsign)
    return unit is not None and code in {None, unit.status}


def _is_gone(callsign: str, decision: Decision) -> bool:
    return callsign not in decision.units
