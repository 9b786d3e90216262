"""Ask where a vehicle is on a drawn map, and where an incident can be reached from."""

from __future__ import annotations

from typing import Literal

from graphs.snapping import Approach, Spot, snapper
from graphs.times import edge_times
from roadmaps import Point, RoadMap

ProfileName = Literal["normal", "response"]
PROFILES: tuple[ProfileName, ...] = ("normal", "response")


def spots(
    drawn: RoadMap,
    place: Point,
    profile: ProfileName = "response",
    *,
    course_deg: float | None = None,
    speed_kmh: float | None = None,
) -> tuple[Spot, ...]:
    times = edge_times(drawn.network, profile)
    return snapper(drawn.network).spots(times, *place, course_deg=course_deg, speed_kmh=speed_kmh)


def approaches(
    drawn: RoadMap, place: Point, profile: ProfileName = "response", *, on_road: bool = False
) -> tuple[Approach, ...]:
    times = edge_times(drawn.network, profile)
    return snapper(drawn.network).approaches(times, *place, on_road=on_road)


def roads(drawn: RoadMap, found: tuple[Spot, ...] | tuple[Approach, ...]) -> list[str]:
    return [drawn.road(item.edge) for item in found]
