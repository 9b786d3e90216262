"""Simulations that planners have asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from api.jobs import Asked, Job, Jobs


@dataclass(frozen=True, slots=True)
class Request(Asked):
    """What was asked.

    Parameters
    ----------
    scenario
        Name of the scenario's folder.
    past_incidents
        Whether its demand is incidents that there were.
    policies
        Each with ``name`` and ``settings``.
    jobs
        Processes that play replications.
    animate
        Two moments with a stroke between, of which an animation is made; None for none.
    called
        What people call it.
    tables
        CSV in place of the scenario's own, by the names of `api.simulation_tables.FILES`.
    """

    scenario: str
    past_incidents: bool
    policies: tuple[Mapping[str, Any], ...]
    replications: int
    seed: int
    jobs: int
    animate: str | None
    called: str | None = None
    tables: Mapping[str, str] = field(default_factory=dict)


Simulation = Job[Request]


class Simulations(Jobs[Request]):
    """The folder of all simulations."""

    noun: ClassVar[str] = "simulation"
    module: ClassVar[str] = "api.simulation_job"

    def __init__(self, root: Path) -> None:
        super().__init__(root, Request)
