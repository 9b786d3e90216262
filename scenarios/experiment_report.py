"""The report of a simulation: one page that opens without a network, and the numbers behind it.

The same results give equal bytes: nothing here reads a clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment

from scenarios import experiment_tables as tables
from scenarios import report_words as words
from scenarios.drawing import HEIGHT, WIDTH
from scenarios.experiment_figures import compared_figures, figures_of
from scenarios.experiment_map import SHADES, LateMap, late_map
from scenarios.experiment_notices import notices_of
from scenarios.experiment_words import DIMENSION_WORDS, Cell, estimate_cell, grade_words
from scenarios.report import page_environment
from scenarios.report_figures import Figure
from scenarios.results import Outcome, Results
from scenarios.results_compared import Comparison, comparisons_of
from scenarios.results_files import results_csv, results_json
from scenarios.results_measures import MEASURES, Key
from scenarios.results_places import grid_of
from scenarios.scenario import Scenario

REPORT: Final = "report.html"
NUMBERS: Final = "results.json"
TABLE: Final = "results.csv"
# Of what is told of a simulation, what the page says anyhow.
_ELSEWHERE: Final = frozenset({"format", "inputs", "scenario", "seed", "replications"})


@dataclass(frozen=True, slots=True)
class View:
    """A policy as the page shows it.

    Parameters
    ----------
    name
        A word for ids inside the page.
    groups
        For each dimension its title, plot and table.
    maps
        Of which incidents, the map, and the worst squares.
    """

    name: str
    policy: str
    figures: Mapping[str, Figure]
    response: tables.Table | None
    groups: tuple[tuple[str, Figure | None, tables.Table], ...]
    queue: tables.Table | None
    nearest: tables.Table | None
    units: tables.Table | None
    activities: tables.Table | None
    hours: tables.Table | None
    sums: tables.Table
    maps: tuple[tuple[str, LateMap, tables.Table], ...]


@dataclass(frozen=True, slots=True)
class Held:
    """Two policies held against each other, as the page shows them."""

    comparison: Comparison
    table: tables.Table
    figures: tuple[Figure, ...]


def write_results(out: Path, scenario: Scenario, results: Results, about: Mapping[str, Any]) -> None:
    """Write ``results.json``, ``results.csv`` and ``report.html`` into a folder, in place of what has these names.

    Parameters
    ----------
    out
        The folder; is made if it is not there.
    about
        How it was simulated, as ``manifest.json`` has it. The page repeats it, and so does the JSON.

    Raises
    ------
    InputError
        Replications of one number met different incidents.
    """
    compared = comparisons_of(results)
    out.mkdir(parents=True, exist_ok=True)
    (out / NUMBERS).write_bytes(results_json(scenario, results, compared, about))
    with (out / TABLE).open("w", encoding="utf-8", newline="") as file:
        file.write(results_csv(results))
    (out / REPORT).write_text(report_html(scenario, results, compared, about), encoding="utf-8", newline="\n")


def report_html(scenario: Scenario, results: Results, compared: Sequence[Comparison], about: Mapping[str, Any]) -> str:
    """Return the page."""
    force = scenario.force
    views = [_view(scenario, number, outcome) for number, outcome in enumerate(results.outcomes, start=1)]
    held = [
        Held(one, tables.comparison_table(one, force), tuple(compared_figures(f"c{number}", one, force)))
        for number, one in enumerate(compared, start=1)
    ]
    page = _environment(force.time_zone).get_template("experiment.html.j2")
    return page.render(
        scenario=scenario,
        end=scenario.start + timedelta(hours=scenario.hours),
        force=force,
        network=scenario.network,
        results=results,
        cards=list(_cards(scenario, results.outcomes[0])),
        headline=tables.headline_table(results, force),
        held=held,
        views=views,
        notices=notices_of(results),
        about=list(_flat({name: value for name, value in about.items() if name not in _ELSEWHERE})),
        paper=(WIDTH, HEIGHT),
        shades=[label for _, label in SHADES],
    )


def _view(scenario: Scenario, number: int, outcome: Outcome) -> View:
    name, force = f"p{number}", scenario.force
    figures = figures_of(name, outcome, force)
    groups = [(key, title, tables.group_table(outcome, force, key)) for key, title in DIMENSION_WORDS.items()]
    queue, nearest = tables.queue_table(outcome, force), tables.nearest_table(outcome, force)
    return View(
        name=name,
        policy=outcome.policy,
        figures=figures,
        response=tables.response_table(outcome, force),
        groups=tuple((title, figures.get(key), table) for key, title, table in groups if table is not None),
        queue=queue,
        nearest=nearest,
        units=tables.unit_table(outcome),
        activities=tables.activity_table(outcome),
        hours=tables.hours_table(outcome),
        sums=tables.sums_table(outcome),
        maps=tuple(_maps(scenario, outcome)),
    )


def _maps(scenario: Scenario, outcome: Outcome) -> Iterator[tuple[str, LateMap, tables.Table]]:
    network, grid = scenario.network, grid_of(scenario.network)
    urgent = scenario.force.most_urgent_grade
    for label, cells in (
        (grade_words(urgent, scenario.force), [cell for cell in outcome.cells if cell.grade == urgent]),
        ("All grades", list(outcome.cells)),
    ):
        if drawn := late_map(network, grid, cells):
            yield label, drawn, tables.worst_table(drawn)


@dataclass(frozen=True, slots=True)
class Card:
    """A number that stands out, with what it is and what goes with it."""

    label: str
    cell: Cell
    more: str


def _cards(scenario: Scenario, outcome: Outcome) -> Iterator[Card]:
    force, urgent = scenario.force, scenario.force.most_urgent_grade
    label = grade_words(urgent, force)
    for key, of in (
        (Key("in_target", urgent), label),
        (Key("response_median_s", urgent), label),
        (Key("response_p90_s", urgent), label),
        (Key("in_target", "", "domestic_abuse", "yes"), "Domestic abuse"),
        (Key("waited"), "All grades"),
        (Key("nearest_sent"), "All grades"),
        (Key("utilisation"), "All units"),
        (Key("coverage"), label),
    ):
        yield Card(MEASURES[key.measure].label, estimate_cell(key, outcome.estimates.get(key)), of)


def _environment(zone: str) -> Environment:
    made = page_environment()
    made.filters.update(
        count=words.count,
        metres=words.metres,
        moment=partial(words.moment, time_zone=zone),
        day=partial(words.day, time_zone=zone),
    )
    return made


def _flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Yield the names and values of nested tables, for people."""
    for name, value in values.items():
        label = f"{before}{name}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{label}: ")
        elif isinstance(value, list | tuple) and any(isinstance(one, Mapping) for one in value):
            for number, one in enumerate(value, start=1):
                yield from _flat(one, f"{label} {number}: ")
        elif isinstance(value, list | tuple):
            yield label, ", ".join(map(str, value)) or "none"
        else:
            yield label, "none" if value is None else str(value)
