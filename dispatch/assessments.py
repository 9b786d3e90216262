"""The supervisor's assessment of the initial response: a sample that nobody could choose, a short form, its outcome.

The sample is drawn by the hash of the record's end at that moment, so the same incidents come out when it is drawn
again from the record, and nobody could have picked them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from dispatch.desk import Known
from dispatch.errors import Conflict, Unknown
from dispatch.fold import case_of
from dispatch.naming import BODY
from dispatch.record import Event, iso
from dispatch.state import Case
from graphs.errors import Fault, InputError
from graphs.faults import unknown_name

ANSWERS: Final = ("yes", "no", "not_applicable")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a sample is drawn from: incidents that ended at ``start <= t < end``.

    Parameters
    ----------
    tags, grades
        Those with one of the tags, of one of the grades; none is all.
    """

    start: datetime
    end: datetime
    tags: frozenset[str] = frozenset()
    grades: frozenset[str] = frozenset()

    def has(self, case: Case) -> bool:
        """Tell whether an incident belongs to it."""
        return (
            case.stage == "closed"
            and case.ended_at is not None
            and self.start <= case.ended_at < self.end
            and (not self.tags or bool(self.tags & set(case.tags)))
            and (not self.grades or case.grade in self.grades)
        )


def drawn(population: Iterable[str], size: int, seed: str) -> tuple[str, ...]:
    """Draw a sample: those whose hashes with the seed are least; every set of the size is equally likely.

    Parameters
    ----------
    population
        Incidents, in any order.
    size
        How many at most.
    seed
        Equal seeds draw equal samples.
    """
    return tuple(sorted(population, key=lambda name: sha256(f"{seed}{name}".encode()).digest())[:size])


def sampled(known: Known, wanted: Wanted, size: int) -> list[Event]:
    """Draw a sample for assessment.

    Raises
    ------
    InputError
        The period does not end after it starts, or a tag or grade is not in the force profile.
    Conflict
        No incident of that kind ended in that period.
    """
    _require_sound(known, wanted)
    with_names = _closed(known, wanted)
    if not with_names:
        raise Conflict("no incident of that kind was closed in that period")
    chosen = drawn(with_names, size, known.state.sha256)
    told = {
        "from": iso(wanted.start),
        "to": iso(wanted.end),
        "tags": sorted(wanted.tags),
        "grades": sorted(wanted.grades),
        "population": len(with_names),
        "seed": known.state.sha256,
        "incidents": list(chosen),
    }
    return [Event("sample_drawn", f"sample:{known.next_seq}", known.now, told)]


def _require_sound(known: Known, wanted: Wanted) -> None:
    force = known.force
    faults = [unknown_name(BODY, "tags", tag, force.tags) for tag in sorted(wanted.tags) if tag not in force.tags]
    faults += [unknown_name(BODY, "grades", name, force.grades) for name in sorted(wanted.grades - set(force.grades))]
    if wanted.end <= wanted.start:
        accepted = f"a moment after from, {iso(wanted.start)}"
        faults.append(Fault(BODY, "", "to", iso(wanted.end), accepted))
    if faults:
        raise InputError(faults)


def _closed(known: Known, wanted: Wanted) -> list[str]:
    rows = known.writing.of_kind("incident_closed", wanted.start, wanted.end)
    names = dict.fromkeys(row.subject for row in rows if row.subject is not None)
    cases = (case_of(known.writing.about(name), name) for name in names)
    return [case.incident_id for case in cases if case is not None and wanted.has(case)]


def assessed(known: Known, incident_id: str, answers: Mapping[str, str], outcome: str, note: str | None) -> list[Event]:
    """Keep what a supervisor found.

    Parameters
    ----------
    answers
        For each question of the force's form, one of `ANSWERS`.
    outcome
        A key of the form's outcomes.

    Raises
    ------
    Unknown
        There is no such incident, or its details were purged.
    Conflict
        It is still open.
    InputError
        A question is missing or unknown, or an answer or the outcome is none.
    """
    case = case_of(known.writing.about(incident_id), incident_id)
    if case is None:
        raise Unknown(f"there is no incident {incident_id}")
    if case.stage == "open":
        raise Conflict(f"incident {incident_id} is still open: the initial response is assessed afterwards")
    _require_answers(known, answers, outcome)
    told = {"answers": dict(answers), "outcome": outcome, "note": note, "facts": dict(facts(case))}
    return [Event("assessed", incident_id, known.now, told)]


def _require_answers(known: Known, answers: Mapping[str, str], outcome: str) -> None:
    form = known.force.assessment
    faults = [unknown_name(BODY, f"answers.{key}", key, form.questions) for key in answers if key not in form.questions]
    for key, question in form.questions.items():
        if answers.get(key) not in ANSWERS:
            given = "nothing" if key not in answers else f'"{answers[key]}"'
            faults.append(Fault(BODY, "", f"answers.{key}", given, ", ".join(ANSWERS), question))
    if outcome not in form.outcomes:
        faults.append(unknown_name(BODY, "outcome", outcome, form.outcomes))
    if faults:
        raise InputError(faults)


def facts(case: Case) -> Mapping[str, object]:
    """Return what the record itself says of an initial response, for whoever assesses it; None is not known.

    Returns
    -------
    mapping
        ``first_sent_s`` and ``first_at_scene_s``, seconds from receipt; ``suggested_sent``, whether the first unit was
        the suggested one; ``reason``, why another was; ``history_checked``; ``raised_by``.
    """
    first = case.assignments[0] if case.assignments else None
    arrived = [item.at_scene_at for item in case.assignments if item.at_scene_at is not None]
    return {
        "first_sent_s": None if first is None else _after(case, first.assigned_at),
        "first_at_scene_s": _after(case, min(arrived)) if arrived else None,
        "suggested_sent": None if first is None else first.suggested,
        "reason": None if first is None else first.reason,
        "history_checked": case.risk is not None,
        "raised_by": list(case.raised_by),
    }


def _after(case: Case, moment: datetime) -> float:
    return (moment - case.received_at).total_seconds()


def outstanding(chosen: Sequence[str], done: Collection[str]) -> list[str]:
    """Return the incidents of a sample that nobody has assessed yet."""
    return [name for name in chosen if name not in done]
