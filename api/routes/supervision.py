"""``GET /v1/supervision``: today as a supervisor watches it, and any period of a week at most."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson
from apiflask import APIBlueprint
from flask import Response, request

from api.consultation import looked_through
from api.openapi import call
from api.queries import Query
from api.responses import json_response
from api.service import Service, service
from api.supervision_answers import Period, Seen, supervision_answer
from api.supervision_schemas import SupervisionAnswer
from dispatch import supervision_rows as rows
from dispatch.force import Force
from dispatch.live import Live
from dispatch.record import iso
from dispatch.store import Reading
from dispatch.supervision import watched
from dispatch.watched import Beside, Moved, Told, Watched, arrivals_of, told_of
from scenarios.advised import Advised, Question, advised_on, advised_verdict, elsewhere, question_of

blueprint = APIBlueprint("supervision", __name__, tag="Supervision")
# What is longer is for an audit, which takes its time and asks anew.
MOST: Final = timedelta(days=7)
_MOST_REMEMBERED: Final = 20_000
_JUDGED: Final = dict[tuple[Question, str], Advised]()
_JUDGING: Final = threading.Lock()


@blueprint.get("/v1/supervision")
@call(blueprint, "supervision", SupervisionAnswer, "The period.", "input")
def supervision() -> Response:
    """Tell of a period whether the nearest was sent, who was sent against the advice and why, and who waits too long.

    Of the incidents received since midnight by the force's clocks, if not asked otherwise; of a week at most. Words and
    denominators are those of the audit. Which unit should have gone is what was advised at the moment of sending.
    Where to is not given, late and next_due_at tell of whoever waits since before the period, too.
    """
    known = service()
    start, end = _asked(known)
    looked_through(**{"from": iso(start), "to": None if end is None else iso(end)})
    now = known.clock()
    earlier = open_before(known.desk.live(), start) if end is None else ()
    with known.desk.store.reading() as reading:
        return json_response(orjson.dumps(answer(reading, known.force, start, end or now, now, earlier)))


def _asked(known: Service) -> tuple[datetime, datetime | None]:
    query = Query(request.args, ("from", "to"), known)
    start, end = query.moment("from"), query.moment("to")
    last = end or known.clock()
    # At midnight it is the day that is over.
    first = start or _midnight(last - timedelta(microseconds=1), known.force)
    if not query.faults and not timedelta(0) < _lasts(first, last, known.force) <= MOST:
        query.refuse(
            "from, to", f"{iso(first)}, {iso(last)}", f"a period that ends after it begins, {MOST.days} days at most"
        )
    query.require_sound()
    return first, end


def _midnight(moment: datetime, force: Force) -> datetime:
    local = moment.astimezone(ZoneInfo(force.time_zone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)


def _lasts(first: datetime, last: datetime, force: Force) -> timedelta:
    """Return how long a period is, by itself or by the force's clocks: the shorter, for they are changed in some."""
    zone = ZoneInfo(force.time_zone)
    begins, ends = (each.astimezone(zone).replace(tzinfo=None) for each in (first, last))
    lasts = last - first
    return min(lasts, ends - begins) if lasts > MOST else lasts


def open_before(live: Live, start: datetime) -> list[str]:
    """Return the open incidents that were received before a moment."""
    return [case.incident_id for case in live.state.incidents.values() if case.received_at < start]


def answer(
    reading: Reading, force: Force, start: datetime, end: datetime, now: datetime, earlier: Sequence[str] = ()
) -> dict[str, Any]:
    """Return what is told of a period, as of a moment.

    Parameters
    ----------
    earlier
        Open incidents that were received before it: who waits does not wait less because another day began.
    """
    seen, purged = watch(reading, force, start, end)
    last = reading.last()
    period = Period(start, end, now, 0 if last is None else last.seq)
    return supervision_answer(seen, purged, period, force, list(_waiting(reading, force, earlier)))


def watch(reading: Reading, force: Force, start: datetime, end: datetime) -> tuple[list[Seen], int]:
    """Return the incidents of a period with what is said of them, and how many others were purged."""
    received = rows.received_between(reading, start, end)
    there = [row.subject for row in received if row.payload is not None and row.subject is not None]
    told = _told(reading, there)
    beside = _beside(reading, told, force, _moved(reading, told))
    ones = [watched(each, beside, force) for each in told]
    advised = _advised(reading, [question for one in ones if (question := question_of(one)) is not None], force)
    return [_seen(one, advised.get(question_of(one))) for one in ones], len(received) - len(there)


def _waiting(reading: Reading, force: Force, names: Sequence[str]) -> Iterator[Watched]:
    """Yield those of some incidents that are open with nobody known to be there."""
    told = [each for each in _told(reading, names) if each.case.stage == "open"]
    # Only who was sent and when somebody was there is asked of them, not whether it was the nearest.
    beside = _beside(reading, told, force, ())
    for one in (watched(each, beside, force) for each in told):
        if one.response is not None and one.response.arrival == "waiting":
            yield one


def _told(reading: Reading, names: Sequence[str]) -> list[Told]:
    """Return incidents as the record tells of them, with second reports of them from whatever period."""
    asked = set(names)
    about = rows.rows_about(reading, names)
    if not about:
        return []
    others = rows.second_reports(reading, asked, about[0].seq) - asked
    about = sorted((*about, *rows.rows_about(reading, sorted(others))), key=lambda row: row.seq)
    return [each for each in told_of(about) if each.case.incident_id in asked]


def _seen(one: Watched, advised: Advised | None) -> Seen:
    return Seen(one, advised_verdict(one, advised), advised)


def _advised(reading: Reading, asked: Sequence[Question], force: Force) -> Mapping[Question | None, Advised]:
    """Return what kept recommendations say; each is read once, for neither it nor what is asked of it ever changes."""
    found: dict[Question | None, Advised] = {
        each: known for each in asked if (known := _JUDGED.get((each, force.hash))) is not None
    }
    new = defaultdict[str, dict[Question, None]](dict)
    for each in asked:
        if each not in found:
            new[each.answer_sha256][each] = None
    for name, body in rows.answers_named(reading, new):
        told = orjson.loads(body)
        found |= {each: advised_on(each, told, force) for each in new[name]}
    _remember({(each, force.hash): found[each] for several in new.values() for each in several if each in found})
    return found


def _remember(judged: Mapping[tuple[Question, str], Advised]) -> None:
    """Keep what was judged; what was judged first goes where it is too much."""
    with _JUDGING:
        _JUDGED.update(judged)
        for each in list(islice(_JUDGED, max(0, len(_JUDGED) - _MOST_REMEMBERED))):
            del _JUDGED[each]


def _moved(reading: Reading, told: Sequence[Told]) -> Sequence[Moved]:
    """Read what may have changed who should go, from the first call to the last sending."""
    sent = [item.seq for each in told for item in each.assignments]
    return rows.moved_between(reading, told[0].rows[0].seq, max(sent)) if sent else ()


def _beside(reading: Reading, told: Sequence[Told], force: Force, units: Sequence[Moved]) -> Beside:
    """Read what is known beside the incidents, as far as it is looked at."""
    sent = [item for each in told for item in each.assignments]
    if not sent:
        return Beside()
    # Where everybody stops the clock, nobody's skills are asked for.
    asked = () if all(skill.stops_clock for skill in force.skills.values()) else sent
    arrivals = rows.first_fixes(reading, arrivals_of(told), force.fixes.fresh_s)
    return Beside(units, rows.skills_on_duty(reading, asked), elsewhere(told, arrivals))
