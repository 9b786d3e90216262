"""How far a job is and what came of it, as it is told of every kind of job."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.schemas import Answer, Utc


class JobFault(Answer):
    """What is wrong with the input of a job."""

    source: str = Field(description="the file")
    where: str = Field(description="the row, or empty")
    field: str = Field(description="the column or key, or empty")
    value: str = Field(description="what was found")
    accepted: str = Field(description="what would have been accepted")
    hint: str = Field(description="what was probably meant, or empty")


class JobFile(Answer):
    """A file of a result."""

    name: str = Field(description="as it is asked for")
    bytes: int = Field(description="its length")


class JobAnswer(Answer):
    """How far a job is, and what came of it."""

    asked_at: Utc = Field(description="when it was asked for, UTC")
    by: str = Field(description="who asked")
    state: Literal["queued", "running", "done", "failed", "cancelled"] = Field(description="what it is at")
    phase: str | None = Field(description="what it is doing; null where it does not run")
    done: int | None = Field(description="how much of the phase is done; null where that is not counted")
    total: int | None = Field(description="out of how much")
    started_at: Utc | None = Field(description="when it was first begun, UTC; null where it was not")
    finished_at: Utc | None = Field(description="when it came to its end, UTC; null where it has not")
    attempts: int = Field(description="how often it was begun: more than once after an interruption")
    because: str | None = Field(description="why it failed; null where it did not")
    faults: list[JobFault] = Field(description="every fault of the input for which it failed")
    files: list[JobFile] = Field(description="the files of the result")
