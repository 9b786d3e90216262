"""From events to a state: what each kind of event changes.

A handler never refuses: whether something may happen was decided before it was recorded. Where details were purged, the
event changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from dispatch.draft import Draft, Handler, Happened
from dispatch.fold_risk import RISK_HANDLERS
from dispatch.record import Event, Row
from dispatch.state import Assignment, Case, DutyUnit, Stage, State, Step


def fold(state: State, rows: Iterable[Row]) -> State:
    """Return the state after more rows of the record, which follow its own."""
    draft, last = Draft.of(state), None
    for last in rows:
        _apply(draft, last)
    if last is None:
        return state
    return draft.state(last.seq, last.sha256)


def foreseen(state: State, happened: Iterable[Event], actor: str) -> State:
    """Return what a state will be once events are recorded that are not yet."""
    draft = Draft.of(state)
    for seq, event in enumerate(happened, state.seq + 1):
        handler = HANDLERS.get(event.kind)
        if handler is not None:
            handler(draft, Happened(seq, event.kind, event.subject or "", event.at, actor, dict(event.payload)))
    return draft.state(state.seq, state.sha256)


def case_of(rows: Iterable[Row], incident_id: str) -> Case | None:
    """Return an incident, open or ended, from the rows about it; None where they tell of none, or no more."""
    draft = Draft.of(State())
    for row in rows:
        _apply(draft, row)
    return draft.case(incident_id)


def _apply(draft: Draft, row: Row) -> None:
    details, handler = row.details, HANDLERS.get(row.kind)
    if details is not None and handler is not None:
        handler(draft, Happened(row.seq, row.kind, row.subject or "", row.happened, row.actor, details))


def _on_duty(draft: Draft, event: Happened) -> None:
    told = event.details
    draft.units[event.subject] = DutyUnit(
        callsign=event.subject,
        duty=told["duty"],
        duty_start=datetime.fromisoformat(told["duty_start"]),
        duty_end=_moment(told["duty_end"]),
        status=told["status"],
        status_at=event.at,
        crew=told["crew"],
        skills=tuple(told["skills"]),
        sector=told["sector"],
        home=None if told["home"] is None else tuple(told["home"]),
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _off_duty(draft: Draft, event: Happened) -> None:
    draft.units.pop(event.subject, None)


def _status(draft: Draft, event: Happened) -> None:
    unit = draft.units.get(event.subject)
    if unit is not None:
        draft.units[event.subject] = _with_status(unit, event.details["status"], event.at)


def _with_status(unit: DutyUnit, status: str, at: datetime) -> DutyUnit:
    # One that was entered late does not undo what has happened since.
    newer = unit.status_at is not None and at < unit.status_at
    return unit if newer else replace(unit, status=status, status_at=at)


def _crew(draft: Draft, event: Happened) -> None:
    unit = draft.units.get(event.subject)
    if unit is not None:
        told = event.details
        draft.units[event.subject] = replace(unit, crew=told["crew"], skills=tuple(told["skills"]))


def _received(draft: Draft, event: Happened) -> None:
    told = event.details
    draft.put(
        Case(
            incident_id=event.subject,
            received_at=event.at,
            graded_at=event.at,
            asked_grade=told["grade"],
            received_by=event.actor,
            **{name: _value(told[name]) for name in RECEIVED},
        )
    )


RECEIVED: Final = (
    *("lat", "lon", "grade", "type", "tags", "needs", "units_needed", "sector", "on_road", "address", "phone"),
    "people",
)


def _imported(draft: Draft, event: Happened) -> None:
    _received(draft, event)
    case, told = draft.case(event.subject), event.details
    if case is not None:
        # One whose end nobody wrote down counts as ended when it was received, so that it is purged in time.
        ended = {"stage": "closed", "outcome": told["outcome"], "ended_at": _moment(told["closed_at"]) or event.at}
        dash = None if told["dash"] is None else {"level": told["dash"]}
        draft.put(replace(case, **ended, dash=dash, risk={"keys": told["keys"]}))


def _value(told: Any) -> Any:
    return tuple(told) if isinstance(told, list) else told


def _regraded(draft: Draft, event: Happened) -> None:
    case = draft.case(event.subject)
    if case is not None:
        told = event.details
        raised = tuple(told["raised_by"])
        draft.put(replace(case, grade=told["grade"], graded_at=event.at, raised_by=raised))


def _amended(draft: Draft, event: Happened) -> None:
    case = draft.case(event.subject)
    if case is not None:
        draft.put(replace(case, **{name: _value(value) for name, value in event.details["changes"].items()}))


def _checked(draft: Draft, event: Happened) -> None:
    case = draft.case(event.subject)
    if case is not None:
        draft.put(replace(case, risk=event.details))


def _linked(draft: Draft, event: Happened) -> None:
    case, other = draft.case(event.subject), event.details["duplicate_of"]
    if case is not None:
        draft.put(replace(case, stage="duplicate", duplicate_of=other, ended_at=event.at))
    kept = draft.case(other)
    if kept is not None:
        draft.put(replace(kept, duplicates=(*kept.duplicates, event.subject)))


def _ended(draft: Draft, event: Happened) -> None:
    case = draft.case(event.subject)
    if case is not None:
        stage: Stage = "closed" if event.kind == "incident_closed" else "cancelled"
        draft.put(replace(case, stage=stage, outcome=event.details["outcome"], ended_at=event.at))


def _assigned(draft: Draft, event: Happened) -> None:
    told, case = event.details, draft.case(event.subject)
    unit = draft.units.get(told["callsign"])
    if unit is not None:
        bound = replace(unit, incident_id=event.subject, assigned_at=event.at)
        draft.units[unit.callsign] = bound
    if case is None:
        return
    sent = Assignment(
        incident_id=event.subject,
        callsign=told["callsign"],
        duty=told["duty"],
        step="assigned",
        assigned_at=event.at,
        by=event.actor,
        seq=event.seq,
        recommendation=told["recommendation"],
        suggested=told["suggested"],
        reason=told["reason"],
        note=told["note"],
        failed=tuple(told["failed"]),
    )
    draft.put(replace(case, assignments=(*case.assignments, sent)))


_STEPS: Final[dict[str, tuple[Step, str]]] = {
    "unit_en_route": ("en_route", "en_route_at"),
    "unit_at_scene": ("at_scene", "at_scene_at"),
    "unit_clear": ("clear", "ended_at"),
    "unit_stood_down": ("stood_down", "ended_at"),
    "unit_diverted": ("diverted", "ended_at"),
}


def _stepped(draft: Draft, event: Happened) -> None:
    step, column = _STEPS[event.kind]
    callsign, status = event.details["callsign"], event.details["status"]
    case, unit = draft.case(event.subject), draft.units.get(callsign)
    if case is not None:
        draft.put(
            replace(case, assignments=tuple(_moved(item, callsign, step, column, event) for item in case.assignments))
        )
    if unit is None:
        return
    if step in {"clear", "stood_down", "diverted"} and unit.incident_id == event.subject:
        unit = replace(unit, incident_id=None, assigned_at=None)
    draft.units[callsign] = unit if status is None else _with_status(unit, status, event.at)


def _moved(item: Assignment, callsign: str, step: Step, column: str, event: Happened) -> Assignment:
    if item.callsign != callsign or not item.bound:
        return item
    return replace(item, step=step, **{column: event.at})  # type: ignore[arg-type]


def _closure_opened(draft: Draft, event: Happened) -> None:
    draft.closures[event.subject] = event.details["feature"]


def _closure_lifted(draft: Draft, event: Happened) -> None:
    draft.closures.pop(event.subject, None)


def _snapshot(draft: Draft, event: Happened) -> None:
    draft.snapshot_seq = event.details["seq"]


HANDLERS: Final[dict[str, Handler]] = {
    "unit_on_duty": _on_duty,
    "unit_off_duty": _off_duty,
    "unit_status": _status,
    "unit_crew": _crew,
    "incident_received": _received,
    "incident_imported": _imported,
    "incident_regraded": _regraded,
    "incident_amended": _amended,
    "incident_linked": _linked,
    "incident_cancelled": _ended,
    "incident_closed": _ended,
    "history_checked": _checked,
    "unit_assigned": _assigned,
    **dict.fromkeys(_STEPS, _stepped),
    "closure_opened": _closure_opened,
    "closure_lifted": _closure_lifted,
    "snapshot_taken": _snapshot,
    **RISK_HANDLERS,
}
