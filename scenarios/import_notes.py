"""What a reader of a report has to know of imported records, in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from scenarios.evidence import Assumed
from scenarios.import_checks import Noticed

SIMULATED: Final = "The records are of a simulation: nothing in them happened."
_PLACES: Final = 20


def assumption_notes(assume: Assumed) -> Iterator[str]:
    """Say what is taken for granted."""
    if assume.positions == "stations":
        yield (
            "Assumed: a unit without any position report stands at its station while it is on no assignment, "
            f"within {assume.station_accuracy_m:g} m."
        )
    if assume.status is not None:
        yield f"Assumed: a unit without any reported status has status {assume.status} while it is on no assignment."
    if assume.crew is not None:
        yield f"Assumed: a crew of {assume.crew} where a duty does not say how many are aboard."
    if assume.duties == "always":
        yield "Assumed: every callsign of the records is on duty for all of the period."
    if assume.commitments == "none":
        yield "Assumed: nobody is ever busy, because the records do not say until when units were."


def settled_notes(settled: Counter[str]) -> Iterator[str]:
    """Say how times were told that were there twice, and who was sent before a call was received."""
    words = {
        "order": "had a time that was there twice when clocks went back; the order of steps told which was meant.",
        "manifest": "had a time that was there twice when clocks went back; the manifest says which was meant.",
        "before_received": "were sent before their incident was received, by the times recorded.",
    }
    for name, what in words.items():
        if settled[name]:
            yield f"{settled[name]:,} {'units' if name == 'before_received' else 'rows'} {what}"


def noticed_notes(noticed: Noticed) -> Iterator[str]:
    """Say what was kept, though it looks odd."""
    for (column, name), count in sorted(noticed.left_out.items()):
        hint = f" ({noticed.hints[name]})" if noticed.hints.get(name) else ""
        yield f'{count:,} rows are kept without the name "{name}" in {column}, which the force profile lacks{hint}.'
    for table, count in sorted(noticed.strangers.items()):
        if count:
            yield f"{count:,} rows of {table} are of incidents that are not among the records imported."
    crowded = sorted(noticed.crowded.items(), key=lambda item: (-item[1], item[0]))
    for (lat, lon), count in crowded[:_PLACES]:
        yield f"default_location: {count:,} incidents of different callers at {lat}, {lon}; a default, most likely."
    if len(crowded) > _PLACES:
        yield f"default_location: {len(crowded) - _PLACES:,} more such places, see import.json."


def count_notes(counts: Mapping[str, int], refused_fixes: int) -> Iterator[str]:
    """Say how many rows told a thing once more, and how many reports had been refused when they came."""
    for table, count in counts.items():
        if count:
            yield f"{count:,} rows of {table} told once more what a row before them told; the first counts."
    if refused_fixes:
        yield f"{refused_fixes:,} position reports had been refused or were out of date when they came: not taken."


def duty_notes(on_duty: set[str], named: set[str], assume: Assumed) -> Iterator[str]:
    """Say which of the callsigns named no duty is recorded of: they stand in no picture."""
    without = sorted(named - on_duty)
    if assume.duties == "always":
        return
    if without and not on_duty:
        yield 'No duty is recorded, so nobody can be judged; [assume] duties = "always" takes all for on duty.'
    elif without:
        more = f" and {len(without) - _PLACES} more" if len(without) > _PLACES else ""
        listed = ", ".join(without[:_PLACES])
        yield f"{len(without):,} callsigns have no duty in the records and count as off duty: {listed}{more}."
