"""Replays, as they are asked for and told, and as the OpenAPI document describes them."""

from __future__ import annotations

from typing import Annotated, Any, Final, Self

from pydantic import ConfigDict, Field, model_validator

from api.desk_schemas import Body
from api.job_schemas import JobAnswer
from api.schemas import Answer, Utc
from graphs.faults import NOTHING, refuse
from graphs.moments import MOMENT, Moment
from scenarios.rows import Text

MOST_CHARACTERS: Final = 100_000
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


class ReplayIncidentAnswer(Answer):
    """What is said of one incident, and on what it rests."""

    replay_id: str = Field(description="of which replay")
    incident_id: str = Field(description="of which incident")
    verdict: dict[str, Any] = Field(description="its row of verdicts.csv; null for what cannot be told")
    ledger: dict[str, Any] | None = Field(
        description="its line of ledgers.jsonl.gz; null where nobody could be recommended"
    )
