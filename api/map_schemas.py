"""What is answered about places, as the OpenAPI document describes it; see `api.schemas`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from api.schemas import Answer, Metres


class PlaceAnswer(Answer):
    """Somewhere that a text may mean."""

    kind: Literal["street", "crossing", "coordinates", "grid"] = Field(description="as what the text was read")
    name: str = Field(description="of the street; of a crossing both, with a stroke between; else as it was typed")
    lat: float = Field(description="degrees of latitude, WGS 84; of a street, of a point on it near its middle")
    lon: float = Field(description="degrees of longitude, WGS 84")
    score: Annotated[float, Field(ge=0, le=1)] = Field(description="how well it fits what was typed; 1 fits wholly")
    meets: list[str] = Field(description="main streets that a street meets, by which to tell two of one name apart")
    length_m: Metres | None = Field(description="metres of a street; null for what is no street")
    away_m: Metres | None = Field(description="metres from near in a straight line; null where near was not given")


class PlacesAnswer(Answer):
    """What a text may mean, the likeliest first."""

    places: list[PlaceAnswer] = Field(description="the places; empty where nothing fits")
