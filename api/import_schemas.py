"""Tables in, as they are read and as the OpenAPI document describes them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from api.desk_schemas import Body
from api.schemas import Answer
from scenarios.desk_rows import MOST_ROWS


class ClosuresBody(Body):
    """Closures as GeoJSON."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: Literal["FeatureCollection"] = Field(description="FeatureCollection")
    features: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MOST_ROWS)] = Field(
        description=f"GeoJSON features as closures.geojson has them, 1 to {MOST_ROWS}"
    )


class ImportedAnswer(Answer):
    """What became of a table."""

    rows: int = Field(description="how many rows were recorded")
    events: int = Field(description="how many events that made")
    passed_over: int = Field(description="how many rows changed nothing: known here, or of an incident that has ended")
    seq: int = Field(description="the last row of the record")
