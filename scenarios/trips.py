"""Drives of a record whose beginning and end are known, beside what the profile table predicts for them.

This is measurement: what was known when does not matter, but what happened does.
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np

from dispatch.model import Fix
from graphs.closures import closures_of
from graphs.conditions import NO_CONDITIONS, Conditions
from graphs.coordinates import distance_m
from graphs.errors import Fault, InputError, Unreachable
from graphs.legs import Leg
from graphs.network import Floats, Longs, Network
from graphs.profiles import Profiles
from graphs.router import Router
from graphs.tags import ROAD_CLASSES
from graphs.times import MS_PER_S, EdgeTimes
from scenarios.arrival import is_elsewhere
from scenarios.evidence import Evidence
from scenarios.past import PastAssignment, PastIncident
from scenarios.past_fixes import microseconds

_US_PER_S: Final = 1_000_000
# Shorter ways are mostly getting in and out of the vehicle; longer times have something other than driving in them.
SHORTEST_M: Final = 200.0
LONGEST_S: Final = 2 * 3600
# Why an assignment tells nothing of driving, in the order in which it is asked.
UNUSABLE: Final[Mapping[str, str]] = {
    "row_quarantined": "a row of the incident was not accepted",
    "no_place": "the incident has no place",
    "no_grade": "the incident has no grade that the force knows",
    "self_initiated": "an officer came upon it",
    "no_en_route": "no time of setting off",
    "no_arrival": "no arrival",
    "no_time": "no time, or less, between setting off and arriving",
    "too_long": "more than 2 h between setting off and arriving",
    "diverted": "the unit was sent elsewhere on the way",
    "no_fix": "no position report when the unit set off",
    "outside_network": "outside the road network",
    "too_near": "less than 200 m away when it set off",
    "not_there": "driving or over 500 m away after it said that it had arrived",
    "unreachable": "no road leads there",
}


@dataclass(frozen=True, eq=False)
class Trips:
    """Trips as columns of equal length, in the order of the record's incidents.

    Parameters
    ----------
    profiles
        The table that they are predicted by.
    incident, callsign
        Whose trip it is.
    started_us : (n,) int64
        When the unit set off, microseconds since 1970.
    profile, period : (n,) int64
        Rows of the table's ``names`` and ``periods``; -1 in no period.
    class_s : (n, classes) float64
        Predicted seconds of driving on each of `ROAD_CLASSES`.
    wait_s, walk_s : (n,) float64
        Predicted seconds at junctions and obstacles, turning round and leaving a yard; and on foot.
    actual_s : (n,) float64
        From setting off to arriving.
    funnel
        How many assignments there are, and how many tell nothing, by a key of `UNUSABLE`.
    records
        SHA-256 (hex) of the checksums of the record's files.
    """

    profiles: Profiles
    incident: tuple[str, ...]
    callsign: tuple[str, ...]
    started_us: Longs
    profile: Longs
    period: Longs
    class_s: Floats
    wait_s: Floats
    walk_s: Floats
    actual_s: Floats
    funnel: Mapping[str, int]
    records: str = ""

    def __len__(self) -> int:
        return len(self.incident)

    @property
    def predicted_s(self) -> Floats:
        """(n,) predicted seconds from setting off to arriving."""
        return np.asarray(self.class_s.sum(axis=1) + self.wait_s + self.walk_s)


@dataclass(frozen=True, slots=True)
class _Ends:
    """An assignment that may be a trip: where and when it began, and where and when it ended."""

    incident: PastIncident
    assignment: PastAssignment
    profile: str
    fix: Fix
    set_off: datetime
    actual_s: float


@dataclass(frozen=True, slots=True)
class _Driven:
    """A trip as the table predicts it."""

    ends: _Ends
    period: int
    class_s: Floats
    wait_s: float
    walk_s: float


def trips_of(evidence: Evidence, network: Network, some: Collection[str] | None = None) -> Trips:
    """Return every assignment of a record that tells how long a drive took.

    A trip runs from the unit's position when it set off (`Evidence.fixes`, no older than the force's ``fresh_s``; its
    home where stations stand in for positions) to the incident, by the soonest way under the table of the network and
    the closures in force, under the profile of the grade that the incident had.

    Parameters
    ----------
    evidence, network
        The record, and the roads with the table to predict by.
    some
        Only the assignments of these incidents; None for all.

    Raises
    ------
    InputError
        The source of the network states the times of its roads: no table moves them.
    """
    if len(network.given_ms):
        accepted = "a network whose times follow from a profile table"
        raise InputError([Fault(network.meta.source, "", "", "roads with times of their own", accepted)])
    ends, roads = _Beginnings(evidence), _Roads(evidence, network)
    funnel, found = Counter[str](), list[_Driven]()
    for incident, assignment in _assignments(evidence):
        if some is not None and assignment.incident_id not in some:
            continue
        funnel["assignments"] += 1
        asked = ends.of(incident, assignment)
        told = asked if isinstance(asked, str) else roads.driven(asked)
        if isinstance(told, str):
            funnel[told] += 1
        else:
            found.append(told)
    counts = {key: funnel[key] for key in ("assignments", *UNUSABLE)}
    return _columns(found, network.profiles, counts, _records_hash(evidence))


def _assignments(evidence: Evidence) -> Iterator[tuple[PastIncident | None, PastAssignment]]:
    known = {each.incident_id: evidence.at_last(each) for each in evidence.incidents}
    for name in (*known, *sorted(evidence.assignments.keys() - known.keys())):
        for assignment in evidence.assignments.get(name, ()):
            yield known.get(name), assignment


def _records_hash(evidence: Evidence) -> str:
    files = sorted((name, file.sha256) for name, file in evidence.manifest.files.items())
    return hashlib.sha256(json.dumps(files).encode()).hexdigest()


def _columns(found: list[_Driven], profiles: Profiles, funnel: Mapping[str, int], records: str) -> Trips:
    names = profiles.names
    return Trips(
        profiles=profiles,
        incident=tuple(each.ends.incident.incident_id for each in found),
        callsign=tuple(each.ends.assignment.callsign for each in found),
        started_us=np.array([microseconds(each.ends.set_off) for each in found], np.int64),
        profile=np.array([names.index(each.ends.profile) for each in found], np.int64),
        period=np.array([each.period for each in found], np.int64),
        class_s=np.array([each.class_s for each in found], np.float64).reshape(-1, len(ROAD_CLASSES)),
        wait_s=np.array([each.wait_s for each in found], np.float64),
        walk_s=np.array([each.walk_s for each in found], np.float64),
        actual_s=np.array([each.ends.actual_s for each in found], np.float64),
        funnel=funnel,
        records=records,
    )


class _Beginnings:
    """Finds where and when the trip of an assignment began, or why it tells nothing."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence, self._fixes = evidence, evidence.fixes
        sent = dict[str, list[tuple[datetime, str]]]()
        for group in evidence.assignments.values():
            for each in group:
                sent.setdefault(each.callsign, []).append((each.assigned_at, each.incident_id))
        self._sent = {name: sorted(each) for name, each in sent.items()}

    def of(self, incident: PastIncident | None, sent: PastAssignment) -> _Ends | str:
        if incident is None or incident.lat is None or incident.lon is None:
            return "row_quarantined" if sent.incident_id in self._evidence.quarantined else "no_place"
        grade, place = self._grade(incident, sent.en_route_at or sent.assigned_at), (incident.lat, incident.lon)
        why = self._unfit(incident, sent, grade)
        if why or sent.en_route_at is None or sent.on_scene_at is None:
            return why or ("no_arrival" if sent.en_route_at else "no_en_route")
        actual_s = (sent.on_scene_at - sent.en_route_at).total_seconds()
        why, fix = self._doubt(sent, sent.en_route_at, sent.on_scene_at), self._fix(sent.callsign, sent.en_route_at)
        if why or fix is None:
            return why or "no_fix"
        if distance_m(fix.lat, fix.lon, *place) < SHORTEST_M:
            return "too_near"
        if is_elsewhere(self._evidence, sent.callsign, sent.on_scene_at, *place):
            return "not_there"
        profile = self._evidence.force.grade(grade).profile
        return _Ends(incident, sent, profile, fix, sent.en_route_at, actual_s)

    def _unfit(self, incident: PastIncident, sent: PastAssignment, grade: str) -> str:
        """Say why an incident tells nothing of driving, or nothing."""
        if sent.incident_id in self._evidence.quarantined:
            return "row_quarantined"
        if grade not in self._evidence.force.grades:
            return "no_grade"
        return "self_initiated" if incident.self_initiated else ""

    def _grade(self, incident: PastIncident, at: datetime) -> str:
        changes = self._evidence.regrades.get(incident.incident_id, ())
        held = [each.grade for each in changes if each.at <= at]
        return (held[-1] if held else incident.grade) or ""

    def _doubt(self, sent: PastAssignment, set_off: datetime, arrived: datetime) -> str:
        """Say why the time is none of driving there, or nothing."""
        actual_s = (arrived - set_off).total_seconds()
        if actual_s <= 0.0:
            return "no_time"
        if actual_s > LONGEST_S:
            return "too_long"
        others = self._sent[sent.callsign]
        later = others[bisect_left(others, (set_off, "")) :]
        on_the_way = (name for at, name in later[: bisect_left(later, (arrived, ""))])
        if sent.ended == "diverted" or any(name != sent.incident_id for name in on_the_way):
            return "diverted"
        return ""

    def _fix(self, callsign: str, at: datetime) -> Fix | None:
        """Return where a unit was when it set off: its last report before, if that is fresh."""
        row = self._fixes.row_of.get(callsign)
        if row is None:
            return self._home(callsign, at)
        low, high = self._fixes.first[row : row + 2].tolist()
        at_us = microseconds(at)
        last = low + int(np.searchsorted(self._fixes.fixed_us[low:high], at_us, side="right")) - 1
        oldest_us = at_us - self._evidence.force.fixes.fresh_s * _US_PER_S
        return self._fixes.fix(last) if last >= low and self._fixes.fixed_us[last] >= oldest_us else None

    def _home(self, callsign: str, at: datetime) -> Fix | None:
        assume = self._evidence.manifest.assume
        if assume.positions != "stations":
            return None
        always = assume.duties == "always"
        duties = self._evidence.duties.get(callsign, ())
        homes = [each.home for each in duties if always or (each.start <= at and (each.end is None or at < each.end))]
        home = homes[-1] if homes else None
        return None if home is None else Fix(*home, at, assume.station_accuracy_m)


class _Roads:
    """Predicts trips on one network, with the closures that were in force."""

    def __init__(self, evidence: Evidence, network: Network) -> None:
        self._network, self._force = network, evidence.force
        self._zone = ZoneInfo(evidence.force.time_zone)
        self._conditions = _conditions(evidence, network)
        self._classes = network.road_class.astype(np.int64)

    def driven(self, ends: _Ends) -> _Driven | str:
        incident, fix = ends.incident, ends.fix
        lat, lon = incident.lat, incident.lon
        if lat is None or lon is None:
            return "no_place"
        if not (self._network.contains(lat, lon) and self._network.contains(fix.lat, fix.lon)):
            return "outside_network"
        local = ends.set_off.astimezone(self._zone)
        router = Router(self._network, ends.profile, self._conditions, local)
        accuracy_m = self._force.fixes.default_accuracy_m if fix.accuracy_m is None else fix.accuracy_m
        try:
            spots = router.spots(fix.lat, fix.lon, fix.course_deg, fix.speed_kmh, accuracy_m)
            leg = router.best(spots, router.approaches(lat, lon, on_road=incident.on_road))
        except Unreachable:
            leg = None
        if leg is None:
            return "unreachable"
        class_s = driven_s(router.edge_times, leg, self._classes)
        wait_s = max(leg.drive_ms / MS_PER_S - float(class_s.sum()), 0.0)
        period = self._network.profiles.period(local)
        row = -1 if period is None else self._network.profiles.periods.index(period)
        return _Driven(ends, row, class_s, wait_s, leg.walk_ms / MS_PER_S)


def driven_s(times: EdgeTimes, leg: Leg, road_class: Longs) -> Floats:
    """Return the seconds of a leg that are driven on each class of road, without what junctions and obstacles take."""
    edges = np.array(leg.edges, np.int64)
    share = np.ones(len(edges))
    share[-1] = leg.approach.fraction
    share[0] -= leg.spot.fraction
    moving_ms = (times.usual_ms[edges] - times.wait_ms[edges]) * share
    return np.asarray(np.bincount(road_class[edges], moving_ms / MS_PER_S, minlength=len(ROAD_CLASSES)))


def _conditions(evidence: Evidence, network: Network) -> Conditions:
    """Return all closures of a record, whenever they were entered."""
    if not evidence.closures:
        return NO_CONDITIONS
    keys = ("type", "geometry", "properties")
    features: list[dict[str, Any]] = [{key: each.get(key) for key in keys} for each in evidence.closures]
    return closures_of({"type": "FeatureCollection", "features": features}, network, "closures.geojson")


def unusable(trips: Trips) -> list[str]:
    """Say in sentences why assignments told nothing, the most frequent reason first."""
    counts = [(trips.funnel[key], text) for key, text in UNUSABLE.items() if trips.funnel[key]]
    return [f"{count:,} {text}" for count, text in sorted(counts, key=lambda each: -each[0])]


__all__ = ["LONGEST_S", "SHORTEST_M", "UNUSABLE", "Trips", "driven_s", "trips_of", "unusable"]
