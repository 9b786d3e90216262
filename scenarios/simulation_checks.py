"""What must hold at every event of a simulation, whatever happens; for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatch.brief import Shortlist
from dispatch.model import Picture
from dispatch.recommend import recommend

if TYPE_CHECKING:
    from scenarios.control_room import Bound, Open
    from scenarios.simulation import World
    from scenarios.simulation_log import Told


class Checks:
    """Looks after every event whether anything is lost, in two places, or runs back."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.events = self.decisions = 0
        self._driven_cm: dict[int, tuple[int, int]] = {}

    def play(self, until_ms: int) -> None:
        """Play event by event."""
        env = self._world.env
        while env.peek() < until_ms:
            before_ms = env.now
            env.step()
            self.events += 1
            _require(env.now >= before_ms, "time runs back")
            self._units()
            self._incidents()
        env.run(until_ms)

    def _units(self) -> None:
        """Every unit is on duty once, does one thing, and is bound to what has it."""
        world = self._world
        for slot, crew in world.crews.items():
            name = crew.duty.callsign
            _require(world.callsigns[slot] == name, f"{name} is in another's place")
            bound = crew.bound
            _require(
                (bound is None) == all(slot not in case.bound for case in world.room.open.values()), f"{name} is lost"
            )
            if bound is not None:
                _require(bound.open.bound.get(slot) is bound, f"{name} is bound to what does not have it")
                _require(not world.free[slot], f"{name} is bound and free")
                _require(crew.activity in _BOUND or bound.sent.en_route_ms is None, f"{name} is bound: {crew.activity}")
                _arrived_by_its_way(bound)
            self._driven(slot, crew.row)

    def _driven(self, slot: int, row: int) -> None:
        """Nobody drives back."""
        world = self._world
        driven_cm = world.movement.driven_cm(slot, world.now_ms)
        before_row, before_cm = self._driven_cm.get(slot, (row, 0))
        _require(before_row != row or driven_cm >= before_cm, f"{world.callsigns[slot]} drives back")
        self._driven_cm[slot] = row, driven_cm

    def _incidents(self) -> None:
        """Every incident waits, has units, is not graded yet, or is over."""
        world = self._world
        waiting = {name for _, _, name in world.room.waiting}
        _require(len(waiting) == len(world.room.waiting), "an incident waits twice")
        _require(waiting <= world.room.open.keys(), "an incident that is over waits")
        _require(world.log.open.keys() == world.room.open.keys(), "an incident is open and over, or neither")
        for name, case in world.room.open.items():
            _require(case.waiting == (name in waiting), f"{name}: whether it waits is not known")
            graded = case.call.ready_ms < world.now_ms
            _require(not graded or case.waiting or bool(case.bound), f"{name} is forgotten")
            _in_order(case.told)

    def decided(self, picture: Picture, case: Open, shortlist: Shortlist) -> None:
        """Ask the live brain, which has to suggest the same."""
        world = self._world
        scenario = world.scenario
        told = recommend(picture, case.asked, scenario.network, scenario.force, scenario.conditions)
        suggested = tuple(world.callsigns[line.row] for line in shortlist.suggested().lines)
        first = shortlist.first
        nearest = None if first is None else world.callsigns[first.row]
        _require(told.suggested == suggested, f"{case.incident.incident_id}: {told.suggested}, not {suggested}")
        _require(
            told.nearest_eligible == nearest, f"{case.incident.incident_id}: {told.nearest_eligible}, not {nearest}"
        )
        self.decisions += 1


def _in_order(told: Told) -> None:
    """Require that what became of an incident came one after the other."""
    moments = [told.call.received_ms, told.call.ready_ms, told.first_assigned_ms, told.first_arrived_ms]
    come = [moment for moment in (*moments, told.enough_ms, told.closed_ms) if moment is not None]
    _require(come == sorted(come), f"{told.call.incident.incident_id}: its moments are out of order")


def _arrived_by_its_way(bound: Bound) -> None:
    """Require that who is there has driven the whole way and nothing else, and nobody more than that."""
    sent, length_cm = bound.sent, bound.length_cm
    _require(0 <= sent.driven_cm <= length_cm, f"{sent.callsign} drove {sent.driven_cm} cm of {length_cm}")
    _require(sent.on_scene_ms is None or sent.driven_cm == length_cm, f"{sent.callsign} took another way")


_BOUND = frozenset({"mobilising", "en_route", "at_scene", "escort", "custody"})


def _require(holds: bool, otherwise: str) -> None:  # noqa: FBT001
    if not holds:
        raise AssertionError(otherwise)
