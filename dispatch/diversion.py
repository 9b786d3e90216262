"""What it costs to take units away from the incidents that they are committed to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from dispatch.eligibility import PLACELESS, Failure, Question, failures, failures_of, kept_elsewhere
from dispatch.eta import mobilisation, on_road
from dispatch.force import Force
from dispatch.model import Incident, Picture, Unit
from dispatch.recommendation import LeftBehind
from graphs.nearby import Mask
from graphs.network import Network
from graphs.routing import Coming, Routing
from graphs.times import MS_PER_S

_ASSIGNED = frozenset({"committed", "status"})
# A unit that fails one of these comes to no incident but the one that it is assigned to.
_BUSY = frozenset({"no_status", "status"})
# Where the soonest would not come after all, so many times more are asked for.
_MORE = 8


class Diversions:
    """Tells who would reach an incident next if the unit on its way there were taken.

    Parameters
    ----------
    picture, network, force
        As `recommend` has them.
    roads
        Returns the router of a profile.
    failed
        What each unit fails for any one incident at that moment, by callsign, where that is known; else it is asked.
    """

    def __init__(
        self,
        picture: Picture,
        network: Network,
        force: Force,
        roads: Callable[[str], Routing],
        failed: Mapping[str, Sequence[Failure]] | None = None,
    ) -> None:
        self._picture, self._network, self._force, self._roads = picture, network, force, roads
        self._failed = failed
        self._known = {item.incident_id: item for item in picture.incidents if item.incident_id}
        self._reserves: dict[str, _Reserve] = {}
        self._seen: dict[str, _Seen] = {}

    def cost(self, unit: Unit, sent: frozenset[str]) -> LeftBehind:
        """Return what the unit would leave, and how much later the next one would be there.

        Parameters
        ----------
        unit
            A committed unit.
        sent
            Callsigns that go with it, itself included; none of them comes to the incident left behind.
        """
        (left,) = self.costs([(unit, sent)])
        return left

    def costs(self, taken: Sequence[tuple[Unit, frozenset[str]]]) -> list[LeftBehind]:
        """Return what `cost` does, for each unit and those sent with it."""
        left = [self._known.get(unit.incident_id or "") for unit, _ in taken]
        # One incident that cannot be reasoned about must not cost the answer to another.
        asked = {item.incident_id: item for item in left if item is not None and self._is_inside(item)}
        self._look([item for name, item in asked.items() if name not in self._seen], 1)
        return [self._cost(unit, sent, item) for (unit, sent), item in zip(taken, left, strict=True)]

    def _is_inside(self, left: Incident) -> bool:
        return left.incident_id in self._seen or self._network.contains(left.lat, left.lon)

    def _cost(self, unit: Unit, sent: frozenset[str], left: Incident | None) -> LeftBehind:
        if left is None:
            return LeftBehind(unit.incident_id, unit.committed_grade, because="the incident is not in the picture")
        if left.incident_id not in self._seen:
            return LeftBehind(left.incident_id, left.grade, because="the incident is outside the road network")
        following = self._following(left, sent)
        if following is None:
            return LeftBehind(left.incident_id, left.grade, because="no other unit could be sent there")
        next_ms, callsign = following
        own_ms = self._seen[left.incident_id].bound_ms(unit.callsign)
        if own_ms is None:
            return LeftBehind(left.incident_id, left.grade, callsign, because="no road leads the unit there")
        return LeftBehind(left.incident_id, left.grade, callsign, next_ms - own_ms)

    def _look(self, incidents: Iterable[Incident], count: int) -> None:
        """Find who can be soonest at incidents, those of one grade at once."""
        by_grade = defaultdict(list)
        for item in incidents:
            by_grade[item.grade].append(item)
        for grade, together in by_grade.items():
            found = self._reserve(self._force.grade(grade).profile).coming(together, count)
            self._seen.update(zip((item.incident_id for item in together), found, strict=True))

    def _following(self, left: Incident, sent: frozenset[str]) -> tuple[int, str] | None:
        """Return when the first other unit would be there, and its callsign; it is on its way, or may be sent."""
        seen = self._seen[left.incident_id]
        for time_ms, unit in seen.in_order:
            if unit.callsign not in sent and self._would_come(unit, left):
                return time_ms, unit.callsign
        if seen.is_whole:
            return None
        self._look([left], seen.count * _MORE)
        return self._following(left, sent)

    def _would_come(self, unit: Unit, left: Incident) -> bool:
        rules = {failure.rule for failure in failures(self._question(unit, left))}
        # A unit already assigned there is coming, or there.
        return rules <= (_ASSIGNED if unit.incident_id == left.incident_id else frozenset())

    def _reserve(self, profile: str) -> _Reserve:
        """Return who may come anywhere, put on the road once for each profile."""
        if profile not in self._reserves:
            self._reserves[profile] = _Reserve(self._roads(profile), self._who_may_come)
        return self._reserves[profile]

    @cached_property
    def _who_may_come(self) -> list[tuple[Question, bool]]:
        """Every unit that may come to some incident, by callsign, and whether to any but the one it is assigned to."""
        anywhere = next(iter(self._known.values()))
        units = sorted(self._picture.units, key=lambda unit: unit.callsign)
        failed = self._failed
        if failed is None:
            told = failures_of([self._question(unit, anywhere) for unit in units])
            failed = {unit.callsign: rules for unit, rules in zip(units, told, strict=True)}
        found = []
        for unit in units:
            # Which of these rules a unit fails does not depend on the incident.
            rules = {failure.rule for failure in failed[unit.callsign]}
            at_hand = rules.isdisjoint(_BUSY)
            if rules.isdisjoint(PLACELESS) and (at_hand or unit.incident_id in self._known):
                found.append((self._question(unit, anywhere), at_hand))
        return found

    def _question(self, unit: Unit, incident: Incident) -> Question:
        theirs = self._known.get(unit.incident_id or "")
        return Question(unit, incident, self._picture.now, self._force, theirs.grade if theirs else None)


class Leaving:
    """Tells what each of several units would leave; all are worked out when the first is asked for.

    Parameters
    ----------
    taken
        As `Diversions.costs` has it.
    diversions
        Returns who tells.
    """

    def __init__(self, taken: Sequence[tuple[Unit, frozenset[str]]], diversions: Callable[[], Diversions]) -> None:
        self._taken, self._diversions = taken, diversions

    def of(self, row: int) -> LeftBehind:
        """Return what the unit of a row would leave."""
        return self._all[row]

    @cached_property
    def _all(self) -> list[LeftBehind]:
        return self._diversions().costs(self._taken)


class _Reserve:
    """The units that may come to some incident, on the road under one profile; in the order of their callsigns."""

    def __init__(self, router: Routing, who: Sequence[tuple[Question, bool]]) -> None:
        at_hand = {item.unit.callsign: anywhere for item, anywhere in who}
        self._router = router
        self._fleet, _ = on_road(router, [item for item, _ in who])
        self._units = [item.unit for item in self._fleet.questions]
        self._at_hand = [at_hand[unit.callsign] for unit in self._units]
        ready_ms = np.array([mobilisation(item) * MS_PER_S for item in self._fleet.questions], np.int64)
        self._ready = self._fleet.spots.later(ready_ms)
        self._bound = defaultdict(list)
        for row, unit in enumerate(self._units):
            self._bound[unit.incident_id].append(row)

    def coming(self, incidents: Sequence[Incident], count: int) -> list[_Seen]:
        """Return who can be soonest at each incident of one grade, at most ``count`` of those not assigned there."""
        places = [self._router.approaches(item.lat, item.lon, on_road=item.on_road) for item in incidents]
        bound = [self._bound.get(item.incident_id, []) for item in incidents]
        told = self._router.coming(self._ready, self._free(incidents[0]), places, bound, count)
        return [_Seen(count, self._units, rows, each) for rows, each in zip(bound, told, strict=True)]

    def _free(self, incident: Incident) -> Mask:
        """Tell who is not kept by another incident from one of this grade; those alike in that are judged once."""
        judged: dict[tuple[object, ...], bool] = {}
        free = np.zeros(len(self._units), np.bool_)
        for row, item in enumerate(self._fleet.questions):
            if self._at_hand[row]:
                unit = item.unit
                alike = unit.status, unit.committed, unit.committed_grade, item.known_grade
                if alike not in judged:
                    judged[alike] = not any(kept_elsewhere(replace(item, incident=incident)))
                free[row] = judged[alike]
        return free


@dataclass(frozen=True, slots=True)
class _Seen:
    """Who was found coming to an incident that somebody may leave.

    Parameters
    ----------
    count
        How many were asked for.
    units
        Those of the reserve.
    bound
        The rows of those assigned there.
    coming
        How soon they are there.
    """

    count: int
    units: Sequence[Unit]
    bound: Sequence[int]
    coming: Coming

    @property
    def is_whole(self) -> bool:
        """Whether nobody else can be there at all."""
        return len(self.coming.soonest) < self.count

    @property
    def in_order(self) -> list[tuple[int, Unit]]:
        """Time and unit, soonest first, of everybody who can be there before the first who was not told."""
        assigned = zip(self.coming.bound_ms, self.bound, strict=True)
        told = sorted({*self.coming.soonest, *((ms, row) for ms, row in assigned if ms is not None)})
        last = None if self.is_whole else self.coming.soonest[-1]
        return [(time_ms, self.units[row]) for time_ms, row in told if last is None or (time_ms, row) <= last]

    def bound_ms(self, callsign: str) -> int | None:
        """Return the time of a unit assigned there, None where it has no place or no road leads there."""
        told = zip(self.bound, self.coming.bound_ms, strict=True)
        return next((time_ms for row, time_ms in told if self.units[row].callsign == callsign), None)
