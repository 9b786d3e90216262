"""Rows of the CSV files of a scenario: what each column may hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final, Literal, Self, TypeVar

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from graphs.faults import NOTHING, refuse
from scenarios.rows import CsvRow, Names, Number, Placed, Text, Whole
from scenarios.scenario import Kind, Length, Patrol
from scenarios.scenario_clock import (
    BREAK,
    CLOCK,
    DAYS,
    MIN_PER_DAY,
    WEEKDAYS_ONLY,
    Days,
    Rest,
    read_break,
    read_clock,
    read_days,
    written_clock,
)

S_PER_MIN: Final = 60.0
KINDS: Final = "fixed, exponential, lognormal or gamma"
# Those that their mean alone describes.
_WITHOUT_DEVIATION: Final = frozenset({"fixed", "exponential"})
_LONGEST_MIN: Final = 7 * MIN_PER_DAY
_WEIGHT: Final = "a number more than 0"
_MINUTES: Final = "minutes, more than 0, a week at most"
_DEVIATION: Final = "minutes, 0 or more"
_SECTOR: Final = "a sector's name"


def _days(parts: list[str]) -> list[str]:
    read_days(parts)
    return parts


def _weekdays(parts: list[str]) -> list[str]:
    if read_days(parts).dates:
        raise refuse(WEEKDAYS_ONLY, "a rate holds for days of the week")
    return parts


def _clock(text: str) -> str:
    read_clock(text)
    return text


def _breaks(parts: list[str]) -> list[str]:
    for part in parts:
        read_break(part)
    return parts


ClockText = Annotated[Text, AfterValidator(_clock)]
Weight = Annotated[Number, Field(gt=0)]
Minutes = Annotated[Number, Field(gt=0, le=_LONGEST_MIN)]


class _Checked(CsvRow):
    """A row whose values have to go together."""

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        for error in self.contradictions():
            raise error
        return self

    def contradictions(self) -> Iterator[PydanticCustomError]:
        """Yield what is wrong with values beside each other."""
        yield from ()


class StationRow(Placed):
    """A station."""

    name: Text = Field(description="a name, each only once")
    sector: Text | None = Field(default=None, description=_SECTOR)
    custody: bool = Field(default=False, strict=True, description="yes or no: whether prisoners are taken there")


class DemandRow(Placed):
    """A demand point for which posts are sited."""

    name: Text | None = Field(default=None, description="text for people to read; its row, if not given")
    weight: Annotated[Number, Field(ge=0)] = Field(default=1.0, description="a number, 0 or more; 1, if not given")


class HotSpotRow(Placed):
    """A place where patrols show themselves."""

    name: Text = Field(description="a name, each only once")
    sector: Text | None = Field(default=None, description=_SECTOR)
    weight: Weight = Field(default=1.0, description=f"{_WEIGHT}: how often it is visited, against the others")
    dwell_min: Minutes = Field(default=10.0, description=_MINUTES)


class RosterRow(_Checked):
    """A duty on certain days."""

    callsign: Text = Field(description="a callsign")
    days: Annotated[Names, AfterValidator(_days)] = Field(default_factory=list, description=DAYS)
    start: ClockText = Field(description=CLOCK)
    end: ClockText = Field(description=f"{CLOCK}; one that is not after the start is on the next day")
    crew: Annotated[Whole, Field(ge=1, le=50)] = Field(description="a whole number of officers, 1 to 50")
    skills: Names = Field(default_factory=list, description="skill names of the force profile, ; between")
    sector: Text | None = Field(default=None, description=_SECTOR)
    station: Text = Field(description="a name of stations.csv")
    vehicle: Text | None = Field(default=None, description="a vehicle's name, or nothing where there are enough")
    patrol: Patrol = Field(default="station", description="station, sector or hot_spots")
    breaks: Annotated[Names, AfterValidator(_breaks)] = Field(default_factory=list, description=f"{BREAK}; ; between")

    def contradictions(self) -> Iterator[PydanticCustomError]:
        """Yield the breaks that do not lie in the duty, and a patrol that has no sector."""
        begins, ends = self.from_to_min()
        duty = f"{written_clock(begins)} to {written_clock(ends)}"
        for text, rest in zip(self.breaks, self.rests(), strict=True):
            if rest.latest_min < rest.earliest_min:
                accepted = f"a window that ends after it begins, inside the duty, {duty}"
                yield refuse(accepted, field="breaks", value=f'"{text}"')
            elif rest.latest_min + rest.lasts_min > ends:
                accepted = f"a break inside the duty, {duty}, that is over by its end whenever it begins"
                yield refuse(accepted, field="breaks", value=f'"{text}"')
        if self.patrol == "sector" and self.sector is None:
            yield refuse("a sector, because patrol is sector", field="sector", value=NOTHING)

    def from_to_min(self) -> tuple[int, int]:
        """Return the beginning and the end, minutes on the wall since midnight of the day on which the duty begins."""
        begins, ends = read_clock(self.start), read_clock(self.end)
        return begins, ends if ends > begins else ends + MIN_PER_DAY

    def rests(self) -> list[Rest]:
        """Return the breaks, minutes on the wall since midnight of the day on which the duty begins."""
        begins, _ = self.from_to_min()
        found = []
        for rest in map(read_break, self.breaks):
            earliest, latest = (
                edge if edge >= begins else edge + MIN_PER_DAY for edge in (rest.earliest_min, rest.latest_min)
            )
            found.append(Rest(earliest, latest, rest.lasts_min))
        return found

    def on(self) -> Days:
        """Return the days on which it begins."""
        return read_days(self.days)


class RateRow(_Checked):
    """How many incidents of a kind to expect in an hour."""

    type: Text = Field(description="a type of incident, in words")
    grade: Text = Field(description="a grade of the force profile")
    per_hour: Annotated[Number, Field(ge=0, le=100_000)] = Field(description="incidents in an hour, 0 or more")
    area: Text | None = Field(default=None, description="an area's name, or nothing for all areas by their weights")
    days: Annotated[Names, AfterValidator(_weekdays)] = Field(default_factory=list, description=WEEKDAYS_ONLY)
    from_hour: Annotated[Whole, Field(ge=0, le=23)] = Field(default=0, description="an hour of the day, 0 to 23")
    to_hour: Annotated[Whole, Field(ge=1, le=24)] = Field(default=24, description="an hour of the day, 1 to 24")
    tags: Names = Field(default_factory=list, description="tags of the force profile, ; between")
    needs: Names = Field(default_factory=list, description="skill names of the force profile, ; between")
    units_needed: Annotated[Whole, Field(ge=1, le=50)] = Field(default=1, description="a whole number, 1 to 50")

    def contradictions(self) -> Iterator[PydanticCustomError]:
        """Yield hours that are none."""
        if self.to_hour <= self.from_hour:
            two = f"a night is two rows: {self.from_hour} to 24, and 0 to {self.to_hour}"
            yield refuse(f"an hour after from_hour, {self.from_hour}", two, "to_hour", str(self.to_hour))


class ServiceRow(_Checked):
    """How long incidents of a kind take."""

    type: Text | None = Field(default=None, description="a type of incident, or nothing for all")
    grade: Text | None = Field(default=None, description="a grade of the force profile, or nothing for all")
    tag: Text | None = Field(default=None, description="a tag of the force profile, or nothing for all")
    kind: Kind = Field(description=KINDS)
    mean_min: Minutes = Field(description=_MINUTES)
    sd_min: Annotated[Number, Field(ge=0, le=_LONGEST_MIN)] | None = Field(default=None, description=_DEVIATION)
    custody_share: Annotated[Number, Field(ge=0, le=1)] = Field(default=0.0, description="a share, 0 to 1")
    custody_kind: Kind | None = Field(default=None, description=KINDS)
    custody_mean_min: Minutes | None = Field(default=None, description=_MINUTES)
    custody_sd_min: Annotated[Number, Field(ge=0, le=_LONGEST_MIN)] | None = Field(default=None, description=_DEVIATION)

    def contradictions(self) -> Iterator[PydanticCustomError]:
        """Yield deviations that do not suit their distribution, and custody without a time or a share."""
        yield from deviation(self.kind, self.sd_min, "sd_min")
        if self.custody_kind is not None:
            yield from deviation(self.custody_kind, self.custody_sd_min, "custody_sd_min")
        told = {"custody_kind": self.custody_kind, "custody_mean_min": self.custody_mean_min}
        for name, value in told.items():
            if self.custody_share and value is None:
                yield refuse("a value, because custody_share is more than 0", field=name, value=NOTHING)
            if not self.custody_share and value is not None:
                yield refuse("nothing, because custody_share is 0", field=name, value=str(value))

    def on_scene(self) -> Length:
        """Return the time on the scene."""
        return Length(self.kind, self.mean_min * S_PER_MIN, (self.sd_min or 0.0) * S_PER_MIN)

    def custody(self) -> Length | None:
        """Return the time in custody; None where nobody is arrested."""
        if self.custody_kind is None or self.custody_mean_min is None:
            return None
        return Length(self.custody_kind, self.custody_mean_min * S_PER_MIN, (self.custody_sd_min or 0.0) * S_PER_MIN)


def deviation(kind: Kind, deviation: float | None, field: str) -> Iterator[PydanticCustomError]:
    """Yield a standard deviation that does not suit a distribution."""
    if kind in _WITHOUT_DEVIATION and deviation:
        yield refuse(f"nothing, because {kind} has no deviation of its own", field=field, value=f"{deviation:g}")
    if kind not in _WITHOUT_DEVIATION and not deviation:
        value = NOTHING if deviation is None else "0"
        yield refuse(f"more than 0, because {kind} needs a standard deviation", field=field, value=value)


ScenarioRow = TypeVar("ScenarioRow", StationRow, HotSpotRow, RosterRow, RateRow, ServiceRow, DemandRow)
AnyScenarioRow = StationRow | HotSpotRow | RosterRow | RateRow | ServiceRow | DemandRow
Resample = Literal["none", "days"]
