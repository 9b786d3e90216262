"""Imported folders made of a few rows, for tests of the audit."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl

from dispatch.force import Force
from dispatch.record import iso
from graphs.netfile import save_network
from graphs.network import Network
from nightshift import CLEVELAND, NOW, TOWN
from scenarios.cells import write_table
from scenarios.evidence import CLOSURES, COLUMNS, FORCE, MANIFEST, NETWORK, POSITIONS, QUARANTINED
from scenarios.past import PastAmendment, PastAssignment, PastDuty, PastIncident, PastRegrade, PastStatus
from scenarios.past_fixes import SCHEMA

Row = PastIncident | PastAssignment | PastStatus | PastDuty | PastRegrade | PastAmendment
_TABLE_OF = {
    PastIncident: "incidents.csv",
    PastAssignment: "assignments.csv",
    PastStatus: "statuses.csv",
    PastDuty: "duties.csv",
    PastRegrade: "regrades.csv",
    PastAmendment: "amendments.csv",
}


def at(seconds: float) -> datetime:
    """Return the moment so many seconds after the call."""
    return NOW + timedelta(seconds=seconds)


def call(place: str | None = "A", incident_id: str = "1", **more: Any) -> PastIncident:
    """Return an incident that came in at once, at a place of the town."""
    lat, lon = (None, None) if place is None else TOWN.at(place)
    told = {"received_at": NOW, "grade": "emergency", **more}
    return PastIncident(incident_id, lat=lat, lon=lon, **told)


def sent(callsign: str, incident_id: str = "1", after_s: float = 60.0, **more: Any) -> PastAssignment:
    """Return a unit sent a minute after the call, unless told otherwise."""
    return PastAssignment(incident_id, callsign, at(after_s), **more)


def on_duty(callsign: str, status: str | None = "2", **more: Any) -> list[Row]:
    """Return a unit on duty for hours that reported a status long ago."""
    told = {"start": at(-10_000), "end": at(20_000), "crew": 2, **more}
    rows: list[Row] = [PastDuty(callsign, **told)]
    return rows if status is None else [*rows, PastStatus(callsign, at(-5_000), status)]


def fix(
    callsign: str, place: str, after_s: float = 55.0, received_s: float | None = None, **more: Any
) -> dict[str, Any]:
    """Return a position report that is exact, and came when it was true unless told otherwise."""
    received, (lat, lon) = at(after_s if received_s is None else received_s), TOWN.at(place)
    there = {"callsign": callsign, "fixed_at": at(after_s), "received_at": received, "lat": lat, "lon": lon}
    return {**there, "accuracy_m": 0.0, "course_deg": None, "speed_kmh": None, **more}


def write_records(
    folder: Path,
    rows: Iterable[Row],
    fixes: Sequence[Mapping[str, Any]] = (),
    network: Network | None = TOWN.network,
    force: Force = CLEVELAND,
    *,
    closures: Sequence[Mapping[str, Any]] = (),
    quarantined: Sequence[Mapping[str, Any]] = (),
    **assume: Any,
) -> Path:
    """Write an imported folder."""
    folder.mkdir(parents=True)
    tables: dict[str, list[dict[str, Any]]] = {name: [] for name in COLUMNS}
    for row in rows:
        tables[_TABLE_OF[type(row)]].append(_cells(asdict(row)))
    tables[QUARANTINED] = [dict(each) for each in quarantined]
    for name, told in tables.items():
        (folder / name).write_text(write_table(COLUMNS[name], told), "utf-8", newline="")
    ordered = sorted(fixes, key=lambda each: (each["callsign"], each["fixed_at"], each["received_at"]))
    pl.DataFrame(ordered, schema=SCHEMA).write_parquet(folder / POSITIONS)
    document = {"type": "FeatureCollection", "features": list(closures)}
    (folder / CLOSURES).write_text(json.dumps(document), "utf-8")
    (folder / FORCE).write_text(_toml_of(force), "utf-8")
    if network is not None:
        save_network(network, folder / NETWORK)
    (folder / MANIFEST).write_text(_manifest(folder, network, force, assume), "utf-8")
    return folder


def _cells(values: dict[str, Any]) -> dict[str, Any]:
    lists = {name: sorted(value) for name, value in values.items() if isinstance(value, frozenset)}
    home = {"home": ",".join(map(str, values["home"]))} if values.get("home") else {}
    return values | lists | home


def _toml_of(force: Force) -> str:
    """Write a force as TOML: JSON's strings, numbers and lists are TOML's, tables go inline."""

    def value(told: Any) -> str:
        if isinstance(told, Mapping):
            inside = (f"{json.dumps(str(key))} = {value(each)}" for key, each in told.items() if each is not None)
            return "{" + ", ".join(inside) + "}"
        if isinstance(told, list | tuple):
            return "[" + ", ".join(map(value, told)) + "]"
        return json.dumps(told)

    told = force.model_dump(mode="json", exclude_none=True)
    return "".join(f"{name} = {value(each)}\n" for name, each in told.items())


def _manifest(folder: Path, network: Network | None, force: Force, assume: Mapping[str, Any]) -> str:
    head = {"format": 1, "preset": "generic", "time_zone": force.time_zone, "notes": []}
    span = f"start = {iso(at(-10_000))}\nend = {iso(at(20_000) + timedelta(0)).replace('+00:00', 'Z')}\n"
    tables = {"assume": assume, "force": {"name": force.name, "hash": force.hash}, "source": {}}
    if network is not None:
        tables["network"] = {"hash": network.hash}
    for path in sorted(folder.iterdir()):
        tables[f"files.{json.dumps(path.name)}"] = {"sha256": sha256(path.read_bytes()).hexdigest(), "rows": 0}
    lines = [f"{name} = {json.dumps(told)}\n" for name, told in head.items()]
    for name, told in tables.items():
        lines += [f"\n[{name}]\n", *(f"{key} = {json.dumps(each)}\n" for key, each in told.items())]
    return lines[0] + span + "".join(lines[1:])
