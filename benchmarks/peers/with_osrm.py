"""OSRM, in both of its algorithms, with the tools and the car profile that its wheel ships."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

import osrm

from benchmarks.peers.peer import Peer, Place, Route, Seconds, Source
from benchmarks.peers.prepared import Steps, prepared, run

HOME = Path(osrm.__file__).parent
BASE = "roads.osrm"
Segment = tuple[int, int]
"""Two OpenStreetMap nodes that follow each other on a way."""


def tool(name: str) -> Path:
    """Return the path of one of OSRM's own tools."""
    return HOME / "bin" / f"osrm-{name}"


@dataclass(frozen=True)
class Reload:
    """Seconds that it takes OSRM until a closure counts.

    Parameters
    ----------
    copy_s
        Copying the data. OSRM writes a closure into its files and cannot lift it there again.
    customise_s
        ``osrm-customize --segment-speed-file`` on the copy, a process of its own.
    load_s
        Making a new engine on the copy.
    first_route_s
        Its first route, which reads the mapped files.
    """

    copy_s: float
    customise_s: float
    load_s: float
    first_route_s: float

    @property
    def total_s(self) -> float:
        """All steps together."""
        return self.copy_s + self.customise_s + self.load_s + self.first_route_s


class OsrmPeer(Peer):
    """What both algorithms share."""

    algorithm: ClassVar[str]
    tools: ClassVar[tuple[str, ...]]

    def __init__(self, source: Source) -> None:
        super().__init__()
        folder = f"osrm-{self.algorithm.lower()}-{version('osrm-bindings')}"
        self._folder, steps = prepared(source.cache, folder, source.pbf, lambda made: self._prepare(source.pbf, made))
        self.steps_s.update(steps)
        self._engine, self.steps_s["load"] = self._load(self._folder)

    def _prepare(self, pbf: Path, folder: Path) -> Steps:
        profile = HOME / "share" / "profiles" / "car.lua"
        steps = {"extract": run(tool("extract"), ["-p", profile, "-o", folder / BASE, pbf])}
        return steps | {name: run(tool(name), [folder / BASE]) for name in self.tools}

    def _load(self, folder: Path) -> tuple[Any, float]:
        start = time.perf_counter()
        # Without use_shared_memory=False it looks for data loaded by osrm-datastore.
        engine = osrm.OSRM(algorithm=self.algorithm, storage_config=str(folder / BASE), use_shared_memory=False)
        return engine, time.perf_counter() - start

    def times_to_held(self, incident: Place, held: Any) -> Seconds:
        """Ask for a table with one column."""
        return [row[0] for row in self.table(held, [incident])]

    def table(self, origins: Sequence[Place], destinations: Sequence[Place]) -> list[Seconds]:
        """Ask for the table, in seconds with one decimal."""
        split, end = len(origins), len(origins) + len(destinations)
        asked = osrm.TableParameters(
            coordinates=[(lon, lat) for lat, lon in (*origins, *destinations)],
            sources=list(range(split)),
            destinations=list(range(split, end)),
            annotations=["duration"],
            generate_hints=False,
        )
        asked.skip_waypoints = True
        return [list(row) for row in self._engine.Table(asked)["durations"]]

    def route(self, origin: Place, destination: Place) -> Route | None:
        """Ask for the route with its full geometry."""
        try:
            found = self._route(origin, destination)
        except RuntimeError as error:
            if str(error).startswith("NoRoute"):
                return None
            raise
        return Route(found["duration"], [tuple(point) for point in found["geometry"]["coordinates"]])

    def nodes(self, origin: Place, destination: Place) -> list[int]:
        """Return the OpenStreetMap nodes along the route."""
        found = self._route(origin, destination, annotations=["nodes"])
        return [int(node) for node in found["legs"][0]["annotation"]["nodes"]]

    def _route(self, origin: Place, destination: Place, **more: Any) -> Any:
        lonlat = [(lon, lat) for lat, lon in (origin, destination)]
        asked = osrm.RouteParameters(
            coordinates=lonlat, geometries="geojson", overview="full", generate_hints=False, **more
        )
        return self._engine.Route(asked)["routes"][0]


class OsrmChPeer(OsrmPeer):
    """Contraction hierarchies."""

    name: ClassVar[str] = "OSRM CH"
    algorithm: ClassVar[str] = "CH"
    tools: ClassVar[tuple[str, ...]] = ("contract",)


class OsrmMldPeer(OsrmPeer):
    """Multi-level Dijkstra, the algorithm meant for changing speeds."""

    name: ClassVar[str] = "OSRM MLD"
    algorithm: ClassVar[str] = "MLD"
    tools: ClassVar[tuple[str, ...]] = ("partition", "customize")

    def customise_and_reload(self, closed: Sequence[Segment], origin: Place, destination: Place) -> Reload:
        """Close segments in both directions, answer from a new engine from now on, and time each step.

        The closures replace those of an earlier call; with none, everything is open again. The first route of the new
        engine is the one from ``origin`` to ``destination``.
        """
        start = time.perf_counter()
        live = self._folder.with_name(f"{self._folder.name}-live")
        shutil.rmtree(live, ignore_errors=True)  # an engine that still maps the old files keeps them
        shutil.copytree(self._folder, live)
        copied = time.perf_counter()
        speeds = live / "closed.csv"
        speeds.write_text("".join(f"{a},{b},0\n{b},{a},0\n" for a, b in closed), "utf-8")
        customise_s = run(tool("customize"), [live / BASE, "--segment-speed-file", speeds])
        self._engine, load_s = self._load(live)
        loaded = time.perf_counter()
        self._route(origin, destination)
        return Reload(copied - start, customise_s, load_s, time.perf_counter() - loaded)

    def close_middle(self, origin: Place, destination: Place) -> dict[str, float]:
        """Close the middle segment of a route by `customise_and_reload`, then open it again."""
        before, nodes = self._route(origin, destination)["duration"], self.nodes(origin, destination)
        middle = len(nodes) // 2
        reload = self.customise_and_reload([(nodes[middle - 1], nodes[middle])], origin, destination)
        longer = self._route(origin, destination)["duration"] - before
        self._engine, _ = self._load(self._folder)
        return asdict(reload) | {"total_s": reload.total_s, "longer_s": longer}
