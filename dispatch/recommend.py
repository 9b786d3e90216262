"""The one place where it is decided who should go.

`recommend` does no I/O, reads no clock and draws no random number: a live answer, a replayed answer and a simulated
answer to the same question are equal to the byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from dispatch.diversion import Diversions, Leaving
from dispatch.eligibility import PLACELESS, Failure, Question, failures_of
from dispatch.eta import Eta, etas, fix_age_ms, on_road
from dispatch.force import Force, Tag
from dispatch.model import Incident, Picture, Unit
from dispatch.recommendation import Certainty, LedgerLine, Outcome, Recommendation
from dispatch.suggest import suggest
from dispatch.targets import target_of
from graphs.conditions import NO_CONDITIONS, Conditions
from graphs.coordinates import great_circle_m
from graphs.errors import Fault, InputError
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
    """Say who should go to an incident, with a ledger line for every unit of the picture.

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

    Raises
    ------
    OutsideNetwork
        The incident is outside the network's area.
    InputError
        The incident's grade, a tag or a needed skill is not in the force profile.
    """
    if faults := list(unknown_names(incident, force)):
        raise InputError(faults)
    roads = partial(engine, network, conditions=conditions, at=picture.now.astimezone(ZoneInfo(force.time_zone)))
    router = roads(force.grade(incident.grade).profile)
    approaches = router.approaches(incident.lat, incident.lon, on_road=incident.on_road)
    ranked = _rank(picture, incident, force, router, approaches)
    coming = [line for line in ranked if _is_coming(line, incident)]
    chosen, unmet = suggest([line for line in ranked if line.eligible], incident, force, coming)
    suggested = tuple(line.unit.callsign for line in chosen)
    failed = {line.unit.callsign: line.failed for line in ranked}
    ledger = _with_costs(ranked, suggested, partial(Diversions, picture, network, force, roads, failed))
    eligible, met = [line for line in ledger if line.eligible], bool(coming) and not chosen
    alike, gap_m = _indistinguishable(eligible), approaches[0].gap_m
    return Recommendation(
        now=picture.now,
        incident=incident,
        profile=router.edge_times.profile.name,
        outcome="met" if met and (eligible or not unmet) else _outcome(ledger),
        target=target_of(incident, force, picture.now),
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


def _is_coming(line: LedgerLine, incident: Incident) -> bool:
    """Tell whether a unit on duty is bound to the incident asked about."""
    bound = bool(incident.incident_id) and line.unit.incident_id == incident.incident_id
    return bound and not any(failure.rule == "off_duty" for failure in line.failed)


def unknown_names(incident: Incident, force: Force) -> Iterator[Fault]:
    """Yield the names of an incident without a meaning: a misspelt tag would quietly ask for nothing."""
    asked = [("grade", force.grades, [incident.grade]), ("tags", force.tags, sorted(incident.tags))]
    asked.append(("needs", force.skills, sorted(incident.needs)))
    for field, known, names in asked:
        yield from (
            unknown_name("incident", field, name, known, incident.incident_id) for name in names if name not in known
        )


def _rank(
    picture: Picture, incident: Incident, force: Force, router: Routing, approaches: Sequence[Approach]
) -> list[LedgerLine]:
    """Return a line for every unit, soonest first; no other unit changes a unit's own time."""
    grades = {item.incident_id: item.grade for item in picture.incidents if item.incident_id}
    questions = [
        Question(unit, incident, picture.now, force, grades.get(unit.incident_id or "")) for unit in picture.units
    ]
    failed = failures_of(questions)
    told = _etas([item for item, rules in zip(questions, failed, strict=True) if _has_place(rules)], router, approaches)
    first_ms = min([item.time_ms for item in told.values() if isinstance(item, Eta)], default=0)
    tags = [(name, force.tags[name]) for name in sorted(incident.tags & force.tags.keys())]
    asked = zip(questions, failed, _straight_m(picture.units, incident), strict=True)
    walk_m = router.edge_times.profile.walk_m
    lines = [
        _line(item, rules, told.get(item.unit.callsign), straight_m, walk_m, first_ms, tags)
        for item, rules, straight_m in asked
    ]
    lines.sort(key=attrgetter("order"))
    return lines


def _straight_m(units: Sequence[Unit], incident: Incident) -> list[float | None]:
    """Return how far each unit's position is from an incident in a straight line; None without one."""
    fixes = [unit.fix for unit in units]
    places = np.array([(fix.lon, fix.lat) for fix in fixes if fix is not None], np.float64).reshape(-1, 2)
    told = iter(great_circle_m(places, np.array([(incident.lon, incident.lat)])).tolist())
    return [None if fix is None else next(told) for fix in fixes]


def _has_place(failed: tuple[Failure, ...]) -> bool:
    return not failed or not any(failure.rule in PLACELESS for failure in failed)


def _etas(questions: Sequence[Question], router: Routing, approaches: Sequence[Approach]) -> dict[str, Eta | Failure]:
    """Return how soon each unit can be there, or why it has no time; by callsign."""
    fleet, failed = on_road(router, questions)
    told = etas(fleet, router.arrivals(approaches), router.edge_times)
    return {**failed, **{item.unit.callsign: one for item, one in zip(fleet.questions, told, strict=True)}}


def _line(
    question: Question,
    failed: tuple[Failure, ...],
    told: Eta | Failure | None,
    straight_m: float | None,
    walk_m: float,
    first_ms: int,
    tags: Sequence[tuple[str, Tag]],
) -> LedgerLine:
    if isinstance(told, Failure):
        failed, told = (*failed, told), None
    status = question.status
    return LedgerLine(
        unit=question.unit,
        status_label=status.label if status is not None else "unknown",
        eta=told,
        failed=failed,
        straight_m=straight_m,
        behind_ms=told.time_ms - first_ms if told is not None else None,
        fix_age_ms=_told_age_ms(question, failed),
        notes=() if failed else (*_notes(question, tags), *_far_off(told, walk_m)),
    )


def _far_off(told: Eta | None, walk_m: float) -> list[str]:
    return [f"its position is {told.gap_m:.0f} m from the road"] if told is not None and told.gap_m > walk_m else []


def _told_age_ms(question: Question, failed: tuple[Failure, ...]) -> int | None:
    """Return the age of the fix; one dated too far in the future is of no known age."""
    fix = question.unit.fix
    if fix is None or (failed and any(failure.rule == "future_fix" for failure in failed)):
        return None
    return fix_age_ms(fix, question.now)


def _notes(question: Question, tags: Sequence[tuple[str, Tag]]) -> list[str]:
    """Say what a dispatcher should know about a unit that may be sent."""
    unit, incident = question.unit, question.incident
    notes = []
    for name, tag in tags:
        if tag.crew is not None and (unit.crew is None or unit.crew < tag.crew):
            aboard = "crew unknown" if unit.crew is None else f"crew of {unit.crew}"
            notes.append(f"{name}: {aboard}, only together with another unit")
        if tag.prefer_skill in unit.skills:
            notes.append(f"{name}: has {tag.prefer_skill}")
    if unit.sector is not None and incident.sector is not None and unit.sector != incident.sector:
        notes.append(f"from sector {unit.sector}")
    return notes


def _with_costs(
    ledger: list[LedgerLine], suggested: tuple[str, ...], diversions: Callable[[], Diversions]
) -> list[LedgerLine]:
    """Let each unit that may be diverted tell what it would leave behind; those suggested go together."""
    together = frozenset(suggested)
    rows = [row for row, line in enumerate(ledger) if line.eligible and line.unit.committed]
    units = [ledger[row].unit for row in rows]
    alone = ((unit, frozenset({unit.callsign})) for unit in units)
    leaving = Leaving([(unit, together if unit.callsign in together else sent) for unit, sent in alone], diversions)
    told = list(ledger)
    for place, row in enumerate(rows):
        told[row] = replace(ledger[row], leaving=partial(leaving.of, place))
    return told


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
