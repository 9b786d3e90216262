"""Make a period of records with a stated policy, and what is true of every decision in it.

A control room is played through second by second: crews patrol, calls come in, somebody is sent by a policy that is
known, and the record is kept as badly as records are. ``truth.csv`` says what an audit has to find.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from dispatch.force import Force
from dispatch.model import Incident
from dispatch.recommend import recommend
from dispatch.recommendation import LedgerLine
from graphs.errors import OutsideNetwork, Unreachable
from graphs.network import Network
from scenarios.generator_board import Board, moment
from scenarios.generator_calls import TOGETHER_S, Call, calls_of, is_logged_on_arrival
from scenarios.generator_out import Records
from scenarios.generator_policy import Plan
from scenarios.generator_roads import Streets, standing
from scenarios.generator_shift import AT_SCENE, EN_ROUTE, PATROL, Duty, Report, Sent, Shift, Stage, Told
from scenarios.generator_truth import Truth, truth_of
from scenarios.generator_world import duties_of, town_of

_AGAIN_S: Final = 300
_TRIES: Final = 6
_END_OF_DUTY_S: Final = 600
_SERVICE_S: Final = (300, 3_000)
_REASONS: Final = ("local_knowledge", "officer_safety", "cover", "nearer_in_fact")


@dataclass(frozen=True, slots=True)
class Made:
    """What was made: how many rows of each table, and the truth of every incident."""

    rows: dict[str, int]
    truths: tuple[Truth, ...]


def generate(network: Network, force_file: Path | None, plan: Plan, out: Path) -> Made:
    """Make a folder of records that ``nearest import`` takes, with ``truth.csv`` and ``truth.json`` in it.

    Parameters
    ----------
    network, force_file
        The roads, and the profile of the force whose names and rules are used; the one that ships where there is none.
    plan
        What to make; the same plan gives the same bytes.
    out
        The folder; it is made if it is not there.
    """
    with Records(out, network, force_file, plan) as records:
        period = _Period(network, records.force, plan, records)
        period.play()
        return Made(records.close(period.calls), tuple(call.truth for call in period.calls if call.truth is not None))


class _Period:
    """The control room and its crews, from the first shift to the last."""

    def __init__(self, network: Network, force: Force, plan: Plan, records: Records) -> None:
        self.network, self.force, self.plan, self.records = network, force, plan, records
        self.zone = ZoneInfo(force.time_zone)
        self.draw = random.Random(f"{plan.seed}")  # noqa: S311 - a play, no secret
        self.streets = Streets(network, plan.driving)
        self.town = town_of(self.streets, plan.sectors)
        self.board = Board(force, records.clock.tells)
        self.shifts = dict[str, Shift]()
        self.coming = list[tuple[int, int, Callable[[int], None]]]()
        self.order, self.taken = count(), set[int]()
        self.calls = list(calls_of(plan, self.town, self.streets, self.zone, self.draw))

    def play(self) -> None:
        """Play the whole period."""
        for duties in duties_of(self.plan, self.town, self.zone, self.draw):
            self._at(duties[0].start_s, partial(self._begin, duties))
        for call in self.calls:
            self._at(call.received_s, partial(self._receive, call))
        while self.coming:
            now_s, _, act = heapq.heappop(self.coming)
            act(now_s)
        for call in self.calls:
            if call.truth is not None and is_logged_on_arrival(call):
                call.truth = Truth(call.incident_id, "unknown", "logged_on_arrival", call.truth.decided_s)

    def _at(self, time_s: int, act: Callable[[int], None]) -> None:
        heapq.heappush(self.coming, (time_s, next(self.order), act))

    def _even(self, time_s: int) -> int:
        """Return the next even second in which nobody else is sent, and nothing reported."""
        time_s += time_s % 2
        while time_s in self.taken:
            time_s += 2
        self.taken.add(time_s)
        return time_s

    def _decision_at(self, time_s: int, act: Callable[[int], None]) -> None:
        self._at(self._even(time_s), act)

    def _hear(self, now_s: int) -> None:
        for shift in self.shifts.values():
            shift.advance(now_s)
        self.board.hear(now_s)

    def _tell(self, message: Report | Told) -> None:
        self.records.told(message)
        self.board.told(message)

    def _begin(self, duties: list[Duty], _now_s: int) -> None:
        duty = duties[0]
        for each in duties:
            self.records.duty(each)
            self.board.on_duty(each)
        beat, station = self.town.edges[duty.sector], self.town.stations[duty.sector]
        shift = Shift(
            duty, station, beat, self.streets, self.plan.keeping, self.plan.fix_every_s, self.draw, self._tell
        )  # fmt: skip
        self.shifts[duty.callsign] = shift
        self._at(duty.end_s - 1, lambda now_s: self._end(shift, now_s))

    def _end(self, shift: Shift, _now_s: int) -> None:
        shift.finish()
        sent = shift.sent
        if sent is not None:
            sent.records_clear = False
            call = self._call(sent)
            if not any(each.recorded for each in call.sent):
                call.truth = Truth(call.incident_id, "dropped", "nobody_sent")
            self._gone(sent, shift.duty.end_s)
        del self.shifts[shift.duty.callsign]

    def _receive(self, call: Call, _now_s: int) -> None:
        name, known_s = call.incident_id, call.received_s
        self.board.graded(name, known_s, call.recorded_grade, known_s)
        self.board.tagged(name, known_s, call.tags, known_s)
        for change in call.changes:
            if change.grade is not None:
                self.board.graded(name, change.at_s, change.grade, change.entered_s)
            if change.tags is not None:
                self.board.tagged(name, change.at_s, change.tags, change.entered_s)
        call.truth = Truth(name, "dropped", "nobody_sent")
        if call.flaw == "self_initiated":
            self._decision_at(call.received_s, lambda now_s: self._come_upon(call, now_s))
        elif call.flaw == "merged":
            self._decision_at(call.decide_s, lambda now_s: self._merge(call, now_s))
        elif call.flaw != "nobody_sent":
            self._decision_at(call.decide_s, lambda now_s: self._decide(call, now_s, _TRIES))

    def _merge(self, call: Call, now_s: int) -> None:
        """Find out that a call is about what is known already, mostly before somebody was sent once more."""
        latest_s = now_s - TOGETHER_S - 2
        about = [each for each in self.calls if each.received_s < call.received_s and _is_decided(each, latest_s)]
        if not about:
            call.flaw = ""
            self._decide(call, now_s, _TRIES)
            return
        call.merged_into = about[-1].incident_id
        if self.draw.random() < 0.5:  # noqa: PLR2004 - as often as not
            self._decide(call, now_s, 0)
        call.truth = Truth(call.incident_id, "dropped", "merged")

    def _come_upon(self, call: Call, now_s: int) -> None:
        """Let a crew find something where it is."""
        self._hear(now_s)
        free = [shift for shift in self.shifts.values() if self._free(shift, now_s)]
        if not free:
            return
        shift = self.draw.choice(free)
        edge, fraction = shift.where(now_s)
        lon, lat, _ = self.streets.point(edge, fraction)
        call.place, call.received_s = (round(lat, 6), round(lon, 6)), now_s
        call.said_self_initiated = self.draw.random() < 0.5  # noqa: PLR2004 - as often as not
        sent = self._sent(call, shift, now_s)
        sent.entered_s, sent.on_scene_s, sent.records_arrival = now_s, now_s, True
        self.board.assigned(sent)
        shift.go(now_s, self._at_scene(shift, sent, edge, fraction, now_s))
        call.truth = Truth(call.incident_id, "dropped", "self_initiated", now_s)

    def _decide(self, call: Call, now_s: int, tries: int) -> None:
        """Send whom the policy names; with nobody to send, look again a little later."""
        self._hear(now_s)
        incident = call.asked(*self._known(call))
        lines, unplaced = self._may_go(call, incident, now_s)
        if not lines:
            if tries:
                self._decision_at(now_s + _AGAIN_S, lambda later_s: self._decide(call, later_s, tries - 1))
            return
        chosen, reason = self._chosen(lines, unplaced, incident)
        group = [(chosen, now_s)]
        others = [line for line in lines if line is not chosen]
        alone = "domestic_abuse" in incident.tags and chosen.unit.crew == 1
        if others and (call.units_needed > 1 or alone) and call.flaw not in {"logged_on_arrival", "unreadable"}:
            group.append((others[0], self._even(now_s + 2 * self.draw.randrange(1, 45))))
        together = [line.unit.callsign for line, at_s in group if at_s - now_s <= TOGETHER_S]
        if not call.sent:
            call.truth = self._truth(call, together, now_s)
            call.said_received_s = now_s + 120 if call.flaw == "sent_before_call" else None
        for line, at_s in group:
            self._send(call, line, at_s, reason if at_s == now_s else None)

    def _known(self, call: Call) -> tuple[str, frozenset[str]]:
        grade = self.board.grades[call.incident_id][1]
        real = call.grade if grade is None or not self.force.grades[grade].deploys else grade
        return real, self.board.tags[call.incident_id][1]

    def _may_go(self, call: Call, incident: Incident, now_s: int) -> tuple[list[LedgerLine], list[LedgerLine]]:
        """Return who may be sent as the control room sees it and can go, soonest first; and who is off its map."""
        lag_s = self.draw.randrange(self.plan.policy.stale_s + 1)
        picture = self.board.picture(now_s, call.incident_id, lag_s=lag_s)
        try:
            answer = recommend(picture, incident, self.network, self.force)
        except OutsideNetwork:
            answer = recommend(picture, self._inside(call, incident), self.network, self.force)
        there = {each.callsign for each in call.sent}
        lines = [line for line in answer.ledger if line.unit.callsign not in there and self._can_go(line, now_s)]
        return [line for line in lines if line.eligible], [line for line in lines if _only_unplaced(line)]

    @staticmethod
    def _inside(call: Call, incident: Incident) -> Incident:
        lat, lon = call.place
        return Incident(lat, lon, incident.grade, incident.incident_id)

    def _free(self, shift: Shift, now_s: int) -> bool:
        return shift.sent is None and shift.duty.start_s < now_s < shift.duty.end_s - _END_OF_DUTY_S

    def _can_go(self, line: LedgerLine, now_s: int) -> bool:
        shift = self.shifts.get(line.unit.callsign)
        if shift is None:
            return False
        sent = shift.sent
        if sent is None:
            return self._free(shift, now_s)
        # Who was sent a moment ago has not set off: calling it off again would be as if it had never been sent.
        turns = line.unit.incident_id == sent.incident_id and sent.on_scene_s is None and sent.en_route_s is not None
        return turns and not sent.quiet and now_s < shift.duty.end_s - _END_OF_DUTY_S

    def _chosen(
        self, lines: list[LedgerLine], unplaced: list[LedgerLine], incident: Incident
    ) -> tuple[LedgerLine, str | None]:
        """Return whom the policy sends, and the reason that is recorded."""
        policy, draw = self.plan.policy, self.draw
        own = [line for line in lines if incident.sector is not None and line.unit.sector == incident.sector]
        chosen = own[0] if own and policy.own_sector else lines[0]
        others = [line for line in (*lines, *unplaced) if line is not chosen]
        if others and draw.random() < policy.unexplained:
            chosen = draw.choice(others)
        told = chosen is not lines[0] and draw.random() < policy.reason
        return chosen, draw.choice(_REASONS) if told else None

    def _truth(self, call: Call, together: list[str], now_s: int) -> Truth:
        name = call.incident_id
        verdict, because = {
            "merged": ("dropped", "merged"),
            "not_deployed": ("dropped", "not_deployed"),
            "outside": ("dropped", "outside_network"),
            "no_place": ("unknown", "no_place"),
            "no_grade": ("unknown", "no_grade"),
            "sent_before_call": ("unknown", "assigned_before_received"),
            "logged_on_arrival": ("unknown", "logged_on_arrival"),
            "unreadable": ("unknown", "row_quarantined"),
        }.get(call.flaw, ("", ""))
        if verdict:
            return Truth(name, verdict, because, None if call.flaw == "unreadable" else now_s)
        picture, doubtful = self.board.picture(now_s, name, together), self.board.doubtful(now_s, name)
        return truth_of(call.asked(*self._known(call)), together, picture, doubtful, self.network, self.force, now_s)

    def _sent(self, call: Call, shift: Shift, at_s: int) -> Sent:
        draw, keeping = self.draw, self.plan.keeping
        late = draw.random() < keeping.late_assignment
        sent = Sent(
            call.incident_id,
            shift.duty.callsign,
            at_s,
            at_s + (draw.randrange(60, 600) if late else draw.randrange(5)),
            records_arrival=draw.random() >= keeping.missing_arrival,
            records_clear=draw.random() >= keeping.missing_clear,
            readable=call.flaw != "unreadable",
        )
        if call.flaw == "logged_on_arrival":
            sent.quiet, sent.recorded, sent.records_arrival = True, False, True
        call.sent.append(sent)
        call.waiting += 1
        shift.sent = sent
        return sent

    def _send(self, call: Call, line: LedgerLine, at_s: int, reason: str | None) -> None:
        shift = self.shifts[line.unit.callsign]
        if shift.sent is not None:
            self._divert(shift, shift.sent, at_s)
        sent = self._sent(call, shift, at_s)
        sent.reason = reason
        if not sent.quiet:
            self.board.assigned(sent)
        grade, _ = self._known(call)
        profile = self.force.grade(grade).profile
        shift.advance(at_s)
        edge, fraction = shift.where(at_s)
        status = self.force.statuses.get(shift.code or PATROL)
        leave_s = at_s + max((status.mobilisation_s if status else 60) * self.draw.uniform(0.8, 1.2), 3.0)
        chance = self.draw.lognormvariate(0.0, self.plan.driving.spread)
        at = moment(int(leave_s)).astimezone(self.zone)
        path, walk_s = self.streets.drive(profile, at, edge, fraction, call.place, leave_s, chance)
        if path is None:
            raise Unreachable(f"no road leads from edge {edge} to {call.place}")
        arrived = int(path.edge[-1]), float(path.end[-1])
        stages = [
            Stage(standing(edge, fraction, at_s, leave_s)),
            Stage(path, None if sent.quiet else EN_ROUTE, lambda time_s: self._set_off(sent, time_s)),
            Stage(standing(*arrived, path.end_s, path.end_s + walk_s)),
        ]
        shift.go(at_s, [*stages, *self._at_scene(shift, sent, *arrived, path.end_s + walk_s)])

    def _at_scene(self, shift: Shift, sent: Sent, edge: int, fraction: float, from_s: float) -> list[Stage]:
        """Return what comes after an arrival: work there, and being free again."""
        clear_s = from_s + self.draw.uniform(*_SERVICE_S)
        scene = Stage(
            standing(edge, fraction, from_s, clear_s),
            AT_SCENE if sent.records_arrival else None,
            lambda time_s: self._arrive(sent, time_s),
        )
        after = Stage(
            standing(edge, fraction, clear_s, clear_s + 20.0), PATROL, lambda time_s: self._clear(shift, sent, time_s)
        )
        return [scene, after]

    def _set_off(self, sent: Sent, time_s: int) -> None:
        if not sent.quiet:
            sent.en_route_s = time_s
        if not sent.readable:
            self.board.unread(sent.callsign, time_s)

    def _arrive(self, sent: Sent, time_s: int) -> None:
        if sent.on_scene_s is not None:
            return
        sent.on_scene_s = time_s
        if sent.quiet:
            sent.assigned_s = sent.entered_s = time_s
            sent.recorded = True
            self.board.assigned(sent)

    def _clear(self, shift: Shift, sent: Sent, time_s: int) -> None:
        shift.sent, sent.cleared_s, sent.ended = None, time_s, "clear"
        self.board.cleared(sent)
        self._gone(sent, time_s)

    def _divert(self, shift: Shift, old: Sent, at_s: int) -> None:
        """Take a unit away from what it is on its way to, and look for another to go there."""
        old.cleared_s, old.ended, shift.sent = at_s + 3, "diverted", None
        self.board.cleared(old)
        call = self._call(old)
        call.waiting -= 1
        again_s = at_s + self.draw.randrange(60, 240)
        call.waiting += 1
        self._decision_at(again_s, lambda now_s: self._replace(call, now_s))

    def _replace(self, call: Call, now_s: int) -> None:
        call.waiting -= 1
        self._decide(call, now_s, 0)

    def _call(self, sent: Sent) -> Call:
        return self.calls[int(sent.incident_id.removeprefix("I-")) - 1]

    def _gone(self, sent: Sent, time_s: int) -> None:
        """Close the incident that nobody is at any more."""
        call = self._call(sent)
        call.waiting -= 1
        if call.waiting == 0 and call.closed_s is None and self.draw.random() >= self.plan.keeping.missing_close:
            call.closed_s = (time_s + self.draw.randrange(5, 300)) | 1
            self.board.closed(call.incident_id, call.closed_s)


def _is_decided(call: Call, latest_s: int) -> bool:
    """Tell whether somebody was sent to a call by a moment, and its record is sound."""
    return call.flaw == "" and call.truth is not None and 0 < (call.truth.decided_s or 0) < latest_s


def _only_unplaced(line: LedgerLine) -> bool:
    """Tell whether nothing keeps a unit from being sent but that the control room has to ask it where it is."""
    return bool(line.failed) and {failure.rule for failure in line.failed} <= {"no_fix", "stale_fix"}
