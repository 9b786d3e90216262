"""The plots of a simulation's report, each with the words that say what it shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from dispatch.force import Force
from scenarios.drawing_plots import Dot, rates_plot
from scenarios.experiment_plots import (
    Point,
    Times,
    Whisker,
    hours_plot,
    response_plot,
    shares_plot,
    week_plot,
    whiskers_plot,
)
from scenarios.experiment_tables import groups_of, held_to
from scenarios.experiment_words import TOO_FEW, change, difference_cell, grade_words, group_words, key_words, number
from scenarios.report_figures import Figure, figure
from scenarios.report_words import share
from scenarios.results import Outcome
from scenarios.results_compared import Comparison, Difference
from scenarios.results_intervals import Estimate
from scenarios.results_measures import MEASURES, PERCENTILES, Key

_MOST_ROWS: Final = 40
_HOURS_OF_A_DAY: Final = 24
# Letters of a name beside a plot.
_LONGEST: Final = 40
_BAR: Final = "the bar is the 95% interval"
_LINE: Final = "The dashed line is the share of all."
_BY: Final = {
    "sector": "sector",
    "setting": "setting",
    "domestic_abuse": "domestic abuse or not",
    "area": "area",
    "type": "type",
}


def figures_of(name: str, outcome: Outcome, force: Force) -> Mapping[str, Figure]:
    """Return the plots of a policy by name; one that would show nothing is not among them.

    Parameters
    ----------
    name
        A word, unlike that of any other policy in the page.
    """
    return dict(_figures(name, outcome, force))


def _figures(name: str, outcome: Outcome, force: Force) -> Iterator[tuple[str, Figure]]:
    if rows := _times(outcome, force):
        yield "response", _response(f"{name}-response", rows)
    urgent = force.most_urgent_grade
    for dimension, by in _BY.items():
        if len(groups_of(outcome, "in_target", dimension, urgent)) > 1:
            yield dimension, _in_target(f"{name}-{dimension}", outcome, force, dimension, by)
    if any(_shown(outcome, key) for key in groups_of(outcome, "in_target", "hour", urgent)):
        yield "hour", _hours(f"{name}-hour", outcome, Key("in_target", urgent), grade_words(urgent, force))
    if units := groups_of(outcome, "utilisation", "unit"):
        yield "unit", _units(f"{name}-unit", outcome, units)
    if groups_of(outcome, "utilisation", "hour"):
        yield "busy", _hours(f"{name}-busy", outcome, Key("utilisation"), "")
    if groups_of(outcome, "coverage", "hour"):
        yield "coverage", _coverage(f"{name}-coverage", outcome)


def _mean(outcome: Outcome, key: Key) -> float | None:
    found = outcome.shown(key)
    return None if found is None else found.mean


def _shown(outcome: Outcome, key: Key) -> bool:
    return outcome.shown(key) is not None


def _times(outcome: Outcome, force: Force) -> list[Times]:
    return [
        _row(label, outcome, key, target_s) for label, key, target_s in held_to(outcome, force) if target_s is not None
    ]


def _row(label: str, outcome: Outcome, key: Key, target_s: int) -> Times:
    found = {name: outcome.shown(key._replace(measure=f"response_{name}_s")) for name in PERCENTILES}
    shares = {name: one.mean / target_s for name, one in found.items() if one is not None}
    p90 = found["p90"]
    if p90 is None or p90.low is None or p90.high is None:
        return Times(label, shares)
    return Times(label, shares, p90.low / target_s, p90.high / target_s)


def _response(name: str, rows: Sequence[Times]) -> Figure:
    caption = (
        "Response times as shares of the target: half, three quarters, nine tenths and nineteen twentieths of the "
        "incidents were reached within the times marked. The thick bar is the 95% interval of the 90%; the dashed line "
        "is the target."
    )
    told = "; ".join(
        f"{row.label}: " + (", ".join(f"{each} {share(value)}" for each, value in row.shares.items()) or TOO_FEW)
        for row in rows
    )
    return figure(response_plot(name, rows), caption, f"{told}.")


def _in_target(name: str, outcome: Outcome, force: Force, dimension: str, by: str) -> Figure:
    urgent = force.most_urgent_grade
    groups = groups_of(outcome, "in_target", dimension, urgent)[:_MOST_ROWS]
    label = grade_words(urgent, force)
    caption = f"Share in target by {by}, {label}; {_BAR}. {_LINE}"
    dots = [_dot(key, outcome.estimates[key]) for key in groups]
    drawn = rates_plot(name, dots, _mean(outcome, Key("in_target", urgent)), "share in target, of all replications")
    return figure(drawn, caption, f"{_told(outcome, groups)}.")


def _dot(key: Key, estimate: Estimate) -> Dot:
    label = _beside(group_words(key))
    if estimate.few:
        return Dot(label, None, None, None, estimate.n)
    return Dot(label, estimate.mean, estimate.low, estimate.high, estimate.n)


def _beside(name: str) -> str:
    """Cut a name to what leaves room for the plot beside it; tables have all of it."""
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1].rstrip()}\u2026"


def _told(outcome: Outcome, keys: Sequence[Key]) -> str:
    return "; ".join(f"{group_words(key)}: {_number(key, outcome.shown(key))}" for key in keys)


def _number(key: Key, estimate: Estimate | None) -> str:
    return TOO_FEW if estimate is None else number(estimate.mean, MEASURES[key.measure].unit)


def _hours(name: str, outcome: Outcome, key: Key, of: str) -> Figure:
    keys = [key._replace(dimension="hour", group=f"{hour:02d}") for hour in range(_HOURS_OF_A_DAY)]
    label = MEASURES[key.measure].label
    below = "hour of receipt" if of else "hour of the day"
    points = [_point(each, outcome, each.group) for each in keys]
    drawn = hours_plot(name, points, _mean(outcome, key), below, label.lower())
    caption = f"{label} by {below}, local time{f', {of}' if of else ''}; {_BAR}. {_LINE}"
    return figure(drawn, caption, f"{_told(outcome, [each for each in keys if each in outcome.estimates])}.")


def _point(key: Key, outcome: Outcome, label: str) -> Point:
    found = outcome.shown(key)
    return Point(label, None, None, None) if found is None else Point(label, found.mean, found.low, found.high)


def _units(name: str, outcome: Outcome, units: Sequence[Key]) -> Figure:
    busiest = sorted(units, key=lambda key: (-outcome.estimates[key].mean, key.group))
    shown = busiest[:_MOST_ROWS]
    caption = f"Utilisation: the share of its time on duty for which each unit was bound to incidents; {_BAR}. {_LINE}"
    if len(shown) < len(units):
        caption += f" Shown are the {len(shown)} busiest of {len(units)}; results.csv has them all."
    points = [_point(key, outcome, _beside(key.group)) for key in shown]
    drawn = shares_plot(name, points, _mean(outcome, Key("utilisation")), "share of time on duty")
    return figure(drawn, caption, f"{_told(outcome, shown)}.")


def _coverage(name: str, outcome: Outcome) -> Figure:
    weekly = groups_of(outcome, "coverage", "week_hour")
    if len(weekly) <= _HOURS_OF_A_DAY:
        return _hours(name, outcome, Key("coverage"), "")
    points = [_point(key, outcome, group_words(key)) for key in weekly]
    least = min(weekly, key=lambda key: outcome.estimates[key].mean)
    caption = (
        "Coverage over the week: the share of the demand that a free unit could have reached within the target of the "
        f"most urgent grade; the band is the 95% interval. {_LINE}"
    )
    told = f"Least at {group_words(least)}: {_number(least, outcome.shown(least))}."
    return figure(week_plot(name, points, _mean(outcome, Key("coverage")), "coverage"), caption, told)


def compared_figures(name: str, comparison: Comparison, force: Force) -> Iterator[Figure]:
    """Yield the differences between two with their intervals: shares in points, all else in percent of the base."""
    known = [one for one in comparison.differences if one.low is not None and one.high is not None and not one.few]
    percent = f"percent of what {comparison.base} has"
    for kind, units, along in (
        ("shares", ("share",), "percentage points"),
        ("times", ("s",), percent),
        ("others", ("number", "h", "km"), percent),
    ):
        rows = [one for one in known if MEASURES[one.key.measure].unit in units and (kind == "shares" or one.base)]
        if rows:
            caption = (
                f"{comparison.other} less {comparison.base}, in {along}, with 95% intervals. Round is better, a "
                "diamond worse; a grey square may be chance, or is neither."
            )
            told = "; ".join(f"{key_words(one.key, force)}: {_change(one)}" for one in rows)
            drawn = whiskers_plot(f"{name}-{kind}", [_whisker(one, force) for one in rows], along)
            yield figure(drawn, caption, f"{told}.")


def _change(one: Difference) -> str:
    cell = difference_cell(one)
    return f"{change(one.mean, MEASURES[one.key.measure].unit)}, {cell.interval}"


def _whisker(one: Difference, force: Force) -> Whisker:
    scale = 100.0 if MEASURES[one.key.measure].unit == "share" else 100 / one.base
    good = {"better": True, "worse": False}.get(one.finding)
    low, high = (0.0 if bound is None else bound for bound in (one.low, one.high))
    return Whisker(key_words(one.key, force), scale * one.mean, scale * low, scale * high, good)
