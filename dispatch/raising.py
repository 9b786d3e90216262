"""What raises an incident's grade. A grade is never lowered here, and a person's decision is not undone.

A reason counts once: when it comes up, it raises; where a person has graded the incident since, it is told again and
changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dispatch.force import Force
from dispatch.force_risk import rank


@dataclass(frozen=True, slots=True)
class Reason:
    """Something that raises an incident to a grade.

    Parameters
    ----------
    name
        The rule of the force profile, and the marker that meets it where one does.
    said
        A sentence.
    to
        The grade.
    """

    name: str
    said: str
    to: str


@dataclass(frozen=True, slots=True)
class Raised:
    """What came of the reasons.

    Parameters
    ----------
    grade
        The grade that the incident has then.
    because
        Sentences of the reasons that raised it; none where nothing did.
    rows
        Every reason as JSON values, with whether it raised the grade.
    """

    grade: str
    because: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]


def reasons_of(force: Force, tags: Collection[str], markers: Sequence[Mapping[str, Any]]) -> Iterator[Reason]:
    """Yield the reasons that hold for an incident.

    Parameters
    ----------
    tags
        That it has.
    markers
        As `dispatch.concern.markers_of` gives them.
    """
    for key, rule in force.risk.raises.items():
        if not set(rule.tags) <= set(tags):
            continue
        if rule.marker is None:
            yield Reason(key, rule.label, rule.to)
            continue
        for marker in markers:
            if marker["in_force"] and marker["holds"] and rank(marker["level"]) >= rank(rule.marker):
                name, until = marker["marker_id"], marker["raised_until"]
                # A release is news: it counts although the marker itself has come up before.
                each = f"{key}:{name}" if until is None else f"{key}:{name}:{until}"
                yield Reason(each, f"{rule.label} (marker {name}, {marker['role']})", rule.to)


def raised(force: Force, grade: str, reasons: Sequence[Reason], told: Collection[str]) -> Raised:
    """Raise a grade.

    Parameters
    ----------
    grade
        The grade that the incident has.
    told
        Names of reasons that came up before.
    """
    new = [each for each in reasons if each.name not in told and force.outranks(each.to, grade)]
    to = min((each.to for each in new), key=lambda key: force.grade(key).rank, default=grade)
    rows = tuple(_row(force, grade, each, raises=each in new) for each in reasons)
    return Raised(to, tuple(each.said for each in new), rows)


def _row(force: Force, grade: str, reason: Reason, *, raises: bool) -> dict[str, Any]:
    said = reason.said
    if not raises and force.outranks(reason.to, grade):
        said = f"{said}: not raised to {reason.to} again, for a person has graded it since"
    return {"reason": reason.name, "to": reason.to, "raised": raises, "said": said}
