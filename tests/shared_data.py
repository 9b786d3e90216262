"""Real data beside the checkout; what is absent skips the tests that need it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from graphs.assemble import assemble
from graphs.network import Network
from graphs.osm import read_osm

SHARED = Path(__file__).parents[2] / "shared" / "data"
NEWPORT = "newport.osm.pbf"
BANGOR = "bangor_maine.osm.pbf"
LEEDS = "leeds_north_east.osm.gz"
PORTO = "porto.osm.pbf"
# Porto takes ten seconds to build.
ROADS = (NEWPORT, BANGOR, LEEDS, pytest.param(PORTO, marks=pytest.mark.slow))


def shared(path: str) -> Path:
    """Return a file of the real data."""
    found = SHARED / path
    if not found.exists():
        pytest.skip(f"no real data: {found} is absent")
    return found


@cache
def real_network(name: str) -> Network:
    """Return the network of an extract under ``roads``, built once."""
    return assemble(read_osm(shared(f"roads/{name}")))
