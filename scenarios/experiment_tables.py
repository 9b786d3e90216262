"""The tables of a simulation's report, as words for a template to set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, cast

from dispatch.force import Force, Setting
from scenarios.experiment_map import LateMap
from scenarios.experiment_words import (
    DIMENSION_WORDS,
    FINDINGS,
    NONE,
    TOO_FEW,
    Cell,
    difference_cell,
    estimate_cell,
    grade_words,
    group_words,
    key_words,
    needed_words,
    number,
    target_of_grade,
)
from scenarios.results import Outcome, Results
from scenarios.results_compared import Comparison, Difference
from scenarios.results_measures import MEASURES, Key
from scenarios.results_places import Cell as LateCell

# More rows than this are for `results.csv`.
MOST_ROWS: Final = 60
# Measures by the heads of their columns.
_RESPONSE: Final = {
    "Incidents": "incidents",
    "In target": "in_target",
    "In target, of all": "in_target_of_all",
    "Median": "response_median_s",
    "75% within": "response_p75_s",
    "90% within": "response_p90_s",
    "95% within": "response_p95_s",
    "Open, target not up": "pending",
}
_QUEUE: Final = {
    "Incidents": "incidents",
    "Waited": "waited",
    "Mean wait": "wait_mean_s",
    "90% within": "wait_p90_s",
    "Lost": "lost",
    "Open at the end": "open",
    "Enough there": "enough",
    "Median until enough": "enough_median_s",
}
_NEAREST: Final = {
    "Incidents": "incidents",
    "Nearest-sent rate": "nearest_sent",
    "Mean time lost where another was sent": "behind_mean_s",
}
_UNIT: Final = {
    "On duty": "duty_h",
    "Utilisation": "utilisation",
    "Sent": "assignments",
    "Driven to incidents": "km",
    "Diverted": "diverted",
}
_HOUR: Final = {"On duty": "on_duty", "Utilisation": "utilisation", "Coverage": "coverage", "Free": "free"}
_GROUP: Final = {"Incidents": "incidents", "In target": "in_target", "Waited": "waited", "Nearest sent": "nearest_sent"}
_URGENT: Final = {"in target": "in_target", "median": "response_median_s", "90% within": "response_p90_s"}
_SUMS: Final = (
    *("queue_longest", "queue_mean", "lost", "open", "diverted", "relieved", "breaks_missed", "late_starts"),
    *("overtime_h", "assignments", "km", "coverage", "coverage_least", "free"),
)


@dataclass(frozen=True, slots=True)
class Table:
    """A table: the head of its first column, of the others, and rows with a label each.

    Parameters
    ----------
    left_out
        How many rows more there are.
    """

    title: str
    first: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    left_out: int = 0


def headline_table(results: Results, force: Force) -> Table:
    """Return what a reader asks first, policies beside each other."""
    keys = [key for key in results.headline if any(key in outcome.estimates for outcome in results.outcomes)]
    rows = [
        (key_words(key, force), tuple(estimate_cell(key, one.estimates.get(key)) for one in results.outcomes))
        for key in keys
    ]
    return Table("What it comes to", "Measure", tuple(one.policy for one in results.outcomes), tuple(rows))


def comparison_table(comparison: Comparison, force: Force) -> Table:
    """Return the differences between two."""
    columns = (comparison.base, comparison.other, "Difference", "Finding", "Replications to tell")
    rows = [(key_words(one.key, force), tuple(_compared(one))) for one in comparison.differences]
    return Table(f"{comparison.other} against {comparison.base}", "Measure", columns, tuple(rows))


def _compared(one: Difference) -> Iterator[Cell]:
    unit = MEASURES[one.key.measure].unit
    yield Cell(number(one.base, unit))
    yield Cell(number(one.other, unit))
    yield difference_cell(one)
    yield Cell(TOO_FEW if one.few else FINDINGS[one.finding])
    yield Cell(needed_words(one))


def _table(
    outcome: Outcome, title: str, first: str, columns: Mapping[str, str], rows: Iterable[tuple[str, Key]]
) -> Table | None:
    """Return a table of some measures, a row for each group: the key of a row stands for all its measures."""
    found = [(label, tuple(_cells(outcome, key, columns.values()))) for label, key in rows]
    if not found:
        return None
    return Table(title, first, tuple(columns), tuple(found[:MOST_ROWS]), max(len(found) - MOST_ROWS, 0))


def _cells(outcome: Outcome, key: Key, measures: Iterable[str]) -> Iterator[Cell]:
    for measure in measures:
        of = key._replace(measure=measure)
        yield estimate_cell(of, outcome.estimates.get(of))


def _grades(outcome: Outcome, force: Force) -> list[str]:
    ordered = sorted(force.grades, key=lambda key: force.grades[key].rank)
    return [grade for grade in ordered if Key("incidents", grade) in outcome.estimates]


def groups_of(outcome: Outcome, measure: str, dimension: str, grade: str = "") -> list[Key]:
    """Return the groups of a dimension that a measure is known of, in order."""
    found = outcome.estimates
    return [key for key in found if (key.measure, key.dimension, key.grade) == (measure, dimension, grade)]


def held_to(outcome: Outcome, force: Force) -> list[tuple[str, Key, int | None]]:
    """Return each grade and setting with its words and target in seconds, most urgent first."""
    return [
        (target_of_grade(grade, setting, force), key, force.target_s(grade, setting))
        for grade in _grades(outcome, force)
        for key in groups_of(outcome, "incidents", "setting", grade)
        for setting in [cast("Setting", key.group)]
    ]


def response_table(outcome: Outcome, force: Force) -> Table | None:
    """Return response times against target."""
    rows = [(label, key) for label, key, _ in held_to(outcome, force)]
    return _table(outcome, "Response times", "Grade and target", _RESPONSE, rows)


def _by_grade(outcome: Outcome, force: Force) -> list[tuple[str, Key]]:
    each = [(grade_words(grade, force), Key("incidents", grade)) for grade in _grades(outcome, force)]
    return [*each, ("All grades", Key("incidents"))] if each else []


def queue_table(outcome: Outcome, force: Force) -> Table | None:
    """Return how long incidents waited for a unit."""
    return _table(outcome, "Waiting for a unit", "Grade", _QUEUE, _by_grade(outcome, force))


def nearest_table(outcome: Outcome, force: Force) -> Table | None:
    """Return how often the nearest was sent."""
    return _table(outcome, "The nearest that could go", "Grade", _NEAREST, _by_grade(outcome, force))


def group_table(outcome: Outcome, force: Force, dimension: str) -> Table | None:
    """Return the incidents of each group: of all grades, and of the most urgent, whose times can be put together.

    None where there are not two groups.
    """
    groups = groups_of(outcome, "incidents", dimension)
    if len(groups) <= 1:
        return None
    urgent = force.most_urgent_grade
    heads = [*_GROUP, *(f"{grade_words(urgent, force)}: {head}" for head in _URGENT)]
    rows = [
        (group_words(key), (*_cells(outcome, key, _GROUP.values()), *_urgent(outcome, key, urgent))) for key in groups
    ]
    title = DIMENSION_WORDS[dimension]
    return Table(title, "Which incidents", tuple(heads), tuple(rows[:MOST_ROWS]), max(len(rows) - MOST_ROWS, 0))


def _urgent(outcome: Outcome, key: Key, grade: str) -> Iterator[Cell]:
    return _cells(outcome, key._replace(grade=grade), _URGENT.values())


def unit_table(outcome: Outcome) -> Table | None:
    """Return what each unit did."""
    rows = [(key.group, key) for key in groups_of(outcome, "duty_h", "unit")]
    return _table(outcome, "Units", "Unit", _UNIT, rows)


def activity_table(outcome: Outcome) -> Table | None:
    """Return how the time on duty was spent."""
    rows = [(group_words(key), key) for key in groups_of(outcome, "activity", "activity")]
    return _table(outcome, "How the time on duty was spent", "Activity", {"Share": "activity"}, rows)


def hours_table(outcome: Outcome) -> Table | None:
    """Return units and coverage by hour of the day."""
    rows = [(group_words(key), key) for key in groups_of(outcome, "on_duty", "hour")]
    return _table(outcome, "Units and coverage", "Hour", _HOUR, rows)


def worst_table(drawn: LateMap) -> Table:
    """Return the squares in which most are late, with how late those are that somebody reached."""
    rows = [(middle, tuple(_late_cells(cell))) for middle, cell in drawn.worst]
    heads = ("With a target", "Late", "Late by, on average")
    return Table("Where most are late", "Middle of the square", heads, tuple(rows))


def _late_cells(cell: LateCell) -> Iterator[Cell]:
    yield Cell(f"{cell.decided:,}")
    yield Cell(number(cell.late / cell.decided, "share"))
    yield Cell(NONE if cell.timed == 0 else number(cell.lateness_ms / cell.timed / 1_000, "s"))


def sums_table(outcome: Outcome) -> Table:
    """Return the numbers that are of the whole, a row each."""
    keys = [Key(name) for name in _SUMS if Key(name) in outcome.estimates]
    rows = [(MEASURES[key.measure].label, (estimate_cell(key, outcome.estimates[key]),)) for key in keys]
    return Table("In one replication, over the whole period", "Measure", ("Mean",), tuple(rows))
