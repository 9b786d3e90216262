"""Write the records of a made-up period as a control room's system would: wall clocks without an offset, a manifest.

Where clocks go back, a row whose steps do not tell by their order which of two readings is meant has an offset, but for
statuses: of those that come in the hour that is there twice, the records say nothing that can be used.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import file_digest
from itertools import pairwise, product
from pathlib import Path
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

import orjson
import tomli_w

import dispatch.forces
from dispatch.force import Force
from graphs.faults import read_text
from graphs.netfile import save_network
from graphs.network import Network
from scenarios.cells import write_rows
from scenarios.generator_calls import Call
from scenarios.generator_policy import Plan
from scenarios.generator_shift import Duty, Report, Told

TRUTH, DRIVING = "truth.csv", "truth.json"
NETWORK: Final = "roads.network"
_POSITIONS: Final = (*("callsign", "fixed_at", "received_at", "lat", "lon", "accuracy_m", "course_deg", "speed_kmh"),)
_TABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "incidents": (
        *("incident_id", "received_at", "lat", "lon", "grade", "tags", "needs", "units_needed", "sector"),
        *("closed_at", "merged_into", "self_initiated"),
    ),
    "assignments": (
        *("incident_id", "callsign", "assigned_at", "en_route_at", "on_scene_at", "cleared_at", "entered_at"),
        *("reason", "ended"),
    ),
    "statuses": ("callsign", "at", "status", "entered_at"),
    "duties": ("callsign", "start", "end", "crew", "skills", "sector", "entered_at"),
    "regrades": ("incident_id", "at", "grade", "entered_at"),
    "amendments": ("incident_id", "at", "field", "value", "entered_at"),
}
_TRUTH: Final = ("incident_id", "verdict", "because", "decided_at", "judged", "nearest_eligible", "lost_s")
# What stands in the place of a time that somebody mistyped.
_GARBLED: Final = "--:--"


class WallClock:
    """Writes moments as the clocks on a wall show them.

    Parameters
    ----------
    zone
        Of the wall.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone

    def readings(self, time_s: int) -> tuple[int, ...]:
        """Return every moment, seconds since 1970, at which the wall shows the same."""
        local = datetime.fromtimestamp(time_s, self._zone)
        return tuple(dict.fromkeys(int(local.replace(fold=fold).timestamp()) for fold in (0, 1)))

    def tells(self, *times_s: int) -> bool:
        """Tell whether only one reading of times in a row is in order."""
        ordered = (all(a <= b for a, b in pairwise(told)) for told in self._all(times_s))
        return sum(ordered) == 1

    def _all(self, times_s: Sequence[int]) -> Iterable[tuple[int, ...]]:
        return product(*map(self.readings, times_s))

    def written(self, *times_s: int | None) -> Iterator[str]:
        """Yield the times of a row as they are written; with an offset where there is no other way to tell them."""
        known = [time_s for time_s in times_s if time_s is not None]
        plain = self.tells(*known)
        for time_s in times_s:
            local = None if time_s is None else datetime.fromtimestamp(time_s, self._zone)
            bare = plain or time_s is None or len(self.readings(time_s)) == 1
            yield "" if local is None else (local.replace(tzinfo=None) if bare else local).isoformat(" ")

    def bare(self, time_s: int) -> str:
        """Return a time without its offset, whatever that may be read as."""
        return datetime.fromtimestamp(time_s, self._zone).replace(tzinfo=None).isoformat(" ")


def utc(time_s: int | None) -> str:
    """Return a moment as a server's log has it."""
    return "" if time_s is None else f"{datetime.fromtimestamp(time_s, UTC):%Y-%m-%dT%H:%M:%SZ}"


class Records:
    """A folder of records in the making.

    Parameters
    ----------
    out
        The folder.
    network, force_file, plan
        What they are of.
    """

    def __init__(self, out: Path, network: Network, force_file: Path | None, plan: Plan) -> None:
        self._out, self._network, self._plan = out, network, plan
        path = force_file or Path(next(iter(dispatch.forces.__path__))) / "cleveland.toml"
        self._force_text = read_text(path, "a TOML file in UTF-8")
        self.force = Force.parse(self._force_text, str(path))
        self.clock = WallClock(ZoneInfo(self.force.time_zone))
        self._statuses, self._duties = list[dict[str, Any]](), list[dict[str, Any]]()
        self._reports = 0

    def __enter__(self) -> Self:
        self._out.mkdir(parents=True, exist_ok=True)
        self._file = (self._out / "positions.csv").open("w", encoding="utf-8", newline="")
        self._positions = csv.writer(self._file)
        self._positions.writerow(_POSITIONS)
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def told(self, message: Report | Told) -> None:
        """Write down a position report, or a status."""
        if isinstance(message, Report):
            when = utc(message.fixed_s), utc(message.received_s)
            known = message.accuracy_m, message.course_deg, message.speed_kmh
            self._positions.writerow([message.callsign, *when, message.lat, message.lon, *known])
            self._reports += 1
            return
        entered = {"status": message.code, "entered_at": utc(message.entered_s)}
        self._statuses.append({"callsign": message.callsign, "at": self.clock.bare(message.at_s), **entered})

    def duty(self, duty: Duty) -> None:
        """Write down a duty."""
        start, end = self.clock.written(duty.start_s, duty.end_s)
        known = {"crew": duty.crew, "skills": sorted(duty.skills), "sector": duty.sector}
        row = {"callsign": duty.callsign, "start": start, "end": end, **known, "entered_at": utc(duty.entered_s)}
        self._duties.append(row)

    def close(self, calls: Sequence[Call]) -> dict[str, int]:
        """Write everything else; return how many rows each table has."""
        self._file.close()
        tables: dict[str, list[dict[str, Any]]] = {
            "incidents": [self._incident(call) for call in calls],
            "assignments": [row for call in calls for row in self._assignments(call)],
            "statuses": self._statuses,
            "duties": self._duties,
            "regrades": [row for call in calls for row in self._changes(call, "grade")],
            "amendments": [_amendment(row) for call in calls for row in self._changes(call, "tags")],
        }
        for name, rows in tables.items():
            self._write(f"{name}.csv", _TABLES[name], rows)
        self._write(TRUTH, _TRUTH, map(_truth, calls))
        (self._out / DRIVING).write_bytes(orjson.dumps(self._plan.as_dict(), option=orjson.OPT_INDENT_2))
        (self._out / "force.toml").write_text(self._force_text, "utf-8")
        save_network(self._network, self._out / NETWORK)
        counts = {**{name: len(rows) for name, rows in tables.items()}, "positions": self._reports}
        (self._out / "manifest.toml").write_text(self._manifest(counts), "utf-8")
        return counts

    def _write(self, name: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
        with (self._out / name).open("w", encoding="utf-8", newline="") as file:
            write_rows(file, columns, rows)

    def _incident(self, call: Call) -> dict[str, Any]:
        received_s = call.received_s if call.said_received_s is None else call.said_received_s
        received, closed = self.clock.written(received_s, call.closed_s)
        lat, lon = call.recorded_place or (None, None)
        known = {"incident_id": call.incident_id, "received_at": received, "closed_at": closed, "lat": lat, "lon": lon}
        about = {"grade": call.recorded_grade, "tags": sorted(call.tags), "needs": sorted(call.needs)}
        more = {"units_needed": call.units_needed, "sector": call.sector, "merged_into": call.merged_into}
        return {**known, **about, **more, "self_initiated": call.said_self_initiated or None}

    def _assignments(self, call: Call) -> Iterator[dict[str, Any]]:
        for sent in call.sent:
            if not sent.recorded:
                continue
            steps = {
                "assigned_at": sent.assigned_s,
                "en_route_at": sent.en_route_s,
                "on_scene_at": sent.on_scene_s if sent.records_arrival else None,
                "cleared_at": sent.cleared_s if sent.records_clear else None,
            }
            row: dict[str, Any] = dict(zip(steps, self.clock.written(*steps.values()), strict=True))
            if not sent.readable:
                row["assigned_at"] = f"{row['assigned_at'][:11]}{_GARBLED}"
            more = {"entered_at": utc(sent.entered_s), "reason": sent.reason}
            ended = sent.ended if sent.records_clear else None
            yield {"incident_id": sent.incident_id, "callsign": sent.callsign, **row, **more, "ended": ended}

    def _changes(self, call: Call, name: str) -> Iterator[dict[str, Any]]:
        for change in call.changes:
            value = getattr(change, name)
            if value is not None:
                (at,) = self.clock.written(change.at_s)
                told = sorted(value) if isinstance(value, frozenset) else value
                yield {"incident_id": call.incident_id, "at": at, name: told, "entered_at": utc(change.entered_s)}

    def _manifest(self, counts: Mapping[str, int]) -> str:
        head = {
            "preset": "generic",
            "time_zone": self.force.time_zone,
            "coordinates": "wgs84",
            "force": "force.toml",
            "network": NETWORK,
        }
        files = dict[str, dict[str, Any]]()
        for name, rows in counts.items():
            with (self._out / f"{name}.csv").open("rb") as file:
                files[f"{name}.csv"] = {"sha256": file_digest(file, "sha256").hexdigest(), "rows": rows}
        return tomli_w.dumps({**head, "files": files})


def _truth(call: Call) -> dict[str, Any]:
    truth = call.truth
    if truth is None:
        return {"incident_id": call.incident_id}
    lost_s = None if truth.lost_ms is None else truth.lost_ms / 1_000
    told = {"incident_id": truth.incident_id, "verdict": truth.verdict, "because": truth.because}
    decided = {"decided_at": utc(truth.decided_s), "judged": truth.judged}
    return {**told, **decided, "nearest_eligible": truth.nearest_eligible, "lost_s": lost_s}


def _amendment(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row, "field": "tags", "value": row["tags"]}
