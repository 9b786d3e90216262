"""Why a nearer unit was not sent, or could not be, and the incidents at which most was lost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from dispatch.force import Force
from scenarios.audit_headline import lost_of
from scenarios.audit_words import CAUSES, codes, grade_label, reason_label, reasons_of, said
from scenarios.rates import Rate, Spread, rate
from scenarios.verdict import JUDGED, Verdict

WORST: Final = 20


@dataclass(frozen=True, slots=True)
class Cause:
    """Incidents to which a nearer unit could have gone, with what the records say of why it did not.

    Parameters
    ----------
    key, label
        As `Verdict.cause` has it, and for people.
    share
        Of all incidents to which a nearer unit could have gone.
    lost_s
        Seconds lost at them.
    """

    key: str
    label: str
    count: int
    share: Rate
    lost_s: Spread


@dataclass(frozen=True, slots=True)
class Override:
    """A recorded reason for sending another than the suggested unit.

    Parameters
    ----------
    key, label
        By the force profile. What a dispatcher wrote in words of their own stands under one key, without the words:
        they may name people.
    count
        Attended incidents with this reason. One may have several, so these do not add up.
    not_sent
        Those of them to which a nearer unit could have gone.
    lost_s
        Seconds lost at these.
    """

    key: str
    label: str
    count: int
    not_sent: int
    lost_s: Spread


@dataclass(frozen=True, slots=True)
class Kept:
    """A rule that the nearest unit failed, or the unit sent.

    Parameters
    ----------
    key, label
        The rule, and what it means.
    count
        Incidents at which the unit failed it. A unit may fail several, so these do not add up.
    alone
        Those at which it failed nothing else.
    """

    key: str
    label: str
    count: int
    alone: int


@dataclass(frozen=True, slots=True)
class Causes:
    """Why not the nearest.

    Parameters
    ----------
    causes
        Of ``nearer_eligible_not_sent``, to which they add up.
    overrides
        Most frequent first.
    kept
        Rules that the nearest unit failed, of ``nearer_not_eligible``; most frequent first.
    sent_failed
        Judged incidents at which the unit sent failed a rule itself, of those judged.
    sent_rules
        The rules that it failed; most frequent first.
    """

    causes: tuple[Cause, ...]
    overrides: tuple[Override, ...]
    kept: tuple[Kept, ...]
    sent_failed: Rate
    sent_rules: tuple[Kept, ...]


@dataclass(frozen=True, slots=True)
class Worst:
    """One of the incidents at which most was lost; the fields are those of `Verdict`, with labels."""

    incident_id: str
    received_at: datetime
    decided_at: datetime | None
    lat: float | None
    lon: float | None
    grade: str
    grade_label: str
    domestic_abuse: bool
    sector: str
    sent: tuple[str, ...]
    judged: str
    better: str
    sent_s: float | None
    better_s: float | None
    lost_s: float
    cause: str
    cause_label: str
    reason_label: str


def causes_of(verdicts: Sequence[Verdict], force: Force) -> Causes:
    """Return why nearer units were not sent."""
    not_sent = [one for one in verdicts if one.verdict == "nearer_eligible_not_sent"]
    judged = [codes(one.judged_failed) for one in verdicts if one.verdict in JUDGED]
    sent_failed = [failed for failed in judged if failed]
    return Causes(
        causes=_causes(not_sent),
        overrides=_overrides(verdicts, force),
        kept=_kept([codes(one.because) for one in verdicts if one.verdict == "nearer_not_eligible"]),
        sent_failed=rate(len(sent_failed), len(judged)),
        sent_rules=_kept(sent_failed),
    )


def _causes(not_sent: Sequence[Verdict]) -> tuple[Cause, ...]:
    found = defaultdict[str, list[Verdict]](list)
    for one in not_sent:
        found[one.cause].append(one)
    others = sorted(found.keys() - CAUSES.keys())
    return tuple(_cause(key, found.get(key, []), len(not_sent)) for key in (*CAUSES, *others))


def _cause(key: str, of_it: Sequence[Verdict], all_of_them: int) -> Cause:
    return Cause(key, CAUSES.get(key, key), len(of_it), rate(len(of_it), all_of_them), lost_of(of_it))


def _overrides(verdicts: Iterable[Verdict], force: Force) -> tuple[Override, ...]:
    found = defaultdict[str, list[Verdict]](list)
    for one in verdicts:
        for key in reasons_of(force, one.reason) if one.verdict != "dropped" else ():
            found[key].append(one)
    ordered = sorted(found.items(), key=lambda each: (-len(each[1]), each[0]))
    return tuple(_override(key, of_it, force) for key, of_it in ordered)


def _override(key: str, of_it: Sequence[Verdict], force: Force) -> Override:
    not_sent = [one for one in of_it if one.verdict == "nearer_eligible_not_sent"]
    return Override(key, reason_label(force, key), len(of_it), len(not_sent), lost_of(not_sent))


def _kept(rules: Sequence[tuple[str, ...]]) -> tuple[Kept, ...]:
    named = {rule for failed in rules for rule in failed}
    counted = [
        Kept(rule, said(rule), sum(rule in failed for failed in rules), sum(failed == (rule,) for failed in rules))
        for rule in named
    ]
    return tuple(sorted(counted, key=lambda kept: (-kept.count, kept.key)))


def worst_of(verdicts: Iterable[Verdict], force: Force) -> tuple[Worst, ...]:
    """Return the incidents at which most was lost, worst first, then by id."""
    lost = [
        (one.lost_s, one) for one in verdicts if one.verdict == "nearer_eligible_not_sent" and one.lost_s is not None
    ]
    ordered = sorted(lost, key=lambda each: (-each[0], each[1].incident_id))
    return tuple(_worst(one, lost_s, force) for lost_s, one in ordered[:WORST])


def _worst(one: Verdict, lost_s: float, force: Force) -> Worst:
    return Worst(
        incident_id=one.incident_id,
        received_at=one.received_at,
        decided_at=one.decided_at,
        lat=one.lat,
        lon=one.lon,
        grade=one.grade,
        grade_label=grade_label(force, one.grade),
        domestic_abuse=one.domestic_abuse,
        sector=one.sector,
        sent=one.sent,
        judged=one.judged,
        better=one.better,
        sent_s=one.sent_s,
        better_s=one.better_s,
        lost_s=lost_s,
        cause=one.cause,
        cause_label=CAUSES.get(one.cause, one.cause),
        reason_label="; ".join(reason_label(force, key) for key in reasons_of(force, one.reason)),
    )
