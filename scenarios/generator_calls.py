"""The calls of a made-up period: what happened where and when, and what is wrong with its record."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from dispatch.model import Incident
from scenarios.generator_policy import Keeping, Plan
from scenarios.generator_roads import Streets, moved
from scenarios.generator_shift import Sent
from scenarios.generator_truth import Truth
from scenarios.generator_world import Town, local_s

DAY_S: Final = 86_400
_GRADES: Final[Mapping[str, float]] = {"emergency": 0.4, "priority": 0.35, "standard": 0.25}
# How long it takes until somebody is to be sent, seconds.
_WAIT_S: Final = {"emergency": (20, 150), "priority": (60, 900), "standard": (300, 3_600)}
_SHORTEST_S: Final = 4
_OFF_STREET_M: Final = 25.0
_FAR_M: Final = 40_000.0
_NIGHT_SHARE: Final = 0.5
# What may be wrong with a record, at most one thing with each; shares in `Keeping`.
FLAWS: Final = (
    *("nobody_sent", "merged", "self_initiated", "not_deployed", "outside", "no_place", "no_grade"),
    *("sent_before_call", "logged_on_arrival", "unreadable"),
)
TOGETHER_S: Final = 60
# What is asked of a record before anything about arrivals.
_BEFORE_ARRIVALS: Final = (
    *("merged", "self_initiated", "nobody_sent", "row_quarantined", "assigned_before_received", "logged_on_arrival"),
)


@dataclass(frozen=True, slots=True)
class Change:
    """Another grade, or other tags, from a moment on; and when that was entered."""

    at_s: int
    entered_s: int
    grade: str | None = None
    tags: frozenset[str] | None = None


@dataclass(slots=True)
class Call:
    """An incident as it really was, with its record.

    Parameters
    ----------
    grade, place
        What it really was: the record may lack them.
    decide_s
        When the control room first looks for somebody to send.
    flaw
        What is wrong with its record, one of `FLAWS` or nothing.
    waiting
        How many units are on their way to it, there, or still to be sent.
    """

    incident_id: str
    received_s: int
    decide_s: int
    grade: str
    place: tuple[float, float]
    sector: str | None
    tags: frozenset[str]
    needs: frozenset[str]
    units_needed: int
    flaw: str
    changes: tuple[Change, ...] = ()
    merged_into: str | None = None
    said_received_s: int | None = None
    said_self_initiated: bool = False
    closed_s: int | None = None
    waiting: int = 0
    sent: list[Sent] = field(default_factory=list)
    truth: Truth | None = None

    @property
    def recorded_grade(self) -> str | None:
        """The first grade, as the record has it."""
        if self.flaw == "not_deployed":
            return "resolved_without_deployment"
        return None if self.flaw == "no_grade" else self.grade

    @property
    def recorded_place(self) -> tuple[float, float] | None:
        """The place, as the record has it."""
        if self.flaw == "no_place":
            return None
        return moved(*self.place, _FAR_M, _FAR_M) if self.flaw == "outside" else self.place

    def asked(self, grade: str, tags: frozenset[str]) -> Incident:
        """Return it as it is known at a moment."""
        lat, lon = self.recorded_place or self.place
        return Incident(
            lat, lon, grade, self.incident_id, tags=tags, needs=self.needs, units_needed=self.units_needed,
            sector=self.sector,
        )  # fmt: skip


def calls_of(plan: Plan, town: Town, streets: Streets, zone: ZoneInfo, draw: random.Random) -> Iterator[Call]:
    """Yield calls in order of receipt, by day more than by night."""
    begin_s = local_s(plan.start, time(), zone)
    end_s = local_s(plan.start + timedelta(days=plan.days), time(), zone)
    moments = sorted(_moment(begin_s, end_s - DAY_S // 24, draw) for _ in range(plan.incidents))
    for row, received_s in enumerate(moments, start=1):
        yield _call(f"I-{row:05d}", received_s, plan, town, streets, draw)


def _moment(begin_s: int, end_s: int, draw: random.Random) -> int:
    while True:
        moment_s = draw.randrange(begin_s, end_s)
        if draw.random() < _NIGHT_SHARE or 7 <= (moment_s % DAY_S) // 3_600 < 23:  # noqa: PLR2004 - the hours of day
            return moment_s


def _call(
    incident_id: str, received_s: int, plan: Plan, town: Town, streets: Streets, draw: random.Random
) -> Call:  # fmt: skip
    grade = draw.choices(list(_GRADES), list(_GRADES.values()))[0]
    sector = draw.choice(town.sectors)
    flaw = _flaw(plan.keeping, draw)
    decide_s = received_s + draw.randrange(*_WAIT_S[grade])
    abuse = draw.random() < 0.2  # noqa: PLR2004 - one in five
    return Call(
        incident_id=incident_id,
        received_s=received_s,
        decide_s=decide_s,
        grade=grade,
        place=place_in(town, sector, streets, draw),
        sector=sector if draw.random() < 0.97 else None,  # noqa: PLR2004 - some are not told
        tags=frozenset({"domestic_abuse"} if abuse else {"vulnerable"} if draw.random() < 0.1 else ()),  # noqa: PLR2004
        needs=frozenset(draw.choices(((), ("taser",), ("method_of_entry",)), (95, 3, 2))[0]),
        units_needed=2 if draw.random() < 0.07 else 1,  # noqa: PLR2004 - some need two
        flaw=flaw,
        changes=() if flaw else tuple(_changes(grade, received_s, decide_s, plan.keeping, draw, abuse=abuse)),
    )


def place_in(town: Town, sector: str, streets: Streets, draw: random.Random) -> tuple[float, float]:
    """Draw a place beside a street of a sector, in the area of the network."""
    while True:
        edge = int(draw.choice(town.edges[sector]))
        lon, lat, _ = streets.point(edge, draw.random())
        place = moved(
            lat, lon, draw.uniform(-_OFF_STREET_M, _OFF_STREET_M), draw.uniform(-_OFF_STREET_M, _OFF_STREET_M)
        )
        if streets.network.contains(*place):
            return place


def _flaw(keeping: Keeping, draw: random.Random) -> str:
    told = draw.random()
    for name in FLAWS:
        told -= getattr(keeping, name)
        if told < 0:
            return name
    return ""


def _changes(
    grade: str, received_s: int, decide_s: int, keeping: Keeping, draw: random.Random, *, abuse: bool
) -> Iterator[Change]:  # fmt: skip
    changes = (
        (keeping.regraded, {"grade": draw.choice([name for name in _GRADES if name != grade])}),
        (keeping.retagged, {"tags": frozenset({"vulnerable"} if abuse else {"domestic_abuse"})}),
    )
    for share, values in changes:
        if draw.random() < share:
            at_s = max(decide_s + draw.randrange(-120, 600), received_s + _SHORTEST_S) | 1
            late = draw.random() < keeping.late_regrade
            entered_s = at_s + (draw.randrange(60, 900) if late else draw.randrange(5))
            yield replace(Change(at_s, entered_s), **values)


def is_logged_on_arrival(call: Call) -> bool:
    """Tell whether one of those sent together was written down only when it was there."""
    if call.truth is None or call.truth.because in _BEFORE_ARRIVALS:
        return False
    sent = [each for each in call.sent if each.recorded]
    first_s = min(each.assigned_s for each in sent)
    arrived = ((each, each.on_scene_s) for each in sent if each.assigned_s - first_s <= TOGETHER_S)
    return any(
        each.records_arrival and at_s is not None and each.assigned_s < each.entered_s and at_s <= each.entered_s
        for each, at_s in arrived
    )
