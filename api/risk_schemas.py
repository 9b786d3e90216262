"""What goes in and comes out on risk, as it is read and as the OpenAPI document describes it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.desk_schemas import Body, Place
from api.schemas import Answer, Utc
from dispatch.dash import QUESTIONS
from dispatch.force_risk import Level
from dispatch.state_risk import Role, TaskKind
from graphs.moments import MOMENT, Moment
from scenarios.rows import Names, Text, Whole

_PERSON = "a first name and surname, with a date of birth behind it where known: Ann Smith, 1980-02-01"
_LEVEL = '"standard", "medium" or "high"'
_WHY = "why, for people to read"
_OVERDUE = "seconds by which it is overdue; null where it is not"


class MarkerBody(Body):
    """A marker to be placed."""

    role: Role = Field(description='"victim", "perpetrator" or "address": what it is on')
    level: Level = Field(description=_LEVEL)
    text: Text = Field(description="what a dispatcher is to know")
    expires_at: Moment = Field(description=f"from when it no longer holds unless it is renewed, {MOMENT}")
    person: Text | None = Field(default=None, description=_PERSON)
    address: Text | None = Field(default=None, description="an address, for the role address")
    place: Place | None = Field(default=None, description="where the address is: lat and lon")
    serial: bool = Field(default=False, strict=True, description="true for a serial perpetrator")
    most_serious: bool = Field(default=False, strict=True, description="true for one of the most serious perpetrators")
    support: Names = Field(default_factory=list, description="what help there is, a line each")
    linked_to: Names = Field(default_factory=list, description="names of perpetrators whose release concerns it")


class RenewBody(Body):
    """For how long a marker holds from now on."""

    expires_at: Moment = Field(description=f"later than before, {MOMENT}")
    because: Text = Field(description=_WHY)
    level: Level | None = Field(default=None, description=f"{_LEVEL}; not lower than before")
    support: Names | None = Field(default=None, description="what help there is by now, a line each")


class DiscussionBody(Body):
    """That a multi-agency conference discussed somebody, or somebody was referred to one."""

    person: Text = Field(description=_PERSON)
    discussed_at: Moment = Field(description=f"when, {MOMENT}")
    note: Text | None = Field(default=None, description="text for people to read")


class VulnerabilityBody(Body):
    """What the call handler was told."""

    answers: dict[Text, Annotated[bool, Field(strict=True)] | None] = Field(
        description="true, false or null for not known, by the key of each question of the force profile"
    )


class DashBody(Body):
    """A risk assessment."""

    ticks: Annotated[Whole, Field(ge=0, le=QUESTIONS)] = Field(
        description=f"questions answered with yes, a whole number, 0 to {QUESTIONS}"
    )
    level: Level | None = Field(default=None, description=f"{_LEVEL}, by professional judgement; not below the ticks")
    because: Text | None = Field(default=None, description="why it is higher than the ticks make it")


class ReviewedBody(Body):
    """What a review came to."""

    outcome: Text = Field(description="what was found, for people to read")
    level: Level | None = Field(default=None, description=f"{_LEVEL}, from now on; as before if not given")


class ReleaseBody(Body):
    """A release from custody or prison."""

    perpetrator: Text = Field(description=_PERSON)
    out_of: Literal["custody", "prison"] = Field(description='"custody" or "prison"')
    release_at: Moment = Field(description=f"when it was, or is planned, {MOMENT}")
    conditions: Names = Field(default_factory=list, description="what it is bound to, a line each")


class WhyBody(Body):
    """Why."""

    because: Text = Field(description=_WHY)


class TaskBody(Body):
    """Something to be done by a deadline."""

    kind: TaskKind = Field(default="inform_victim", description='"tell_victim", "reassess" or "inform_victim"')
    person: Text | None = Field(default=None, description=f"for whom: {_PERSON}")
    incident_id: Text | None = Field(default=None, description="or the incident whose victim it is for")
    because: Text = Field(description=_WHY)
    due_at: Moment = Field(description=f"by when, {MOMENT}")


class DoneBody(Body):
    """What was done."""

    done: Text = Field(description="what was done, for people to read")
    by: Text | None = Field(default=None, description="who did it; who records it if not given")
    victim_told: bool | None = Field(
        default=None, strict=True, description="true or false; a task of telling stays open until it is true"
    )


class MarkerAnswer(Answer):
    """A marker."""

    marker_id: str = Field(description="names it")
    subject: str = Field(description="names whom or what it is on")
    name: str = Field(description="whom or what it is on, as it was told")
    role: Role = Field(description="what it is on")
    level: Level = Field(description="its level now, raised or not")
    serial: bool = Field(description="whether the perpetrator is a serial one")
    most_serious: bool = Field(description="whether the perpetrator is one of the most serious")
    text: str = Field(description="what a dispatcher is to know")
    support: list[str] = Field(description="what help there is")
    linked_to: list[str] = Field(description="the perpetrators whose release concerns it, as they were told")
    placed_at: Utc = Field(description="UTC")
    placed_by: str = Field(description="who placed it")
    expires_at: Utc = Field(description="from when it no longer holds unless it is renewed, UTC")
    in_force: bool = Field(description="whether it holds now")
    raised_until: Utc | None = Field(description="until when a release raises it, UTC; null where none does")


class MarkersAnswer(Answer):
    """Markers."""

    seq: int = Field(description="the last row of the record that is in the answer")
    markers: list[MarkerAnswer] = Field(description="those in force first, the gravest first, then by name")


class DiscussedAnswer(Answer):
    """Somebody whom a multi-agency conference discussed."""

    subject: str = Field(description="names the person")
    name: str = Field(description="as it was told")
    discussed_at: Utc = Field(description="when last, UTC")


class ReviewAnswer(Answer):
    """A risk that is to be looked at again."""

    review_id: str = Field(description="names it")
    incident_id: str = Field(description="the incident")
    level: Level = Field(description="the level that the risk has")
    least: Level = Field(description="what it cannot be lowered below")
    set_at: Utc = Field(description="UTC")
    due_at: Utc = Field(description="UTC")
    overdue_s: int | None = Field(description=_OVERDUE)


class ReviewsAnswer(Answer):
    """Reviews that are not done."""

    seq: int = Field(description="the last row of the record that is in the answer")
    overdue: int = Field(description="how many are overdue")
    reviews: list[ReviewAnswer] = Field(description="the longest overdue first, then by when they are due")


class DashAnswer(Answer):
    """A risk assessment, and when it is looked at again."""

    incident_id: str = Field(description="the incident")
    level: Level = Field(description="the level that the risk has")
    least: Level = Field(description="the level that the ticks and the number of incidents make at least")
    ticks: int = Field(description="questions answered with yes")
    why: list[str] = Field(description="what makes that level")
    because: str | None = Field(description="why it was raised; null where it was not")
    review: ReviewAnswer | None = Field(description="the next review; null where none is due")


class ReviewedAnswer(Answer):
    """A review that is done."""

    review_id: str = Field(description="names it")
    incident_id: str = Field(description="the incident")
    level: Level = Field(description="the level from now on")
    outcome: str = Field(description="what was found")
    review: ReviewAnswer | None = Field(description="the next review; null where none is due")


class TaskAnswer(Answer):
    """Something to be done by a deadline, or done."""

    task_id: str = Field(description="names it")
    kind: TaskKind = Field(description="what is to be done")
    subject: str = Field(description="names whom, what or which incident it is for")
    name: str | None = Field(description="whom or what it is for, as it was told; null for an incident")
    because: str = Field(description="why")
    about: str | None = Field(description="the perpetrator, as it was told; null where there is none")
    release_id: str | None = Field(description="the release that it follows from; null where there is none")
    set_at: Utc = Field(description="UTC")
    set_by: str = Field(description="who set it")
    due_at: Utc = Field(description="UTC")
    overdue_s: int | None = Field(description=_OVERDUE)
    tried: int = Field(description="how often it was tried in vain")
    support: list[str] = Field(description="what help there is, by the markers in force")


class TasksAnswer(Answer):
    """Tasks that are not done."""

    seq: int = Field(description="the last row of the record that is in the answer")
    overdue: int = Field(description="how many are overdue")
    tasks: list[TaskAnswer] = Field(description="the longest overdue first, then by when they are due")


class TaskDoneAnswer(Answer):
    """What was done about a task."""

    task_id: str = Field(description="names it")
    open: bool = Field(description="whether it is still open, because who was to be told was not")
    done: str = Field(description="what was done")
    by: str = Field(description="who did it")
    victim_told: bool | None = Field(description="whether the victim was told; null where it was not about that")


class ReleaseAnswer(Answer):
    """A release, and what follows from it."""

    release_id: str = Field(description="names it")
    subject: str = Field(description="names the perpetrator")
    markers: list[MarkerAnswer] = Field(description="markers linked with the perpetrator; with none, nobody is told")
    tasks: list[TaskAnswer] = Field(description="its open tasks")
