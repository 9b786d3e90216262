"""The supervisor's assessment, as it is read and told."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.desk_schemas import Body
from api.schemas import Answer, Utc
from graphs.moments import MOMENT, Moment
from scenarios.rows import Names, Text, Whole

_YES_NO = Literal["yes", "no", "not_applicable"]


class SampleBody(Body):
    """Of what a sample is drawn."""

    start: Moment = Field(alias="from", description=f"incidents closed since, {MOMENT}")
    end: Moment = Field(alias="to", description=f"incidents closed before, {MOMENT}")
    size: Annotated[Whole, Field(ge=1, le=1000)] = Field(description="a whole number, 1 to 1000")
    tags: Names = Field(default_factory=list, description="tags of the force profile, any of which counts; none is all")
    grades: Names = Field(default_factory=list, description="grades of the force profile; none is all")


class AssessBody(Body):
    """What a supervisor found."""

    answers: dict[str, Text] = Field(description="for each question of the form: yes, no or not_applicable")
    outcome: Text = Field(description="an outcome of the form")
    note: Text | None = Field(default=None, description="more, for people to read")


class FormAnswer(Answer):
    """The force's form."""

    questions: dict[str, str] = Field(description="by key, what is asked")
    outcomes: dict[str, str] = Field(description="by key, what may come of it")


class SampleAnswer(Answer):
    """A sample that was drawn."""

    sample_id: str = Field(description="names it")
    drawn_at: Utc = Field(description="UTC")
    by: str = Field(description="who had it drawn")
    period_from: Utc = Field(description="incidents closed since, UTC")
    period_to: Utc = Field(description="incidents closed before, UTC")
    tags: list[str] = Field(description="any of which an incident had; none is all")
    grades: list[str] = Field(description="one of which an incident had; none is all")
    population: int = Field(description="how many incidents it was drawn from")
    seed: str = Field(description="the hash of the record's end at that moment")
    incidents: list[str] = Field(description="those drawn")
    outstanding: list[str] = Field(description="those that nobody has assessed yet")


class SamplesAnswer(Answer):
    """Samples drawn in a period."""

    samples: list[SampleAnswer] = Field(description="the newest first")


class FactsAnswer(Answer):
    """What the record says of an initial response."""

    first_sent_s: float | None = Field(description="seconds from receipt until a unit was sent; null for none")
    first_at_scene_s: float | None = Field(
        description="seconds from receipt until one was there; null where that is not known"
    )
    suggested_sent: bool | None = Field(description="whether the first was the suggested one; null for none")
    reason: str | None = Field(description="why another was sent")
    history_checked: bool = Field(description="whether the history was checked")
    raised_by: list[str] = Field(description="what raised the grade")


class AssessmentAnswer(Answer):
    """An assessment."""

    seq: int = Field(description="its row of the record")
    incident_id: str = Field(description="the incident")
    at: Utc = Field(description="UTC")
    by: str = Field(description="who assessed")
    answers: dict[str, _YES_NO] = Field(description="by question")
    outcome: str = Field(description="an outcome of the form")
    note: str | None = Field(description="more; null where there is none")
    facts: FactsAnswer = Field(description="what the record said by then")


class AssessmentsAnswer(Answer):
    """Assessments of a period, and what they come to."""

    assessments: list[AssessmentAnswer] = Field(description="in the order in which they were made")
    outcomes: dict[str, int] = Field(description="how many of each outcome")
    answers: dict[str, dict[str, int]] = Field(description="by question, how many of each answer")
