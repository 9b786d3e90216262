"""Every peer in the comparison, built in this process; one that is missing or fails is reported with the reason."""

from __future__ import annotations

import importlib
import resource
from collections.abc import Collection
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.peers.peer import Peer, Source

MEMORY = Path("/proc/self/statm")


@dataclass(frozen=True)
class Entry:
    """Where a peer's class is, and the distribution whose version counts."""

    module: str
    name: str
    distribution: str


CATALOGUE = (
    Entry("with_nearest_first", "NearestFirstPeer", "nearest-first"),
    Entry("with_osrm", "OsrmChPeer", "osrm-bindings"),
    Entry("with_osrm", "OsrmMldPeer", "osrm-bindings"),
    Entry("with_valhalla", "ValhallaPeer", "pyvalhalla"),
    Entry("with_pyroutingkit", "PyroutingkitPeer", "pyroutingkit"),
    Entry("with_routingkit_cch", "RoutingkitCchPeer", "routingkit-cch"),
    Entry("with_pandana", "PandanaPeer", "pandana"),
    Entry("with_scipy", "ScipyPeer", "scipy"),
    Entry("with_scipy", "BoundedScipyPeer", "scipy"),
    Entry("with_igraph", "IgraphPeer", "igraph"),
    Entry("with_networkx", "NetworkxPeer", "networkx"),
)


@dataclass(frozen=True)
class Built:
    """What came of building one peer.

    Parameters
    ----------
    peer
        The peer, or None where it could not be built; then ``failure`` says why.
    build_s
        Seconds of all its steps, those kept from an earlier run included.
    memory_mb
        How much this process grew meanwhile (a peer that maps its files grows later); None where that is not known.
    """

    name: str
    version: str
    peer: Peer | None
    failure: str = ""
    build_s: float = 0.0
    memory_mb: float | None = None


def build_peers(source: Source, only: Collection[str] = ()) -> list[Built]:
    """Build every peer, or those whose class names are in ``only``."""
    source.cache.mkdir(parents=True, exist_ok=True)
    return [build(entry, source) for entry in CATALOGUE if not only or entry.name in only]


def build(entry: Entry, source: Source) -> Built:
    """Build one peer; whatever goes wrong in it becomes its ``failure``."""
    before = resident_mb()
    try:
        release = version(entry.distribution)
        peer: Peer = getattr(importlib.import_module(f"benchmarks.peers.{entry.module}"), entry.name)(source)
    except PackageNotFoundError:
        return Built(entry.name, "", None, f"{entry.distribution} is not installed here")
    except Exception as error:  # noqa: BLE001 - a broken peer is a result
        return Built(entry.name, "", None, f"{type(error).__name__}: {error}")
    after = resident_mb()
    grown = None if before is None or after is None else max(0.0, after - before)
    return Built(peer.name, release, peer, "", sum(peer.steps_s.values()), grown)


def resident_mb() -> float | None:
    """Return the resident memory of this process, or None on a system without ``/proc``."""
    if not MEMORY.is_file():
        return None
    return int(MEMORY.read_text("ascii").split()[1]) * resource.getpagesize() / 1e6
