"""The plan for the queue, as it is told."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.schemas import Answer, LeftBehind, Seconds, TargetAnswer, Utc, Versions


class PlannedUnit(Answer):
    """A unit that the plan sends."""

    callsign: str = Field(description="the unit")
    time_s: Seconds = Field(description="seconds until it is with the caller")
    leaves: LeftBehind | None = Field(description="the incident that it would leave; null where it is free")


class ChainStep(Answer):
    """A unit that could go, and where it goes instead."""

    callsign: str = Field(description="the nearest unit that could still go")
    incident_id: str = Field(description="where it goes instead")
    grade: str = Field(description="the grade of that incident")


class ReasonAnswer(Answer):
    """Why an incident is left waiting, or gets less than it needs."""

    cause: Literal["outside_area", "nobody_eligible", "sent_elsewhere"] = Field(description="what kind of reason")
    text: str = Field(description="the reason for people to read")
    rules: dict[str, int] = Field(description="for nobody_eligible: how many units fail each rule")
    steps: list[ChainStep] = Field(description="for sent_elsewhere: who could go and where it goes instead, and so on")
    without: list[str] = Field(description="for sent_elsewhere: the incidents that together stand in the way")


class QueuedAnswer(Answer):
    """A waiting incident, and what the plan does for it."""

    incident_id: str = Field(description="the incident")
    grade: str = Field(description="its grade")
    received_at: Utc | None = Field(description="UTC; null where not known")
    units_needed: int = Field(description="how many units must attend")
    tags: list[str] = Field(description="its tags, sorted")
    outcome: Literal["met", "partly_met", "waiting"] = Field(description="all that it needs, a part, or nobody")
    target: TargetAnswer = Field(description="within what time it is to be attended")
    staying: list[str] = Field(description="units committed to it that the plan leaves there")
    lost: list[str] = Field(description="units that the plan takes away from it")
    sent: list[PlannedUnit] = Field(description="who goes, soonest first")
    late_s: float | None = Field(
        description="seconds by which the first is late; null where nobody is sent, or the target is not known"
    )
    units_short: int = Field(description="how many units are missing")
    people_short: int = Field(description="how many people of a tag's crew are missing")
    unmet: list[str] = Field(description="requirements that are not met")
    reason: ReasonAnswer | None = Field(description="why something is missing; null where nothing is")


class ReliefAnswer(Answer):
    """A nearer free unit in place of one on its way."""

    incident_id: str = Field(description="the incident")
    grade: str = Field(description="its grade")
    relieved: str = Field(description="who is on the way")
    callsign: str = Field(description="who would go instead")
    relieved_s: Seconds = Field(description="seconds that the one on the way still needs")
    time_s: Seconds = Field(description="seconds that the other needs")
    gain_s: Seconds = Field(description="seconds by which that is sooner")


class PlanAnswer(Answer):
    """Who should go to each waiting incident, all of them together. It advises; a person sends."""

    now: Utc = Field(description="the moment of the plan, UTC")
    queue: list[QueuedAnswer] = Field(
        description="every incident that waits, the most urgent grade first, then by name"
    )
    reliefs: list[ReliefAnswer] = Field(description="units to send in place of others")
    versions: Versions = Field(description="hashes of all that the plan rests on")
