"""Sentences and labels for what the verdicts hold as codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dispatch.force import Force

# The key of every reason that is not one of the force profile's: its words are not repeated, they may name people.
IN_WORDS: Final = "in_words"
CAUSES: Final[Mapping[str, str]] = {
    "reason_recorded": "A reason was recorded",
    "reason_recorded_late": "A reason was recorded, but only long after",
    "own_sector": "The unit sent is of the incident's own sector, the nearer one is not",
    "straight_line": "The unit sent was the nearest in a straight line, but not by road",
    "unexplained": "Nothing in the records explains it",
}
_RULES: Final[Mapping[str, str]] = {
    "grade": "the grade sends nobody",
    "off_duty": "it was off duty",
    "no_status": "no status of it was known",
    "status": "its status did not allow it",
    "committed": "it was bound to an incident that this one may not take it from",
    "skill": "nobody aboard had a skill that was needed",
    "crew": "too few officers were aboard",
    "no_fix": "no position of it was known",
    "future_fix": "its position was dated in the future",
    "stale_fix": "its position was too old",
    "outside_area": "it was outside the road network",
    "unreachable": "no road led from it to the incident",
    "not_in_the_records": "the records have no such callsign",
    "not_cleared": "the records do not say when it was free again, and nothing of it since",
    "same_moment": "it was sent elsewhere at the very same moment",
}
_DROPPED: Final[Mapping[str, str]] = {
    "nobody_sent": "nobody was sent",
    "merged": "it is a second report of another incident",
    "self_initiated": "an officer came upon it",
    "not_deployed": "its grade sends nobody",
    "outside_network": "it is outside the road network",
}
_UNKNOWN: Final[Mapping[str, str]] = {
    "entered_after_decision": "it was entered only after the unit was sent",
    "no_place": "the incident has no place",
    "no_duties": "the records do not say who was on duty",
    "row_quarantined": "a row about it was not accepted at the import",
    "no_grade": "it has no grade",
    "unknown_grade": "its grade is not in the force profile",
    "assigned_before_received": "the unit was sent before the call came in, by the records",
    "logged_on_arrival": "the unit was logged only when it arrived, so that nobody knows when it was sent",
}
_UNITS: Final[Mapping[str, str]] = {"sent_unit": "a unit sent", "nearer_unit": "a unit that seemed nearer"}


def codes(because: str) -> tuple[str, ...]:
    """Return the codes of which `Verdict.because` and `Verdict.reason` consist."""
    return tuple(code.strip() for code in because.split(";") if code.strip())


def said(because: str) -> str:
    """Return as a sentence why an incident was dropped, cannot be judged, or its nearest unit could not be sent."""
    told = "; ".join(map(_said, codes(because))) or "no reason is given"
    return told[0].upper() + told[1:]


def _said(code: str) -> str:
    unit, _, rule = code.rpartition(":")
    if unit in _UNITS:
        return f"of {_UNITS[unit]}: {_RULES.get(rule) or _UNKNOWN.get(rule) or rule}"
    return _DROPPED.get(code) or _UNKNOWN.get(code) or _RULES.get(code) or code


def grade_label(force: Force, key: str) -> str:
    """Return what people call a grade."""
    return force.grades[key].label if key in force.grades else key or "Grade not known"


def reasons_of(force: Force, reason: str) -> tuple[str, ...]:
    """Return the codes of the reasons of an incident; all that was written in words is one, without the words."""
    known = force.override_reasons
    return tuple(sorted({code if code in known else IN_WORDS for code in codes(reason)}))


def reason_label(force: Force, key: str) -> str:
    """Return what people call a reason."""
    return force.override_reasons.get(key, "In words of their own")
