"""What every router can be asked: where vehicles and places are on the roads, and the ways between them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol

import numpy as np
import shapely

from graphs.approaching import up_to_closures
from graphs.conditions import NO_CONDITIONS, Conditions
from graphs.errors import OutsideNetwork
from graphs.legs import Leg, Legs
from graphs.nearby import Mask
from graphs.network import Floats, Network
from graphs.snapping import Approach, Spot, Spots, snapper
from graphs.times import EdgeTimes, edge_times


class Ways(Protocol):
    """The ways to one place from everywhere."""

    def time_ms(self, spot: Spot) -> int | None:
        """Return the time from one spot; None where the place cannot be reached from it."""

    def leg(self, spot: Spot) -> Leg | None:
        """Return the leg from one spot; None where the place cannot be reached from it."""

    def best_of(self, vehicles: Sequence[Sequence[Spot]]) -> list[Leg | None]:
        """Return the best leg from any spot of each vehicle, the first on a tie; None where there is none."""

    def times_of(self, vehicles: Sequence[Sequence[Spot]]) -> list[tuple[int | None, ...]]:
        """Return the time from each spot of each vehicle."""

    def best_of_reports(self, reports: Spots) -> Legs:
        """Return what `best_of` does, for vehicles told as columns."""

    def times_of_reports(self, reports: Spots) -> list[tuple[int | None, ...]]:
        """Return what `times_of` does, for vehicles told as columns."""


@dataclass(frozen=True, slots=True)
class Coming:
    """How soon vehicles can be at one place.

    Parameters
    ----------
    soonest
        Milliseconds and row of the soonest who are free and not bound to the place, equal times by row.
    bound_ms
        Milliseconds of those bound to the place, in the order asked; None where no road leads there.
    """

    soonest: list[tuple[int, int]]
    bound_ms: list[int | None]


class Routing(ABC):
    """One network under one profile, as its roads are at one moment; every router is one.

    Parameters
    ----------
    network
        The roads.
    profile
        Name of a profile of the network's profile table.
    conditions, at
        What is closed or slowed, and the moment; see `edge_times`.
    """

    # What the versions of a recommendation call it.
    name: ClassVar[str]

    def __init__(
        self, network: Network, profile: str, conditions: Conditions = NO_CONDITIONS, at: datetime | None = None
    ) -> None:
        self.network = network
        self.edge_times: EdgeTimes = edge_times(network, profile, conditions, at)
        self._snapper = snapper(network)

    def spots(
        self,
        lat: float,
        lon: float,
        course_deg: float | None = None,
        speed_kmh: float | None = None,
        accuracy_m: float = 0.0,
    ) -> tuple[Spot, ...]:
        """Return where a vehicle reported at a point may be on the road; see `Snapper.spots`.

        Raises
        ------
        OutsideNetwork
            The point is outside the network's area.
        """
        self._require_inside(lat, lon)
        return self._snapper.spots(
            self.edge_times, lat, lon, course_deg=course_deg, speed_kmh=speed_kmh, accuracy_m=accuracy_m
        )

    def spots_of(self, lat: Floats, lon: Floats, course_deg: Floats, speed_kmh: Floats, accuracy_m: Floats) -> Spots:
        """Return where the vehicles of several reports may be, all within the area; see `Snapper.spots_of`."""
        return self._snapper.spots_of(self.edge_times, lat, lon, course_deg, speed_kmh, accuracy_m)

    def inside(self, lat: Floats, lon: Floats) -> Mask:
        """Tell which points lie in the network's area."""
        return np.asarray(shapely.intersects_xy(self.network.area, lon, lat), np.bool_)

    def approaches(self, lat: float, lon: float, *, on_road: bool = False) -> tuple[Approach, ...]:
        """Return where a place can be reached from, nearest first; one behind closures also from them, on foot.

        Raises
        ------
        OutsideNetwork
            The point is outside the network's area.
        """
        self._require_inside(lat, lon)
        near = self._snapper.approaches(self.edge_times, lat, lon, on_road=on_road)
        return up_to_closures(self.edge_times, near)[0]

    @abstractmethod
    def arrivals(self, approaches: Sequence[Approach]) -> Ways:
        """Look from everywhere to a place, given by where it can be reached from."""

    @abstractmethod
    def coming(
        self,
        vehicles: Spots,
        free: Mask,
        places: Sequence[Sequence[Approach]],
        bound: Sequence[Sequence[int]],
        count: int,
    ) -> list[Coming]:
        """Return who can be soonest at each of several places, and when those are there who are bound to it.

        Parameters
        ----------
        vehicles
            Where they may be.
        free : (n,) bool
            Who may be told for any place; for the one that it is bound to, a vehicle is not told among the soonest.
        places, bound
            The approaches of each place, and the rows of the vehicles bound to it.
        count
            How many of the soonest to tell of each place, at most.
        """

    def best(self, spots: Sequence[Spot], approaches: Sequence[Approach]) -> Leg | None:
        """Return the fastest way of a vehicle to a place, or None where there is none."""
        return self.arrivals(approaches).best_of([spots])[0]

    def route(self, from_lat: float, from_lon: float, to_lat: float, to_lon: float) -> Leg | None:
        """Return the fastest way between two points, or None where there is none.

        Raises
        ------
        OutsideNetwork
            A point is outside the network's area.
        """
        return self.best(self.spots(from_lat, from_lon), self.approaches(to_lat, to_lon))

    def shut_off_by(self, lat: float, lon: float, *, on_road: bool = False) -> tuple[str, ...]:
        """Return the names of the closures that cut a place off, so that units walk from there; mostly none."""
        if not self.edge_times.pieces:
            return ()
        near = self._snapper.approaches(self.edge_times, lat, lon, on_road=on_road)
        return up_to_closures(self.edge_times, near)[1]

    def passed_over(self, lat: float, lon: float, within_m: float) -> tuple[int, float] | None:
        """Return the nearest edge on which nobody stops and its gap in metres; see `Snapper.passed_over`."""
        return self._snapper.passed_over(self.edge_times, lat, lon, within_m)

    def _require_inside(self, lat: float, lon: float) -> None:
        if not self.network.contains(lat, lon):
            west, south, east, north = self.network.area.bounds
            swapped = "; with lat and lon swapped it is inside" if self.network.contains(lon, lat) else ""
            raise OutsideNetwork(
                f"lat {lat:g}, lon {lon:g} is outside the network {self.network.meta.source}, which covers "
                f"lat {south:.4f} to {north:.4f}, lon {west:.4f} to {east:.4f}{swapped}"
            )
