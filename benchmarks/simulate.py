"""Measure simulations: a week, many replications of it, and how the time grows.

    python -m benchmarks.simulate [porto.network] [--part week|many|growth]

Takes a network file of ``nearest graph build``, or builds that of Porto. The week: 60 units on duty at any time in
three shifts from twelve stations, half of them driving about in their sectors, and 300 incidents a day. Many: 100
replications of it with two processes, report included, with the memory of all processes. Growth: 1,000 units and 3,000
incidents a day, over a day and thirty.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.audit import porto, pss_mb, watch
from benchmarks.first_path import points
from benchmarks.recommend_live import machine
from dispatch.force import Force
from graphs.netfile import load_network
from scenarios.experiment import Asked, run_scenario
from scenarios.scenario import (
    MS_PER_HOUR,
    Break,
    Duty,
    Length,
    PolicyChoice,
    Rate,
    Scenario,
    Service,
    Station,
)
from scenarios.scenario_head import CodesTable
from scenarios.simulation import simulate

START = datetime(2026, 3, 2, tzinfo=UTC)
NEAREST = PolicyChoice("nearest_first")
STATIONS, SHIFT_H, BREAK_MS = 12, 8, 45 * 60_000
WEEK_H, REPLICATIONS, WARM, TIMED = 168, 100, 1, 5
# Of all incidents; the first are domestic abuse.
SHARES = (("domestic", "emergency", 0.2), ("fight", "emergency", 0.3), ("theft", "priority", 0.3),
          ("damage", "standard", 0.2))  # fmt: skip


def scenario(network_file: Path, units: int, incidents_a_day: int, hours: int) -> Scenario:
    """Make a scenario of a city at work."""
    network = load_network(network_file)
    places = points(network, STATIONS, random.Random(3))
    stations = tuple(Station(f"S{row}", *place, f"s{row}", custody=row < 2) for row, place in enumerate(places))
    rates = tuple(
        Rate(
            name, grade, share * incidents_a_day / 24, tags=frozenset({"domestic_abuse"} if name == "domestic" else ())
        )
        for name, grade, share in SHARES
    )
    service = Service(
        Length("lognormal", 2_400.0, 1_800.0), custody_share=0.1, custody=Length("lognormal", 5_400.0, 2_000.0)
    )
    return Scenario(
        "benchmark", network, Force.default(), START, hours, stations, tuple(_roster(units, hours)), rates, (service,),
        CodesTable().by_activity(),
    )  # fmt: skip


def _roster(units: int, hours: int) -> list[Duty]:
    made = []
    for begin_h in range(-SHIFT_H, hours + SHIFT_H, SHIFT_H):
        start_ms, end_ms = begin_h * MS_PER_HOUR, (begin_h + SHIFT_H) * MS_PER_HOUR
        for row in range(units):
            sector, first_ms = row % STATIONS, start_ms + (2 + row % 4) * MS_PER_HOUR
            made.append(
                Duty(
                    f"U{row:04d}", start_ms, end_ms, 1 + row % 2,
                    frozenset({"taser"} if row % 3 == 0 else {"domestic_abuse_trained"}), f"s{sector}", f"S{sector}",
                    patrol="sector" if row % 2 else "station",
                    breaks=(Break(first_ms, first_ms + 2 * MS_PER_HOUR, BREAK_MS),),
                )
            )  # fmt: skip
    return made


def seconds(run: Callable[[], object]) -> tuple[float, float]:
    """Return the processor's and the wall's seconds of a run."""
    cpu, wall = time.process_time(), time.perf_counter()
    run()
    return time.process_time() - cpu, time.perf_counter() - wall


def week(network_file: Path) -> None:
    """Time a week in one process."""
    asked = scenario(network_file, 60, 300, WEEK_H)
    for replication in range(1, WARM + 1):
        simulate(asked, NEAREST, replication)
    told = [seconds(lambda n=n: simulate(asked, NEAREST, n)) for n in range(WARM + 1, WARM + TIMED + 1)]
    cpu, wall = zip(*told, strict=True)
    print(f"a week, 60 units, 300 incidents a day: median of {TIMED}: {statistics.median(cpu):.1f} s of processor")
    print(f"  each, wall: {', '.join(f'{each:.1f}' for each in wall)} s")


def many(network_file: Path) -> None:
    """Time many replications in two processes, and look at their memory."""
    with tempfile.TemporaryDirectory() as work:
        out = str(Path(work) / "out")
        command = [sys.executable, "-m", "benchmarks.simulate", str(network_file), "--part", "run", "--out", out]
        found = watch(command, Path(work) / "no progress is told")
    print(f"{REPLICATIONS} replications in two processes: {found.wall_s:.0f} s, {found.peak_mb:,.0f} MB (PSS of all)")


def growth(network_file: Path) -> None:
    """Time longer and longer periods of a large force."""
    for hours in (24, 720):
        asked = scenario(network_file, 1_000, 3_000, hours)
        counted: list[int] = []
        cpu, _ = seconds(
            lambda asked=asked, counted=counted: counted.append(simulate(asked, NEAREST, 1).incidents.height)
        )
        each_ms = cpu / counted[0] * 1e3
        memory = f"{pss_mb(os.getpid()):,.0f} MB by then"
        print(
            f"{hours} h, 1,000 units, {counted[0]:,} incidents: {cpu:.0f} s, {each_ms:.2f} ms each, {memory}",
            flush=True,
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure simulations.")
    parser.add_argument("network", type=Path, nargs="?")
    parser.add_argument("--part", choices=["week", "many", "growth", "run"])
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        network_file = asked.network or porto(Path(work))
        if asked.part == "run":
            run_scenario(scenario(network_file, 60, 300, WEEK_H), Asked((NEAREST,), REPLICATIONS, 1), asked.out, jobs=2)
            return
        print(machine())
        for part in (week, many, growth):
            if asked.part in {None, part.__name__}:
                part(network_file)


if __name__ == "__main__":
    main()
