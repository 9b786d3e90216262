"""Turn restrictions: from OpenStreetMap relations to sequences of directed edges, and whom they bind when."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from opening_hours import OpeningHours, validate

from graphs.network import TURN_FORBIDDEN, TURN_OBLIGATORY, Ints, Network
from graphs.profiles import Profile

# A via road is followed this many edges at most; longer ones are mapping errors.
VIA_EDGES = 50
# The modes that a police car belongs to, most specific first; ``restriction:hgv`` and the like do not bind it.
_MODES = ("motorcar", "motor_vehicle", "vehicle")
_KEYS = (*(f"restriction:{mode}" for mode in _MODES), "restriction")
# The mode may also stand in the type, an old way of tagging: ``type=restriction:hgv``.
_TYPES = frozenset({"restriction", *(f"restriction:{mode}" for mode in _MODES)})
# What is read of the restrictions of so many networks is kept, and of so many texts of hours.
_KEPT, _TEXTS_KEPT = 8, 1024
# Hours that depend on a calendar or on the sun, which are not known here.
_UNJUDGED = re.compile(r"\b(PH|SH|unknown|sunrise|sunset|dawn|dusk)\b|\"", re.IGNORECASE)
# Sizes that a lorry has and a patrol car has not: ``weight>7.5``.
_SIZE = re.compile(r"\b(max)?(weight|weightrating|length|height|width|axleload|axles)\s*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Restriction:
    """A turn restriction as mapped: way ids and a via node or via ways."""

    kind: int
    from_ways: tuple[int, ...]
    via_ways: tuple[int, ...]
    via_node: int | None
    to_ways: tuple[int, ...]
    excepted: str = ""
    condition: str = ""
    u_turn: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """A restriction on a sequence of directed edges: from, via ..., to."""

    edges: tuple[int, ...]
    kind: int
    excepted: str
    condition: str


def read_restriction(tags: Mapping[str, str], members: Iterable[tuple[str, str, int]]) -> Restriction | None:
    """Read a relation of ``type=restriction``; None where it does not bind a car or is incomplete.

    Parameters
    ----------
    tags
        The relation's tags.
    members
        ``(role, type, id)`` with type ``n``, ``w`` or ``r``.
    """
    value, condition = _rule(tags)
    kind = TURN_FORBIDDEN if value.startswith("no_") else TURN_OBLIGATORY if value.startswith("only_") else None
    by_role: dict[tuple[str, str], list[int]] = defaultdict(list)
    for role, type_, ref in members:
        by_role[role, type_].append(ref)
    starts, ends = by_role["from", "w"], by_role["to", "w"]
    nodes, ways = by_role["via", "n"], by_role["via", "w"]
    if tags["type"] not in _TYPES or kind is None or not starts or not ends or not (len(nodes) == 1 or ways):
        return None
    node = None if ways else nodes[0]
    excepted, u_turn = tags.get("except", ""), value.endswith("_u_turn")
    return Restriction(kind, tuple(starts), tuple(ways), node, tuple(ends), excepted, condition, u_turn)


def _rule(tags: Mapping[str, str]) -> tuple[str, str]:
    """Return the rule and its condition: ``no_left_turn @ (07:00-09:00)`` is split at the ``@``."""
    for key in _KEYS:
        if key in tags:
            return tags[key], ""
        if f"{key}:conditional" in tags:
            value, _, condition = tags[f"{key}:conditional"].partition("@")
            return value.strip(), condition.strip()
    return "", ""


def resolve(
    restrictions: Sequence[Restriction],
    node_id: NDArray[np.int64],
    tail: Ints,
    head: Ints,
    way_id: NDArray[np.int64],
    twin: Ints,
) -> tuple[list[Turn], int]:
    """Find the edge sequences that each restriction binds.

    Returns
    -------
    turns, unresolved
        The turns in the order of the restrictions, and how many restrictions bind nothing in this network.
    """
    wanted = {way for item in restrictions for way in (*item.from_ways, *item.via_ways, *item.to_ways)}
    finder = _Finder(node_id, tail, head, twin, way_id, wanted)
    turns: list[Turn] = []
    unresolved = 0
    for item in restrictions:
        chains = sorted(set(finder.chains(item)))
        unresolved += not chains
        turns += [Turn(chain, item.kind, item.excepted, item.condition) for chain in chains]
    return turns, unresolved


class _Finder:
    def __init__(
        self,
        node_id: NDArray[np.int64],
        tail: Ints,
        head: Ints,
        twin: Ints,
        way_id: NDArray[np.int64],
        wanted: set[int],
    ) -> None:
        self._node_id, self._head, self._twin = node_id, head, twin
        self._of_way: dict[int, list[int]] = defaultdict(list)
        self._out: dict[tuple[int, int], list[int]] = defaultdict(list)
        for edge in np.flatnonzero(np.isin(way_id, list(wanted))).tolist():
            way = int(way_id[edge])
            self._of_way[way].append(edge)
            self._out[way, int(tail[edge])].append(edge)

    def chains(self, item: Restriction) -> Iterator[tuple[int, ...]]:
        for start in (edge for way in item.from_ways for edge in self._of_way[way]):
            if item.via_node is None:
                yield from self._through((start,), item.via_ways, item.to_ways)
            elif self._node_id[self._head[start]] == item.via_node:
                for chain in self._onto((start,), item.to_ways):
                    # A ban on turning round in one road does not ban driving on along it, nor the other way about.
                    turns_round = chain[1] == self._twin[start]
                    if turns_round == item.u_turn or (item.u_turn and item.from_ways != item.to_ways):
                        yield chain

    def _onto(self, chain: tuple[int, ...], ways: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        for way in ways:
            for edge in self._out[way, int(self._head[chain[-1]])]:
                yield (*chain, edge)

    def _through(
        self, chain: tuple[int, ...], via: tuple[int, ...], to_ways: tuple[int, ...]
    ) -> Iterator[tuple[int, ...]]:
        """Follow the via ways, each by at least one edge and never turning back on it, then turn onto a to-way."""
        if not via:
            yield from self._onto(chain, to_ways)
            return
        for edge in self._out[via[0], int(self._head[chain[-1]])]:
            if edge in chain or self._twin[edge] == chain[-1] or len(chain) > VIA_EDGES:
                continue
            yield from self._through((*chain, edge), via[1:], to_ways)
            yield from self._through((*chain, edge), via, to_ways)


def binding(network: Network, profile: Profile, at: datetime | None) -> NDArray[np.bool_]:
    """Tell which turn restrictions of a network bind a profile at a moment.

    Parameters
    ----------
    network, profile
        The roads, and how they are driven.
    at
        The moment, with the offset of the local time there; None where it is not known.

    Returns
    -------
    (R,) bool
        A restriction whose condition cannot be read, or of an unknown moment, binds: a way that may be forbidden is
        never promised.
    """
    binds = _bound(network, profile.excepted).copy()
    for row, condition in _conditional(network):
        binds[row] &= _holds(condition, at)
    return binds


@lru_cache(maxsize=_KEPT)
def _bound(network: Network, freed_by: frozenset[str]) -> NDArray[np.bool_]:
    """Tell which restrictions have none of the words that free a profile."""
    return np.array([not _free(network.text(int(row)), freed_by) for row in network.turn_except], np.bool_)


@lru_cache(maxsize=_KEPT)
def _conditional(network: Network) -> tuple[tuple[int, str], ...]:
    """Return the restrictions with a condition, and what it says."""
    told = ((row, network.text(int(text))) for row, text in enumerate(network.turn_condition))
    return tuple((row, condition) for row, condition in told if condition)


def _free(words: str, freed_by: frozenset[str]) -> bool:
    return not freed_by.isdisjoint(word.strip() for word in words.split(";"))


def _holds(condition: str, at: datetime | None) -> bool:
    if _SIZE.search(condition):
        return False
    if at is None:
        return True
    hours = _hours(condition.strip("() "))
    return hours is None or hours.is_open(at.replace(tzinfo=None))


@lru_cache(maxsize=_TEXTS_KEPT)
def _hours(text: str) -> OpeningHours | None:
    """Read opening hours; None where they cannot be judged here."""
    return None if _UNJUDGED.search(text) or not validate(text) else OpeningHours(text)
