"""What every routing engine in the comparison can be asked, whatever it is built on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from graphs.network import Network

Place = tuple[float, float]
"""``(lat, lon)`` in degrees."""
Seconds = list[float | None]


@dataclass(frozen=True)
class Source:
    """What a peer is built from.

    Parameters
    ----------
    pbf
        The extract, for peers that read OpenStreetMap data.
    network
        The network that this product makes of the same extract, for peers that are graph libraries.
    cache
        Folder for prepared data.
    """

    pbf: Path
    network: Network
    cache: Path


@dataclass(frozen=True)
class Route:
    """A route: its time, and its geometry as ``(lon, lat)`` points."""

    seconds: float
    lonlat: list[tuple[float, float]]


@dataclass
class Peer:
    """One routing engine, ready to answer.

    Parameters
    ----------
    steps_s
        Seconds that each step of getting ready took. Steps done in an earlier run are as they were timed then.
    """

    name: ClassVar[str] = ""
    steps_s: dict[str, float] = field(default_factory=dict)

    def hold(self, units: Sequence[Place]) -> Any:
        """Return what the engine can keep of units that stand still: their nodes, hints, or just their places."""
        return list(units)

    def times_to_held(self, incident: Place, held: Any) -> Seconds:
        """Return the seconds from each unit to the incident, None where there is no way; ``held`` is from `hold`."""
        raise NotImplementedError

    def times_to(self, incident: Place, units: Sequence[Place]) -> Seconds:
        """Return the seconds from each unit to the incident with every unit put on the road afresh."""
        return self.times_to_held(incident, self.hold(units))

    def nearest_held(self, incident: Place, held: Any, count: int) -> list[tuple[int, float]]:
        """Return the rows and seconds of the units soonest at an incident; most engines must time them all."""
        told = [(seconds, row) for row, seconds in enumerate(self.times_to_held(incident, held)) if seconds is not None]
        return [(row, seconds) for seconds, row in sorted(told)[:count]]

    def nearest(self, incident: Place, units: Sequence[Place], count: int) -> list[tuple[int, float]]:
        """Return the same with every unit put on the road afresh."""
        return self.nearest_held(incident, self.hold(units), count)

    def table(self, origins: Sequence[Place], destinations: Sequence[Place]) -> list[Seconds]:
        """Return the seconds from each origin (rows) to each destination (columns)."""
        raise NotImplementedError

    def route(self, origin: Place, destination: Place) -> Route | None:
        """Return a way from one place to another with its geometry, or None where there is none."""
        raise NotImplementedError

    def close_middle(self, origin: Place, destination: Place) -> dict[str, float]:
        """Close the road in the middle of a route, both ways where the peer can, and open it again.

        Returns the seconds of each step until the closure counts, and ``longer_s``: how much longer the way round is.
        """
        raise NotImplementedError
