"""Units and incidents of the sample night, told to a running service as if it were now."""

from __future__ import annotations

import csv
import json
import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import scenarios.samples.gothenburg
from running import ask

SAMPLE = Path(scenarios.samples.gothenburg.__file__).parent
# Screaming in a flat, on the south bank: H1 is 718 m away, across the river.
FLAT = (57.69995, 11.93970)


class Night:
    """A service at work on the sample night.

    Parameters
    ----------
    port
        Where it listens.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        with (SAMPLE / "units.csv").open(newline="", encoding="utf-8") as lines:
            self.rows = {row["callsign"]: row for row in csv.DictReader(lines)}

    def post(self, path: str, body: dict[str, Any], expected: Sequence[int] = (200, 201)) -> Any:
        """Ask for a change, and read the answer."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
        status, answer = ask(self.port, "POST", path, json.dumps(body).encode(), headers)
        assert status in expected, answer
        return json.loads(answer)

    def get(self, path: str) -> Any:
        """Read an answer."""
        status, answer = ask(self.port, "GET", path)
        assert status == 200, answer
        return json.loads(answer)

    def on_duty(self, callsigns: Iterable[str], ago_s: float = 2.0, **changed: Any) -> None:
        """Bring units on duty, as the sample has them but for what is changed; where it is there so long ago."""
        named = list(callsigns)
        for callsign in named:
            row = self.rows[callsign]
            told = {
                "duty_start": ago(4 * 3600),
                "duty_end": ago(-5 * 3600),
                "status": row["status"] or None,
                "crew": int(row["crew"]),
                "skills": [each for each in row["skills"].split(";") if each],
                "sector": row["sector"],
            }
            self.post(f"/v1/units/{callsign}/on-duty", {**told, **changed})
        self.seen(named, ago_s)

    def seen(self, callsigns: Iterable[str], ago_s: float = 2.0, **changed: Any) -> None:
        """Report units where the sample has them, with what is changed."""
        fixes = [
            {"callsign": callsign, "fixed_at": ago(ago_s), **_fix(self.rows[callsign]), **changed}
            for callsign in callsigns
            if self.rows[callsign]["lat"]
        ]
        self.post("/v1/positions", {"positions": fixes})

    def call(self, incident_id: str, place: tuple[float, float] = FLAT, grade: str = "emergency", **more: Any) -> Any:
        """Receive a call."""
        return self.post(
            "/v1/incidents", {"incident_id": incident_id, "lat": place[0], "lon": place[1], "grade": grade, **more}
        )

    def send(self, incident_id: str, callsign: str, call: str = "assignments", **more: Any) -> Any:
        """Send a unit, with a reason, so that it may be any."""
        return self.post(
            f"/v1/incidents/{quote(incident_id)}/{call}", {"callsign": callsign, "reason": "supervisor", **more}
        )

    def step(self, incident_id: str, callsign: str, step: str) -> Any:
        """Take a unit's assignment further."""
        return self.post(f"/v1/incidents/{quote(incident_id)}/assignments/{callsign}/{step}", {})

    def end_all(self) -> None:
        """Cancel whatever is open, so that the next test begins with none, and bring everybody off duty."""
        for incident in self.get("/v1/incidents")["incidents"]:
            for sent in incident["assignments"]:
                if sent["step"] in {"assigned", "en_route"}:
                    self.step(incident["incident_id"], sent["callsign"], "stand-down")
                if sent["step"] == "at_scene":
                    self.step(incident["incident_id"], sent["callsign"], "clear")
            self.post(f"/v1/incidents/{quote(incident['incident_id'])}/cancel", {"because": "the next test"})
        for unit in self.get("/v1/units")["units"]:
            self.post(f"/v1/units/{unit['callsign']}/off-duty", {})


def _fix(row: dict[str, str]) -> dict[str, float]:
    return {name: float(row[name]) for name in ("lat", "lon", "accuracy_m", "course_deg", "speed_kmh") if row[name]}


def ago(seconds: float) -> str:
    """Write the moment that was so long ago."""
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat()
