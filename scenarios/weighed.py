"""One past incident: from the record to its verdict, with the ledger lines that it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from dispatch.model import Fix
from dispatch.recommend import recommend
from dispatch.recommendation import Recommendation
from dispatch.watched import DOMESTIC_ABUSE, TOGETHER
from graphs.errors import OutsideNetwork
from graphs.network import Network
from scenarios.arrival import responses, setting_of
from scenarios.evidence import Evidence
from scenarios.judge import Asked, Candidate, Judgement, Sent, by_road, by_straight_line, judge
from scenarios.known import Known
from scenarios.past import PastAssignment, PastIncident
from scenarios.verdict import Class, Verdict

# A reason that is entered later than this explains a decision that was made already.
LATE: Final = timedelta(minutes=15)
_SHIFTS: Final = (("early", range(6, 14)), ("late", range(14, 22)))


@dataclass(frozen=True, slots=True)
class Weighed:
    """A verdict, and the ledger lines of the units sent and of all that were nearer, as JSON values; None without."""

    verdict: Verdict
    ledger: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The first sending of units to an incident.

    Parameters
    ----------
    at
        When the first was assigned.
    sent
        The assignments that were one decision, without what was taken back at once.
    about
        The incident, and those that were merged into it: their own assignments are no reason to be busy.
    """

    at: datetime
    sent: tuple[PastAssignment, ...]
    about: frozenset[str]

    @property
    def callsigns(self) -> tuple[str, ...]:
        """Who was sent."""
        return tuple(dict.fromkeys(each.callsign for each in self.sent))

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why, as recorded then."""
        return tuple(dict.fromkeys(each.reason for each in self.sent if each.reason and not _is_late(each)))

    @property
    def late_reasons(self) -> tuple[str, ...]:
        """Why, as recorded some time after."""
        return tuple(dict.fromkeys(each.reason for each in self.sent if each.reason and _is_late(each)))

    def sent_with(self, doubts: Mapping[str, str]) -> Sent:
        """Return who was sent and why, beside what was doubtful then."""
        return Sent(frozenset(self.callsigns), self.reasons, self.late_reasons, doubts)


def _is_late(each: PastAssignment) -> bool:
    return each.entered_at is not None and each.entered_at - each.assigned_at > LATE


def whole(past: PastIncident, evidence: Evidence) -> tuple[PastIncident, tuple[PastAssignment, ...]]:
    """Return an incident with what second reports of it had: the first receipt, and everybody that was sent."""
    merged = evidence.merged(past.incident_id)
    ids = (past.incident_id, *(each.incident_id for each in merged))
    sent = [each for name in ids for each in evidence.assignments.get(name, ())]
    first = min((past.received_at, *(each.received_at for each in merged)))
    ordered = sorted(sent, key=lambda each: (each.assigned_at, each.callsign))
    return (replace(past, received_at=first) if merged else past), tuple(ordered)


def decision_about(past: PastIncident, evidence: Evidence) -> Decision | None:
    """Return the first decision to send; None where nobody was sent."""
    _, assignments = whole(past, evidence)
    if not assignments:
        return None
    at = assignments[0].assigned_at
    together = tuple(each for each in assignments if each.assigned_at - at <= TOGETHER)
    standing = tuple(each for each in together if not _taken_back(each))
    about = frozenset({past.incident_id, *(each.incident_id for each in evidence.merged(past.incident_id))})
    return Decision(at, standing or together, about)


def _taken_back(each: PastAssignment) -> bool:
    """Tell whether a unit was called off at once, and never went."""
    went = each.en_route_at is not None or each.on_scene_at is not None
    return not went and each.cleared_at is not None and each.cleared_at - each.assigned_at <= TOGETHER


def weighed(past: PastIncident, evidence: Evidence, known: Known, network: Network | None) -> Weighed:
    """Judge one incident.

    Parameters
    ----------
    network
        The roads; None for the measure by straight lines.
    """
    past, assignments = whole(past, evidence)
    decision = decision_about(past, evidence)
    told = _about(past, evidence, known, decision)
    told |= responses(evidence.at_last(past), assignments, evidence, None if decision is None else decision.at)
    stopped = next(_nothing_to_judge(past, evidence, known, decision), None)
    if stopped is not None or decision is None:
        verdict, because = stopped or ("dropped", "nobody_sent")
        return Weighed(Verdict(**told, verdict=verdict, because=because))
    seen = known.seen(decision.at, decision.about, decision.callsigns)
    sent, incident = decision.sent_with(seen.doubts), known.incident(past, decision.at)
    if network is None:
        asked = by_straight_line(seen.picture, incident, known.force, sent)
        judgement = judge(asked)
        return Weighed(_verdict(told, asked, judgement, by_time=False), _straight_ledger(asked, decision, judgement))
    try:
        found = recommend(seen.picture, incident, network, known.force, known.conditions(decision.at))
    except OutsideNetwork:
        return Weighed(Verdict(**told, verdict="dropped", because="outside_network"))
    asked = by_road(found, known.force, sent)
    judgement = judge(asked)
    return Weighed(_verdict(told, asked, judgement, by_time=True), _ledger(found, decision, judgement))


def recommended(past: PastIncident, evidence: Evidence, known: Known, network: Network) -> Recommendation | None:
    """Return what the brain says of the decision about an incident, by what was known then; None where nobody was sent.

    Raises
    ------
    ValueError
        The incident has no place, or no grade was known.
    OutsideNetwork
        It is outside the network's area.
    """
    past, _ = whole(past, evidence)
    decision = decision_about(past, evidence)
    if decision is None:
        return None
    picture = known.picture(decision.at, decision.about, decision.callsigns)
    return recommend(picture, known.incident(past, decision.at), network, known.force, known.conditions(decision.at))


def _about(past: PastIncident, evidence: Evidence, known: Known, decision: Decision | None) -> dict[str, Any]:
    """Return what a verdict says of the incident itself."""
    local = past.received_at.astimezone(ZoneInfo(evidence.manifest.time_zone))
    at = past.received_at if decision is None else decision.at
    then, last = known.as_known(past, at), evidence.at_last(past)
    return {
        "incident_id": past.incident_id,
        "received_at": past.received_at,
        "lat": then.lat,
        "lon": then.lon,
        "decided_at": None if decision is None else decision.at,
        "sent": () if decision is None else decision.callsigns,
        "reason": "" if decision is None else ";".join((*decision.reasons, *decision.late_reasons)),
        "grade": known.grade(past, at)[0] or "",
        "tags": tuple(sorted(then.tags)),
        "domestic_abuse": DOMESTIC_ABUSE in last.tags | then.tags | past.tags,
        "sector": then.sector or "",
        "setting": setting_of(then, known.force),
        "hour": local.hour,
        "shift": next((name for name, hours in _SHIFTS if local.hour in hours), "night"),
    }


def _nothing_to_judge(
    past: PastIncident, evidence: Evidence, known: Known, decision: Decision | None
) -> Iterator[tuple[Class, str]]:
    """Yield why an incident is dropped, or cannot be judged; the first counts."""
    refused = evidence.quarantined.get(past.incident_id, frozenset())
    if past.merged_into:
        yield "dropped", "merged"
    if past.self_initiated:
        yield "dropped", "self_initiated"
    if decision is None and "assignments" not in refused:
        yield "dropped", "nobody_sent"
    if refused:
        yield "unknown", "row_quarantined"
    if decision is None:
        return
    if not evidence.duties and known.assume.duties == "recorded":
        # Nobody but those sent would stand in the picture, and every one of them would be the nearest.
        yield "unknown", "no_duties"
    if decision.at < past.received_at:
        yield "unknown", "assigned_before_received"
    if any(map(_is_logged_on_arrival, decision.sent)):
        at_once = decision.at == past.received_at and decision.sent[0].on_scene_at == decision.at
        yield ("dropped", "self_initiated") if at_once else ("unknown", "logged_on_arrival")
    if past.entered_at is not None and past.entered_at > decision.at:
        yield "unknown", "entered_after_decision"
    yield from _without_place_or_grade(past, known, decision)


def _without_place_or_grade(past: PastIncident, known: Known, decision: Decision) -> Iterator[tuple[Class, str]]:
    grade = known.grade(past, decision.at)[0]
    if grade is None or grade not in known.force.grades:
        yield "unknown", "no_grade" if grade is None else "unknown_grade"
    elif not known.force.grades[grade].deploys:
        yield "dropped", "not_deployed"
    if known.as_known(past, decision.at).lat is None:
        yield "unknown", "no_place"


def _is_logged_on_arrival(each: PastAssignment) -> bool:
    """Tell whether a unit was assigned when it was there already, or was written down only then."""
    if each.on_scene_at is None:
        return False
    entered = each.entered_at
    afterwards = entered is not None and entered > each.assigned_at and entered >= each.on_scene_at
    return each.on_scene_at <= each.assigned_at or afterwards


def _verdict(told: dict[str, Any], asked: Asked, judgement: Judgement, *, by_time: bool) -> Verdict:
    judged, better = judgement.judged, judgement.better
    nearest, eligible = asked.nearest, asked.eligible
    found: dict[str, Any] = {
        "verdict": judgement.verdict,
        "because": judgement.because,
        "cause": judgement.cause,
        "judged": judged.unit.callsign if judged else "",
        "judged_failed": ";".join(judged.failed) if judged else "",
        "better": better.unit.callsign if better else "",
        "nearest": nearest.unit.callsign if nearest else "",
        "nearest_eligible": eligible.unit.callsign if eligible else "",
        "straight": asked.straight,
        "unplaced": asked.unplaced,
    }
    if by_time:
        found["sent_s"] = judged.cost if judged else None
        found["nearest_s"] = nearest.cost if nearest else None
        found["nearest_eligible_s"] = eligible.cost if eligible else None
        found["better_s"] = better.cost if better else None
        if judged is not None and judgement.verdict != "unknown":
            found["lost_s"] = round(judged.cost - better.cost, 3) if better else 0.0
    return Verdict(**told, **found)


def _ledger(found: Recommendation, decision: Decision, judgement: Judgement) -> dict[str, Any]:
    """Return the lines that a verdict rests on, and by what they were worked out."""
    shown = set(decision.callsigns) | {each.unit.callsign for each in judgement.nearer}
    # What a diverted unit would leave behind takes as long to find as all the rest, and nothing is judged by it.
    kept = (line for line in found.ledger if line.unit.callsign in shown)
    lines = tuple(line if line.leaving is None else replace(line, leaving=None) for line in kept)
    part = replace(found, ledger=lines)
    told = [{name: line[name] for name in line if name != "leaves"} for line in part.as_dict()["ledger"]]
    return {
        "incident_id": found.incident.incident_id,
        "decided_at": decision.at,
        "sent": decision.callsigns,
        "judged": judgement.judged.unit.callsign if judgement.judged else None,
        "lat": found.incident.lat,
        "lon": found.incident.lon,
        "profile": found.profile,
        "conditions": found.versions["conditions"],
        "units": len(found.ledger),
        "lines": [_placed(line.unit.fix) | values for line, values in zip(part.ledger, told, strict=True)],
    }


def _placed(fix: Fix | None) -> dict[str, Any]:
    if fix is None:
        return {"lat": None, "lon": None, "fixed_at": None}
    return {"lat": fix.lat, "lon": fix.lon, "fixed_at": fix.fixed_at}


def _straight_ledger(asked: Asked, decision: Decision, judgement: Judgement) -> dict[str, Any]:
    """Return what a verdict by straight lines rests on."""
    shown = set(decision.callsigns) | {each.unit.callsign for each in judgement.nearer}
    lines = [_straight_line(each) for each in asked.candidates if each.unit.callsign in shown]
    return {
        "incident_id": asked.incident.incident_id,
        "decided_at": decision.at,
        "sent": decision.callsigns,
        "judged": judgement.judged.unit.callsign if judgement.judged else None,
        "lat": asked.incident.lat,
        "lon": asked.incident.lon,
        "lines": lines,
    }


def _straight_line(each: Candidate) -> dict[str, Any]:
    return {
        **_placed(each.unit.fix),
        "callsign": each.unit.callsign,
        "eligible": not each.failed,
        "failed": [{"rule": rule} for rule in each.failed],
        "straight_m": round(each.straight_m, 1),
        "least_m": round(each.least, 1),
        "most_m": round(each.most, 1),
        "status": each.unit.status,
        "crew": each.unit.crew,
        "sector": each.unit.sector,
    }
