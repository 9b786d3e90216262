"""The results of a simulation for other programs: JSON and one long CSV table. Equal results are equal bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Final

import orjson

from graphs.errors import Fault, InputError
from scenarios.cells import write_table
from scenarios.results import Outcome, Results, Run
from scenarios.results_compared import Comparison, comparison
from scenarios.results_intervals import Estimate
from scenarios.results_measures import MEASURES, Key, Value
from scenarios.results_places import Cell, Grid, grid_of
from scenarios.scenario import Scenario

FORMAT: Final = 1
COLUMNS: Final = (
    *("policy", "measure", "grade", "dimension", "group", "n", "replications", "mean", "low", "high", "unit", "few"),
)
_ESTIMATE: Final = tuple(each.name for each in fields(Estimate))


def results_csv(results: Results) -> str:
    """Return a row for each number of each policy; an interval that is not known is empty."""
    return write_table(COLUMNS, (row for outcome in results.outcomes for row in _rows(outcome)))


def _rows(outcome: Outcome) -> Iterator[dict[str, Any]]:
    for key, one in outcome.estimates.items():
        yield {"policy": outcome.policy, **_number(key, one)}


def _number(key: Key, one: Estimate) -> dict[str, Any]:
    known = {name: getattr(one, name) for name in _ESTIMATE}
    return {**key._asdict(), **known, "unit": MEASURES[key.measure].unit}


def results_json(
    scenario: Scenario, results: Results, compared: Iterable[Comparison], about: Mapping[str, Any]
) -> bytes:
    """Return all numbers as JSON with sorted keys."""
    grid = grid_of(scenario.network)
    document = {
        "format": FORMAT,
        "scenario": {
            "name": scenario.name,
            "start": scenario.start,
            "hours": scenario.hours,
            "time_zone": scenario.force.time_zone,
        },
        "about": about,
        "headline": [key._asdict() for key in results.headline],
        "policies": [_policy(outcome, results.runs[outcome.policy], grid) for outcome in results.outcomes],
        "comparisons": [_comparison(one) for one in compared],
        "attribution": scenario.network.meta.attribution,
    }
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def _policy(outcome: Outcome, runs: Sequence[Run], grid: Grid) -> dict[str, Any]:
    return {
        "policy": outcome.policy,
        "replications": [_run(run) for run in runs],
        "numbers": [_number(key, one) for key, one in outcome.estimates.items()],
        "late": {"side_m": grid.side_m, "squares": [_square(grid, cell) for cell in outcome.cells]},
    }


def _run(run: Run) -> dict[str, Any]:
    values = [{**key._asdict(), "value": one.value, "n": one.n} for key, one in run.values.items()]
    return {"replication": run.replication, "incidents_sha256": run.incidents_sha256, "values": values}


def _square(grid: Grid, cell: Cell) -> dict[str, Any]:
    """Return a square with its box, ``[west, south, east, north]``, and how late the late ones reached are."""
    late_s = cell.lateness_ms / cell.timed / 1000 if cell.timed else None
    counts = {"decided": cell.decided, "late": cell.late, "late_mean_s": late_s}
    return {"grade": cell.grade, "bbox": list(grid.box(cell.row, cell.column)), **counts}


def _comparison(one: Comparison) -> dict[str, Any]:
    differences = [{**asdict(each), "key": each.key._asdict()} for each in one.differences]
    return {"base": one.base, "other": one.other, "pairs": one.pairs, "differences": differences}


def kept_runs(path: Path) -> tuple[tuple[Key, ...], Mapping[str, tuple[Run, ...]]]:
    """Read from a ``results.json`` what comparisons are made of: the headline, and the replications by policy.

    Raises
    ------
    InputError
        The file cannot be read, or is not one.
    """
    try:
        told = orjson.loads(path.read_bytes())
        known, headline = told["format"] == FORMAT, tuple(Key(**key) for key in told["headline"])
        runs = {one["policy"]: tuple(map(_kept_run, one["replications"])) for one in told["policies"]}
    except OSError as error:
        raise _no_results(path, f"a file that cannot be read ({error.strerror or error})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise _no_results(path, "another file") from error
    if not known:
        raise _no_results(path, "a file of another version")
    return headline, runs


def _no_results(path: Path, found: str) -> InputError:
    return InputError([Fault(str(path), "", "", found, "results.json as 'nearest simulate' writes it")])


def _kept_run(told: Mapping[str, Any]) -> Run:
    values = [
        Value(Key(one["measure"], one["grade"], one["dimension"], one["group"]), one["value"], one["n"])
        for one in told["values"]
    ]
    return Run(told["replication"], told["incidents_sha256"], {value.key: value for value in values})


def compared_files(base: Path, other: Path) -> tuple[Comparison, ...]:
    """Hold two simulations against each other, such as two rosters: policy by policy, those that both have.

    Parameters
    ----------
    base, other
        A ``results.json`` each; the comparisons call them by the folders that these lie in, by all that tells these
        apart.

    Raises
    ------
    InputError
        A file is not one; they have no policy in common; replications of one number met different incidents.
    """
    (headline, base_runs), (_, other_runs) = kept_runs(base), kept_runs(other)
    common = [policy for policy in base_runs if policy in other_runs]
    if not common:
        raise InputError([Fault(str(other), "", "policies", ", ".join(other_runs), f"one of {', '.join(base_runs)}")])
    names = _told_apart(base.parent, other.parent)
    return tuple(
        comparison(
            headline, (f"{names[0]}: {policy}", base_runs[policy]), (f"{names[1]}: {policy}", other_runs[policy])
        )
        for policy in common
    )


def _told_apart(base: Path, other: Path) -> tuple[str, str]:
    """Return the names of two folders, with those of the folders that they lie in as far as it takes."""
    one, two = base.resolve().parts, other.resolve().parts
    for length in range(1, max(len(one), len(two)) + 1):
        names = "/".join(one[-length:]), "/".join(two[-length:])
        if names[0] != names[1]:
            return names
    return one[-1], two[-1]
