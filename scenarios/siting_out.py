"""What is told of posts: as JSON values, as GeoJSON, and as files that a scenario can use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson

from graphs.nearby import Mask
from graphs.times import MS_PER_S
from scenarios.cells import write_table
from scenarios.scenario import Station
from scenarios.siting import Sited
from scenarios.siting_files import DemandPoint

STATIONS: Final = "stations.csv"
POINTS: Final = "points.csv"
RESULT: Final = "result.json"
MAP: Final = "posts.geojson"
FILES: Final = (STATIONS, POINTS, RESULT, MAP)
_STATION_COLUMNS: Final = ("name", "lat", "lon", "sector", "custody")
_POINT_COLUMNS: Final = ("name", "lat", "lon", "weight", "post", "time_s", "covered")


@dataclass(frozen=True, eq=False)
class Told:
    """An answer with the names of its candidates and demand points.

    Parameters
    ----------
    sited
        The answer.
    candidates, points
        In the order of its matrix.
    roads
        The names of the roads on which the posts are.
    about
        What else the result says of where it comes from.
    """

    sited: Sited
    candidates: Sequence[Station]
    points: Sequence[DemandPoint]
    roads: Sequence[str]
    about: Mapping[str, Any]

    def result(self) -> dict[str, Any]:
        """Return the answer as JSON values: times in seconds, shares from 0 to 1, None for what is unknown."""
        sited, question = self.sited, self.sited.question
        everywhere = np.ones(len(self.points), np.bool_)
        asked = {
            "model": question.model,
            "count": question.count or None,
            "within_s": None if question.within_ms is None else question.within_ms / MS_PER_S,
            "share": question.share,
            "busy": question.busy if question.model == "mexclp" else None,
            "kept": [self.candidates[row].name for row in question.kept],
            "candidates": question.candidates,
            "points": len(self.points),
            "weight": _rounded(question.weight.sum()),
        }
        return {
            "asked": asked,
            "value": _rounded(self._measured(sited.value)),
            "bound": _rounded(self._measured(sited.bound)),
            "unit": self.unit,
            "gap": None if sited.gap is None else round(sited.gap, 6),
            "proved": sited.proved,
            "mean_s": _seconds(sited.mean_ms(everywhere)),
            "covered": self._covered(everywhere),
            "hopeless": [self.points[row].name for row in question.hopeless.tolist()],
            "hopeless_weight": _rounded(question.weight[question.hopeless].sum()),
            "unreached": [self.points[row].name for row in np.flatnonzero(sited.nearest < 0).tolist()],
            "posts": list(self._posts()),
            **self.about,
        }

    @property
    def unit(self) -> str:
        """What the value counts."""
        model = self.sited.question.model
        if model == "p-median":
            return "seconds, the mean by weight"
        return {"set-covering": "posts", "mexclp": "weight expected to be covered"}.get(model, "weight covered")

    def _measured(self, value: float) -> float:
        """Return a value in its unit."""
        question = self.sited.question
        if question.model != "p-median":
            return value
        weight = float(question.weight[question.serves.any(axis=1)].sum())
        return value / weight / MS_PER_S if weight else 0.0

    def _covered(self, rows: Mask) -> float | None:
        """Return the weight of demand points within the time."""
        covered = self.sited.covered
        return None if covered is None else _rounded(self.sited.question.weight[rows & covered].sum())

    def _posts(self) -> Iterator[dict[str, Any]]:
        for row, road in zip(self.sited.posts, self.roads, strict=True):
            post, served = self.candidates[row], self.sited.nearest == row
            yield {
                "name": post.name,
                "lat": post.lat,
                "lon": post.lon,
                "road": road,
                "units": int(self.sited.units[row]),
                "kept": row in self.sited.question.kept,
                "points": int(served.sum()),
                "weight": _rounded(self.sited.question.weight[served].sum()),
                "mean_s": _seconds(self.sited.mean_ms(served)),
                "covered": self._covered(served),
            }

    def geojson(self) -> dict[str, Any]:
        """Return posts and demand points as GeoJSON."""
        features = [_feature("post", told) for told in self._posts()]
        features += [_feature("demand", told) for told in self._points()]
        return {"type": "FeatureCollection", "attribution": self.about.get("attribution"), "features": features}

    def _points(self) -> Iterator[dict[str, Any]]:
        sited = self.sited
        covered = [None] * len(self.points) if sited.covered is None else sited.covered.tolist()
        columns = zip(self.points, sited.nearest.tolist(), sited.time_ms.tolist(), covered, strict=True)
        for point, post, time_ms, within in columns:
            yield {
                "name": point.name,
                "lat": point.lat,
                "lon": point.lon,
                "weight": point.weight,
                "post": None if post < 0 else self.candidates[post].name,
                "time_s": None if time_ms < 0 else time_ms / MS_PER_S,
                "covered": within,
            }

    def stations(self) -> Iterator[dict[str, Any]]:
        """Yield the posts as rows of a scenario's ``stations.csv``."""
        for row in self.sited.posts:
            post = self.candidates[row]
            yield {name: getattr(post, name) for name in _STATION_COLUMNS}

    def write(self, folder: Path) -> None:
        """Write `FILES` into a folder, which is made if it is not there."""
        folder.mkdir(exist_ok=True)
        texts = {
            STATIONS: write_table(_STATION_COLUMNS, self.stations()).encode(),
            POINTS: write_table(_POINT_COLUMNS, self._points()).encode(),
            RESULT: orjson.dumps(self.result(), option=orjson.OPT_INDENT_2) + b"\n",
            MAP: orjson.dumps(self.geojson()) + b"\n",
        }
        for name, text in texts.items():
            folder.joinpath(name).write_bytes(text)


def _feature(kind: str, told: Mapping[str, Any]) -> dict[str, Any]:
    properties = {"kind": kind, **{name: value for name, value in told.items() if name not in {"lat", "lon"}}}
    point = {"type": "Point", "coordinates": [told["lon"], told["lat"]]}
    return {"type": "Feature", "properties": properties, "geometry": point}


def _rounded(value: float) -> float:
    return round(float(value), 6)


def _seconds(time_ms: float | None) -> float | None:
    return None if time_ms is None else round(time_ms / MS_PER_S, 3)
