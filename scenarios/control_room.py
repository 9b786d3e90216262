"""The control room of a simulation: what waits, who is asked, who is sent and who is called off.

It decides nothing itself: the policy does, on what the live rules allow.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from dispatch.brief import Line, Shortlist
from dispatch.force import Tag
from dispatch.model import Incident
from dispatch.suggest import enough_people
from graphs.driven import Driven, driven
from scenarios.policy import BatchPolicy
from scenarios.scenario import Call
from scenarios.simulation_log import Sent, Told

if TYPE_CHECKING:
    from scenarios.crew import Crew, Steps
    from scenarios.simulation import World


@dataclass(slots=True, eq=False)
class Bound:
    """A unit on its way to an incident, or there.

    Parameters
    ----------
    ready_ms, way, walk_ms
        Until it moves off; the drive; and from the vehicle to the place on foot.
    scene_until_ms, prisoner
        Once it is there: until when it is needed, and whether it takes somebody to custody then.
    """

    sent: Sent
    open: Open
    ready_ms: int
    way: Driven
    length_cm: int
    walk_ms: int
    scene_until_ms: int | None = None
    prisoner: bool = False


@dataclass(slots=True, eq=False)
class Open:
    """An incident that is not over.

    Parameters
    ----------
    tags
        What the force asks for by tag.
    prisoner
        Whether somebody is to be taken to custody that no unit has yet.
    bound
        The units bound to it, by their rows.
    served, arrived
        The crews of units that have done their part, and of all that came and were not called away.
    sent
        How many units were sent to it.
    waiting, seen
        Whether somebody is still looked for, and whether anybody has looked yet.
    left_ms
        What a unit that was called away left undone on the scene; None where nobody was.
    """

    call: Call
    told: Told
    tags: Mapping[str, Tag]
    prisoner: bool
    bound: dict[int, Bound] = field(default_factory=dict)
    served: list[int] = field(default_factory=list)
    sent: int = 0
    arrived: list[int] = field(default_factory=list)
    left_ms: int | None = None
    waiting: bool = False
    seen: bool = False

    @property
    def incident(self) -> Incident:
        """The incident."""
        return self.call.incident

    @property
    def asked(self) -> Incident:
        """The incident as it is asked about: what units that are done have done is not asked for again."""
        if not self.served:
            return self.call.incident
        incident = self.call.incident
        tags = {name: self.tags[name] for name in incident.tags & self.tags.keys()}
        done = {name for name, tag in tags.items() if enough_people([*self.served, 1], tag)}
        needs = incident.needs.union(*(tags[name].needs for name in done))
        units = max(incident.units_needed - len(self.served), 1)
        return replace(incident, units_needed=units, tags=incident.tags - done, needs=needs)


class ControlRoom:
    """What waits, and what is done about it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.open: dict[str, Open] = {}
        self.waiting: list[tuple[int, int, str]] = []
        self._review_due = False

    def receive(self, call: Call) -> None:
        """Take a call; somebody looks for a unit when it is graded."""
        world = self._world
        told = Told(call)
        world.log.receive(told)
        self.open[call.incident.incident_id] = Open(call, told, world.scenario.force.tags, prisoner=call.custody_ms > 0)
        later = world.env.timeout(call.ready_ms - world.now_ms)
        later.callbacks.append(lambda _: self._ready(call.incident.incident_id))

    def _ready(self, incident_id: str) -> None:
        """Look for somebody for the first time; where a look at all that waits is due, with that."""
        case = self.open[incident_id]
        if self._review_due or isinstance(self._world.policy, BatchPolicy) or not self._look(case):
            self._wait(case)

    def _look(self, case: Open) -> bool:
        """Look for somebody, and tell whether the incident need not wait any more."""
        if self._may_go(case):
            self._decide(case)
        return self._looked(case) or self._enough(case)

    def _looked(self, case: Open) -> bool:
        """Write down what a first look came to, and tell whether the incident is lost."""
        if not case.seen:
            case.seen, case.told.waited = True, not case.sent
            case.told.lost = not case.sent and self._world.scenario.room.nobody == "lost"
            if case.told.lost:
                self._over(case)
        return case.told.lost

    def freed(self) -> None:
        """Hear that a unit can be sent again: somebody looks at what waits a moment later."""
        if self._review_due or not self.waiting or isinstance(self._world.policy, BatchPolicy):
            return
        self._review_due = True
        later = self._world.env.timeout(self._world.scenario.room.decide_ms)
        later.callbacks.append(lambda _: self._reviewed())

    def _reviewed(self) -> None:
        self._review_due = False
        self._review()

    def _review(self) -> None:
        """Go through what waits, the most urgent first: what loses its unit meanwhile comes later."""
        place = 0
        while place < len(self.waiting):
            key = self.waiting[place]
            case = self.open[key[2]]
            if self._look(case):
                self.waiting.remove(key)
                case.waiting = False
            else:
                place += 1

    def _may_go(self, case: Open) -> bool:
        """Tell whether the rules let any unit go, wherever it is."""
        allowed = self._world.brief.kinds.may_go(case.asked)[self._world.board.kind]
        allowed[list(case.bound)] = False
        return bool(allowed.any())

    def _wait(self, case: Open) -> None:
        if not case.waiting:
            case.waiting = True
            rank = self._world.scenario.force.grade(case.incident.grade).rank
            insort(self.waiting, (rank, case.call.received_ms, case.incident.incident_id))

    def _enough(self, case: Open) -> bool:
        """Tell whether as many units and people come, or came, as it takes; nobody waits for a preferred skill."""
        duties = self._world.scenario.duties
        return self._suffice(case, [*case.served, *(duties[bound.sent.duty].crew for bound in case.bound.values())])

    def _suffice(self, case: Open, crews: Sequence[int]) -> bool:
        """Tell whether crews are as many units and people as an incident takes."""
        if len(crews) < max(case.incident.units_needed, 1):
            return False
        tags = self._world.scenario.force.tags
        return all(enough_people(crews, tags[name]) for name in case.incident.tags if name in tags)

    def _decide(self, case: Open) -> None:
        """Ask the policy, and send whom it names."""
        world = self._world
        world.look()
        shortlist = world.shortlist(case)
        lines = world.policy.choose(world.asked(case, shortlist))
        world.seen_decision(case, shortlist, lines)
        self._send_all(case, lines, shortlist)

    def _send_all(self, case: Open, lines: Sequence[Line], shortlist: Shortlist) -> None:
        if not lines:
            return
        if case.told.first_assigned_ms is None:
            self._first_sent(case, lines, shortlist)
        for line in lines:
            self._send(case, line, shortlist)

    def _first_sent(self, case: Open, lines: Sequence[Line], shortlist: Shortlist) -> None:
        """Write down who was the nearest that could be sent, and who went."""
        told, nearest, callsigns = case.told, shortlist.first, self._world.callsigns
        first = min(lines, key=lambda line: line.order)
        told.first_assigned_ms = self._world.now_ms
        told.first_sent = callsigns[first.row]
        if nearest is not None and nearest.time_ms is not None and first.time_ms is not None:
            told.nearest_eligible = callsigns[nearest.row]
            told.behind_ms = first.time_ms - nearest.time_ms

    def _send(self, case: Open, line: Line, shortlist: Shortlist) -> None:
        world = self._world
        crew, now_ms = world.crew(line.row), world.now_ms
        if crew.bound is not None:
            left = self._take(crew, "diverted")
            if not left.bound and not left.waiting:
                self._close(left)
        leg = world.leg(crew, shortlist)
        sent = Sent(case.incident.incident_id, crew.row, crew.duty.callsign, now_ms, line.time_ms or 0)
        world.log.sent.append(sent)
        chance = case.call.chance[min(case.sent, len(case.call.chance) - 1)]
        way = driven(shortlist.router.edge_times, leg, chance)
        ready_ms = int(world.brief.kinds.ready_ms[world.board.kind[line.row]])
        bound = Bound(sent, case, ready_ms, way, round(leg.length_m * 100), leg.walk_ms)
        case.bound[line.row] = bound
        case.sent += 1
        crew.order(bound)

    def _take(self, crew: Crew, ended: str) -> Open:
        """Take a unit away from what it is bound to, which then waits again if it is short of somebody."""
        bound = crew.called_off(ended)
        case = bound.open
        del case.bound[crew.slot]
        if bound.scene_until_ms is not None:
            self._leave_scene(bound, bound.scene_until_ms - self._world.now_ms, crew.duty.crew)
        if not self._enough(case):
            self._wait(case)
            self.freed()
        return case

    def _leave_scene(self, bound: Bound, left_ms: int, officers: int) -> None:
        """Let somebody else do what a unit leaves undone; who has left with a prisoner leaves nothing."""
        case = bound.open
        if left_ms <= 0:
            case.served.append(officers)
            return
        case.left_ms = left_ms
        case.prisoner = case.prisoner or bound.prisoner
        case.arrived.remove(officers)

    def arrived(self, bound: Bound) -> None:
        """Hear that a unit is there, and tell it for how long it is needed and whether it takes a prisoner."""
        case, now_ms = bound.open, self._world.now_ms
        lengths_ms = case.call.on_scene_ms
        lasts_ms = lengths_ms[min(len(case.arrived), len(lengths_ms) - 1)] if case.left_ms is None else case.left_ms
        bound.scene_until_ms, case.left_ms = now_ms + lasts_ms, None
        bound.prisoner, case.prisoner = case.prisoner, False
        case.arrived.append(self._world.scenario.duties[bound.sent.duty].crew)
        if case.told.first_arrived_ms is None:
            case.told.first_arrived_ms = now_ms
        if case.told.enough_ms is None and self._suffice(case, case.arrived):
            case.told.enough_ms = now_ms

    def cleared(self, crew: Crew, bound: Bound) -> None:
        """Hear that a unit is done; when all who came are, the incident is over, even if it was short of somebody."""
        case = bound.open
        del case.bound[crew.slot]
        case.served.append(crew.duty.crew)
        if not case.bound:
            self._close(case)

    def _close(self, case: Open) -> None:
        case.told.closed_ms = self._world.now_ms
        self._over(case)
        self._wait_no_more(case)

    def _over(self, case: Open) -> None:
        del self.open[case.incident.incident_id]
        self._world.log.over(case.told)

    def _wait_no_more(self, case: Open) -> None:
        if case.waiting:
            case.waiting = False
            self.waiting = [key for key in self.waiting if key[2] != case.incident.incident_id]

    def plans(self, policy: BatchPolicy) -> Steps:
        """Plan for all that waits, every so often."""
        env = self._world.env
        while True:
            yield env.timeout(policy.every_ms)
            if self.open:
                self._plan(policy)

    def _plan(self, policy: BatchPolicy) -> None:
        world = self._world
        world.look()
        plan = policy.plan(world.picture(self._graded()))
        # One after the other, as they are entered: who is sent to the first is not free for the second.
        for queued in plan.queue:
            self._send_planned(queued.incident.incident_id, [sent.callsign for sent in queued.sent])
        for relief in plan.reliefs:
            relieved = world.crew(world.slot[relief.relieved])
            self._take(relieved, "relieved")
            relieved.order(None)
            self._send_planned(relief.incident_id, [relief.callsign])
        for key in list(self.waiting):
            self._settle(self.open[key[2]])

    def _graded(self) -> list[Incident]:
        """Return what a plan is about: what is short of somebody, and what nobody has come to yet."""
        now_ms = self._world.now_ms
        graded = [case for case in self.open.values() if case.call.ready_ms <= now_ms]
        return [case.asked for case in graded if case.waiting or not case.arrived]

    def _settle(self, case: Open) -> None:
        """Let an incident wait no more that is lost or has what it takes."""
        if self._looked(case) or self._enough(case):
            self._wait_no_more(case)

    def _send_planned(self, incident_id: str, callsigns: Sequence[str]) -> None:
        if not callsigns:
            return
        world, case = self._world, self.open[incident_id]
        shortlist = world.shortlist(case)
        rows = [world.slot[callsign] for callsign in callsigns]
        times_ms = shortlist.times_ms()
        units = [world.brief.kinds.unit(int(world.board.kind[row])) for row in rows]
        lines = [Line(row, unit, int(times_ms[row])) for row, unit in zip(rows, units, strict=True)]
        world.seen_decision(case, shortlist, lines)
        self._send_all(case, lines, shortlist)
