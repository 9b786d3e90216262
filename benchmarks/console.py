"""The console under load, in Chromium: 500 units that report every 5 s and 100 incidents, on Porto's roads.

The service is the real one, gunicorn with two workers; reports come in batches of a twentieth of the units, as from a
tracking server. The browser draws in software. Browser, tracker and service share the machine. Told are:

- what a first visit loads, in bytes as they were sent (compressed), and when the list can be used;
- from a key to the picture that answers it: an arrow in the list of incidents, by the browser's own event timing where
  it has an entry, and by the second frame after the key;
- the heap of the page's scripts after garbage was collected, each minute.

    python -m benchmarks.console [--minutes 10] [--units 500] [--incidents 100]
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright

from api.demonstration import PASSWORD
from benchmarks.desk import PORTO, Client, client, now, places, serve
from graphs.netfile import save_network
from graphs.network import Network
from graphs.sources import build_network

EVERY_S, BATCHES = 5.0, 20
PROGRAMS = ("/usr/bin/chromium", "/usr/bin/google-chrome")
FLAGS = ("--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist")
KEYS_A_MINUTE = 60
# Where the page keeps what it measures: the time of each key, and of the frame after the one that was drawn with it.
_WATCH = """() => {
  window.measured = {frames: [], events: []};
  addEventListener('keydown', (event) => {
    const from = event.timeStamp;
    requestAnimationFrame(() => requestAnimationFrame(() => measured.frames.push(performance.now() - from)));
  }, {capture: true});
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (entry.name === 'keydown') measured.events.push(entry.duration);
  }).observe({type: 'event', durationThreshold: 16});
}"""

# Bytes as they were sent, with their headers, of each file of the console.
_SENT = """() => Object.fromEntries(
  [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
    .filter((each) => each.entryType === 'navigation' || each.name.includes('/console/'))
    .map((each) => [each.name, each.transferSize]))"""


def set_up(asked: Client, network: Network, units: int, incidents: int) -> None:
    """Put units on duty where they are, and open incidents of all grades."""
    where = places(network, units, 1)
    for number in range(units):
        body = {"status": ("2", "3", "5", "6", "7")[number % 5], "crew": 2}
        status, answer = asked.ask("POST", f"/v1/units/U{number:03}/on-duty", body)
        assert status == 200, answer
    report(asked, where, range(units), random.Random(0))
    for number, (lat, lon) in enumerate(places(network, incidents, 2)):
        received_at = datetime.now(UTC) - timedelta(minutes=number / 2)
        told = {"incident_id": f"P-{number:03}", "lat": lat, "lon": lon, "received_at": received_at.isoformat()}
        grade = ("emergency", "priority", "standard")[number % 3]
        status, answer = asked.ask("POST", "/v1/incidents", {**told, "grade": grade, "type": "Disturbance"})
        assert status == 201, answer


def report(asked: Client, where: list[tuple[float, float]], rows: range, rng: random.Random) -> None:
    """Report for some units, each a little away from where it was put."""
    told = [
        {
            "callsign": f"U{row:03}",
            "fixed_at": now(),
            "lat": where[row][0] + rng.uniform(-1e-3, 1e-3),
            "lon": where[row][1] + rng.uniform(-1e-3, 1e-3),
            "course_deg": rng.uniform(0, 359),
            "speed_kmh": 30.0,
        }
        for row in rows
    ]
    status, answer = asked.ask("POST", "/v1/positions", {"positions": told})
    assert status == 200, answer


def track(port: int, where: list[tuple[float, float]], over: Event) -> None:
    """Report for all units once in five seconds, in batches, until it is over."""
    asked, rng, started = client(port), random.Random(5), time.monotonic()
    number = 0
    while not over.is_set():
        time.sleep(max(started + number * EVERY_S / BATCHES - time.monotonic(), 0))
        report(asked, where, range(number % BATCHES, len(where), BATCHES), rng)
        number += 1


def sign_in(page: Page, port: int) -> float:
    """Sign in on the board; returns seconds from then to the list that can be used."""
    page.goto(f"http://127.0.0.1:{port}/#/board")
    page.get_by_label("Name").fill("dispatcher")
    page.get_by_label("Password").fill(PASSWORD)
    began = time.perf_counter()
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_text("P-000").first.wait_for()
    return time.perf_counter() - began


def first_load(context: BrowserContext, port: int) -> None:
    """Tell what is sent of the console at a first visit until the map has drawn, and how soon it may be used."""
    page = context.new_page()
    signed_s = sign_in(page, port)
    page.locator(".road-map[aria-busy=false]").wait_for()
    sent: dict[str, int] = page.evaluate(_SENT)
    worker = f"http://127.0.0.1:{port}/console/map-worker.js"
    if worker not in sent:
        # The page's own list leaves out what a worker loads itself with.
        answer = context.request.get(worker, headers={"Accept-Encoding": "br"})
        sent[worker] = int(answer.headers["content-length"])
    print(f"first load: {sum(sent.values()) / 1024:.0f} kB of the console as sent, in {len(sent)} files")
    began = time.perf_counter()
    page.reload()
    page.get_by_text("P-000").first.wait_for()
    again_s = time.perf_counter() - began
    print(f"usable {signed_s:.2f} s after signing in for the first time; {again_s:.2f} s when loaded again")
    page.close()


def heap_mb(wire: CDPSession) -> float:
    """The heap of the page's scripts, after garbage was collected."""
    wire.send("HeapProfiler.collectGarbage")
    used: float = wire.send("Runtime.getHeapUsage")["usedSize"]
    return used / 1e6


def under_load(context: BrowserContext, port: int, minutes: float) -> None:
    """Press keys while everything moves."""
    page = context.new_page()
    sign_in(page, port)
    page.locator(".road-map[aria-busy=false]").wait_for()
    wire = context.new_cdp_session(page)
    page.evaluate(_WATCH)
    page.locator("#lists .case").first.focus()
    heaps = [heap_mb(wire)]
    for _ in range(max(round(minutes), 1)):
        end = time.monotonic() + min(minutes, 1) * 60
        for number in range(KEYS_A_MINUTE):
            page.keyboard.press("ArrowDown" if number // 20 % 2 == 0 else "ArrowUp")
            time.sleep(max((end - time.monotonic()) / (KEYS_A_MINUTE - number), 0))
        heaps.append(heap_mb(wire))
        print(f"  {len(heaps) - 1:>2} min: heap {heaps[-1]:.1f} MB", flush=True)
    measured: dict[str, list[float]] = page.evaluate("() => measured")
    keys = len(measured["frames"])
    told(f"key to paint, second frame, {keys} keys", measured["frames"])
    # The browser tells of no event shorter than 16 ms.
    told("key to paint, event timing", measured["events"] + [16.0] * (keys - len(measured["events"])))
    print(f"heap: {heaps[0]:.1f} MB at first, {heaps[1]:.1f} after a minute, {heaps[-1]:.1f} at the end")


def told(label: str, ms: list[float]) -> None:
    p50, p95 = statistics.median(ms), sorted(ms)[int(len(ms) * 0.95)]
    print(f"{label:<42} p50 {p50:6.0f} ms  p95 {p95:6.0f} ms  max {max(ms):6.0f} ms")


def measure(browser: Browser, port: int, minutes: float) -> None:
    for step in (lambda context: first_load(context, port), lambda context: under_load(context, port, minutes)):
        context = browser.new_context(viewport={"width": 1280, "height": 720})
        step(context)
        context.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--units", type=int, default=500)
    parser.add_argument("--incidents", type=int, default=100)
    options = parser.parse_args()
    network = build_network(str(PORTO))
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "porto.network"
        save_network(network, graph)
        process, port = serve(graph, f"sqlite:///{folder}/desk.sqlite", 2)
        over = multiprocessing.Event()
        tracker = multiprocessing.Process(target=track, args=(port, places(network, options.units, 1), over))
        try:
            set_up(client(port), network, options.units, options.incidents)
            tracker.start()
            with sync_playwright() as driver:
                program = next(path for path in PROGRAMS if Path(path).is_file())
                browser: Any = driver.chromium.launch(executable_path=program, args=list(FLAGS))
                measure(browser, port, options.minutes)
                browser.close()
        finally:
            over.set()
            tracker.join()
            process.terminate()
            process.wait(30)


if __name__ == "__main__":
    main()
