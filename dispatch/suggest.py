"""From a ranked ledger to who should be sent together.

The nearest eligible unit is always first. Others join it only where the incident needs more people, more units, or a
skill that somebody near enough has.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dispatch.force import Force, Tag
from dispatch.model import Incident
from dispatch.recommendation import LedgerLine
from graphs.times import MS_PER_S


def suggest(
    eligible: Sequence[LedgerLine], incident: Incident, force: Force, coming: Sequence[LedgerLine] = ()
) -> tuple[list[LedgerLine], list[str]]:
    """Choose who goes, and name what is still unmet.

    Parameters
    ----------
    eligible
        Eligible lines with a time, soonest first.
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
    chosen += eligible[: max(missing, 0)]
    if not chosen:
        return [], []
    first = min((*coming, *eligible), key=lambda line: line.order)
    for _name, tag in tags:
        _add(chosen, _preferred(eligible, chosen, tag, first))
    for _name, tag in tags:
        while not _enough_people(chosen, tag) and _add(chosen, _next(eligible, chosen)):
            pass
    sent = sorted((line for line in chosen if line not in coming), key=lambda line: line.order)
    return sent, list(_unmet(chosen, incident, tags))


def _add(chosen: list[LedgerLine], line: LedgerLine | None) -> bool:
    if line is not None:
        chosen.append(line)
    return line is not None


def _next(eligible: Sequence[LedgerLine], chosen: Sequence[LedgerLine]) -> LedgerLine | None:
    return next((line for line in eligible if line not in chosen), None)


def _preferred(
    eligible: Sequence[LedgerLine], chosen: Sequence[LedgerLine], tag: Tag, first: LedgerLine
) -> LedgerLine | None:
    """Return the first unit with the preferred skill, if nobody chosen has it and it comes soon enough.

    A free unit goes before one that would leave another incident: a preference is a poor reason to divert.
    """
    skill, near_enough_s = tag.prefer_skill, tag.near_enough_s
    if skill is None or near_enough_s is None or any(skill in line.unit.skills for line in chosen):
        return None
    skilled = [line for line in eligible if skill in line.unit.skills and _within(line, first, near_enough_s)]
    return min(skilled, key=lambda line: (line.unit.committed, line.order), default=None)


def _within(line: LedgerLine, first: LedgerLine, seconds: int) -> bool:
    if line.eta is None or first.eta is None:
        return False
    return line.eta.time_ms - first.eta.time_ms <= seconds * MS_PER_S


def _enough_people(chosen: Sequence[LedgerLine], tag: Tag) -> bool:
    """Tell whether a tag's crew is met; an unknown crew counts as one officer, for somebody is driving."""
    if tag.crew is None or sum(line.unit.crew or 1 for line in chosen) >= tag.crew:
        return True
    return tag.or_units is not None and len(chosen) >= tag.or_units


def _unmet(chosen: Sequence[LedgerLine], incident: Incident, tags: Iterable[tuple[str, Tag]]) -> Iterable[str]:
    if len(chosen) < incident.units_needed:
        yield f"{incident.units_needed} units are needed; {len(chosen)} can be sent"
    for name, tag in tags:
        if not _enough_people(chosen, tag):
            units = f" or {tag.or_units} units" if tag.or_units else ""
            yield f"{name}: {tag.crew} people{units} are needed together"
        if tag.prefer_skill is not None and not any(tag.prefer_skill in line.unit.skills for line in chosen):
            yield f"{name}: nobody with {tag.prefer_skill} is within {tag.near_enough_s} s of the first"
