"""Read the attributes of graphs that osmnx made: texts, lists, texts of lists, and OpenStreetMap tags among them."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from graphs.errors import Fault, InputError
from graphs.faults import written
from graphs.tags import ACCESS_GROUPS, ROAD_CLASSES, access_group

Attributes = Mapping[str, object]

# What a data frame leaves where it has no value.
_MISSING: Final = frozenset({"", "nan", "None", "<NA>"})
_TRUE: Final = frozenset({"true", "yes", "1"})
# Attributes that are no tags: geometry and counts, some of them long.
_NO_TAGS: Final = frozenset({"geometry", "length", "osmid", "reversed", "x", "y", "id", "key", "merged_edges"})
_AS_TAGGED: Final = {"True": "yes", "False": "no"}
_BRACKETS: Final = frozenset({"[]", "{}", "()"})


@dataclass(slots=True)
class Findings:
    """What is wrong with a graph, gathered so that all of it can be told at once."""

    source: str
    faults: list[Fault] = field(default_factory=list)

    def refuse(self, where: str, name: str, value: object, accepted: str) -> None:
        """Note a fault."""
        self.faults.append(Fault(self.source, where, name, written(value), accepted))

    def number(self, where: str, name: str, value: object, least: float, most: float) -> float | None:
        """Read a finite number in a range; None, and a fault, where it is none."""
        read = as_number(value)
        if read is not None and least <= read <= most and math.isfinite(read):
            return read
        upper = f" to {most:g}" if math.isfinite(most) else " or more"
        self.refuse(where, name, value, f"a number, {least:g}{upper}")
        return None

    def optional(self, where: str, name: str, attributes: Attributes, least: float = 0.0) -> float | None:
        """Read a number that may be absent."""
        value = attributes.get(name)
        return self.number(where, name, value, least, math.inf) if texts(value) else None

    def raise_all(self) -> None:
        """Raise an `InputError` of all faults, if there are any."""
        if self.faults:
            raise InputError(self.faults)


def as_number(value: object) -> float | None:
    """Return a value as a number, or None where it is none."""
    try:
        return float(str(value))
    except ValueError:
        return None


def unfolded(value: object) -> object:
    """Return what a text such as ``"['a', 'b']"`` or ``"{'a': 1}"`` stands for; other values as they are.

    Examples
    --------
    >>> unfolded("['a', 'b']")
    ['a', 'b']
    >>> unfolded("[private road")
    '[private road'
    """
    if isinstance(value, str) and value[:1] + value[-1:] in _BRACKETS:
        try:
            return ast.literal_eval(value)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return value
    return value


def texts(value: object) -> list[str]:
    """Return the texts of an attribute, each once and sorted: osmnx keeps several in a list of no certain order."""
    held = unfolded(value)
    several = held if isinstance(held, list | tuple | set | frozenset) else [held]
    return sorted({str(item) for item in several} - _MISSING)


def holds(value: object) -> bool:
    """Tell whether an attribute says yes, or, of several values, any does."""
    return any(text.lower() in _TRUE for text in texts(value))


def tags_of(attributes: Attributes) -> dict[str, str]:
    """Return attributes as OpenStreetMap tags.

    osmnx merges the ways of a street into one edge, and keeps each of their values. One is chosen so that the edge is
    not driven sooner, or by more, than its worst part: the least important road class, and one that is not for vehicles
    if there is one; the most restrictive access; a roundabout if any part is one. Other values are joined, and the
    rules for tags take the lowest of several limits and any tunnel or bridge.

    Examples
    --------
    >>> tags_of({"highway": "['residential', 'living_street']", "maxspeed": ["50", "30"], "length": 12.5})
    {'highway': 'living_street', 'maxspeed': '30; 50'}
    """
    found: dict[str, str] = {}
    for key, value in attributes.items():
        several = [] if key in _NO_TAGS else texts(value)
        if len(several) > 1:
            found[key] = _OF_SEVERAL.get(key, "; ".join)(several)
        elif several:
            found[key] = _AS_TAGGED.get(several[0], several[0])
    return found


def _least_class(values: list[str]) -> str:
    unknown = [value for value in values if value not in ROAD_CLASSES]
    # "road" means that the mapper did not know.
    known = [value for value in values if value != "road"]
    return unknown[0] if unknown else max(known, key=ROAD_CLASSES.index)


def _least_access(values: list[str]) -> str:
    return max(values, key=lambda value: ACCESS_GROUPS.index(access_group({"access": value})))


def _any_roundabout(values: list[str]) -> str:
    return next((value for value in values if value in {"roundabout", "circular"}), values[0])


def _one_direction(values: list[str]) -> str:
    # Nobody can tell which of the directions is meant.
    return "yes" if all(value in _TRUE for value in values) else "reversible"


_OF_SEVERAL: Final[Mapping[str, Callable[[list[str]], str]]] = {
    "highway": _least_class,
    "junction": _any_roundabout,
    "oneway": _one_direction,
    **dict.fromkeys(("motorcar", "motor_vehicle", "vehicle", "access"), _least_access),
}
