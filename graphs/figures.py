"""The shapes of a number in the profile table: its range, and the key of its source."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Range = TypeVar("Range", bound=float)


class Table(BaseModel):
    """A table of the file: no key but those named, each of the type named."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Figure(Table, Generic[Range]):
    """A number within its range, and the key of its source."""

    value: Range
    source: str


# The ranges catch a slip of units: a share written as a percentage, a delay in milliseconds. A delay of 0 means that
# the point costs nothing, which is not the same as an absent key.
Kmh = Figure[Annotated[float, Field(ge=1, le=250)]]
Share = Figure[Annotated[float, Field(ge=0.1, le=2)]]
# A share of the speed at the best of times: a period can only slow.
LowerShare = Figure[Annotated[float, Field(ge=0.1, le=1)]]
Pace = Figure[Annotated[float, Field(ge=0.1, le=10)]]
Seconds = Figure[Annotated[float, Field(ge=0, le=3600)]]
Metres = Figure[Annotated[float, Field(gt=0, le=1000)]]
MetresPerSecond = Figure[Annotated[float, Field(ge=0.1, le=10)]]
