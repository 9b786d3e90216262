"""The force profile as a console needs it: what fills its lists and forms, and by what its clocks run."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final, get_args

from convertbng.cutil import convert_bng

from dispatch.assessments import ANSWERS
from dispatch.dash import QUESTIONS
from dispatch.force import Force
from dispatch.force_disclosure import PARTS
from dispatch.force_risk import LEVELS, Risk
from dispatch.state_risk import Role, TaskKind
from dispatch.transitions import STEPS
from graphs.network import Network

BRITISH_GRID: Final = "british_national_grid"
_DEFINITIONS: Final = ("repeat_victim", "conference_repeat", "vulnerable")


def force_answer(force: Force, network: Network) -> dict[str, Any]:
    """Return what a console must know of a force's rules; every label is the profile's own.

    Lists stand in the order of the profile, grades by their rank.
    """
    return {
        "hash": force.hash,
        "version": force.version,
        "name": force.name,
        "time_zone": force.time_zone,
        "grid": _grid(network),
        "grades": _grades(force),
        "statuses": _statuses(force),
        "steps": [{"step": step, "then": list(then)} for step, then in STEPS.items()],
        "skills": _tables("skill", force.skills),
        "tags": _tables("tag", force.tags),
        "override_reasons": _labels("reason", force.override_reasons),
        "fixes": force.fixes.model_dump(mode="json"),
        "diversion": force.diversion.model_dump(mode="json"),
        "risk": _risk(force.risk),
        "assessment": _assessment(force),
        "disclosure": _disclosure(force),
    }


def _grid(network: Network) -> str | None:
    """Name the grid whose references are understood; None where the roads lie outside it."""
    middle = network.area.representative_point()
    eastings, _ = convert_bng(middle.x, middle.y)
    return BRITISH_GRID if math.isfinite(eastings[0]) else None


def _grades(force: Force) -> list[dict[str, Any]]:
    by_rank = sorted(force.grades, key=lambda name: force.grades[name].rank)
    taken = {name: [other for other in by_rank if force.may_preempt(name, other)] for name in by_rank}
    return [{**_table("grade", name, force.grades[name]), "preempted_by": taken[name]} for name in by_rank]


def _statuses(force: Force) -> list[dict[str, Any]]:
    then = {code: force.transitions.get(code) for code in force.statuses}
    return [
        {**_table("status", code, status), "then": None if then[code] is None else list(then[code] or ())}
        for code, status in force.statuses.items()
    ]


def _tables(name: str, tables: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [_table(name, key, table) for key, table in tables.items()]


def _table(name: str, key: str, table: Any) -> dict[str, Any]:
    return {name: key, **table.model_dump(mode="json")}


def _labels(name: str, labels: Mapping[str, str]) -> list[dict[str, str]]:
    return [{name: key, "label": label} for key, label in labels.items()]


def _risk(risk: Risk) -> dict[str, Any]:
    vulnerable = risk.vulnerable
    return {
        "levels": list(LEVELS),
        "roles": list(get_args(Role)),
        "task_kinds": list(get_args(TaskKind)),
        "months": risk.months,
        "definitions": list(_definitions(risk)),
        "questions": [] if vulnerable is None else _labels("question", vulnerable.questions),
        "raises": _tables("reason", risk.raises),
        "dash": {"questions": QUESTIONS, **risk.dash.model_dump(mode="json")},
        "reviews": risk.reviews.model_dump(mode="json"),
        "releases": risk.releases.model_dump(mode="json"),
    }


def _definitions(risk: Risk) -> Iterable[dict[str, Any]]:
    for name in _DEFINITIONS:
        rule = getattr(risk, name)
        if rule is not None:
            yield {"definition": name, "version": rule.version, "text": rule.text, "adds": rule.adds}


def _assessment(force: Force) -> dict[str, Any]:
    return {
        "questions": _labels("question", force.assessment.questions),
        "answers": list(ANSWERS),
        "outcomes": _labels("outcome", force.assessment.outcomes),
    }


def _disclosure(force: Force) -> dict[str, Any]:
    rules = force.disclosure
    purposes = [
        {"purpose": key, "label": purpose.label, "parts": list(purpose.fields)}
        for key, purpose in rules.purposes.items()
    ]
    return {
        "agency": rules.agency,
        "parts": list(PARTS),
        "lawful_bases": _labels("basis", rules.lawful_bases),
        "purposes": purposes,
    }
