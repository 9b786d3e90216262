"""A control room for tests: a real desk over a drawn town and a real database, and what people say in it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from dispatch import closing, duties, incidents
from dispatch.advice import ask, looked_at, recommended
from dispatch.assignments import Send, assigned
from dispatch.desk import Answer, Decide, Desk, Done, Order
from dispatch.force import Force
from dispatch.live import Live, Roads
from dispatch.model import Fix
from dispatch.recommendation import Recommendation
from dispatch.state import Case, DutyUnit, Step
from dispatch.store import Report, Store
from graphs.network import Network
from nightshift import CLEVELAND, NOW, Place
from roadmaps import draw

# Two ways from one end of town to the other.
TOWN = draw(
    """
    A---B---C---D
    |           |
    E---F---G---H
    """,
    "A-B-C-D primary length=600 name='Linthorpe Road'",
    "A-E-F-G-H-D secondary length=900 name='Parliament Road'",
)
BLANK: dict[str, Any] = {
    "type": None,
    "tags": (),
    "needs": (),
    "units_needed": 1,
    "sector": None,
    "on_road": False,
    "address": None,
    "phone": None,
    "people": (),
}


class Room:
    """A desk whose clock stands still until it is told to go on."""

    def __init__(
        self, url: str, network: Network = TOWN.network, force: Force = CLEVELAND, snapshot_every: int = 10_000
    ) -> None:
        self.now = NOW
        store = Store(url, lambda: self.now)
        store.migrate()
        self.desk = Desk(store, force, network, Roads(network), snapshot_every)

    def close(self) -> None:
        self.desk.store.close()

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @property
    def live(self) -> Live:
        return self.desk.live()

    def unit(self, callsign: str) -> DutyUnit:
        return self.live.unit(callsign)

    def case(self, incident_id: str) -> Case:
        return self.live.case(incident_id)

    def do(self, decide: Decide, by: str = "anna", key: str = "", request: str = "") -> Done:
        order = Order(by, key or str(uuid.uuid4()), request or "0" * 64)
        return self.desk.perform(order, decide, lambda _live, rows: Answer(f"{[row.kind for row in rows]}".encode()))

    def on_duty(
        self,
        callsign: str,
        place: Place | None = None,
        status: str | None = "2",
        crew: int | None = 2,
        skills: Sequence[str] = (),
        hours: float = 8,
    ) -> None:
        start, end = self.now - timedelta(hours=1), self.now + timedelta(hours=hours)
        told = {"callsign": callsign, "start": start, "end": end, "status": status, "crew": crew, "skills": skills}
        self.do(partial(duties.on_duty, **told, sector=None, home=None))
        if place is not None:
            self.fix(callsign, place)

    def fix(self, callsign: str, place: Place, ago_s: float = 0.0, refused: str | None = None) -> Report | None:
        fixed = Fix(*place, self.now - timedelta(seconds=ago_s), 0.0)
        return self.desk.report([Report(callsign, fixed, self.now, "radios", refused)])[0]

    def status(self, callsign: str, status: str, at: datetime | None = None) -> Done:
        return self.do(partial(duties.change_status, callsign=callsign, status=status, at=at or self.now))

    def off_duty(self, callsign: str) -> Done:
        return self.do(partial(duties.off_duty, callsign=callsign, at=self.now))

    def receive(self, incident_id: str, place: Place, grade: str = "emergency", **more: Any) -> Done:
        told = {**BLANK, "lat": place[0], "lon": place[1], "grade": grade, **more}
        return self.do(partial(incidents.received, incident_id=incident_id, at=self.now, told=told))

    def ask(self, incident_id: str) -> Recommendation:
        return ask(self.live, incident_id, self.now, self.desk.network, self.desk.force)[0]

    def keep(self, incident_id: str, by: str = "anna") -> tuple[int, Recommendation]:
        """Ask and keep; return the number of the recommendation, too."""
        live = self.live
        made, asked = ask(live, incident_id, self.now, self.desk.network, self.desk.force)
        kept = partial(recommended, answer=made.to_json(), asked=asked, made=made, basis=live.state.seq)
        return self.do(kept, by).seq, made

    def send(
        self, incident_id: str, callsign: str, by: str = "anna", fresh: Recommendation | None = None, **more: Any
    ) -> Done:
        send = Send(incident_id, callsign, **more)
        made = fresh or self.ask(incident_id)

        def decide(known: Any) -> Any:
            seen = send.recommendation
            looked = None if seen is None else looked_at(known.writing, seen, incident_id)
            return assigned(known, send, made, looked)

        return self.do(decide, by)

    def step(self, incident_id: str, callsign: str, to: Step, at: datetime | None = None) -> Done:
        told = {"incident_id": incident_id, "callsign": callsign, "to": to, "at": at or self.now, "because": None}
        return self.do(partial(duties.step, **told))

    def close_road(self, closure_id: str, road: str) -> Done:
        feature = {"type": "Feature", "geometry": None, "properties": {"road": road}}
        return self.do(partial(closing.opened, closure_id=closure_id, feature=feature))
