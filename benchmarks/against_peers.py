"""Measure the peers on one extract in one process: who reaches an incident soonest, tables, routes, a closure.

    python -m benchmarks.against_peers [--in-turn]

The peers take turns, a block of questions each, so that a busy machine is busy for all of them. With ``--in-turn`` each
question is put to all before the next one: then each finds the processor's caches full of what the others did. Writes
``results/peers.json``, ``.md`` and ``.png``, or ``results/peers_in_turn.json`` and ``.md``. Needs the environment that
``benchmarks.environment`` makes.
"""

from __future__ import annotations

import json
import os
import platform
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.first_path import RESULTS, ROADS, milliseconds, points, timed
from benchmarks.peers import Built, build_peers
from benchmarks.peers.agreement import Agreement, check
from benchmarks.peers.peer import Peer, Place, Source
from graphs.sources import build_network

CACHE = Path(__file__).parents[1] / ".cache" / "bench"
SEED = 20_261_121
UNITS, INCIDENTS, ROUNDS = 1_000, 30, 4
ORIGINS, DESTINATIONS, NEAREST = 300, 50, 5
CHECKED_UNITS, CHECKED_INCIDENTS = 20, 10
CLOSURES = 5
# A peer that has used this much time on one kind of question is not asked it again.
BUDGET_S = 5.0

Question = Callable[[Peer, int], Any]


@dataclass
class Asked:
    """The seconds that one peer took for each kind of question, or why it could not answer."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    def may(self, kind: str) -> bool:
        """Tell whether the peer is asked this kind of question: it did not fail, and has not used up its budget."""
        return kind not in self.failures and sum(self.seconds.get(kind, ())) <= BUDGET_S

    def ask(self, kind: str, call: Callable[[], Any]) -> None:
        """Time one question, unless the peer failed at it or has used up its budget."""
        spent = self.seconds.setdefault(kind, [])
        if not self.may(kind):
            return
        try:
            spent.append(timed(call)[0])
        except Exception as error:  # noqa: BLE001 - a peer that fails is a result
            self.failures[kind] = f"{type(error).__name__}: {error}"[:200]


def questions(units: list[Place], incidents: list[Place]) -> dict[str, Question]:
    """Return each kind of question with how peer and number of the question make it."""
    few = units[:200]

    def at(number: int) -> Place:
        return incidents[number % len(incidents)]

    return {
        "5 of 200": lambda peer, number: peer.nearest(at(number), few, NEAREST),
        "5 of 1,000": lambda peer, number: peer.nearest(at(number), units, NEAREST),
        "200 to 1": lambda peer, number: peer.times_to(at(number), few),
        "1,000 to 1": lambda peer, number: peer.times_to(at(number), units),
        "route": lambda peer, number: peer.route(units[number % len(units)], at(number)),
    }


def ask_all(peers: Sequence[Peer], kinds: dict[str, Question], count: int, asked: dict[str, Asked], block: int) -> None:
    """Ask every peer every question, in blocks of so many; what comes first in a block is asked once before."""
    for kind, question in kinds.items():
        for begun in range(0, count, block):
            for peer in peers:
                record = asked[peer.name]
                if (block > 1 or begun == 0) and record.may(kind):
                    Asked().ask(kind, lambda peer=peer, question=question, begun=begun: question(peer, begun))
                for number in range(begun, min(begun + block, count)):
                    record.ask(kind, lambda peer=peer, question=question, number=number: question(peer, number))


def ask_held(
    peers: Sequence[Peer], units: list[Place], incidents: list[Place], asked: dict[str, Asked], block: int
) -> None:
    """Ask for the times of 1,000 units that each peer may have put on the road beforehand."""
    held = {peer.name: peer.hold(units) for peer in peers}
    few = {peer.name: peer.hold(units[:200]) for peer in peers}

    def at(number: int) -> Place:
        return incidents[number % len(incidents)]

    kinds = {
        "5 of 200 held": lambda peer, number: peer.nearest_held(at(number), few[peer.name], NEAREST),
        "5 of 1,000 held": lambda peer, number: peer.nearest_held(at(number), held[peer.name], NEAREST),
        "1,000 held to 1": lambda peer, number: peer.times_to_held(at(number), held[peer.name]),
    }
    ask_all(peers, kinds, INCIDENTS * ROUNDS, asked, block)


def measure(
    peers: Sequence[Peer], units: list[Place], incidents: list[Place], tabled: list[Place], block: int
) -> dict[str, Asked]:
    """Ask every peer everything.

    Parameters
    ----------
    units, incidents
        The places of `UNITS` units and `INCIDENTS` incidents.
    tabled
        The places of the `DESTINATIONS` incidents of the large table.
    block
        How many questions a peer answers in a row.
    """
    asked = {peer.name: Asked() for peer in peers}
    ask_all(peers, questions(units, incidents), INCIDENTS * ROUNDS, asked, block)
    ask_held(peers, units, incidents, asked, block)
    table = {"50 x 300": lambda peer, _: peer.table(units[:ORIGINS], tabled)}
    ask_all(peers, table, INCIDENTS, asked, block)
    return asked


def changes(peers: Sequence[Peer], units: list[Place], incidents: list[Place]) -> dict[str, Any]:
    """Return the steps of `CLOSURES` closures by peer, or why it failed; a peer that cannot close is left out."""
    found: dict[str, Any] = {}
    for peer in peers:
        if type(peer).close_middle is Peer.close_middle:
            continue
        try:
            pairs = zip(units[:CLOSURES], incidents, strict=False)
            found[peer.name] = [peer.close_middle(*pair) for pair in pairs]
        except Exception as error:  # noqa: BLE001 - a peer that fails is a result
            found[peer.name] = f"{type(error).__name__}: {error}"
    return found


def report(built: Sequence[Built], asked: dict[str, Asked], agreements: Sequence[Agreement], changed: Any) -> dict:
    """Return everything measured as JSON values."""
    peers = []
    for one in built:
        row: dict[str, Any] = {"peer": one.name, "version": one.version, "failure": one.failure}
        if one.peer is not None:
            answers = asked[one.name]
            times = {
                kind: milliseconds(spent) | {"count": len(spent)} for kind, spent in answers.seconds.items() if spent
            }
            row |= {"steps_s": one.peer.steps_s, "build_s": one.build_s, "memory_mb": one.memory_mb}
            row |= {"milliseconds": times, "failures": answers.failures}
        peers.append(row)
    machine = {"python": platform.python_version(), "machine": platform.machine(), "load_average": os.getloadavg()}
    return {
        "machine": machine | {"cores": os.cpu_count()},
        "peers": peers,
        "agreement": [asdict(one) for one in agreements],
        "road_changes": changed,
    }


def markdown(result: dict[str, Any]) -> str:
    """Return the times as a table."""
    kinds = (
        "5 of 200", "5 of 1,000", "200 to 1", "1,000 to 1", "5 of 200 held", "5 of 1,000 held", "1,000 held to 1",
        "50 x 300", "route",
    )  # fmt: skip
    heads = ("peer", "version", "build s", "memory MB", *(f"{kind} ms" for kind in kinds))
    lines = [" | ".join(heads), " | ".join("---" for _ in heads)]
    for row in result["peers"]:
        if row["failure"]:
            lines.append(" | ".join((row["peer"], row["version"], row["failure"], *("" for _ in heads[3:]))))
            continue
        memory = "" if row["memory_mb"] is None else f"{row['memory_mb']:.0f}"
        cells = [_cell(row["milliseconds"].get(kind), row["failures"].get(kind)) for kind in kinds]
        lines.append(" | ".join((row["peer"], row["version"], f"{row['build_s']:.2f}", memory, *cells)))
    return "\n".join(f"| {line} |" for line in lines) + "\n"


def _cell(times: dict[str, float] | None, failure: str | None) -> str:
    if failure or times is None:
        return failure or "not asked"
    return f"{times['median']:g} (p99 {times['p99']:g}, n {times['count']})"


def plot(result: dict[str, Any]) -> None:
    """Draw the medians of each peer, the quickest on top."""
    import matplotlib as mpl  # noqa: PLC0415 - only where a picture is drawn

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 - as above

    kinds = ("5 of 1,000 held", "1,000 to 1", "50 x 300", "route")
    figure, axes = plt.subplots(1, len(kinds), figsize=(14, 4), layout="constrained")
    for ax, kind in zip(axes, kinds, strict=True):
        told = [(row["milliseconds"][kind]["median"], row["peer"]) for row in result["peers"] if _has(row, kind)]
        told.sort(reverse=True)
        ax.barh([name for _, name in told], [value for value, _ in told], color="0.6")
        ax.set_xscale("log")
        ax.set_title(f"{kind}, ms")
        ax.grid(visible=True, axis="x", alpha=0.3)
    figure.savefig(RESULTS / "peers.png", dpi=120)


def _has(row: dict[str, Any], kind: str) -> bool:
    return not row["failure"] and kind in row["milliseconds"]


def main() -> None:
    """Measure and write the results."""
    in_turn, pbf = "--in-turn" in sys.argv, ROADS / "porto.osm.pbf"
    if not pbf.is_file():
        sys.exit(f"{pbf}: no such file; the measures need the real data")
    network, draw = build_network(str(pbf)), random.Random(SEED)
    units, incidents, tabled = (points(network, count, draw) for count in (UNITS, INCIDENTS, DESTINATIONS))
    built = build_peers(Source(pbf, network, CACHE))
    peers = [one.peer for one in built if one.peer is not None]
    agreements = check(peers, incidents[:CHECKED_INCIDENTS], units[:CHECKED_UNITS])
    asked = measure(peers, units, incidents, tabled, 1 if in_turn else INCIDENTS)
    result = report(built, asked, agreements, changes(peers, units, incidents))
    name = "peers_in_turn" if in_turn else "peers"
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    text = markdown(result)
    (RESULTS / f"{name}.md").write_text(text, "utf-8")
    if not in_turn:
        plot(result)
    print(text, *agreements, sep="\n")


if __name__ == "__main__":
    main()
