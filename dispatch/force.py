"""A force profile: what differs between police forces, read from TOML and checked as a whole.

The profile says what a force's grades, status codes, skills and tags mean. Who may be sent is decided elsewhere.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.resources
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import shapely
from pydantic import Field, ValidationError, model_validator
from shapely.geometry.base import BaseGeometry

from dispatch.force_disclosure import Disclosure
from dispatch.force_faults import cross_faults
from dispatch.force_risk import Risk
from dispatch.force_tables import (
    GLOBE,
    Areas,
    Assessment,
    Diversion,
    Fixes,
    Grade,
    Grades,
    Label,
    Preemption,
    Reasons,
    Retention,
    Skill,
    Skills,
    Status,
    Statuses,
    Table,
    Tag,
    Tags,
    TimeZone,
    Transitions,
)
from graphs.errors import InputError
from graphs.faults import parse_toml, read_text, shape_faults, unknown_name

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Areas", "Diversion", "Fixes", "Force", "Grade", "Setting", "Skill", "Status", "Tag"]

Setting = Literal["urban", "rural", "unknown"]


class Force(Table):
    """One force's rules.

    Attributes
    ----------
    version
        Of this layout of a profile.
    name
        The force.
    time_zone
        IANA name of the zone of its wall clocks.
    grades, statuses, skills, tags
        By key; see `Grade`, `Status`, `Skill`, `Tag`.
    areas, fixes, diversion
        See `Areas`, `Fixes`, `Diversion`.
    preemption
        For the grade a unit is committed to, the grades that may take it.
    transitions
        For a status code, the codes that may follow it; a code that is not named may be followed by any.
    retention
        See `Retention`.
    override_reasons
        By code, why a dispatcher may send another unit than the suggested one.
    assessment
        The supervisor's form; see `Assessment`.
    risk
        See `dispatch.force_risk.Risk`.
    disclosure
        See `dispatch.force_disclosure.Disclosure`.
    """

    # Not Literal[1], which would take true and 1.0.
    version: int = Field(ge=1, le=1, description="1")
    name: Label = Field(description="a line of text for people to read")
    time_zone: TimeZone = Field(description="an IANA time zone")
    grades: Grades
    areas: Areas = Field(default=Areas(), description="a table with urban")
    statuses: Statuses
    preemption: Preemption = Field(default_factory=dict)
    transitions: Transitions = Field(default_factory=dict)
    fixes: Fixes = Field(description="a table of limits")
    diversion: Diversion = Field(default=Diversion(), description="a table of limits")
    retention: Retention = Field(default=Retention(), description="a table of numbers of days")
    skills: Skills = Field(default_factory=dict)
    tags: Tags = Field(default_factory=dict)
    override_reasons: Reasons
    assessment: Assessment = Field(default=Assessment(), description="a table with questions and outcomes")
    risk: Risk = Field(default=Risk(), description="a table on the history of callers, places and people")
    disclosure: Disclosure = Field(default=Disclosure(), description="a table on what is told to partners")

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        faults = cross_faults(self.model_dump(), self.name)
        if faults:
            raise InputError(faults)
        return self

    @classmethod
    def parse(cls, text: str, source: str) -> Self:
        """Read a profile from TOML text.

        Parameters
        ----------
        text
            The profile.
        source
            What to call it in faults.

        Raises
        ------
        InputError
            With every fault found.
        """
        data = parse_toml(text, source)
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            faults = shape_faults(error, cls, source) + cross_faults(data, source)
        except InputError:
            faults = cross_faults(data, source)
        raise InputError(faults)

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read a profile from a TOML file in UTF-8, with or without a byte order mark.

        Raises
        ------
        InputError
            With every fault found; a file that cannot be read is one.
        """
        return cls.parse(read_text(path, "a TOML file in UTF-8"), str(path))

    @staticmethod
    def default() -> Force:
        """Give the profile that ships, Cleveland Police."""
        return _default()

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Copy, with changes that are checked like a new profile.

        Raises
        ------
        InputError, pydantic.ValidationError
            If the changed profile is at fault.
        """
        # The inherited method would neither check a change nor forget the hash.
        if not update:
            return super().model_copy(deep=deep)
        return type(self).model_validate({**self.model_dump(), **update})

    def __hash__(self) -> int:
        """Make profiles usable as keys, their tables being dictionaries."""
        return hash(self.hash)

    @functools.cached_property
    def hash(self) -> str:
        """SHA-256, hex, of the values as canonical JSON; comments and layout do not count."""
        values = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(values.encode()).hexdigest()

    def grade(self, key: str) -> Grade:
        """Give a grade by its key.

        Raises
        ------
        InputError
            If the force has no such grade.
        """
        if key not in self.grades:
            raise InputError([unknown_name(self.name, "grade", key, self.grades)])
        return self.grades[key]

    def may_change_status(self, code: str | None, to: str) -> bool:
        """Say whether a unit may go from one status code to another; from none it may go to any."""
        allowed = self.transitions.get(code) if code is not None else None
        return code == to or allowed is None or to in allowed

    def status_of(self, step: str) -> str | None:
        """Give the status code that goes with a step of an assignment; None where no code does."""
        return next((code for code, status in self.statuses.items() if status.step == step), None)

    @property
    def most_urgent_grade(self) -> str:
        """The grade of rank 1, or of the best rank there is."""
        return min(self.grades, key=lambda key: self.grades[key].rank)

    def setting(self, lon: float, lat: float) -> Setting:
        """Say whether a place is urban; an outline belongs to its inside.

        Parameters
        ----------
        lon, lat
            WGS 84 degrees.

        Returns
        -------
        str
            ``urban``, ``rural``, or ``unknown`` where the profile has no areas.

        Raises
        ------
        ValueError
            If the coordinates are not on the globe.
        """
        if not bool(shapely.intersects_xy(GLOBE, lon, lat)):
            raise ValueError(f"not a place: lon {lon}, lat {lat}")
        if not self._urban:
            return "unknown"
        return "urban" if any(shapely.intersects_xy(polygon, lon, lat) for polygon in self._urban) else "rural"

    @functools.cached_property
    def _urban(self) -> tuple[BaseGeometry, ...]:
        polygons = tuple(shapely.from_wkt(wkt) for wkt in self.areas.urban)
        shapely.prepare(polygons)
        return polygons

    def target_s(self, grade: str, setting: Setting) -> int | None:
        """Seconds within which a grade is to be attended, from its clock.

        Parameters
        ----------
        grade
            Key of the grade.
        setting
            Of the incident; ``unknown`` takes the shorter target.

        Returns
        -------
        int or None
            None where the grade has no target.

        Raises
        ------
        InputError
            If the force has no such grade.
        """
        urban_s, rural_s = self.grade(grade).target_urban_s, self.grade(grade).target_rural_s
        if urban_s is None or rural_s is None:
            return None
        return {"urban": urban_s, "rural": rural_s, "unknown": min(urban_s, rural_s)}[setting]

    def outranks(self, a: str, b: str) -> bool:
        """Say whether grade ``a`` is more urgent than grade ``b``.

        Raises
        ------
        InputError
            If the force has no such grade.
        """
        return self.grade(a).rank < self.grade(b).rank

    def may_preempt(self, from_grade: str, to_grade: str) -> bool:
        """Say whether an incident of one grade may take a unit that is committed to another.

        Parameters
        ----------
        from_grade
            Of the incident that the unit is committed to.
        to_grade
            Of the incident that would take it.

        Raises
        ------
        InputError
            If the force has no such grade.
        """
        for key in (from_grade, to_grade):
            self.grade(key)
        return to_grade in self.preemption.get(from_grade, ())


@functools.cache
def _default() -> Force:
    profile = importlib.resources.files("dispatch.forces") / "cleveland.toml"
    return Force.parse(profile.read_text("utf-8"), profile.name)
