"""Whether peers that should agree do: graph libraries to the millisecond, OSRM's two algorithms roughly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.peers.node_graph import GraphPeer
from benchmarks.peers.peer import Peer, Place, Seconds

ROUGHLY = 0.05
MS_PER_S = 1000


@dataclass(frozen=True)
class Agreement:
    """How one peer's times compare with another's on the same pairs.

    Parameters
    ----------
    pairs
        How many both could be asked about.
    differ
        How many differ by a millisecond or more, or are None for one of them only.
    differ_5pc
        How many differ by more than `ROUGHLY` of the first, or are None for one of them only.
    worst_s
        The largest difference.
    failure
        Why the peer gave no answer, if so.
    """

    peer: str
    against: str
    pairs: int
    differ: int
    differ_5pc: int
    worst_s: float
    failure: str = ""

    def __str__(self) -> str:
        if self.failure:
            return f"{self.peer}: {self.failure}"
        share = f"{self.differ_5pc / self.pairs:.1%} by more than {ROUGHLY:.0%}" if self.pairs else "no pairs"
        return (
            f"{self.peer} against {self.against}: {self.differ} of {self.pairs} differ, {share}, {self.worst_s:.3f} s"
        )


def check(peers: Sequence[Peer], incidents: Sequence[Place], units: Sequence[Place]) -> list[Agreement]:
    """Compare the table from every unit to every incident between peers that should agree.

    Graph libraries are compared with the first of them, OSRM MLD with OSRM CH. A bounded peer's None agrees with a time
    beyond its bound.
    """
    library = [peer for peer in peers if isinstance(peer, GraphPeer)]
    engine = [peer for peer in peers if peer.name.startswith("OSRM")]
    pairs = len(incidents) * len(units)
    found: list[Agreement] = []
    for group in (library, engine):
        answers = {peer.name: _answer(peer, units, incidents) for peer in group}
        good = {name: answer for name, answer in answers.items() if not isinstance(answer, str)}
        found.extend(
            Agreement(name, "", pairs, 0, 0, 0.0, why) for name, why in answers.items() if isinstance(why, str)
        )
        found.extend(_against_first([(peer, good[peer.name]) for peer in group if peer.name in good]))
    return found


def _answer(peer: Peer, units: Sequence[Place], incidents: Sequence[Place]) -> Seconds | str:
    """Return the times of all pairs in one row, or why there are none."""
    try:
        return [value for row in peer.table(units, incidents) for value in row]
    except Exception as error:  # noqa: BLE001 - a peer that fails is a result
        return f"{type(error).__name__}: {error}"


def _against_first(answers: Sequence[tuple[Peer, Seconds]]) -> list[Agreement]:
    if not answers:
        return []
    first, wanted = answers[0]
    return [compare(peer.name, given, first.name, _bounded(peer, wanted)) for peer, given in answers[1:]]


def compare(peer: str, given: Seconds, against: str, wanted: Seconds) -> Agreement:
    """Compare two lists of times for the same pairs."""
    both = [(a, b) for a, b in zip(given, wanted, strict=True) if a is not None and b is not None]
    lonely = sum((a is None) != (b is None) for a, b in zip(given, wanted, strict=True))
    gaps = [abs(a - b) for a, b in both]
    exact = sum(round(a * MS_PER_S) != round(b * MS_PER_S) for a, b in both)
    rough = sum(gap > ROUGHLY * b for gap, (_, b) in zip(gaps, both, strict=True))
    return Agreement(peer, against, len(given), exact + lonely, rough + lonely, max(gaps, default=0.0))


def _bounded(peer: Peer, wanted: Seconds) -> Seconds:
    limit_s = getattr(peer, "limit_s", float("inf"))
    return [None if value is None or value > limit_s else value for value in wanted]
