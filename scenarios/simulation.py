"""A shift, a week or a year of a force, played through event by event: `simulate`.

What happens when is kept by simpy, whose order of events is total: the same seed gives the same replication. Who is
sent is decided by a policy on what the live rules allow, as a dispatcher would.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
import simpy

from dispatch.brief import Board, Brief, Line, Shortlist
from dispatch.model import Fix, Incident, Picture, Unit
from graphs.arrivals import Arrivals
from graphs.driven import Driven, driven
from graphs.legs import Leg
from graphs.network import Floats, Longs
from graphs.router import Router
from graphs.snapping import Approach, Spot, snapper
from graphs.times import EdgeTimes, edge_times
from scenarios.beats import Beats, beats_of
from scenarios.control_room import ControlRoom, Open
from scenarios.coverage import coverage_of
from scenarios.crew import BEAT, Crew, Steps
from scenarios.demand import calls_from
from scenarios.movement import Movement
from scenarios.policies import policy_of
from scenarios.policy import Asked, BatchPolicy
from scenarios.scenario import MS_PER_HOUR, Duty, HotSpot, PolicyChoice, Scenario, Station
from scenarios.simulated import Simulated, Watch
from scenarios.simulation_checks import Checks
from scenarios.simulation_log import Log

# What a crew draws is its own, whoever else is on duty and whatever calls come; see `scenarios.demand_draws`.
_CREWS: Final = 1_000
# Patrols and ways home are driven under the profile without blue lights.
_UNHURRIED: Final = "normal"


def simulate(
    scenario: Scenario,
    choice: PolicyChoice,
    replication: int,
    *,
    checked: bool = False,
    watch: Watch | None = None,
) -> Simulated:
    """Play one replication.

    Parameters
    ----------
    choice
        The policy.
    replication
        Its number, from 1: another one has other calls; under one number every policy and roster meets the same.
    checked
        Whether, at every event, nothing is lost and nothing is in two places, and at every decision `recommend`
        suggests the same; slow, for tests.
    watch
        Looks on.

    Raises
    ------
    InputError
        The demand cannot be drawn; see `scenarios.demand.calls_of`.
    AssertionError
        With ``checked``: something is wrong with the simulator.
    """
    world = World(scenario, choice, replication, watch)
    checks = Checks(world) if checked else None
    world.checks = checks
    world.play()
    return world.log.simulated(choice.label, replication)


class World:
    """All that one replication is made of."""

    def __init__(self, scenario: Scenario, choice: PolicyChoice, replication: int, watch: Watch | None) -> None:
        self.scenario, self.replication, self.watch = scenario, replication, watch
        self.env = simpy.Environment(initial_time=scenario.begin_ms)
        self.log, self.policy = Log(scenario), policy_of(scenario, choice)
        self.checks: Checks | None = None
        self.brief = Brief(scenario.network, scenario.force, scenario.conditions)
        self.callsigns = sorted({duty.callsign for duty in scenario.duties})
        self.slot = {callsign: row for row, callsign in enumerate(self.callsigns)}
        self.board = Board(self.callsigns, scenario.force)
        self.free = np.zeros(len(self.callsigns), np.bool_)
        self.sectors: list[str | None] = [None] * len(self.callsigns)
        self._usual = times = edge_times(scenario.network, _UNHURRIED)
        self._beats: Beats = beats_of(scenario, times)
        self.movement = Movement(times, scenario.crews.stroll, self._beats.edge, len(self.callsigns))
        self.crews: dict[int, Crew] = {}
        self._present: Longs = np.empty(0, np.int64)
        self._leaving: dict[Crew, None] = {}
        self.room = ControlRoom(self)
        self._resources: dict[str, simpy.Resource] = {}
        self._coverage = coverage_of(scenario)
        self._streets = lru_cache(maxsize=None)(self._beats.streets)
        self._station_spot = lru_cache(maxsize=None)(self._station_spot_of)
        # Of the roads as they last were.
        self._roads_now: EdgeTimes | None = None
        self._near: dict[tuple[float, float], tuple[Approach, ...]] = {}
        self._kinds: dict[tuple[str, str | None, int, frozenset[str]], int] = {}
        self._ways: dict[tuple[int, float, tuple[float, float]], Driven | None] = {}

    @property
    def now_ms(self) -> int:
        """The moment, from the scenario's start."""
        return self.env.now  # type: ignore[return-value]  # every timeout is a whole number

    def play(self) -> None:
        """Play everything."""
        env = self.env
        env.process(self._roster())
        # Who is on duty when all begins is there before the first call.
        while env.peek() <= self.scenario.begin_ms:
            env.step()
        env.process(self._calls())
        env.process(self._looks())
        env.process(self._roads())
        if isinstance(self.policy, BatchPolicy):
            env.process(self.room.plans(self.policy))
        if self.watch is not None and self.watch.every_ms is not None:
            env.process(self._watched(self.watch, self.watch.every_ms))
        if self.checks is None:
            env.run(self.scenario.until_ms)
        else:
            self.checks.play(self.scenario.until_ms)
        for crew in (*self.crews.values(), *self._leaving):
            crew.write_last()

    # ---- What comes from outside -----------------------------------------------------------------------------------

    def _calls(self) -> Steps:
        for call in calls_from(self.scenario, self.replication):
            yield self.env.timeout(call.received_ms - self.now_ms)
            self.room.receive(call)

    def _roster(self) -> Steps:
        duties = enumerate(self.scenario.duties)
        for row, duty in sorted(duties, key=lambda item: (item[1].start_ms, item[1].callsign, item[0])):
            if duty.end_ms <= self.scenario.begin_ms or duty.start_ms >= self.scenario.until_ms:
                continue
            if duty.start_ms > self.now_ms:
                yield self.env.timeout(duty.start_ms - self.now_ms)
            Crew(self, row, duty, self.slot[duty.callsign])
        yield self.env.timeout(0)

    def _looks(self) -> Steps:
        """Look from time to time how much of the demand could be reached."""
        every_ms = self.scenario.coverage_every_min * 60_000
        yield self.env.timeout(-self.now_ms)
        while self.now_ms < self.scenario.end_ms:
            self.look()
            rows = np.flatnonzero(self.free)
            times = self._coverage.times(self.brief, self.board, rows, self.now_ms)
            self.log.coverage.append((self.now_ms, len(rows), self._coverage.share(times)))
            yield self.env.timeout(every_ms)

    def _roads(self) -> Steps:
        """Let the control room look again at what waits when the roads may have changed: now somebody may get there."""
        told = [moment for change in self.scenario.conditions.changes for moment in (change.start, change.end)]
        changes = {self.scenario.since_start(moment) for moment in told if moment is not None}
        hours = range(self.scenario.begin_ms, self.scenario.until_ms, MS_PER_HOUR)
        for at_ms in sorted(changes.union(hours)):
            if at_ms > self.now_ms:
                yield self.env.timeout(at_ms - self.now_ms)
                self.room.freed()

    def _watched(self, watch: Watch, every_ms: int) -> Steps:
        if watch.from_ms is not None:
            yield self.env.timeout(max(watch.from_ms - self.now_ms, 0))
        while watch.to_ms is None or self.now_ms < watch.to_ms:
            self.look()
            watch.seen(self.now_ms, self.units())
            yield self.env.timeout(every_ms)

    # ---- Where everybody is ----------------------------------------------------------------------------------------

    def look(self) -> None:
        """Bring the positions on the board up to now."""
        rows = self._present
        lat, lon, course_deg, speed_kmh = self.movement.reports(rows, self.now_ms)
        board = self.board
        board.lat[rows], board.lon[rows] = lat, lon
        board.course_deg[rows], board.speed_kmh[rows] = course_deg, speed_kmh

    def units(self) -> tuple[Unit, ...]:
        """Return who is on duty, with the positions on the board."""
        now, board = self.scenario.moment(self.now_ms), self.board
        told = []
        for row in self._present.tolist():
            course = float(board.course_deg[row])
            fix = Fix(
                float(board.lat[row]), float(board.lon[row]), now, None, None if np.isnan(course) else course,
                float(board.speed_kmh[row]),
            )  # fmt: skip
            told.append(self.crews[row].unit(fix))
        return tuple(told)

    def picture(self, incidents: Sequence[Incident]) -> Picture:
        """Return the picture of now, with the positions on the board."""
        return Picture(self.scenario.moment(self.now_ms), self.units(), tuple(incidents))

    def crew(self, slot: int) -> Crew:
        """Return the crew on duty under a callsign; KeyError where there is none."""
        return self.crews[slot]

    def on_duty(self, crew: Crew) -> None:
        """Put a crew on the board."""
        self.crews[crew.slot], self.sectors[crew.slot] = crew, crew.duty.sector
        self._present = np.array(sorted(self.crews), np.int64)

    def off_duty(self, crew: Crew) -> None:
        """Take a crew off the board."""
        del self.crews[crew.slot]
        self._leaving[crew] = None
        self.board.kind[crew.slot], self.free[crew.slot] = 0, False
        self._present = np.array(sorted(self.crews), np.int64)

    def gone(self, crew: Crew) -> None:
        """Hear that a crew that is off duty is home."""
        del self._leaving[crew]

    def told(self, crew: Crew) -> None:
        """Hear what a crew does; where it can be sent, or taken from what it does, so does the control room."""
        slot, was_kind = crew.slot, self.board.kind[crew.slot]
        grade = None if crew.bound is None else crew.bound.open.incident.grade
        alike = crew.status, grade, crew.duty.crew, crew.duty.skills
        if alike not in self._kinds:
            self._kinds[alike] = self.brief.kinds.of(crew.unit())
        self.board.kind[slot] = self._kinds[alike]
        deployable = self.scenario.force.statuses[crew.status].deployable
        self.free[slot] = crew.bound is None and deployable == "yes"
        if deployable != "no" and self.board.kind[slot] != was_kind:
            self.room.freed()

    # ---- What the control room asks --------------------------------------------------------------------------------

    def shortlist(self, case: Open) -> Shortlist:
        """Return who may be sent to an incident, by the positions on the board."""
        now = self.scenario.moment(self.now_ms)
        return self.brief.shortlist(self.board, case.asked, now, list(case.bound))

    def asked(self, case: Open, shortlist: Shortlist) -> Asked:
        """Return the question that a policy is asked."""
        return Asked(
            case.asked, shortlist, self.now_ms, self.brief, self.board, self.free.copy(), self.sectors
        )  # fmt: skip

    def seen_decision(self, case: Open, shortlist: Shortlist, lines: Sequence[Line]) -> None:
        """Let those who look on see who is about to be sent."""
        if self.checks is None and self.watch is None:
            return
        picture = self.picture([each.asked for each in self.room.open.values()])
        sent = tuple(self.callsigns[line.row] for line in sorted(lines, key=lambda line: line.order))
        if self.checks is not None:
            self.checks.decided(picture, case, shortlist)
        if self.watch is not None:
            self.watch.decided(self.now_ms, picture, case.asked, sent)

    def leg(self, crew: Crew, shortlist: Shortlist) -> Leg:
        """Return the way of a crew from where it really is; where no road leads on from there, from the road beside."""
        router = shortlist.router
        leg = shortlist.ways.best(self._spots(crew, router.edge_times))
        if leg is None:
            leg = shortlist.ways.best(router.spots(float(self.board.lat[crew.slot]), float(self.board.lon[crew.slot])))
        if leg is None:
            raise ValueError(f"{crew.duty.callsign} was sent where no road leads")
        return leg

    def _spots(self, crew: Crew, times: EdgeTimes) -> list[Spot]:
        """Stop a crew, and return how it can leave: on, and back, for which who was moving turns round."""
        edge, fraction, moved = self.movement.stop(crew.slot, self.now_ms)
        return spots_on(times, edge, fraction, times.u_turn_ms if moved else 0)

    # ---- What crews ask --------------------------------------------------------------------------------------------

    def callsign(self, callsign: str) -> simpy.Resource:
        """Return what only one crew at a time has: its callsign."""
        return self._resource(f"callsign {callsign}")

    def vehicle(self, duty: Duty) -> simpy.Resource:
        """Return what only one crew at a time has: its vehicle."""
        return simpy.Resource(self.env) if duty.vehicle is None else self._resource(f"vehicle {duty.vehicle}")

    def _resource(self, name: str) -> simpy.Resource:
        if name not in self._resources:
            self._resources[name] = simpy.Resource(self.env)
        return self._resources[name]

    def draws(self, row: int) -> np.random.Generator:
        """Return what a crew draws from."""
        key = (self.replication, _CREWS, row)
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(self.scenario.seed, spawn_key=key)))

    def beat(self, sector: str | None) -> tuple[int, Longs] | None:
        """Return the number of a sector's beat, and its streets."""
        if sector is None or sector not in self._beats.of_sector:
            return None
        return self._beats.of_sector[sector], self._streets(sector)

    def on_beat(self, slot: int, beat: int) -> bool:
        """Tell whether a vehicle that stands somewhere stands on a street of a beat."""
        return bool(self._beats.edge[self.movement.fleet.edge[slot]] == beat)

    def hot_spots(self, sector: str | None) -> tuple[list[HotSpot], Floats] | None:
        """Return the hot spots of a sector, or those without one, and how often each is visited."""
        spots = [spot for spot in self.scenario.hot_spots if spot.sector in {sector, None} and spot.weight > 0.0]
        weight = np.array([spot.weight for spot in spots])
        return (spots, weight / weight.sum()) if spots else None

    def middle_of(self, edge: int) -> tuple[float, float]:
        """Return latitude and longitude of the middle of an edge."""
        return self.movement.place_of(edge, 0.5)

    def station_spot(self, name: str) -> tuple[int, float]:
        """Return the edge and the fraction of it at which a station's vehicles stand."""
        return self._station_spot(name)

    def _station_spot_of(self, name: str) -> tuple[int, float]:
        station = self.scenario.station(name)
        approach = snapper(self.scenario.network).approaches(self._usual, station.lat, station.lon)[0]
        return approach.edge, approach.fraction

    def custody(self, crew: Crew) -> Station | None:
        """Return the station with custody that a crew is soonest at; None where it can reach none."""
        stations = [station for station in self.scenario.stations if station.custody]
        if not stations:
            return None
        router = self._router()
        spots = self._spots(crew, router.edge_times)
        legs = [self._ways_to(router, (station.lat, station.lon)).best(spots) for station in stations]
        there = [(leg.time_ms, row) for row, leg in enumerate(legs) if leg is not None]
        return stations[min(there)[1]] if there else None

    def way(self, crew: Crew, place: tuple[float, float]) -> Driven | None:
        """Return the unhurried way of a crew to a place; None where no road leads there now."""
        router = self._router()
        edge, fraction, moved = self.movement.stop(crew.slot, self.now_ms)
        if crew.at is None or crew.at == BEAT:
            return self._way(router, edge, fraction, moved, place)
        asked = edge, fraction, place
        if asked not in self._ways:
            self._ways[asked] = self._way(router, edge, fraction, moved, place)
        return self._ways[asked]

    def _way(
        self, router: Router, edge: int, fraction: float, moved: bool, place: tuple[float, float]  # noqa: FBT001
    ) -> Driven | None:  # fmt: skip
        times = router.edge_times
        ways = self._ways_to(router, place)
        leg = ways.best(spots_on(times, edge, fraction, times.u_turn_ms if moved else 0))
        if leg is None:
            leg = ways.best(router.spots(*self.movement.place_of(edge, fraction)))
        return None if leg is None else driven(times, leg)

    def _ways_to(self, router: Router, place: tuple[float, float]) -> Arrivals:
        if place not in self._near:
            self._near[place] = router.approaches(*place)
        return router.arrivals(self._near[place])

    def _router(self) -> Router:
        """Return the unhurried roads of now, and forget what was kept of others."""
        scenario = self.scenario
        router = Router(scenario.network, _UNHURRIED, scenario.conditions, scenario.local(self.now_ms))
        if router.edge_times is not self._roads_now:
            self._roads_now, self._ways, self._near = router.edge_times, {}, {}
        return router


def spots_on(times: EdgeTimes, edge: int, fraction: float, turn_ms: int) -> list[Spot]:
    """Return how a vehicle on an edge can leave it: on, and back after turning round."""
    twin = int(times.network.twin[edge])
    ways = [Spot(edge, fraction, 0.0, 0, 0.0, 0.0)]
    if twin >= 0:
        ways.append(Spot(twin, 1.0 - fraction, 0.0, turn_ms, 0.0, 0.0))
    return [spot for spot in ways if times.leaves[spot.edge]]
