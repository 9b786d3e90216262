"""The tables of a force profile, each checked by itself; `dispatch.force` holds them together."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Mapping
from typing import Annotated, Literal

import shapely
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from graphs.faults import refuse

_SECONDS = "a whole number of seconds, 0 or more"
_POSITIVE_SECONDS = "a whole number of seconds, 1 or more"
_LABEL = "a line of text for people to read"
_ZONE = 'an IANA time zone, such as "Europe/London"'
_YES_OR_NO = "true or false"
_DAYS = "a whole number of days, 1 or more"
GLOBE = shapely.box(-180, -90, 180, 90)


def _key(word: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", word):
        raise refuse("a key of lower-case letters, digits and _, such as domestic_abuse")
    return word


def _code(word: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", word):
        raise refuse("a code of letters, digits, - and _")
    return word


def _label(text: str) -> str:
    if not text.strip() or re.search(r"[\x00-\x1f\x7f]", text):
        raise refuse(_LABEL)
    return text


def _is_polygon(wkt: str) -> bool:
    try:
        shape = shapely.from_wkt(wkt)
    except shapely.errors.GEOSException:
        return False
    return bool(shape.geom_type == "Polygon" and shape.is_valid and GLOBE.covers(shape))


def _polygon(wkt: str) -> str:
    if not _is_polygon(wkt):
        raise refuse("a valid polygon in degrees, POLYGON ((lon lat, ...))")
    return wkt


def _time_zone(name: str) -> str:
    try:
        zoneinfo.ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise refuse(_ZONE) from None
    return name


Key = Annotated[str, AfterValidator(_key)]
Code = Annotated[str, AfterValidator(_code)]
Label = Annotated[str, AfterValidator(_label)]
Polygon = Annotated[str, AfterValidator(_polygon)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
# Strict models take no list for a tuple, and TOML knows only lists.
Names = Annotated[tuple[str, ...], Field(strict=False)]


class Table(BaseModel):
    """A table of the profile; the description of a field says what is accepted there."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Grade(Table):
    """A response grade.

    Attributes
    ----------
    label
        What people call it.
    rank
        1 is the most urgent; no two grades share a rank.
    clock
        The moment from which a target counts.
    profile
        The road profile a unit drives under.
    deploys
        Whether units are sent at all.
    target_urban_s, target_rural_s
        Seconds within which a unit is to attend; both None where the grade has no target.
    """

    label: Label = Field(description=_LABEL)
    rank: int = Field(ge=1, description="a whole number, 1 for the most urgent grade")
    clock: Literal["received", "graded", "dispatched"] = Field(description='"received", "graded" or "dispatched"')
    profile: Literal["response", "normal"] = Field(description='"response" or "normal"')
    deploys: bool = Field(default=True, description=_YES_OR_NO)
    target_urban_s: int | None = Field(default=None, ge=1, description=_POSITIVE_SECONDS)
    target_rural_s: int | None = Field(default=None, ge=1, description=_POSITIVE_SECONDS, validate_default=True)

    @field_validator("target_urban_s", "target_rural_s")
    @classmethod
    def _only_where_units_go(cls, target_s: int | None, info: ValidationInfo) -> int | None:
        if target_s is not None and not info.data.get("deploys", True):
            raise refuse("no target, because the grade sends no unit")
        return target_s

    @field_validator("target_rural_s")
    @classmethod
    def _both_targets_or_neither(cls, rural_s: int | None, info: ValidationInfo) -> int | None:
        # One missing target must not quietly mean that half the force area has none.
        if "target_urban_s" in info.data and (info.data["target_urban_s"] is None) != (rural_s is None):
            raise refuse("target_urban_s and target_rural_s together, or neither")
        return rural_s


class Areas(Table):
    """Where the force area is urban.

    Attributes
    ----------
    urban
        Polygons as WKT, longitude before latitude, WGS 84 degrees. Outside them is rural; none at all leaves the
        setting unknown.
    """

    urban: tuple[Polygon, ...] = Field(default=(), strict=False, description="a list of polygons as WKT")


class Status(Table):
    """What a radio status code means.

    Attributes
    ----------
    label
        What people call it.
    deployable
        ``yes``, ``no``, ``towards_higher_grade`` (only to an incident that outranks the one that the unit is committed
        to) or ``preempt`` (only where the pre-emption matrix lets the unit be taken).
    off_duty
        The unit is not there to be asked.
    moving
        Whether the unit may have moved since its fix.
    mobilisation_s
        Seconds from being asked until the vehicle moves.
    step
        The step of an assignment that goes with the code: a unit that reports the one has come to the other. None where
        the code says nothing of an assignment.
    """

    label: Label = Field(description=_LABEL)
    off_duty: bool = Field(default=False, description=_YES_OR_NO)
    deployable: Literal["yes", "no", "towards_higher_grade", "preempt"] = Field(
        description='"yes", "no", "towards_higher_grade" or "preempt"'
    )
    moving: bool = Field(description=_YES_OR_NO)
    mobilisation_s: int = Field(ge=0, description=_SECONDS)
    step: Literal["en_route", "at_scene", "clear"] | None = Field(
        default=None, description='"en_route", "at_scene" or "clear"'
    )

    @field_validator("deployable")
    @classmethod
    def _nobody_is_sent_off_duty(cls, deployable: str, info: ValidationInfo) -> str:
        if deployable != "no" and info.data.get("off_duty", False):
            raise refuse('"no", because the unit is off duty')
        return deployable


class Fixes(Table):
    """How far a position report is trusted.

    Attributes
    ----------
    fresh_s
        Seconds of age up to which a fix adds no doubt worth showing.
    stale_moving_s, stale_parked_s
        Seconds of age from which a fix is not used, by the ``moving`` of the unit's status.
    future_tolerance_s
        Seconds by which a fix may lie in the future, for clocks that differ.
    default_accuracy_m
        Metres assumed where a device does not give its accuracy.
    """

    fresh_s: int = Field(ge=0, description=_SECONDS)
    stale_moving_s: int = Field(ge=1, description=_POSITIVE_SECONDS)
    stale_parked_s: int = Field(ge=1, description=_POSITIVE_SECONDS)
    future_tolerance_s: int = Field(ge=0, description=_SECONDS)
    default_accuracy_m: float = Field(gt=0, description="metres, more than 0")

    @field_validator("stale_moving_s", "stale_parked_s")
    @classmethod
    def _fresh_is_not_stale(cls, stale_s: int, info: ValidationInfo) -> int:
        fresh_s = info.data.get("fresh_s", 0)
        if stale_s < fresh_s:
            raise refuse(f"fresh_s, {fresh_s}, or more")
        return stale_s


class Diversion(Table):
    """When a nearer free unit is proposed in place of one that is on its way.

    Attributes
    ----------
    gain_s
        Seconds by which it must be sooner, at least.
    gain_share
        Share of the time that the unit on its way still needs by which it must be sooner, at least.
    hold_s
        Seconds for which a unit that was assigned is left alone.
    """

    gain_s: int = Field(default=120, ge=1, description=_POSITIVE_SECONDS)
    gain_share: float = Field(default=0.25, ge=0, le=1, description="a share, from 0 to 1")
    hold_s: int = Field(default=180, ge=0, description=_SECONDS)


class Retention(Table):
    """After how many days what is kept is purged; what has no number is never purged.

    Attributes
    ----------
    incidents_days
        From the end of an incident: its details, its recommendations, and what the history has of it.
    tags_days
        By tag, a number in place of that one where it is longer.
    fixes_days
        From the receipt of a position report.
    consultations_days
        From a consultation: why and how it was made; that it was made stays in the record.
    answers_days
        From an answer that was given to a key: a key that comes again later is new.
    concern_days
        From when the last marker on a person or an address went out of force, or something was last written about it.
    """

    incidents_days: int | None = Field(default=None, ge=1, description=_DAYS)
    tags_days: Mapping[Key, Annotated[int, Field(ge=1, description=_DAYS)]] = Field(
        default_factory=dict, description="a number of days for each tag"
    )
    fixes_days: int | None = Field(default=None, ge=1, description=_DAYS)
    consultations_days: int | None = Field(default=None, ge=1, description=_DAYS)
    answers_days: int | None = Field(default=None, ge=1, description=_DAYS)
    concern_days: int | None = Field(default=None, ge=1, description=_DAYS)


class Skill(Table):
    """Something that an officer is trained or equipped for.

    Attributes
    ----------
    label
        What people call it.
    stops_clock
        Whether a unit with it that arrives counts as the response; of community support, say, it may not.
    """

    label: Label = Field(description=_LABEL)
    stops_clock: bool = Field(default=True, description="true or false")


class Tag(Table):
    """What an incident with a tag needs; a tag with a label only needs nothing more than a unit.

    Attributes
    ----------
    label
        What people call it.
    crew
        People needed on the scene together, or None.
    or_units
        As many units do instead of ``crew``, or None.
    needs
        Skills that every unit sent must have.
    prefer_skill
        Skill to choose where a unit with it is near enough, or None.
    near_enough_s
        Seconds by which a unit with ``prefer_skill`` may arrive after the nearest, or None.
    """

    label: Label = Field(description=_LABEL)
    crew: int | None = Field(default=None, ge=1, description="a whole number of people, 1 or more")
    or_units: int | None = Field(default=None, ge=1, description="a whole number of units, 1 or more")
    needs: Names = Field(default=(), description="a list of skills")
    prefer_skill: str | None = Field(default=None, description="a skill")
    near_enough_s: int | None = Field(default=None, ge=0, description=_SECONDS, validate_default=True)

    @field_validator("or_units")
    @classmethod
    def _units_replace_a_crew(cls, or_units: int | None, info: ValidationInfo) -> int | None:
        if or_units is not None and info.data.get("crew", 0) is None:
            raise refuse("or_units together with crew")
        return or_units

    @field_validator("near_enough_s")
    @classmethod
    def _preference_has_a_limit(cls, near_enough_s: int | None, info: ValidationInfo) -> int | None:
        if "prefer_skill" in info.data and (info.data["prefer_skill"] is None) != (near_enough_s is None):
            raise refuse("prefer_skill and near_enough_s together, or neither")
        return near_enough_s


class Assessment(Table):
    """The supervisor's form for the initial response.

    Attributes
    ----------
    questions
        By key, what is asked; answered with yes, no or not_applicable.
    outcomes
        By key, what may come of it.
    """

    questions: Mapping[Key, Label] = Field(default_factory=dict, description="a line of text for each question")
    outcomes: Mapping[Key, Label] = Field(default_factory=dict, description="a line of text for each outcome")


Grades = Annotated[Mapping[Key, Grade], Field(min_length=1, description="a table for each grade, at least one")]
Statuses = Annotated[Mapping[Code, Status], Field(min_length=1, description="a table for each code, at least one")]
Preemption = Annotated[Mapping[Key, Names], Field(description="a list of grades")]
Transitions = Annotated[Mapping[Code, Names], Field(description="a list of status codes")]
Skills = Annotated[Mapping[Key, Skill], Field(description="a table for each skill")]
Tags = Annotated[Mapping[Key, Tag], Field(description="a table for each tag")]
Reasons = Annotated[
    Mapping[Key, Label], Field(min_length=1, description="a line of text for people to read, at least one")
]
