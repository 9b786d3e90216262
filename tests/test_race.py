"""Eight processes after the same units, over HTTP on both databases: nobody is sent twice, and every loser is told."""

from __future__ import annotations

import json
import multiprocessing
import random
import uuid
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any

import pytest

from dispatch.record import verify
from dispatch.store import Store
from roadmaps import RoadMap
from running import SIGNED, Running
from test_crash import bound_twice

PROCESSES, INCIDENTS = 8, 20


class Caller:
    """A client with a connection that it keeps."""

    def __init__(self, port: int) -> None:
        self.http = HTTPConnection("127.0.0.1", port, timeout=60)

    def close(self) -> None:
        self.http.close()

    def post(self, path: str, body: Any) -> tuple[int, Any]:
        headers = {**SIGNED, "Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
        self.http.request("POST", path, json.dumps(body), headers)
        response = self.http.getresponse()
        return response.status, json.loads(response.read())


def race(port: int, seed: int, attempts: int, units: int, told: Queue[Any]) -> None:
    """Send units at random to incidents at random, and give each back after the next that it gets."""
    caller, rng = Caller(port), random.Random(seed)
    held: list[tuple[str, str]] = []
    outcomes: Counter[str] = Counter()
    for _ in range(attempts):
        callsign, name = f"R{rng.randrange(units)}", f"N{rng.randrange(INCIDENTS)}"
        status, answer = caller.post(
            f"/v1/incidents/{name}/assignments", {"callsign": callsign, "reason": "officer_safety", "confirm": True}
        )
        if status == 201:
            outcomes["sent"] += 1
            held.append((callsign, name))
        else:
            outcomes[f"{status} {answer['type']}"] += 1
        if len(held) > 1:
            given, back = held.pop(0)
            status, answer = caller.post(f"/v1/incidents/{back}/assignments/{given}/stand-down", {})
            outcomes[f"stood down {status}"] += 1
    caller.close()
    told.put(outcomes)


@pytest.mark.parametrize(("units", "attempts"), [(12, 160), pytest.param(200, 2000, marks=pytest.mark.slow)])
def test_no_unit_is_on_two_incidents_and_every_loser_hears_of_it(
    town: RoadMap, town_file: Path, database_url: str, units: int, attempts: int
) -> None:
    limits = {"NEAREST_SYSTEM_REQUESTS_PER_S": "0", "NEAREST_WORKERS": "4"}
    service = Running(NEAREST_GRAPH=str(town_file), NEAREST_DATABASE_URL=database_url, **limits)
    try:
        port = service.port()
        with closing(Caller(port)) as caller:
            set_up(caller, town, units)
        outcomes = raced(port, attempts, units)
    finally:
        service.stop()
    store = Store(database_url, lambda: datetime.now(UTC))
    with store.reading() as reading:
        rows = list(reading.after(0))
    store.close()
    assert verify(rows).rows == len(rows)
    assert bound_twice(rows) == []
    assert outcomes["sent"] == sum(row.kind == "unit_assigned" for row in rows)
    lost = {name for name in outcomes if name[0].isdigit()}
    assert lost == {"409 /problems/unit-taken"}
    assert outcomes["sent"] + sum(outcomes[name] for name in lost) == attempts
    assert {name for name in outcomes if name.startswith("stood")} == {"stood down 200"}


def set_up(caller: Caller, town: RoadMap, units: int) -> None:
    lat, lon = town.at("B")
    for number in range(units):
        assert caller.post(f"/v1/units/R{number}/on-duty", {"status": "2", "crew": 2})[0] == 200
        row = {"callsign": f"R{number}", "fixed_at": datetime.now(UTC).isoformat(), "lat": lat, "lon": lon}
        assert caller.post("/v1/positions", {"positions": [row]})[0] == 200
    for number in range(INCIDENTS):
        told = {"incident_id": f"N{number}", "lat": lat, "lon": lon, "grade": "standard"}
        assert caller.post("/v1/incidents", told)[0] == 201


def raced(port: int, attempts: int, units: int) -> Counter[str]:
    context = multiprocessing.get_context("spawn")
    told: Queue[Any] = context.Queue()
    share = attempts // PROCESSES
    processes = [context.Process(target=race, args=(port, seed, share, units, told)) for seed in range(PROCESSES)]
    for process in processes:
        process.start()
    outcomes: Counter[str] = Counter()
    for _ in processes:
        outcomes.update(told.get(timeout=300))
    for process in processes:
        process.join()
        process.close()
    told.close()
    return outcomes
