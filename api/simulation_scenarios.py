"""The scenarios of a service, and what their ``scenario.toml`` says; the rest of one is read when it is played."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Final

from api.job_requests import faults_within, folder_named, folder_names
from api.settings import Simulating
from graphs.errors import Fault, InputError
from graphs.faults import gather, written
from scenarios.scenario_files import policy_choice, read_head
from scenarios.scenario_head import HEAD, Head, PolicyTable

_FIELD: Final = "scenario"
_FROM_HEAD: Final = ("name", "start", "days", "hours", "past_incidents", "replications", "seed")


def scenario_folder(name: str, settings: Simulating) -> Path:
    """Return the folder of a scenario by its name.

    Raises
    ------
    InputError
        There is none of that name, or something in it lies elsewhere.
    """
    return folder_named(settings.scenarios_dir, name, _FIELD)


def policies_of(tables: Iterable[PolicyTable], source: str) -> tuple[dict[str, Any], ...]:
    """Return policies as they are kept and told.

    Parameters
    ----------
    source
        What to call where they are written.

    Raises
    ------
    InputError
        With every fault of them.
    """
    faults = list[Fault]()
    found = [gather(faults, partial(policy_choice, *each, source)) for each in _placed(tables)]
    chosen = [each for each in found if each is not None]
    labels = [each.label for each in chosen]
    twice = [label for number, label in enumerate(labels) if label in labels[:number]]
    faults += [Fault(source, "", "policies", written(label), "each policy only once") for label in twice]
    if faults:
        raise InputError(faults)
    return tuple(asdict(each) for each in chosen)


def _placed(tables: Iterable[PolicyTable]) -> Iterator[tuple[PolicyTable, str]]:
    return ((table, f"policies {number}") for number, table in enumerate(tables, 1))


def scenarios_told(settings: Simulating) -> Iterator[dict[str, Any]]:
    """Yield what is told of each scenario."""
    if (root := settings.scenarios_dir) is not None:
        yield from (scenario_values(name, settings) for name in folder_names(root))


def scenario_values(name: str, settings: Simulating) -> dict[str, Any]:
    """Return what is told of a scenario by its ``scenario.toml``, or what is wrong with that."""
    try:
        told = _told(read_head(scenario_folder(name, settings)))
    except InputError as error:
        within = [] if settings.scenarios_dir is None else [settings.scenarios_dir]
        faults = [asdict(fault) for fault in faults_within(error, *within)]
        return {"scenario": name, **dict.fromkeys(_FROM_HEAD), "policies": [], "faults": faults}
    return {"scenario": name, **told, "faults": []}


def _told(head: Head) -> dict[str, Any]:
    return {
        "name": head.name,
        "start": head.start.isoformat(),
        "days": head.days,
        "hours": head.hours,
        "past_incidents": head.demand.history is not None,
        "policies": policies_of(head.policies, HEAD),
        "replications": head.replications,
        "seed": head.seed,
    }
