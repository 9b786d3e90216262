"""Measure making tiles and finding places.

    python -m benchmarks.tiles [network or extract ...]

Every tile of a network from zoom 8 to 14 is made once, as a service makes it on the fly; names are looked up as they
are when somebody has typed so many letters. Times are of the processor, so that others at work on the machine do not
count, but for those of four threads together. Writes ``results/tiles.md``.
"""

from __future__ import annotations

import random
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.first_path import RESULTS, ROADS
from graphs.gazetteer import Gazetteer
from graphs.netfile import load_network
from graphs.network import Network
from graphs.sources import build_network
from graphs.tiles import Tiles
from graphs.tiles_pieces import mercator

ZOOMS = range(8, 15)
STREETS = 200
BESIDE = ("{}", "{} / {}", "{} {}")
Address = tuple[int, int, int]


def timed(call: Callable[[], Any], clock: Callable[[], float] = time.process_time) -> tuple[float, Any]:
    """Return the seconds that a call took, and what it gave."""
    start = clock()
    value = call()
    return clock() - start, value


def addresses(network: Network, z: int) -> Iterator[Address]:
    """Yield every tile that a network's area touches."""
    west, south, east, north = network.area.bounds
    (left, top), (right, bottom) = (mercator(np.array([(west, north), (east, south)])) * 2**z).astype(int).tolist()
    for x in range(left, right + 1):
        yield from ((z, x, y) for y in range(top, bottom + 1))


def spread(milliseconds: list[float]) -> str:
    """Return median, 95th percentile and the worst."""
    ordered = sorted(milliseconds)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return f"{statistics.median(ordered):.1f} | {p95:.1f} | {ordered[-1]:.1f}"


def measure_tiles(network: Network) -> list[str]:
    """Return a row for each zoom, and one for all."""
    tiles, rows = Tiles(network), []
    every: list[tuple[float, int, Address]] = []
    for z in ZOOMS:
        begun_s, _ = timed(lambda z=z: tiles.tile(z, 0, 0))
        made = [(*timed(lambda at=at: tiles.tile(*at)), at) for at in addresses(network, z)]
        found = [(seconds * 1e3, len(content), at) for seconds, content, at in made]
        every += found
        rows.append(f"zoom {z} | {begun_s * 1e3:.0f} | {_told(found)}")
    rows.append(f"all | | {_told(every)}")
    total_s = sum(ms for ms, _, _ in every) / 1e3
    ms, size, at = max(every)
    rows.append(f"all together {total_s:.1f} s; the slowest is {'/'.join(map(str, at))}, {ms:.1f} ms, {size:,} bytes")
    return rows


def _told(found: list[tuple[float, int, Address]]) -> str:
    sizes = sorted(size for _, size, _ in found)
    return f"{len(found)} | {spread([ms for ms, _, _ in found])} | {statistics.median(sizes):,.0f} | {sizes[-1]:,}"


def measure_names(network: Network) -> list[str]:
    """Return what typing some streets and crossings takes, letter by letter."""
    begun_s, finder = timed(lambda: Gazetteer(network))
    draw = random.Random(1)
    names = sorted({network.text(row) for row in network.name.tolist() if row})
    typed = [form.format(*draw.sample(names, 2))[: draw.randint(1, 40)] for form in BESIDE for _ in range(STREETS)]
    finder.find("a")
    taken = [(timed(lambda text=text: finder.find(text))[0] * 1e3, text) for text in typed]
    ms, text = max(taken)
    return [
        f"names | {begun_s * 1e3:.0f} | {len(typed)} | {spread([ms for ms, _ in taken])} | |",
        f"slowest: {text!r}, {ms:.1f} ms",
    ]


def measure_together(network: Network) -> str:
    """Return what tiles take while four threads ask for them."""
    tiles = Tiles(network)
    asked = list(addresses(network, 13))
    tiles.tile(*asked[0])
    taken: list[float] = []

    def ask(mine: list[Address]) -> None:
        taken.extend(timed(lambda at=at: tiles.tile(*at), time.perf_counter)[0] * 1e3 for at in mine)

    threads = [threading.Thread(target=ask, args=(asked[row::4],)) for row in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return f"zoom 13, four threads | | {len(taken)} | {spread(taken)} | |"


def main() -> None:
    """Measure and write the table."""
    sources = [Path(each) for each in sys.argv[1:]] or [ROADS / "newport.osm.pbf", ROADS / "porto.osm.pbf"]
    heads = ("what", "to begin ms", "how many", "median ms", "p95 ms", "worst ms", "median bytes", "most bytes")
    lines = []
    for source in sources:
        network = load_network(source) if source.suffix == ".network" else build_network(str(source))
        lines += [f"\n{source.stem}\n", f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
        rows = [*measure_tiles(network), measure_together(network), *measure_names(network)]
        lines += [f"| {row} |" if " | " in row else f"\n{row}\n" for row in rows]
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "tiles.md").write_text("\n".join(lines) + "\n", "utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
