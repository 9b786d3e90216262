"""Roads of a place by its name: without a connection, and with servers of our own in place of OpenStreetMap's."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import osmnx as ox
import pytest

from graphs.assemble import assemble
from graphs.digraph import NO_TURNS
from graphs.errors import SourceError
from graphs.network import Network
from graphs.places import read_place
from graphs.tags import OBSTACLES

PLACE = "Testby, England"
BOX = [[-1.3, 54.4], [-1.1, 54.4], [-1.1, 54.6], [-1.3, 54.6], [-1.3, 54.4]]
FOUND = {
    "importance": 1.0,
    "boundingbox": ["54.4", "54.6", "-1.3", "-1.1"],
    "lat": "54.5",
    "lon": "-1.2",
    "display_name": PLACE,
    "geojson": {"type": "Polygon", "coordinates": [BOX]},
}


class Servers(ThreadingHTTPServer):
    """Stands for the geocoder and for the download server; remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.places: Any = [FOUND]
        self.elements: list[dict[str, Any]] = []
        self.code = 200
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def way(self, number: int, nodes: str, **tags: str) -> None:
        """Add a way through nodes ``1 2 3``, which lie on a line 0.01 degrees apart, northwards from 54.45."""
        ids = [int(node) for node in nodes.split()]
        self.elements.append({"type": "way", "id": number, "nodes": ids, "tags": tags})
        known = {item["id"] for item in self.elements if item["type"] == "node"}
        for node in {*ids} - known:
            self.node(node)

    def node(self, number: int, **tags: str) -> None:
        told = {"type": "node", "id": number, "lat": 54.45 + number / 100, "lon": -1.2, "tags": tags}
        self.elements.insert(0, told)


class Answers(BaseHTTPRequestHandler):
    server: Servers

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        if self.path.endswith("/status"):
            self._answer(
                "Connected as: 1\nCurrent time: x\nRate limit: 2\n2 slots available now.\n2 slots available now."
            )
        else:
            self._answer(json.dumps(self.server.places))

    def do_POST(self) -> None:
        self.server.asked.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self._answer(json.dumps({"elements": self.server.elements}))

    def _answer(self, text: str) -> None:
        self.send_response(self.server.code)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture(autouse=True)
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Sleep through the pauses that osmnx makes between requests, and keep count of them, in seconds."""
    taken: list[float] = []
    monkeypatch.setattr(time, "sleep", taken.append)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return taken


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Servers]:
    with Servers() as running:
        Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setattr(ox.settings, "nominatim_url", running.url)
        monkeypatch.setattr(ox.settings, "overpass_url", f"{running.url}/api")
        yield running
        running.shutdown()


@pytest.fixture
def unplugged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave nothing at the other end, whatever the machine that tests run on can reach."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setattr(ox.settings, "nominatim_url", f"http://127.0.0.1:{port}")
    monkeypatch.setattr(ox.settings, "overpass_url", f"http://127.0.0.1:{port}/api")


def lanes(network: Network) -> dict[str, str]:
    ends = zip(network.node_id[network.tail], network.node_id[network.head], strict=True)
    return {f"{tail}>{head}": network.access_name(edge) for edge, (tail, head) in enumerate(ends)}


# ---- Without a connection ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("unplugged")
def test_without_a_connection_it_fails_at_once_and_names_the_other_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, naps: list[float]
) -> None:
    monkeypatch.chdir(tmp_path)
    started = time.monotonic()
    with pytest.raises(SourceError) as raised:
        read_place(PLACE)
    assert time.monotonic() - started + sum(naps) < 5.0
    message = str(raised.value)
    assert message.startswith(f"{PLACE}: no connection to OpenStreetMap's servers")
    assert "download an extract and run 'nearest graph build FILE'" in message
    assert not list(tmp_path.iterdir())


def test_a_name_that_cannot_be_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ox.settings, "nominatim_url", "https://nominatim.invalid/")
    with pytest.raises(SourceError, match="no connection"):
        read_place(PLACE)


def test_a_download_server_out_of_reach(servers: Servers, monkeypatch: pytest.MonkeyPatch, naps: list[float]) -> None:
    """osmnx alone would wait for a minute first."""
    monkeypatch.setattr(ox.settings, "overpass_url", "http://127.0.0.1:9/api")
    with pytest.raises(SourceError, match="no connection"):
        read_place(PLACE)
    assert sum(naps) < 5.0
    assert len(servers.asked) == 1


@pytest.mark.parametrize("code", [429, 504])
def test_a_gateway_without_a_connection_is_not_asked_again(servers: Servers, naps: list[float], code: int) -> None:
    servers.code = code
    with pytest.raises(SourceError, match=r"no connection.*HTTPError"):
        read_place(PLACE)
    assert len(servers.asked) == 1
    assert sum(naps) < 5.0


# ---- With one ----------------------------------------------------------------------------------------------------


def test_roads_are_read_as_from_a_file(servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    servers.way(
        11, "1 2 3", highway="primary", name="High Street", maxspeed="30 mph", oneway="yes", **{"oneway:bus": "no"}
    )
    servers.way(12, "3 4", highway="service", access="private")
    servers.way(13, "4 5", highway="motorway")
    servers.way(14, "6 5", highway="residential", oneway="-1")
    sentences: list[str] = []
    roads = read_place(PLACE, sentences.append)
    network = assemble(roads)
    assert lanes(network) == {
        "1>3": "open",
        "3>1": "bus",
        "3>4": "private",
        "4>3": "private",
        "4>5": "open",
        "5>6": "open",
    }
    assert network.edge_name(0) == "High Street"
    assert network.limit_kmh[0] == 30 * 1.609344
    assert len(network.edge_lonlat(0)) == 3
    assert (roads.meta.source, roads.meta.notes) == (PLACE, (NO_TURNS,))
    assert roads.meta.data_timestamp.endswith("+00:00")
    assert sentences[0] == f"{PLACE}: asking OpenStreetMap where it is"
    assert not list(tmp_path.iterdir())


def test_what_stands_in_the_road_is_kept(servers: Servers) -> None:
    servers.node(2, highway="traffic_signals", direction="forward")
    servers.node(4, barrier="gate")
    servers.way(11, "1 2 3 4 5", highway="residential")
    network = assemble(read_place(PLACE))
    met = {
        end: [name for name, count in zip(OBSTACLES, network.obstacles[edge], strict=True) if count]
        for edge, end in enumerate(lanes(network))
    }
    assert met == {"1>2": ["signals"], "2>1": [], "2>4": ["gate"], "4>2": [], "4>5": [], "5>4": ["gate"]}


def test_a_place_without_one_way_streets_keeps_both_directions(servers: Servers) -> None:
    servers.way(11, "1 2", highway="residential")
    assert lanes(assemble(read_place(PLACE))) == {"1>2": "open", "2>1": "open"}


def test_private_roads_are_asked_for_and_paths_are_not(servers: Servers) -> None:
    servers.way(11, "1 2", highway="residential")
    read_place(PLACE)
    query = servers.asked[-1]
    assert "service" in query
    assert "private" not in query
    assert "footway" not in query


def test_settings_of_osmnx_are_as_before(servers: Servers) -> None:
    servers.way(11, "1 2", highway="residential")
    names = [name for name in dir(ox.settings) if not name.startswith("_")]
    before = {name: getattr(ox.settings, name) for name in names}
    look_up = socket.getaddrinfo
    read_place(PLACE)
    assert {name: getattr(ox.settings, name) for name in names} == before
    assert socket.getaddrinfo is look_up


@pytest.mark.parametrize(
    ("places", "message"),
    [
        ([], "found no such place"),
        ([{**FOUND, "geojson": {"type": "Point", "coordinates": [-1.2, 54.5]}}], "no boundary"),
        ({"error": "blocked"}, "found no such place"),
    ],
)
def test_a_place_that_is_not_known(servers: Servers, places: Any, message: str) -> None:
    servers.places = places
    with pytest.raises(SourceError, match=rf"{PLACE}: OpenStreetMap.*{message}.*nearest graph build FILE"):
        read_place(PLACE)
    assert len(servers.asked) == 1


@pytest.mark.usefixtures("servers")
def test_a_place_without_roads() -> None:
    with pytest.raises(SourceError, match="no roads in its boundary"):
        read_place(PLACE)
