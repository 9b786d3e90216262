"""Tables in: what happened elsewhere as CSV, and closures as GeoJSON; all rows of a table are recorded, or none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from apiflask import APIBlueprint
from flask import Response

from api.bodies import BODY
from api.csv_bodies import read_table
from api.import_schemas import ClosuresBody, ImportedAnswer
from api.openapi import call
from api.orders import perform, read_model, telling
from api.places import read_pair
from api.service import service
from dispatch import closing, duties, incidents
from dispatch.brought import One, Sent, brought, sent
from dispatch.desk import Known
from dispatch.errors import Unknown
from dispatch.fold import RECEIVED
from dispatch.live import Live
from dispatch.positions import judged
from dispatch.record import Event, Row
from dispatch.store import Report
from graphs.closures import closures_of
from graphs.errors import Fault, InputError
from scenarios.checks import Beside, incidents_of, units_of
from scenarios.desk_rows import TABLES, AssignmentRow, DutyRow, RegradeRow, StatusRow
from scenarios.history import HistoryRow
from scenarios.rows import UnitRow

blueprint = APIBlueprint("imports", __name__, tag="Files")
# Whatever else a feature has is not of the record.
_FEATURE: Final = frozenset({"type", "geometry", "properties"})
Located = Sequence[tuple[str, Any]]


@blueprint.post("/v1/import/closures")
@call(blueprint, "closuresImported", ImportedAnswer, "What was recorded.", body=ClosuresBody, status=201)
def import_closures() -> Response:
    """Open closures as ``closures.geojson`` has them; each is named by its id, its name, or a number."""
    body = read_model(ClosuresBody)
    closures_of(body.model_dump(), service().network, BODY)

    def one(feature: dict[str, Any], known: Known) -> Sequence[Event]:
        told = {name: value for name, value in feature.items() if name in _FEATURE}
        named = (feature.get("id"), (feature.get("properties") or {}).get("name"), f"C-{known.next_seq}")
        name = next(str(each) for each in named if each and isinstance(each, str | int))
        return closing.opened(known, name, told)

    return _record([(f"/features/{number}", partial(one, feature)) for number, feature in enumerate(body.features)])


@blueprint.post("/v1/import/<table>")
@call(blueprint, "tableImported", ImportedAnswer, "What was recorded.", csv=True, status=201)
def import_table(table: str) -> Response:
    """Record the rows of duties, units, incidents, regrades, statuses or assignments, in the order of the file."""
    if table not in TABLES:
        raise Unknown(f"there is no table {table}; there are {', '.join((*TABLES, 'closures'))}")
    model, once = TABLES[table]
    rows = read_table(model, once)
    if table in _CHECKS:
        _require(_CHECKS[table], rows)
    return _record([(where, partial(_ONES[table], row)) for where, row in rows])


def _record(rows: Sequence[tuple[str, One]]) -> Response:
    passed = set[str]()

    def noting(where: str, one: One, known: Known) -> Sequence[Event]:
        events = one(known)
        if not events:
            passed.add(where)
        return events

    def told(live: Live, recorded: Sequence[Row]) -> dict[str, Any]:
        counts = {"rows": len(rows) - len(passed), "events": len(recorded), "passed_over": len(passed)}
        return {**counts, "seq": live.state.seq}

    noted = [(where, partial(noting, where, one)) for where, one in rows]
    return perform(partial(brought, rows=noted), telling(told, 201))


def _duty(row: DutyRow, known: Known) -> Sequence[Event]:
    if row.end is not None and row.end <= known.now:
        raise InputError(
            [Fault(BODY, "", "end", row.end.isoformat(), "a duty that has not ended: a desk has no others")]
        )
    home = None if row.home is None else read_pair(row.home)
    if row.home is not None and home is None:
        raise InputError([Fault(BODY, "", "home", row.home, "LAT,LON in degrees")])
    return duties.on_duty(known, row.callsign, row.start, row.end, None, row.crew, row.skills, row.sector, home)


def _unit(row: UnitRow, known: Known) -> Sequence[Event]:
    """Put a unit on duty, or note the status of one that is; its fix is stored with it."""
    unit, there = row.unit(), known.state.units.get(row.callsign)
    if unit.fix is not None:
        report = Report(unit.callsign, unit.fix, known.now, known.actor)
        known.writing.add_fixes([judged(report, known.force)])
    if there is None:
        start = row.duty_start or known.now
        told = (row.status, row.crew, row.skills, row.sector, None)
        return duties.on_duty(known, row.callsign, start, row.duty_end, *told)
    if row.status is None or row.status == there.status:
        return []
    return duties.change_status(known, row.callsign, row.status, known.now)


def _incident(row: HistoryRow, known: Known) -> Sequence[Event]:
    if row.closed_at is not None:
        return []
    lat, lon = row.place() or (None, None)
    told = {**{name: getattr(row, name) for name in RECEIVED}, "lat": lat, "lon": lon}
    return incidents.received(known, row.incident_id, row.received_at, told)


def _regrade(row: RegradeRow, known: Known) -> Sequence[Event]:
    # What was found on receipt may have raised it here already.
    if known.live.case(row.incident_id).grade == row.grade:
        return []
    return incidents.regraded(known, row.incident_id, row.grade, "imported", row.at)


def _status(row: StatusRow, known: Known) -> Sequence[Event]:
    return duties.change_status(known, row.callsign, row.status, row.at)


def _assignment(row: AssignmentRow, known: Known) -> Sequence[Event]:
    if row.cleared_at is not None and row.incident_id not in known.state.incidents:
        return []
    steps = (row.assigned_at, row.en_route_at, row.on_scene_at, row.cleared_at)
    return sent(known, Sent(row.incident_id, row.callsign, *steps, row.ended or "clear", row.reason))


_Check = Callable[..., tuple[Any, list[Fault]]]


def _require(check: _Check, rows: Located) -> None:
    """Hold rows against the force profile, the network and the clock, as those of a picture are."""
    known = service()
    told = [(where, row.model_dump(exclude=_MORE, exclude_unset=True)) for where, row in rows]
    _, faults = check(told, BODY, Beside(known.force, known.network, known.clock()))
    if faults:
        raise InputError(faults)


# What a row of history has more than one of a picture.
_MORE: Final = {"closed_at", "outcome", "dash", "merged_into", "entered_at", "closed_entered_at"}
_CHECKS: Final[dict[str, _Check]] = {"units": units_of, "incidents": incidents_of}
_ONES: Final[dict[str, Callable[[Any, Known], Sequence[Event]]]] = {
    "duties": _duty,
    "units": _unit,
    "incidents": _incident,
    "regrades": _regrade,
    "statuses": _status,
    "assignments": _assignment,
}
