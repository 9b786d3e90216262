"""What a supervisor is told of a period, as the OpenAPI document describes it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.schemas import Answer, Hash, Utc

Share = Annotated[float, Field(ge=0, le=1)]
_OF = "of so many"
_CLASS = "incidents of that class, as docs/audit.md has it"
_GRADE = "its grade, as it was known when units were first sent"


class RateAnswer(Answer):
    """A share with its 95 % interval; null where there was nothing to count."""

    count: int = Field(description="so many")
    of: int = Field(description=_OF)
    share: Share | None = Field(description="count / of")
    low: Share | None = Field(description="the lower bound of its interval (Wilson)")
    high: Share | None = Field(description="the upper bound")


class MeasureAnswer(Answer):
    """A rate by both denominators."""

    of_judged: RateAnswer = Field(description="of the incidents of which it can be told")
    of_attended: RateAnswer = Field(description="of all that somebody was sent to: what is not known counts as not")


class ClassesAnswer(Answer):
    """How many incidents are of each class."""

    nearest_sent: int = Field(description=_CLASS)
    sent_within_noise: int = Field(description=_CLASS)
    nearer_not_eligible: int = Field(description=_CLASS)
    nearer_eligible_not_sent: int = Field(description=_CLASS)
    unknown: int = Field(description="incidents of which it cannot be told")
    dropped: int = Field(description="incidents at which there was nothing to judge")


class LostAnswer(Answer):
    """Seconds lost, over the incidents judged; null where none is."""

    n: int = Field(description="how many are known")
    missing: int = Field(description="how many are not")
    median: float | None = Field(description="the middle one")
    p90: float | None = Field(description="what nine in ten do not exceed")
    total: float | None = Field(description="their sum")


class ResponsesAnswer(Answer):
    """How responses stand against their targets."""

    with_target: int = Field(
        description="incidents that somebody was to travel to within a target; the sum of all below"
    )
    in_target: int = Field(description="somebody was there in time")
    late: int = Field(description="somebody was there, too late")
    overdue: int = Field(description="open, the target is up, and nobody is known to be there")
    pending: int = Field(description="open, and the target is not up or has not begun")
    zero: int = Field(description="no time went by: an officer was there already; in no rate")
    unclocked: int = Field(description="somebody was there, and when the clock began is not known")
    missing: int = Field(description="ended; somebody was sent, and no arrival is recorded")
    doubtful: int = Field(description="an arrival is recorded that cannot be")
    nobody_sent: int = Field(description="ended, and nobody was ever sent; in no rate")
    in_target_of_timed: RateAnswer = Field(description="of in_target and late")
    in_target_of_decided: RateAnswer = Field(
        description="of in_target, late, overdue, unclocked, missing and doubtful: what is not known is not in time"
    )


class GroupAnswer(Answer):
    """How a group of incidents went."""

    group: Literal["all", "domestic_abuse", "other"] = Field(description="which incidents")
    incidents: int = Field(description="how many there are")
    sendings: int = Field(description="at how many somebody was sent")
    counts: ClassesAnswer = Field(description="by class")
    nearest_sent: MeasureAnswer = Field(description="the nearest-sent rate of the audit")
    strict: MeasureAnswer = Field(description="counting nearest_sent alone")
    within_noise: RateAnswer = Field(description="sent_within_noise of those judged: doubt speaks for the decision")
    if_all_placed: RateAnswer = Field(
        description="the nearest-sent rate of those judged at which every unit that might go had a usable position"
    )
    suggested_sent: RateAnswer = Field(description="first sendings of suggested units alone, of all first sendings")
    lost_s: LostAnswer = Field(description="seconds lost, over the incidents judged")
    responses: ResponsesAnswer = Field(description="against the targets")


class BecauseAnswer(Answer):
    """Why incidents went no further."""

    because: str = Field(description="the code")
    sentence: str = Field(description="the same for people")
    count: int = Field(description="incidents")


class GivenReasonAnswer(Answer):
    """A reason that was recorded."""

    reason: str = Field(description="a code of the force profile")
    label: str | None = Field(description="what people call it; null where the profile has it no more")


class NotNearestAnswer(Answer):
    """An incident at which a nearer unit might have gone beyond doubt."""

    incident_id: str = Field(description="the incident")
    received_at: Utc = Field(description="UTC")
    grade: str = Field(description=_GRADE)
    domestic_abuse: bool = Field(description="whether it is one")
    decided_at: Utc = Field(description="when the first unit was sent, UTC")
    by: list[str] = Field(description="who sent them")
    sent: list[str] = Field(description="who was sent together")
    judged: str = Field(description="the nearest of them")
    better: str = Field(description="the soonest that might have gone beyond doubt")
    lost_s: float | None = Field(description="seconds by which it was sooner, as predicted")
    cause: str = Field(description="what the choice agrees with")
    cause_label: str = Field(description="the same for people")
    reasons: list[GivenReasonAnswer] = Field(description="as they were recorded")
    recommendation: int | None = Field(description="the kept recommendation that this rests on, by its number")


class OverrideSentAnswer(Answer):
    """A unit that was sent though it was not suggested."""

    incident_id: str = Field(description="the incident")
    grade: str = Field(description=_GRADE)
    domestic_abuse: bool = Field(description="whether it is one")
    callsign: str = Field(description="the unit sent")
    at: Utc = Field(description="when, UTC")
    by: str = Field(description="who sent it")
    note: str | None = Field(description="more about the reason; null where there is none")
    failed: list[str] = Field(description="rules that spoke against it")
    recommendation: int | None = Field(description="the recommendation looked at; null where there was none")
    advised: list[str] | None = Field(
        description="who was suggested just before the first sending; null where that is not known or it came later"
    )
    given_up_s: float | None = Field(
        description="seconds by which it was later than the soonest of those, as predicted; negative where sooner"
    )


class OverrideAnswer(Answer):
    """Sendings of units that were not suggested, for one reason."""

    reason: str | None = Field(description="a code of the force profile; null where none was given")
    label: str | None = Field(description="what people call it; null where there is none")
    count: int = Field(description="sendings")
    domestic_abuse: int = Field(description="those of them to domestic abuse")
    sent: list[OverrideSentAnswer] = Field(description="each of them")


class LateAnswer(Answer):
    """A response later than its target."""

    incident_id: str = Field(description="the incident")
    received_at: Utc = Field(description="UTC")
    earlier: bool = Field(
        description="whether it was received before the period: told where to is not given and it waits; in no number"
    )
    grade: str = Field(description="the grade held when somebody arrived, or now")
    domestic_abuse: bool = Field(description="whether it is one")
    clock: Literal["received", "graded", "dispatched"] = Field(description="what the target counts from")
    target_s: int = Field(description="the target in seconds")
    due_at: Utc = Field(description="when it was up, UTC")
    late_s: float = Field(description="seconds by which somebody was late, or is by now")
    waiting: bool = Field(description="whether nobody is known to be there yet")
    arrived_at: Utc | None = Field(description="when somebody was there, UTC; null while waiting")
    sent: list[str] = Field(description="who was sent first; empty where nobody was")


class SupervisionAnswer(Answer):
    """A period as a supervisor watches it, with the words of the audit."""

    from_: Utc = Field(alias="from", description="incidents received from this moment on, UTC")
    to: Utc = Field(description="and before this one, UTC")
    as_of: Utc = Field(description="as known at this moment, UTC")
    seq: int = Field(description="the last row of the record that is in the answer")
    force: Hash = Field(description="the force profile by which grades and targets are understood")
    next_due_at: Utc | None = Field(description="when the next target of those pending is up, UTC; null for none")
    purged: int = Field(description="incidents of the period whose details were purged; in nothing below")
    groups: list[GroupAnswer] = Field(description="all, domestic abuse, and the others")
    unknown: list[BecauseAnswer] = Field(description="why it cannot be told of some, the most frequent first")
    dropped: list[BecauseAnswer] = Field(description="why there was nothing to judge at some")
    not_nearest: list[NotNearestAnswer] = Field(description="where a nearer unit might have gone")
    overrides: list[OverrideAnswer] = Field(description="by reason, the most frequent first, those without one last")
    late: list[LateAnswer] = Field(description="those still waiting first, then the latest first")
