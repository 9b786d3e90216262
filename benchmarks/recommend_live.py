"""Measure one recommendation at a live desk: many units on duty, open incidents, a new picture for every question.

    python -m benchmarks.recommend_live porto.network

Takes a network file of ``nearest graph build``. Every question has a picture of its own, with every unit moved on, so
that nothing worked out for one serves another; the roads, their times and the compiled code are warm, as in a service.
"""

from __future__ import annotations

import gc
import os
import platform
import random
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.first_path import milliseconds, points, timed
from dispatch.force import Force
from dispatch.model import Fix, Incident, Picture, Unit
from dispatch.recommend import recommend
from graphs.netfile import load_network
from graphs.network import Network

UNITS, OPEN_INCIDENTS, QUESTIONS, WARM = 500, 40, 200, 10
NOW = datetime(2026, 11, 21, 1, 15, tzinfo=UTC)
GRADES = ("emergency", "priority", "standard", "standard")
SKILLS = ("taser", "domestic_abuse_trained", "method_of_entry")
# Of ten units, eight have a usable position; the others are off duty, silent, or out of date.
STATUSES = ("2", "2", "2", "3", "3", "5", "6", "7", "2", "11")


def shift(network: Network, draw: random.Random) -> tuple[Picture, Incident]:
    """Draw the picture of one moment and a new incident."""
    places = points(network, UNITS + OPEN_INCIDENTS + 1, draw)
    waiting = tuple(
        Incident(*place, draw.choice(GRADES), f"I-{row}", NOW - timedelta(minutes=row))
        for row, place in enumerate(places[UNITS:-1])
    )
    units = tuple(_unit(row, place, waiting, draw) for row, place in enumerate(places[:UNITS]))
    tags = frozenset(draw.sample(("domestic_abuse", "vulnerable"), draw.randrange(3)))
    asked = Incident(*places[-1], "emergency", "I-new", NOW - timedelta(seconds=40), tags=tags)
    return Picture(NOW, units, (*waiting, asked)), asked


def _unit(row: int, place: tuple[float, float], waiting: Sequence[Incident], draw: random.Random) -> Unit:
    status = STATUSES[row % len(STATUSES)]
    bound = draw.choice(waiting) if status in {"5", "6", "7"} else None
    return Unit(
        callsign=f"U{row:03d}",
        status=status,
        fix=None if row % 20 == 8 else _fix(row, place, draw),
        crew=draw.choice((1, 2, 2, None)),
        skills=frozenset(draw.sample(SKILLS, draw.randrange(3))),
        duty_start=NOW - timedelta(hours=3),
        duty_end=NOW + timedelta(hours=5),
        incident_id=bound and bound.incident_id,
        committed_grade=bound and bound.grade,
    )


def _fix(row: int, place: tuple[float, float], draw: random.Random) -> Fix:
    age = timedelta(hours=2) if row % 20 == 18 else timedelta(seconds=draw.uniform(0.0, 10.0))
    moving = row % 2 == 0
    course_deg, speed_kmh = (draw.uniform(0.0, 360.0), draw.uniform(10.0, 90.0)) if moving else (None, 0.0)
    return Fix(*place, NOW - age, draw.choice((None, 5.0, 20.0)), course_deg, speed_kmh)


def machine() -> str:
    """Return what was measured on, and how busy it was."""
    cores, load = os.cpu_count(), os.getloadavg()[0]
    return f"{platform.machine()}, {cores} cores, load {load:.1f}, Python {platform.python_version()}"


def main() -> None:
    """Measure and print."""
    if len(sys.argv) != len(("command", "network")):
        sys.exit("usage: python -m benchmarks.recommend_live NETWORK_FILE")
    network, force = load_network(Path(sys.argv[1])), Force.default()
    draw = random.Random("a live desk")
    questions = [shift(network, draw) for _ in range(QUESTIONS)]
    # The questions to come are no part of a service: they are nothing for its collector to go through.
    gc.freeze()
    decided, written, placed = [], [], 0
    for row, question in enumerate([*questions[:WARM], *questions]):
        seconds, answer = timed(lambda question=question: recommend(*question, network, force))
        json_s, _ = timed(answer.to_json)
        if row >= WARM:
            decided.append(seconds)
            written.append(json_s)
            placed += sum(line.eta is not None for line in answer.ledger)
    print(machine())
    print(f"{network.meta.source}: {network.edge_count:,} edges; {UNITS} units, {placed / QUESTIONS:.0f} with a time")
    print(f"recommend ms: {milliseconds(decided)}")
    print(f"to_json ms:   {milliseconds(written)}")


if __name__ == "__main__":
    main()
