"""The table of a force profile on risk: what counts as repeat and vulnerable, what raises a grade, what is due when."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import phonenumbers
from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from dispatch.force_tables import Key, Label, Names, Table
from graphs.errors import Fault
from graphs.faults import refuse, unknown_name

Level = Literal["standard", "medium", "high"]
LEVELS: tuple[Level, ...] = ("standard", "medium", "high")
By = Literal["person", "phone", "address"]
_LABEL = "a line of text for people to read"
_LEVEL = '"standard", "medium" or "high"'
_MONTHS = "a whole number of months, 1 to 120"
_COUNT = "a whole number, 1 or more"
_HOURS = "a whole number of hours, 0 to 8760"
_MOST_HOURS = 8760
_TAG = "a tag of this profile"
_NO_NAMES = (
    *("unknown", "not", "known", "given", "refused", "anonymous", "nk", "n", "k", "na", "a", "none", "no", "name"),
    *("male", "female", "man", "woman", "boy", "girl", "child", "person", "caller", "victim", "suspect", "the"),
)


def _region(code: str) -> str:
    if not re.fullmatch(r"[A-Z]{2}", code) or code not in phonenumbers.SUPPORTED_REGIONS:
        raise refuse('an ISO 3166 code of a country, such as "GB"')
    return code


class Definition(Table):
    """A rule that says when a word is used; its text is shown beside every answer that uses it.

    Attributes
    ----------
    version
        Changes whenever the rule does.
    text
        The rule as people read it.
    adds
        The tag that an incident gets where the rule is met, or None.
    """

    version: Label = Field(description=_LABEL)
    text: Label = Field(description=_LABEL)
    adds: str | None = Field(default=None, description=_TAG)


class Repeat(Definition):
    """When somebody is a repeat victim.

    Attributes
    ----------
    tag
        Earlier incidents with it count.
    incidents
        How many of them make a repeat.
    months
        How far back they count.
    by
        By what they are known to concern the same person.
    """

    tag: str = Field(description=_TAG)
    incidents: int = Field(default=1, ge=1, description=_COUNT)
    months: int = Field(default=12, ge=1, le=120, description=_MONTHS)
    by: tuple[By, ...] = Field(
        default=("person", "phone", "address"),
        min_length=1,
        strict=False,
        description='a list of "person", "phone" and "address"',
    )


class ConferenceRepeat(Definition):
    """When a case goes back to a multi-agency conference.

    Attributes
    ----------
    tag
        A further incident with it counts.
    months
        How long after the case was last discussed.
    """

    tag: str = Field(description=_TAG)
    months: int = Field(default=12, ge=1, le=120, description=_MONTHS)


class Vulnerable(Definition):
    """When somebody is vulnerable: a person's judgement on questions, never guessed.

    Attributes
    ----------
    questions
        By key; one that is answered with yes is enough.
    """

    questions: Annotated[Mapping[Key, Label], Field(min_length=1, description="a question, at least one")]


class Raising(Table):
    """What raises an incident to a grade; all that it names must hold.

    Attributes
    ----------
    label
        The reason as people read it.
    tags
        Tags that the incident has.
    marker
        The least level of a marker that holds for somebody or some place of the incident, or None.
    to
        The grade that it has at least then.
    """

    label: Label = Field(description=_LABEL)
    tags: Names = Field(default=(), description="a list of tags")
    to: str = Field(description="a grade of this profile")
    marker: Level | None = Field(default=None, description=_LEVEL, validate_default=True)

    @field_validator("marker")
    @classmethod
    def _something_raises(cls, marker: Level | None, info: ValidationInfo) -> Level | None:
        if marker is None and info.data.get("tags") == ():
            raise refuse("tags, a marker, or both: something must hold")
        return marker


class Dash(Table):
    """How a risk assessment (DASH) comes to a level.

    Attributes
    ----------
    high_ticks, medium_ticks
        Ticks from which the level is high, and medium; None where no number of ticks makes it medium.
    escalation_incidents, escalation_months
        So many incidents within so many months, counted as for a repeat victim and with the one at hand, make it high;
        None where they do not.
    """

    high_ticks: int = Field(default=14, ge=1, le=27, description="a whole number, 1 to 27")
    medium_ticks: int | None = Field(default=None, ge=1, le=27, description="a whole number, 1 to 27")
    escalation_incidents: int | None = Field(default=None, ge=1, description=_COUNT)
    escalation_months: int = Field(default=12, ge=1, le=120, description=_MONTHS)


class Reviews(Table):
    """When a risk is looked at again.

    Attributes
    ----------
    high_hours
        After a high one was set.
    medium_days
        After a medium one was set, to the same time of day.
    """

    high_hours: int = Field(default=24, ge=1, le=_MOST_HOURS, description="a whole number of hours, 1 to 8760")
    medium_days: int = Field(default=28, ge=1, le=366, description="a whole number of days, 1 to 366")


class Releases(Table):
    """What follows from a release from custody or prison.

    Attributes
    ----------
    tell_before_hours
        So long before a planned release its victims are told.
    tell_within_minutes
        So soon they are told where that moment has passed.
    reassess_hours
        So long after the news the risk is assessed again, and before the release where that is sooner.
    raise_to, raise_days
        The level that linked markers have at least, from the news until so many days after the release.
    """

    tell_before_hours: int = Field(default=24, ge=0, le=_MOST_HOURS, description=_HOURS)
    tell_within_minutes: int = Field(default=60, ge=1, le=1440, description="a whole number of minutes, 1 to 1440")
    reassess_hours: int = Field(default=24, ge=1, le=_MOST_HOURS, description="a whole number of hours, 1 to 8760")
    raise_to: Level = Field(default="high", description=_LEVEL)
    raise_days: int = Field(default=28, ge=1, le=366, description="a whole number of days, 1 to 366")


class Risk(Table):
    """What a force makes of the history of a caller, a place and people.

    Attributes
    ----------
    phone_region
        Country of numbers told without a country code; None where such a number says nothing.
    no_names
        Words that stand where a name is not known.
    months
        How far back a check looks.
    crowd_incidents
        More incidents than that, of different callers, at one place or on one number are put down to the place or the
        number, not to a person.
    repeat_victim, conference_repeat, vulnerable
        Definitions; None where the force has none.
    raises
        What raises a grade, by key.
    dash, reviews, releases
        See `Dash`, `Reviews`, `Releases`.
    """

    phone_region: Annotated[str, AfterValidator(_region)] | None = Field(
        default=None, description='an ISO 3166 code of a country, such as "GB"'
    )
    no_names: Annotated[tuple[Label, ...], Field(strict=False)] = Field(
        default=_NO_NAMES, description="a list of words in lower case"
    )
    months: int = Field(default=12, ge=1, le=120, description=_MONTHS)
    crowd_incidents: int = Field(default=25, ge=1, le=200, description="a whole number, 1 to 200")
    repeat_victim: Repeat | None = Field(default=None, description="a table")
    conference_repeat: ConferenceRepeat | None = Field(default=None, description="a table")
    vulnerable: Vulnerable | None = Field(default=None, description="a table")
    raises: Mapping[Key, Raising] = Field(default_factory=dict, description="a table for each reason")
    dash: Dash = Field(default=Dash(), description="a table")
    reviews: Reviews = Field(default=Reviews(), description="a table")
    releases: Releases = Field(default=Releases(), description="a table")

    @property
    def longest_months(self) -> int:
        """How far back anything counts."""
        repeat = self.repeat_victim.months if self.repeat_victim else 0
        return max(self.months, repeat, self.dash.escalation_months)


def rank(level: str) -> int:
    """Return how grave a level is; standard is 0.

    >>> rank("high") > rank("medium") > rank("standard")
    True
    """
    return LEVELS.index(level)


def graver(*levels: Level) -> Level:
    """Return the gravest of several levels."""
    return max(levels, key=rank)


def risk_faults(data: Mapping[str, Any], source: str) -> Iterator[Fault]:
    """Find grades and tags that the table names and the profile has not.

    Parameters
    ----------
    data, source
        As for `dispatch.force_faults.cross_faults`.
    """
    tags, grades = _keys(data, "tags"), _keys(data, "grades")
    risk = data.get("risk")
    for field, name in _named_tags(risk if isinstance(risk, Mapping) else {}):
        if isinstance(name, str) and name not in tags:
            yield unknown_name(source, f"risk.{field}", name, tags)
    for key, each in _raises(risk):
        grade = each.get("to")
        if isinstance(grade, str) and grade not in grades:
            yield unknown_name(source, f"risk.raises.{key}.to", grade, grades)


def _keys(data: Mapping[str, Any], name: str) -> list[str]:
    table = data.get(name)
    return list(table) if isinstance(table, Mapping) else []


def _named_tags(risk: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for name in ("repeat_victim", "conference_repeat", "vulnerable"):
        table = risk.get(name)
        if isinstance(table, Mapping):
            yield from ((f"{name}.{field}", table.get(field)) for field in ("tag", "adds"))
    for key, each in _raises(risk):
        listed = each.get("tags")
        if isinstance(listed, list | tuple):
            yield from ((f"raises.{key}.tags.{place}", name) for place, name in enumerate(listed))


def _raises(risk: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    table = risk.get("raises") if isinstance(risk, Mapping) else None
    if isinstance(table, Mapping):
        yield from ((key, each) for key, each in table.items() if isinstance(each, Mapping))
