"""Read places and names from a query string or from options."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from werkzeug.datastructures import MultiDict

from graphs.coordinates import looks_like_british_grid, on_globe
from graphs.errors import Fault
from graphs.faults import NOTHING, unknown_name, written
from graphs.network import Network
from scenarios.checks import outside

QUERY = "query"
_ACCEPTED = "LAT,LON in degrees, such as 57.71,11.97"
Place = tuple[float, float]


def parameter_faults(query: MultiDict[str, str], known: Collection[str]) -> Iterator[Fault]:
    """Find parameters that are unknown or given more than once."""
    for name, values in query.lists():
        if name not in known:
            yield unknown_name(QUERY, name, name, known)
        elif len(values) > 1:
            yield Fault(QUERY, "", name, "given more than once", "each parameter once")


def read_place(text: str | None, source: str, name: str, network: Network, faults: list[Fault]) -> Place:
    """Read ``LAT,LON``; where it is at fault, the fault is added and a place that means nothing is returned.

    Parameters
    ----------
    text
        What was given, or None.
    source, name
        For the fault: where it was given, and as which parameter or option.
    network
        Its area must hold the place.
    """
    place = None if text is None else read_pair(text)
    fault: Fault | None = None
    if text is None:
        fault = Fault(source, "", name, NOTHING, _ACCEPTED)
    elif place is None:
        fault = Fault(source, "", name, written(text), _ACCEPTED)
    elif not on_globe(*place):
        fault = Fault(source, "", name, written(text), "lat -90 to 90, lon -180 to 180", _hint(place))
    elif not network.contains(*place):
        fault = outside(place, source, "", network, name)
    if fault is not None:
        faults.append(fault)
    return place or (0.0, 0.0)


def read_pair(text: str) -> Place | None:
    """Read two numbers with a comma between; None where it is anything else."""
    try:
        first, second = (float(part) for part in text.split(","))
    except ValueError:
        return None
    return first, second


def _hint(place: Place) -> str:
    if looks_like_british_grid(*place):
        return "looks like British National Grid; degrees are asked for"
    return "lat and lon may be swapped" if on_globe(place[1], place[0]) else ""
