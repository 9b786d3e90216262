"""Looks on at a simulation and keeps what its control room knew at each decision, and in which order things came.

Moments of a simulation are whole milliseconds, and several things may happen in one. Records tell them apart by
microseconds: the decisions of a millisecond are at 2, 4, 6 ... of it, and what happened between them at the odd ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import polars as pl

from dispatch.model import Incident, Picture, Unit
from scenarios.past_fixes import SCHEMA
from scenarios.scenario import Scenario

# Each decision has its own microsecond and leaves one for what comes before the next.
_STEP_US: Final = 2
_US_PER_MS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Seen:
    """A unit as a decision knew it: its status code, and what it was bound to."""

    status: str | None
    incident_id: str | None


@dataclass(frozen=True, slots=True)
class Decision:
    """A look for somebody to send.

    Parameters
    ----------
    now_ms, nth
        The millisecond, and its place among the decisions of that: 1 is the first.
    sent
        The nearest first; nobody where the incident waits.
    units
        Who was on duty, by callsign.
    """

    now_ms: int
    nth: int
    incident_id: str
    sent: tuple[str, ...]
    units: Mapping[str, Seen]


@dataclass(eq=False)
class RecordsWatch:
    """Keeps decisions, and where units were at each of them; see `scenarios.simulated.Watch`.

    Parameters
    ----------
    every_ms
        How often positions are kept between decisions; None for never.
    from_ms, to_ms
        From when until before when they are; None for all that is simulated.
    """

    every_ms: int | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    decisions: list[Decision] = field(default_factory=list)
    _reports: list[tuple[str, int, float, float, float | None, float | None]] = field(default_factory=list)

    def seen(self, now_ms: int, units: tuple[Unit, ...]) -> None:
        """Keep where everybody is."""
        self._keep(now_ms * _US_PER_MS, units)

    def decided(self, now_ms: int, picture: Picture, incident: Incident, sent: tuple[str, ...]) -> None:
        """Keep a decision."""
        before = self.decisions[-1] if self.decisions else None
        nth = before.nth + 1 if before is not None and before.now_ms == now_ms else 1
        units = {unit.callsign: Seen(unit.status, unit.incident_id) for unit in picture.units}
        self.decisions.append(Decision(now_ms, nth, incident.incident_id, sent, units))
        self._keep(now_ms * _US_PER_MS + nth * _STEP_US, picture.units)

    def _keep(self, at_us: int, units: Sequence[Unit]) -> None:
        told = ((unit.callsign, unit.fix) for unit in units)
        self._reports += [
            (callsign, at_us, fix.lat, fix.lon, fix.course_deg, fix.speed_kmh)
            for callsign, fix in told
            if fix is not None
        ]

    def positions(self, scenario: Scenario) -> pl.DataFrame:
        """Return all position reports with the columns of ``positions.csv``, in the order in which they came."""
        names = ("callsign", "at_us", "lat", "lon", "course_deg", "speed_kmh")
        types = {name: SCHEMA.get(name, pl.Int64()) for name in names}
        told = pl.DataFrame(self._reports, schema=types, orient="row")
        at = pl.lit(scenario.start) + pl.duration(microseconds="at_us")
        return told.select("callsign", at.alias("fixed_at"), at.alias("received_at"), *names[2:])


class Order:
    """Puts what happened in one millisecond in the order in which it came, by what the decisions in it knew.

    Parameters
    ----------
    scenario, decisions
        What was simulated, and all its decisions in order.
    """

    def __init__(self, scenario: Scenario, decisions: Sequence[Decision]) -> None:
        self._scenario, self._at = scenario, dict[int, list[Decision]]()
        self._by_sent = dict[tuple[str, int, str], Decision]()
        for each in decisions:
            self._at.setdefault(each.now_ms, []).append(each)
            self._by_sent |= {(each.incident_id, each.now_ms, callsign): each for callsign in each.sent}

    def sending(self, incident_id: str, now_ms: int, callsign: str) -> Decision:
        """Return the decision by which a unit was sent; KeyError where none was watched."""
        return self._by_sent[incident_id, now_ms, callsign]

    def decided(self, decision: Decision) -> datetime:
        """Return the moment of a decision."""
        return self._moment(decision.now_ms, decision.nth * _STEP_US)

    def happened(
        self, now_ms: int, shown: Callable[[Decision], bool] = lambda _: False, after: Decision | None = None
    ) -> datetime:
        """Return the moment of something that happened in a millisecond.

        Parameters
        ----------
        shown
            Whether a decision knew of it: it happened before the first that did, or after all.
        after
            The decision that it came of, where it did.
        """
        at = self._at.get(now_ms, ())
        least = after.nth if after is not None and after.now_ms == now_ms else 0
        before = next((each.nth - 1 for each in at if each.nth > least and shown(each)), len(at))
        return self._moment(now_ms, before * _STEP_US + 1)

    def _moment(self, now_ms: int, us: int) -> datetime:
        return self._scenario.moment(now_ms) + timedelta(microseconds=us)
