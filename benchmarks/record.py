"""Measure the record: how fast it is written and proved, and how soon a service starts on it.

    python -m benchmarks.record [EVENTS] [DATABASE_URL ...]

One million events if not told otherwise, on a SQLite file of its own if no database is named. A database that is named
must be empty, and is left with the events. Prints one line of JSON for each database.
"""

from __future__ import annotations

import json
import random
import resource
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import graphs.samples
from benchmarks.first_path import milliseconds, timed
from dispatch.desk import Answer, Desk, Order
from dispatch.force import Force
from dispatch.live import Roads
from dispatch.memory import TOLD, made_again
from dispatch.record import Event, Row, seal
from dispatch.snapshots import load_state
from dispatch.store import Store
from dispatch.upkeep import rows_by_subject
from dispatch.verification import verify_database
from graphs.network import Network
from graphs.sources import build_network

EVENTS, UNITS, BATCH, APPENDS = 1_000_000, 150, 10_000, 500
START = datetime(2026, 1, 1, tzinfo=UTC)
SHIFT_S, STEP_S = 8 * 3600, 20


def year(draw: random.Random) -> Iterator[Event]:
    """Draw what happens in a force: shifts come and go, units report, incidents are attended."""
    now, number = START, 0
    while True:
        for unit in range(UNITS):
            told = {"duty": f"U{unit}/{now.isoformat()}", "duty_start": now.isoformat(), "duty_end": None}
            crew = {"status": "2", "crew": 2, "skills": ["taser"], "sector": "north", "home": None}
            yield Event("unit_on_duty", f"U{unit}", now, told | crew)
        end = now + timedelta(seconds=SHIFT_S)
        while now < end:
            now, number = now + timedelta(seconds=STEP_S), number + 1
            yield from incident(f"I-{number}", f"U{draw.randrange(UNITS)}", now, draw)
        for unit in range(UNITS):
            yield Event("unit_off_duty", f"U{unit}", now, {"duty": f"U{unit}"})


def incident(name: str, callsign: str, now: datetime, draw: random.Random) -> Iterator[Event]:
    """Draw an incident from its receipt to its end."""
    house = f"{draw.randrange(300)} Linthorpe Road, Middlesbrough"
    told = {
        "lat": 54.57 + draw.random() / 100,
        "lon": -1.23,
        "grade": "emergency",
        "type": "domestic",
        "tags": ["vulnerable"],
    }
    more = {"needs": [], "units_needed": 1, "sector": "north", "on_road": False, "address": house, "people": []}
    yield Event("incident_received", name, now, told | more | {"phone": f"01642 {draw.randrange(10**6):06d}"})
    yield Event("consulted", name, now, {"operation": "incident", "reason": "dispatch"})
    sent: dict[str, Any] = {"recommendation": None, "suggested": True, "reason": None, "note": None, "failed": []}
    yield Event("unit_assigned", name, now, {"callsign": callsign, "duty": callsign, "confirmed": False} | sent)
    for status, step in (("5", "en_route"), ("6", "at_scene"), ("2", "clear")):
        yield Event("unit_status", callsign, now, {"status": status, "duty": callsign})
        yield Event(f"unit_{step}", name, now, {"callsign": callsign, "status": status})
    yield Event("incident_closed", name, now, {"outcome": "attended"})


def fill(store: Store, events: int) -> None:
    """Write so many events, and the history that they make."""
    last: Row | None = None
    coming = islice(year(random.Random(1)), events)
    while batch := list(islice(coming, BATCH)):
        with store.writing() as writing:
            rows = []
            for event in batch:
                last = seal(event, last, event.at, "benchmark")
                rows.append(last)
            writing.put(rows)
    with store.writing() as writing:
        for _, past in made_again(rows_by_subject(writing, TOLD)):
            writing.remember(past)


def append(desk: Desk, number: int) -> None:
    """Write down one event with a desk; returns when it is on the disk."""
    order, happened = Order("benchmark", f"k{number}", ""), Event("noted", None, START, {"number": number})
    desk.perform(order, lambda _: [happened], lambda *_: Answer(b"{}"))


def start(url: str, network: Network) -> tuple[float, Desk]:
    """Return the seconds until a desk of a new process knows what there is to know."""
    desk = Desk(Store(url, lambda: datetime.now(UTC)), Force.default(), network, Roads(network))
    return timed(desk.live)[0], desk


def prove(store: Store) -> int:
    """Return how many rows were proved."""
    with store.reading() as reading:
        return verify_database(reading).rows


def measure(url: str, events: int, network: Network) -> dict[str, Any]:
    """Measure one database."""
    store = Store(url, lambda: datetime.now(UTC))
    store.migrate()
    filling_s = timed(partial(fill, store, events))[0]
    proving_s, rows = timed(partial(prove, store))
    without_s, desk = start(url, network)
    append(desk, -1)  # takes the first snapshot
    appended = [timed(partial(append, desk, number))[0] for number in range(APPENDS)]
    with store.reading() as reading:
        assert load_state(reading).seq > 0
    with_s, _ = start(url, network)
    return {
        "database": store.engine.name,
        "events": rows,
        "fill_s": round(filling_s, 1),
        "append_ms": milliseconds(appended),
        "verify_s": round(proving_s, 1),
        "verify_rows_per_s": round(rows / proving_s),
        "cold_start_without_snapshot_s": round(without_s, 2),
        "cold_start_with_snapshot_s": round(with_s, 3),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def main(words: list[str]) -> None:
    """Measure what the command names."""
    events = int(words[0]) if words else EVENTS
    network = build_network(str(Path(graphs.samples.__file__).parent / "gothenburg.osm.pbf"))
    with tempfile.TemporaryDirectory() as folder:
        for url in words[1:] or [f"sqlite:///{folder}/record.sqlite"]:
            print(json.dumps(measure(url, events, network)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
