"""Valhalla, with the tools that its wheel ships and its matrix by ``costmatrix``."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

import valhalla
from valhalla.config import get_config
from valhalla.midgard.utils import decode_polyline

from benchmarks.peers.peer import Peer, Place, Route, Seconds, Source
from benchmarks.peers.prepared import Steps, prepared, run

CONFIG = "valhalla.json"
# The default is 2,500 pairs; more is an error.
LARGEST_MATRIX = 1_000_000
# Memory set aside for node ids: the default of 1.3 thousand million is for the planet.
NODE_IDS = 10_000_000
NO_PATH = "No path could be found"


class ValhallaPeer(Peer):
    """Valhalla's automobile costing. Its times are whole seconds."""

    name: ClassVar[str] = "Valhalla costmatrix"

    def __init__(self, source: Source) -> None:
        super().__init__()
        folder = f"valhalla-{version('pyvalhalla')}"
        kept, steps = prepared(source.cache, folder, source.pbf, lambda made: _prepare(source.pbf, made))
        self.steps_s.update(steps)
        start = time.perf_counter()
        self._actor = valhalla.Actor(str(kept / CONFIG))
        self.steps_s["load"] = time.perf_counter() - start

    def times_to_held(self, incident: Place, held: Any) -> Seconds:
        """Ask for a table with one column."""
        return [row[0] for row in self.table(held, [incident])]

    def table(self, origins: Sequence[Place], destinations: Sequence[Place]) -> list[Seconds]:
        """Ask for the matrix.

        Raises
        ------
        RuntimeError
            Valhalla answered with another algorithm.
        """
        asked = {"sources": _places(origins), "targets": _places(destinations), "costing": "auto", "verbose": False}
        found = self._actor.matrix(asked)
        if found["algorithm"] != "costmatrix":
            raise RuntimeError(f"Valhalla answered with {found['algorithm']}, not costmatrix")
        return list(found["sources_to_targets"]["durations"])

    def route(self, origin: Place, destination: Place) -> Route | None:
        """Ask for the route without instructions and decode its geometry."""
        asked = {"locations": _places([origin, destination]), "costing": "auto", "directions_type": "none"}
        try:
            leg = self._actor.route(asked)["trip"]["legs"][0]
        except valhalla.ValhallaError as error:
            if str(error).startswith(NO_PATH):
                return None
            raise
        return Route(leg["summary"]["time"], [tuple(point) for point in decode_polyline(leg["shape"])])


def _prepare(pbf: Path, folder: Path) -> Steps:
    config = get_config(tile_extract="", tile_dir=folder, verbose=False)
    config["mjolnir"] |= {"id_table_size": NODE_IDS}
    config["mjolnir"] |= dict.fromkeys(("admin", "timezone", "landmarks", "traffic_extract"), "")
    config["thor"]["source_to_target_algorithm"] = "costmatrix"
    config["service_limits"]["auto"]["max_matrix_location_pairs"] = LARGEST_MATRIX
    (folder / CONFIG).write_text(json.dumps(config), "utf-8")
    tools = Path(valhalla.__file__).parent / "bin"
    return {"tiles": run(tools / "valhalla_build_tiles", ["-c", folder / CONFIG, pbf])}


def _places(places: Sequence[Place]) -> list[dict[str, float]]:
    return [{"lat": lat, "lon": lon} for lat, lon in places]
