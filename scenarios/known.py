"""What was known at a moment of the past: the facts of a record that had been entered by then.

Every rule here says when a fact counts as known; docs/audit.md lists them for those who read a report.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import accumulate, islice
from typing import Any, Final, NamedTuple

import numpy as np

from dispatch.force import Force
from dispatch.model import Fix, Incident, Picture, Unit
from graphs.closures import closures_of
from graphs.conditions import NO_CONDITIONS, Conditions
from graphs.network import Network
from scenarios.evidence import Evidence
from scenarios.past import PastAssignment, PastDuty, PastIncident, PastStatus, amended
from scenarios.past_fixes import microseconds

NEVER_US: Final = np.iinfo(np.int64).max
ALWAYS_US: Final = -NEVER_US
_US_PER_S: Final = 1_000_000


def known_us(happened: datetime, entered: datetime | None) -> int:
    """Return since when something counts as known: when it was entered, and never before it happened."""
    return microseconds(happened if entered is None else max(happened, entered))


@dataclass(frozen=True, slots=True)
class Bond:
    """An assignment as the others saw it: from when to when its unit was known to be busy, in microseconds."""

    assignment: PastAssignment
    from_us: int
    until_us: int


@dataclass(frozen=True, slots=True)
class _Duty:
    """A duty, from when on it was known, and since when what its callsign reported is its own."""

    duty: PastDuty
    start_us: int
    end_us: int
    known_us: int
    since_us: int


class _State(NamedTuple):
    """All that a unit of a picture is made of."""

    name: str
    duty: _Duty | None
    status: PastStatus | None
    fix_row: int
    bond: PastAssignment | None
    grade: str | None
    stands_in_us: int


class _Callsign:
    """All that the record has of one callsign, ready to be asked about any moment."""

    def __init__(self, name: str, evidence: Evidence, bonds: Sequence[Bond], fixes_row: int | None) -> None:
        self.name, self.fixes_row = name, fixes_row
        self.duties = _duties(name, evidence)
        self._starts = [each.start_us for each in self.duties]
        self._statuses = evidence.statuses.get(name, ())
        self._at_us = [microseconds(each.at) for each in self._statuses]
        self._entered_us = [known_us(each.at, each.entered_at) for each in self._statuses]
        self._bonds = sorted(bonds, key=lambda bond: (bond.from_us, bond.assignment.incident_id))
        self._bound_us = [bond.from_us for bond in self._bonds]
        self._last_us = list(accumulate((bond.until_us for bond in self._bonds), max))

    def duty(self, at_us: int) -> _Duty | None:
        """Return the duty at a moment; of several the one that started last, as after a change of crew."""
        for row in range(bisect_right(self._starts, at_us) - 1, -1, -1):
            duty = self.duties[row]
            if at_us < duty.end_us and duty.known_us <= at_us:
                return duty
        return None

    def status(self, since_us: int, at_us: int) -> PastStatus | None:
        """Return the newest status before a moment that was known by then."""
        for row in range(bisect_left(self._at_us, at_us) - 1, -1, -1):
            if self._at_us[row] < since_us:
                return None
            if self._entered_us[row] <= at_us:
                return self._statuses[row]
        return None

    def bond(self, at_us: int, but: str) -> PastAssignment | None:
        """Return what the unit is busy with at a moment, apart from one incident."""
        for row in range(bisect_left(self._bound_us, at_us) - 1, -1, -1):
            if self._last_us[row] <= at_us:
                return None
            bond = self._bonds[row]
            if at_us < bond.until_us and bond.assignment.incident_id != but:
                return bond.assignment
        return None


class Known:
    """What was known at any moment of a record.

    Parameters
    ----------
    evidence
        The record.
    network
        The roads; None where only straight lines are asked for.
    extra
        One more unit and ``(lat, lon)`` where it always stands; None for no more.
    """

    def __init__(
        self, evidence: Evidence, network: Network | None = None, extra: tuple[Unit, tuple[float, float]] | None = None
    ) -> None:
        self._evidence, self._network, self._extra = evidence, network, extra
        self.force, self.assume = evidence.force, evidence.manifest.assume
        self.incidents: Mapping[str, PastIncident] = {each.incident_id: each for each in evidence.incidents}
        fixes = evidence.fixes
        bonds = _bonds(evidence, self.incidents, self.force) if self.assume.commitments == "recorded" else {}
        names = _callsigns(evidence)
        self._callsigns = {
            name: _Callsign(name, evidence, bonds.get(name, ()), fixes.row_of.get(name)) for name in names
        }
        self._made = dict[str, tuple[_State, Unit]]()
        self._closures = _Closures(evidence.closures, network)

    def incident(self, past: PastIncident, at: datetime) -> Incident:
        """Return an incident as it was known at a moment.

        Raises
        ------
        ValueError
            It has no place, or no grade was known.
        """
        grade, graded_at = self.grade(past, at)
        past = self.as_known(past, at)
        if past.lat is None or past.lon is None or grade is None:
            raise ValueError(f"incident {past.incident_id} has no place or no grade")
        return Incident(
            lat=past.lat,
            lon=past.lon,
            grade=grade,
            incident_id=past.incident_id,
            received_at=past.received_at,
            type=past.type,
            tags=past.tags,
            needs=past.needs,
            units_needed=past.units_needed,
            sector=past.sector,
            on_road=bool(past.on_road),
            graded_at=graded_at,
        )

    def grade(self, past: PastIncident, at: datetime) -> tuple[str | None, datetime]:
        """Return the grade that an incident was known to have at a moment, and since when."""
        for change in reversed(self._evidence.regrades.get(past.incident_id, ())):
            if change.at <= at and (change.entered_at is None or change.entered_at <= at):
                return change.grade, change.at
        return past.grade, past.received_at

    def as_known(self, past: PastIncident, at: datetime) -> PastIncident:
        """Return an incident as it was known at a moment, but for its grade."""
        told = self._evidence.amendments.get(past.incident_id, ())
        return amended(past, (one for one in told if one.at <= at and (one.entered_at is None or one.entered_at <= at)))

    def conditions(self, at: datetime) -> Conditions:
        """Return the closures that were known at a moment."""
        return self._closures.known(microseconds(at))

    def picture(self, at: datetime, but: str = "", sent: Iterable[str] = ()) -> Picture:
        """Return what was known at a moment.

        Parameters
        ----------
        but
            An incident whose own assignments are left out.
        sent
            Callsigns that stand in the picture even where no duty of theirs is known.
        """
        at_us, asked = microseconds(at), frozenset(sent)
        there = [(each, each.duty(at_us)) for each in self._callsigns.values()]
        on_duty = [(each, duty) for each, duty in there if duty is not None or each.name in asked]
        rows = self._fix_rows(on_duty, at_us)
        found = [self._state(each, duty, row, at, at_us, but) for (each, duty), row in zip(on_duty, rows, strict=True)]
        units = self._units(found, at)
        bound = sorted({state.bond.incident_id for state in found if state.bond is not None})
        if self._extra is not None:
            unit, place = self._extra
            units.append(replace(unit, fix=Fix(*place, at, 0.0)))
        return Picture(at, tuple(units), tuple(self._left(bound, at)))

    def _fix_rows(self, on_duty: Sequence[tuple[_Callsign, _Duty | None]], at_us: int) -> list[int]:
        rows = [-1 if each.fixes_row is None else each.fixes_row for each, _ in on_duty]
        since = [ALWAYS_US if duty is None else duty.since_us for _, duty in on_duty]
        found, asked = np.full(len(rows), -1, np.int64), np.array(rows, np.int64)
        told, ahead_us = asked >= 0, round(self.force.fixes.future_tolerance_s * _US_PER_S)
        found[told] = self._evidence.fixes.newest(asked[told], np.array(since, np.int64)[told], at_us, ahead_us)
        listed: list[int] = found.tolist()
        return listed

    def _state(self, each: _Callsign, duty: _Duty | None, fix_row: int, at: datetime, at_us: int, but: str) -> _State:
        bond = each.bond(at_us, but)
        status = each.status(ALWAYS_US if duty is None else duty.since_us, at_us)
        past = None if bond is None else self.incidents.get(bond.incident_id)
        grade = None if past is None else self.grade(past, at)[0]
        stands_in = each.fixes_row is None and bond is None and self.assume.positions == "stations"
        return _State(each.name, duty, status, fix_row, bond, grade, at_us if stands_in else 0)

    def _units(self, found: Sequence[_State], at: datetime) -> list[Unit]:
        """Return the units that states describe; one that is as it was before is the same value."""
        new = [state for state in found if state.name not in self._made or self._made[state.name][0] != state]
        rows = [state.fix_row for state in new if state.fix_row >= 0]
        fixes = iter(self._evidence.fixes.fixes(np.array(rows, np.int64)))
        for state in new:
            fix = next(fixes) if state.fix_row >= 0 else self._home(state, at)
            self._made[state.name] = (state, self._unit(state, fix))
        return [self._made[state.name][1] for state in found]

    def _home(self, state: _State, at: datetime) -> Fix | None:
        """Return where a unit stands that is at its station, where stations stand in for positions."""
        home = None if state.duty is None else state.duty.duty.home
        return Fix(*home, at, self.assume.station_accuracy_m) if state.stands_in_us and home is not None else None

    def _unit(self, state: _State, fix: Fix | None) -> Unit:
        duty, bond = state.duty, state.bond
        told = PastDuty(state.name, self._evidence.manifest.start) if duty is None else duty.duty
        assumed = self.assume.status if bond is None else None
        always = duty is None or self.assume.duties == "always"
        return Unit(
            callsign=state.name,
            status=assumed if state.status is None else state.status.status,
            fix=fix,
            crew=self.assume.crew if told.crew is None else told.crew,
            skills=told.skills,
            sector=told.sector,
            duty_start=None if always else told.start,
            duty_end=None if always else told.end,
            incident_id=None if bond is None else bond.incident_id,
            committed_grade=state.grade,
            assigned_at=None if bond is None else bond.assigned_at,
        )

    def _left(self, bound: Iterable[str], at: datetime) -> Iterator[Incident]:
        """Yield the incidents that units are busy with, as far as they have a place and a grade of the force."""
        for incident_id in bound:
            past = self.incidents.get(incident_id)
            if past is None or self.grade(past, at)[0] not in self.force.grades:
                continue
            if self.as_known(past, at).lat is None:
                continue
            incident = self.incident(past, at)
            yield replace(incident, tags=incident.tags & self.force.tags.keys())


def _callsigns(evidence: Evidence) -> list[str]:
    assigned = {each.callsign for group in evidence.assignments.values() for each in group}
    return sorted(assigned | evidence.duties.keys() | evidence.statuses.keys() | set(evidence.fixes.callsigns))


def _duties(name: str, evidence: Evidence) -> list[_Duty]:
    """Return the duties of a callsign by their start; one for all of the period where that is assumed."""
    told = evidence.duties.get(name, ())
    if evidence.manifest.assume.duties == "always":
        return [
            _Duty(
                told[0] if told else PastDuty(name, evidence.manifest.start), ALWAYS_US, NEVER_US, ALWAYS_US, ALWAYS_US
            )
        ]
    found, ends = list[_Duty](), list[int]()
    for duty in told:
        start_us = microseconds(duty.start)
        end_us = NEVER_US if duty.end is None else microseconds(duty.end)
        since_us = max((end for end in ends if end <= start_us), default=ALWAYS_US)
        entered_us = ALWAYS_US if duty.entered_at is None else microseconds(duty.entered_at)
        found.append(_Duty(duty, start_us, end_us, entered_us, since_us))
        ends.append(end_us)
    return found


def _bonds(evidence: Evidence, incidents: Mapping[str, PastIncident], force: Force) -> dict[str, list[Bond]]:
    """Return the assignments of each callsign, and when each was known to be over."""
    by_callsign = dict[str, list[PastAssignment]]()
    for group in evidence.assignments.values():
        for each in group:
            by_callsign.setdefault(each.callsign, []).append(each)
    told = dict[str, list[Bond]]()
    for callsign, sent in by_callsign.items():
        ordered = sorted(sent, key=lambda one: (one.assigned_at, one.incident_id))
        told[callsign] = [
            Bond(each, known_us(each.assigned_at, each.entered_at), until_us)
            for each, until_us in zip(ordered, _ends_us(ordered, evidence, incidents, force), strict=True)
        ]
    return told


def _ends_us(
    ordered: Sequence[PastAssignment], evidence: Evidence, incidents: Mapping[str, PastIncident], force: Force
) -> Iterator[int]:
    """Yield, for each assignment of one callsign, when it was first known to be over by any sign of that."""
    callsign = ordered[0].callsign
    free = [
        each
        for each in evidence.statuses.get(callsign, ())
        if each.status in force.statuses and force.statuses[each.status].deployable == "yes"
    ]
    free_at = [each.at for each in free]
    duty_ends = sorted(each.end for each in evidence.duties.get(callsign, ()) if each.end is not None)
    for row, each in enumerate(ordered):
        if each.cleared_at is not None:
            yield known_us(each.cleared_at, each.entered_at)
            continue
        past, at = incidents.get(each.incident_id), each.assigned_at
        later = (one for one in ordered[row + 1 :] if one.incident_id != each.incident_id)
        signs = [known_us(one.assigned_at, one.entered_at) for one in islice(later, 1)]
        signs += [known_us(one.at, one.entered_at) for one in free[bisect_right(free_at, at) :][:1]]
        signs += [microseconds(end) for end in duty_ends[bisect_right(duty_ends, at) :][:1]]
        if past is not None and past.closed_at is not None:
            signs.append(microseconds(past.closed_at))
        yield min(signs, default=NEVER_US)


class _Closures:
    """The closures of a record, and which of them were known when."""

    def __init__(self, features: Sequence[Mapping[str, Any]], network: Network | None) -> None:
        self._features, self._network = features, network
        self._conditions = lru_cache(maxsize=8)(self._conditions_of)

    def known(self, at_us: int) -> Conditions:
        if not self._features or self._network is None:
            return NO_CONDITIONS
        known = (
            (row, _is_known(feature, "lifted_entered_at", at_us))
            for row, feature in enumerate(self._features)
            if _is_known(feature, "entered_at", at_us)
        )
        return self._conditions(tuple(known))

    def _conditions_of(self, known: tuple[tuple[int, bool], ...]) -> Conditions:
        features = [_as_known(self._features[row], lifted=lifted) for row, lifted in known]
        if not features or self._network is None:
            return NO_CONDITIONS
        document = {"type": "FeatureCollection", "features": features}
        return closures_of(document, self._network, "closures.geojson")


def _is_known(feature: Mapping[str, Any], name: str, at_us: int) -> bool:
    """Tell whether an entry of a closure was made by a moment; one without a time always was."""
    entered = feature.get(name)
    return entered is None or microseconds(datetime.fromisoformat(entered)) <= at_us


def _as_known(feature: Mapping[str, Any], *, lifted: bool) -> dict[str, Any]:
    """Return a closure without what was not known: that it would be lifted."""
    properties = dict(feature.get("properties") or {})
    if not lifted:
        properties.pop("to", None)
    return {"type": "Feature", "geometry": feature.get("geometry"), "properties": properties}
