"""What a supervisor watches: who was sent by whom against which advice, and who waits beyond the target.

The words are those of the audit (docs/audit.md). An audit asks anew who should have gone at the moment of a decision;
here it is what was advised just before it and kept. Where that cannot stand for the moment, it is not known.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from dispatch.advice import RECOMMENDED
from dispatch.force import Force
from dispatch.record import Row
from dispatch.state import Assignment
from dispatch.watched import (
    AMENDED,
    CLOSURES,
    DOMESTIC_ABUSE,
    REGRADED,
    TOGETHER,
    Advice,
    Arrival,
    Arrived,
    Beside,
    Moved,
    Response,
    Sending,
    Told,
    Watched,
)


def watched(told: Told, beside: Beside, force: Force) -> Watched:
    """Return what a supervisor watches of an incident."""
    case, sending = told.case, _sending(told, beside, force)
    dropped, unknown = next(_nothing_to_judge(told, sending, force), ("", ""))
    # As an audit tells of it: what was entered afterwards did not count when somebody was sent.
    at = told.received_at if sending is None else sending.at
    then = _details(told, at)
    return Watched(
        incident_id=case.incident_id,
        received_at=told.received_at,
        grade=_grade(told, at)[0],
        tags=tuple(sorted(set(then["tags"]))),
        sector=then["sector"],
        assignments=told.assignments,
        domestic_abuse=_domestic_abuse(told, then),
        sending=sending,
        dropped=dropped,
        unknown=unknown or ("" if sending is None else sending.unknown),
        response=None if dropped in {"merged", "self_initiated"} else _response(told, sending, beside, force),
    )


def _sending(told: Told, beside: Beside, force: Force) -> Sending | None:
    if not told.assignments:
        return None
    at = told.assignments[0].assigned_at
    together = tuple(each for each in told.assignments if each.assigned_at - at <= TOGETHER)
    standing = tuple(each for each in together if not _taken_back(each)) or together
    seq = min(each.seq for each in together)
    advice = _advice(told, at, seq, beside, force)
    if isinstance(advice, str):
        return Sending(at, seq, standing, unknown=advice)
    return Sending(at, seq, standing, advice)


def _taken_back(each: Assignment) -> bool:
    """Tell whether a unit was called off at once, and never went."""
    went = each.en_route_at is not None or each.at_scene_at is not None
    return not went and each.ended_at is not None and each.ended_at - each.assigned_at <= TOGETHER


def _advice(told: Told, at: datetime, seq: int, beside: Beside, force: Force) -> Advice | str:
    """Return the last advice before a unit was sent, or why it cannot stand for that moment."""
    rows = [row for row in told.rows if row.kind == RECOMMENDED and row.seq < seq and row.happened <= at]
    if not rows:
        return "not_advised"
    details = rows[-1].details
    if details is None:
        return "purged"
    if (at - datetime.fromisoformat(details["now"])).total_seconds() > force.fixes.fresh_s:
        # A position of that age would add doubt, too.
        return "advice_old"
    basis: int = details["basis"]
    changed = any(row.seq > basis and row.seq < seq and row.kind in {REGRADED, AMENDED} for row in told.rows)
    since = _since(beside.units, basis, told.all_rows[seq])
    if changed or any(row.kind in CLOSURES for row in since):
        return "advice_overtaken"
    return Advice(rows[-1].seq, details["answer_sha256"], frozenset(each.unit for each in since))


def _since(rows: Sequence[Moved], basis: int, sending: Row) -> list[Moved]:
    """Return what came after a row and before a sending; that a unit was taken from elsewhere for it is part of it."""
    first, end = bisect_right(rows, basis, key=_seq), bisect_left(rows, sending.seq, key=_seq)
    return [
        row for row in rows[first:end] if sending.key is None or (row.key, row.actor) != (sending.key, sending.actor)
    ]


def _seq(row: Moved) -> int:
    return row.seq


def _nothing_to_judge(told: Told, sending: Sending | None, force: Force) -> Iterator[tuple[str, str]]:
    """Yield why an incident is dropped, or why it cannot be judged; the first counts."""
    if told.case.duplicate_of is not None:
        yield "merged", ""
    if sending is None:
        yield "nobody_sent", ""
        return
    if sending.at < told.received_at:
        yield "", "assigned_before_received"
    if any(_logged_on_arrival(each, told.all_rows) for each in sending.sent):
        at_once = sending.at == told.received_at and sending.sent[0].at_scene_at == sending.at
        yield ("self_initiated", "") if at_once else ("", "logged_on_arrival")
    if told.rows[0].recorded > sending.at:
        yield "", "entered_after_decision"
    grade = _grade(told, sending.at)[0]
    if grade not in force.grades:
        yield "", "unknown_grade"
    elif not force.grades[grade].deploys:
        yield "not_deployed", ""


def _logged_on_arrival(each: Assignment, rows: Mapping[int, Row]) -> bool:
    """Tell whether a unit was assigned when it was there already, or was written down only then."""
    if each.at_scene_at is None:
        return False
    entered = rows[each.seq].recorded
    return each.at_scene_at <= each.assigned_at or (entered > each.assigned_at and entered >= each.at_scene_at)


def _grade(told: Told, by: datetime | None) -> tuple[str, datetime]:
    """Return the grade that was known by a moment, or at last, and since when it held."""
    grade, since = told.case.asked_grade, told.received_at
    for row in told.rows:
        if row.kind != REGRADED or row.details is None:
            continue
        in_time = by is None or max(row.happened, row.recorded) <= by
        if in_time and row.details["grade"] != grade:
            grade, since = row.details["grade"], row.happened
    return grade, since


def _details(told: Told, by: datetime) -> Mapping[str, Any]:
    """Return what was known of an incident by a moment, but for its grade."""
    known = _first(told)
    for row in told.rows:
        if row.kind == AMENDED and row.details is not None and max(row.happened, row.recorded) <= by:
            known |= row.details["changes"]
    return known


def _first(told: Told) -> dict[str, Any]:
    """Return what was known of an incident when it was received."""
    return {"tags": (), "sector": None, **(told.rows[0].details or {})}


def _domestic_abuse(told: Told, then: Mapping[str, Any]) -> bool:
    """Tell whether an incident was one at first, at the decision or at last."""
    return any(DOMESTIC_ABUSE in tags for tags in (_first(told)["tags"], then["tags"], told.case.tags))


def _response(told: Told, sending: Sending | None, beside: Beside, force: Force) -> Response | None:
    arrival, at = _arrival(told, beside, force)
    # A regrade after the arrival would move a target that was met or missed already.
    grade, graded_at = _grade(told, None if at is None else at - timedelta(microseconds=1))
    graded = {grade} if arrival == "nobody_sent" else {told.case.asked_grade, grade}
    if not any(key not in force.grades or force.grades[key].deploys for key in graded):
        return None
    if grade not in force.grades:
        return Response(arrival, grade, "", None, None, at)
    clock = force.grades[grade].clock
    target_s = force.target_s(grade, force.setting(told.case.lon, told.case.lat))
    starts = {"received": told.received_at, "graded": graded_at, "dispatched": None if sending is None else sending.at}
    start = starts[clock]
    due_at = None if target_s is None or start is None else start + timedelta(seconds=target_s)
    return Response(arrival, grade, clock, target_s, due_at, at)


def _arrival(told: Told, beside: Beside, force: Force) -> tuple[Arrival, datetime | None]:
    """Return the first arrival of a unit that counts as the response; a time that cannot be believed is none."""
    there = [
        (each.at_scene_at, each.callsign, each.seq, each)
        for each in told.assignments
        if each.at_scene_at is not None and _counts(each, beside, force)
    ]
    if there:
        at, callsign, _, first = min(there, key=lambda each: each[:3])
        before = at < told.received_at or at < first.assigned_at
        doubtful = before or Arrived(told.case.incident_id, callsign, at) in beside.elsewhere
        return ("doubtful", None) if doubtful else ("recorded", at)
    if told.case.stage == "open":
        return "waiting", None
    return ("missing" if told.assignments else "nobody_sent"), None


def _counts(each: Assignment, beside: Beside, force: Force) -> bool:
    """Tell whether a unit stops the clock, by its skills on that duty."""
    aboard = beside.skills.get(each.duty, frozenset())
    return all(force.skills[name].stops_clock for name in aboard if name in force.skills)
