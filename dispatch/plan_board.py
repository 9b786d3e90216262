"""What a plan of several incidents rests on: who may go to which incident, how soon, and what each incident needs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dispatch.eligibility import PLACELESS, Failure, Question, failures_of, on_duty
from dispatch.eta import accuracy_m, mobilisation
from dispatch.force import Force, Tag
from dispatch.model import Fix, Incident, Picture, Unit
from dispatch.recommendation import Target
from dispatch.targets import lateness, target_of
from graphs.network import Network
from graphs.router import Router, Vehicles
from graphs.routing import Routing
from graphs.times import MS_PER_S

Longs = NDArray[np.int64]
Flags = NDArray[np.bool_]
# In place of a time that is not known, or of a way that is not there.
NO_TIME = -1
# Nobody knows when a unit frees up for what is left waiting: it is weighed as though one were there in an hour.
LEFT_WAITING_MS = 3_600_000


class Board:
    """The units and the open incidents of a picture, each by its row: units by callsign, incidents by rank and name.

    Parameters
    ----------
    picture, network, force
        As `recommend` has them.
    roads
        Returns the router of a profile.
    """

    def __init__(self, picture: Picture, network: Network, force: Force, roads: Callable[[str], Routing]) -> None:
        self.now, self.force, self._network, self._roads = picture.now, force, network, roads
        self.units = tuple(sorted(picture.units, key=lambda unit: unit.callsign))
        self.incidents = tuple(
            sorted(picture.incidents, key=lambda item: (force.grade(item.grade).rank, item.incident_id))
        )
        self.row_of = {item.incident_id: row for row, item in enumerate(self.incidents)}
        self._fleets: dict[str, _Fleet] = {}
        self._times: dict[int, Longs] = {}
        self._relief_times: dict[int, Longs] = {}
        self._tags = [[force.tags[name] for name in sorted(item.tags & force.tags.keys())] for item in self.incidents]
        self._failed: dict[Incident, list[tuple[Failure, ...]]] = {}
        self._allowed: dict[int, Flags] = {}

    @cached_property
    def grades(self) -> list[list[int]]:
        """Rows of the incidents that somebody is to go to, most urgent grade first."""
        by_rank: dict[int, list[int]] = {}
        for row, item in enumerate(self.incidents):
            grade = self.force.grade(item.grade)
            if grade.deploys:
                by_rank.setdefault(grade.rank, []).append(row)
        return [by_rank[rank] for rank in sorted(by_rank)]

    @cached_property
    def placeable(self) -> Flags:
        """Which incidents are inside the road network; no time is known to the others."""
        return np.array([self._network.contains(item.lat, item.lon) for item in self.incidents], bool)

    @cached_property
    def committed(self) -> list[list[int]]:
        """Rows of the units on duty that are committed to each incident."""
        found: list[list[int]] = [[] for _ in self.incidents]
        for row, unit in enumerate(self.units):
            incident = self.row_of.get(unit.incident_id or "")
            if incident is not None and not any(on_duty(self._question(unit, self.incidents[incident]))):
                found[incident].append(row)
        return found

    @cached_property
    def bound(self) -> Flags:
        """Which units are committed to anything."""
        return np.array([unit.committed for unit in self.units], bool)

    @cached_property
    def targets(self) -> list[Target]:
        """The target of each incident."""
        return [target_of(item, self.force, self.now) for item in self.incidents]

    def needed(self, incident: int) -> int:
        """Return how many units an incident needs."""
        return max(self.incidents[incident].units_needed, 1)

    def short(self, incident: int, coming: Sequence[int]) -> tuple[int, int]:
        """Return how many units, and how many people of any one tag, are missing where some units come."""
        people = max((self.short_of(tag, coming) for tag in self._tags[incident]), default=0)
        return max(self.needed(incident) - len(coming), 0), people

    def short_of(self, tag: Tag, coming: Sequence[int]) -> int:
        """Return how many people a tag's crew is short of; so many units as will do instead are enough."""
        if tag.crew is None or (tag.or_units is not None and len(coming) >= tag.or_units):
            return 0
        # As in a single suggestion, a crew that is not known counts as one officer: somebody is driving.
        people = tag.crew - sum(self.units[row].crew or 1 for row in coming)
        units = people if tag.or_units is None else tag.or_units - len(coming)
        return max(min(people, units), 0)

    def time_ms(self, incident: int) -> Longs:
        """Return the time of each unit to an incident, mobilisation included.

        `NO_TIME` where no road leads there, and for units that neither may be sent there nor are committed to it.
        """
        if incident not in self._times:
            self.look_to([incident])
        return self._times[incident]

    def look_to(self, incidents: Iterable[int]) -> None:
        """Work out the times to several incidents together."""
        new = [row for row in incidents if row not in self._times]
        self._times |= self._times_to(new, self._concerned(new, np.ones(len(self.units), bool)))

    def relief_times_ms(self, incidents: Iterable[int]) -> dict[int, Longs]:
        """Return the times that count where units take over from others: `NO_TIME` also for most who are committed."""
        new = [row for row in incidents if row not in self._times and row not in self._relief_times]
        self._relief_times |= self._times_to(new, self._concerned(new, ~self.bound))
        return self._relief_times | self._times

    def _concerned(self, incidents: Sequence[int], among: Flags) -> Flags:
        """Return the units that may be sent to one of some incidents, or are committed to it."""
        asked = np.zeros(len(self.units), bool)
        for row in incidents:
            asked |= self.allowed(row) & among
            asked[self.committed[row]] = True
        return asked

    def drive_ms(self, unit: int, time_ms: int) -> int:
        """Return the time that a unit still needs to an incident that it is committed to, from its time if sent now."""
        waits_ms = mobilisation(self._question(self.units[unit], self.incidents[0])) * MS_PER_S
        return time_ms if time_ms == NO_TIME or not self.under_way(unit) else time_ms - waits_ms

    def lateness(self, incident: int) -> tuple[Longs, int]:
        """Return what an incident's lateness weighs by each unit, and where it is left waiting."""
        times_ms = np.append(np.maximum(self.time_ms(incident), 0), LEFT_WAITING_MS)
        told = lateness(self.targets[incident], self.now, times_ms)
        return told[:-1], int(told[-1])

    def eligible(self, incident: int) -> Flags:
        """Return which units no rule keeps from being sent to an incident."""
        able: Flags = self.allowed(incident) & (self.time_ms(incident) != NO_TIME)
        return able

    def allowed(self, incident: int) -> Flags:
        """Return what `eligible` does, but for those that no road leads there."""
        if incident not in self._allowed:
            mine = self.incidents[incident].incident_id
            told = zip(self.units, self._failures(incident), strict=True)
            self._allowed[incident] = np.array([not failed and unit.incident_id != mine for unit, failed in told], bool)
        return self._allowed[incident]

    def rules(self, incident: int) -> dict[str, int]:
        """Return how many units fail each rule for an incident; one that fails two counts twice."""
        counted: Counter[str] = Counter()
        mine = self.incidents[incident].incident_id
        times_ms = self._times_to([incident], np.ones(len(self.units), bool))[incident]
        for row, failed in enumerate(self._failures(incident)):
            rules = {failure.rule for failure in failed}
            if self.units[row].incident_id == mine:
                rules.add("committed")
            if times_ms[row] == NO_TIME and not rules & PLACELESS:
                rules.add("unreachable" if self._inside(self.units[row]) else "outside_area")
            counted.update(rules)
        return dict(sorted(counted.items()))

    def under_way(self, unit: int) -> bool:
        """Tell whether a unit says that it is driving to its incident."""
        status = self.force.statuses.get(self.units[unit].status or "")
        return status is not None and (status.step == "en_route" or status.deployable == "towards_higher_grade")

    @cached_property
    def relievable(self) -> Flags:
        """Which units are on their way, or assigned and not yet off, and were left alone for long enough."""
        return np.array([self._may_be_relieved(row) for row in range(len(self.units))], bool)

    def _may_be_relieved(self, unit: int) -> bool:
        told, status = self.units[unit], self.force.statuses.get(self.units[unit].status or "")
        waiting = status is not None and status.deployable == "yes"
        hold = timedelta(seconds=self.force.diversion.hold_s)
        # Where it is not known since when, it may have been just now.
        held = self.now - told.assigned_at < hold if told.assigned_at is not None else bool(hold)
        return told.incident_id is not None and (waiting or self.under_way(unit)) and not held

    def _inside(self, unit: Unit) -> bool:
        return unit.fix is not None and self._network.contains(unit.fix.lat, unit.fix.lon)

    def _failures(self, incident: int) -> list[tuple[Failure, ...]]:
        """Return every unit's failed rules, but for its being assigned to this very incident; alike incidents once."""
        item = self.incidents[incident]
        alike = replace(item, lat=0.0, lon=0.0, incident_id="", received_at=None, type=None, units_needed=1)
        if alike not in self._failed:
            self._failed[alike] = failures_of([self._question(unit, alike) for unit in self.units])
        return self._failed[alike]

    def _question(self, unit: Unit, incident: Incident) -> Question:
        theirs = self.row_of.get(unit.incident_id or "")
        grade = None if theirs is None else self.incidents[theirs].grade
        return Question(unit, incident, self.now, self.force, grade)

    def _times_to(self, incidents: Sequence[int], units: Flags) -> dict[int, Longs]:
        by_profile: dict[str, list[int]] = {}
        for row in incidents:
            if self.placeable[row]:
                by_profile.setdefault(self.force.grade(self.incidents[row].grade).profile, []).append(row)
        found = {row: np.full(len(self.units), NO_TIME, np.int64) for row in incidents}
        for profile, rows in by_profile.items():
            told = self._fleet(profile).only(units).times([self.incidents[row] for row in rows])
            found |= {row: told[:, column] for column, row in enumerate(rows)}
        return found

    def _fleet(self, profile: str) -> _Fleet:
        if profile not in self._fleets:
            self._fleets[profile] = self._placed(self._roads(profile))
        return self._fleets[profile]

    def _placed(self, router: Routing) -> _Fleet:
        # Whether a unit has a place does not depend on the incident.
        placeless = (any(one.rule in PLACELESS for one in failed) for failed in self._failures(0))
        known = zip(self.units, placeless, strict=True)
        rows = [row for row, (unit, lost) in enumerate(known) if not lost and self._inside(unit)]
        questions = [self._question(self.units[row], self.incidents[0]) for row in rows]
        reports = [(item, item.unit.fix) for item in questions if item.unit.fix is not None]
        waits_ms = np.array([mobilisation(item) * MS_PER_S for item in questions], np.int64)
        return _Fleet(router, len(self.units), np.array(rows, np.int64), reports, waits_ms)


@dataclass(frozen=True, eq=False)
class _Fleet:
    """The units that have a place on the roads of one profile."""

    router: Routing
    count: int
    rows: Longs
    reports: list[tuple[Question, Fix]]
    waits_ms: Longs

    def only(self, units: Flags) -> _Fleet:
        """Return the fleet of some of the units."""
        kept = np.flatnonzero(units[self.rows])
        return replace(
            self, rows=self.rows[kept], reports=[self.reports[row] for row in kept], waits_ms=self.waits_ms[kept]
        )

    def times(self, incidents: Sequence[Incident]) -> Longs:
        """Return the time of every unit to some incidents."""
        found = np.full((self.count, len(incidents)), NO_TIME, np.int64)
        driven = self._driven(incidents)
        found[self.rows] = np.where(driven < 0, NO_TIME, driven + self.waits_ms[:, None])
        return found

    def _driven(self, incidents: Sequence[Incident]) -> Longs:
        router = self.router
        places = [router.approaches(item.lat, item.lon, on_road=item.on_road) for item in incidents]
        if isinstance(router, Router):
            return router.times(self._vehicles(router), places).time_ms
        spots = [
            router.spots(fix.lat, fix.lon, fix.course_deg, fix.speed_kmh, accuracy_m(question, fix))
            for question, fix in self.reports
        ]
        legs = [[router.best(each, place) for place in places] for each in spots]
        told = [[-1 if leg is None else leg.time_ms for leg in row] for row in legs]
        return np.array(told, np.int64).reshape(len(spots), len(places))

    def _vehicles(self, router: Router) -> Vehicles:
        told = [
            (
                fix.lat,
                fix.lon,
                math.nan if fix.course_deg is None else fix.course_deg,
                math.nan if fix.speed_kmh is None else fix.speed_kmh,
                accuracy_m(question, fix),
            )
            for question, fix in self.reports
        ]
        lat, lon, course_deg, speed_kmh, radius_m = np.array(told, np.float64).reshape(-1, 5).T.copy()
        return router.vehicles_at(list(zip(lat.tolist(), lon.tolist(), strict=True)), course_deg, speed_kmh, radius_m)
