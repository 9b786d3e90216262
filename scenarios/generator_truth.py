"""What is true of each decision of a made-up period, worked out while it is made and not from its record.

The classes are those of docs/audit.md. Nothing here is shared with the replay but the brain, and that is asked with the
reference router.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dispatch.eta import Eta
from dispatch.force import Force
from dispatch.model import Incident, Picture
from dispatch.recommend import recommend
from dispatch.recommendation import LedgerLine
from graphs.network import Network
from graphs.reference import ReferenceRouter
from graphs.times import MS_PER_S


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true of one incident."""

    incident_id: str
    verdict: str
    because: str = ""
    decided_s: int | None = None
    judged: str = ""
    nearest_eligible: str = ""
    lost_ms: int | None = None


def truth_of(
    incident: Incident,
    sent: Sequence[str],
    picture: Picture,
    doubtful: frozenset[str],
    network: Network,
    force: Force,
    decided_s: int,
) -> Truth:
    """Judge a decision by the picture of its moment, asking the reference router.

    Parameters
    ----------
    sent
        Callsigns sent together.
    doubtful
        Those of which it is not known whether they were free again.
    """
    answer = recommend(picture, incident, network, force, engine=ReferenceRouter)
    quickest_ms = MS_PER_S * min(status.mobilisation_s for status in force.statuses.values() if not status.off_duty)
    times = {
        line.unit.callsign: _Time(line, line.eta, quickest_ms, line.unit.callsign in doubtful)
        for line in answer.ledger
        if line.eta is not None
    }
    there = [times[callsign] for callsign in sent if callsign in times]
    lost_where = sorted(
        {failure.rule for line in answer.ledger if _is_lost(line, sent) for failure in line.failed} & _PLACELESS
    )
    best, because = answer.nearest_eligible or "", ";".join(f"sent_unit:{rule}" for rule in lost_where)
    if not there:
        return Truth(incident.incident_id, "unknown", because, decided_s, "", best)
    others = [time for callsign, time in times.items() if callsign not in sent]
    who = min(there, key=lambda time: (time.ms, time.line.unit.callsign))
    told = _compared(who.ms, min(time.eta.earliest_ms for time in there), others, because)
    return Truth(incident.incident_id, told[0], told[1], decided_s, who.line.unit.callsign, best, told[2])


_PLACELESS: Final = frozenset({"off_duty", "no_fix", "future_fix", "stale_fix", "outside_area", "unreachable"})


def _is_lost(line: LedgerLine, sent: Sequence[str]) -> bool:
    return line.unit.callsign in sent and line.eta is None


@dataclass(frozen=True, slots=True)
class _Time:
    """How soon a unit could have been there, and whether it could have been sent."""

    line: LedgerLine
    eta: Eta
    quickest_ms: int
    doubtful: bool

    @property
    def ms(self) -> int:
        return self.eta.time_ms

    @property
    def saved_ms(self) -> int:
        """How much sooner it might move off, where nothing is known of what it does."""
        return self.eta.mobilisation_ms - self.quickest_ms if self.line.unit.status is None else 0

    @property
    def unknown(self) -> str:
        """What is not known of it, where nothing else keeps it from being sent."""
        rules = {failure.rule for failure in self.line.failed}
        if rules == {"no_status"}:
            return "no_status"
        return "not_cleared" if self.doubtful and not rules else ""

    @property
    def sure(self) -> bool:
        return self.line.eligible and not self.doubtful


def _compared(took_ms: int, earliest_ms: int, others: Sequence[_Time], missing: str) -> tuple[str, str, int | None]:
    """Return the class, why, and what was lost."""
    ahead = [time for time in others if time.ms < took_ms]
    for time in ahead:
        if time.sure and time.eta.latest_ms < earliest_ms:
            return ("unknown", missing, None) if missing else ("nearer_eligible_not_sent", "", took_ms - time.ms)
    for time in others:
        if time.unknown and time.eta.latest_ms - time.saved_ms < earliest_ms:
            return "unknown", f"nearer_unit:{time.unknown}", None
    seeming = [time.ms for time in ahead if time.sure]
    if seeming or any(time.unknown and time.ms - time.saved_ms < took_ms for time in others):
        return "sent_within_noise", "", took_ms - min(seeming, default=took_ms)
    if ahead:
        return "nearer_not_eligible", ";".join(dict.fromkeys(failure.rule for failure in ahead[0].line.failed)), 0
    return "nearest_sent", "", 0
