"""The geometry of a GeoJSON feature (RFC 7946), checked against a network's area."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

import numpy as np
import shapely
from shapely.errors import GEOSException

from graphs.coordinates import looks_like_british_grid
from graphs.errors import Fault, InputError
from graphs.faults import written
from graphs.network import Network

Drawn: TypeAlias = shapely.Point | shapely.MultiLineString | shapely.Polygon | shapely.MultiPolygon

# How deep the positions of a geometry lie in its coordinates.
DEPTH: Final = {"Point": 0, "LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}
_COORDINATES: Final = "geometry.coordinates"
_SOUND: Final = {
    "LineString": "a line of two or more different places",
    "Polygon": "rings of four or more places, the last like the first, that do not cross themselves or each other",
}
_SWAPPED: Final = "lon and lat seem to be swapped: GeoJSON has lon first, and the other way round it is inside"
_GRID: Final = "looks like British National Grid: GeoJSON has degrees"
_LARGEST: Final = 1e7  # metres; no easting or northing is as large


def read_geometry(value: Any, network: Network, source: str, where: str) -> Drawn | None:
    """Read the geometry of a feature.

    Parameters
    ----------
    value
        As JSON has it; null is None.
    network
        All places of the geometry lie in its area.
    source, where
        For the faults; see `Fault`.

    Returns
    -------
    Drawn or None
        ``(lon, lat)`` in degrees. A line is one of several; polygons that overlap are made one.

    Raises
    ------
    InputError
        It is of another type, has a place outside the network, or is no sound geometry; one fault.
    """
    return None if value is None else _Reader(network, source, where).geometry(value)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one geometry; whatever is wrong first is raised."""

    network: Network
    source: str
    where: str

    def geometry(self, value: Any) -> Drawn:
        if not isinstance(value, Mapping):
            raise self.refused("geometry", written(value), f"a table with type and coordinates; types: {_types()}")
        kind = value.get("type")
        if not isinstance(kind, str) or kind not in DEPTH:
            raise self.refused("geometry.type", written(kind), _types())
        coordinates = self.coordinates(value.get("coordinates"), DEPTH[kind], _COORDINATES)
        single = kind.removeprefix("Multi")
        return self.drawn(single, [coordinates] if kind == single else coordinates)

    def coordinates(self, value: Any, depth: int, field: str) -> Any:
        """Return coordinates as lists of ``(lon, lat)``; heights are left out."""
        if depth == 0:
            return self.position(value, field)
        if not isinstance(value, list) or not value:
            raise self.refused(field, written(value), "a list of positions" if depth == 1 else "a list of lists")
        return [self.coordinates(part, depth - 1, f"{field}[{row}]") for row, part in enumerate(value)]

    def position(self, value: Any, field: str) -> tuple[float, float]:
        match value:
            case [int() | float() as lon, int() | float() as lat, *_]:
                if not isinstance(lon, bool) and not isinstance(lat, bool) and max(abs(lon), abs(lat)) < _LARGEST:
                    return lon, lat
        raise self.refused(field, written(value), "[lon, lat], two numbers in degrees")

    def drawn(self, kind: str, coordinates: list[Any]) -> Drawn:
        """Return the geometry of one or more points, lines or polygons."""
        try:
            parts = [_made(kind, each) for each in coordinates]
        except (ValueError, GEOSException) as error:
            raise self.unsound(kind, str(error)) from error
        self.require_inside(shapely.get_coordinates(parts))
        if kind == "LineString" and len(parts) > 1:
            # What `closures_geojson` writes may have a road shorter than the last decimal.
            parts = [part for part in parts if part.length > 0.0] or parts[:1]
        for part in parts:
            if not part.is_valid:
                raise self.unsound(kind, shapely.is_valid_reason(part))
        if kind == "Point":
            return cast("shapely.Point", parts[0])
        merged = shapely.multilinestrings(parts) if kind == "LineString" else shapely.union_all(parts)
        return cast("Drawn", merged)

    def require_inside(self, lonlat: np.ndarray[Any, np.dtype[np.float64]]) -> None:
        outside = lonlat[~shapely.intersects_xy(self.network.area, lonlat)]
        if not len(outside):
            return
        lon, lat = outside[0].tolist()
        more = f" and {len(outside) - 1} more of {len(lonlat)} places" if len(outside) > 1 else ""
        west, south, east, north = self.network.area.bounds
        box = f"lon {west:.4f} to {east:.4f}, lat {south:.4f} to {north:.4f}"
        accepted = f"[lon, lat] of the network {self.network.meta.source}: {box}"
        hint = _SWAPPED if self.network.contains(lon, lat) else _GRID if looks_like_british_grid(lat, lon) else ""
        raise self.refused(_COORDINATES, f"[{lon:.12g}, {lat:.12g}]{more}", accepted, hint)

    def unsound(self, kind: str, reason: str) -> InputError:
        return self.refused(_COORDINATES, f"a {kind} that cannot be drawn", _SOUND[kind], reason)

    def refused(self, field: str, value: str, accepted: str, hint: str = "") -> InputError:
        return InputError([Fault(self.source, self.where, field, value, accepted, hint)])


def _types() -> str:
    return f"{', '.join(DEPTH)}; or no geometry at all, and a road"


def _made(kind: str, coordinates: Any) -> shapely.Point | shapely.LineString | shapely.Polygon:
    if kind == "Point":
        return shapely.Point(coordinates)
    return shapely.LineString(coordinates) if kind == "LineString" else shapely.Polygon(coordinates[0], coordinates[1:])
