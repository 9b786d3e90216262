"""Read ``areas.geojson``: where the incidents of rates happen."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, cast

import shapely
from shapely.errors import GEOSException

from graphs.errors import Fault, InputError
from graphs.faults import read_text, unknown_name, written
from graphs.network import Network
from scenarios.scenario import Area
from scenarios.scenario_head import DemandTable

GEOJSON: Final = "a GeoJSON file in UTF-8, a FeatureCollection of polygons"
_POLYGONS: Final = frozenset({"Polygon", "MultiPolygon"})
_SOUND: Final = "rings of four or more places [lon, lat], the last like the first, that do not cross themselves"
_WEIGHT: Final = "a number more than 0, or 0 for an area in which nothing happens"
# Less of an area than this beyond the network is no more than how finely it was drawn.
_BEYOND: Final = 0.001
_SHOWN: Final = 5


@dataclass(slots=True)
class AreasRead:
    """Areas that are sound, what is wrong with the others, and what a planner should know."""

    areas: list[Area] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_areas(path: Path, told: DemandTable, network: Network | None) -> AreasRead:
    """Read areas of demand.

    Parameters
    ----------
    path
        A FeatureCollection in degrees.
    told
        Which properties have the name, the weight (1 where none is told) and the sector.
    network
        Of an area that reaches beyond it only the part inside counts, with that share of its weight; none of this is
        done where it is None.
    """
    read = AreasRead()
    features = _features(path, read)
    # What no feature has is told once.
    absent = [fault for key in (told.name, told.weight, told.sector) if key for fault in _lacking(path, key, features)]
    read.faults += absent
    seen, beyond = dict[str, str](), dict[str, float]()
    for number, feature in enumerate([] if absent else features, 1):
        reader = _Feature(path.name, f"feature {number}", feature, told, read.faults)
        area = reader.area(seen)
        if area is not None and network is not None:
            area = _inside(area, reader, network, beyond)
        if area is not None and area.weight > 0.0:
            read.areas.append(area)
    if not read.faults and not read.areas:
        read.faults.append(Fault(path.name, "", "features", "no area with a weight", "one or more"))
    read.notes += _beyond(path, beyond)
    return read


def _lacking(path: Path, key: str, features: Sequence[Any]) -> Iterator[Fault]:
    tables = [each["properties"] for each in features if isinstance(each, Mapping) and _has_properties(each)]
    if tables and not any(key in table for table in tables):
        fault = unknown_name(path.name, "properties", key, list(dict.fromkeys(str(name) for name in tables[0])))
        yield replace(fault, value=f"no {written(key)} in any feature")


def _has_properties(feature: Mapping[str, Any]) -> bool:
    return isinstance(feature.get("properties"), Mapping)


def _beyond(path: Path, beyond: Mapping[str, float]) -> Iterator[str]:
    """Yield which areas reach beyond the network, the most of them first."""
    ranked = sorted(beyond, key=lambda name: -beyond[name])
    named = ", ".join(f"{name} by {beyond[name]:.0%}" for name in ranked[:_SHOWN])
    more = f" and {len(ranked) - _SHOWN} more" if len(ranked) > _SHOWN else ""
    if ranked:
        what = "only what lies inside counts, with that share of the weight"
        yield f"{path.name}: beyond the network reach {named}{more}: {what}"


def _features(path: Path, read: AreasRead) -> list[Any]:
    try:
        document = json.loads(read_text(path, GEOJSON))
    except InputError as error:
        read.faults += error.faults
        return []
    except (ValueError, RecursionError) as error:
        read.faults.append(Fault(path.name, "", "", "text that is not JSON", GEOJSON, str(error)))
        return []
    features = document.get("features") if isinstance(document, Mapping) else None
    if not isinstance(features, list):
        read.faults.append(Fault(path.name, "", "features", written(features), f"a list of features: {GEOJSON}"))
        return []
    return features


@dataclass(frozen=True, slots=True)
class _Feature:
    """One feature, and where its faults go."""

    source: str
    where: str
    value: Any
    told: DemandTable
    faults: list[Fault]

    def area(self, seen: dict[str, str]) -> Area | None:
        if not isinstance(self.value, Mapping) or not _has_properties(self.value):
            self.refuse("properties", written(None), f"a feature with {self.told.name}")
            return None
        properties = self.value["properties"]
        name, weight = self.name(properties, seen), self.weight(properties)
        shape = self.shape(self.value.get("geometry"))
        sector = None if self.told.sector is None else properties.get(self.told.sector)
        if name is None or weight is None or shape is None:
            return None
        return Area(name, shape, weight, None if sector is None or sector == "" else str(sector))

    def name(self, properties: Mapping[str, Any], seen: dict[str, str]) -> str | None:
        value = self.property(properties, self.told.name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
            self.refuse(self.told.name, written(value), "an area's name, each only once")
            return None
        name = str(value)
        if seen.setdefault(name, self.where) != self.where:
            self.refuse(self.told.name, written(name), "each name only once", f"also in {seen[name]}")
        return name

    def weight(self, properties: Mapping[str, Any]) -> float | None:
        if self.told.weight is None:
            return 1.0
        if self.told.weight not in properties:
            self.property(properties, self.told.weight)
            return None
        value = properties[self.told.weight]
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
            self.refuse(self.told.weight, written(value), _WEIGHT)
            return None
        return float(value)

    def property(self, properties: Mapping[str, Any], key: str) -> Any:
        """Return a property; where it is absent, its fault is noted."""
        if key in properties:
            return properties[key]
        fault = unknown_name(self.source, "properties", key, [str(name) for name in properties], self.where)
        self.refuse("properties", f"no {written(key)}", fault.accepted, fault.hint)
        return None

    def shape(self, geometry: Any) -> shapely.Polygon | shapely.MultiPolygon | None:
        kind = geometry.get("type") if isinstance(geometry, Mapping) else None
        if kind not in _POLYGONS:
            self.refuse("geometry.type", written(kind), "Polygon or MultiPolygon")
            return None
        try:
            shape = shapely.from_geojson(json.dumps(geometry))
            reason = "" if shape.is_valid and not shape.is_empty else shapely.is_valid_reason(shape)
        except (GEOSException, ValueError) as error:
            reason = str(error)
        if reason:
            self.refuse("geometry.coordinates", f"a {kind} that cannot be drawn", _SOUND, reason)
            return None
        return cast("shapely.Polygon | shapely.MultiPolygon", shape)

    def refuse(self, field: str, value: str, accepted: str, hint: str = "") -> None:
        self.faults.append(Fault(self.source, self.where, field, value, accepted, hint))


def _inside(area: Area, reader: _Feature, network: Network, beyond: dict[str, float]) -> Area | None:
    """Return what of an area lies in the network, with its share of the weight."""
    part = shapely.union_all(list(_polygons(area.shape.intersection(network.area))))
    share = part.area / area.shape.area
    if share > 1.0 - _BEYOND:
        return area
    if not share:
        turned = shapely.transform(area.shape, lambda lonlat: lonlat[:, ::-1]).intersects(network.area)
        hint = "lon and lat seem to be swapped: GeoJSON has lon first" if turned else ""
        west, south, east, north = network.area.bounds
        box = f"lon {west:.4f} to {east:.4f}, lat {south:.4f} to {north:.4f}"
        reader.refuse("geometry", f"{written(area.name)}, all of it outside", f"an area in the network: {box}", hint)
        return None
    beyond[area.name] = 1.0 - share
    shape = cast("shapely.Polygon | shapely.MultiPolygon", part)
    return Area(area.name, shape, area.weight * share, area.sector)


def _polygons(shape: shapely.Geometry) -> Iterator[shapely.Polygon]:
    """Yield the polygons of what a cut left; lines and points along the edge are none."""
    for part in getattr(shape, "geoms", (shape,)):
        if isinstance(part, shapely.Polygon) and not part.is_empty:
            yield part
