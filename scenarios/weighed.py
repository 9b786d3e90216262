"""One past incident: from the record to its verdict, with the ledger lines that it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from dispatch.model import Fix
from dispatch.recommend import recommend
from dispatch.recommendation import Recommendation
from graphs.errors import OutsideNetwork
from graphs.network import Network
from scenarios.arrival import responses, setting_of
from scenarios.evidence import Evidence
from scenarios.judge import Asked, Judgement, by_road, by_straight_line, judge
from scenarios.known import Known
from scenarios.past import PastAssignment, PastIncident
from scenarios.verdict import DOMESTIC_ABUSE, Class, Verdict

# Who sends two units names one after the other: what follows within a minute was one decision.
TOGETHER: Final = timedelta(seconds=60)
_SHIFTS: Final = (("early", range(6, 14)), ("late", range(14, 22)))


@dataclass(frozen=True, slots=True)
class Weighed:
    """A verdict, and the ledger lines of the units sent and of all that were nearer, as JSON values; None without."""

    verdict: Verdict
    ledger: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The first sending of units to an incident."""

    at: datetime
    sent: tuple[PastAssignment, ...]

    @property
    def callsigns(self) -> tuple[str, ...]:
        """Who was sent."""
        return tuple(dict.fromkeys(each.callsign for each in self.sent))

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why, as recorded."""
        return tuple(dict.fromkeys(each.reason for each in self.sent if each.reason))


def decision_of(assignments: Sequence[PastAssignment]) -> Decision | None:
    """Return the first decision to send; None where nobody was sent.

    Parameters
    ----------
    assignments
        Of one incident, in order of sending.
    """
    if not assignments:
        return None
    at = assignments[0].assigned_at
    return Decision(at, tuple(each for each in assignments if each.assigned_at - at <= TOGETHER))


def weighed(past: PastIncident, evidence: Evidence, known: Known, network: Network | None) -> Weighed:
    """Judge one incident.

    Parameters
    ----------
    network
        The roads; None for the measure by straight lines.
    """
    assignments = evidence.assignments.get(past.incident_id, ())
    decision = decision_of(assignments)
    told = _about(past, evidence, known, decision)
    told |= responses(evidence.at_last(past), assignments, evidence, None if decision is None else decision.at)
    stopped = next(_nothing_to_judge(past, evidence, known, decision), None)
    if stopped is not None or decision is None:
        verdict, because = stopped or ("dropped", "nobody_sent")
        return Weighed(Verdict(**told, verdict=verdict, because=because))
    if network is None:
        picture = known.picture(decision.at, past.incident_id, decision.callsigns)
        incident = known.incident(past, decision.at)
        asked = by_straight_line(picture, incident, known.force, decision.callsigns, decision.reasons)
        return Weighed(_verdict(told, asked, judge(asked), by_time=False))
    try:
        found = recommended(past, decision, known, network)
    except OutsideNetwork:
        return Weighed(Verdict(**told, verdict="dropped", because="outside_network"))
    asked = by_road(found, known.force, decision.callsigns, decision.reasons)
    judgement = judge(asked)
    return Weighed(_verdict(told, asked, judgement, by_time=True), _ledger(found, decision, judgement))


def recommended(past: PastIncident, decision: Decision, known: Known, network: Network) -> Recommendation:
    """Return what the brain says of a decision, by what was known then.

    Raises
    ------
    ValueError
        The incident has no place, or no grade was known.
    OutsideNetwork
        It is outside the network's area.
    """
    picture = known.picture(decision.at, past.incident_id, decision.callsigns)
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
        "reason": "" if decision is None else ";".join(decision.reasons),
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
    if past.merged_into:
        yield "dropped", "merged"
    if past.self_initiated:
        yield "dropped", "self_initiated"
    if past.incident_id in evidence.quarantined:
        yield "unknown", "row_quarantined"
    if decision is None:
        yield "dropped", "nobody_sent"
        return
    if decision.at < past.received_at:
        yield "unknown", "assigned_before_received"
    if decision.sent[0].on_scene_at == decision.at:
        yield ("dropped", "self_initiated") if decision.at == past.received_at else ("unknown", "logged_on_arrival")
    grade = known.grade(past, decision.at)[0]
    if grade is None or grade not in known.force.grades:
        yield "unknown", "no_grade" if grade is None else "unknown_grade"
    elif not known.force.grades[grade].deploys:
        yield "dropped", "not_deployed"
    if known.as_known(past, decision.at).lat is None:
        yield "unknown", "no_place"


def _verdict(told: dict[str, Any], asked: Asked, judgement: Judgement, *, by_time: bool) -> Verdict:
    judged, better = judgement.judged, judgement.better
    nearest, eligible = asked.nearest, asked.eligible
    found: dict[str, Any] = {
        "verdict": judgement.verdict,
        "because": judgement.because,
        "cause": judgement.cause,
        "judged": judged.unit.callsign if judged else "",
        "nearest": nearest.unit.callsign if nearest else "",
        "nearest_eligible": eligible.unit.callsign if eligible else "",
        "straight": asked.straight,
        "unplaced": asked.unplaced,
    }
    if by_time:
        found["sent_s"] = judged.cost if judged else None
        found["nearest_s"] = nearest.cost if nearest else None
        found["nearest_eligible_s"] = eligible.cost if eligible else None
        if judged is not None and judgement.verdict != "unknown":
            found["lost_s"] = round(judged.cost - better.cost, 3) if better else 0.0
    return Verdict(**told, **found)


def _ledger(found: Recommendation, decision: Decision, judgement: Judgement) -> dict[str, Any]:
    """Return the lines that a verdict rests on, and by what they were worked out."""
    shown = set(decision.callsigns) | {each.unit.callsign for each in judgement.nearer}
    # What a diverted unit would leave behind takes as long to find as all the rest, and nothing is judged by it.
    lines = tuple(replace(line, leaving=None) for line in found.ledger if line.unit.callsign in shown)
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
