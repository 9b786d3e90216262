"""The table of speeds, delays and access that travel times rest on.

``profiles.toml`` beside this file holds every number with its source; a force may bring a file of its own. The pydantic
models here are the shape of that file. `Profile` is what routing uses: plain values, nothing left to look up.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property, lru_cache
from importlib import resources
from pathlib import Path
from typing import Annotated, ClassVar, Final, Literal, NamedTuple, get_args

from opening_hours import OpeningHours, validate
from pydantic import BaseModel, Field, ValidationError, field_validator

from graphs.errors import Fault, InputError
from graphs.faults import parse_toml, read_text, shape_faults, unknown_name
from graphs.figures import Figure, Kmh, LowerShare, Metres, MetresPerSecond, Pace, Seconds, Share, Table

ProfileName = Literal["normal", "response"]
# The group "no" is missing on purpose: what cannot be opened is not opened by a table.
AccessGroup = Literal["open", "destination", "private", "bus", "emergency"]

_MS_PER_S: Final = 1000


@dataclass(frozen=True, slots=True)
class Profile:
    """One way of driving, resolved to the values that routing uses.

    Parameters
    ----------
    name
        ``normal`` or ``response``.
    class_kmh
        Ceiling of each road class, or None where this profile may not drive the class.
    class_pace
        What the speed on each class is multiplied with, as measured; 1 where it was not.
    untagged_limit_kmh
        Legal limit assumed on a road of each class that has no limit tagged.
    limit_share
        Share of the legal limit driven between junctions; more than 1 exceeds it.
    delay_ms
        Whole milliseconds lost at each kind of point, or None where this profile may not pass it.
    access
        The access groups this profile may drive.
    walk_m, walk_m_s
        How far from a vehicle an incident can be reached on foot, and how fast, in metres a second.
    off_road_kmh
        Speed between a position and the nearest mapped road.
    excepted
        The words of an ``except`` tag that free this profile from a turn restriction.
    """

    name: str
    class_kmh: dict[str, float | None]
    class_pace: dict[str, float]
    untagged_limit_kmh: dict[str, float]
    limit_share: float
    delay_ms: dict[str, int | None]
    access: frozenset[str]
    walk_m: float
    walk_m_s: float
    off_road_kmh: float
    excepted: frozenset[str]


class Row(NamedTuple):
    """One number of the table, for printing; a value of None means that the profile may not."""

    what: str
    profile: str
    value: float | None
    source: str


class ClassSpeeds(Table):
    """Speeds of one class of road; an absent ceiling means that the profile may not drive it.

    A pace multiplies what limit and ceiling leave: calibration measures it. An absent one is 1.
    """

    untagged_limit_kmh: Kmh
    normal_kmh: Kmh | None = None
    response_kmh: Kmh | None = None
    normal_pace: Pace | None = None
    response_pace: Pace | None = None


class Classes(Table):
    """The road classes, by their OpenStreetMap names."""

    motorway: ClassSpeeds
    motorway_link: ClassSpeeds
    trunk: ClassSpeeds
    trunk_link: ClassSpeeds
    primary: ClassSpeeds
    primary_link: ClassSpeeds
    secondary: ClassSpeeds
    secondary_link: ClassSpeeds
    tertiary: ClassSpeeds
    tertiary_link: ClassSpeeds
    unclassified: ClassSpeeds
    residential: ClassSpeeds
    living_street: ClassSpeeds
    service: ClassSpeeds
    track: ClassSpeeds
    pedestrian: ClassSpeeds
    busway: ClassSpeeds
    road: ClassSpeeds


class LimitShare(Table):
    """The share of the legal limit that each profile drives between junctions."""

    normal: Share
    response: Share


class Delay(Table):
    """Seconds lost at one kind of point; absent where the profile may not pass it."""

    normal_s: Seconds | None = None
    response_s: Seconds | None = None


class EveryonesDelay(Table):
    """Seconds lost at a point that every profile can pass."""

    normal_s: Seconds
    response_s: Seconds


class Delays(Table):
    """The kinds of point that cost time."""

    signals: Delay
    stop: Delay
    give_way: Delay
    crossing: Delay
    level_crossing: Delay
    gate: Delay
    locked_gate: Delay
    private_entry: Delay
    roundabout_entry: EveryonesDelay
    u_turn: EveryonesDelay
    turn_across: EveryonesDelay


class Approach(Table):
    """The last stretch, off the road."""

    walk_m: Metres
    walk_m_s: MetresPerSecond
    off_road_kmh: Kmh


_Groups = Annotated[tuple[AccessGroup, ...], Field(strict=False, min_length=1)]


class Access(Table):
    """The access groups that each profile may drive, sorted."""

    normal: _Groups
    response: _Groups

    @field_validator("*")
    @classmethod
    def _as_a_set(cls, groups: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted(set(groups)))


class TurnRules(Table):
    """Which turn restrictions bind a profile, and the side on which to drive."""

    drives_on: Literal["left", "right"]
    normal_excepted: tuple[str, ...] = Field(strict=False)
    response_excepted: tuple[str, ...] = Field(strict=False)


class Period(Table):
    """A part of the week with its own speeds: a share of the usual driving speed, by profile and class of road.

    ``when`` is written as OpenStreetMap writes opening hours, in local time.
    """

    name: Annotated[str, Field(min_length=1)]
    when: Annotated[str, Field(min_length=1)]
    classes: Annotated[tuple[str, ...], Field(strict=False, min_length=1)]
    normal: LowerShare
    response: LowerShare

    @field_validator("when")
    @classmethod
    def _readable(cls, when: str) -> str:
        if not validate(when):
            raise ValueError("as OpenStreetMap writes opening hours, such as Mo-Fr 07:00-09:30")
        return when

    @field_validator("classes")
    @classmethod
    def _known(cls, classes: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := set(classes) - set(Classes.model_fields):
            raise ValueError(f"classes of road, not {', '.join(sorted(unknown))}")
        return classes

    def holds(self, at: datetime) -> bool:
        """Tell whether a moment, in its own local time, falls in the period."""
        return _is_open(self.when, at.replace(second=0, microsecond=0, tzinfo=None))


class Profiles(Table):
    """Both profiles and the sources of their numbers: one file, read and found sound."""

    names: ClassVar[tuple[str, ...]] = get_args(ProfileName)

    version: Literal[1]
    sources: dict[str, Annotated[str, Field(min_length=1)]]
    classes: Classes = Field(alias="class")
    limit_share: LimitShare
    delay: Delays
    approach: Approach
    access: Access
    turns: TurnRules
    periods: Annotated[tuple[Period, ...], Field(strict=False)] = Field((), alias="period")

    @classmethod
    def default(cls) -> Profiles:
        """Return the profiles that ship with the product, read once."""
        return _shipped()

    @classmethod
    def read(cls, path: str | Path) -> Profiles:
        """Read a profiles file.

        Parameters
        ----------
        path
            A TOML file in UTF-8, with or without a byte order mark.

        Raises
        ------
        InputError
            The file cannot be read, or has faults; every one of them is named.
        """
        return cls.parse(read_text(path, "a TOML file in UTF-8"), str(path))

    @classmethod
    def parse(cls, text: str, source: str) -> Profiles:
        """Read profiles from the text of a file.

        Parameters
        ----------
        text
            TOML.
        source
            What to call the file in faults.

        Raises
        ------
        InputError
            One fault for each thing wrong: TOML that cannot be parsed (then the only one), a key missing, unknown or
            out of range, a citation of a source that is not listed.
        """
        raw = parse_toml(text, source)
        faults = _citation_faults(raw, source)
        try:
            profiles = cls.model_validate(raw)
        except ValidationError as error:
            faults = [*shape_faults(error, cls, source), *faults]
        if faults:
            raise InputError(faults)
        return profiles

    @cached_property
    def hash(self) -> str:
        """SHA-256, in hexadecimal, of the values as canonical JSON: comments, order and spacing do not count."""
        values = self.model_dump(mode="json", by_alias=True)
        canonical = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()

    def profile(self, name: str) -> Profile:
        """Resolve one profile.

        Parameters
        ----------
        name
            One of `names`.

        Raises
        ------
        InputError
            There is no such profile.
        """
        if name not in self.names:
            raise InputError([Fault("profile", "", "name", repr(name), " or ".join(self.names))])
        return Profile(
            name=name,
            class_kmh={road: _value(getattr(speeds, f"{name}_kmh")) for road, speeds in self.classes},
            class_pace={road: _value(getattr(speeds, f"{name}_pace")) or 1.0 for road, speeds in self.classes},
            untagged_limit_kmh={road: speeds.untagged_limit_kmh.value for road, speeds in self.classes},
            limit_share=getattr(self.limit_share, name).value,
            delay_ms={kind: _milliseconds(getattr(delay, f"{name}_s")) for kind, delay in self.delay},
            access=frozenset(getattr(self.access, name)),
            walk_m=self.approach.walk_m.value,
            walk_m_s=self.approach.walk_m_s.value,
            off_road_kmh=self.approach.off_road_kmh.value,
            excepted=frozenset(getattr(self.turns, f"{name}_excepted")),
        )

    @property
    def drives_on_left(self) -> bool:
        """Whether to drive on the left where the map does not show it."""
        return self.turns.drives_on == "left"

    def period(self, at: datetime | None) -> Period | None:
        """Return the first period that a moment, with its local offset, falls in; None where there is none."""
        return None if at is None else next((item for item in self.periods if item.holds(at)), None)

    def table(self) -> list[Row]:
        """List every number, in the order of the file, with the profile it belongs to and the text of its source."""
        return [self._row(path, figure) for path, figure in _figures(self)]

    def _row(self, path: tuple[str, ...], figure: Figure[float] | None) -> Row:
        profile = path[-1].split("_")[0]
        return Row(
            what=".".join(path),
            profile=profile if profile in self.names else "both",
            value=_value(figure),
            source="absent: this profile may not" if figure is None else self.sources[figure.source],
        )


@lru_cache(maxsize=20_000)
def _is_open(when: str, minute: datetime) -> bool:
    """Tell whether hours are open in a minute; they begin and end with one."""
    return OpeningHours(when).is_open(minute)


@cache
def _shipped() -> Profiles:
    text = resources.files("graphs").joinpath("profiles.toml").read_text("utf-8")
    return Profiles.parse(text, "graphs/profiles.toml")


def _value(figure: Figure[float] | None) -> float | None:
    return None if figure is None else figure.value


def _milliseconds(delay: Figure[float] | None) -> int | None:
    return None if delay is None else round(delay.value * _MS_PER_S)


def _figures(table: BaseModel, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Figure[float] | None]]:
    for name, info in type(table).model_fields.items():
        here, value = (*path, info.alias or name), getattr(table, name)
        if value is None and name.endswith("_pace"):
            continue  # not measured, which forbids nothing
        if value is None or isinstance(value, Figure):
            yield here, value
        elif isinstance(value, BaseModel):
            yield from _figures(value, here)
        elif name == "periods":
            for period in value:
                yield from _figures(period, (*here, period.name))


def _citation_faults(raw: dict[str, object], source: str) -> list[Fault]:
    """Find the citations of sources that are not listed, even in a file that has other faults."""
    listed = raw.get("sources")
    if not isinstance(listed, dict):
        return []
    known = sorted(listed)
    tables = {key: value for key, value in raw.items() if key != "sources"}
    return [unknown_name(source, field, cited, known) for field, cited in _citations(tables) if cited not in known]


def _citations(tables: Mapping[str, object], path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    for key, value in tables.items():
        here = (*path, key)
        if key == "source" and isinstance(value, str):
            yield ".".join(here), value
        elif isinstance(value, dict):
            yield from _citations(value, here)
