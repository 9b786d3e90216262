"""What was known at a moment of the past: the facts of a record that had been entered by then.

Every rule here says when a fact counts as known; docs/audit.md lists them for those who read a report.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import accumulate
from typing import Any, Final, NamedTuple

import numpy as np

from dispatch.model import Fix, Incident, Picture, Unit
from graphs.closures import closures_of
from graphs.conditions import NO_CONDITIONS, Conditions
from graphs.network import Network
from scenarios.busy import ALWAYS_US, BELIEVED_US, NEVER_US, Bond, Duty, bonds_of, duties_of, known_us
from scenarios.evidence import Evidence
from scenarios.past import PastAssignment, PastDuty, PastIncident, amended
from scenarios.past_fixes import microseconds

_US_PER_S: Final = 1_000_000


class _State(NamedTuple):
    """All that a unit of a picture is made of."""

    name: str
    duty: Duty | None
    status: str | None
    fix_row: int
    bond: PastAssignment | None
    grade: str | None
    stands_in_us: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What was known at a moment.

    Parameters
    ----------
    doubts
        By callsign, why it cannot be told whether the unit was free: ``same_moment``, it was sent elsewhere at that
        very moment; ``not_cleared``, it was sent long before, and neither an end of that nor anything of it since is
        recorded. In the picture it is free.
    """

    picture: Picture
    doubts: Mapping[str, str]


class _Doing(NamedTuple):
    """What a callsign did at a moment: its duty, its newest status and since when, and what it was busy with."""

    duty: Duty | None
    status: str | None
    reported_us: int
    bonds: tuple[Bond, ...]


class _Callsign:
    """All that the record has of one callsign, ready to be asked about any moment."""

    def __init__(self, name: str, evidence: Evidence, bonds: Sequence[Bond], fixes_row: int | None) -> None:
        self.name, self.fixes_row = name, fixes_row
        self.duties = duties_of(name, evidence)
        self._starts = [each.start_us for each in self.duties]
        self._statuses = evidence.statuses.get(name, ())
        self._at_us = [microseconds(each.at) for each in self._statuses]
        self._entered_us = [known_us(each.at, each.entered_at) for each in self._statuses]
        self._bonds = sorted(bonds, key=lambda bond: (bond.from_us, bond.assignment.incident_id))
        self._bound_us = [bond.from_us for bond in self._bonds]
        self._last_us = list(accumulate((bond.until_us for bond in self._bonds), max))
        self._sent = dict[int, set[str]]()
        for bond in bonds:
            self._sent.setdefault(bond.at_us, set()).add(bond.assignment.incident_id)
        self._turns_us = sorted(set(self._turning_points()))
        # Moments are mostly asked for in order: what held at one holds until something happens.
        self._kept, self._low_us, self._high_us = _Doing(None, None, ALWAYS_US, ()), NEVER_US, ALWAYS_US

    def _turning_points(self) -> Iterator[int]:
        """Yield every moment at which something about the callsign may change."""
        for duty in self.duties:
            yield from (duty.start_us, duty.known_us, duty.end_us, duty.ended_us)
        yield from (*self._at_us, *self._entered_us)
        for bond in self._bonds:
            yield from (bond.at_us, bond.from_us, bond.until_us, bond.at_us + BELIEVED_US)

    def doing(self, at_us: int) -> _Doing:
        """Return what it did at a moment, as far as that was known then."""
        if self._low_us < at_us < self._high_us:
            return self._kept
        duty = self._duty(at_us)
        since_us = ALWAYS_US if duty is None else duty.since_us
        found = _Doing(duty, *self._status(since_us, at_us), self._busy_with(since_us, at_us))
        row = bisect_right(self._turns_us, at_us)
        low_us = self._turns_us[row - 1] if row else ALWAYS_US
        if low_us != at_us:
            high_us = self._turns_us[row] if row < len(self._turns_us) else NEVER_US
            self._kept, self._low_us, self._high_us = found, low_us, high_us
        return found

    def _duty(self, at_us: int) -> Duty | None:
        """Return the duty at a moment; of several the one that started last, as after a change of crew."""
        for row in range(bisect_right(self._starts, at_us) - 1, -1, -1):
            if self.duties[row].covers(at_us):
                return self.duties[row]
        return None

    def _status(self, since_us: int, at_us: int) -> tuple[str | None, int]:
        """Return the newest status before a moment that was known by then, and when it was reported."""
        for row in range(bisect_left(self._at_us, at_us) - 1, -1, -1):
            if self._at_us[row] < since_us:
                break
            if self._entered_us[row] <= at_us:
                return self._statuses[row].status, self._at_us[row]
        return None, ALWAYS_US

    def _busy_with(self, since_us: int, at_us: int) -> tuple[Bond, ...]:
        """Return what the unit is busy with at a moment, the newest first."""
        found = list[Bond]()
        for row in range(bisect_right(self._bound_us, at_us) - 1, -1, -1):
            if self._last_us[row] <= at_us:
                break
            bond = self._bonds[row]
            if since_us <= bond.at_us < at_us < bond.until_us:
                found.append(bond)
        return tuple(found)

    def sent_elsewhere(self, at_us: int, but: Collection[str]) -> bool:
        """Tell whether it was sent to another incident at that very moment."""
        return any(incident_id not in but for incident_id in self._sent.get(at_us, ()))


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
        bonds = bonds_of(evidence, self.incidents, self.force) if self.assume.commitments == "recorded" else {}
        self._callsigns = {
            name: _Callsign(name, evidence, bonds.get(name, ()), fixes.row_of.get(name))
            for name in sorted(evidence.callsigns)
        }
        self._made = dict[str, tuple[_State, Unit]]()
        self._unchanging = dict[str, Incident | None]()
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
        grade, since = past.grade, past.received_at
        for change in self._evidence.regrades.get(past.incident_id, ()):
            known = change.at <= at and (change.entered_at is None or change.entered_at <= at)
            if known and change.grade != grade:
                grade, since = change.grade, change.at
        return grade, since

    def as_known(self, past: PastIncident, at: datetime) -> PastIncident:
        """Return an incident as it was known at a moment, but for its grade."""
        told = self._evidence.amendments.get(past.incident_id, ())
        return amended(past, (one for one in told if one.at <= at and (one.entered_at is None or one.entered_at <= at)))

    def conditions(self, at: datetime) -> Conditions:
        """Return the closures that were known at a moment."""
        return self._closures.known(microseconds(at))

    def picture(self, at: datetime, but: Collection[str] = (), sent: Iterable[str] = ()) -> Picture:
        """Return the picture of a moment; see `seen`."""
        return self.seen(at, but, sent).picture

    def seen(self, at: datetime, but: Collection[str] = (), sent: Iterable[str] = ()) -> Seen:
        """Return what was known at a moment.

        Parameters
        ----------
        but
            Incidents whose own assignments are left out.
        sent
            Callsigns that stand in the picture even where no duty of theirs is known.
        """
        at_us, asked, doubts = microseconds(at), frozenset(sent), dict[str, str]()
        there = [(each, each.doing(at_us)) for each in self._callsigns.values()]
        on_duty = [(each, doing) for each, doing in there if doing.duty is not None or each.name in asked]
        rows = self._fix_rows(on_duty, at_us)
        found = [
            self._state(each, doing, row, at, at_us, but, doubts)
            for (each, doing), row in zip(on_duty, rows, strict=True)
        ]
        units = self._units(found, at)
        bound = sorted({state.bond.incident_id for state in found if state.bond is not None})
        if self._extra is not None:
            unit, place = self._extra
            units.append(replace(unit, fix=Fix(*place, at, 0.0)))
        return Seen(Picture(at, tuple(units), tuple(self._left(bound, at))), doubts)

    def _fix_rows(self, on_duty: Sequence[tuple[_Callsign, _Doing]], at_us: int) -> list[int]:
        rows = [-1 if each.fixes_row is None else each.fixes_row for each, _ in on_duty]
        since = [ALWAYS_US if doing.duty is None else doing.duty.since_us for _, doing in on_duty]
        found, asked = np.full(len(rows), -1, np.int64), np.array(rows, np.int64)
        told, ahead_us = asked >= 0, round(self.force.fixes.future_tolerance_s * _US_PER_S)
        found[told] = self._evidence.fixes.newest(asked[told], np.array(since, np.int64)[told], at_us, ahead_us)
        listed: list[int] = found.tolist()
        return listed

    def _state(
        self,
        each: _Callsign,
        doing: _Doing,
        fix_row: int,
        at: datetime,
        at_us: int,
        but: Collection[str],
        doubts: dict[str, str],
    ) -> _State:
        duty, status, reported_us, all_bonds = doing
        bonds = [bond for bond in all_bonds if bond.assignment.incident_id not in but] if all_bonds else []
        believed = [bond for bond in bonds if _is_believed(bond, reported_us, at_us)] if bonds else bonds
        if bonds and not believed:
            doubts[each.name] = "not_cleared"
        if not believed and each.sent_elsewhere(at_us, but):
            doubts[each.name] = "same_moment"
        bond, grade = self._binding(believed, at)
        if reported_us == ALWAYS_US and bond is None:
            status = self.assume.status
        status = status if status is None or status in self.force.statuses else None
        stands_in = each.fixes_row is None and bond is None and self.assume.positions == "stations"
        return _State(each.name, duty, status, fix_row, bond, grade, at_us if stands_in else 0)

    def _binding(self, bonds: Sequence[Bond], at: datetime) -> tuple[PastAssignment | None, str | None]:
        """Return the assignment that binds most, and the grade of its incident: one of unknown grade binds most."""
        if not bonds:
            return None, None
        told = [(bond.assignment, self._grade_of(bond.assignment.incident_id, at)) for bond in bonds]
        return min(told, key=lambda each: self._rank(each[1]))

    def _rank(self, grade: str | None) -> int:
        return self.force.grades[grade].rank if grade is not None and grade in self.force.grades else -1

    def _grade_of(self, incident_id: str, at: datetime) -> str | None:
        past = self.incidents.get(incident_id)
        return None if past is None else self.grade(past, at)[0]

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
        always = duty is None or self.assume.duties == "always"
        return Unit(
            callsign=state.name,
            status=state.status,
            fix=fix,
            crew=self.assume.crew if told.crew is None else told.crew,
            skills=told.skills,
            sector=told.sector,
            duty_start=None if always else told.start,
            # Nobody knew yet of an end that was entered afterwards.
            duty_end=None if always or (duty is not None and duty.ended_us > duty.end_us) else told.end,
            incident_id=None if bond is None else bond.incident_id,
            committed_grade=state.grade,
            assigned_at=None if bond is None else bond.assigned_at,
        )

    def _left(self, bound: Iterable[str], at: datetime) -> Iterator[Incident]:
        """Yield the incidents that units are busy with, as far as they have a place and a grade of the force."""
        for incident_id in bound:
            if incident_id in self._unchanging:
                incident = self._unchanging[incident_id]
            else:
                incident = self._one_left(incident_id, at)
                if not (self._evidence.regrades.get(incident_id) or self._evidence.amendments.get(incident_id)):
                    self._unchanging[incident_id] = incident
            if incident is not None:
                yield incident

    def _one_left(self, incident_id: str, at: datetime) -> Incident | None:
        past = self.incidents.get(incident_id)
        if past is None or self.grade(past, at)[0] not in self.force.grades:
            return None
        if self.as_known(past, at).lat is None:
            return None
        incident = self.incident(past, at)
        return replace(incident, tags=incident.tags & self.force.tags.keys())


def _is_believed(bond: Bond, reported_us: int, at_us: int) -> bool:
    """Tell whether a unit counts as busy: not for ever where nothing says that it was, and nothing that it was not."""
    return bond.cleared or reported_us >= bond.at_us or at_us - bond.at_us <= BELIEVED_US


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
