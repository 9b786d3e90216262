"""Measure a whole audit: a long period of records, replayed by ``nearest replay``, report included.

    python -m benchmarks.audit [porto.network] [--incidents N] [--keep FOLDER]

Takes a network file of ``nearest graph build``, or builds that of Porto. 100,000 incidents, 300 callsigns and 30
million position reports in 31 days; with ``--incidents`` fewer of each but for the callsigns, in fewer days. All 300
are on duty at any time, in three shifts a day that begin at another hour for each: every picture has 300 units in it,
which is the harder way to read "300 units". What is measured is one process of the command with all that it starts.
With ``--keep`` the records stay where they were made, and what is there is replayed again.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl
import tomli_w

import dispatch.forces
from benchmarks.first_path import ROADS
from benchmarks.recommend_live import machine
from dispatch.force import Force
from graphs.compiled import Whole, compiled
from graphs.netfile import load_network, save_network
from graphs.network import Floats, Ints, Longs, Network
from graphs.sources import build_network
from graphs.times import EdgeTimes, edge_times
from scenarios.cells import write_rows
from scenarios.evidence import CLOSURES, COLUMNS, FORCE, MANIFEST, NETWORK, POSITIONS, ImportedManifest
from scenarios.import_asked import sha256_of
from scenarios.manifest import File
from scenarios.past_fixes import SCHEMA

INCIDENTS, CALLSIGNS, FIXES = 100_000, 300, 30_000_000
WHOLE_S = 31 * 86_400
# A call needs somebody to be sent, and so long to be over, within the period.
LAST_S = 10_800
START_S = int(datetime(2025, 10, 1, tzinfo=UTC).timestamp())
DUTY_S, BUSY_S = 8 * 3_600, (900, 3_600)
GRADES = ("emergency", "priority", "standard")
SPEED_M_S = 11.0
# Callsigns whose reports are in memory at a time.
CHUNK = 25
# Asking for the memory of a process holds it up for a moment.
SAMPLE_S = 5.0
TENTH = 10

Row = dict[str, Any]


@compiled
def wander(out_start: Ints, head: Ints, length_m: Floats, ways: Longs, steps: Whole, reach_m: float) -> Any:
    """Return the edge and the fraction of it at each step of vehicles that turn at random, from the edges ``ways``."""
    np.random.seed(steps + len(ways))  # noqa: NPY002 - what compiled code has
    edges = np.empty((len(ways), steps), np.int32)
    fractions = np.empty((len(ways), steps), np.float32)
    for row in range(len(ways)):
        edge, along_m = ways[row], 0.0
        for step in range(steps):
            along_m += np.random.random() * reach_m  # noqa: NPY002
            while along_m > length_m[edge]:
                along_m -= length_m[edge]
                low, high = out_start[head[edge]], out_start[head[edge] + 1]
                if low == high:
                    edge, along_m = ways[row], 0.0
                    break
                edge = low + np.random.randint(0, high - low)  # noqa: NPY002
            edges[row, step] = edge
            fractions[row, step] = along_m / length_m[edge] if length_m[edge] > 0.0 else 0.0
    return edges, fractions


@dataclass
class Play:
    """The period in the making: where everybody is at each step, and what happens."""

    network: Network
    edges: Ints
    fractions: Floats
    speed_kmh: Floats
    period_s: float
    every_s: float
    free_s: Floats
    draw: random.Random
    statuses: list[Row]

    @property
    def ends(self) -> tuple[Floats, Floats]:
        """Longitude and latitude of both ends of every edge."""
        return self.network.node_lonlat[self.network.tail], self.network.node_lonlat[self.network.head]

    def where(self, edges: Longs, fractions: Floats) -> Floats:
        """Return the (n, 2) places on edges, taken as straight."""
        begin, end = (
            self.network.node_lonlat[self.network.tail[edges]],
            self.network.node_lonlat[self.network.head[edges]],
        )
        return np.asarray(begin + (end - begin) * fractions[:, None])

    def send(self, at_s: float, edge: int) -> tuple[int, float]:
        """Choose somebody who is free, mostly the nearest in a straight line; tell whom, and how far away in metres."""
        step = min(int((at_s - START_S) / self.every_s), self.edges.shape[1] - 1)
        there = self.where(self.edges[:, step].astype(np.int64), self.fractions[:, step].astype(np.float64))
        place = self.where(np.array([edge]), np.array([0.5]))[0]
        away_m = np.hypot((there[:, 0] - place[0]) * 83_000.0, (there[:, 1] - place[1]) * 111_000.0)
        free = np.flatnonzero(self.free_s < at_s)
        nearest = free[np.argmin(away_m[free])] if len(free) else int(np.argmin(self.free_s))
        chosen = int(self.draw.choice(free.tolist())) if len(free) and self.draw.random() < 0.1 else int(nearest)
        return chosen, float(away_m[chosen])

    def stay(self, row: int, edge: int, from_s: float, until_s: float) -> None:
        """Hold a unit where it is needed."""
        first, last = (int((at - START_S) / self.every_s) + 1 for at in (from_s, until_s))
        self.edges[row, first:last], self.fractions[row, first:last], self.speed_kmh[row, first:last] = edge, 0.5, 0.0


def name(row: int) -> str:
    return f"U{row:03d}"


def iso(at_s: float) -> str:
    return datetime.fromtimestamp(int(at_s), UTC).isoformat().replace("+00:00", "Z")


def duties(period_s: float, draw: random.Random) -> Iterator[Row]:
    """Yield the duties of every callsign, one after the other; the hour of change is another for each."""
    for row in range(CALLSIGNS):
        for start_s in range(START_S - row * DUTY_S // CALLSIGNS - DUTY_S, START_S + int(period_s), DUTY_S):
            skills = draw.sample(("taser", "domestic_abuse_trained", "response_driver"), draw.randrange(3))
            told = {"crew": draw.choice((1, 2, 2)), "skills": skills, "sector": f"S{row % 12}"}
            yield {"callsign": name(row), "start": iso(start_s), "end": iso(start_s + DUTY_S), **told}


def began(rows: list[Row]) -> Iterator[Row]:
    """Yield the first statuses of duties."""
    for row in rows:
        start_s = datetime.fromisoformat(row["start"]).timestamp()
        for after_s, code in ((11, "1"), (131, "2")):
            yield status(row["callsign"], start_s + after_s, code)


def status(callsign: str, at_s: float, code: str) -> Row:
    return {"callsign": callsign, "at": iso(at_s), "status": code, "entered_at": iso(at_s + 3)}


def incidents(play: Play, streets: Longs, count: int) -> Iterator[tuple[Row, Row]]:
    """Yield each incident with the unit that was sent, in order of time."""
    draw = play.draw
    for row, received_s in enumerate(sorted(draw.uniform(600, play.period_s - LAST_S) for _ in range(count))):
        edge, at_s = int(draw.choice(streets)), START_S + received_s + draw.uniform(20, 300)
        lon, lat = play.where(np.array([edge]), np.array([0.5]))[0].tolist()
        unit, away_m = play.send(at_s, edge)
        there_s = at_s + 20 + away_m * 1.4 / SPEED_M_S
        clear_s = there_s + draw.uniform(*BUSY_S)
        play.free_s[unit] = clear_s
        play.stay(unit, edge, there_s, clear_s)
        for told_s, code in ((at_s + 15, "5"), (there_s, "6"), (clear_s, "2")):
            play.statuses.append(status(name(unit), told_s, code))
        about = {"incident_id": f"I{row:06d}", "received_at": iso(START_S + received_s), "lat": lat, "lon": lon}
        tags = ["domestic_abuse"] if draw.random() < 0.2 else []
        more = {"grade": draw.choice(GRADES), "tags": tags, "units_needed": 1, "sector": f"S{draw.randrange(12)}"}
        steps = {"assigned_at": iso(at_s), "en_route_at": iso(at_s + 15), "cleared_at": iso(clear_s)}
        seen = {"on_scene_at": iso(there_s) if draw.random() > 0.17 else None}
        sent = {
            "incident_id": about["incident_id"],
            "callsign": name(unit),
            **steps,
            **seen,
            "entered_at": iso(at_s + 2),
        }
        yield {**about, **more, "closed_at": iso(clear_s + 60)}, sent


def positions(play: Play, rows: range, steps: int) -> pl.DataFrame:
    """Return the reports of some callsigns."""
    count = len(rows) * steps
    draw = np.random.default_rng(rows.start)
    late_s = np.tile(np.arange(steps) * play.every_s, len(rows))
    phase_s = np.repeat([row * play.every_s / CALLSIGNS for row in rows], steps)
    fixed_us = ((START_S + late_s + phase_s) * 1e6).astype(np.int64)
    received_us = fixed_us + draw.integers(1, 5, count) * 1_000_000
    some = slice(rows.start, rows.stop)
    place = play.where(play.edges[some].ravel().astype(np.int64), play.fractions[some].ravel().astype(np.float64))
    speed_kmh = play.speed_kmh[some].ravel().astype(np.float64)
    columns = {
        "callsign": np.repeat([name(row) for row in rows], steps),
        "fixed_at": fixed_us,
        "received_at": received_us,
        "lat": place[:, 1].round(6),
        "lon": place[:, 0].round(6),
        "accuracy_m": draw.choice([5.0, 8.0, 12.0], count),
        "course_deg": np.where(speed_kmh > 0.0, draw.integers(0, 360, count), np.nan),
        "speed_kmh": speed_kmh,
    }
    frame = pl.DataFrame(columns, schema_overrides={"lat": pl.Float64(), "lon": pl.Float64()})
    return frame.with_columns(pl.col("course_deg").fill_nan(None)).cast(dict(SCHEMA))


def write_positions(play: Play, out: Path) -> int:
    """Write the reports of all, some callsigns at a time."""
    steps, parts = play.edges.shape[1], list[Path]()
    with tempfile.TemporaryDirectory(dir=out) as work:
        for first in range(0, CALLSIGNS, CHUNK):
            parts.append(Path(work) / f"{first:03d}.parquet")
            positions(play, range(first, min(first + CHUNK, CALLSIGNS)), steps).write_parquet(parts[-1])
        pl.scan_parquet(parts).sink_parquet(out / POSITIONS, maintain_order=True, row_group_size=500_000)
    return CALLSIGNS * steps


def porto(work: Path) -> Path:
    """Build the network of Porto."""
    path = work / "porto.network"
    save_network(build_network(str(ROADS / "porto.osm.pbf")), path)
    return path


def make(network_file: Path, out: Path, count: int) -> None:
    """Write an imported folder."""
    network = load_network(network_file)
    times: EdgeTimes = edge_times(network, "normal")
    streets = np.flatnonzero(times.leaves & times.arrives & (network.length_m > 20.0) & (network.flags == 0))
    every_s, period_s = WHOLE_S * CALLSIGNS / FIXES, WHOLE_S * count / INCIDENTS + LAST_S
    steps = round(period_s / every_s)
    draw = random.Random("an audit")
    begun = np.array([draw.choice(streets) for _ in range(CALLSIGNS)], np.int64)
    reach_m = every_s * SPEED_M_S
    edges, fractions = wander(network.out_start, network.head, network.length_m, begun, steps, reach_m)
    speeds = np.random.default_rng(1).integers(10, 60, edges.shape).astype(np.float32)
    play = Play(network, edges, fractions, speeds, period_s, every_s, np.zeros(CALLSIGNS), draw, [])
    on_duty = list(duties(period_s, draw))
    pairs = list(incidents(play, streets, count))
    tables: Mapping[str, list[Row]] = {
        "incidents.csv": [incident for incident, _ in pairs],
        "assignments.csv": [sent for _, sent in pairs],
        "statuses.csv": [*began(on_duty), *play.statuses],
        "duties.csv": on_duty,
    }
    out.mkdir(parents=True)
    counts = dict[str, int]()
    for table, columns in COLUMNS.items():
        with (out / table).open("w", encoding="utf-8", newline="") as file:
            counts[table] = write_rows(file, columns, tables.get(table, []))
    counts[POSITIONS] = write_positions(play, out)
    (out / CLOSURES).write_text('{"type": "FeatureCollection", "features": []}', "utf-8")
    shutil.copyfile(Path(next(iter(dispatch.forces.__path__))) / "cleveland.toml", out / FORCE)
    shutil.copyfile(network_file, out / NETWORK)
    (out / MANIFEST).write_text(
        tomli_w.dumps(manifest(out, network, period_s, counts).model_dump(exclude_none=True)), "utf-8"
    )


def manifest(out: Path, network: Network, period_s: float, counts: Mapping[str, int]) -> ImportedManifest:
    """Return the manifest of the folder."""
    force, files = Force.default(), dict[str, File]()
    for path in sorted(path for path in out.iterdir() if path.name != MANIFEST):
        files[path.name] = File(sha256=sha256_of(path), rows=counts.get(path.name, 0))
    return ImportedManifest(
        preset="generic",
        time_zone=force.time_zone,
        start=datetime.fromtimestamp(START_S, UTC),
        end=datetime.fromtimestamp(START_S + int(period_s), UTC),
        force={"name": force.name, "hash": force.hash},
        network={"hash": network.hash},
        source={"benchmarks/audit.py": File(sha256=sha256_of(Path(__file__)), rows=counts["incidents.csv"])},
        files=files,
    )


def family(pid: int) -> Iterator[int]:
    """Yield a process and all that it started."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            yield from family(int(child))


def pss_mb(pid: int) -> float:
    """Return the memory of a process and all that it started; what they share counts once."""
    total_kb = 0
    for member in set(family(pid)):
        try:
            lines = Path(f"/proc/{member}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue  # it ended meanwhile
        total_kb += next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
    return total_kb / 1024


@dataclass
class Watched:
    """What was seen of a run."""

    wall_s: float
    peak_mb: float
    done: list[tuple[float, int, int]]

    def span_s(self, first: float, last: float) -> float | None:
        """Return the seconds from one share of the incidents to another, for each of them."""
        told = [(at_s, done, of) for at_s, done, of in self.done if done]
        if not told:
            return None
        of = told[-1][2]
        # The last of all is over before anybody looks.
        seen = told[-1][:2]
        ends = [next(((at_s, done) for at_s, done, _ in told if done >= of * share), seen) for share in (first, last)]
        if ends[1][1] == ends[0][1]:
            return None
        return (ends[1][0] - ends[0][0]) / (ends[1][1] - ends[0][1])


def watch(command: list[str], progress: Path) -> Watched:
    """Run a command, and look at it once a second."""
    begun, peak_mb, seen = time.perf_counter(), 0.0, list[tuple[float, int, int]]()
    with subprocess.Popen(command) as process:  # noqa: S603 - our own command
        while process.poll() is None:
            time.sleep(SAMPLE_S)
            peak_mb = max(peak_mb, pss_mb(process.pid))
            try:
                told = orjson.loads(progress.read_bytes())
                seen.append((time.perf_counter() - begun, told["done"], told["total"]))
            except (OSError, ValueError):
                continue
        if process.returncode:
            sys.exit(f"{' '.join(command)}: exit code {process.returncode}")
    return Watched(time.perf_counter() - begun, peak_mb, seen)


def main() -> None:
    """Make the period, replay it, and print."""
    parser = argparse.ArgumentParser(description="Measure a whole audit.")
    parser.add_argument("network", type=Path, nargs="?")
    parser.add_argument("--incidents", type=int, default=INCIDENTS)
    parser.add_argument("--keep", type=Path, help="where the records are kept; they are made there if they are not")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        folder = asked.keep or Path(work) / "imported"
        if not folder.exists():
            begun = time.perf_counter()
            make(asked.network or porto(Path(work)), folder, asked.incidents)
            print(f"made in {time.perf_counter() - begun:.0f} s", flush=True)
        out = Path(work) / "replayed"
        found = watch(
            [str(Path(sys.executable).with_name("nearest")), "replay", str(folder), "-o", str(out)],
            out / "progress.json",
        )
        print(machine())
        print(
            f"{asked.incidents:,} incidents, {CALLSIGNS} callsigns: {found.wall_s:.0f} s, peak {found.peak_mb:,.0f} MB"
        )
        for label, first, last in (("first", 0.0, 1 / TENTH), ("last", 1 - 1 / TENTH, 1.0)):
            each_s = found.span_s(first, last)
            print(f"{label} tenth: {'not seen' if each_s is None else f'{each_s * 1000:.2f} ms for each incident'}")


if __name__ == "__main__":
    main()
