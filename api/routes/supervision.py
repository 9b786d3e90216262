"""``GET /v1/supervision``: today as a supervisor watches it, and any period of a week at most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
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
from dispatch.record import iso
from dispatch.store import Reading
from dispatch.supervision import watched
from dispatch.watched import Beside, Told, Watched, arrivals_of, told_of
from scenarios.advised import Advised, Question, advised_on, advised_verdict, elsewhere, question_of

blueprint = APIBlueprint("supervision", __name__, tag="Supervision")
# What is longer is for an audit, which takes its time and asks anew.
MOST: Final = timedelta(days=7)
_MOST_REMEMBERED: Final = 20_000
_JUDGED: Final = dict[tuple[Question, str], Advised]()


@blueprint.get("/v1/supervision")
@call(blueprint, "supervision", SupervisionAnswer, "The period.", "input")
def supervision() -> Response:
    """Tell of a period whether the nearest was sent, who was sent against the advice and why, and who waits too long.

    Of the incidents received since midnight by the force's clocks, if not asked otherwise; of a week at most. Words and
    denominators are those of the audit. Which unit should have gone is what was advised at the moment of sending.
    """
    known = service()
    start, end = _asked(known)
    looked_through(**{"from": iso(start), "to": None if end is None else iso(end)})
    now = known.clock()
    with known.desk.store.reading() as reading:
        return json_response(orjson.dumps(answer(reading, known.force, start, end or now, now)))


def _asked(known: Service) -> tuple[datetime, datetime | None]:
    query = Query(request.args, ("from", "to"), known)
    start, end = query.moment("from"), query.moment("to")
    last = end or known.clock()
    first = start or _midnight(last, known.force)
    if not query.faults and not timedelta(0) < last - first <= MOST:
        query.refuse(
            "from, to", f"{iso(first)}, {iso(last)}", f"a period that ends after it begins, {MOST.days} days at most"
        )
    query.require_sound()
    return first, end


def _midnight(moment: datetime, force: Force) -> datetime:
    local = moment.astimezone(ZoneInfo(force.time_zone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)


def answer(reading: Reading, force: Force, start: datetime, end: datetime, now: datetime) -> dict[str, Any]:
    """Return what is told of a period, as of a moment."""
    seen, purged = watch(reading, force, start, end)
    last = reading.last()
    return supervision_answer(seen, purged, Period(start, end, now, 0 if last is None else last.seq), force)


def watch(reading: Reading, force: Force, start: datetime, end: datetime) -> tuple[list[Seen], int]:
    """Return the incidents of a period with what is said of them, and how many others were purged."""
    received = rows.received_between(reading, start, end)
    there = [row.subject for row in received if row.payload is not None and row.subject is not None]
    told = told_of(rows.rows_about(reading, there))
    beside = _beside(reading, told, force)
    ones = [watched(each, beside, force) for each in told]
    advised = _advised(reading, [question for one in ones if (question := question_of(one)) is not None], force)
    return [_seen(one, advised.get(question_of(one))) for one in ones], len(received) - len(there)


def _seen(one: Watched, advised: Advised | None) -> Seen:
    return Seen(one, advised_verdict(one, advised), advised)


def _advised(reading: Reading, asked: Sequence[Question], force: Force) -> Mapping[Question | None, Advised]:
    """Return what kept recommendations say; each is read once, for neither it nor what is asked of it ever changes."""
    found: dict[Question | None, Advised] = {
        each: known for each in asked if (known := _JUDGED.get((each, force.hash))) is not None
    }
    new = [each for each in asked if each not in found]
    answers = rows.answers_named(reading, (each.answer_sha256 for each in new))
    if len(_JUDGED) + len(new) > _MOST_REMEMBERED:
        _JUDGED.clear()
    for each in new:
        if (body := answers.get(each.answer_sha256)) is not None:
            found[each] = _JUDGED[each, force.hash] = advised_on(each, orjson.loads(body), force)
    return found


def _beside(reading: Reading, told: Sequence[Told], force: Force) -> Beside:
    """Read what is known beside the incidents, as far as it is looked at."""
    sent = [item for each in told for item in each.assignments]
    if not sent:
        return Beside()
    units = rows.moved_between(reading, told[0].rows[0].seq, max(item.seq for item in sent))
    # Where everybody stops the clock, nobody's skills are asked for.
    asked = () if all(skill.stops_clock for skill in force.skills.values()) else (item.callsign for item in sent)
    arrivals = rows.first_fixes(reading, arrivals_of(told), force.fixes.fresh_s)
    return Beside(units, rows.skills_on_duty(reading, asked), elsewhere(told, arrivals))
