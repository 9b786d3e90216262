"""The record as the files that people bring: who was on duty, what happened, who was sent, by CSV and GeoJSON.

Each file is read from what was recorded before the end of the period; ``entered_at`` says when something was recorded,
so that hindsight can be told apart from what was known.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import file_digest
from pathlib import Path
from typing import Any, Final

import orjson
import tomli_w

from dispatch.advice import RECOMMENDED
from dispatch.fold import case_of
from dispatch.record import GENESIS, Row, iso
from dispatch.snapshots import fold_all
from dispatch.state import Case, State
from dispatch.store import Reading, Report
from dispatch.upkeep import IMPORTED, RECEIVED, fixes_between, newest_fix
from scenarios.cells import write_rows
from scenarios.past import AMENDED

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "units.csv": (
        *("callsign", "status", "lat", "lon", "fixed_at", "accuracy_m", "course_deg", "speed_kmh", "crew", "skills"),
        *("sector", "duty_start", "duty_end", "incident_id", "committed_grade"),
    ),
    "incidents.csv": (
        *("incident_id", "received_at", "lat", "lon", "grade", "type", "tags", "needs", "units_needed", "sector"),
        *("address", "phone", "people", "on_road", "closed_at", "outcome", "dash", "merged_into", "entered_at"),
        "closed_entered_at",
    ),
    "assignments.csv": (
        *("incident_id", "callsign", "assigned_at", "en_route_at", "on_scene_at", "cleared_at", "entered_at"),
        *("reason", "ended", "cleared_entered_at"),
    ),
    "statuses.csv": ("callsign", "at", "status", "entered_at"),
    "duties.csv": ("callsign", "start", "end", "crew", "skills", "sector", "home", "entered_at", "end_entered_at"),
    "positions.csv": (
        *("callsign", "fixed_at", "lat", "lon", "accuracy_m", "course_deg", "speed_kmh", "received_at"),
        *("source", "refused"),
    ),
    "regrades.csv": ("incident_id", "at", "grade", "entered_at"),
    "amendments.csv": ("incident_id", "at", "field", "value", "entered_at"),
}
# What an incident was like when it was received; what it became would be hindsight.
_AT_FIRST: Final = ("lat", "lon", "grade", "type", "tags", "needs", "units_needed", "sector", "on_road")
CLOSURES: Final = "closures.geojson"
MANIFEST: Final = "manifest.toml"
_STEPS: Final = {
    "unit_en_route": "en_route_at",
    "unit_at_scene": "on_scene_at",
    "unit_clear": "cleared_at",
    "unit_stood_down": "cleared_at",
    "unit_diverted": "cleared_at",
}
_OVER: Final = frozenset({"incident_closed", "incident_cancelled", "incident_linked"})
_ENDED: Final = {"unit_clear": "clear", "unit_stood_down": "stood_down", "unit_diverted": "diverted"}


@dataclass
class _Told:
    """What rows tell, while they are gone through.

    Parameters
    ----------
    before
        The last status of each callsign on duty, of those recorded before the period.
    """

    start: datetime | None
    before: dict[str, dict[str, Any]] = field(default_factory=dict)
    duties: dict[str, dict[str, Any]] = field(default_factory=dict)
    statuses: list[dict[str, Any]] = field(default_factory=list)
    received: dict[str, Row] = field(default_factory=dict)
    regrades: list[dict[str, Any]] = field(default_factory=list)
    amendments: list[dict[str, Any]] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    closures: dict[int, dict[str, Any]] = field(default_factory=dict)
    open_closures: dict[str, int] = field(default_factory=dict)
    recommended: Row | None = None
    last: Row | None = None

    def within(self, row: Row) -> bool:
        return self.start is None or row.recorded >= self.start


def write_files(
    reading: Reading, folder: Path, start: datetime | None = None, end: datetime | None = None
) -> dict[str, int]:
    """Write the files of a period.

    Parameters
    ----------
    folder
        Is made if it is not there.
    start, end
        What was recorded at ``start <= t < end``; None for no limit. ``units.csv`` is as things were at the end. What
        was true already when the period began is written too: duties, the last status of each unit, units not yet free.

    Returns
    -------
    dict
        How many rows each file has.

    Raises
    ------
    OSError
        A file cannot be written.
    """
    told = _Told(start)
    state = fold_all(State(), _gone_through(reading, told, end))
    tables: dict[str, Iterable[Mapping[str, Any]]] = {
        "units.csv": _units(state, reading, end),
        "incidents.csv": _incidents(reading, told, end),
        "assignments.csv": [sent for sent in told.sent if not sent.get("gone")],
        "statuses.csv": [*told.before.values(), *told.statuses],
        "duties.csv": [duty for duty in told.duties.values() if not duty.get("gone")],
        "positions.csv": map(_fix, fixes_between(reading, start, end)),
        "regrades.csv": told.regrades,
        "amendments.csv": told.amendments,
    }
    folder.mkdir(parents=True, exist_ok=True)
    counts = {name: _write(folder / name, COLUMNS[name], rows) for name, rows in tables.items()}
    features = list(told.closures.values())
    counts[CLOSURES] = len(features)
    document = {"type": "FeatureCollection", "features": features}
    (folder / CLOSURES).write_text(json.dumps(document, ensure_ascii=False, indent=1), "utf-8")
    (folder / MANIFEST).write_text(_manifest(reading, told, folder, counts, (start, end)), "utf-8")
    return counts


def _write(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> int:
    with path.open("w", encoding="utf-8", newline="") as out:
        return write_rows(out, columns, rows)


def _gone_through(reading: Reading, told: _Told, end: datetime | None) -> Iterator[Row]:
    for row in reading.after(0):
        if end is not None and row.recorded >= end:
            continue
        told.last = row
        details, reads = row.details, _READS.get(row.kind)
        if details is not None and reads is not None:
            reads(told, row, details)
        yield row


def _on_duty(told: _Told, row: Row, details: Mapping[str, Any]) -> None:
    home = None if details["home"] is None else ",".join(map(str, details["home"]))
    known = {name: details[name] for name in ("crew", "skills", "sector")}
    duty = {"callsign": row.subject, "start": details["duty_start"], "end": details["duty_end"]}
    told.duties[details["duty"]] = {**duty, **known, "home": home, "entered_at": row.recorded_at}
    _report(told, row, row.subject, details["status"])


def _report(told: _Told, row: Row, callsign: str | None, status: str | None) -> None:
    if status is None or callsign is None:
        return
    reported = {"callsign": callsign, "at": row.at, "status": status, "entered_at": row.recorded_at}
    if told.within(row):
        told.statuses.append(reported)
    else:
        told.before[callsign] = reported


def _off_duty(told: _Told, row: Row, details: Mapping[str, Any]) -> None:
    duty = told.duties.get(details["duty"])
    if duty is not None:
        duty |= {"end": row.at, "end_entered_at": row.recorded_at, "gone": not told.within(row)}
    if not told.within(row):
        told.before.pop(row.subject or "", None)


def _changed_status(told: _Told, row: Row, details: Mapping[str, Any]) -> None:
    _report(told, row, row.subject, details["status"])


def _received(told: _Told, row: Row, _details: Mapping[str, Any]) -> None:
    if told.within(row) and row.subject is not None:
        told.received[row.subject] = row


def _regraded(told: _Told, row: Row, details: Mapping[str, Any]) -> None:
    if told.within(row):
        regrade = {"incident_id": row.subject, "at": row.at, "grade": details["grade"]}
        told.regrades.append({**regrade, "entered_at": row.recorded_at})


def _amended(told: _Told, row: Row, details: Mapping[str, Any]) -> None:
    changes = dict(details["changes"])
    if "lat" in changes:
        changes["place"] = f"{changes['lat']!r},{changes['lon']!r}"
    if told.within(row):
        known = {"incident_id": row.subject, "at": row.at, "entered_at": row.recorded_at}
        told.amendments += [{**known, "field": name, "value": changes[name]} for name in AMENDED if name in changes]


def _assigned(told: _Told, row: Row, details: Mapping[str, Any]) -> None:
    sent = {"incident_id": row.subject, "callsign": details["callsign"], "assigned_at": row.at}
    told.sent.append({**sent, "entered_at": row.recorded_at, "reason": details["reason"]})


def _stepped(told: _Told, row: Row, details: Mapping[str, Any]) -> None:
    _report(told, row, details["callsign"], details["status"])
    for sent in reversed(told.sent):
        if (sent["incident_id"], sent["callsign"]) == (row.subject, details["callsign"]) and "cleared_at" not in sent:
            sent[_STEPS[row.kind]] = row.at
            if row.kind in _ENDED:
                known = {"ended": _ENDED[row.kind], "cleared_entered_at": row.recorded_at}
                sent |= {**known, "gone": not told.within(row)}
            return


def _opened(told: _Told, row: Row, details: Mapping[str, Any]) -> None:
    feature = dict(details["feature"])
    properties = dict(feature.get("properties") or {})
    begins = properties.get("from")
    if begins is None or datetime.fromisoformat(begins) < row.happened:
        properties["from"] = row.at
    told.closures[row.seq] = {
        **feature,
        "id": row.subject,
        "properties": properties,
        "entered_at": row.recorded_at,
        "lifted_entered_at": None,
    }
    told.open_closures[row.subject or ""] = row.seq


def _lifted(told: _Told, row: Row, _details: Mapping[str, Any]) -> None:
    seq = told.open_closures.pop(row.subject or "", None)
    feature = None if seq is None else told.closures.get(seq)
    if seq is None or feature is None:
        return
    if not told.within(row):
        del told.closures[seq]
        return
    feature["properties"]["to"] = row.at
    feature["lifted_entered_at"] = row.recorded_at


def _advised(told: _Told, row: Row, _details: Mapping[str, Any]) -> None:
    told.recommended = row


_READS: Final[dict[str, Callable[[_Told, Row, Mapping[str, Any]], None]]] = {
    "unit_on_duty": _on_duty,
    "unit_off_duty": _off_duty,
    "unit_status": _changed_status,
    RECEIVED: _received,
    IMPORTED: _received,
    "incident_regraded": _regraded,
    "incident_amended": _amended,
    "unit_assigned": _assigned,
    **dict.fromkeys(_STEPS, _stepped),
    "closure_opened": _opened,
    "closure_lifted": _lifted,
    RECOMMENDED: _advised,
}


def _units(state: State, reading: Reading, end: datetime | None) -> Iterator[dict[str, Any]]:
    for callsign, unit in sorted(state.units.items()):
        report, case = newest_fix(reading, callsign, end), state.incidents.get(unit.incident_id or "")
        fix = None if report is None else report.fix
        place = ("lat", "lon", "fixed_at", "accuracy_m", "course_deg", "speed_kmh")
        where = {} if fix is None else {name: getattr(fix, name) for name in place}
        known = ("status", "crew", "skills", "sector", "duty_start", "duty_end", "incident_id")
        told = {name: getattr(unit, name) for name in known}
        yield {"callsign": callsign, **told, **where, "committed_grade": None if case is None else case.grade}


def _incidents(reading: Reading, told: _Told, end: datetime | None) -> Iterator[dict[str, Any]]:
    for incident_id, row in told.received.items():
        about = [each for each in reading.about(incident_id) if end is None or each.recorded < end]
        case = case_of(about, incident_id)
        ended = [each.recorded_at for each in about if each.kind in _OVER]
        if case is not None:
            yield {**_incident(case, row), "closed_entered_at": ended[-1] if ended else None}


def _incident(case: Case, row: Row) -> dict[str, Any]:
    values = {name: getattr(case, name) for name in COLUMNS["incidents.csv"] if hasattr(case, name)}
    first: dict[str, Any] = {
        name: row.details[name] for name in _AT_FIRST if row.details is not None and name in row.details
    }
    more = {"closed_at": case.ended_at, "merged_into": case.duplicate_of, "entered_at": row.recorded_at}
    return {
        **values,
        "grade": case.asked_grade,
        **first,
        **more,
        "dash": None if case.dash is None else case.dash["level"],
    }


def _fix(report: Report) -> dict[str, Any]:
    fix = report.fix
    place = {name: getattr(fix, name) for name in ("lat", "lon", "fixed_at", "accuracy_m", "course_deg", "speed_kmh")}
    about = {"received_at": report.received_at, "source": report.source, "refused": report.refused}
    return {"callsign": report.callsign, **place, **about}


def _manifest(
    reading: Reading,
    told: _Told,
    folder: Path,
    counts: Mapping[str, int],
    span: tuple[datetime | None, datetime | None],
) -> str:
    """Write where the files come from: the row of the record, force profile and network by hash, and checksums."""
    tables: dict[str, dict[str, Any]] = {
        "record": {
            **{name: iso(at) for name, at in zip(("from", "to"), span, strict=True) if at is not None},
            "last_row": 0 if told.last is None else told.last.seq,
            "sha256": GENESIS if told.last is None else told.last.sha256,
        },
        **_hashes(reading, told.recommended),
    }
    files = dict[str, dict[str, Any]]()
    for name, count in counts.items():
        with (folder / name).open("rb") as file:
            files[name] = {"sha256": file_digest(file, "sha256").hexdigest(), "rows": count}
    return tomli_w.dumps({"time_zone": "UTC", **tables, "files": files})


def _hashes(reading: Reading, row: Row | None) -> dict[str, dict[str, Any]]:
    """Return by what the last recommendation of the period was made."""
    details = {} if row is None else row.details or {}
    body = reading.document(details["answer_sha256"]) if details else None
    if body is None:
        return {}
    versions = orjson.loads(body)["versions"]
    return {"force": dict(versions["force"]), "network": {"hash": versions["network"]}}
