"""Simulations, as they are asked for and told, and as the OpenAPI document describes them."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final, Self

from pydantic import ConfigDict, Field, model_validator

from api.desk_schemas import Body
from api.job_schemas import JobAnswer, JobFault
from api.schemas import Answer
from graphs.faults import refuse
from graphs.moments import MOMENT, Moment
from scenarios.rows import Text

MOST_POLICIES: Final = 10
MOST_HOURS: Final = 24
_MOST_SETTINGS: Final = 20
_SEED_END: Final = 2**63
Whole = Annotated[int, Field(strict=True)]
Setting = Annotated[bool | int | float | str, Field(union_mode="left_to_right")]


class PolicyBody(Body):
    """A policy to simulate."""

    name: Text = Field(description="a policy's name")
    settings: dict[str, Setting] = Field(
        default_factory=dict,
        max_length=_MOST_SETTINGS,
        description="its settings by their names; others stay as they are",
    )

    @model_validator(mode="after")
    def _settings_alone(self) -> Self:
        if "name" in self.settings:
            raise refuse("a setting of the policy", "", "settings", "name")
        return self


class WindowBody(Body):
    """A stretch of the first replication, in which it is looked every ten seconds where everybody is."""

    from_: Moment = Field(alias="from", description=f"its begin, {MOMENT}")
    to: Moment = Field(description=f"its end, at most {MOST_HOURS} hours later, {MOMENT}")

    @model_validator(mode="after")
    def _short(self) -> Self:
        if not timedelta(0) < self.to - self.from_ <= timedelta(hours=MOST_HOURS):
            raise refuse(f"a moment after from, {MOST_HOURS} hours later at most", "", "to", self.to.isoformat())
        return self


class SimulationBody(Body):
    """What is to be simulated."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"scenario": "gothenburg_week"},
                {
                    "scenario": "gothenburg_week",
                    "policies": [{"name": "nearest_first"}, {"name": "sector_first"}],
                    "replications": 20,
                    "seed": 7,
                },
            ]
        },
    )

    scenario: Text = Field(description="the name of a scenario's folder, as GET /v1/scenarios tells it")
    policies: list[PolicyBody] | None = Field(
        default=None,
        min_length=1,
        max_length=MOST_POLICIES,
        description=f"policies to compare, {MOST_POLICIES} at most; those of the scenario if not given",
    )
    replications: Whole | None = Field(
        default=None, ge=1, description="how often each policy is played; as the scenario says if not given"
    )
    seed: Whole | None = Field(
        default=None, ge=0, lt=_SEED_END, description="what chance begins with; the scenario's own if not given"
    )
    jobs: Whole | None = Field(
        default=None, ge=1, description="processes that play replications; as many as there may be if not given"
    )
    animate: WindowBody | None = Field(
        default=None, description="what animation.json is to show, of the first policy; there is none if not given"
    )


class PolicyAnswer(Answer):
    """A policy."""

    name: str = Field(description="its name")
    settings: dict[str, Setting] = Field(description="its settings, as far as they were given")


class SimulationAnswer(JobAnswer):
    """A simulation, how far it is, and what came of it; replications are counted where it says ``simulating``."""

    simulation_id: str = Field(description="its name")
    scenario: str = Field(description="the name of the scenario's folder")
    past_incidents: bool = Field(
        description="whether the demand is incidents that there were: whoever looks is recorded"
    )
    policies: list[PolicyAnswer] = Field(description="the policies that are compared")
    replications: int = Field(description="how often each policy is played")
    seed: int = Field(description="what chance begins with")
    jobs: int = Field(description="processes that play replications")
    animate: str | None = Field(
        description="what animation.json shows: from and to, with a stroke between; null for nothing"
    )


class SimulationsAnswer(Answer):
    """All simulations that are kept."""

    simulations: list[SimulationAnswer] = Field(description="the newest first")


class ScenarioAnswer(Answer):
    """A scenario that can be simulated, by what its ``scenario.toml`` says; its other files are read when it is."""

    scenario: str = Field(description="the name of its folder, as it is asked for")
    name: str | None = Field(description="what people call it; null where it cannot be read")
    start: str | None = Field(description="the first day or moment of the period that counts; null likewise")
    days: int | None = Field(description="how many days that period has; null where it is told in hours")
    hours: int | None = Field(description="how many hours it has; null where it is told in days")
    past_incidents: bool | None = Field(description="whether the demand is incidents that there were; null likewise")
    policies: list[PolicyAnswer] = Field(description="its own policies")
    replications: int | None = Field(description="how often each is played, if nothing else is asked; null likewise")
    seed: int | None = Field(description="what chance begins with, if nothing else is asked; null likewise")
    faults: list[JobFault] = Field(description="what is wrong with its scenario.toml")


class ScenariosAnswer(Answer):
    """All scenarios that can be simulated."""

    scenarios: list[ScenarioAnswer] = Field(description="in the order of their folders' names")
