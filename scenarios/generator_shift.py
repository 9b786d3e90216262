"""A crew on duty as it really works: it patrols, rests, is sent, drives, is at the scene, and its radio reports."""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from graphs.network import Longs
from scenarios.generator_policy import Keeping
from scenarios.generator_roads import Path, Streets, moved, standing

ON_DUTY, PATROL, STATION, BREAK, EN_ROUTE, AT_SCENE, ENQUIRY, OFF_DUTY = "1", "2", "3", "4", "5", "6", "7", "11"
# How much longer a patrol takes than somebody who drives for the sake of arriving.
_STROLL: Final = 1.5
_HOUR_S: Final = 3_600
_ACCURACY_M: Final = (5.0, 8.0, 12.0, 20.0)
_FUTURE_S: Final = 3_600


@dataclass(frozen=True, slots=True)
class Report:
    """A position report; moments in seconds since 1970."""

    callsign: str
    fixed_s: int
    received_s: int
    lat: float
    lon: float
    accuracy_m: float | None
    course_deg: float | None
    speed_kmh: float | None


@dataclass(frozen=True, slots=True)
class Told:
    """A status, when it began and when it was entered; None where what was said cannot be read."""

    callsign: str
    at_s: int
    code: str | None
    entered_s: int


@dataclass(frozen=True, slots=True)
class Duty:
    """A duty as it was entered."""

    callsign: str
    sector: str
    start_s: int
    end_s: int
    entered_s: int
    crew: int
    skills: frozenset[str]


@dataclass(slots=True)
class Sent:
    """An assignment as it came about; a step is None until it has, and where it was not recorded."""

    incident_id: str
    callsign: str
    assigned_s: int
    entered_s: int
    en_route_s: int | None = None
    on_scene_s: int | None = None
    cleared_s: int | None = None
    reason: str | None = None
    ended: str | None = None
    records_arrival: bool = True
    records_clear: bool = True
    quiet: bool = False
    readable: bool = True
    recorded: bool = True
    over: bool = False


@dataclass(slots=True)
class Stage:
    """What a crew does until a moment, and the status that it then has; ``begun`` is called when it begins."""

    path: Path
    code: str | None = None
    begun: Callable[[int], None] | None = None


@dataclass(eq=False)
class Shift:
    """The crew of a duty, at work.

    Parameters
    ----------
    station
        The edge at the middle of which its station stands.
    beat
        Edges of its sector's streets.
    tell
        Takes what its radio and the crew report.
    """

    duty: Duty
    station: int
    beat: Longs
    streets: Streets
    keeping: Keeping
    fix_every_s: int
    draw: random.Random
    tell: Callable[[Report | Told], None]
    sent: Sent | None = None
    plan: deque[Stage] = field(default_factory=deque)
    code: str | None = None

    def __post_init__(self) -> None:
        # Reports of the radio and of the crew stand in whole seconds, odd ones for statuses: nothing happens in the
        # very second of a decision.
        self._next_fix_s = self.duty.start_s + self.draw.randrange(self.fix_every_s)
        self._told_s = 0
        self._mute = self.draw.random() < self.keeping.no_first_status
        self._gaps = [(start, end, late) for start, end, late in self._draw_gaps()]
        briefing_s = self.duty.start_s + self.draw.randrange(120, 600)
        self.stage = Stage(standing(self.station, 0.5, self.duty.start_s, briefing_s), ON_DUTY)
        self._begin()

    def _draw_gaps(self) -> Iterator[tuple[float, float, bool]]:
        """Yield when the radio does not reach anybody: reports come late, or never."""
        for hour_s in range(self.duty.start_s, self.duty.end_s, _HOUR_S):
            for share, late, longest_s in (
                (self.keeping.buffered_an_hour, True, 600),
                (self.keeping.silent_an_hour, False, 2_400),
            ):
                if self.draw.random() < share:
                    start_s = hour_s + self.draw.uniform(0, _HOUR_S)
                    yield start_s, start_s + self.draw.uniform(90, longest_s), late

    def advance(self, now_s: float) -> None:
        """Live up to a moment."""
        now_s = min(now_s, self.duty.end_s)
        while self.stage.path.end_s <= now_s:
            self._report(self.stage.path.end_s)
            self.stage = self.plan.popleft() if self.plan else self._drawn(self.stage.path.end_s)
            self._begin()
        self._report(now_s)

    def finish(self) -> None:
        """Go off duty."""
        self.advance(self.duty.end_s)
        self._tell(OFF_DUTY, self.duty.end_s - 1)

    def where(self, now_s: float) -> tuple[int, float]:
        """Return the edge and the fraction of it at a moment of the present stage."""
        edge, fraction, _ = self.stage.path.at(np.array([now_s]))
        return int(edge[0]), float(fraction[0])

    def go(self, now_s: float, stages: list[Stage]) -> None:
        """Leave what is being done and do something else."""
        self.advance(now_s)
        self.plan = deque(stages)
        self.stage = self.plan.popleft()
        self._begin()

    def _begin(self) -> None:
        start_s = math.ceil(self.stage.path.start_s) | 1
        if self.stage.code is not None:
            self._tell(self.stage.code, start_s)
        if self.stage.begun is not None:
            self.stage.begun(start_s)

    def _tell(self, code: str, at_s: int) -> None:
        """Report a status, which somebody enters a little or much later."""
        at_s = max(at_s, self._told_s + 2)
        if code == self.code or at_s >= self.duty.end_s:
            return
        self.code, self._told_s = code, at_s
        if self._mute:
            self._mute = code == ON_DUTY
            return
        late = self.draw.random() < self.keeping.late_status
        entered_s = at_s + (self.draw.randrange(180, 1_800) if late else self.draw.randrange(8))
        self.tell(Told(self.duty.callsign, at_s, code, entered_s))

    def _drawn(self, now_s: float) -> Stage:
        """Return what a crew does that nobody has sent anywhere."""
        edge, fraction = self.where(now_s)
        kind = self.draw.random()
        if kind < 0.80:  # noqa: PLR2004 - shares of what a crew does
            to = int(self.draw.choice(self.beat))
            path = self.streets.patrol(edge, fraction, to, now_s, _STROLL)
            if path is not None and path.end_s > now_s:
                return Stage(path, PATROL)
        code, longest_s = ((STATION, 1_500), (BREAK, 2_400), (ENQUIRY, 1_800))[int(self.draw.random() * 3)]
        return Stage(standing(edge, fraction, now_s, now_s + self.draw.uniform(300, longest_s)), code)

    def _report(self, until_s: float) -> None:
        """Report every position up to a moment."""
        times = np.arange(self._next_fix_s, until_s, self.fix_every_s, dtype=np.float64)
        if not len(times):
            return
        self._next_fix_s = int(times[-1]) + self.fix_every_s
        edges, fractions, shares = self.stage.path.at(times)
        for time_s, edge, fraction, share in zip(
            times.tolist(), edges.tolist(), fractions.tolist(), shares.tolist(), strict=True
        ):
            received_s = self._received(time_s)
            if received_s is not None:
                self.tell(self._fix(int(time_s), received_s, edge, fraction, share))

    def _received(self, time_s: float) -> int | None:
        for start_s, end_s, late in self._gaps:
            if start_s <= time_s < end_s:
                return math.ceil(end_s) + self.draw.randrange(5) if late else None
        return int(time_s) + self.draw.randrange(1, 5)

    def _fix(self, fixed_s: int, received_s: int, edge: int, fraction: float, share: float) -> Report:
        lon, lat, course = self.streets.point(edge, fraction)
        accuracy_m = self.draw.choice(_ACCURACY_M)
        off = (self.draw.gauss(0.0, accuracy_m / 3) for _ in range(2))
        lat, lon = moved(lat, lon, *off)
        speed_kmh = round(share * float(self.streets.network.length_m[edge]) * 3.6)
        told_m = None if self.draw.random() < self.keeping.no_accuracy else accuracy_m
        ahead_s = _FUTURE_S if self.draw.random() < self.keeping.future_fix else 0
        told_deg = float(round(course) % 360) if speed_kmh else None
        return Report(self.duty.callsign, fixed_s + ahead_s, received_s, lat, lon, told_m, told_deg, float(speed_kmh))
