"""The desk under load: 500 units that report every 5 s, open incidents, and a client that asks who should go.

The service is the real one, gunicorn with four workers on Porto's roads; each unit's report is a request of its own, as
a tracking server forwards them. Times are the client's, over a connection that it keeps. Client, tracker and service
share the machine. At the end everything acknowledged is looked for in the database.

    python -m benchmarks.desk [--database URL] [--seconds 60] [--workers 4]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection, RemoteDisconnected
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from api.demonstration import KEY
from dispatch.record import verify
from dispatch.store import Store
from graphs.netfile import save_network
from graphs.network import Network
from graphs.sources import build_network

PORTO = Path("../shared/data/roads/porto.osm.pbf")
UNITS, INCIDENTS, EVERY_S = 500, 50, 5.0
TRACKERS = 2


@dataclass(frozen=True)
class Client:
    """A connection that is kept."""

    http: HTTPConnection

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
        headers = {"Authorization": f"Bearer {KEY}", "Idempotency-Key": str(uuid.uuid4())}
        raw = None
        if body is not None:
            raw, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        try:
            self.http.request(method, path, raw, headers)
            response = self.http.getresponse()
        except (BrokenPipeError, RemoteDisconnected):
            # The server ends connections that nobody uses; the key makes it safe to ask again.
            self.http.close()
            self.http.request(method, path, raw, headers)
            response = self.http.getresponse()
        return response.status, response.read()


def client(port: int) -> Client:
    return Client(HTTPConnection("127.0.0.1", port, timeout=60))


def places(network: Network, count: int, seed: int) -> list[tuple[float, float]]:
    """Points on roads all over the network."""
    rng = np.random.default_rng(seed)
    nodes = network.node_lonlat[rng.integers(0, len(network.node_lonlat), count)]
    return [(float(lat), float(lon)) for lon, lat in nodes]


def now() -> str:
    return datetime.now(UTC).isoformat()


def track(port: int, callsigns: list[str], where: list[tuple[float, float]], end: float, told: Connection) -> None:
    """Report for units in turn, each every five seconds; tell how many were acknowledged, and how late it ran."""
    asked, stored, late = client(port), 0, 0.0
    rng, started = random.Random(port), time.monotonic()
    step = EVERY_S / len(callsigns)
    for number in range(int((end - started) / step)):
        due = started + number * step
        if (wait := due - time.monotonic()) > 0:
            time.sleep(wait)
        late = max(late, time.monotonic() - due)
        place = number % len(callsigns)
        lat, lon = where[place]
        row = {
            "position": {
                "fixTime": now(),
                "latitude": lat + rng.uniform(-1e-3, 1e-3),
                "longitude": lon + rng.uniform(-1e-3, 1e-3),
                "speed": 15.0,
                "course": rng.uniform(0, 360),
                "accuracy": 10.0,
            },
            "device": {"name": callsigns[place]},
        }
        status, body = asked.ask("POST", "/v1/positions/traccar", row)
        assert status == 200, body
        stored += json.loads(body)["stored"]
    told.send((stored, late))


def set_up(port: int, network: Network) -> list[str]:
    """Put the units on duty and open the incidents; a third of the units are busy with something else."""
    asked = client(port)
    for number, (lat, lon) in enumerate(places(network, UNITS, 1)):
        callsign = f"U{number:03}"
        status, body = asked.ask(
            "POST",
            f"/v1/units/{callsign}/on-duty",
            {
                "status": "2" if number % 3 else "4",
                "crew": 2,
                "skills": ["domestic_abuse_trained"] if number % 7 == 0 else [],
            },
        )
        assert status == 200, body
        row = {"callsign": callsign, "fixed_at": now(), "lat": lat, "lon": lon}
        assert asked.ask("POST", "/v1/positions", {"positions": [row]})[0] == 200
    names = []
    for number, (lat, lon) in enumerate(places(network, INCIDENTS, 2)):
        grade = ("emergency", "priority", "standard")[number % 3]
        told = {"lat": lat, "lon": lon, "grade": grade, "tags": ["domestic_abuse"] if number % 4 == 0 else []}
        status, body = asked.ask("POST", "/v1/incidents", told)
        assert status == 201, body
        names.append(json.loads(body)["incident_id"])
    return names


def told(label: str, ms: list[float]) -> None:
    ms.sort()
    p99 = ms[min(len(ms) - 1, int(len(ms) * 0.99))]
    print(f"{label:<44} n {len(ms):>5}  p50 {statistics.median(ms):7.2f} ms  p99 {p99:7.2f} ms  max {ms[-1]:7.2f} ms")


def timed(asked: Client, method: str, path: str, expected: int, body: Any = None) -> float:
    began = time.perf_counter()
    status, answer = asked.ask(method, path, body)
    assert status == expected, answer
    return (time.perf_counter() - began) * 1e3


def measure(port: int, network: Network, seconds: float) -> tuple[int, int]:
    """Ask under load; return how many fixes and recommendations were acknowledged."""
    names, where = set_up(port, network), places(network, UNITS, 1)
    callsigns = [f"U{number:03}" for number in range(UNITS)]
    asked, rng = client(port), random.Random(3)
    for name in names:
        timed(asked, "POST", f"/v1/incidents/{name}/recommendations", 201, {})
    quiet = [timed(asked, "POST", f"/v1/incidents/{rng.choice(names)}/recommendations", 201, {}) for _ in range(100)]
    told("recommendation for a stored incident, quiet", quiet)
    end, ends, processes = time.monotonic() + seconds, [], []
    for part in range(TRACKERS):
        here, there = multiprocessing.Pipe()
        share = slice(part, None, TRACKERS)
        process = multiprocessing.Process(target=track, args=(port, callsigns[share], where[share], end, there))
        process.start()
        processes.append(process)
        ends.append(here)
    time.sleep(2)
    loaded, plans, events = [], [], []
    while time.monotonic() < end - 2:
        loaded.append(timed(asked, "POST", f"/v1/incidents/{rng.choice(names)}/recommendations", 201, {}))
        events.append(timed(asked, "POST", f"/v1/units/{rng.choice(callsigns)}/crew", 200, {"crew": 2}))
        time.sleep(0.1)
        if len(loaded) % 20 == 0:
            plans.append(timed(asked, "GET", "/v1/queue/plan", 200))
    answers = [here.recv() for here in ends]
    for process in processes:
        process.join()
    told("recommendation for a stored incident, loaded", loaded)
    told("an event (crew of a unit), loaded", events)
    told(f"queue plan, {INCIDENTS} x {UNITS * 2 // 3}, loaded", plans)
    fixes = sum(stored for stored, _ in answers)
    late_s = max(late for _, late in answers)
    print(f"fixes {fixes}, {fixes / seconds:.0f} a second; the tracker ran {late_s:.3f} s late at most")
    return fixes + UNITS, len(quiet) + len(loaded) + len(names)


def serve(graph: Path, database: str, workers: int) -> tuple[subprocess.Popen[str], int]:
    environment = {
        **os.environ,
        "NEAREST_GRAPH": str(graph),
        "NEAREST_DATABASE_URL": database,
        "NEAREST_DEMONSTRATION": "1",
        "NEAREST_WORKERS": str(workers),
        "NEAREST_SYSTEM_REQUESTS_PER_S": "0",
        "NEAREST_LOG_LEVEL": "warning",
    }
    command = [sys.executable, "-m", "gunicorn", "-c", "python:api.serving", "--bind", "127.0.0.1:8917"]
    process = subprocess.Popen(  # noqa: S603 - our own command
        command, env=environment, text=True, stdout=subprocess.DEVNULL
    )
    for _ in range(600):
        try:
            if client(8917).ask("GET", "/readyz")[0] == 200:
                return process, 8917
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the service did not start")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--workers", type=int, default=4)
    options = parser.parse_args()
    network = build_network(str(PORTO))
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "porto.network"
        save_network(network, graph)
        database = options.database or f"sqlite:///{folder}/desk.sqlite"
        process, port = serve(graph, database, options.workers)
        try:
            fixes, recommendations = measure(port, network, options.seconds)
        finally:
            process.terminate()
            process.wait(30)
        store = Store(database, lambda: datetime.now(UTC))
        with store.reading() as reading:
            rows = list(reading.after(0))
            whole, stored = verify(rows), reading.fix_count()
        kept = sum(row.kind == "recommended" for row in rows)
        store.close()
    print(f"acknowledged and stored: fixes {fixes} and {stored}, recommendations {recommendations} and {kept}")
    print(f"the record is whole: {whole.rows} rows")
    assert (fixes, recommendations) == (stored, kept)


if __name__ == "__main__":
    main()
