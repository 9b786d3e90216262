"""What `dispatch.recommend` suggests, without the ledger: for who asks a million times, such as a simulation.

The rules, the choice of who goes together and the engine are the same; what is spared is to tell a person why. Units
that the rules do not tell apart are of one kind and judged once, nobody is put on the road who may not be sent, and
times are found from the soonest on, as far as somebody looks.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from dispatch.force import Force
from dispatch.kinds import NOBODY, Kinds
from dispatch.model import Incident, Unit
from dispatch.suggest import suggest
from graphs.arrivals import Arrivals
from graphs.conditions import NO_CONDITIONS, Conditions
from graphs.crow import least_ms
from graphs.nearby import Mask
from graphs.network import Floats, Longs, Network
from graphs.router import Router
from graphs.snapping import Approach
from graphs.times import COST_BITS, NEVER, time_of

# In place of a time that is not known, or of a way that is not there.
NO_TIME: Final = -1
# How many of those who may be the soonest are looked at first; then at most twice as many more, and so on: to ask again
# takes longer than to look at a few too many.
FIRST_LOOK: Final = 16


class Board:
    """The units as columns, which may be written to between two questions; all fixes are new.

    Parameters
    ----------
    callsigns
        Of the rows, in their order: equal times go by row, as they go by callsign in a ledger.
    force
        Its default accuracy holds for all fixes.

    Attributes
    ----------
    kind : (n,) int64
        See `Kinds`; `NOBODY` for a row that is not on duty.
    lat, lon : (n,) float64
        WGS 84 degrees.
    course_deg, speed_kmh : (n,) float64
        NaN where it is not known.
    accuracy_m : (n,) float64
    """

    def __init__(self, callsigns: Sequence[str], force: Force) -> None:
        if any(later < before for before, later in pairwise(callsigns)):
            raise ValueError("the callsigns are not in order")
        count = len(callsigns)
        self.kind: Longs = np.full(count, NOBODY, np.int64)
        self.lat, self.lon = np.zeros(count), np.zeros(count)
        self.course_deg, self.speed_kmh = np.full(count, np.nan), np.full(count, np.nan)
        self.accuracy_m = np.full(count, force.fixes.default_accuracy_m)

    def reports(self, rows: Longs) -> tuple[Floats, ...]:
        """Return the reports of some rows, as `Router.spots_of` takes them."""
        columns = (self.lat, self.lon, self.course_deg, self.speed_kmh, self.accuracy_m)
        return tuple(column[rows] for column in columns)


class Line(NamedTuple):
    """A unit that may be sent, or is coming: its row, one of its kind, and how soon it is there.

    Parameters
    ----------
    time_ms
        Mobilisation included; None where none can be told.
    """

    row: int
    unit: Unit
    time_ms: int | None

    @property
    def order(self) -> tuple[bool, int, int]:
        """Sort key: by time, units without a time last, ties by row."""
        return self.time_ms is None, self.time_ms or 0, self.row


@dataclass(frozen=True, slots=True)
class Suggested:
    """Who to send together, the soonest first, and what they and those coming do not meet."""

    lines: tuple[Line, ...]
    unmet: tuple[str, ...]


class Shortlist:
    """Who may be sent to an incident, soonest first; made by `Brief.shortlist`, read before the board is written to.

    Parameters
    ----------
    incident, force, kinds, board
        What it is about.
    router, approaches
        The roads as they are at that moment, and where the incident can be reached from.
    ways
        The ways there from everywhere.
    allowed : (n,) bool
        The rows that no rule keeps from being sent, wherever they are.
    coming
        The rows on duty that are bound to the incident already.
    """

    def __init__(
        self,
        incident: Incident,
        force: Force,
        kinds: Kinds,
        board: Board,
        router: Router,
        approaches: tuple[Approach, ...],
        ways: Arrivals,
        allowed: Mask,
        coming: tuple[int, ...],
    ) -> None:
        self.incident, self.force, self._kinds, self._board = incident, force, kinds, board
        self.router, self.approaches, self.ways = router, approaches, ways
        self.allowed, self.coming = allowed, coming
        self._found: list[tuple[int, int]] = []
        self._sure = self._looked_at = 0

    def only(self, among: Mask) -> Shortlist:
        """Return the list of those who are among some of the rows; who is coming stays.

        Parameters
        ----------
        among : (n,) bool
        """
        about = self.incident, self.force, self._kinds, self._board
        return Shortlist(*about, self.router, self.approaches, self.ways, self.allowed & among, self.coming)

    def __iter__(self) -> Iterator[Line]:
        """Yield who may be sent, soonest first; they are looked for as far as somebody asks."""
        place = 0
        while place < self._sure or self._look_further():
            time_ms, row = self._found[place]
            yield self._line(row, time_ms)
            place += 1

    @property
    def first(self) -> Line | None:
        """The nearest that may be sent."""
        return next(iter(self), None)

    def times_ms(self) -> Longs:
        """(n,) the time of every row that may be sent, mobilisation included; `NO_TIME` for all others."""
        found = np.full(len(self.allowed), NO_TIME, np.int64)
        rows = self._inside(np.flatnonzero(self.allowed))
        costs = self._costs(rows)
        found[rows] = np.where(costs < NEVER, costs >> COST_BITS, NO_TIME)
        return found

    def suggested(self) -> Suggested:
        """Choose who goes."""
        lines, unmet = suggest(self, self.incident, self.force, self.coming_lines())
        return Suggested(tuple(lines), tuple(unmet))

    def _look_further(self) -> bool:
        """Look at more rows until it is sure who is next, and tell whether there is anybody."""
        rows, bound_ms = self._by_least
        known = self._sure
        while self._sure == known and self._looked_at < len(rows):
            start, self._looked_at = self._looked_at, self._enough()
            found = rows[start : self._looked_at]
            costs = self._costs(found)
            there = costs < NEVER
            self._found += zip((costs[there] >> COST_BITS).tolist(), found[there].tolist(), strict=True)
            self._found.sort()
            # Who is left may come at the same time, and before by row.
            next_ms = bound_ms[self._looked_at] if self._looked_at < len(rows) else NEVER
            self._sure = bisect_left(self._found, (next_ms,))
        return self._sure > known

    def _enough(self) -> int:
        """Return how many rows to look at: those who may come before the soonest who is not sure, but not too many."""
        looked_at, (_, bound_ms) = self._looked_at, self._by_least
        most = looked_at + max(FIRST_LOOK, 2 * looked_at)
        if self._sure == len(self._found):
            return most
        needed = int(np.searchsorted(bound_ms, self._found[self._sure][0], side="right"))
        return min(max(needed, looked_at + FIRST_LOOK // 2), most)

    @cached_property
    def _by_least(self) -> tuple[Longs, Longs]:
        """The rows inside the area that may be sent and milliseconds that they cannot beat, the least first."""
        rows, board = self._inside(np.flatnonzero(self.allowed)), self._board
        place = self.incident.lat, self.incident.lon
        reports = board.lat[rows], board.lon[rows], board.accuracy_m[rows]
        least = least_ms(self.router.edge_times, place, self.approaches, *reports)
        least += self._kinds.ready_ms[board.kind[rows]]
        order = np.argsort(least, kind="stable")
        return rows[order], least[order]

    def _inside(self, rows: Longs) -> Longs:
        return rows[self.router.inside(self._board.lat[rows], self._board.lon[rows])]

    def _costs(self, rows: Longs) -> Longs:
        """Return the costs of the ways of some rows, all inside the area, moving off included."""
        board = self._board
        spots = self.router.spots_of(*board.reports(rows))
        starts = self.router.vehicles_on(spots.later(self._kinds.ready_ms[board.kind[rows]])).starts
        return self.ways.costs(starts)

    def coming_lines(self) -> list[Line]:
        """Return the lines of who is coming; without a time where none can be told."""
        if not self.coming:
            return []
        rows = self._inside(np.array(self.coming, np.int64))
        costs = dict(zip(rows.tolist(), self._costs(rows).tolist(), strict=True))
        there = [costs.get(row, NEVER) for row in self.coming]
        told_ms = [time_of(cost) if cost < NEVER else None for cost in there]
        return [self._line(row, time_ms) for row, time_ms in zip(self.coming, told_ms, strict=True)]

    def _line(self, row: int, time_ms: int | None) -> Line:
        return Line(row, self._kinds.unit(int(self._board.kind[row])), time_ms)


class Brief:
    """Answers in brief, under one force's rules on one network.

    Parameters
    ----------
    network, force, conditions
        As `recommend` has them.

    Attributes
    ----------
    kinds
        Those of the units that are asked about.
    """

    def __init__(self, network: Network, force: Force, conditions: Conditions = NO_CONDITIONS) -> None:
        self._network, self._force, self._conditions = network, force, conditions
        self.zone = ZoneInfo(force.time_zone)
        self.kinds = Kinds(force)

    def shortlist(self, board: Board, incident: Incident, now: datetime, bound: Sequence[int] = ()) -> Shortlist:
        """Return who may be sent to an incident.

        Parameters
        ----------
        board
            The units at that moment, of kinds of `kinds`.
        incident, now
            As `recommend` has them.
        bound
            The rows of the units that are bound to this incident already.

        Raises
        ------
        OutsideNetwork
            The incident is outside the network's area.
        InputError
            The incident's grade, a tag or a needed skill is not in the force profile.
        """
        allowed = self.kinds.may_go(incident)[board.kind]
        allowed[list(bound)] = False
        coming = tuple(row for row in bound if incident.incident_id and self.kinds.on_duty(int(board.kind[row])))
        profile = self._force.grade(incident.grade).profile
        router = Router(self._network, profile, self._conditions, now.astimezone(self.zone))
        approaches = router.approaches(incident.lat, incident.lon, on_road=incident.on_road)
        ways = router.arrivals(approaches)
        return Shortlist(incident, self._force, self.kinds, board, router, approaches, ways, allowed, coming)
