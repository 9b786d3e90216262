"""Two simulations that have ended, held against each other."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from api.job_results import result_file
from api.simulations import Simulation, Simulations
from graphs.errors import Fault, InputError
from scenarios.results_compared import Difference, comparison
from scenarios.results_files import kept_runs
from scenarios.results_measures import MEASURES

RESULTS: Final = "results.json"


def compared_values(base: Simulation, other: Simulation) -> dict[str, Any]:
    """Return the paired differences of every policy that two simulations have in common.

    Raises
    ------
    Conflict
        One of them has no results, or none yet.
    InputError
        They have no policy in common, or met different incidents.
    """
    names = _name(base), _name(other)
    (headline, base_runs), (_, other_runs) = (
        kept_runs(result_file(each, RESULTS, Simulations.noun)) for each in (base, other)
    )
    common = [policy for policy in base_runs if policy in other_runs]
    if not common:
        accepted = f"one of those of {names[0]}: {', '.join(base_runs)}"
        raise InputError([Fault(names[1], "", "policies", ", ".join(other_runs), accepted)])
    found = (
        (policy, comparison(headline, (names[0], base_runs[policy]), (names[1], other_runs[policy])))
        for policy in common
    )
    return {
        "base": base.request.job_id,
        "other": other.request.job_id,
        "comparisons": [
            {"policy": policy, "pairs": one.pairs, "differences": list(map(_difference, one.differences))}
            for policy, one in found
        ],
    }


def _name(simulation: Simulation) -> str:
    return f"simulation {simulation.request.job_id}"


def _difference(one: Difference) -> dict[str, Any]:
    kind = MEASURES[one.key.measure]
    key = {**one.key._asdict(), "label": kind.label, "unit": kind.unit}
    return {**asdict(one), "key": key}
