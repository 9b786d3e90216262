"""What is known at this moment: the state, where the units are, and the conditions on the roads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson

from dispatch.errors import Unknown
from dispatch.force import Force
from dispatch.model import Fix, Picture, Unit
from dispatch.positions import Positions
from dispatch.state import Case, DutyUnit, State
from dispatch.store import Reading
from graphs.closures import closures_of
from graphs.conditions import NO_CONDITIONS, Change, Conditions
from graphs.network import Network


@dataclass(frozen=True)
class Roads:
    """The roads, with what is closed or slowed on them whatever the record says.

    Parameters
    ----------
    always
        Conditions that the service was started with.
    """

    network: Network
    always: Conditions = NO_CONDITIONS

    def conditions(self, closures: Mapping[str, Mapping[str, Any]]) -> Conditions:
        """Return the conditions that closures, GeoJSON features by name, make; the last few are kept."""
        if not closures:
            return self.always
        return _conditions(self, orjson.dumps(closures, option=orjson.OPT_SORT_KEYS))

    def __hash__(self) -> int:
        return hash((self.network.hash, self.always.hash))


@lru_cache(maxsize=8)
def _conditions(roads: Roads, closures: bytes) -> Conditions:
    opened = (change for changes in _changes(roads, closures).values() for change in changes)
    return Conditions((*roads.always.changes, *opened), roads.network.hash)


@lru_cache(maxsize=8)
def _closed_by(roads: Roads, closures: bytes) -> Mapping[Change, str]:
    found: dict[Change, str] = {}
    for name, changes in _changes(roads, closures).items():
        for change in changes:
            found.setdefault(change, name)
    return found


def _changes(roads: Roads, closures: bytes) -> dict[str, tuple[Change, ...]]:
    """Return what closures come to, by their names."""
    features = orjson.loads(closures).items()
    return {name: _changed(roads, orjson.dumps(each, option=orjson.OPT_SORT_KEYS)) for name, each in features}


# Of hundreds of closures one is opened or lifted at a time: the others need not be found on the roads again.
@lru_cache(maxsize=4096)
def _changed(roads: Roads, feature: bytes) -> tuple[Change, ...]:
    document = {"type": "FeatureCollection", "features": [orjson.loads(feature)]}
    return closures_of(document, roads.network, "the record").changes


Made = tuple[DutyUnit, Fix | None, Unit]


@dataclass(frozen=True, slots=True)
class Live:
    """What is known by now.

    Parameters
    ----------
    state
        What the record comes to.
    positions
        Where the units are.
    looked_up
        Callsigns whose last fix was asked for, or was told since.
    made
        Units as pictures show them, by callsign, with what each was made of; shared by what is known later.
    """

    state: State
    positions: Positions
    roads: Roads
    looked_up: frozenset[str] = frozenset()
    made: dict[str, Made] = field(default_factory=dict, repr=False, compare=False)

    @staticmethod
    def start(state: State, roads: Roads) -> Live:
        """Begin with a state and no positions."""
        return Live(state, Positions(), roads)

    def with_(self, state: State, reading: Reading) -> Live:
        """Return what is known after more rows, and the position reports since."""
        positions, unknown = self.positions, state.units.keys() - self.looked_up
        number = reading.last_fix() if positions.number is None else positions.number
        positions = positions.with_(reading.fixes_after(number))
        if unknown or positions.number is None:
            # Reports that came before this process read any.
            reached = positions.number or number
            positions = replace(positions.with_(reading.newest_fixes(unknown)), number=reached)
        if state is self.state and positions is self.positions:
            return self
        return replace(self, state=state, positions=positions, looked_up=self.looked_up | unknown)

    @property
    def conditions(self) -> Conditions:
        """What is closed or slowed, now and at other times."""
        return self.roads.conditions(self.state.closures)

    @property
    def closed_by(self) -> Mapping[Change, str]:
        """The closure of the record that a condition comes from; of equal ones the first by name."""
        return _closed_by(self.roads, orjson.dumps(self.state.closures, option=orjson.OPT_SORT_KEYS))

    def picture(self, now: datetime, force: Force) -> Picture:
        """Return what is known at a moment: every unit on duty, every open incident."""
        units = tuple(self._unit(duty, now, force) for duty in self.state.units.values())
        return Picture(now, units, tuple(case.incident() for case in self.state.incidents.values()))

    def _unit(self, duty: DutyUnit, now: datetime, force: Force) -> Unit:
        fix = self.positions.shown(duty.callsign, now, force.fixes.future_tolerance_s)
        known = self.made.get(duty.callsign)
        if known is None or known[0] is not duty or known[1] is not fix:
            known = self.made[duty.callsign] = (duty, fix, duty.unit(fix))
        return known[2]

    def unit(self, callsign: str) -> DutyUnit:
        """Return a unit on duty.

        Raises
        ------
        Unknown
            No such callsign is on duty.
        """
        found = self.state.units.get(callsign)
        if found is None:
            raise Unknown(f"no unit {callsign} is on duty")
        return found

    def case(self, incident_id: str) -> Case:
        """Return an open incident.

        Raises
        ------
        Unknown
            No such incident is open.
        """
        found = self.state.incidents.get(incident_id)
        if found is None:
            raise Unknown(f"no incident {incident_id} is open")
        return found
