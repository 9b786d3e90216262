"""The force profile as a console needs it, as the OpenAPI document describes it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.schemas import Answer, Hash
from dispatch.force_disclosure import Part
from dispatch.force_risk import Level
from dispatch.state import Step
from dispatch.state_risk import Role, TaskKind

_LABEL = "what people call it"
_NONE = "null where there is none"


class GradeAnswer(Answer):
    """A response grade."""

    grade: str = Field(description="its key")
    label: str = Field(description=_LABEL)
    rank: int = Field(description="1 is the most urgent")
    clock: Literal["received", "graded", "dispatched"] = Field(description="from when its target counts")
    profile: str = Field(description="the profile by which units drive to it")
    deploys: bool = Field(description="whether units are sent at all")
    target_urban_s: int | None = Field(description=f"seconds within which somebody is to be there; {_NONE}")
    target_rural_s: int | None = Field(description=f"the same where it is not urban; {_NONE}")
    preempted_by: list[str] = Field(description="grades whose incidents may take a unit from one of this grade")


class StatusAnswer(Answer):
    """A radio status code."""

    status: str = Field(description="the code")
    label: str = Field(description=_LABEL)
    off_duty: bool = Field(description="whether a unit with it is not there to be asked")
    deployable: Literal["yes", "no", "towards_higher_grade", "preempt"] = Field(
        description="whether a unit with it may be sent; towards_higher_grade: only to one that outranks its own, "
        "preempt only where preempted_by of that one allows it"
    )
    moving: bool = Field(description="whether the unit may have moved since its last position")
    mobilisation_s: int = Field(description="seconds until the vehicle moves")
    step: Literal["en_route", "at_scene", "clear"] | None = Field(
        description=f"the step of an assignment that goes with it; {_NONE}"
    )
    then: list[str] | None = Field(description="the codes that may follow it; null where any may")


class StepAnswer(Answer):
    """A step of an assignment."""

    step: Step = Field(description="the step")
    then: list[Step] = Field(description="the steps that may follow it; none after the last")


class SkillAnswer(Answer):
    """Something that an officer is trained or equipped for."""

    skill: str = Field(description="its key, as in the needs of an incident too")
    label: str = Field(description=_LABEL)
    stops_clock: bool = Field(description="whether a unit with it that arrives counts as the response")


class TagAnswer(Answer):
    """A mark on an incident, and what it asks for."""

    tag: str = Field(description="its key")
    label: str = Field(description=_LABEL)
    crew: int | None = Field(description=f"people needed on the scene together; {_NONE}")
    or_units: int | None = Field(description=f"as many units do instead; {_NONE}")
    needs: list[str] = Field(description="skills that every unit sent must have")
    prefer_skill: str | None = Field(description=f"skill to choose where a unit with it is near enough; {_NONE}")
    near_enough_s: int | None = Field(description=f"seconds by which that one may be later; {_NONE}")


class ReasonAnswer(Answer):
    """Why a dispatcher sends another unit than the suggested one."""

    reason: str = Field(description="its key, as it is sent")
    label: str = Field(description=_LABEL)


class FixLimitsAnswer(Answer):
    """How far a position is trusted."""

    fresh_s: int = Field(description="seconds of age up to which a position adds no doubt worth showing")
    stale_moving_s: int = Field(description="seconds from which it is not used, where the status says moving")
    stale_parked_s: int = Field(description="seconds from which it is not used elsewhere")
    future_tolerance_s: int = Field(description="seconds by which it may lie in the future")
    default_accuracy_m: float = Field(description="metres taken where a device does not give its accuracy")


class DiversionAnswer(Answer):
    """When a nearer free unit is proposed in place of one that is on its way."""

    gain_s: int = Field(description="seconds by which it must be sooner, at least")
    gain_share: float = Field(description="share of the time still needed by which it must be sooner, at least")
    hold_s: int = Field(description="seconds for which a unit that was sent is left alone")


class DefinitionAnswer(Answer):
    """A rule that says when a word is used."""

    definition: Literal["repeat_victim", "conference_repeat", "vulnerable"] = Field(description="the word")
    version: str = Field(description="changes whenever the rule does")
    text: str = Field(description="the rule as people read it")
    adds: str | None = Field(description=f"the tag that an incident gets where it is met; {_NONE}")


class QuestionAnswer(Answer):
    """A question of a form."""

    question: str = Field(description="its key, as it is answered")
    label: str = Field(description="the question as people read it")


class RaisingAnswer(Answer):
    """What raises an incident to a grade; all that it names must hold."""

    reason: str = Field(description="its key")
    label: str = Field(description="the reason as people read it")
    tags: list[str] = Field(description="tags that the incident has")
    marker: Level | None = Field(description="the least level of a marker that holds; null where none is asked for")
    to: str = Field(description="the grade that it has at least then")


class DashRulesAnswer(Answer):
    """How a risk assessment comes to a level."""

    questions: int = Field(description="how many questions the form has")
    high_ticks: int = Field(description="ticks from which it is high")
    medium_ticks: int | None = Field(description="ticks from which it is medium; null where no number makes it so")
    escalation_incidents: int | None = Field(description=f"so many incidents make it high; {_NONE}")
    escalation_months: int = Field(description="within so many months")


class ReviewRulesAnswer(Answer):
    """When a risk is looked at again."""

    high_hours: int = Field(description="hours after a high one was set")
    medium_days: int = Field(description="days after a medium one was set")


class ReleaseRulesAnswer(Answer):
    """What follows from a release from custody or prison."""

    tell_before_hours: int = Field(description="hours before a planned release by which its victims are told")
    tell_within_minutes: int = Field(description="minutes within which they are told where that has passed")
    reassess_hours: int = Field(description="hours within which the risk is assessed again")
    raise_to: Level = Field(description="the level that linked markers have at least")
    raise_days: int = Field(description="until so many days after the release")


class RiskRulesAnswer(Answer):
    """What a force makes of the history of a caller, a place and people."""

    levels: list[Level] = Field(description="the gravest last")
    roles: list[Role] = Field(description="whom or what a marker may be on")
    task_kinds: list[TaskKind] = Field(description="what a task may be")
    months: int = Field(description="how far back a check looks")
    definitions: list[DefinitionAnswer] = Field(description="those that the force has")
    questions: list[QuestionAnswer] = Field(description="on vulnerability, for the call handler; one yes is enough")
    raises: list[RaisingAnswer] = Field(description="what raises a grade")
    dash: DashRulesAnswer = Field(description="how a risk assessment comes to a level")
    reviews: ReviewRulesAnswer = Field(description="when a risk is looked at again")
    releases: ReleaseRulesAnswer = Field(description="what follows from a release")


class OutcomeAnswer(Answer):
    """What may come of an assessment."""

    outcome: str = Field(description="its key, as it is sent")
    label: str = Field(description=_LABEL)


class AssessmentRulesAnswer(Answer):
    """The supervisor's form for an initial response."""

    questions: list[QuestionAnswer] = Field(description="what is asked")
    answers: list[str] = Field(description="what each may be answered with")
    outcomes: list[OutcomeAnswer] = Field(description="what may come of it")


class BasisAnswer(Answer):
    """On what a disclosure may rest."""

    basis: str = Field(description="its key, as it is sent")
    label: str = Field(description=_LABEL)


class PurposeAnswer(Answer):
    """What may be told to a partner for a purpose."""

    purpose: str = Field(description="its key, as it is sent")
    label: str = Field(description=_LABEL)
    parts: list[Part] = Field(description="the parts of an incident that it needs, at most")


class DisclosureRulesAnswer(Answer):
    """What is told to partners."""

    agency: str = Field(description="the force's name in documents for partners")
    parts: list[Part] = Field(description="every part of an incident that there is")
    lawful_bases: list[BasisAnswer] = Field(description="on what a disclosure may rest")
    purposes: list[PurposeAnswer] = Field(description="for what something may be told")


class ForceAnswer(Answer):
    """A force's rules, as far as a console needs them."""

    hash: Hash = Field(description="of the whole profile; in the versions of each recommendation too")
    version: int = Field(description="of the layout of profiles")
    name: str = Field(description="the force")
    time_zone: str = Field(description="IANA name of the zone of its wall clocks")
    grid: Literal["british_national_grid"] | None = Field(
        description="the grid whose eastings and northings mean a place on these roads; null where none does"
    )
    grades: list[GradeAnswer] = Field(description="the most urgent first")
    statuses: list[StatusAnswer] = Field(description="in the order of the profile")
    steps: list[StepAnswer] = Field(description="the steps of an assignment, and what may follow what")
    skills: list[SkillAnswer] = Field(description="in the order of the profile")
    tags: list[TagAnswer] = Field(description="in the order of the profile")
    override_reasons: list[ReasonAnswer] = Field(description="in the order of the profile")
    fixes: FixLimitsAnswer = Field(description="how far a position is trusted")
    diversion: DiversionAnswer = Field(description="when a nearer unit is proposed for one on its way")
    risk: RiskRulesAnswer = Field(description="what is made of history")
    assessment: AssessmentRulesAnswer = Field(description="the supervisor's form")
    disclosure: DisclosureRulesAnswer = Field(description="what is told to partners")
