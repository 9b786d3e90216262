"""A crew on duty in a simulation: briefed, free, sent, on the scene, in custody, on a break, and home."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any, Final

import simpy

from dispatch.model import Fix, Unit
from graphs.network import Floats, Longs
from scenarios.control_room import Bound
from scenarios.scenario import Break, Duty, HotSpot

if TYPE_CHECKING:
    from scenarios.simulation import World

Steps = Generator[simpy.Event, Any, None]
Trying = Generator[simpy.Event, Any, bool]
MOBILISING: Final = "mobilising"
# Somewhere in the own sector.
BEAT: Final = "beat"
# From where no road leads on, a crew tries again after so long.
_AGAIN_MS: Final = 600_000


class Crew:
    """The crew of one duty; its process is `work`.

    Parameters
    ----------
    row, duty
        Row of the scenario's duties, and the duty.
    slot
        The row of its callsign on the board.

    Attributes
    ----------
    at
        The place that it stands at, by a name; None where it has none, and `BEAT` on patrol.
    """

    def __init__(self, world: World, row: int, duty: Duty, slot: int) -> None:
        self.world, self.row, self.duty, self.slot = world, row, duty, slot
        self.bound: Bound | None = None
        self.activity, self.status = "briefing", world.scenario.codes["briefing"]
        self._since_ms = self._begun_ms = self._begun_cm = 0
        self.at: str | None = None
        self._breaks = sorted(duty.breaks, key=lambda each: each.earliest_ms)
        self._hot_spots = world.hot_spots(duty.sector)
        self._draw = world.draws(row)
        self.process = world.env.process(self.work())

    # ---- What the control room does with it ------------------------------------------------------------------------

    def order(self, bound: Bound | None) -> None:
        """Send the crew to an incident; with None, let it do what it would without one."""
        self._write()
        self.bound = bound
        self._tell()
        self.process.interrupt(bound)

    def called_off(self, ended: str) -> Bound:
        """End what the crew is bound to, wherever it is."""
        bound = self.bound
        if bound is None:
            raise ValueError(f"{self.duty.callsign} is bound to nothing")
        now_ms = self.world.now_ms
        bound.sent.cleared_ms, bound.sent.ended = now_ms, ended
        if bound.sent.en_route_ms is not None and bound.sent.on_scene_ms is None:
            bound.sent.driven_cm = self._driven_cm()
        self._write()
        self.bound = None
        return bound

    def _duty_over(self) -> None:
        """Let a crew go off duty that is bound to nothing; another does when it is done."""
        if self.bound is None and self.world.crews.get(self.slot) is self:
            self.process.interrupt(None)

    # ---- The duty --------------------------------------------------------------------------------------------------

    def work(self) -> Steps:
        """Be on duty, from the briefing to the way home."""
        world, duty = self.world, self.duty
        due_ms = world.now_ms
        with world.callsign(duty.callsign).request() as callsign:
            yield callsign
            with world.vehicle(duty).request() as vehicle:
                yield vehicle
                world.log.late_starts += int(world.now_ms > due_ms)
                if world.now_ms < duty.end_ms:
                    yield from self._on_duty()

    def _on_duty(self) -> Steps:
        self._book_on()
        order: Bound | None = None
        try:
            yield from self._wait_until(self._begun_ms + self.world.scenario.crews.briefing_ms)
        except simpy.Interrupt as called:
            order = called.cause
        while order is not None or self.world.now_ms < self.duty.end_ms:
            try:
                if order is None:
                    yield from self._free()
                else:
                    bound, order = order, None
                    yield from self._attend(bound)
            except simpy.Interrupt as called:
                order = called.cause
                self.world.movement.stop(self.slot, self.world.now_ms)
        yield from self._book_off()

    def _book_on(self) -> None:
        world, station = self.world, self.duty.station
        edge, fraction = world.station_spot(station)
        world.movement.stand(self.slot, edge, fraction, world.now_ms)
        self.at, self._since_ms = station, world.now_ms
        # Who is on duty already when the simulation begins was briefed in time.
        begins = world.now_ms == world.scenario.begin_ms
        self._begun_ms = self.duty.start_ms if begins else world.now_ms
        world.on_duty(self)
        self._breaks = [each for each in self._breaks if each.latest_ms >= world.now_ms]
        over = world.env.timeout(self.duty.end_ms - world.now_ms)
        over.callbacks.append(lambda _: self._duty_over())
        self._tell()

    def _book_off(self) -> Steps:
        """Leave the board, and take the vehicle home, or leave it where no road leads on."""
        world = self.world
        world.log.missed_breaks += len(self._breaks)
        self._write()
        self.activity = "returning"
        world.off_duty(self)
        yield from self._home()
        world.gone(self)
        self.write_last()

    def _wait_until(self, until_ms: int) -> Steps:
        yield self.world.env.timeout(max(until_ms - self.world.now_ms, 0))

    # ---- What it does when nobody sends it anywhere ----------------------------------------------------------------

    def _free(self) -> Steps:
        """Do one thing that a free crew does, until something else is due."""
        now_ms, home_ms = self.world.now_ms, self.duty.end_ms - self.world.scenario.crews.back_ms
        due = self._due_break()
        if due is not None:
            yield from self._rest(due)
        elif now_ms >= home_ms:
            yield from self._stand_by(self.duty.end_ms)
        else:
            until_ms = min([home_ms, *(each.earliest_ms for each in self._breaks)])
            yield from self._patrol(until_ms)

    def _due_break(self) -> Break | None:
        """Return a break that may begin now; those for which it is too late are missed."""
        now_ms = self.world.now_ms
        while self._breaks and self._breaks[0].latest_ms < now_ms:
            self._breaks.pop(0)
            self.world.log.missed_breaks += 1
        return self._breaks[0] if self._breaks and self._breaks[0].earliest_ms <= now_ms else None

    def _rest(self, due: Break) -> Steps:
        """Go home and rest; who is sent somewhere before the end of it tries again, as long as there is time."""
        self.enter("returning")
        home = yield from self._home()
        if not home:
            yield from self._wait_until(min(self.world.now_ms + _AGAIN_MS, due.latest_ms + 1))
        elif self.world.now_ms <= due.latest_ms:
            self.enter("break")
            yield from self._wait_until(self.world.now_ms + due.lasts_ms)
            self._breaks.remove(due)

    def _stand_by(self, until_ms: int) -> Steps:
        """Wait at the station."""
        if self.at != self.duty.station:
            self.enter("returning")
            if not (yield from self._home()):
                yield from self._wait_a_little(until_ms)
                return
        self.enter("station")
        yield from self._wait_until(until_ms)

    def _wait_a_little(self, until_ms: int) -> Steps:
        """Stay where no road leads on, and try again."""
        yield from self._wait_until(max(min(self.world.now_ms + _AGAIN_MS, until_ms), self.world.now_ms + 1))

    def _patrol(self, until_ms: int) -> Steps:
        kind = self.duty.patrol
        streets = self.world.beat(self.duty.sector) if kind == "sector" else None
        if streets is not None and len(streets[1]):
            yield from self._wander(*streets, until_ms)
        elif kind == "hot_spots" and self._hot_spots is not None:
            yield from self._show(*self._hot_spots, until_ms)
        else:
            yield from self._stand_by(until_ms)

    def _wander(self, beat: int, streets: Longs, until_ms: int) -> Steps:
        """Drive about in the own sector, after driving there from wherever the crew was needed."""
        movement = self.world.movement
        if self.at != BEAT and not self.world.on_beat(self.slot, beat):
            self.enter("returning")
            edge = int(streets[self._draw.integers(len(streets))])
            if not (yield from self._drive(self.world.middle_of(edge))):
                yield from self._wait_a_little(until_ms)
                return
        self.enter("patrol")
        self.at = BEAT
        movement.wander(self.slot, beat, int(self._draw.integers(2**63)), self.world.now_ms)
        yield from self._wait_until(until_ms)
        movement.stop(self.slot, self.world.now_ms)

    def _show(self, spots: Sequence[HotSpot], shares: Floats, until_ms: int) -> Steps:
        """Drive to a hot spot and be seen there."""
        spot = spots[int(self._draw.choice(len(spots), p=shares))]
        self.enter("patrol")
        if self.at != f"spot {spot.name}" and not (yield from self._drive((spot.lat, spot.lon))):
            yield from self._wait_a_little(until_ms)
            return
        self.at = f"spot {spot.name}"
        dwell_ms = max(spot.dwell_s, 1) * 1_000
        yield from self._wait_until(max(min(self.world.now_ms + dwell_ms, until_ms), self.world.now_ms))

    def _home(self) -> Trying:
        """Drive to the station, and tell whether the crew is there."""
        if self.at != self.duty.station:
            station = self.world.scenario.station(self.duty.station)
            if not (yield from self._drive((station.lat, station.lon))):
                return False
            self.at = self.duty.station
        return True

    def _drive(self, place: tuple[float, float]) -> Trying:
        """Drive somewhere without any hurry, and tell whether a road leads there now."""
        world = self.world
        way = world.way(self, place)
        if way is None:
            return False
        self.at = None
        world.movement.drive(self.slot, way, world.now_ms)
        yield world.env.timeout(way.time_ms)
        return True

    # ---- What it does when it is sent ------------------------------------------------------------------------------

    def _attend(self, bound: Bound) -> Steps:
        """Go to an incident, do what is to be done there, and take a prisoner to custody."""
        world, sent = self.world, bound.sent
        self.at = None
        self.enter(MOBILISING)
        yield world.env.timeout(bound.ready_ms)
        sent.en_route_ms = world.now_ms
        self.enter("en_route")
        self._begun_cm = world.movement.driven_cm(self.slot, world.now_ms)
        world.movement.drive(self.slot, bound.way, world.now_ms)
        yield world.env.timeout(bound.way.time_ms)
        sent.driven_cm = self._driven_cm()
        yield world.env.timeout(bound.walk_ms)
        sent.on_scene_ms = world.now_ms
        world.room.arrived(bound)
        yield from self._on_scene(bound)
        sent.cleared_ms, sent.ended = world.now_ms, "cleared"
        self._write()
        self.bound = None
        world.room.cleared(self, bound)

    def _on_scene(self, bound: Bound) -> Steps:
        """Do what is to be done there; who has a prisoner takes them to the nearest custody that can be reached."""
        self.enter("at_scene")
        yield self.world.env.timeout((bound.scene_until_ms or 0) - self.world.now_ms)
        custody = self.world.custody(self) if bound.prisoner else None
        if custody is None:
            return
        self.enter("escort")
        if (yield from self._drive((custody.lat, custody.lon))):
            self.at = custody.name
            self.enter("custody")
            yield self.world.env.timeout(bound.open.call.custody_ms)

    def _driven_cm(self) -> int:
        return self.world.movement.driven_cm(self.slot, self.world.now_ms) - self._begun_cm

    # ---- What is told of it ----------------------------------------------------------------------------------------

    def enter(self, activity: str) -> None:
        """Begin something else; the radio reports it, but for getting ready, which has no code of its own."""
        self._write()
        self.activity = activity
        if activity != MOBILISING:
            self.status = self.world.scenario.codes[activity]  # type: ignore[index]
        self._tell()

    def write_last(self) -> None:
        """Write down what the crew did until the simulation ended."""
        if self.bound is not None and self.bound.sent.en_route_ms is not None and self.bound.sent.on_scene_ms is None:
            self.bound.sent.driven_cm = self._driven_cm()
        self.world.log.overtime_ms += max(self.world.now_ms - self.duty.end_ms, 0)
        self._write()

    def _write(self) -> None:
        """Write down what the crew did until now."""
        now_ms = self.world.now_ms
        incident_id = None if self.bound is None else self.bound.sent.incident_id
        self.world.log.state(self.row, self.duty.callsign, self.activity, self._since_ms, now_ms, incident_id)
        self._since_ms = now_ms

    def unit(self, fix: Fix | None = None) -> Unit:
        """Return the unit as it is told."""
        bound = self.bound
        return Unit(
            callsign=self.duty.callsign,
            status=self.status,
            fix=fix,
            crew=self.duty.crew,
            skills=self.duty.skills,
            sector=self.duty.sector,
            incident_id=None if bound is None else bound.sent.incident_id,
            assigned_at=None if bound is None else self.world.scenario.moment(bound.sent.assigned_ms),
            committed_grade=None if bound is None else bound.open.incident.grade,
        )

    def _tell(self) -> None:
        """Let the board know what the crew does, and the control room when it can be sent again."""
        self.world.told(self)
