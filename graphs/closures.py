"""Closures and slow roads as people draw them: GeoJSON to conditions, and back.

A feature says where by its geometry (longitude first, in degrees; RFC 7946) or by the name of a road, and what, when
and for whom by its properties, which are those of `ClosureProperties`.
"""

from __future__ import annotations

import difflib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import numpy as np
import shapely
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from graphs.conditions import SLOWEST, Change, Conditions, Stretch
from graphs.errors import Fault, InputError
from graphs.faults import checked, gather, read_text, refuse, unknown_name, written
from graphs.geojson import DEPTH, Drawn, read_geometry
from graphs.moments import MOMENT, Moment
from graphs.network import Network
from graphs.stretches import ALONG_M, AT_M, StretchFinder, stretch_finder

FILE: Final = "a GeoJSON file in UTF-8, a FeatureCollection"
_FACTOR: Final = f"0 (closed), or {SLOWEST} to less than 1: the share of the usual speed that is left"
_ROADS_NAMED: Final = 5
_PLACES: Final = 7  # decimals of a degree: a centimetre

Text = Annotated[str, Field(strict=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]


class ClosureProperties(BaseModel):
    """What a feature says beside its geometry; null is as good as absent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Text | None = Field(default=None, description="text in one line for people to read")
    road: Text | None = Field(default=None, description="the name or number of a road")
    direction: Literal["both", "along"] = Field(
        default="both", description="both, or along for the direction in which a line is drawn"
    )
    factor: Annotated[float, Field(strict=True, ge=0, lt=1, allow_inf_nan=False)] = Field(
        default=0.0, description=_FACTOR
    )
    start: Moment | None = Field(default=None, alias="from", description=MOMENT)
    end: Moment | None = Field(default=None, alias="to", description=MOMENT)
    profile: Text | None = Field(default=None, description="a profile, or nothing for all")

    @field_validator("factor")
    @classmethod
    def _no_snail(cls, factor: float) -> float:
        if 0.0 < factor < SLOWEST:
            raise refuse(_FACTOR, "a road as slow as that is closed: 0")
        return factor

    @field_validator("end")
    @classmethod
    def _after_its_start(cls, end: Moment | None, info: ValidationInfo) -> Moment | None:
        start = info.data.get("start")
        if start is not None and end is not None and end <= start:
            raise refuse(f"a moment after from, {start.isoformat()}")
        return end

    @field_validator("profile", "road")
    @classmethod
    def _known(cls, name: str | None, info: ValidationInfo) -> str | None:
        """Refuse a name that the network does not have; the context of the validation is the network."""
        network = info.context
        if name is None or network is None:
            return name
        if info.field_name == "road":
            fault = _road_fault(name, network)
        else:
            fault = None if name in network.profiles.names else unknown_name("", "", name, network.profiles.names)
        if fault is not None:
            raise refuse(fault.accepted, fault.hint)
        return name


def _road_fault(name: str, network: Network) -> Fault | None:
    """Return the fault of a road that is not in a network; it names the closest."""
    finder = stretch_finder(network)
    if finder.named(name).any():
        return None
    alike = {each.casefold(): each for each in finder.names}
    near = difflib.get_close_matches(name.casefold(), alike, n=_ROADS_NAMED)
    fault = unknown_name("", "", name, [alike[each] for each in near])
    such = f", such as {fault.accepted}" if near else ""
    return replace(fault, accepted=f"the name or number of a road of the network {network.meta.source}{such}")


def read_closures(path: str | Path, network: Network) -> Conditions:
    """Read ``closures.geojson``.

    Parameters
    ----------
    path
        A FeatureCollection in UTF-8, with or without a byte order mark.
    network
        The roads; the conditions hold for no other network.

    Raises
    ------
    InputError
        With every fault of the file.
    """
    return parse_closures(read_text(path, FILE), network, Path(path).name)


def parse_closures(text: str, network: Network, source: str) -> Conditions:
    """Read closures from the text of a file; ``source`` is what to call it in faults; see `read_closures`."""
    try:
        document = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=_each_key_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        hint = "too deeply nested" if isinstance(error, RecursionError) else str(error)
        raise InputError([Fault(source, "", "", "text that is not JSON", FILE, hint)]) from error
    return closures_of(document, network, source)


def closures_of(document: Any, network: Network, source: str) -> Conditions:
    """Read closures from the values of a JSON document; see `read_closures`.

    Returns
    -------
    Conditions
        One change for each feature; features are numbered from 1 in faults.
    """
    faults: list[Fault] = []
    changes = [
        gather(faults, partial(_Reader(network, source, f"feature {number}").change, feature))
        for number, feature in enumerate(_features(document, source), 1)
    ]
    if faults:
        raise InputError(faults)
    return Conditions(tuple(change for change in changes if change is not None), network.hash)


def closures_geojson(conditions: Conditions, network: Network) -> dict[str, Any]:
    """Return conditions as a GeoJSON FeatureCollection, which `closures_of` reads: one feature for each change.

    Parameters
    ----------
    conditions
        Of this network.
    network
        The roads.

    Returns
    -------
    dict
        Every stretch is a line of a MultiLineString, ``[lon, lat]`` in driving direction; times are in UTC.
    """
    finder = stretch_finder(network)
    return {"type": "FeatureCollection", "features": [_feature(change, finder) for change in conditions.changes]}


def _feature(change: Change, finder: StretchFinder) -> dict[str, Any]:
    lines = [np.round(finder.line(stretch), _PLACES).tolist() for stretch in change.stretches]
    properties = {key: value for key, value in change.values().items() if key != "stretches"}
    return {
        "type": "Feature",
        "geometry": {"type": "MultiLineString", "coordinates": lines},
        "properties": {**properties, "direction": "along"},
    }


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"a repeated key, {next(key for key in keys if keys.count(key) > 1)!r}")
    return values


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def _features(document: Any, source: str) -> list[Any]:
    kind = document.get("type") if isinstance(document, Mapping) else None
    if kind != "FeatureCollection":
        bare = isinstance(kind, str) and kind in {"Feature", *DEPTH}
        hint = "put it into the features of a FeatureCollection" if bare else ""
        raise InputError([Fault(source, "", "type", written(kind), "FeatureCollection", hint)])
    features = document.get("features")
    if not isinstance(features, list):
        raise InputError([Fault(source, "", "features", written(features), "a list of features")])
    return features


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one feature."""

    network: Network
    source: str
    where: str

    def change(self, feature: Any) -> Change:
        """Return the change that a feature describes, or raise all its faults."""
        kind = feature.get("type") if isinstance(feature, Mapping) else feature
        if not isinstance(feature, Mapping) or kind != "Feature":
            raise InputError([self.fault("type", written(kind), "Feature")])
        faults: list[Fault] = []
        told = gather(faults, partial(self.properties, feature.get("properties")))
        drawn = gather(faults, partial(read_geometry, feature.get("geometry"), self.network, self.source, self.where))
        if told is not None:
            faults += self.faults_beside(told, feature)
        # What is drawn off the roads is told even where the properties have faults of their own.
        asked = told or ClosureProperties()
        stretches = () if drawn is None and asked.road is None else self.stretches(drawn, asked)
        if drawn is not None and not stretches:
            faults.append(self.no_road(drawn, asked))
        if faults or told is None:
            raise InputError(faults)
        name = told.name or _called(stretches, self.network)
        return Change(name, stretches, told.factor, told.start, told.end, told.profile)

    def properties(self, value: Any) -> ClosureProperties:
        if not isinstance(value, Mapping | None):
            raise InputError([self.fault("properties", written(value), "a table, or nothing")])
        known = {info.alias or name for name, info in ClosureProperties.model_fields.items()}
        given = {key: each for key, each in (value or {}).items() if each is not None or key not in known}
        return checked(ClosureProperties, given, self.source, self.where, self.network)

    def faults_beside(self, told: ClosureProperties, feature: Mapping[str, Any]) -> Iterator[Fault]:
        """Yield what is wrong with properties beside the geometry."""
        geometry = feature.get("geometry")
        if geometry is None and told.road is None:
            yield self.fault("geometry", written(None), "a geometry, or a road by its name")
        kind = geometry.get("type") if isinstance(geometry, Mapping) else None
        if told.direction == "along" and kind not in {"LineString", "MultiLineString"}:
            yield self.fault("direction", written(told.direction), "both; only a line is drawn in a direction")

    def stretches(self, drawn: Drawn | None, told: ClosureProperties) -> tuple[Stretch, ...]:
        finder = stretch_finder(self.network)
        only = None if told.road is None else finder.named(told.road)
        if isinstance(drawn, shapely.Point):
            return finder.at(drawn.x, drawn.y, only)
        if isinstance(drawn, shapely.MultiLineString):
            one_way = told.direction == "along"
            return tuple(each for line in drawn.geoms for each in finder.along(line, only, one_way=one_way))
        if drawn is not None:
            return finder.inside(drawn, only)
        return () if only is None else finder.whole(np.flatnonzero(only).tolist())

    def no_road(self, drawn: Drawn, told: ClosureProperties) -> Fault:
        road = "a road" if told.road is None else told.road
        if isinstance(drawn, shapely.Point):
            accepted = f"a point within {AT_M:g} m of {road}"
        elif isinstance(drawn, shapely.MultiLineString):
            way = " in its direction" if told.direction == "along" else ""
            accepted = f"a line along {road}{way}, within {ALONG_M:g} m of it"
        else:
            accepted = f"an area with {road} in it"
        return self.fault("geometry", f"a {drawn.geom_type} with no road", accepted)

    def fault(self, field: str, value: str, accepted: str, hint: str = "") -> Fault:
        return Fault(self.source, self.where, field, value, accepted, hint)


def _called(stretches: Sequence[Stretch], network: Network) -> str:
    """Return the name of the road with the most metres among stretches."""
    metres: Counter[str] = Counter()
    for item in stretches:
        metres[network.edge_name(item.edge)] += network.length_m[item.edge] * (item.end - item.start)
    longest = min(metres, key=lambda name: (-metres[name], name))
    return longest if len(metres) == 1 else f"{longest} and other roads"
