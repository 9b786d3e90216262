"""The check of an incident's history when it is received, and again when what it rests on is corrected.

It tells which earlier incidents share a person, a telephone number or a place with it, whether the force's definitions
are met, which markers hold, and what of that raises its grade. All of it is kept with the incident.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from dispatch.concern import Concern, concerns, markers_of
from dispatch.desk import Known
from dispatch.due import months_before
from dispatch.fold import foreseen
from dispatch.force import Force
from dispatch.force_risk import Definition
from dispatch.lookup import Lookup, Match, keys_of, look_up, values_of
from dispatch.naming import BODY
from dispatch.raising import Raised, raised, reasons_of
from dispatch.record import Event, iso
from dispatch.state import Case, State
from graphs.errors import Fault, InputError
from graphs.faults import NOTHING, unknown_name

CHECKED: Final = "history_checked"
# An incident is checked again when one of these is amended.
RESTS_ON: Final = frozenset({"lat", "lon", "address", "phone", "people", "tags"})
_LISTED: Final = 100


@dataclass(frozen=True, slots=True)
class Found:
    """What a check rests on.

    Parameters
    ----------
    case
        The incident.
    looked
        Earlier incidents.
    concerned
        People and addresses of concern.
    """

    force: Force
    case: Case
    looked: Lookup
    concerned: Sequence[Concern]

    @property
    def before(self) -> Mapping[str, Any]:
        """What the last check found."""
        return self.case.risk or {}


def with_check(known: Known, happened: Sequence[Event]) -> list[Event]:
    """Return events about an incident, and what a check of it comes to after them."""
    state = foreseen(known.state, happened, known.actor)
    return [*happened, *checked(known, state, state.incidents[str(happened[0].subject)])]


def recheck(known: Known, happened: Sequence[Event], subjects: Iterable[str]) -> list[Event]:
    """Return events about people or addresses of concern, and the checks of the open incidents that they concern."""
    state, about = foreseen(known.state, happened, known.actor), set(subjects)
    events = list(happened)
    for case in state.incidents.values():
        if any(each.subject.subject in about for each in concerns(state, case, known.force.risk)):
            events += checked(known, state, case)
    return events


def checked(known: Known, state: State, case: Case) -> list[Event]:
    """Check an open incident.

    Parameters
    ----------
    state
        As it is once what comes before in the same decision is recorded.

    Returns
    -------
    list of Event
        What was found; before it the tags that it adds, after it the grade that it raises to.
    """
    found = _found(known, state, case)
    definitions = _definitions(found)
    adds = [each["adds"] for each in definitions.values() if _adds(each, found)]
    tags = [*case.tags, *adds]
    markers = markers_of(state, found.concerned, known.now)
    reasons = list(reasons_of(known.force, tags, markers))
    outcome = raised(known.force, case.grade, reasons, found.before.get("told", ()))
    told = {
        **_history(found),
        "definitions": definitions,
        "markers": markers,
        "raises": list(outcome.rows),
        "answers": found.before.get("answers"),
        "told": sorted({*found.before.get("told", ()), *(row["reason"] for row in outcome.rows)}),
        "added": sorted({*found.before.get("added", ()), *adds}),
    }
    check = Event(CHECKED, case.incident_id, known.now, told)
    return [*_tagged(known, case, tags, definitions, adds), check, *_regraded(known, case, outcome)]


def _found(known: Known, state: State, case: Case) -> Found:
    force = known.force
    since = months_before(case.received_at, force.risk.longest_months, force.time_zone)
    looked = look_up(known.writing, case, force.risk, since, {case.incident_id, *case.duplicates})
    return Found(force, case, looked, concerns(state, case, force.risk))


def _history(found: Found) -> dict[str, Any]:
    looked = found.looked
    return {
        "since": iso(looked.since),
        "keys": [list(key) for key in sorted(keys_of(found.case, found.force.risk))],
        "matches": [values_of(match) for match in looked.matches[:_LISTED]],
        "not_listed": max(len(looked.matches) - _LISTED, 0),
        "withheld": [{"by": each.by, "incidents": each.incidents, "because": each.because} for each in looked.withheld],
        "unreadable": list(looked.unreadable),
    }


def _definitions(found: Found) -> dict[str, dict[str, Any]]:
    made = {
        "repeat_victim": _repeat(found),
        "conference_repeat": _conference_repeat(found),
        "vulnerable": _vulnerable(found),
    }
    return {name: each for name, each in made.items() if each is not None}


def _shown(definition: Definition) -> dict[str, Any]:
    return {"version": definition.version, "text": definition.text, "adds": definition.adds}


def _repeat(found: Found) -> dict[str, Any] | None:
    rule = found.force.risk.repeat_victim
    if rule is None:
        return None
    matches = repeats(found.force, found.case, found.looked.matches, rule.months)
    # At a later check calls may be known that came after this one: it is no repeat of those.
    count = sum(1 for match in matches if match.past.received_at <= found.case.received_at)
    since = months_before(found.case.received_at, rule.months, found.force.time_zone)
    shares = " or ".join(rule.by)
    because = f"{count} earlier incidents tagged {rule.tag} since {since:%Y-%m-%d} share a {shares} with it"
    counts = {"count": count, "incidents": rule.incidents, "months": rule.months}
    return {**_shown(rule), **counts, "met": count >= rule.incidents, "because": because}


def repeats(force: Force, case: Case, matches: Iterable[Match], months: int) -> Iterator[Match]:
    """Yield the earlier incidents that count towards a repeat victim."""
    rule = force.risk.repeat_victim
    if rule is None:
        return
    since = months_before(case.received_at, months, force.time_zone)
    for match in matches:
        body = match.past.body
        # One that is the same as another happened once.
        counted = rule.tag in body["tags"] and body["stage"] != "duplicate" and match.past.received_at >= since
        if counted and not set(rule.by).isdisjoint(match.counts_by):
            yield match


def _conference_repeat(found: Found) -> dict[str, Any] | None:
    rule = found.force.risk.conference_repeat
    if rule is None:
        return None
    times = [each.subject.discussed_at for each in found.concerned if each.holds]
    last = max((at for at in times if at is not None), default=None)
    return {
        **_shown(rule),
        "months": rule.months,
        "last_discussed_at": None if last is None else iso(last),
        "met": _within(found, last, rule.months) and rule.tag in found.case.tags,
    }


def _within(found: Found, last: datetime | None, months: int) -> bool:
    """Tell whether a discussion was before an incident and not too long before: one that was discussed is no repeat."""
    at = found.case.received_at
    return last is not None and months_before(at, months, found.force.time_zone) <= last < at


def _vulnerable(found: Found) -> dict[str, Any] | None:
    rule = found.force.risk.vulnerable
    if rule is None:
        return None
    answers = found.before.get("answers") or {}
    known = [answers.get(key) for key in rule.questions]
    met = True if any(known) else (None if None in known else False)
    return {**_shown(rule), "questions": dict(rule.questions), "answers": answers, "met": met}


def _adds(definition: Mapping[str, Any], found: Found) -> bool:
    """Tell whether a definition adds its tag: once, for a person may take it off again."""
    adds = definition["adds"]
    known = adds in found.case.tags or adds in found.before.get("added", ())
    return bool(definition["met"]) and adds is not None and not known


def _tagged(
    known: Known, case: Case, tags: Sequence[str], definitions: Mapping[str, Mapping[str, Any]], adds: Sequence[str]
) -> list[Event]:
    if not adds:
        return []
    met = [each for each in definitions.values() if each["adds"] in adds]
    because = [f"{each['text']} ({each['version']})" for each in met]
    told = {"changes": {"tags": list(tags)}, "because": because}
    return [Event("incident_amended", case.incident_id, known.now, told)]


def _regraded(known: Known, case: Case, outcome: Raised) -> list[Event]:
    if outcome.grade == case.grade:
        return []
    told = {
        "grade": outcome.grade,
        "from": case.grade,
        "because": "; ".join(outcome.because),
        "raised_by": [*case.raised_by, *outcome.because],
    }
    # A call may be told a little ahead of this clock; its grade is not raised before it came.
    return [Event("incident_regraded", case.incident_id, max(known.now, case.received_at), told)]


def answered(known: Known, incident_id: str, answers: Mapping[str, bool | None]) -> list[Event]:
    """Record what the call handler was told on the force's questions of vulnerability, and check the incident again.

    Parameters
    ----------
    answers
        By key of the question; None where it is not known, and so is what is left out.

    Raises
    ------
    Unknown
        No such incident is open.
    InputError
        A question is not one of the force's.
    """
    case, rule = known.live.case(incident_id), known.force.risk.vulnerable
    questions = rule.questions if rule is not None else {}
    faults = [unknown_name(BODY, "answers", key, questions) for key in answers if key not in questions]
    if faults or not answers:
        raise InputError(faults or [Fault(BODY, "", "answers", "an empty object", ", ".join(questions) or NOTHING)])
    told: dict[str, Any] = {**((case.risk or {}).get("answers") or {}), **answers}
    return with_check(known, [Event("vulnerability_answered", incident_id, known.now, {"answers": told})])


def check_again(known: Known, incident_id: str) -> list[Event]:
    """Check the history of an open incident again, on what is known by now.

    Raises
    ------
    Unknown
        No such incident is open.
    """
    return checked(known, known.state, known.live.case(incident_id))
