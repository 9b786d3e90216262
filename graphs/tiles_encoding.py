"""Write layers of a Mapbox vector tile, version 2.1 of its specification (github.com/mapbox/vector-tile-spec).

A tile is a protocol buffer. A geometry in it is whole numbers of seven bits a byte; those of a layer are written in one
pass over arrays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from graphs.network import Bytes, Ints, Longs

# Whole numbers from one side of a tile to the other.
EXTENT: Final = 4096
LINES, AREAS = 2, 3
_VERSION: Final = 2
Value = str | bool


@dataclass(frozen=True, eq=False)
class Parts:
    """Lines, or rings without the point that closes them: the parts of a layer's features.

    Parameters
    ----------
    xy : (n, 2) int32
        Points, from the tile's north-west corner to the right and down.
    start : (p + 1,) int64
        The first point of each part.
    feature : (p,) int64
        The feature that each part is of, 0, 1, 2, ... without a gap.
    """

    xy: Ints
    start: Longs
    feature: Longs


@dataclass(frozen=True, eq=False)
class Features:
    """Features of one kind of geometry.

    Parameters
    ----------
    kind
        `LINES` or `AREAS`.
    parts
        Their geometries.
    tags
        What is told of each.
    """

    kind: int
    parts: Parts
    tags: Sequence[Mapping[str, Value]]


def layer(name: str, several: Sequence[Features]) -> bytes:
    """Return a layer as a field of a tile; empty where it has no features."""
    if not several:
        return b""
    keys: dict[str, int] = {}
    # The same value as text and as truth would be one key of a dictionary, so the kind is part of it.
    values: dict[tuple[bool, Value], int] = {}
    features = []
    for each in several:
        for told, geometry in zip(each.tags, _geometries(each.parts, closed=each.kind == AREAS), strict=True):
            rows = bytearray()
            for key, value in told.items():
                rows += number(keys.setdefault(key, len(keys)))
                rows += number(values.setdefault((isinstance(value, bool), value), len(values)))
            features.append(_field(2, _field(2, bytes(rows)) + bytes((3 << 3, each.kind)) + _field(4, geometry)))
    return _field(
        3,
        _field(1, name.encode())
        + b"".join(features)
        + b"".join(_field(3, key.encode()) for key in keys)
        + b"".join(_field(4, _value(value)) for _, value in values)
        + bytes((5 << 3,))
        + number(EXTENT)
        + bytes((15 << 3, _VERSION)),
    )


def number(value: int) -> bytes:
    """Return a whole number as seven bits a byte, the lowest first.

    Examples
    --------
    >>> number(300).hex()
    'ac02'
    """
    found = bytearray()
    while value > 0x7F:  # noqa: PLR2004 - seven bits
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*found, value))


def _field(place: int, content: bytes) -> bytes:
    return bytes((place << 3 | 2,)) + number(len(content)) + content


def _value(value: Value) -> bytes:
    return bytes((7 << 3, value)) if isinstance(value, bool) else _field(1, value.encode())


def _geometries(parts: Parts, *, closed: bool) -> list[bytes]:
    """Return the geometry of each feature."""
    commands, first = _commands(parts, closed=closed)
    written, place = _numbers(commands)
    begins = np.flatnonzero(np.diff(parts.feature, prepend=-1))
    cuts = [*place[first[begins]].tolist(), len(written)]
    whole = written.tobytes()
    return [whole[start:end] for start, end in pairwise(cuts)]


def _commands(parts: Parts, *, closed: bool) -> tuple[NDArray[np.uint32], Longs]:
    """Return all commands with their numbers, and the place at which each part begins.

    A part of m points is: move to 1, its place; line to m - 1, their steps; and for a ring: close it.
    """
    count = np.diff(parts.start)
    first = np.concatenate(([0], np.cumsum(2 * count + 2 + closed)))
    commands = np.empty(first[-1], np.uint32)
    commands[first[:-1]] = 1 | 1 << 3
    commands[first[:-1] + 3] = 2 | (count - 1) << 3
    if closed:
        commands[first[1:] - 1] = 7 | 1 << 3
    part = np.repeat(np.arange(len(count)), count)
    within = np.arange(len(part)) - parts.start[part]
    place = first[part] + 1 + 2 * within + (within > 0)
    commands[place], commands[place + 1] = _steps(parts).T
    return commands, first


def _steps(parts: Parts) -> NDArray[np.uint32]:
    """Return the steps from point to point of each feature, without a sign: 0, -1, 1, -2 are 0, 1, 2, 3."""
    steps = np.diff(parts.xy, axis=0, prepend=np.zeros((1, 2), np.int32)).astype(np.int32)
    begins = parts.start[np.flatnonzero(np.diff(parts.feature, prepend=-1))]
    steps[begins] = parts.xy[begins]
    return (steps << 1 ^ steps >> 31).astype(np.uint32)


def _numbers(values: NDArray[np.uint32]) -> tuple[Bytes, Longs]:
    """Write whole numbers as `number` does; return the bytes, and the place of each."""
    length = np.ones(len(values), np.int64)
    for bits in (7, 14, 21, 28):
        length += values >= np.uint32(1 << bits)
    place = np.cumsum(length) - length
    written = np.empty(int(length.sum()), np.uint8)
    for byte in range(int(length.max(initial=0))):
        held = length > byte
        more = (length[held] > byte + 1).astype(np.uint32) << 7
        written[place[held] + byte] = values[held] >> np.uint32(7 * byte) & 0x7F | more
    return written, place
