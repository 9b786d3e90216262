"""Workers killed at random moments under load, on both databases: what was acknowledged is in the record, once."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
import uuid
from collections import Counter
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import pytest

from dispatch.fold import fold
from dispatch.record import Row, verify
from dispatch.state import State
from dispatch.store import Store
from roadmaps import RoadMap
from running import SIGNED, Running

CLIENTS, WORKERS = 6, 4
DONE = {200, 201}


class Talker(threading.Thread):
    """A client that puts units on duty, changes them and sends them, and asks again with the same key until answered.

    What was answered with success is kept by its key: it was acknowledged.
    """

    def __init__(self, port: int, number: int, place: tuple[float, float], stop: threading.Event) -> None:
        super().__init__(name=f"client {number}")
        self.port, self.number, self.place, self.stop = port, number, place, stop
        self.acknowledged: dict[str, int] = {}
        self.strange: list[tuple[int, bytes]] = []
        self.again = 0

    def run(self) -> None:
        rng = random.Random(self.number)
        while not self.stop.is_set():
            callsign = f"R{self.number}-{uuid.uuid4().hex[:6]}"
            self.ask(f"/v1/units/{callsign}/on-duty", {"status": "2", "crew": 2})
            lat, lon = self.place
            row = {"callsign": callsign, "fixed_at": datetime.now(UTC).isoformat(), "lat": lat, "lon": lon}
            self.ask("/v1/positions", {"positions": [row]}, keyed=False)
            told = {"lat": lat, "lon": lon, "grade": rng.choice(["emergency", "standard"])}
            incident = self.ask("/v1/incidents", told)
            if not isinstance(incident, dict):
                continue
            name = incident["incident_id"]
            send = {"callsign": callsign, "reason": "officer_safety", "confirm": True}
            self.ask(f"/v1/incidents/{name}/assignments", send)
            for step in ("at-scene", "clear"):
                self.ask(f"/v1/incidents/{name}/assignments/{callsign}/{step}", {})
            self.ask(f"/v1/incidents/{name}/close", {"outcome": "done"})
            self.ask(f"/v1/units/{callsign}/off-duty", {})

    def ask(self, path: str, body: Any, *, keyed: bool = True) -> Any:
        key = str(uuid.uuid4())
        headers = {**SIGNED, "Content-Type": "application/json", "Idempotency-Key": key}
        while True:
            connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
            try:
                connection.request("POST", path, json.dumps(body), headers)
                response = connection.getresponse()
                status, answer = response.status, response.read()
                break
            except (OSError, HTTPException):
                # The worker was killed; whether it had done it is not known.
                self.again += 1
                time.sleep(0.01)
            finally:
                connection.close()
        if status not in DONE:
            self.strange.append((status, answer))
            return None
        if keyed:
            self.acknowledged[key] = status
        return json.loads(answer)


def workers_of(master: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{master}/task/{master}/children").read_text().split()]


def kill_one(master: int, rng: random.Random) -> bool:
    """Kill a worker of ours as nothing can be caught."""
    pids = workers_of(master)
    if len(pids) < 2:
        return False
    try:
        os.kill(rng.choice(pids), signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def suffer(port: int, master: int, kills: int, place: tuple[float, float]) -> list[Talker]:
    """Load the service with clients and kill its workers meanwhile."""
    stop, rng = threading.Event(), random.Random(kills)
    talkers = [Talker(port, number, place, stop) for number in range(CLIENTS)]
    for talker in talkers:
        talker.start()
    killed = 0
    while killed < kills:
        time.sleep(rng.uniform(0.02, 0.4))
        killed += kill_one(master, rng)
    stop.set()
    for talker in talkers:
        talker.join()
    return talkers


def bound_twice(rows: list[Row]) -> list[str]:
    """Return units that were sent while they were bound already."""
    bound: dict[str, str | None] = {}
    found = []
    for row in rows:
        told = row.details or {}
        if row.kind == "unit_assigned":
            if bound.get(told["callsign"]) is not None:
                found.append(told["callsign"])
            bound[told["callsign"]] = row.subject
        elif row.kind in {"unit_clear", "unit_stood_down", "unit_diverted"}:
            bound[told["callsign"]] = None
    return found


@pytest.mark.parametrize("kills", [6, pytest.param(200, marks=pytest.mark.slow)])
def test_what_was_acknowledged_is_there_once_whatever_is_killed(
    town: RoadMap, town_file: Path, database_url: str, kills: int
) -> None:
    limits = {"NEAREST_SYSTEM_REQUESTS_PER_S": "0", "NEAREST_WORKERS": str(WORKERS)}
    service = Running(NEAREST_GRAPH=str(town_file), NEAREST_DATABASE_URL=database_url, **limits)
    try:
        talkers = suffer(service.port(), service.process.pid, kills, town.at("B"))
    finally:
        service.stop()
    store = Store(database_url, lambda: datetime.now(UTC))
    with store.reading() as reading:
        rows = list(reading.after(0))
    store.close()
    keys = Counter(row.key for row in rows if row.key is not None)
    acknowledged = {key for talker in talkers for key in talker.acknowledged}
    assert [answer for talker in talkers for answer in talker.strange] == []
    assert acknowledged - keys.keys() == set()
    assert len(acknowledged) > 3 * kills
    assert sum(talker.again for talker in talkers) > 0
    assert verify(rows).rows == len(rows)
    assert bound_twice(rows) == []
    # No call wrote an event of a kind twice, however often it was asked.
    assert Counter((row.key, row.kind) for row in rows if row.key in acknowledged).most_common(1)[0][1] == 1
    state = fold(State(), rows)
    assert fold(State.of_json(fold(State(), rows[: len(rows) // 2]).to_json()), rows[len(rows) // 2 :]) == state
    assert not state.incidents
    assert not state.units
