"""Simulations, as they are asked for and told, and as the OpenAPI document describes them."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final, Literal, Self

from pydantic import ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr, model_validator

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
MOST_TABLE_ROWS: Final = 2_000
Whole = Annotated[int, Field(strict=True)]
Cell = StrictBool | StrictInt | StrictFloat | StrictStr | list[StrictStr] | None
# Which columns there are, and what they hold, is checked as in a file.
TableRow = dict[str, Cell]
Table = Annotated[list[TableRow], Field(min_length=1, max_length=MOST_TABLE_ROWS)]
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
    """What is to be simulated: a scenario, with other stations or another roster where these are given."""

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
                {
                    "scenario": "gothenburg_week",
                    "called": "a third car in the north",
                    "roster": [
                        {"callsign": "N3", "start": "07:00", "end": "19:00", "crew": 2, "station": "Ernst Fontell"}
                    ],
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
    called: Text | None = Field(default=None, max_length=200, description="what people call it; nothing if not given")
    stations: Table | None = Field(
        default=None,
        description=f"rows in place of stations.csv, {MOST_TABLE_ROWS:,} at most; its own if not given",
    )
    roster: Table | None = Field(
        default=None, description=f"rows in place of roster.csv, {MOST_TABLE_ROWS:,} at most; its own if not given"
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
    called: str | None = Field(description="what people call it; null where nobody has said")
    changed: list[Literal["stations", "roster"]] = Field(description="what was given in place of the scenario's own")


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


class StationCells(Answer):
    """A row of stations.csv, as it stands there; null for an empty cell."""

    model_config = ConfigDict(extra="allow")

    name: str | None = Field(description="its name")
    lat: str | None = Field(description="degrees of latitude; of a place on the grid too")
    lon: str | None = Field(description="degrees of longitude")
    sector: str | None = Field(description="a sector's name")
    custody: str | None = Field(description="yes or no: whether prisoners are taken there")


class DutyCells(Answer):
    """A row of roster.csv, as it stands there; null for an empty cell."""

    model_config = ConfigDict(extra="allow")

    callsign: str | None = Field(description="the unit")
    days: str | None = Field(description="days, with ; between; null for every day")
    start: str | None = Field(description="HH:MM")
    end: str | None = Field(description="HH:MM; one that is not after the start is on the next day")
    crew: str | None = Field(description="how many officers")
    skills: str | None = Field(description="skills, with ; between")
    sector: str | None = Field(description="a sector's name")
    station: str | None = Field(description="a name of the stations")
    vehicle: str | None = Field(description="a vehicle's name")
    patrol: str | None = Field(description="station, sector or hot_spots; null for station")
    breaks: str | None = Field(description="breaks, with ; between")


class WholeScenarioAnswer(ScenarioAnswer):
    """A scenario with its stations and its roster, to be changed and given back with a simulation."""

    stations: list[StationCells] = Field(description="in the order of the file")
    roster: list[DutyCells] = Field(description="in the order of the file")


class NumberAnswer(Answer):
    """What a number is of."""

    measure: str = Field(description="a measure of docs/planner.md")
    label: str = Field(description="the measure for people")
    unit: Literal["s", "h", "km", "share", "number"] = Field(description="what it is counted in")
    grade: str = Field(description="of incidents of that grade; empty for all")
    dimension: str = Field(description="by what it is told apart; empty for the whole")
    group: str = Field(description="the one group; empty for the whole")


class DifferenceAnswer(Answer):
    """How much a number of the other is above that of the base, over replications that met the same incidents."""

    key: NumberAnswer = Field(description="what it is of")
    pairs: int = Field(description="replications in which both have it")
    base: float = Field(description="mean of the base over these")
    other: float = Field(description="mean of the other over these")
    mean: float = Field(description="mean of other less base, pair by pair")
    sd: float | None = Field(description="its standard deviation; null for a single pair")
    low: float | None = Field(description="lower bound of the mean's 95 % interval; null for a single pair")
    high: float | None = Field(description="upper bound; null for a single pair")
    finding: Literal["better", "worse", "more", "less", "same", "cannot_tell"] = Field(
        description="what the other is; more and less are said of what is neither good nor bad"
    )
    needed: int | None = Field(description="replications that it would take to tell; null for too many, or nothing")
    few: bool = Field(description="whether it is of so few things that it says little")


class ComparisonAnswer(Answer):
    """A policy of one simulation held against the same policy of another."""

    policy: str = Field(description="the policy, with its settings")
    pairs: int = Field(description="replications that both have played")
    differences: list[DifferenceAnswer] = Field(description="the numbers of the headline")


class ComparedAnswer(Answer):
    """One simulation held against another."""

    base: str = Field(description="the simulation of the address")
    other: str = Field(description="the one that is held against it")
    comparisons: list[ComparisonAnswer] = Field(description="the policies that both have")
