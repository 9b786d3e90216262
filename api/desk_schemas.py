"""What goes in and comes out at the desk, as it is read and as the OpenAPI document describes it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import Answer, RecommendationAnswer, Utc
from graphs.moments import MOMENT, Moment
from scenarios.rows import IncidentRow, Names, Number, Text, Whole

_AT = f"when it happened, {MOMENT}; now if not given"
Latitude = Annotated[Number, Field(ge=-90, le=90)]
Longitude = Annotated[Number, Field(ge=-180, le=180)]
Crew = Annotated[Whole, Field(ge=0, le=50)]


class Body(BaseModel):
    """A body that is read."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Happening(Body):
    """Something that happened, now or at a time that is told."""

    at: Moment | None = Field(default=None, description=_AT)


class Place(Body):
    """A place."""

    lat: Latitude = Field(description="degrees of latitude, -90 to 90")
    lon: Longitude = Field(description="degrees of longitude, -180 to 180")


class Nothing(Body):
    """An empty object: the address says it all."""


class OnDutyBody(Body):
    """A unit that comes on duty."""

    duty_start: Moment | None = Field(default=None, description=_AT)
    duty_end: Moment | None = Field(default=None, description=MOMENT)
    status: Text | None = Field(default=None, description="a status code of the force profile, or nothing if unknown")
    crew: Crew | None = Field(default=None, description="a whole number of officers aboard, 0 to 50")
    skills: Names = Field(default_factory=list, description="skill names of the force profile")
    sector: Text | None = Field(default=None, description="a sector's name")
    home: Place | None = Field(default=None, description="where it is stationed: lat and lon")


class StatusBody(Happening):
    """A status code that a unit reports."""

    status: Text = Field(description="a status code of the force profile")


class CrewBody(Body):
    """Who is aboard."""

    crew: Crew | None = Field(description="a whole number of officers aboard, 0 to 50; null if unknown")
    skills: Names = Field(default_factory=list, description="skill names of the force profile")


class ReceivedBody(IncidentRow):
    """A call for help."""


class RegradeBody(Happening):
    """Another grade for an incident."""

    grade: Text = Field(description="a grade of the force profile")
    because: Text = Field(description="why, for people to read")


class AmendBody(Body):
    """What is corrected or completed; what is left out stays."""

    lat: Latitude | None = Field(default=None, description="degrees of latitude, together with lon")
    lon: Longitude | None = Field(default=None, description="degrees of longitude, together with lat")
    type: Text | None = Field(default=None, description="text for people to read")
    tags: Names | None = Field(default=None, description="tags of the force profile: all that hold now")
    needs: Names | None = Field(default=None, description="skill names of the force profile: all that hold now")
    units_needed: Annotated[Whole, Field(ge=1, le=50)] | None = Field(
        default=None, description="a whole number, 1 to 50"
    )
    sector: Text | None = Field(default=None, description="a sector's name")
    address: Text | None = Field(default=None, description="text for people to read")
    phone: Text | None = Field(default=None, description="text for people to read")
    people: Names | None = Field(default=None, description="names of people concerned: all that hold now")
    on_road: bool | None = Field(default=None, strict=True, description="true or false")


class LinkBody(Body):
    """The incident that another is the same as."""

    duplicate_of: Text = Field(description="an open incident")


class BecauseBody(Body):
    """Why."""

    because: Text = Field(description="why, for people to read")


class CloseBody(Body):
    """How an incident ended."""

    outcome: Text = Field(description="what came of it, for people to read")


class SendBody(Body):
    """A unit that a dispatcher sends."""

    callsign: Text = Field(description="a unit on duty")
    recommendation: Annotated[Whole, Field(ge=1)] | None = Field(
        default=None, description="the number of the recommendation that was looked at"
    )
    reason: Text | None = Field(
        default=None, description="one of the force's override reasons, where another than the suggested unit is sent"
    )
    note: Text | None = Field(default=None, description="more about the reason, for people to read")
    confirm: bool = Field(default=False, strict=True, description="true to send a unit that is not eligible")


class StepBody(Happening):
    """A step of an assignment."""

    because: Text | None = Field(default=None, description="why, for people to read")


class ClosureBody(Body):
    """A road to close or slow."""

    closure_id: Text = Field(description="names it until it is lifted")
    feature: dict[str, Any] = Field(description="a GeoJSON feature as closures.geojson has them")


class AssignmentAnswer(Answer):
    """A unit sent to an incident."""

    incident_id: str = Field(description="the incident")
    callsign: str = Field(description="the unit")
    duty: str = Field(description="its duty, for a callsign is used again")
    step: Literal["assigned", "en_route", "at_scene", "clear", "stood_down", "diverted"] = Field(
        description="how far it has come"
    )
    assigned_at: Utc = Field(description="when it was sent, UTC")
    by: str = Field(description="who sent it")
    seq: int = Field(description="the row of the record that says so")
    recommendation: int | None = Field(description="the recommendation looked at; null where there was none")
    suggested: bool = Field(description="whether it was suggested then")
    reason: str | None = Field(description="the force's code of why another was sent; null for a suggested unit")
    note: str | None = Field(description="more about the reason; null where there is none")
    failed: list[str] = Field(description="rules that spoke against it when it was sent all the same")
    en_route_at: Utc | None = Field(description="UTC; null where not known")
    at_scene_at: Utc | None = Field(description="UTC; null where not known")
    ended_at: Utc | None = Field(description="when it was clear, stood down or diverted, UTC; null until then")


class FixAnswer(Answer):
    """Where a unit was."""

    lat: float = Field(description="degrees of latitude, WGS 84")
    lon: float = Field(description="degrees of longitude, WGS 84")
    fixed_at: Utc = Field(description="when that was true, UTC")
    accuracy_m: float | None = Field(description="metres; null where the device does not say")
    course_deg: float | None = Field(description="degrees clockwise from north; null where not known")
    speed_kmh: float | None = Field(description="km/h; null where not known")


class UnitAnswer(Answer):
    """A unit on duty."""

    callsign: str = Field(description="the unit")
    duty: str = Field(description="names the duty")
    duty_start: Utc = Field(description="UTC")
    duty_end: Utc | None = Field(description="UTC; null where open")
    status: str | None = Field(description="its status code; null where not known")
    status_at: Utc | None = Field(description="since when, UTC; null where not known")
    crew: int | None = Field(description="officers aboard; null where not known")
    skills: list[str] = Field(description="skills aboard, sorted")
    sector: str | None = Field(description="its own area; null where it has none")
    home: tuple[float, float] | None = Field(description="latitude and longitude of its station; null where not known")
    incident_id: str | None = Field(description="what it is bound to; null where it is free")
    assigned_at: Utc | None = Field(description="since when, UTC; null where it is free")
    fix: FixAnswer | None = Field(description="where it was last; null where no position is known")


class StatusNotedAnswer(Answer):
    """A status that was noted; where the unit is and what it does is not told to a system that only reports."""

    seq: int = Field(description="the row of the record that says so")
    callsign: str = Field(description="the unit")
    status: str = Field(description="the status code that was told")
    holds: bool = Field(description="whether it is the unit's status now; false where a newer one is known")


class UnitsAnswer(Answer):
    """The units on duty."""

    seq: int = Field(description="the last row of the record that is in the answer")
    units: list[UnitAnswer] = Field(description="by callsign")


class CaseAnswer(Answer):
    """An incident with all that is known of it."""

    incident_id: str = Field(description="names it")
    received_at: Utc = Field(description="when the call came, UTC")
    received_by: str = Field(description="who took it")
    lat: float = Field(description="degrees of latitude, WGS 84")
    lon: float = Field(description="degrees of longitude, WGS 84")
    grade: str = Field(description="a grade of the force profile")
    graded_at: Utc = Field(description="since when it has that grade, UTC")
    asked_grade: str = Field(description="the grade that the call handler gave it")
    raised_by: list[str] = Field(description="what raised the grade above that")
    type: str | None = Field(description="text for people to read; null where not given")
    tags: list[str] = Field(description="tags of the force profile")
    needs: list[str] = Field(description="skills that every unit sent must have")
    units_needed: int = Field(description="how many units must attend")
    sector: str | None = Field(description="null where not given")
    setting: Literal["urban", "rural", "unknown"] = Field(description="of its place; unknown takes the shorter target")
    on_road: bool = Field(description="whether it is on the carriageway itself")
    address: str | None = Field(description="null where not given")
    phone: str | None = Field(description="null where not given")
    people: list[str] = Field(description="people concerned")
    stage: Literal["open", "duplicate", "cancelled", "closed"] = Field(
        description="whether it is open, or how it ended"
    )
    duplicate_of: str | None = Field(description="the incident it is the same as; null where it stands for itself")
    duplicates: list[str] = Field(description="incidents that are the same as it")
    outcome: str | None = Field(description="what came of it; null while open")
    ended_at: Utc | None = Field(description="UTC; null while open")
    assignments: list[AssignmentAnswer] = Field(description="every unit sent, in order")
    risk: dict[str, Any] | None = Field(description="what the history check found; null where it has not run")
    dash: dict[str, Any] | None = Field(description="how the risk was assessed last; null where it was not")


class CasesAnswer(Answer):
    """The open incidents."""

    seq: int = Field(description="the last row of the record that is in the answer")
    incidents: list[CaseAnswer] = Field(description="the most urgent first, then the oldest")


class ClosureOpenedAnswer(Answer):
    """A closure in the record."""

    closure_id: str = Field(description="names it")
    feature: dict[str, Any] | None = Field(description="the GeoJSON feature; null once lifted")


class PositionsAnswer(Answer):
    """What became of position reports."""

    stored: int = Field(description="how many are new")
    known: int = Field(description="how many were stored before")
    refused: list[dict[str, str]] = Field(description="those that are kept and not used, and why")


class KeptRecommendationAnswer(Answer):
    """A recommendation that was kept, and whether it still holds."""

    seq: int = Field(description="its number: the row of the record that names it")
    incident_id: str = Field(description="the incident")
    by: str = Field(description="who asked")
    current: bool = Field(description="whether nothing has happened since that may change it, but that units moved")
    changed: list[str] = Field(description="what has happened since, the first 50 of it")
    recommendation: RecommendationAnswer = Field(description="what was told")
