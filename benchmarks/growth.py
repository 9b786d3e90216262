"""Measure how building, customising, asking and memory grow with the size of a network.

    python -m benchmarks.growth

Bangor, Newport, Porto, and Porto copied side by side 4 and 16 times with a few roads between neighbours: about a
million nodes. Each is measured in a process of its own. Writes ``results/growth.json``, ``.md`` and ``.png``.
"""

from __future__ import annotations

import json
import math
import random
import resource
import statistics
import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import shapely

from benchmarks.first_path import RESULTS, ROADS, points, timed
from graphs.coordinates import great_circle_m
from graphs.hierarchy import customise, slots_of
from graphs.network import Network
from graphs.ordering import build_hierarchy, give_hierarchy
from graphs.router import Router
from graphs.sources import build_network
from graphs.tags import ROAD_CLASSES
from graphs.times import edge_times
from graphs.turns import turns_of

SIZES = (
    ("bangor_maine.osm.pbf", 1),
    ("newport.osm.pbf", 1),
    ("porto.osm.pbf", 1),
    ("porto.osm.pbf", 2),
    ("porto.osm.pbf", 4),
)
PROFILE, UNITS, QUESTIONS, JOINS = "response", 1_000, 300, 3


def side_by_side(network: Network, across: int) -> Network:
    """Return ``across * across`` copies of a network in a square, each joined to its neighbours by a few roads."""
    if across == 1:
        return network
    west, south, east, north = network.area.bounds
    shifts = [(column * (east - west), row * (north - south)) for row in range(across) for column in range(across)]
    arrays = _copied(network, np.array(shifts))
    joins = [
        pair
        for one in range(across * across)
        for other, axis in ((one + 1, 0), (one + across, 1))
        if other < across * across and (axis == 1 or other % across)
        for pair in _joins(network, one, other, axis)
    ]
    whole = _joined(arrays, np.array(joins))
    corners = shapely.box(west, south, west + across * (east - west), south + across * (north - south))
    return Network(**whole, area_wkb=np.frombuffer(corners.wkb, np.uint8), meta=network.meta)


def _copied(network: Network, shifts: np.ndarray) -> dict[str, Any]:
    """Return the arrays of all copies, one after the other."""
    count, arrays = len(shifts), network.arrays()
    nodes, edges = network.node_count, network.edge_count
    points_, shapes = len(network.shape_lonlat), len(network.shape_start) - 1
    told = {name: np.concatenate([array] * count) for name, array in arrays.items()}
    steps = {"tail": nodes, "head": nodes, "shape": shapes, "turn_edge": edges}
    for name, step in steps.items():
        told[name] = (told[name] + np.repeat(np.arange(count) * step, len(arrays[name]))).astype(np.int32)
    twin = np.concatenate([np.where(network.twin < 0, -1, network.twin + copy * edges) for copy in range(count)])
    told |= {
        "twin": twin.astype(np.int32),
        "node_lonlat": told["node_lonlat"] + np.repeat(shifts, nodes, axis=0),
        "shape_lonlat": told["shape_lonlat"] + np.repeat(shifts, points_, axis=0),
        "shape_start": _starts(network.shape_start, count).astype(np.int64),
        "turn_start": _starts(network.turn_start, count).astype(np.int32),
        "text_start": network.text_start,
        "text_utf8": network.text_utf8,
        "node_id": np.arange(nodes * count),
    }
    told.pop("area_wkb")
    return told


def _starts(start: np.ndarray, count: int) -> np.ndarray:
    return np.concatenate(([0], np.cumsum(np.tile(np.diff(start), count))))


def _joins(network: Network, one: int, other: int, axis: int) -> list[tuple[int, int]]:
    """Return pairs of nodes, from the far side of one copy to the near side of the next."""
    order = np.argsort(network.node_lonlat[:, axis], kind="stable")
    pairs = zip(order[-JOINS:], order[:JOINS], strict=True)
    return [(int(a) + one * network.node_count, int(b) + other * network.node_count) for a, b in pairs]


def _joined(told: dict[str, Any], joins: np.ndarray) -> dict[str, Any]:
    """Add a two-way road for each pair of nodes, and sort the edges by tail again."""
    size, places = len(joins), told["node_lonlat"]
    first, shapes = len(told["tail"]), len(told["shape_start"]) - 1
    length_m = great_circle_m(places[joins[:, 0]], places[joins[:, 1]])
    filled = {
        "tail": joins.ravel(), "head": joins[:, ::-1].ravel(), "shape": shapes + np.arange(size).repeat(2),
        "backward": np.tile([0, 1], size), "twin": first + np.arange(2 * size).reshape(-1, 2)[:, ::-1].ravel(),
        "road_class": np.full(2 * size, ROAD_CLASSES.index("primary")), "length_m": length_m.repeat(2),
        "limit_kmh": np.full(2 * size, math.nan),
    }  # fmt: skip
    by_edge = (
        "tail", "head", "shape", "backward", "twin", "way_id", "road_class", "access",
        "flags", "length_m", "limit_kmh", "obstacles", "name", "ref",
    )  # fmt: skip
    for name in by_edge:
        array = told[name]
        more = filled.get(name, np.zeros((2 * size, *array.shape[1:])))
        told[name] = np.concatenate((array, more.astype(array.dtype)))
    told["shape_start"] = np.append(told["shape_start"], told["shape_start"][-1] + 2 * np.arange(1, size + 1))
    told["shape_lonlat"] = np.concatenate((told["shape_lonlat"], places[joins].reshape(-1, 2)))
    order = np.argsort(told["tail"], kind="stable")
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    for name in by_edge:
        told[name] = told[name][order]
    told["twin"] = np.where(told["twin"] < 0, -1, rank[told["twin"]]).astype(np.int32)
    told["turn_edge"] = rank[told["turn_edge"]]
    return told


def measure(name: str, across: int) -> dict[str, Any]:
    """Return the sizes and times of one network."""
    network = side_by_side(build_network(str(ROADS / name)), across)
    _warm()
    order_s, hierarchy = timed(lambda: build_hierarchy(network))
    give_hierarchy(network, hierarchy)
    router, draw = Router(network, PROFILE), random.Random(1)
    slots, times = slots_of(hierarchy, turns_of(network)), edge_times(network, PROFILE)
    customising = [timed(lambda: customise(hierarchy, slots, times))[0] for _ in range(5)]
    vehicles = router.vehicles_at(points(network, UNITS, draw))
    places = [router.approaches(*place) for place in points(network, QUESTIONS, draw)]
    router.nearest(places[0], vehicles, 5)
    asking = [timed(lambda place=place: router.nearest(place, vehicles, 5))[0] for place in places]
    return {
        "network": name if across == 1 else f"{name} x {across * across}",
        "nodes": network.node_count,
        "edges": network.edge_count,
        "vertices": hierarchy.vertex_count,
        "arcs": len(hierarchy.up_head),
        "order_s": round(order_s, 2),
        "customise_ms": round(statistics.median(customising) * 1e3, 1),
        "nearest_us": round(statistics.median(asking) * 1e6),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def _warm() -> None:
    """Compile on a small network first."""
    network = replace(build_network(str(ROADS / "bangor_maine.osm.pbf")))
    router = Router(network, PROFILE)
    place = points(network, 2, random.Random(1))
    router.nearest(router.approaches(*place[0]), router.vehicles_at(place), 1)


def plot(rows: list[dict[str, Any]]) -> None:
    """Draw everything against the number of nodes, with the square root beside the questions."""
    import matplotlib as mpl  # noqa: PLC0415 - only where a picture is drawn

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 - as above

    nodes = np.array([row["nodes"] for row in rows])
    kinds = (
        ("nearest_us", "5 nearest of 1,000, \u00b5s"), ("customise_ms", "customise, ms"), ("order_s", "order, s"),
        ("peak_mb", "peak memory, MB"),
    )  # fmt: skip
    figure, axes = plt.subplots(figsize=(7, 5), layout="constrained")
    for key, label in kinds:
        axes.loglog(nodes, [row[key] for row in rows], "o-", label=label)
    axes.loglog(
        nodes, rows[0]["nearest_us"] * np.sqrt(nodes / nodes[0]), "k:", label="square root of size, from Bangor"
    )
    axes.set_xlabel("nodes")
    axes.legend()
    axes.grid(visible=True, which="major", alpha=0.3)
    figure.savefig(RESULTS / "growth.png", dpi=120)


def main() -> None:
    """Measure every size and write the results."""
    if len(sys.argv) > 2:
        print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
        return
    rows = []
    for name, across in SIZES:
        command = [sys.executable, "-m", "benchmarks.growth", name, str(across)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - this file itself
        rows.append(json.loads(done.stdout))
        print(rows[-1], flush=True)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "growth.json").write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    heads = list(rows[0])
    lines = [
        heads,
        ["---"] * len(heads),
        *([f"{value:,}" if isinstance(value, int) else str(value) for value in row.values()] for row in rows),
    ]
    (RESULTS / "growth.md").write_text("".join(f"| {' | '.join(line)} |\n" for line in lines), "utf-8")
    plot(rows)


if __name__ == "__main__":
    main()
