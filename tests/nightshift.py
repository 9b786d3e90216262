"""Units, incidents and questions of one night shift, for tests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from dispatch.force import Force
from dispatch.model import Fix, Incident, Picture, Unit
from dispatch.recommend import recommend
from dispatch.recommendation import Recommendation
from graphs.network import Network
from roadmaps import draw

NOW = datetime(2026, 1, 31, 23, 10, tzinfo=UTC)
CLEVELAND = Force.default()
# A town with one-way streets, a bus gate, a river between its halves and one street that nothing joins.
TOWN = draw(
    """
    A---B---C   X---Y
    |   |   |   |
    D---E---F   Z
    |       |
    G-------H
    """,
    "A-B>C-F>E-B",
    "A-D primary limit=40mph",
    "D-E bus",
    "D-G-H-F secondary length=2500",
    "X-Y-X length=3000",
    "X-Z length=3000",
)
Place = tuple[float, float]


def ago(seconds: float) -> datetime:
    """Return the moment so long before now; a negative span lies in the future."""
    return NOW - timedelta(seconds=seconds)


def unit(
    callsign: str,
    place: Place | None,
    *skills: str,
    status: str | None = "2",
    age_s: float = 0.0,
    accuracy_m: float | None = 0.0,
    course_deg: float | None = None,
    speed_kmh: float | None = None,
    crew: int | None = 2,
    **more: Any,
) -> Unit:
    """Make a unit on patrol with two aboard, whose fix is new and exact unless told otherwise."""
    fix = None if place is None else Fix(*place, ago(age_s), accuracy_m, course_deg, speed_kmh)
    return Unit(callsign, status, fix, crew, frozenset(skills), **more)


def incident(place: Place, grade: str = "emergency", *tags: str, needs: Iterable[str] = (), **more: Any) -> Incident:
    """Make an incident."""
    return Incident(*place, grade, tags=frozenset(tags), needs=frozenset(needs), **more)


def ask(
    network: Network, asked: Incident, *units: Unit, others: tuple[Incident, ...] = (), force: Force = CLEVELAND
) -> Recommendation:
    """Ask the brain at that moment; ``others`` are open incidents."""
    return recommend(Picture(NOW, units, others), asked, network, force)


def changed(force: Force, table: str, key: str, **values: Any) -> Force:
    """Return a force with other values in one entry of one of its tables."""
    told = force.model_dump()[table]
    return force.model_copy(update={table: {**told, key: {**told.get(key, {}), **values}}})
