"""The nearest-sent rate by grade, domestic abuse or not, sector, hour and shift."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from dispatch.force import Force
from scenarios.audit_headline import Counts, Measure, counts_of, lost_of, measure_of
from scenarios.audit_words import grade_label
from scenarios.rates import SMALL, Difference, Spread, difference
from scenarios.verdict import Verdict

_SHIFTS: Final = ("early", "late", "night")


@dataclass(frozen=True, slots=True)
class Group:
    """The incidents that have something in common.

    Parameters
    ----------
    key, label
        What they share, as the verdicts have it and for people; an empty key is that it is not known.
    counts
        By class; over the groups of one grouping they add up to those of the headline.
    good
        The nearest-sent rate.
    lost_not_sent_s
        Seconds lost where a nearer unit could have gone.
    small
        Fewer than `SMALL` were judged: its rate, interval and percentiles say little, and are not to be shown.
    """

    key: str
    label: str
    counts: Counts
    good: Measure
    lost_not_sent_s: Spread
    small: bool


@dataclass(frozen=True, slots=True)
class Groups:
    """The same incidents, grouped in five ways.

    Parameters
    ----------
    grade
        Most urgent first; then what the force profile does not know.
    domestic_abuse
        ``yes``, ``no``.
    sector
        By name; then those of no known sector.
    hour
        All 24, local.
    shift
        ``early``, ``late``, ``night``; then any other.
    abuse_of_judged, abuse_of_attended
        The nearest-sent rate at domestic abuse less that at everything else, by both denominators.
    """

    grade: tuple[Group, ...]
    domestic_abuse: tuple[Group, ...]
    sector: tuple[Group, ...]
    hour: tuple[Group, ...]
    shift: tuple[Group, ...]
    abuse_of_judged: Difference
    abuse_of_attended: Difference


def groups_of(verdicts: Sequence[Verdict], force: Force) -> Groups:
    """Return the numbers of every group."""
    grades = sorted(force.grades, key=lambda key: force.grades[key].rank)
    abuse = _grouped(verdicts, lambda one: "yes" if one.domestic_abuse else "no", ("yes", "no"), _abuse_label)
    yes, no = abuse
    return Groups(
        grade=_grouped(verdicts, lambda one: one.grade, grades, lambda key: grade_label(force, key)),
        domestic_abuse=abuse,
        sector=_grouped(verdicts, lambda one: one.sector, (), lambda key: key or "Sector not known"),
        hour=_grouped(verdicts, lambda one: f"{one.hour:02d}", [f"{hour:02d}" for hour in range(24)], _hour_label),
        shift=_grouped(verdicts, lambda one: one.shift, _SHIFTS, lambda key: key.capitalize() or "Shift not known"),
        abuse_of_judged=difference(yes.good.of_judged, no.good.of_judged),
        abuse_of_attended=difference(yes.good.of_attended, no.good.of_attended),
    )


def _abuse_label(key: str) -> str:
    return "Domestic abuse" if key == "yes" else "Everything else"


def _hour_label(key: str) -> str:
    return f"{key}:00"


def _grouped(
    verdicts: Iterable[Verdict], key_of: Callable[[Verdict], str], always: Sequence[str], label: Callable[[str], str]
) -> tuple[Group, ...]:
    """Return the groups there always are, in their order, then others by key; not known comes last."""
    found = defaultdict[str, list[Verdict]](list)
    for one in verdicts:
        found[key_of(one)].append(one)
    others = sorted(found.keys() - set(always), key=lambda key: (not key, key))
    return tuple(_group(key, label(key), found.get(key, [])) for key in (*always, *others))


def _group(key: str, label: str, verdicts: Sequence[Verdict]) -> Group:
    counts = counts_of(verdicts)
    return Group(
        key=key,
        label=label,
        counts=counts,
        good=measure_of(counts.good, counts),
        lost_not_sent_s=lost_of(verdicts, ["nearer_eligible_not_sent"]),
        small=counts.judged < SMALL,
    )
