"""The words and numbers of a simulation's report, for people to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dispatch.force import Force, Setting
from scenarios.report_words import duration, share, target
from scenarios.results_compared import Difference, Finding
from scenarios.results_intervals import MOST, Estimate
from scenarios.results_measures import MEASURES, Key, Unit

NONE: Final = "\u2013"
TOO_FEW: Final = "too few to tell"
# Of so many things, tenths say nothing.
_WHOLE: Final = 100
_TIE: Final = "\u00a0"
_MINUS: Final = "\u2212"
FINDINGS: Final[Mapping[Finding, str]] = {
    "better": "better",
    "worse": "worse",
    "more": "more",
    "less": "less",
    "same": "the same",
    "cannot_tell": "cannot tell",
}
ACTIVITY_WORDS: Final[Mapping[str, str]] = {
    "mobilising": "Setting off",
    "briefing": "Briefing",
    "patrol": "On patrol",
    "station": "Waiting at a station",
    "break": "On a break",
    "en_route": "On the way to an incident",
    "at_scene": "At scene",
    "escort": "Escorting a prisoner",
    "custody": "In custody",
    "returning": "Returning to the station",
}
_SETTINGS: Final = {"urban": "Urban", "rural": "Rural", "unknown": "Setting not known"}
_ABUSE: Final = {"yes": "Domestic abuse", "no": "Everything else"}
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DIMENSION_WORDS: Final[Mapping[str, str]] = {
    "sector": "By sector",
    "hour": "By hour of receipt",
    "setting": "By setting",
    "domestic_abuse": "Domestic abuse or not",
    "area": "By area",
    "type": "By type",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A number of a table, with its interval below it where there is one."""

    text: str
    interval: str = ""


def number(value: float, unit: Unit) -> str:
    r"""Say a number of a measure.

    Examples
    --------
    >>> [number(v, u).replace("\u00a0", " ") for v, u in ((754, "s"), (0.5, "share"), (1234.5, "km"), (3.0, "number"))]
    ['12:34 min', '50.0%', '1,234 km', '3']
    """
    if unit == "s":
        return duration(value)
    if unit == "share":
        return share(value)
    if unit == "km":
        return f"{value:,.0f}{_TIE}km"
    text = f"{value:,.0f}" if value >= _WHOLE else f"{value:,.1f}".removesuffix(".0")
    return f"{text}{_TIE}h" if unit == "h" else text


def change(value: float, unit: Unit) -> str:
    r"""Say how much a number changes, with its sign; shares in percentage points.

    Examples
    --------
    >>> [change(v, u).replace("\u2212", "-").replace("\u00a0", " ") for v, u in ((-61, "s"), (0.02, "share"), (2, "h"))]
    ['-61 s', '+2.0 points', '+2 h']
    """
    text = f"{abs(100 * value):.1f}{_TIE}points" if unit == "share" else number(abs(value), unit)
    nothing = text in {f"0.0{_TIE}points", number(0, unit)}
    return text if nothing else f"{_MINUS if value < 0 else '+'}{text}"


def estimate_cell(key: Key, estimate: Estimate | None) -> Cell:
    """Say an estimate with its interval."""
    if estimate is None:
        return Cell(NONE)
    if estimate.few:
        return Cell(TOO_FEW)
    unit = MEASURES[key.measure].unit
    if estimate.low is None or estimate.high is None:
        return Cell(number(estimate.mean, unit))
    return Cell(number(estimate.mean, unit), _between(number(estimate.low, unit), number(estimate.high, unit)))


def _between(low: str, high: str) -> str:
    """Say that something is between two numbers, with what they are of once where it is the same."""
    end = "%" if high.endswith("%") else _TIE
    (least, found, unit), (_, _, other) = low.rpartition(end), high.rpartition(end)
    # Hours and minutes have two names for units, which stay together.
    same = found and unit == other and low.count(_TIE) == high.count(_TIE)
    return f"{least if same else low} to {high}"


def difference_cell(one: Difference) -> Cell:
    """Say a difference with its interval."""
    unit = MEASURES[one.key.measure].unit
    if one.low is None or one.high is None:
        return Cell(change(one.mean, unit))
    return Cell(change(one.mean, unit), _between(change(one.low, unit), change(one.high, unit)))


def needed_words(one: Difference) -> str:
    """Say how many replications it takes to tell a difference from chance."""
    if one.few or one.sd is None or one.finding == "same":
        return NONE
    return f"more than {MOST:,}" if one.needed is None else f"{one.needed:,}"


def key_words(key: Key, force: Force) -> str:
    """Say what a number is of.

    Examples
    --------
    >>> key_words(Key("in_target", "emergency"), Force.default())
    'Share in target: Emergency'
    """
    of = [*([grade_words(key.grade, force)] if key.grade else []), *([group_words(key)] if key.dimension else [])]
    label = MEASURES[key.measure].label
    return f"{label}: {', '.join(of)}" if of else label


def grade_words(grade: str, force: Force) -> str:
    """Say a grade."""
    return force.grades[grade].label if grade in force.grades else grade


def target_of_grade(grade: str, setting: Setting, force: Force) -> str:
    """Say a grade and what it is held to.

    Examples
    --------
    >>> target_of_grade("emergency", "rural", Force.default())
    'Emergency, rural: 20 minutes'
    """
    where = "" if setting == "unknown" else f", {setting}"
    target_s = force.target_s(grade, setting)
    return f"{grade_words(grade, force)}{where}: {'no target' if target_s is None else target(target_s)}"


def group_words(key: Key) -> str:
    """Say a group of a dimension.

    Examples
    --------
    >>> group_words(Key("coverage", "", "week_hour", "1 07")), group_words(Key("incidents", "", "sector", ""))
    ('Mon 07:00', 'Sector not known')
    """
    dimension, group = key.dimension, key.group
    if not group:
        return f"{dimension.capitalize()} not known"
    if dimension == "hour":
        return f"{group}:00"
    if dimension == "week_hour":
        day, hour = group.split(" ")
        return f"{_DAYS[int(day) - 1]} {hour}:00"
    known = {"setting": _SETTINGS, "domestic_abuse": _ABUSE, "activity": ACTIVITY_WORDS}
    return known.get(dimension, {}).get(group, group)
