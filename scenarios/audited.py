"""An audit from an imported folder to its report: replay, count, calibrate, write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson

from dispatch.force import Force
from dispatch.recommendation import Recommendation
from graphs.errors import Fault, InputError
from graphs.faults import unknown_name
from graphs.network import Network
from scenarios.audit import Audit, audit_of
from scenarios.calibrate import Calibration, TooFewTrips, fit
from scenarios.compared import Compared, compare, write_compared
from scenarios.evidence import SUMMARY, Evidence, read_evidence
from scenarios.known import Known
from scenarios.replay import LEDGERS, Progress, Replayed, judged, told_nobody, write_about, write_answers
from scenarios.report import REPORT, Told, write_report
from scenarios.report_cases import ledgers_of
from scenarios.report_notices import assumptions_of
from scenarios.trips import trips_of
from scenarios.verdict import Verdict
from scenarios.weighed import recommended, weighed
from scenarios.workplace import workplace

# Enough to tell whether the profile table fits; `nearest calibrate` takes all that there are.
_TRIPS: Final = 2_000


@dataclass(frozen=True)
class Audited:
    """A replay, and what it comes to."""

    replayed: Replayed
    audit: Audit
    compared: tuple[Compared, ...] = ()


def audited(
    folder: Path, out: Path, *, jobs: int = 0, told: Progress = told_nobody, changes: Path | None = None
) -> Audited:
    """Replay an imported folder and write all that there is to say of it.

    Parameters
    ----------
    folder, out, jobs, told, changes
        See `scenarios.replay.replay`.

    Raises
    ------
    InputError
        See `scenarios.replay.replay`.
    """
    with workplace(folder, out) as place:
        done = judged(place, jobs=jobs, told=told, changes=changes)
        evidence, verdicts = done.evidence, done.verdicts
        audit = audit_of(
            verdicts,
            evidence.force,
            refused=_refused(evidence),
            assumed=assumptions_of(evidence.manifest, evidence.force),
        )
        compared = tuple(compare(change, verdicts, then) for change, then in done.what_ifs)
        found, calibration = Audited(done, audit, compared), _calibration(done)
        # All that is read is read: what is written is of the inputs that there were from the beginning.
        place.require_same()
        (out / REPORT).unlink(missing_ok=True)
        write_answers(place, done)
        write_compared(out, compared)
        write_report(out, _told(found, out, calibration))
        write_about(place, done)
        return found


def _told(found: Audited, out: Path, calibration: Calibration | None) -> Told:
    """Return all that the report is made of."""
    done, audit = found.replayed, found.audit
    return Told(
        audit=audit,
        verdicts=done.verdicts,
        evidence=done.evidence,
        ledgers=ledgers_of(out / LEDGERS, {one.incident_id for one in audit.worst}),
        methods=done.about,
        network=done.network,
        closed=Known(done.evidence, done.network).conditions,
        calibration=calibration,
        compared=found.compared,
    )


@dataclass(frozen=True)
class Decided:
    """One past decision with the whole ledger."""

    answer: Recommendation
    verdict: Verdict
    network: Network
    force: Force


def decided(folder: Path, incident_id: str) -> Decided:
    """Return what the brain says of one past decision, to look at.

    Raises
    ------
    InputError
        The folder is none or was changed, it has no roads or no such incident, or there was nothing to judge.
    """
    evidence = read_evidence(folder)
    past = next((each for each in evidence.incidents if each.incident_id == incident_id), None)
    if past is None and incident_id in evidence.quarantined:
        raise InputError([Fault(str(folder), "", "--incident", incident_id, "an incident that was not put aside")])
    if past is None:
        names = [each.incident_id for each in evidence.incidents]
        raise InputError([unknown_name(str(folder), "--incident", incident_id, names)])
    network = evidence.network()
    if network is None:
        raise InputError([Fault(str(folder), "", "network", "nothing", "records with a road network")])
    known = Known(evidence, network)
    verdict = weighed(past, evidence, known, network).verdict
    placed = verdict.lat is not None and verdict.grade in evidence.force.grades and verdict.because != "outside_network"
    answer = recommended(past, evidence, known, network) if placed else None
    if answer is None:
        found = f"{verdict.verdict}: {verdict.because}"
        raise InputError([Fault(str(folder), "", "--incident", found, "an incident that can be judged")])
    return Decided(answer, verdict, network, evidence.force)


def _refused(evidence: Evidence) -> Mapping[str, int]:
    """Return how many rows of incidents the import put aside, by reason."""
    path = evidence.folder / SUMMARY
    told = orjson.loads(path.read_bytes()) if path.name in evidence.manifest.files else {}
    reasons: Mapping[str, int] = told.get("tables", {}).get("incidents", {}).get("reasons", {})
    return reasons


def _calibration(done: Replayed) -> Calibration | None:
    """Return what some of the recorded journeys say of the profile table; None where they are too few."""
    evidence, network = done.evidence, done.network
    if network is None or len(network.given_ms):
        return None
    step = -(-len(evidence.incidents) // _TRIPS) or 1
    some = frozenset(each.incident_id for each in evidence.incidents[::step])
    try:
        return fit(trips_of(evidence, network, some))
    except TooFewTrips:
        return None
