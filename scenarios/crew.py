"""A crew on duty in a simulation: briefed, free, sent, on the scene, in custody, on a break, and home."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any, Final

import simpy

from dispatch.model import Fix, Unit
from graphs.network import Floats, Longs
from scenarios.control_room import Bound
from scenarios.scenario import Break, Duty, HotSpot, Station

if TYPE_CHECKING:
    from scenarios.simulation import World

Steps = Generator[simpy.Event, Any, None]
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
        bound.sent.driven_cm = self._driven_cm() if bound.sent.en_route_ms is not None else 0
        self._write()
        self.bound = None
        return bound

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
        self._tell()

    def _book_off(self) -> Steps:
        """Leave the board, and take the vehicle home."""
        world = self.world
        self._write()
        self.activity = "returning"
        world.off_duty(self)
        yield from self._home()
        world.log.overtime_ms += world.now_ms - self.duty.end_ms
        self._write()

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
        """Go home and rest; who is sent somewhere on the way tries again later, as long as there is time."""
        self.enter("returning")
        yield from self._home()
        if self.world.now_ms > due.latest_ms:
            return
        self._breaks.remove(due)
        self.enter("break")
        yield from self._wait_until(self.world.now_ms + due.lasts_ms)

    def _stand_by(self, until_ms: int) -> Steps:
        """Wait at the station."""
        if self.at != self.duty.station:
            self.enter("returning")
            yield from self._home()
        self.enter("station")
        yield from self._wait_until(until_ms)

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
        self.enter("returning" if self.at != BEAT else "patrol")
        if self.at != BEAT:
            edge = int(streets[self._draw.integers(len(streets))])
            yield from self._drive(self.world.middle_of(edge))
        self.enter("patrol")
        self.at = BEAT
        movement.wander(self.slot, beat, int(self._draw.integers(2**63)), self.world.now_ms)
        yield from self._wait_until(until_ms)
        movement.stop(self.slot, self.world.now_ms)

    def _show(self, spots: Sequence[HotSpot], shares: Floats, until_ms: int) -> Steps:
        """Drive to a hot spot and be seen there."""
        spot = spots[int(self._draw.choice(len(spots), p=shares))]
        self.enter("patrol")
        if self.at != f"spot {spot.name}":
            yield from self._drive((spot.lat, spot.lon))
        self.at = f"spot {spot.name}"
        yield from self._wait_until(min(self.world.now_ms + spot.dwell_s * 1_000, max(until_ms, self.world.now_ms)))

    def _home(self) -> Steps:
        if self.at != self.duty.station:
            station = self.world.scenario.station(self.duty.station)
            yield from self._drive((station.lat, station.lon))
            self.at = self.duty.station

    def _drive(self, place: tuple[float, float]) -> Steps:
        """Drive somewhere without any hurry; where no road leads there now, stay and try again."""
        world = self.world
        way = world.way(self, place)
        while way is None:
            yield world.env.timeout(_AGAIN_MS)
            way = world.way(self, place)
        self.at = None
        world.movement.drive(self.slot, way, world.now_ms)
        yield world.env.timeout(way.time_ms)

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
        yield from self._on_scene(bound, world.room.arrived(bound))
        sent.cleared_ms, sent.ended = world.now_ms, "cleared"
        self._write()
        self.bound = None
        world.room.cleared(self, bound)

    def _on_scene(self, bound: Bound, before: int) -> Steps:
        call, left_ms = bound.open.call, bound.open.left_ms
        bound.open.left_ms = None
        lasts_ms = call.on_scene_ms[min(before, len(call.on_scene_ms) - 1)] if left_ms is None else left_ms
        bound.scene_until_ms = self.world.now_ms + lasts_ms
        self.enter("at_scene")
        yield self.world.env.timeout(lasts_ms)
        custody: Station | None = self.world.custody(self) if before == 0 and call.custody_ms else None
        if custody is not None:
            self.enter("escort")
            yield from self._drive((custody.lat, custody.lon))
            self.at = custody.name
            self.enter("custody")
            yield self.world.env.timeout(call.custody_ms)

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
            committed_grade=None if bound is None else bound.open.incident.grade,
        )

    def _tell(self) -> None:
        """Let the board know what the crew does, and the control room when it can be sent again."""
        self.world.told(self)
