"""What is true of each decision of a made-up period, worked out while it is made and not from its record.

The classes are those of docs/audit.md. Nothing here is shared with the replay but the brain, and that is asked with the
reference router.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

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
    incident: Incident, sent: Sequence[str], picture: Picture, network: Network, force: Force, decided_s: int
) -> Truth:
    """Judge a decision by the picture of its moment, asking the reference router.

    Parameters
    ----------
    sent
        Callsigns sent together.
    """
    answer = recommend(picture, incident, network, force, engine=ReferenceRouter)
    name, best = incident.incident_id, answer.nearest_eligible or ""
    there = [line for line in answer.ledger if line.unit.callsign in sent]
    reaching = [(line.eta.time_ms, line.unit.callsign) for line in there if line.eta is not None]
    if not reaching:
        rules = sorted({f"sent_unit:{failure.rule}" for line in there for failure in line.failed})
        return Truth(name, "unknown", ";".join(rules), decided_s, "", best)
    took_ms, who = min(reaching)
    chosen = answer.line(who)
    ahead = [line for line in answer.ledger if line.eta is not None and line.eta.time_ms < took_ms]
    quickest_ms = MS_PER_S * min(status.mobilisation_s for status in force.statuses.values() if not status.off_duty)
    verdict, because, lost_ms = _compared(chosen, ahead, doubtful=_may_be_sooner(answer.ledger, chosen, quickest_ms))
    return Truth(name, verdict, because, decided_s, who, best, lost_ms)


def _may_be_sooner(lines: Iterable[LedgerLine], chosen: LedgerLine, quickest_ms: int) -> str:
    """Tell whether somebody whose status alone is not known would be sooner if ready to go: ``beyond`` doubt or not."""
    found = ""
    for line in lines:
        if line.eta is None or chosen.eta is None or {failure.rule for failure in line.failed} != {"no_status"}:
            continue
        saved_ms = line.eta.mobilisation_ms - quickest_ms
        if line.eta.latest_ms - saved_ms < chosen.eta.earliest_ms:
            return "beyond"
        if line.eta.time_ms - saved_ms < chosen.eta.time_ms:
            found = "within"
    return found


def _compared(chosen: LedgerLine, ahead: Sequence[LedgerLine], *, doubtful: str) -> tuple[str, str, int | None]:
    """Return the class, why, and what was lost."""
    free = next((line for line in ahead if line.eligible), None)
    if chosen.eta is None:
        raise ValueError("nobody is compared who has no time")
    if free is not None and free.eta is not None and free.eta.latest_ms < chosen.eta.earliest_ms:
        return "nearer_eligible_not_sent", "", chosen.eta.time_ms - free.eta.time_ms
    if doubtful == "beyond":
        return "unknown", "nearer_unit:no_status", None
    if free is None and doubtful:
        return "sent_within_noise", "", 0
    if free is not None and free.eta is not None:
        return "sent_within_noise", "", chosen.eta.time_ms - free.eta.time_ms
    if ahead:
        return "nearer_not_eligible", ";".join(dict.fromkeys(failure.rule for failure in ahead[0].failed)), 0
    return "nearest_sent", "", 0
