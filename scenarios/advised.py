"""Was the nearest officer sent, by what was advised just before: the classes of the audit, for the day at hand.

An audit asks anew what should have been done at the moment of a decision, with all that was known by then. Here the
kept answer stands for it, as long as nothing is recorded since that may have changed who should go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from dispatch.eligibility import Failure
from dispatch.eta import Eta
from dispatch.force import Force
from dispatch.model import Incident, Unit
from dispatch.recommendation import LedgerLine, Recommendation, Target
from dispatch.watched import Arrived, Sending, Told, Watched
from graphs.coordinates import distance_m
from graphs.legs import Leg
from graphs.times import MS_PER_S
from scenarios.arrival import DRIVING_KMH, FAR_M
from scenarios.judge import Judgement, Sent, by_road, judge
from scenarios.verdict import Verdict

OVERTAKEN: Final = "advice_overtaken"
# Rules for which a unit has no time, and that are about its position alone.
UNPLACED: Final = frozenset({"no_fix", "future_fix", "stale_fix"})


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a kept recommendation: whether these were the right ones to send.

    Parameters
    ----------
    answer_sha256
        Names the recommendation.
    callsigns, reasons
        Who was sent together, and why, as recorded.
    moved
        The units of which something was recorded since.
    """

    answer_sha256: str
    callsigns: frozenset[str]
    reasons: tuple[str, ...]
    moved: frozenset[str]


@dataclass(frozen=True, slots=True)
class Advised:
    """What a kept recommendation says of a decision.

    Parameters
    ----------
    overtaken
        Whether a unit that moved since may have been sent instead, or was sent itself.
    nearest, nearest_eligible, unplaced
        As in `Verdict`.
    suggested
        Who was to be sent.
    given_up_s
        For each unit sent, seconds by which it was later than the soonest of those; None where a time is not known.
    """

    judgement: Judgement
    overtaken: bool
    nearest: str
    nearest_eligible: str
    unplaced: int
    suggested: tuple[str, ...]
    given_up_s: Mapping[str, float | None]


def question_of(one: Watched) -> Question | None:
    """Return what is to be asked about an incident; None where it needs no asking, or there is nobody to ask."""
    sending = one.sending
    if sending is None or sending.advice is None or one.dropped or one.unknown:
        return None
    advice = sending.advice
    return Question(advice.answer_sha256, frozenset(sending.callsigns), _reasons(sending), advice.moved)


def advised_on(question: Question, answer: Mapping[str, Any], force: Force) -> Advised:
    """Judge by a kept recommendation.

    Parameters
    ----------
    answer
        The recommendation, as JSON values.
    """
    judgement = _judged(question, answer, force)
    overtaken = _is_overtaken(question, judgement, answer)
    nearest, eligible = answer["nearest"] or "", answer["nearest_eligible"] or ""
    suggested = tuple(answer["suggested"])
    given_up_s = _given_up_s(question, suggested, answer)
    return Advised(judgement, overtaken, nearest, eligible, _unplaced(answer), suggested, given_up_s)


def _given_up_s(question: Question, suggested: Sequence[str], answer: Mapping[str, Any]) -> dict[str, float | None]:
    times = {line["callsign"]: line["time_s"] for line in answer["ledger"]}
    soonest = min((times[callsign] for callsign in suggested if times.get(callsign) is not None), default=None)
    sent = {callsign: times.get(callsign) for callsign in question.callsigns}
    return {
        callsign: None if time_s is None or soonest is None else round(time_s - soonest, 3)
        for callsign, time_s in sent.items()
    }


def advised_verdict(one: Watched, found: Advised | None) -> Verdict:
    """Return what is said of an incident.

    Parameters
    ----------
    found
        What the recommendation says that its sending rests on; None where there is none any more.
    """
    told = _about(one)
    if one.dropped or one.unknown:
        return Verdict(**told, verdict="dropped" if one.dropped else "unknown", because=one.dropped or one.unknown)
    if found is None or found.overtaken:
        return Verdict(**told, verdict="unknown", because="purged" if found is None else OVERTAKEN)
    judgement = found.judgement
    judged, better = judgement.judged, judgement.better
    lost_s = None
    if judged is not None and judgement.verdict != "unknown":
        lost_s = round(judged.cost - better.cost, 3) if better else 0.0
    return Verdict(
        **told,
        verdict=judgement.verdict,
        because=judgement.because,
        cause=judgement.cause,
        judged=judged.unit.callsign if judged else "",
        judged_failed=";".join(judged.failed) if judged else "",
        better=better.unit.callsign if better else "",
        nearest=found.nearest,
        nearest_eligible=found.nearest_eligible,
        sent_s=judged.cost if judged else None,
        better_s=better.cost if better else None,
        lost_s=lost_s,
        unplaced=found.unplaced,
    )


def _about(one: Watched) -> dict[str, Any]:
    sending = one.sending
    return {
        "incident_id": one.incident_id,
        "received_at": one.received_at,
        "decided_at": None if sending is None else sending.at,
        "sent": () if sending is None else sending.callsigns,
        "reason": "" if sending is None else ";".join(_reasons(sending)),
        "grade": one.grade,
        "tags": one.tags,
        "domestic_abuse": one.domestic_abuse,
        "sector": one.sector or "",
    }


def _reasons(sending: Sending) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.reason for each in sending.sent if each.reason))


def _judged(question: Question, answer: Mapping[str, Any], force: Force) -> Judgement:
    """Judge by the lines that a judgement looks at: those up to the units sent, and those of unknown status."""
    lines, callsigns = answer["ledger"], question.callsigns
    last = max((row for row, line in enumerate(lines) if line["callsign"] in callsigns), default=-1)
    timed = next((row for row, line in enumerate(lines) if line["time_s"] is None), len(lines))
    # Of those sent without a time it is told why; others without one are not looked at.
    looked_at = [
        line
        for row, line in enumerate(lines)
        if line["callsign"] in callsigns or (row < timed and (row < last or line["status"] is None))
    ]
    return judge(by_road(_recommendation(answer, looked_at), force, Sent(callsigns, question.reasons)))


def _unplaced(answer: Mapping[str, Any]) -> int:
    """Return how many units might have been sent, had their position been known."""
    lines = (line["failed"] for line in answer["ledger"] if line["time_s"] is None)
    return sum(bool(failed) and UNPLACED.issuperset(each["rule"] for each in failed) for failed in lines)


def _recommendation(answer: Mapping[str, Any], lines: list[Mapping[str, Any]]) -> Recommendation:
    """Read as much of a kept answer as a judgement looks at."""
    told = answer["incident"]
    return Recommendation(
        now=datetime.fromisoformat(answer["now"]),
        incident=Incident(told["lat"], told["lon"], told["grade"], told["incident_id"], sector=told["sector"]),
        profile=answer["profile"],
        outcome=answer["outcome"],
        target=Target("unknown", None, "", None),
        nearest=answer["nearest"],
        nearest_eligible=answer["nearest_eligible"],
        suggested=tuple(answer["suggested"]),
        unmet=(),
        certainty=answer["certainty"],
        indistinguishable_from=(),
        gap_m=0.0,
        warnings=(),
        ledger=tuple(map(_line, lines)),
        versions={},
    )


def _line(told: Mapping[str, Any]) -> LedgerLine:
    unit = Unit(told["callsign"], told["status"], crew=told["crew"], sector=told["sector"])
    failed = tuple(Failure(each["rule"], each["because"]) for each in told["failed"])
    eta = None if told["time_s"] is None else _eta(told)
    return LedgerLine(unit, told["status_label"], eta, failed, told["straight_m"])


def _eta(told: Mapping[str, Any]) -> Eta:
    names = ("time", "mobilisation", "drive", "walk", "earliest", "latest")
    times = {f"{name}_ms": round(told[f"{name}_s"] * MS_PER_S) for name in names}
    return Eta(**times, length_m=told["length_m"], gap_m=told["fix_gap_m"], way=_not_kept)


def _not_kept() -> Leg:
    raise ValueError("the way is not kept with a recommendation")


def _is_overtaken(question: Question, judgement: Judgement, answer: Mapping[str, Any]) -> bool:
    """Tell whether a unit of which something was recorded since may have been sent in its place, or was sent itself."""
    if not question.moved or judgement.judged is None:
        return False
    if not question.moved.isdisjoint(question.callsigns):
        return True
    lines = {line["callsign"]: line for line in answer["ledger"]}
    return any(_may_be_nearer(lines.get(callsign), judgement.judged.cost) for callsign in question.moved)


def _may_be_nearer(line: Mapping[str, Any] | None, sent_s: float) -> bool:
    # A unit that was not on duty, or nowhere, may be anywhere by now; one that was busy may be ready to go at once.
    return line is None or line["time_s"] is None or line["drive_s"] + line["walk_s"] < sent_s


def elsewhere(told: Iterable[Told], soon_after: Mapping[Arrived, tuple[float, ...]]) -> frozenset[Arrived]:
    """Return the arrivals that were none, by the first fresh report of the unit after it.

    Parameters
    ----------
    soon_after
        Latitude, longitude and km/h by that report.
    """
    places = {each.case.incident_id: (each.case.lat, each.case.lon) for each in told}
    return frozenset(
        arrived
        for arrived, (lat, lon, speed_kmh) in soon_after.items()
        if speed_kmh > DRIVING_KMH or distance_m(lat, lon, *places[arrived.incident_id]) > FAR_M
    )
