"""Position reports as systems send them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, field_validator

from api.desk_schemas import Body, Latitude, Longitude
from dispatch.model import Fix
from dispatch.naming import LONGEST_NAME
from dispatch.positions import OUTDATED
from dispatch.store import Report
from graphs.faults import refuse
from graphs.moments import MOMENT, Moment
from scenarios.rows import Number, Text

MAX_POSITIONS: Final = 5000
# One knot is a nautical mile, 1,852 m, an hour.
_KMH_PER_KNOT: Final = 1.852
Name = Annotated[Text, Field(max_length=LONGEST_NAME)]


class PositionRow(Body):
    """Where a unit was, when."""

    callsign: Name = Field(description="the unit")
    fixed_at: Moment = Field(description=MOMENT)
    lat: Latitude = Field(description="degrees of latitude, -90 to 90")
    lon: Longitude = Field(description="degrees of longitude, -180 to 180")
    accuracy_m: Annotated[Number, Field(ge=0)] | None = Field(default=None, description="metres, 0 or more")
    course_deg: Annotated[Number, Field(ge=0, le=360)] | None = Field(default=None, description="degrees, 0 to 360")
    speed_kmh: Annotated[Number, Field(ge=0, le=400)] | None = Field(default=None, description="km/h, 0 to 400")

    def report(self, received_at: datetime, source: str) -> Report:
        """Return it as it is stored."""
        fix = Fix(self.lat, self.lon, self.fixed_at, self.accuracy_m, self.course_deg, self.speed_kmh)
        return Report(self.callsign, fix, received_at, source, _nowhere(fix))


class PositionTableRow(PositionRow):
    """A row of ``positions.csv``."""

    received_at: Moment | None = Field(default=None, description=f"{MOMENT}; not read")
    source: Text | None = Field(default=None, description="what reported it; not read")
    refused: Text | None = Field(default=None, description="why it is kept and not used")

    def report(self, received_at: datetime, source: str) -> Report:
        """Return it as it is stored."""
        made = super().report(received_at, source)
        return replace(made, refused=made.refused or (None if self.refused is None else self.refused[:40]))


def _nowhere(fix: Fix) -> str | None:
    # What a receiver without a fix reports.
    return "no_fix" if fix.lat == 0 and fix.lon == 0 else None


class PositionsBody(Body):
    """Several position reports, in any order."""

    positions: list[PositionRow] = Field(
        max_length=MAX_POSITIONS, description=f"a list of position reports, {MAX_POSITIONS} at most"
    )


class _Foreign(BaseModel):
    """A part of what another product sends: what is not needed is passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class TraccarPosition(_Foreign):
    """A position as Traccar forwards it."""

    fixTime: Moment = Field(description=MOMENT)  # noqa: N815 - Traccar's own name
    latitude: Latitude = Field(description="degrees of latitude, -90 to 90")
    longitude: Longitude = Field(description="degrees of longitude, -180 to 180")
    speed: Annotated[Number, Field(ge=0, le=400 / _KMH_PER_KNOT)] | None = Field(
        default=None, description="knots, 0 to 215"
    )
    course: Annotated[Number, Field(ge=0, le=360)] | None = Field(default=None, description="degrees, 0 to 360")
    accuracy: Annotated[Number, Field(ge=0)] | None = Field(
        default=None, description="metres; 0 where the device does not say"
    )
    outdated: bool = Field(default=False, strict=True, description="true where an older place is told again")
    valid: bool = Field(default=True, strict=True, description="false where the receiver had no fix")


class TraccarDevice(_Foreign):
    """The device that reported."""

    name: Name = Field(description="the callsign, as the device is named in Traccar")

    @field_validator("name")
    @classmethod
    def _not_blank(cls, name: str) -> str:
        if not name.strip():
            raise refuse("a callsign")
        return name


class TraccarBody(_Foreign):
    """What Traccar's forwarder sends as JSON: one position and its device."""

    position: TraccarPosition = Field(description="an object with fixTime, latitude, longitude")
    device: TraccarDevice = Field(description="an object with name")

    def report(self, received_at: datetime, source: str) -> Report:
        """Return it as it is stored."""
        told = self.position
        fix = Fix(
            told.latitude,
            told.longitude,
            told.fixTime,
            told.accuracy or None,
            told.course,
            None if told.speed is None else told.speed * _KMH_PER_KNOT,
        )
        refused = OUTDATED if told.outdated else "no_fix" if not told.valid else _nowhere(fix)
        return Report(self.device.name, fix, received_at, source, refused)
