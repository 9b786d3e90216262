"""A simulation is asked for: of what, how large, and what its processes are told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial

from api.job_requests import BODY, Room, environment_of, name_of
from api.job_runner import start
from api.settings import Settings, Simulating
from api.simulation_scenarios import policies_of, scenario_folder
from api.simulation_schemas import PolicyBody, SimulationBody
from api.simulation_tables import changed_tables
from api.simulations import Request, Simulations
from dispatch.desk import Order
from dispatch.record import iso
from graphs.errors import Fault, InputError
from graphs.faults import gather
from scenarios.scenario_files import read_head
from scenarios.scenario_head import HEAD, PolicyTable


def go_on(settings: Settings) -> None:
    """Have the simulations that wait run, where they are kept and nobody runs them."""
    if (simulations := kept_by(settings)) is not None:
        # No secret of the service, and nothing of its record.
        start(simulations, environment_of({"scenarios_dir": settings.scenarios_dir}))


def room_of(settings: Simulating) -> Room:
    """Return how many simulations are kept."""
    return Room("simulations_dir", settings.simulations_kept, settings.simulations_days, settings.simulations_free_mb)


def kept_by(settings: Simulating) -> Simulations | None:
    """Return the simulations of a service; None where it keeps none."""
    return None if settings.simulations_dir is None else Simulations(settings.simulations_dir)


def request_of(body: SimulationBody, settings: Simulating, now: datetime, asked: Order) -> Request:
    """Return the request for a simulation; what is not given is as the scenario says.

    Raises
    ------
    InputError
        There is no such scenario, its ``scenario.toml`` is not accepted, or it asks too much.
    """
    head = read_head(scenario_folder(body.scenario, settings))
    faults = list[Fault]()
    tables, source = (head.policies, HEAD) if body.policies is None else (_tables(body.policies), BODY)
    policies = gather(faults, partial(policies_of, tables, source)) or ()
    replications = head.replications if body.replications is None else body.replications
    jobs = settings.simulations_jobs if body.jobs is None else body.jobs
    faults += _too_much(len(tables), replications, jobs, settings)
    if faults:
        raise InputError(faults)
    return Request(
        name_of(asked),
        iso(now),
        asked.actor,
        body.scenario,
        head.demand.history is not None,
        policies,
        replications,
        head.seed if body.seed is None else body.seed,
        jobs,
        None if body.animate is None else f"{iso(body.animate.from_)}/{iso(body.animate.to)}",
        body.called,
        changed_tables(body),
    )


def _tables(policies: Sequence[PolicyBody]) -> tuple[PolicyTable, ...]:
    """Return policies as a scenario has them."""
    return tuple(PolicyTable(name=each.name, **each.settings) for each in policies)


def _too_much(policies: int, replications: int, jobs: int, settings: Simulating) -> Iterator[Fault]:
    most = settings.simulations_replications
    if policies * replications > most:
        found, accepted = f"{replications:,} for each of {policies}", f"{most:,} at most, for all policies together"
        yield Fault(BODY, "", "replications", found, accepted)
    if jobs > settings.simulations_jobs:
        yield Fault(BODY, "", "jobs", f"{jobs:,}", f"{settings.simulations_jobs:,} at most")
