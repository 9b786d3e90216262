"""Make the demonstration picture: forty invented units on a Friday night in Gothenburg, and what keeps them busy.

    python -m scenarios.samples.make_gothenburg_night NETWORK_FILE

writes ``units.csv`` and ``incidents.csv`` in ``gothenburg/``. Every unit, position and incident is invented; the roads
are real. The same network and seed give the same files.
"""

from __future__ import annotations

import argparse
import csv
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from graphs.coordinates import great_circle_m
from graphs.netfile import load_network
from graphs.network import Network
from graphs.snapping import Near, snapper

NOW = datetime.fromisoformat("2026-11-21T02:15:00+01:00")
DUTY = ("2026-11-20T22:00:00+01:00", "2026-11-21T07:00:00+01:00")
SEED = 20261157
SPREAD_M = 1_600.0
# Letter of the callsigns, and a middle: (lat, lon).
SECTORS = {
    "Centrum": ("C", (57.7040, 11.9690)),
    "Hisingen": ("H", (57.7225, 11.9390)),
    "Majorna": ("M", (57.6905, 11.9180)),
    "Oster": ("O", (57.7200, 12.0050)),
    "Mellersta": ("L", (57.6830, 11.9800)),
}
# Status of each of the eight units of a sector.
SHIFT = ("2", "2", "3", "5", "6", "7", "4", "9")
# What a unit with such a status is committed to: grade, type, minutes since it was received.
COMMITMENTS = {
    "5": ("standard", "Burglary found on return", 44),
    "6": ("priority", "Shoplifter detained", 85),
    "7": ("standard", "Criminal damage", 70),
}
SKILLS = (
    ("domestic_abuse_trained", "response_driver"),
    ("response_driver",),
    ("taser", "response_driver"),
    ("mental_health",),
)
# New incidents, which nobody is committed to yet.
WAITING: tuple[dict[str, str], ...] = (
    {
        "incident_id": "N-0211", "received_at": "2026-11-21T02:13:40+01:00", "lat": "57.69995", "lon": "11.93970",
        "grade": "emergency", "type": "Screaming in a flat", "tags": "domestic_abuse", "sector": "Majorna",
    },
    {
        "incident_id": "N-0210", "received_at": "2026-11-21T02:12:05+01:00", "lat": "57.70480", "lon": "11.98500",
        "grade": "emergency", "type": "Fight outside a club", "needs": "taser", "sector": "Centrum",
    },
)  # fmt: skip
# Units that the demonstration is about, and units about which something is missing: what differs from the shift.
STORIES: dict[str, dict[str, str]] = {
    # Straight across the river from incident N-0211, and far from it by road.
    "H1": {"lat": "57.7063", "lon": "11.9375", "course_deg": "95", "speed_kmh": "22", "crew": "2"},
    "C8": {"status": ""},
    "O7": {"lat": "", "lon": "", "fixed_at": "", "accuracy_m": "", "status": "2"},
    "L2": {"fixed_at": "2026-11-21T00:40:00+01:00", "course_deg": "", "speed_kmh": ""},
    "O8": {"status": "11", "duty_start": "2026-11-20T14:00:00+01:00", "duty_end": "2026-11-20T23:00:00+01:00"},
}
UNIT_COLUMNS = (
    "callsign", "status", "lat", "lon", "fixed_at", "accuracy_m", "course_deg", "speed_kmh", "crew", "skills", "sector",
    "duty_start", "duty_end", "incident_id", "committed_grade",
)  # fmt: skip


INCIDENT_COLUMNS = ("incident_id", "received_at", "lat", "lon", "grade", "type", "tags", "needs", "sector")


@dataclass(frozen=True, slots=True)
class Place:
    """A point on a street, and the street's direction there in degrees from north."""

    lat: float
    lon: float
    bearing_deg: float


def place_near(network: Network, lat: float, lon: float, draw: random.Random) -> Place:
    """Draw a point on an ordinary street around a middle, more often near it than far."""
    here = np.array([[lon, lat]])
    streets = np.flatnonzero(great_circle_m(network.node_lonlat[network.tail], here) < SPREAD_M)
    classes = {"residential", "tertiary", "secondary"}
    ordinary = [edge for edge in streets.tolist() if network.class_name(edge) in classes]
    lon, lat = network.edge_lonlat(draw.choice(ordinary)).mean(axis=0)
    near: Near = snapper(network).near(float(lat), float(lon), 200.0)
    return Place(float(near.lat[0]), float(near.lon[0]), float(near.bearing_deg[0]))


def night(network: Network, draw: random.Random) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Return the rows of ``units.csv`` and of ``incidents.csv``."""
    units, incidents = [], list(WAITING)
    for sector, (letter, middle) in SECTORS.items():
        for number, status in enumerate(SHIFT, start=1):
            callsign = f"{letter}{number}"
            place = place_near(network, *middle, draw)
            row = _row(callsign, status, place, draw) | {"sector": sector} | STORIES.get(callsign, {})
            if status in COMMITMENTS:
                there = place if status == "6" else place_near(network, *middle, draw)
                incident = _incident(f"N-0{len(incidents) + 170}", status, there, sector)
                row |= {"incident_id": incident["incident_id"], "committed_grade": incident["grade"]}
                incidents.append(incident)
            units.append(row)
    return units, sorted(incidents, key=lambda row: row["received_at"], reverse=True)


def _incident(incident_id: str, status: str, place: Place, sector: str) -> dict[str, str]:
    grade, type_, minutes = COMMITMENTS[status]
    return {
        "incident_id": incident_id,
        "received_at": (NOW - timedelta(minutes=minutes)).isoformat(),
        "lat": f"{place.lat:.5f}",
        "lon": f"{place.lon:.5f}",
        "grade": grade,
        "type": type_,
        "sector": sector,
    }


def _row(callsign: str, status: str, place: Place, draw: random.Random) -> dict[str, str]:
    moving = status in {"2", "5", "7", "9"}
    age_s = draw.randint(3, 45) if moving else draw.randint(30, 900)
    return {
        "callsign": callsign,
        "status": status,
        "lat": f"{place.lat:.5f}",
        "lon": f"{place.lon:.5f}",
        "fixed_at": (NOW - timedelta(seconds=age_s)).isoformat(),
        "accuracy_m": str(draw.choice((5, 8, 12, 20))),
        "course_deg": f"{place.bearing_deg:.0f}" if moving else "",
        "speed_kmh": str(draw.randint(15, 50)) if moving else "",
        "crew": str(draw.choice((1, 2, 2))),
        "skills": ";".join(draw.choice(SKILLS)),
        "duty_start": DUTY[0],
        "duty_end": DUTY[1],
    }


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description="Make the units of the demonstration picture.")
    parser.add_argument("network", type=Path, help="network file of the Gothenburg sample")
    asked = parser.parse_args()
    units, incidents = night(load_network(asked.network), random.Random(SEED))  # noqa: S311 - a demonstration, no secret
    folder = Path(__file__).parent / "gothenburg"
    write(folder / "units.csv", UNIT_COLUMNS, units)
    write(folder / "incidents.csv", INCIDENT_COLUMNS, incidents)


def write(path: Path, columns: Sequence[str], rows: Iterable[dict[str, str]]) -> None:
    """Write a CSV file with a header."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n", restval="")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
