"""Measure plans of a whole queue on Porto: 50 waiting incidents, and from many to few units.

    python -m benchmarks.queue_plan [NETWORK]

Reads a network file, or builds one from ``../shared/data/roads/porto.osm.pbf``. Prints a table; nothing is written.
"""

from __future__ import annotations

import random
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.first_path import NOW, ROADS, milliseconds, points, timed
from dispatch.assign import assign
from dispatch.force import Force
from dispatch.model import Fix, Incident, Picture, Unit
from graphs.netfile import load_network
from graphs.network import Network
from graphs.sources import build_network

INCIDENTS, RUNS = 50, 15
# Status codes of a shift: most are free, some on their way, some at work that they may be called away from, or not.
STATUSES = ("2", "2", "2", "3", "5", "6", "7")
GRADES = ("emergency", "priority", "priority", "standard", "standard", "standard")
SKILLS = (frozenset({"taser"}), frozenset({"domestic_abuse_trained"}), frozenset[str](), frozenset[str]())


def picture(network: Network, units: int, chance: random.Random) -> Picture:
    """Draw a shift: waiting incidents, units, and incidents that some of them are committed to."""
    bound = [(f"U{row:03d}", status) for row in range(units) if (status := chance.choice(STATUSES)) in "567"]
    waiting = [
        Incident(
            *place,
            chance.choice(GRADES),
            f"N-{row:03d}",
            NOW - timedelta(seconds=chance.randrange(3600)),
            tags=frozenset({"domestic_abuse"} if chance.random() < 0.2 else ()),
            needs=frozenset({"taser"} if chance.random() < 0.1 else ()),
            units_needed=1 + (chance.random() < 0.2),
        )
        for row, place in enumerate(points(network, INCIDENTS, chance))
    ]
    attended = {
        callsign: Incident(*place, chance.choice(GRADES[1:]), f"A-{callsign}", NOW - timedelta(minutes=30))
        for (callsign, _), place in zip(bound, points(network, len(bound), chance), strict=True)
    }
    codes = dict(bound)
    shift = [
        _unit(f"U{row:03d}", codes.get(f"U{row:03d}", "2"), place, attended.get(f"U{row:03d}"), chance)
        for row, place in enumerate(points(network, units, chance))
    ]
    return Picture(NOW, tuple(shift), (*waiting, *attended.values()))


def _unit(
    callsign: str, status: str, place: tuple[float, float], bound_to: Incident | None, chance: random.Random
) -> Unit:
    return Unit(
        callsign,
        status,
        Fix(*place, NOW - timedelta(seconds=20), 15.0, chance.uniform(0, 360), 40.0),
        crew=chance.choice((1, 2, 2)),
        skills=chance.choice(SKILLS),
        incident_id=bound_to and bound_to.incident_id,
        committed_grade=bound_to and bound_to.grade,
        assigned_at=bound_to and NOW - timedelta(minutes=10),
    )


def measure(network: Network, units: int) -> dict[str, Any]:
    """Time plans of different shifts of one size, each planned once before so that the kernels are compiled."""
    force, seconds, cpu_s, met, reliefs, reasons = Force.default(), [], [], 0, 0, 0
    for run in range(RUNS):
        shift = picture(network, units, random.Random(f"{units} {run}"))
        if run == 0:
            assign(shift, network, force)
        before_s = time.process_time()
        took_s, plan = timed(lambda shift=shift: assign(shift, network, force))
        cpu_s.append(time.process_time() - before_s)
        seconds.append(took_s)
        met += sum(each.outcome == "met" for each in plan.queue)
        reliefs += len(plan.reliefs)
        reasons += sum(each.reason is not None for each in plan.queue)
    found = {"units": units, "met": met / RUNS, "reasons": reasons / RUNS, "reliefs": reliefs / RUNS}
    cpu = {"cpu": milliseconds(cpu_s)["median"]}
    return {**{key: round(value, 1) for key, value in found.items()}, **milliseconds(seconds), **cpu}


def main() -> None:
    """Measure and print."""
    if len(sys.argv) > 1:
        network = load_network(Path(sys.argv[1]))
    elif (ROADS / "porto.osm.pbf").exists():
        network = build_network(str(ROADS / "porto.osm.pbf"))
    else:
        sys.exit(f"{ROADS}: no porto.osm.pbf; the measures need the real data")
    print(f"{INCIDENTS} waiting incidents, {RUNS} shifts of each size; milliseconds of one plan")
    print("| units | met | with a reason | reliefs | median | p99 | max | processor, median |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for units in (300, 100, 30, 10):
        row = measure(network, units)
        cells = (row[key] for key in ("units", "met", "reasons", "reliefs", "median", "p99", "max", "cpu"))
        print("| " + " | ".join(f"{cell:g}" for cell in cells) + " |")


if __name__ == "__main__":
    main()
