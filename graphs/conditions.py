"""What is different on the roads for a while: changes, and what they come to at one moment for one profile.

Values only. A closure or a slowing names stretches of directed edges, so that it never says more than was meant; how
people write them is read in ``closures.py``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from operator import attrgetter, lt
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from graphs.errors import InputError
from graphs.faults import unknown_name
from graphs.network import Floats, Longs

Mask = NDArray[np.bool_]

# The hash of `Altered` where nothing is different: the SHA-256 of no bytes.
UNALTERED_HASH: Final = hashlib.sha256(b"").hexdigest()
# Slower than a hundredth is closed: nobody waits that long, and times stay numbers that can be added.
SLOWEST: Final = 0.01
_BY_PLACE: Final = attrgetter("edge", "start", "end")


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """A part of a directed edge, from one share of its length to another in driving direction.

    Parameters
    ----------
    edge
        The directed edge.
    start, end
        Shares of its length, ``0 <= start < end <= 1``.

    Raises
    ------
    ValueError
        The shares are outside 0 to 1 or the wrong way round, or the edge is negative.
    """

    edge: int
    start: float
    end: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.start < self.end <= 1.0:
            raise ValueError(f"a stretch runs from a share of 0 or more to a larger one of at most 1, not {self}")
        if self.edge < 0:
            raise ValueError(f"an edge has a number from 0, not {self.edge}")


@dataclass(frozen=True, slots=True)
class Change:
    """Stretches of road that are closed or slow, from a time to a time, for one profile or all.

    Parameters
    ----------
    name
        What people call it, such as ``High Street, gas leak``.
    stretches
        Where; kept sorted and each once.
    factor
        The share of the usual speed that is left: 0 is closed, 1 is as usual, and between there is `SLOWEST` or more.
    start, end
        When, with an offset; kept in UTC. It is in force at ``start <= t < end``; None is open.
    profile
        For which profile; None is all.

    Raises
    ------
    ValueError
        There is no stretch, the factor is none, a time has no offset, or the end is not after the start.
    """

    name: str
    stretches: tuple[Stretch, ...]
    factor: float = 0.0
    start: datetime | None = None
    end: datetime | None = None
    profile: str | None = None

    def __post_init__(self) -> None:
        if self.factor != 0.0 and not SLOWEST <= self.factor <= 1.0:
            raise ValueError(f"{self.name}: a factor is 0 (closed), or {SLOWEST} to 1 (as usual), not {self.factor}")
        if not self.stretches:
            raise ValueError(f"{self.name}: a change has at least one stretch of road")
        start = None if self.start is None else _in_utc(self.start, self.name)
        end = None if self.end is None else _in_utc(self.end, self.name)
        if start is not None and end is not None and end <= start:
            raise ValueError(f"{self.name}: it ends at {end.isoformat()}, not after it starts at {start.isoformat()}")
        stretches = _each_once(self.stretches)
        _set(self, stretches=stretches, start=start, end=end)

    def in_force(self, moment: datetime, profile: str) -> bool:
        """Tell whether the change holds for a profile at a moment, which has an offset."""
        begun = self.start is None or self.start <= moment
        over = self.end is not None and self.end <= moment
        return begun and not over and self.profile in {None, profile}

    def values(self) -> dict[str, Any]:
        """Return the change as JSON values; the hash of conditions is made of these.

        Equal changes have equal values: a share of 0, 0.0 or -0.0 is 0.0.
        """
        return {
            "name": self.name,
            "factor": float(self.factor) + 0.0,
            "from": _iso(self.start),
            "to": _iso(self.end),
            "profile": self.profile,
            "stretches": [[int(item.edge), float(item.start) + 0.0, float(item.end)] for item in self.stretches],
        }


@dataclass(frozen=True)
class Conditions:
    """All changes to a network's roads, past, present and to come; the order in which they are given means nothing.

    Parameters
    ----------
    changes
        Kept sorted; the same change given twice is one change.
    network
        The hash of the network whose edges they name; empty where that is not known.
    """

    changes: tuple[Change, ...] = ()
    network: str = ""

    def __post_init__(self) -> None:
        _set(self, changes=tuple(sorted(set(self.changes), key=_by_name)))

    def __hash__(self) -> int:
        return hash(self.hash)

    @cached_property
    def hash(self) -> str:
        """SHA-256 (hex) of all changes as canonical JSON; conditions with equal changes have equal hashes."""
        values = [change.values() for change in self.changes]
        canonical = json.dumps(values, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def with_(self, *changes: Change) -> Conditions:
        """Return conditions in which these changes hold besides all that hold already."""
        return Conditions((*self.changes, *changes), self.network)

    def without(self, name: str) -> Conditions:
        """Return conditions from which every change of a name is lifted.

        Raises
        ------
        InputError
            No change has that name.
        """
        kept = tuple(change for change in self.changes if change.name != name)
        if len(kept) == len(self.changes):
            known = list(dict.fromkeys(change.name for change in self.changes))
            raise InputError([unknown_name("conditions", "name", name, known)])
        return Conditions(kept, self.network)

    def at(self, moment: datetime, profile: str) -> Altered:
        """Return what is different at a moment for a profile.

        Parameters
        ----------
        moment
            With an offset.
        profile
            Changes for all profiles and for this one count.

        Raises
        ------
        ValueError
            The moment has no offset.
        """
        at = _in_utc(moment, "conditions")
        return _altered(self, tuple(change.in_force(at, profile) for change in self.changes))

    @cached_property
    def rows(self) -> Rows:
        """All stretches as columns."""
        stretches = [item for change in self.changes for item in change.stretches]
        counts = [len(change.stretches) for change in self.changes]
        return Rows(
            edge=np.array([item.edge for item in stretches], np.int64),
            start=np.array([item.start for item in stretches], np.float64),
            end=np.array([item.end for item in stretches], np.float64),
            factor=np.repeat(np.array([change.factor for change in self.changes], np.float64), counts),
            change=np.repeat(np.arange(len(counts)), counts),
        )


@dataclass(frozen=True, eq=False)
class Altered:
    """The pieces of road that are closed or slow at one moment for one profile.

    Sorted by edge, then start; no two overlap, and neighbours of one edge that touch differ in their factor. Where
    changes overlap the lowest factor holds. The arrays are read-only.

    Parameters
    ----------
    edge : (n,) int64
    start, end : (n,) float64
        Shares of the edge's length in driving direction.
    factor : (n,) float64
        The share of the usual speed that is left; below 1, and 0 where closed.
    names : (n,) tuple of str
        The change that is behind each piece; several are joined by ``"; "``.
    """

    edge: Longs
    start: Floats
    end: Floats
    factor: Floats
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        for array in self._columns():
            array.flags.writeable = False

    @cached_property
    def hash(self) -> str:
        """SHA-256 (hex) of the pieces, whatever their names; `UNALTERED_HASH` where there are none."""
        digest = hashlib.sha256()
        for array in self._columns():
            digest.update(array.astype(array.dtype.newbyteorder("<")).tobytes())
        return digest.hexdigest()

    def _columns(self) -> tuple[Longs, Floats, Floats, Floats]:
        return self.edge, self.start, self.end, self.factor


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of one edge between two fractions on which a share of the usual speed is left; 0 where it is closed.

    The name is that of the change that is behind it.
    """

    start: float
    end: float
    factor: float
    name: str = ""

    @property
    def more(self) -> float:
        """How much more time the stretch takes than usual, as a share; nothing where it is closed."""
        return 1.0 / self.factor - 1.0 if self.factor > 0.0 else 0.0


class Pieces(Mapping[int, tuple[Piece, ...]]):
    """The stretches that conditions close or slow, by edge; made for an edge when they are asked for."""

    def __init__(self, altered: Altered, kept: Mask) -> None:
        self._edge, self._start, self._end = altered.edge[kept], altered.start[kept], altered.end[kept]
        self._factor = altered.factor[kept]
        self._names = altered.names if kept.all() else tuple(np.array(altered.names, object)[kept].tolist())
        self.edges: Longs = np.unique(self._edge)
        self._among = frozenset(self.edges.tolist())

    def __getitem__(self, edge: int) -> tuple[Piece, ...]:
        if edge not in self._among:
            raise KeyError(edge)
        rows = slice(*np.searchsorted(self._edge, (edge, edge + 1)).tolist())
        columns = self._start[rows].tolist(), self._end[rows].tolist(), self._factor[rows].tolist(), self._names[rows]
        return tuple(Piece(*told) for told in zip(*columns, strict=True))

    def __contains__(self, edge: object) -> bool:
        return edge in self._among

    def __iter__(self) -> Iterator[int]:
        return iter(self.edges.tolist())

    def __len__(self) -> int:
        return len(self.edges)


@dataclass(frozen=True, slots=True)
class Rows:
    """Stretches with their factors and the rows of their changes, as columns."""

    edge: Longs
    start: Floats
    end: Floats
    factor: Floats
    change: Longs

    def only(self, kept: Mask) -> Rows:
        """Return the rows that are kept."""
        return Rows(self.edge[kept], self.start[kept], self.end[kept], self.factor[kept], self.change[kept])


# Moments between which no change begins or ends share a result, and every question asks for one.
@lru_cache(maxsize=64)
def _altered(conditions: Conditions, in_force: tuple[bool, ...]) -> Altered:
    """Return what the changes that are in force come to."""
    rows, names = conditions.rows, tuple(change.name for change in conditions.changes)
    return _swept(rows.only(np.array(in_force, np.bool_)[rows.change]), names)


def _swept(rows: Rows, names: tuple[str, ...]) -> Altered:
    """Lay stretches over each other.

    The starts and ends of all stretches cut each edge into intervals, and a stretch covers a run of these. Nothing is
    computed but the lowest factor, so that the result is exact.
    """
    edge, share, first, last = _cuts(rows)
    row, interval = _covered(first, last)
    lowest = np.ones(len(edge))
    np.minimum.at(lowest, interval, rows.factor[row])
    found = np.flatnonzero(lowest < 1.0)
    fresh = np.ones(len(found), np.bool_)
    # A covered interval ends at the next cut, which is on the same edge.
    fresh[1:] = (found[1:] != found[:-1] + 1) | (lowest[found[1:]] != lowest[found[:-1]])
    begun, ended = found[fresh], found[np.roll(fresh, -1)]
    piece = np.full(len(edge), -1)
    piece[found] = np.cumsum(fresh) - 1
    holds = (piece[interval] >= 0) & (rows.factor[row] == lowest[interval])
    behind = _joined(piece[interval[holds]], rows.change[row[holds]], names, len(begun))
    return Altered(edge[begun], share[begun], share[ended + 1], lowest[begun], behind)


def _cuts(rows: Rows) -> tuple[Longs, Floats, Longs, Longs]:
    """Return edge and share of every place where a stretch starts or ends, and the rows of each stretch's two."""
    edge = np.concatenate((rows.edge, rows.edge))
    share = np.concatenate((rows.start, rows.end))
    order = np.lexsort((share, edge))
    edge, share = edge[order], share[order]
    fresh = np.ones(len(order), np.bool_)
    fresh[1:] = (edge[1:] != edge[:-1]) | (share[1:] != share[:-1])
    number = np.empty(len(order), np.int64)
    number[order] = np.cumsum(fresh) - 1
    count = len(rows.edge)
    return edge[fresh], share[fresh], number[:count], number[count:]


def _covered(first: Longs, last: Longs) -> tuple[Longs, Longs]:
    """Return a pair of stretch and interval for each interval that a stretch covers."""
    counts = last - first
    row = np.repeat(np.arange(len(first)), counts)
    before = np.cumsum(counts) - counts
    return row, np.arange(len(row)) - before[row] + first[row]


def _joined(piece: Longs, change: Longs, names: tuple[str, ...], count: int) -> tuple[str, ...]:
    """Return the names of the changes behind each piece."""
    pairs = np.unique(piece * max(len(names), 1) + change)
    if len(pairs) == count:  # one behind each, as mostly
        return tuple(map(names.__getitem__, (pairs % len(names)).tolist())) if count else ()
    behind: list[list[str]] = [[] for _ in range(count)]
    for pair in pairs.tolist():
        row, number = divmod(pair, len(names))
        behind[row].append(names[number])
    return tuple("; ".join(dict.fromkeys(each)) for each in behind)


def _each_once(stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
    given = tuple(stretches)
    places = [_BY_PLACE(item) for item in given]
    # A reader hands over thousands that are in order already.
    if all(map(lt, places, places[1:])):
        return given
    return tuple(sorted(set(given), key=_BY_PLACE))


def _by_name(change: Change) -> tuple[str, str, str, str, float, tuple[Stretch, ...]]:
    start, end = _iso(change.start) or "", _iso(change.end) or ""
    return change.name, start, end, change.profile or "", change.factor, change.stretches


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _in_utc(moment: datetime, whose: str) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError(f"{whose}: the time {moment.isoformat()} has no offset, so it could be any zone's time")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{whose}: the time {moment.isoformat()} has no equal in UTC") from None


def _set(value: object, **fields: Any) -> None:
    """Complete a frozen value while it is made."""
    for name, field in fields.items():
        object.__setattr__(value, name, field)


NO_CONDITIONS: Final = Conditions()
