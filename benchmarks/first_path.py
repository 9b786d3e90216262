"""Measure the path from an extract to the nearest officers, on every network in ``../shared/data/roads``.

    python -m benchmarks.first_path

Each network is measured in a process of its own, so that its peak memory is its own. Writes ``results/first_path.json``
and ``results/first_path.md``.
"""

from __future__ import annotations

import json
import platform
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from dispatch.force import Force
from dispatch.model import Fix, Incident, Picture, Unit
from dispatch.recommend import recommend
from graphs.netfile import load_network, save_network
from graphs.network import Network
from graphs.reference import ReferenceRouter
from graphs.router import Router
from graphs.snapping import snapper
from graphs.sources import build_network

ROADS = Path(__file__).parents[2] / "shared" / "data" / "roads"
RESULTS = Path(__file__).parent / "results"
FILES = ("bangor_maine.osm.pbf", "leeds_north_east.osm.gz", "nootdorp.graphml", "newport.osm.pbf", "porto.osm.pbf")
UNITS, INCIDENTS, SNAPS = 200, 50, 1_000
NOW = datetime(2026, 11, 21, 1, 15, tzinfo=UTC)


def points(network: Network, count: int, draw: random.Random) -> list[tuple[float, float]]:
    """Draw ``(lat, lon)`` within some 150 m of the road."""
    found: list[tuple[float, float]] = []
    while len(found) < count:
        lon, lat = network.edge_lonlat(draw.randrange(network.edge_count))[0]
        place = (float(lat) + draw.gauss(0, 0.001), float(lon) + draw.gauss(0, 0.001))
        if network.contains(*place):
            found.append(place)
    return found


def timed(call: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds that a call took, and what it gave."""
    start = time.perf_counter()
    value = call()
    return time.perf_counter() - start, value


def milliseconds(seconds: list[float]) -> dict[str, float]:
    """Return median, 99th percentile and maximum in milliseconds."""
    ordered = sorted(seconds)
    cut = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return {
        "median": round(statistics.median(ordered) * 1e3, 3),
        "p99": round(cut * 1e3, 3),
        "max": round(ordered[-1] * 1e3, 3),
    }


def measure(path: Path) -> dict[str, Any]:
    """Measure one network in this process."""
    draw = random.Random(path.name)
    build_s, network = timed(lambda: build_network(str(path)))
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "a.network"
        save_network(network, saved)
        size_mb = saved.stat().st_size / 1e6
        load_s, network = timed(lambda: load_network(saved))
        ready_s, router = timed(lambda: _ready(network))
        return {
            "network": path.name,
            "nodes": network.node_count,
            "edges": network.edge_count,
            "build_s": round(build_s, 2),
            "file_mb": round(size_mb, 1),
            "load_s": round(load_s, 4),
            "ready_s": round(ready_s, 3),
            **_snaps(network, router, draw),
            **_nearest(network, router, draw),
            "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        }


def _ready(network: Network) -> Router:
    """Make the index, the times and the compiled code that a first answer needs."""
    router = Router(network, "response")
    lon, lat = network.edge_lonlat(0)[0]
    place = float(lat), float(lon)
    router.nearest(router.approaches(*place), router.vehicles_at([place]), 1)
    return router


def _snaps(network: Network, router: Router, draw: random.Random) -> dict[str, Any]:
    places = points(network, SNAPS, draw)
    snap = snapper(network)
    vehicles = [timed(lambda place=place: snap.spots(router.edge_times, *place))[0] for place in places]
    incidents = [timed(lambda place=place: snap.approaches(router.edge_times, *place))[0] for place in places]
    return {"snap_vehicle_ms": milliseconds(vehicles), "snap_incident_ms": milliseconds(incidents)}


def _nearest(network: Network, router: Router, draw: random.Random) -> dict[str, Any]:
    """Time the five nearest of 200 units: the engine, with units put on the road afresh, the reference, the brain."""
    units = tuple(
        Unit(f"U{row:03d}", "2", Fix(*place, NOW - timedelta(seconds=20)), crew=2)
        for row, place in enumerate(points(network, UNITS, draw))
    )
    picture, force = Picture(NOW, units), Force.default()
    reports = [(unit.fix.lat, unit.fix.lon) for unit in units if unit.fix]
    vehicles, slow = router.vehicles_at(reports), ReferenceRouter(network, "response")
    spots = [router.spots(*report) for report in reports]
    alone, snapped, reference, brain = [], [], [], []
    for lat, lon in points(network, INCIDENTS, draw):
        approaches, incident = router.approaches(lat, lon), Incident(lat, lon, "emergency")
        alone.append(timed(lambda approaches=approaches: router.nearest(approaches, vehicles, 5))[0])
        snapped.append(
            timed(lambda: router.nearest(router.approaches(lat, lon), router.vehicles_at(reports), 5))[0]  # noqa: B023 - called at once
        )
        reference.append(timed(lambda approaches=approaches: slow.arrivals(approaches).best_of(spots))[0])
        brain.append(timed(lambda incident=incident: recommend(picture, incident, network, force).to_json())[0])
    return {
        "nearest_5_of_200_ms": milliseconds(alone),
        "nearest_5_of_200_with_snapping_ms": milliseconds(snapped),
        "reference_200_ms": milliseconds(reference),
        "recommend_200_units_ms": milliseconds(brain),
    }


def table(rows: list[dict[str, Any]]) -> str:
    """Return the results as Markdown."""
    heads = (
        "network", "nodes", "edges", "build s", "load s", "ready s", "snap vehicle ms", "snap incident ms",
        "5 of 200 ms", "with snapping ms", "reference, 200 ms", "recommend ms", "peak MB",
    )  # fmt: skip
    lines = [" | ".join(heads), " | ".join("---" for _ in heads)]
    for row in rows:
        medians = [
            f"{row[key]['median']:g} (p99 {row[key]['p99']:g})"
            for key in (
                "snap_vehicle_ms", "snap_incident_ms", "nearest_5_of_200_ms", "nearest_5_of_200_with_snapping_ms",
                "reference_200_ms", "recommend_200_units_ms",
            )
        ]  # fmt: skip
        plain = [row[key] for key in ("network", "nodes", "edges", "build_s", "load_s", "ready_s")]
        lines.append(" | ".join(str(cell) for cell in (*plain, *medians, row["peak_memory_mb"])))
    return "\n".join(f"| {line} |" for line in lines) + "\n"


def main() -> None:
    """Measure every network and write the results."""
    if len(sys.argv) > 1:
        print(json.dumps(measure(Path(sys.argv[1]))))
        return
    if not ROADS.is_dir():
        sys.exit(f"{ROADS}: no such folder; the measures need the real data")
    rows = []
    for name in FILES:
        command = [sys.executable, "-m", "benchmarks.first_path", str(ROADS / name)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - this file itself
        rows.append(json.loads(done.stdout))
        print(f"{name}: done", file=sys.stderr)
    machine = {"python": platform.python_version(), "machine": platform.machine(), "cores_used": 1}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "first_path.json").write_text(
        json.dumps({"machine": machine, "networks": rows}, indent=1) + "\n", "utf-8"
    )
    text = table(rows)
    (RESULTS / "first_path.md").write_text(text, "utf-8")
    print(text)


if __name__ == "__main__":
    main()
