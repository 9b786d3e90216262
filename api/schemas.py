"""What goes in and comes out over HTTP, as the OpenAPI document describes it.

Requests are read by these models; answers are made elsewhere and only described here, so a test holds real answers
against them. In an answer every field is always there, and null means that it is not known.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, WrapValidator

from graphs.faults import refuse
from graphs.moments import Moment
from scenarios.rows import IncidentRow, UnitRow

REFERENCE = "#/components/schemas/{model}"
# Far more than any control room has on duty at once.
MAX_ROWS = 5000


def _object(value: Any, _read: Any) -> Any:
    if not isinstance(value, dict):
        raise refuse("an object with the fields of an incident")
    return value


def _anything(value: Any, _read: Any) -> Any:
    return value


# Rows are described here and checked in scenarios.checks, so that their faults are found with all others of their kind.
AskedIncident = Annotated[IncidentRow, WrapValidator(_object)]
UncheckedIncident = Annotated[IncidentRow, WrapValidator(_anything)]
UncheckedUnit = Annotated[UnitRow, WrapValidator(_anything)]
Rows = Field(strict=True, max_length=MAX_ROWS)


class RecommendationRequest(BaseModel):
    """An incident and the units there are, or a picture that has them."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"oneOf": [{"required": ["units"]}, {"required": ["picture"]}]}
    )

    now: Moment | None = Field(
        default=None,
        description="the moment asked about, ISO 8601 with an offset; the picture's or the server's if not given",
    )
    incident: AskedIncident = Field(description="the incident asked about")
    units: Annotated[list[UncheckedUnit], Rows] | None = Field(
        default=None, description=f"a list of every unit known, {MAX_ROWS} at most; it may be empty"
    )
    incidents: Annotated[list[UncheckedIncident], Rows] | None = Field(
        default=None,
        description=f"a list of open incidents, {MAX_ROWS} at most: what units that are committed would leave behind",
    )
    picture: Literal["demonstration"] | None = Field(
        default=None, description='"demonstration", in place of units, where the service has such a picture'
    )


class Answer(BaseModel):
    """Anything that is answered."""

    model_config = ConfigDict(extra="forbid")


Utc = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Reference = Annotated[str, Field(json_schema_extra={"format": "uri-reference"})]
Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Seconds = Annotated[float, Field(ge=0)]
Metres = Annotated[float, Field(ge=0)]


class FailedRule(Answer):
    """A rule that keeps a unit from being sent."""

    rule: str = Field(description="name of the rule, such as status, skill, crew, committed, no_fix or stale_fix")
    because: str = Field(description="what about the unit failed it")


class LeftBehind(Answer):
    """What sending a committed unit costs the incident that it leaves."""

    incident_id: str | None = Field(description="the incident left; null where the unit does not name it")
    grade: str | None = Field(description="its grade; null where not known")
    next_callsign: str | None = Field(description="who would reach it next; null where nobody is known to")
    delay_s: float | None = Field(description="seconds by which that is later; null where that cannot be told")
    because: str = Field(description="why it cannot be told, else empty")


class LedgerLine(Answer):
    """One unit: how soon it could be there, and whether it may be sent. Its times are null where none can be told."""

    callsign: str = Field(description="the unit")
    eligible: bool = Field(description="whether no rule keeps it from being sent")
    failed: list[FailedRule] = Field(description="every rule that does; empty for an eligible unit")
    time_s: Seconds | None = Field(description="seconds until it is with the caller: mobilisation, drive and walk")
    earliest_s: Seconds | None = Field(description="seconds, if every doubt about its position turns out well")
    latest_s: Seconds | None = Field(description="seconds, if every doubt about its position turns out badly")
    behind_s: Seconds | None = Field(description="seconds after the nearest unit of all")
    mobilisation_s: Seconds | None = Field(description="seconds until it moves")
    drive_s: Seconds | None = Field(description="seconds driving")
    walk_s: Seconds | None = Field(description="seconds on foot from the road to the incident")
    length_m: Metres | None = Field(description="metres driven")
    straight_m: Metres | None = Field(description="metres from its position to the incident in a straight line")
    fix_age_s: Seconds | None = Field(description="seconds since its position was true; null without a position")
    fix_gap_m: Metres | None = Field(description="metres from its position to the road it was put on")
    status: str | None = Field(description="its status code; null where not known")
    status_label: str = Field(description="what the code means in the force profile")
    crew: int | None = Field(description="officers aboard; null where not known")
    skills: list[str] = Field(description="skills aboard, sorted")
    sector: str | None = Field(description="its own area; null where it has none")
    notes: list[str] = Field(description="what a dispatcher should know about sending it")
    leaves: LeftBehind | None = Field(description="the incident that it would leave; null where it is free")


class IncidentAnswer(Answer):
    """The incident as it was understood."""

    incident_id: str = Field(description="empty where none was given")
    received_at: Utc | None = Field(description="UTC; null where not given")
    lat: float = Field(description="degrees of latitude, WGS 84")
    lon: float = Field(description="degrees of longitude, WGS 84")
    grade: str = Field(description="a grade of the force profile")
    type: str | None = Field(description="text for people to read; null where not given")
    tags: list[str] = Field(description="tags of the force profile, sorted")
    needs: list[str] = Field(description="skills that every unit sent must have, sorted")
    units_needed: int = Field(description="how many units must attend")
    sector: str | None = Field(description="null where not given")
    on_road: bool = Field(description="whether it is on the carriageway itself")
    graded_at: Utc | None = Field(description="since when it has its grade, UTC; null where not known")
    raised_by: list[str] = Field(description="what raised its grade above the one that it was given")


class TargetAnswer(Answer):
    """Within what time the grade is to be attended."""

    setting: Literal["urban", "rural", "unknown"] = Field(description="unknown takes the shorter target")
    target_s: int | None = Field(description="seconds from the clock; null where the grade has no target")
    clock: Literal["received", "graded", "dispatched"] = Field(description="what the clock starts from")
    due_at: Utc | None = Field(description="UTC; null where there is no target or the start of the clock is not known")


class NamedHash(Answer):
    """A name and the SHA-256 of what it stands for."""

    name: str = Field(description="name")
    hash: Hash = Field(description="SHA-256, hexadecimal")


class Versions(Answer):
    """All that an answer rests on, so that it can be made again."""

    engine: NamedHash = Field(description="the router")
    policy: NamedHash = Field(description="the code that decides")
    network: Hash = Field(description="the road network")
    profiles: Hash = Field(description="the table of speeds, delays and access")
    conditions: Hash = Field(description="closures and slower roads")
    force: NamedHash = Field(description="the force profile")


class RecommendationAnswer(Answer):
    """Who is nearest, who is suggested, and a line for every unit. It advises; a person sends."""

    now: Utc = Field(description="the moment of the question, UTC")
    outcome: Literal["suggested", "met", "nobody_eligible", "nobody_on_duty"] = Field(
        description="whether anybody can be sent, or need not be because enough are bound to the incident already"
    )
    nearest: str | None = Field(description="the first of all units with a known place, whether or not it may be sent")
    nearest_eligible: str | None = Field(description="the first of those that may be sent")
    suggested: list[str] = Field(description="whom to send together, the nearest eligible first; empty for nobody")
    unmet: list[str] = Field(description="requirements of the incident that those suggested do not meet")
    certainty: Literal["clear", "indistinguishable"] | None = Field(
        description="whether another eligible unit may be as soon, for all that is known; null where nobody is eligible"
    )
    indistinguishable_from: list[str] = Field(description="those units")
    incident: IncidentAnswer = Field(description="the incident as it was understood")
    profile: str = Field(description="how the units drive: response or normal")
    target: TargetAnswer = Field(description="within what time the grade is to be attended")
    gap_m: Metres = Field(description="metres from the incident to the nearest road that serves it")
    warnings: list[str] = Field(description="what should be read before relying on the answer")
    ledger: list[LedgerLine] = Field(description="every unit, soonest first, those without a time last")
    versions: Versions = Field(description="hashes of all that the answer rests on")


class PictureAnswer(Answer):
    """The demonstration picture of a service."""

    now: Utc = Field(description="its moment, UTC")
    units: int = Field(description="how many units it has")
    incidents: int = Field(description="how many open incidents it has")


class ReadyAnswer(Answer):
    """That the service can do its work."""

    status: Literal["ready"] = Field(description="always ready; if it is not, the answer is a problem")
    checks: list[str] = Field(description="what was looked at, by name")


class HealthAnswer(Answer):
    """A service that has just answered a question about its own network."""

    status: Literal["ok"] = Field(description="it answers")
    version: str = Field(description="of this product")
    network: NamedHash = Field(description="the road network")
    profiles: Hash = Field(description="SHA-256 of the profile table")
    conditions: Hash | None = Field(
        description="SHA-256 of all closures and slower roads that it knows; null where the record cannot be read"
    )
    force: NamedHash = Field(description="the force profile")
    picture: PictureAnswer | None = Field(description="the demonstration picture; null where there is none")


class FaultAnswer(Answer):
    """One thing wrong with an input."""

    source: str = Field(description="what was read: body, query or request")
    where: str = Field(
        description="JSON pointer to a part of a body, such as /units/3; place 3 of a parameter; empty for the whole"
    )
    field: str = Field(description="the field, parameter or header")
    value: str = Field(description="what was found, shortened")
    accepted: str = Field(description="what would have been accepted")
    hint: str = Field(description="what was probably meant, or empty")


class Problem(Answer):
    """An error, after RFC 9457."""

    type: Reference = Field(description="names the kind of problem; its address describes it")
    title: str = Field(description="the kind in words")
    status: int = Field(description="the HTTP status")
    detail: str = Field(description="what happened this time")
    instance: Reference = Field(description="names this occurrence, for whoever reads the log")
    faults: list[FaultAnswer] = Field(description="every fault of the input, the first 1000 of them; else empty")


class ConflictProblem(Problem):
    """A problem of what others have done meanwhile, with what they did and a fresh recommendation where one helps."""

    model_config = ConfigDict(extra="allow")


class KindAnswer(Answer):
    """A kind of problem."""

    type: Reference = Field(description="names it")
    title: str = Field(description="the kind in words")
    status: int = Field(description="the HTTP status")
    meaning: str = Field(description="when it happens")
