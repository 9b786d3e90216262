"""What a reader has to know before any number of a report: what stands in for what the records do not hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Final

import orjson

from dispatch.force import Force
from scenarios.evidence import SUMMARY, Evidence, ImportedManifest
from scenarios.past import PastAmendment, PastAssignment, PastDuty, PastIncident, PastRegrade, PastStatus
from scenarios.report_words import share

# The least share that one decimal of a percent shows.
_LEAST: Final = 0.001
Dated = PastAssignment | PastDuty | PastIncident | PastRegrade | PastStatus | PastAmendment


@dataclass(frozen=True, slots=True)
class Notice:
    """A headline that cannot be overlooked, and what it means for the numbers."""

    title: str
    text: str


_STRAIGHT: Final = Notice(
    "Straight-line version: no road network",
    "There was no road network with these records. Units are ranked by how far off they were in a straight line, not "
    "by how soon they could have been there: rivers, one-way streets and slow roads are not seen, and no time lost can "
    "be told.",
)
_ALWAYS: Final = Notice(
    "Duty times not recorded",
    "The records do not say who was on duty when. Every callsign counts as on duty for the whole period.",
)
_NEVER_BUSY: Final = Notice(
    "Nobody counts as busy",
    "The records do not say until when units were busy. Every unit counts as free, so that some who are said to have "
    "been nearer were not.",
)


def notices_of(evidence: Evidence, *, by_road: bool) -> tuple[Notice, ...]:
    """Return what was assumed where the records are silent, what weighs most first."""
    assume, notices = evidence.manifest.assume, list[Notice]()
    if assume.positions == "stations":
        notices.append(_stations(assume.station_accuracy_m))
    if not by_road:
        notices.append(_STRAIGHT)
    if unentered := tuple(_unentered(evidence)):
        notices.append(_hindsight(unentered))
    if aside := tuple(_put_aside(evidence)):
        notices.append(_rows_put_aside(aside))
    if assume.duties == "always":
        notices.append(_ALWAYS)
    if assume.commitments == "none":
        notices.append(_NEVER_BUSY)
    return tuple(notices)


def _stations(accuracy_m: float) -> Notice:
    return Notice(
        "Stations stand in for positions",
        "For callsigns without any position report, the station of the unit stands in for where it was while it was on "
        f"no assignment, to within {accuracy_m:g} metres. A unit on patrol elsewhere is judged as if it had been at "
        "its station.",
    )


def _unentered(evidence: Evidence) -> Iterator[str]:
    """Yield the kinds of facts of which some do not say when they were entered, with how many."""
    facts: Mapping[str, Iterable[Dated]] = {
        "incidents": evidence.incidents,
        "assignments": chain.from_iterable(evidence.assignments.values()),
        # One without a status stands for a row that could not be read, and nobody entered it.
        "statuses": (one for one in chain.from_iterable(evidence.statuses.values()) if one.status is not None),
        "duties": chain.from_iterable(evidence.duties.values()),
        "changes of grade": chain.from_iterable(evidence.regrades.values()),
        "corrections of incidents": chain.from_iterable(evidence.amendments.values()),
    }
    for name, rows in facts.items():
        found = Counter(one.entered_at is None for one in rows)
        if found[True]:
            yield f"{name} ({_part(found[True], found.total())})"
    # A report that came at the very moment at which it was true has no time of its own.
    at_once = int((evidence.fixes.fixed_us == evidence.fixes.received_us).sum())
    if at_once:
        yield f"positions ({_part(at_once, len(evidence.fixes.fixed_us))})"


def _part(count: int, of: int) -> str:
    """Say how many of so many; nearly all are never said to be all, nor a few to be none."""
    if count == of:
        return "all"
    return f"{share(min(max(count / of, _LEAST), 1 - _LEAST))}: {count:,} of {of:,}"


def _put_aside(evidence: Evidence) -> Iterator[str]:
    """Yield the tables of which the import put rows aside, with how many; the funnel has those of incidents."""
    path = evidence.folder / SUMMARY
    told = orjson.loads(path.read_bytes()) if path.name in evidence.manifest.files else {"tables": {}}
    for name, counts in told["tables"].items():
        if counts["quarantined"] and name != "incidents":
            yield f"{name} ({_part(counts['quarantined'], counts['read'])})"


def _rows_put_aside(parts: tuple[str, ...]) -> Notice:
    return Notice(
        "Rows could not be read and were put aside",
        f"Of {_listed(parts)}. Incidents that they are about cannot be told; what a unit did is not known from such a "
        "row until its next report. The folder of the import has every row with the reason.",
    )


def _listed(parts: tuple[str, ...]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _hindsight(parts: tuple[str, ...]) -> Notice:
    return Notice(
        "Entry times are missing: hindsight cannot be told",
        f"The records do not say when these were written down: {_listed(parts)}. Each counts as known from when it "
        "happened, so one that was entered only afterwards may be held against a dispatcher who could not have known "
        "it.",
    )


def assumptions_of(manifest: ImportedManifest, force: Force) -> tuple[str, ...]:
    """Return all that was taken for granted, in sentences."""
    assume, told = manifest.assume, list[str]()
    if assume.status is not None:
        label = force.statuses[assume.status].label if assume.status in force.statuses else assume.status
        told.append(f"A unit of which no status was reported counts as “{label}” while it is on no assignment.")
    if assume.crew is not None:
        told.append(f"Where a duty does not say how many officers were aboard, {assume.crew} were.")
    return (*told, *manifest.notes)
