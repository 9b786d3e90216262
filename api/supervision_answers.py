"""What a supervisor is told of a period: how it went by the audit's measures, and each case that asks for a look."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final, get_args

from dispatch.force import Force
from dispatch.state import Assignment
from dispatch.watched import Standing, Watched
from scenarios.advised import Advised
from scenarios.audit_headline import counts_of, lost_of, measure_of
from scenarios.audit_words import CAUSES, said
from scenarios.rates import rate
from scenarios.verdict import Verdict

_SAID: Final = {
    "not_advised": "No recommendation was kept before the unit was sent",
    "advice_old": "The last recommendation was older than a position that still counts as fresh",
    "advice_overtaken": "Something was recorded between the recommendation and the sending that may change it",
    "purged": "The recommendation was purged",
}
_STANDINGS: Final = get_args(Standing)
# Of these it is not known that somebody was there in time.
_NOT_KNOWN: Final = ("unclocked", "missing", "doubtful")
_GROUPS: Final[Mapping[str, Callable[[Watched], bool]]] = {
    "all": lambda _one: True,
    "domestic_abuse": lambda one: one.domestic_abuse,
    "other": lambda one: not one.domestic_abuse,
}


@dataclass(frozen=True, slots=True)
class Seen:
    """An incident, what is said of it, and what was advised; None where that is not known."""

    one: Watched
    verdict: Verdict
    advised: Advised | None = None


@dataclass(frozen=True, slots=True)
class Period:
    """What was looked at: incidents received at ``start <= t < end``, as of a moment and a row of the record."""

    start: datetime
    end: datetime
    now: datetime
    seq: int


def supervision_answer(
    seen: Sequence[Seen], purged: int, period: Period, force: Force, earlier: Sequence[Watched] = ()
) -> dict[str, Any]:
    """Return what a supervisor is told.

    Parameters
    ----------
    seen
        Every incident of the period whose details are there.
    purged
        How many others there were.
    earlier
        Incidents received before the period at which nobody is known to be yet.
    """
    now, ones = period.now, [each.one for each in seen]
    return {
        "from": _utc(period.start),
        "to": _utc(period.end),
        "as_of": _utc(now),
        "seq": period.seq,
        "force": force.hash,
        "next_due_at": _next_due((*ones, *earlier), now),
        "purged": purged,
        "groups": [_group(name, [each for each in seen if has(each.one)], now) for name, has in _GROUPS.items()],
        "unknown": _reasons(seen, "unknown"),
        "dropped": _reasons(seen, "dropped"),
        "not_nearest": [_not_nearest(each, force) for each in seen if _was_passed_over(each)],
        "overrides": _overrides(seen, force),
        "late": _late(ones, earlier, now),
    }


def _next_due(ones: Sequence[Watched], now: datetime) -> str | None:
    """Return when the next of those that are not late is."""
    responses = (each.response for each in ones)
    pending = [one.due_at for one in responses if one is not None and one.standing(now) == "pending" and one.due_at]
    return _utc(min(pending)) if pending else None


def _group(name: str, seen: Sequence[Seen], now: datetime) -> dict[str, Any]:
    verdicts = [each.verdict for each in seen]
    counts = counts_of(verdicts)
    placed = counts_of(each for each in verdicts if each.unplaced == 0)
    sendings = [each.one.sending for each in seen if each.one.sending is not None]
    return {
        "group": name,
        "incidents": len(seen),
        "sendings": len(sendings),
        "counts": asdict(counts),
        "nearest_sent": asdict(measure_of(counts.good, counts)),
        "strict": asdict(measure_of(counts.nearest_sent, counts)),
        "within_noise": _rate(counts.sent_within_noise, counts.judged),
        "if_all_placed": _rate(placed.good, placed.judged),
        "suggested_sent": _rate(sum(each.suggested for each in sendings), len(sendings)),
        "lost_s": asdict(lost_of(verdicts)),
        "responses": _responses(seen, now),
    }


def _responses(seen: Sequence[Seen], now: datetime) -> dict[str, Any]:
    standings = (each.one.response.standing(now) for each in seen if each.one.response is not None)
    counts = Counter(standing for standing in standings if standing is not None)
    timed = counts["in_target"] + counts["late"]
    decided = timed + counts["overdue"] + sum(counts[name] for name in _NOT_KNOWN)
    return {
        "with_target": counts.total(),
        **{name: counts[name] for name in _STANDINGS},
        "in_target_of_timed": _rate(counts["in_target"], timed),
        "in_target_of_decided": _rate(counts["in_target"], decided),
    }


def _rate(count: int, of: int) -> dict[str, Any]:
    return asdict(rate(count, of))


def _reasons(seen: Sequence[Seen], verdict: str) -> list[dict[str, Any]]:
    found = Counter(each.verdict.because for each in seen if each.verdict.verdict == verdict)
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return [{"because": code, "sentence": _SAID.get(code) or said(code), "count": count} for code, count in ordered]


def _was_passed_over(each: Seen) -> bool:
    return each.verdict.verdict == "nearer_eligible_not_sent"


def _not_nearest(each: Seen, force: Force) -> dict[str, Any]:
    told, sending = each.verdict, each.one.sending
    assert sending is not None  # noqa: S101 - only what was sent is judged
    return {
        **_about(each.one),
        "grade": each.one.grade,
        "decided_at": _utc(sending.at),
        "by": sorted({item.by for item in sending.sent}),
        "sent": list(sending.callsigns),
        "judged": told.judged,
        "better": told.better,
        "lost_s": told.lost_s,
        "cause": told.cause,
        "cause_label": CAUSES[told.cause],
        "reasons": [_reason(code, force) for code in told.reason.split(";") if code],
        "recommendation": None if sending.advice is None else sending.advice.seq,
    }


def _about(one: Watched) -> dict[str, Any]:
    return {
        "incident_id": one.incident_id,
        "received_at": _utc(one.received_at),
        "domestic_abuse": one.domestic_abuse,
    }


def _reason(code: str, force: Force) -> dict[str, Any]:
    return {"reason": code, "label": force.override_reasons.get(code)}


def _overrides(seen: Sequence[Seen], force: Force) -> list[dict[str, Any]]:
    """Return the sendings of units that were not suggested, by the force's reasons, those without one last."""
    found = defaultdict[str | None, list[dict[str, Any]]](list)
    abuse = Counter[str | None]()
    for each in seen:
        # What was sent to a second report stands with the incident that is kept.
        for item in () if each.one.dropped == "merged" else each.one.assignments:
            if not item.suggested:
                found[item.reason].append(_override(each, item))
                abuse[item.reason] += each.one.domestic_abuse
    ordered = sorted(found, key=lambda code: (code is None, -len(found[code]), code or ""))
    return [
        {
            "reason": code,
            "label": None if code is None else force.override_reasons.get(code),
            "count": len(found[code]),
            "domestic_abuse": abuse[code],
            "sent": found[code],
        }
        for code in ordered
    ]


def _override(each: Seen, item: Assignment) -> dict[str, Any]:
    return {
        "incident_id": each.one.incident_id,
        "grade": each.one.grade,
        "domestic_abuse": each.one.domestic_abuse,
        "callsign": item.callsign,
        "at": _utc(item.assigned_at),
        "by": item.by,
        "note": item.note,
        "failed": list(item.failed),
        "recommendation": item.recommendation,
        **_advised(each, item),
    }


def _advised(each: Seen, item: Assignment) -> dict[str, Any]:
    """Tell who was suggested instead; what was advised is known for the first sending alone, and not once overtaken."""
    found, sending = each.advised, each.one.sending
    if found is None or found.overtaken or sending is None or item not in sending.sent:
        return {"advised": None, "given_up_s": None}
    return {"advised": list(found.suggested), "given_up_s": found.given_up_s[item.callsign]}


def _late(ones: Sequence[Watched], earlier: Sequence[Watched], now: datetime) -> list[dict[str, Any]]:
    """Return who was late or is: those still waiting first, the latest first."""
    found = []
    for number, one in enumerate((*ones, *earlier)):
        response = one.response
        late_s = None if response is None else response.late_s(now)
        if response is None or late_s is None or response.due_at is None:
            continue
        told = {
            **_about(one),
            "earlier": number >= len(ones),
            # The grade that was held when somebody arrived.
            "grade": response.grade,
            "clock": response.clock,
            "target_s": response.target_s,
            "due_at": _utc(response.due_at),
            "late_s": round(late_s, 3),
            "waiting": response.at is None,
            "arrived_at": None if response.at is None else _utc(response.at),
            "sent": [] if one.sending is None else list(one.sending.callsigns),
        }
        found.append(told)
    return sorted(found, key=lambda item: (not item["waiting"], -item["late_s"], item["incident_id"]))


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
