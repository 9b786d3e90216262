"""Read places, minutes and names from a query string or from options."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from werkzeug.datastructures import MultiDict

from graphs.coordinates import looks_like_british_grid, on_globe
from graphs.errors import Fault
from graphs.faults import NOTHING, unknown_name, written
from graphs.network import Network
from scenarios.checks import outside

QUERY = "query"
_ACCEPTED = "LAT,LON in degrees, such as 57.71,11.97"
Place = tuple[float, float]
# Whatever is farther than an hour away is another force's, and more areas than these are no picture.
MAX_MINUTES, MAX_AREAS = 30, 5
_NUMBERS = f"{MAX_AREAS} numbers at most, above 0 and up to {MAX_MINUTES}, with a comma between, each once"


def parameter_faults(query: MultiDict[str, str], known: Collection[str]) -> Iterator[Fault]:
    """Find parameters that are unknown or given more than once."""
    for name, values in query.lists():
        if name not in known:
            yield unknown_name(QUERY, name, name, known)
        elif len(values) > 1:
            yield Fault(QUERY, "", name, "given more than once", "each parameter once")


def read_place(
    text: str | None, source: str, name: str, network: Network, faults: list[Fault], where: str = ""
) -> Place:
    """Read ``LAT,LON``; where it is at fault, the fault is added and a place that means nothing is returned.

    Parameters
    ----------
    text
        What was given, or None.
    source, name, where
        For the fault: where it was given, as which parameter or option, and where in that.
    network
        Its area must hold the place.
    """
    place = None if text is None else read_pair(text)
    fault: Fault | None = None
    if text is None:
        fault = Fault(source, where, name, NOTHING, _ACCEPTED)
    elif place is None:
        fault = Fault(source, where, name, written(text), _ACCEPTED)
    elif not on_globe(*place):
        fault = Fault(source, where, name, written(text), "lat -90 to 90, lon -180 to 180", _hint(place))
    elif not network.contains(*place):
        fault = outside(place, source, where, network, name)
    if fault is not None:
        faults.append(fault)
    return place or (0.0, 0.0)


def read_places(texts: Sequence[str], source: str, name: str, network: Network, faults: list[Fault]) -> list[Place]:
    """Read several places as `read_place` does; a fault names the place by its number, the first being 1."""
    if len(texts) == 1:
        return [read_place(texts[0], source, name, network, faults)]
    return [read_place(text, source, name, network, faults, f"place {number}") for number, text in enumerate(texts, 1)]


def read_pair(text: str) -> Place | None:
    """Read two numbers with a comma between; None where it is anything else."""
    try:
        first, second = (float(part) for part in text.split(","))
    except ValueError:
        return None
    return first, second


def read_minutes(text: str | None, source: str, name: str, faults: list[Fault]) -> list[float]:
    """Read numbers of minutes with a comma between; where they are at fault, the fault is added."""
    try:
        numbers = [float(part) for part in (text or "").split(",")]
    except ValueError:
        numbers = []
    once = 0 < len(set(numbers)) == len(numbers) <= MAX_AREAS
    if not once or not all(0.0 < number <= MAX_MINUTES for number in numbers):
        faults.append(Fault(source, "", name, NOTHING if text is None else written(text), _NUMBERS))
    return numbers


def _hint(place: Place) -> str:
    if looks_like_british_grid(*place):
        return "looks like British National Grid; degrees are asked for"
    return "lat and lon may be swapped" if on_globe(place[1], place[0]) else ""
