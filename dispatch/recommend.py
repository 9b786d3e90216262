"""The one place where it is decided who should go.

`recommend` does no I/O, reads no clock and draws no random number: a live answer, a replayed answer and a simulated
answer to the same question are equal to the byte.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.diversion import Diversions
from dispatch.eligibility import PLACELESS, Failure, Question, failures
from dispatch.eta import Eta, Placed, eta, fix_age_ms, place
from dispatch.force import Force
from dispatch.model import Incident, Picture, Unit
from dispatch.recommendation import Certainty, LedgerLine, LeftBehind, Outcome, Recommendation, Target
from dispatch.suggest import suggest
from graphs.conditions import NO_CONDITIONS, Conditions
from graphs.coordinates import distance_m
from graphs.errors import InputError
from graphs.faults import unknown_name
from graphs.network import Network
from graphs.provenance import code_hash
from graphs.router import Router
from graphs.routing import Routing
from graphs.snapping import Approach

POLICY = "nearest-first"
# Taken when the code is loaded: what is on disk later may be another version.
_ENGINE_HASH, _POLICY_HASH = code_hash("graphs"), code_hash("dispatch")


def recommend(
    picture: Picture,
    incident: Incident,
    network: Network,
    force: Force,
    conditions: Conditions = NO_CONDITIONS,
    engine: type[Routing] = Router,
) -> Recommendation:
    """Say who should go to an incident, and why not the others.

    Parameters
    ----------
    picture, incident
        What is known at one moment, which is part of it; and where somebody is needed.
    network, conditions
        The roads, with the profile table to drive them by; and what is closed or slowed, now and at other times.
    force
        The force's own rules.
    engine
        The router to ask; any other than the engine is for tests.

    Returns
    -------
    Recommendation
        With a ledger line for every unit of the picture.

    Raises
    ------
    OutsideNetwork
        The incident is outside the network's area.
    InputError
        The incident's grade, a tag or a needed skill is not in the force profile.
    """
    _require_known(incident, force)
    roads = partial(engine, network, conditions=conditions, at=picture.now.astimezone(ZoneInfo(force.time_zone)))
    router = roads(force.grade(incident.grade).profile)
    approaches = router.approaches(incident.lat, incident.lon, on_road=incident.on_road)
    ranked = _rank(picture, incident, force, router, approaches)
    chosen, unmet = suggest([line for line in ranked if line.eligible], incident, force)
    suggested = tuple(line.unit.callsign for line in chosen)
    ledger = _with_costs(ranked, suggested, Diversions(picture, network, force, roads))
    eligible = [line for line in ledger if line.eligible]
    alike, gap_m = _indistinguishable(eligible), approaches[0].gap_m
    return Recommendation(
        now=picture.now,
        incident=incident,
        profile=router.edge_times.profile.name,
        outcome=_outcome(ledger),
        target=_target(incident, force, picture.now),
        nearest=next((line.unit.callsign for line in ledger if line.eta is not None), None),
        nearest_eligible=eligible[0].unit.callsign if eligible else None,
        suggested=suggested,
        unmet=tuple(unmet),
        certainty=_certainty(eligible, alike),
        indistinguishable_from=alike,
        gap_m=gap_m,
        warnings=tuple(_warnings(incident, gap_m, router)),
        ledger=tuple(ledger),
        versions=_versions(network, force, conditions, engine),
    )


def _require_known(incident: Incident, force: Force) -> None:
    """Refuse names without a meaning: a misspelt tag would quietly ask for nothing."""
    asked = [("grade", force.grades, [incident.grade]), ("tags", force.tags, sorted(incident.tags))]
    asked.append(("needs", force.skills, sorted(incident.needs)))
    faults = [
        unknown_name("incident", field, name, known, incident.incident_id)
        for field, known, names in asked
        for name in names
        if name not in known
    ]
    if faults:
        raise InputError(faults)


def _rank(
    picture: Picture, incident: Incident, force: Force, router: Routing, approaches: Sequence[Approach]
) -> list[LedgerLine]:
    """Return a line for every unit, soonest first; no other unit changes a unit's own time."""
    grades = {item.incident_id: item.grade for item in picture.incidents if item.incident_id}
    questions = [
        Question(unit, incident, picture.now, force, grades.get(unit.incident_id or "")) for unit in picture.units
    ]
    failed = {item.unit.callsign: failures(item) for item in questions}
    placeable = [item for item in questions if not any(f.rule in PLACELESS for f in failed[item.unit.callsign])]
    placed = {item.unit.callsign: place(router, item) for item in placeable}
    etas = _etas(placed, router, approaches)
    by_unit = ((item, item.unit.callsign) for item in questions)
    lines = [_line(item, failed[name], etas.get(name), router) for item, name in by_unit]
    lines.sort(key=lambda line: line.order)
    first_ms = next((line.eta.time_ms for line in lines if line.eta is not None), 0)
    return [replace(line, behind_ms=line.eta.time_ms - first_ms) if line.eta else line for line in lines]


def _etas(
    placed: dict[str, Placed | Failure], router: Routing, approaches: Sequence[Approach]
) -> dict[str, Eta | Failure]:
    """Return how soon each unit can be there, or why it has no time; by callsign."""
    told: dict[str, Eta | Failure] = {name: item for name, item in placed.items() if isinstance(item, Failure)}
    on_road = {name: item for name, item in placed.items() if isinstance(item, Placed)}
    spots = [item.spots for item in on_road.values()]
    ways = router.arrivals(approaches)
    answers = zip(on_road.items(), ways.best_of(spots), ways.times_of(spots), strict=True)
    return told | {name: eta(leg, spot_ms, router.edge_times, item) for (name, item), leg, spot_ms in answers}


def _line(question: Question, failed: tuple[Failure, ...], told: Eta | Failure | None, router: Routing) -> LedgerLine:
    if isinstance(told, Failure):
        failed, told = (*failed, told), None
    unit, incident = question.unit, question.incident
    return LedgerLine(
        unit=unit,
        status_label=question.status.label if question.status is not None else "unknown",
        eta=told,
        failed=failed,
        straight_m=distance_m(unit.fix.lat, unit.fix.lon, incident.lat, incident.lon) if unit.fix else None,
        fix_age_ms=_told_age_ms(question, failed),
        notes=(*_notes(question), *_far_off(told, router)) if not failed else (),
    )


def _far_off(told: Eta | None, router: Routing) -> Iterator[str]:
    if told is not None and told.leg.spot.gap_m > router.edge_times.profile.walk_m:
        yield f"its position is {told.leg.spot.gap_m:.0f} m from the road"


def _told_age_ms(question: Question, failed: tuple[Failure, ...]) -> int | None:
    """Return the age of the fix; one dated too far in the future is of no known age."""
    fix = question.unit.fix
    if fix is None or any(failure.rule == "future_fix" for failure in failed):
        return None
    return fix_age_ms(fix, question.now)


def _notes(question: Question) -> list[str]:
    """Say what a dispatcher should know about a unit that may be sent."""
    unit, incident = question.unit, question.incident
    notes = []
    for name in sorted(incident.tags & question.force.tags.keys()):
        tag = question.force.tags[name]
        if tag.crew is not None and (unit.crew is None or unit.crew < tag.crew):
            aboard = "crew unknown" if unit.crew is None else f"crew of {unit.crew}"
            notes.append(f"{name}: {aboard}, only together with another unit")
        if tag.prefer_skill in unit.skills:
            notes.append(f"{name}: has {tag.prefer_skill}")
    if unit.sector is not None and incident.sector is not None and unit.sector != incident.sector:
        notes.append(f"from sector {unit.sector}")
    return notes


def _with_costs(ledger: list[LedgerLine], suggested: tuple[str, ...], diversions: Diversions) -> list[LedgerLine]:
    """Show what each unit that may be diverted would leave behind; those suggested go together."""

    def cost(unit: Unit) -> LeftBehind:
        sent = suggested if unit.callsign in suggested else (unit.callsign,)
        return diversions.cost(unit, frozenset(sent))

    return [replace(line, leaves=cost(line.unit)) if line.eligible and line.unit.committed else line for line in ledger]


def _outcome(ledger: Sequence[LedgerLine]) -> Outcome:
    if any(line.eligible for line in ledger):
        return "suggested"
    on_duty = any("off_duty" not in {failure.rule for failure in line.failed} for line in ledger)
    return "nobody_eligible" if on_duty else "nobody_on_duty"


def _indistinguishable(eligible: Sequence[LedgerLine]) -> tuple[str, ...]:
    """Return who may be sooner than the first, for all that is known."""
    if not eligible or eligible[0].eta is None:
        return ()
    latest_ms = eligible[0].eta.latest_ms
    timed = ((line.unit.callsign, line.eta) for line in eligible[1:])
    return tuple(callsign for callsign, eta in timed if eta is not None and eta.earliest_ms <= latest_ms)


def _certainty(eligible: Sequence[LedgerLine], alike: tuple[str, ...]) -> Certainty | None:
    if not eligible:
        return None
    return "indistinguishable" if alike else "clear"


def _target(incident: Incident, force: Force, now: datetime) -> Target:
    grade = force.grade(incident.grade)
    setting = force.setting(incident.lon, incident.lat)
    target_s = force.target_s(incident.grade, setting)
    # When an incident was graded is not known here; a clock that starts then has no known end.
    start = {"received": incident.received_at, "dispatched": now}.get(grade.clock)
    due_at = None if start is None or target_s is None else start + timedelta(seconds=target_s)
    return Target(setting, target_s, grade.clock, due_at)


def _warnings(incident: Incident, gap_m: float, router: Routing) -> Iterator[str]:
    if gap_m > router.edge_times.profile.walk_m:
        yield f"the nearest road that may serve the incident is {gap_m:.0f} m away; the walk is in the times"
    shut = router.shut_off_by(incident.lat, incident.lon, on_road=incident.on_road)
    if shut:
        yield f"the incident is behind a closure ({'; '.join(shut)}): units drive up to it and go on on foot"
    passed = None if incident.on_road else router.passed_over(incident.lat, incident.lon, gap_m)
    if passed is not None:
        name = router.network.edge_name(passed[0])
        yield (
            f"{name} is {passed[1]:.0f} m away, but nobody stops on a motorway, slip road, bridge or in a tunnel; "
            "ask with on_road if the incident is there"
        )


def _versions(network: Network, force: Force, conditions: Conditions, engine: type[Routing]) -> dict[str, Any]:
    return {
        "engine": {"name": engine.name, "hash": _ENGINE_HASH},
        "policy": {"name": POLICY, "hash": _POLICY_HASH},
        "network": network.hash,
        "profiles": network.profiles.hash,
        "conditions": conditions.hash,
        "force": {"name": force.name, "hash": force.hash},
    }
