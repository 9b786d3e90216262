"""Replays, as they are asked for and told, and as the OpenAPI document describes them."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from api.desk_schemas import Body
from api.job_schemas import JobAnswer
from api.schemas import Answer, RecommendationAnswer, Utc
from graphs.faults import NOTHING, refuse
from graphs.moments import MOMENT, Moment
from scenarios.moments import Step
from scenarios.rows import Text

MOST_CHARACTERS: Final = 100_000
_SENTENCES: Final = "what each cause means, and what stands under because, for people to read"
_ONE_SOURCE: Final = "record, or folder"


class RecordSource(Body):
    """A period of this service's own record."""

    from_: Moment | None = Field(
        default=None, alias="from", description=f"recorded then or later, {MOMENT}; from the first row if not given"
    )
    to: Moment | None = Field(default=None, description=f"recorded before, {MOMENT}; now if not given")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.from_ is not None and self.to is not None and self.from_ >= self.to:
            raise refuse("a moment before to", "", "from", self.from_.isoformat())
        return self


class ReplaySource(Body):
    """Whose records are replayed."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"oneOf": [{"required": ["record"]}, {"required": ["folder"]}]}
    )

    record: RecordSource | None = Field(default=None, description="a period of this service's own record")
    folder: Text | None = Field(
        default=None, description="the name of an imported folder, in the folder of records of this service"
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.record is None) == (self.folder is None):
            raise refuse(_ONE_SOURCE, "", "", NOTHING if self.record is None else "both")
        return self


class ReplayBody(Body):
    """What is to be replayed."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"source": {"record": {"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}}},
                {"source": {"folder": "2026-january"}},
            ]
        },
    )

    source: ReplaySource = Field(description=_ONE_SOURCE)
    what_if: Annotated[str, Field(strict=True, min_length=1, max_length=MOST_CHARACTERS)] | None = Field(
        default=None,
        description=f"what --what-if reads: TOML with changes to compare with, {MOST_CHARACTERS:,} characters at most",
    )


class ReplayAnswer(JobAnswer):
    """A replay, how far it is, and what came of it."""

    replay_id: str = Field(description="its name")
    folder: str | None = Field(description="the imported folder; null where the record was asked for")
    from_: Utc | None = Field(alias="from", description="begin of the period, UTC; null for the first row")
    to: Utc | None = Field(description="end of the period, UTC; null where the folder does not say")
    what_if: str | None = Field(description="the changes that were asked for; null for none")
    headline: dict[str, Any] | None = Field(description="the headline of the audit; null where it is not done")


class ReplaysAnswer(Answer):
    """All replays that are kept."""

    replays: list[ReplayAnswer] = Field(description="the newest first")
    keeps: bool = Field(description="whether this service keeps replays, so that one may be asked for")
    folders: list[str] = Field(description="the imported folders that may be replayed, by name")


class ReplayIncidentAnswer(Answer):
    """What is said of one incident, and on what it rests."""

    replay_id: str = Field(description="of which replay")
    incident_id: str = Field(description="of which incident")
    verdict: dict[str, Any] = Field(description="its row of verdicts.csv; null for what cannot be told")
    ledger: dict[str, Any] | None = Field(
        description="its line of ledgers.jsonl.gz; null where nobody could be recommended"
    )
    sentences: dict[str, str] = Field(description=_SENTENCES)


class ReplayIncidentsAnswer(Answer):
    """Some incidents of a replay."""

    replay_id: str = Field(description="of which replay")
    count: int = Field(description="how many there are of those asked for")
    next: int | None = Field(description="what to give as after for those that follow; null where none do")
    sentences: dict[str, str] = Field(description=_SENTENCES)
    incidents: list[dict[str, Any]] = Field(description="their rows of verdicts.csv; null for what cannot be told")
    choices: dict[str, dict[str, int]] = Field(
        description="what the incidents of the replay have under verdict, cause, grade and domestic_abuse, and how many"
    )


class MomentAnswer(Answer):
    """Something that happened about an incident."""

    step: Step = Field(description="what; decision is the first sending, any other is sent")
    at: Utc = Field(description="when it happened, UTC")
    known_at: Utc = Field(description="when it was entered, UTC; the same where the records do not say when")
    callsigns: list[str] = Field(description="the units that it is about")
    value: str | None = Field(
        description="the grade, the name of the second report, FIELD=VALUE of what was amended, or how it ended"
    )


class ReplayMomentsAnswer(Answer):
    """What happened about an incident, step by step."""

    replay_id: str = Field(description="of which replay")
    incident_id: str = Field(description="of which incident")
    start: Utc = Field(description="the first moment that may be asked about, UTC")
    end: Utc = Field(description="the last, UTC: of what happened, or of when that was entered")
    decided_at: Utc | None = Field(description="when the first unit was sent, UTC; null where nobody was")
    time_zone: str = Field(description="of the force, an IANA name")
    moments: list[MomentAnswer] = Field(description="by when they happened")


class KnownIncident(Answer):
    """The incident as it was known."""

    lat: float = Field(description="degrees of latitude, WGS 84")
    lon: float = Field(description="degrees of longitude, WGS 84")
    grade: str = Field(description="a grade of the force profile of the records")
    grade_label: str = Field(description="what people call it")
    type: str | None = Field(description="null where not known")
    tags: list[str] = Field(description="sorted")
    units_needed: int = Field(description="how many units were to attend")
    sector: str | None = Field(description="null where not known")


class KnownUnit(Answer):
    """A unit as it was known."""

    callsign: str = Field(description="its callsign")
    status: str | None = Field(description="its status code; null where not known")
    status_label: str | None = Field(description="what the code means; null where not known")
    crew: int | None = Field(description="officers aboard; null where not known")
    sector: str | None = Field(description="its own area; null where it has none")
    incident_id: str | None = Field(description="what it was bound to; null for nothing")
    assigned_at: Utc | None = Field(description="since when, UTC; null for nothing")
    doubt: Literal["same_moment", "not_cleared"] | None = Field(
        description="why it could not be told whether it was free; null where it could"
    )
    lat: float | None = Field(description="degrees of latitude of the last known position; null for none")
    lon: float | None = Field(description="degrees of longitude; null for none")
    course_deg: float | None = Field(description="degrees clockwise from north; null where not known")
    fixed_at: Utc | None = Field(description="when that position was true, UTC; null for none")
    fix_age_s: float | None = Field(description="how old it was, seconds; null for none")


class KnownWay(Answer):
    """The way that the time of a unit was worked out on."""

    callsign: str = Field(description="the unit")
    coordinates: list[tuple[float, float]] = Field(description="longitude and latitude, in driving direction")


class LaterAnswer(Answer):
    """Something that was true at the moment and entered later: hindsight."""

    kind: Literal["step", "position", "status", "closure"] = Field(description="of the incident, of a unit, of a road")
    name: str = Field(description="the step, the callsign, or what people call the closure")
    at: Utc | None = Field(description="since when it was true, UTC; null where a closure does not say")
    known_at: Utc = Field(description="when it was entered, UTC")
    callsigns: list[str] = Field(description="the units that a step is about")
    value: str | None = Field(description="what a step came to, or what the status means; null for nothing")
    lat: float | None = Field(description="degrees of latitude of a position; else null")
    lon: float | None = Field(description="degrees of longitude of a position; else null")


class ReplayKnownAnswer(Answer):
    """What was known at a moment of an incident, and apart from it what was entered later."""

    replay_id: str = Field(description="of which replay")
    incident_id: str = Field(description="of which incident")
    at: Utc = Field(description="the moment, UTC")
    before: bool = Field(
        description="whether nobody had been sent yet, or was at that moment: as in the audit, the incident's own "
        "assignments bind nobody then"
    )
    incident: KnownIncident | None = Field(description="null where it, its place or its grade was not known")
    units: list[KnownUnit] = Field(description="all on duty, as far as that was known")
    recommendation: RecommendationAnswer | None = Field(description="who could have gone; null where why_not says why")
    why_not: (
        Literal["not_entered", "no_grade", "unknown_grade", "no_place", "no_roads", "no_duties", "outside_network"]
        | None
    ) = Field(description="why nobody can be told; null where somebody can")
    closures: dict[str, Any] = Field(description="in force and known, as GeoJSON")
    ways: list[KnownWay] = Field(description="of the unit that was judged, and of the one that would have been better")
    later: list[LaterAnswer] = Field(description="what was entered later")
    later_closures: dict[str, Any] = Field(description="in force, but entered later, as GeoJSON")
