"""Measure what happens around the engine's questions: building, loading, starting, closing roads, memory.

    python -m benchmarks.engine [extract.osm.pbf]

Every closure is checked: the weights made from those without it equal those customised from scratch, and the first
answer equals the reference router's. Writes ``results/engine.json`` and ``results/engine.md``.
"""

from __future__ import annotations

import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.first_path import RESULTS, ROADS, points, timed
from graphs.conditions import Change, Conditions, Stretch
from graphs.hierarchy import customise, slots_of
from graphs.legs import leg_line
from graphs.netfile import save_network
from graphs.network import Network
from graphs.ordering import build_hierarchy, hierarchy_of
from graphs.reference import ReferenceRouter
from graphs.router import Router, weights_of
from graphs.sources import build_network
from graphs.turns import turns_of

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
PROFILE, UNITS, REPEATS = "response", 200, 15
SIZES = (2, 20, 200, 2_000, 20_000)
# Starts a process, loads the file, asks one question, and tells how long each step took and how much memory it held.
START = """
import time
begun = time.perf_counter()
import json, resource, sys
from pathlib import Path
from graphs.netfile import load_network
from graphs.router import Router
imported = time.perf_counter()
network = load_network(Path(sys.argv[1]))
loaded = time.perf_counter()
router = Router(network, "response")
places = json.loads(sys.argv[2])
found = router.nearest(router.approaches(*places[0]), router.vehicles_at(places[1:]), 5)
answered = time.perf_counter()
told = [line.split() for line in open("/proc/self/status") if line.startswith(("VmHWM", "RssAnon"))]
memory = {words[0]: int(words[1]) / 1e3 for words in told}
print(json.dumps([imported - begun, loaded - imported, answered - loaded, answered - begun, memory]))
"""


def started(file: Path, places: list[Any]) -> list[Any]:
    """Return what one process start tells."""
    command = [sys.executable, "-c", START, str(file), json.dumps(places)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # noqa: S603 - as above


def starts(network: Network) -> dict[str, Any]:
    """Measure loading and starting; the first start compiles and is told apart."""
    places = points(network, UNITS + 1, random.Random(2))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "roads.network"
        save_s, _ = timed(lambda: save_network(network, file))
        started(file, places)
        later = [started(file, places) for _ in range(5)]
        size = file.stat().st_size
    middle = [statistics.median(row[column] for row in later) for column in range(4)]
    return {
        "file_mb": round(size / 1e6, 1),
        "save_s": round(save_s, 2),
        "import_s": round(middle[0], 2),
        "load_s": round(middle[1], 3),
        "first_answer_s": round(middle[2], 2),
        "start_to_first_answer_s": round(middle[3], 2),
        "peak_mb": round(max(row[4]["VmHWM:"] for row in later)),
        "private_mb": round(max(row[4]["RssAnon:"] for row in later)),
    }


def closures(network: Network) -> dict[str, Any]:
    """Measure from a closure to the first right answer, by how many edges it closes."""
    router, draw = Router(network, PROFILE), random.Random(3)
    vehicles = [router.spots(*place) for place in points(network, UNITS, draw)]
    places = points(network, 200, draw)
    router.arrivals(router.approaches(*places[0])).best_of(vehicles)
    found: dict[str, Any] = {}
    for count in SIZES:
        spent = [_close(network, count, vehicles, place, draw) for place in places[:REPEATS]]
        found[f"{count} edges"] = _milliseconds(spent)
    return found


def _close(network: Network, count: int, vehicles: list[Any], place: tuple[float, float], draw: random.Random) -> float:
    """Close a street both ways, or many edges; return the seconds until the nearest units are known, and check them."""
    edges = draw.sample(range(network.edge_count), count)
    if count == SIZES[0]:
        edges = [edges[0], *(edge for edge in (int(network.twin[edges[0]]),) if edge >= 0)]

    def ask() -> Any:
        shut = Conditions((Change("closed", tuple(Stretch(edge, 0.0, 1.0) for edge in edges)),))
        router = Router(network, PROFILE, shut, NOON)
        return shut, router, router.arrivals(router.approaches(*place)).best_of(vehicles)

    spent, (shut, router, legs) = timed(ask)
    hierarchy = hierarchy_of(network)
    whole = customise(hierarchy, slots_of(hierarchy, turns_of(network)), router.edge_times)
    if not np.array_equal(whole.cost, weights_of(router.edge_times).cost):
        raise AssertionError("weights differ from those customised from scratch")
    reference = ReferenceRouter(network, PROFILE, shut, NOON)
    if reference.arrivals(reference.approaches(*place)).best_of(vehicles) != legs:
        raise AssertionError("the answer differs from the reference router's")
    return spent


def answers(network: Network) -> dict[str, Any]:
    """Measure the questions, the engine alone and with the road found for every place."""
    router, draw = Router(network, PROFILE), random.Random(4)
    places, reports = points(network, 300, draw), points(network, 1_000, draw)
    approaches = [router.approaches(*place) for place in places]
    held = {count: router.vehicles_at(reports[:count]) for count in (50, 200, 1_000)}

    def routed(number: int) -> Any:
        leg = router.route(*reports[number], *places[number])
        return leg and leg_line(network, leg)

    kinds: dict[str, tuple[int, Callable[[int], Any]]] = {
        "5 of 200": (300, lambda number: router.nearest(approaches[number], held[200], 5)),
        "5 of 1,000": (300, lambda number: router.nearest(approaches[number], held[1_000], 5)),
        "1,000 to 1": (300, lambda number: router.times(held[1_000], [approaches[number]])),
        "5 of 200, with snapping": (
            300,
            lambda number: router.nearest(router.approaches(*places[number]), router.vehicles_at(reports[:200]), 5),
        ),
        "50 x 300": (20, lambda _: router.times(held[50], approaches)),
        "route with geometry": (300, routed),
    }
    for _, ask in kinds.values():
        ask(0)
    return {
        name: _milliseconds([timed(lambda ask=ask, number=number: ask(number))[0] for number in range(count)])
        for name, (count, ask) in kinds.items()
    }


def _milliseconds(seconds: list[float]) -> dict[str, float]:
    return {
        "median_ms": round(statistics.median(seconds) * 1e3, 3),
        "p99_ms": round(float(np.quantile(seconds, 0.99)) * 1e3, 3),
    }


def measure(pbf: Path) -> dict[str, Any]:
    """Measure everything on one extract."""
    build_s, network = timed(lambda: build_network(str(pbf)))
    build_hierarchy(network)  # compiles
    order_s, _ = timed(lambda: build_hierarchy(network))
    return {
        "machine": {
            "python": platform.python_version(), "machine": platform.machine(), "cores": os.cpu_count(),
            "load_average": os.getloadavg(),
        },
        "network": pbf.name, "nodes": network.node_count, "edges": network.edge_count,
        "read_s": round(build_s, 2), "hierarchy_s": round(order_s, 2),
        "start": starts(network), "answers": answers(network), "closure to first right answer": closures(network),
    }  # fmt: skip


def markdown(found: dict[str, Any]) -> str:
    """Return the results as Markdown."""
    rows = [
        ("read the extract, s", found["read_s"], ""),
        ("order and shape of the hierarchy, s", found["hierarchy_s"], ""),
    ]
    rows += [(key.replace("_", " "), value, "") for key, value in found["start"].items()]
    for kind in ("answers", "closure to first right answer"):
        prefix = "" if kind == "answers" else "closed to first right answer, "
        rows += [(f"{prefix}{name}, ms", told["median_ms"], told["p99_ms"]) for name, told in found[kind].items()]
    lines = ["| measure | median | p99 |", "| --- | --- | --- |", *(f"| {a} | {b} | {c} |" for a, b, c in rows)]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and write the results."""
    pbf = Path(sys.argv[1]) if len(sys.argv) > 1 else ROADS / "porto.osm.pbf"
    if not pbf.is_file():
        sys.exit(f"{pbf}: no such file; the measures need the real data")
    found = measure(pbf)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "engine.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    text = markdown(found)
    (RESULTS / "engine.md").write_text(text, "utf-8")
    print(text)


if __name__ == "__main__":
    main()
