"""From a ranked ledger to who should be sent together.

The nearest eligible unit is always first. Others join it only where the incident needs more people, more units, or a
skill that somebody near enough has.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice, takewhile
from typing import Any, Protocol, TypeVar

from dispatch.force import Force, Tag
from dispatch.model import Incident, Unit
from graphs.times import MS_PER_S


class Candidate(Protocol):
    """What is looked at to choose who goes; a line of the ledger is one."""

    @property
    def unit(self) -> Unit:
        """The unit, of which crew, skills and whether it is committed count."""

    @property
    def order(self) -> tuple[bool, int, Any]:
        """Sort key: whether it has no time, milliseconds, and what tells equal times apart."""


Line = TypeVar("Line", bound=Candidate)


def suggest(
    eligible: Iterable[Line], incident: Incident, force: Force, coming: Sequence[Line] = ()
) -> tuple[list[Line], list[str]]:
    """Choose who goes, and name what is still unmet.

    Parameters
    ----------
    eligible
        Eligible lines with a time, soonest first; gone through again and again, each time only as far as it takes.
    coming
        Lines of the units that are bound to the incident already: what they bring is not asked for again.

    Returns
    -------
    suggested, unmet
        Lines to send, soonest first, and sentences for requirements that neither they nor those coming meet.
    """
    tags = [(name, force.tags[name]) for name in sorted(incident.tags & force.tags.keys())]
    chosen = list(coming)
    missing = max(incident.units_needed, 1) - len(coming)
    chosen += islice(eligible, max(missing, 0))
    if not chosen:
        return [], []
    for _name, tag in tags:
        _add(chosen, _preferred(eligible, chosen, tag, coming))
    for _name, tag in tags:
        while not _enough_people(chosen, tag) and _add(chosen, _next(eligible, chosen)):
            pass
    sent = sorted((line for line in chosen if line not in coming), key=lambda line: line.order)
    return sent, list(_unmet(chosen, incident, tags))


def _add(chosen: list[Line], line: Line | None) -> bool:
    if line is not None:
        chosen.append(line)
    return line is not None


def _next(eligible: Iterable[Line], chosen: Sequence[Line]) -> Line | None:
    return next((line for line in eligible if line not in chosen), None)


def _preferred(eligible: Iterable[Line], chosen: Sequence[Line], tag: Tag, coming: Sequence[Line]) -> Line | None:
    """Return the first unit with the preferred skill, if nobody chosen has it and it comes soon enough.

    A free unit goes before one that would leave another incident: a preference is a poor reason to divert.
    """
    skill, near_enough_s = tag.prefer_skill, tag.near_enough_s
    if skill is None or near_enough_s is None or any(skill in line.unit.skills for line in chosen):
        return None
    first = min((*coming, *islice(eligible, 1)), key=lambda line: line.order)
    near = takewhile(lambda line: _within(line, first, near_enough_s), eligible)
    bound = None
    for line in near:
        if skill in line.unit.skills and not line.unit.committed:
            return line
        if skill in line.unit.skills and bound is None:
            bound = line
    return bound


def _within(line: Candidate, first: Candidate, seconds: int) -> bool:
    (timeless, time_ms, _), (without, first_ms, _) = line.order, first.order
    return not timeless and not without and time_ms - first_ms <= seconds * MS_PER_S


def _enough_people(chosen: Sequence[Candidate], tag: Tag) -> bool:
    return enough_people([line.unit.crew for line in chosen], tag)


def enough_people(crews: Sequence[int | None], tag: Tag) -> bool:
    """Tell whether a tag's crew is met; an unknown crew counts as one officer, for somebody is driving."""
    if tag.crew is None or sum(crew or 1 for crew in crews) >= tag.crew:
        return True
    return tag.or_units is not None and len(crews) >= tag.or_units


def _unmet(chosen: Sequence[Candidate], incident: Incident, tags: Iterable[tuple[str, Tag]]) -> Iterable[str]:
    if len(chosen) < incident.units_needed:
        yield f"{incident.units_needed} units are needed; {len(chosen)} can be sent"
    for name, tag in tags:
        if not _enough_people(chosen, tag):
            units = f" or {tag.or_units} units" if tag.or_units else ""
            yield f"{name}: {tag.crew} people{units} are needed together"
        if tag.prefer_skill is not None and not any(tag.prefer_skill in line.unit.skills for line in chosen):
            yield f"{name}: nobody with {tag.prefer_skill} is within {tag.near_enough_s} s of the first"
