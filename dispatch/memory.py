"""The history that a check on receipt asks: kept beside the record, and made from it alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from dispatch.fold import case_of
from dispatch.force_risk import Risk
from dispatch.lookup import keys_of
from dispatch.record import Row
from dispatch.state import Case, State
from dispatch.state_risk import Key
from dispatch.store import Past, Writing

# The kinds of events after which an incident looks different to a later check.
TOLD: Final = frozenset(
    {
        "incident_received",
        "incident_imported",
        "incident_regraded",
        "incident_amended",
        "incident_linked",
        "incident_cancelled",
        "incident_closed",
        "history_checked",
        "dash_recorded",
        "review_done",
    }
)


def remember(writing: Writing, state: State, rows: Sequence[Row]) -> None:
    """Bring the history up to what new rows say of incidents."""
    for incident_id in dict.fromkeys(row.subject for row in rows if row.kind in TOLD):
        if incident_id is None:
            continue
        case = state.incidents.get(incident_id) or case_of(writing.about(incident_id), incident_id)
        if case is not None:
            writing.remember(past_of(case))


def made_again(rows: Iterable[Row]) -> Iterator[tuple[int, Past]]:
    """Make the history again from the rows of `TOLD`, those about one incident together and in order.

    Yields
    ------
    int, Past
        The incident's first row, and what the history has of it.
    """
    for incident_id, about in groupby(rows, key=attrgetter("subject")):
        told = list(about)
        case = case_of(told, incident_id) if incident_id is not None else None
        if case is not None:
            yield told[0].seq, past_of(case)


def past_of(case: Case) -> Past:
    """Return what the history keeps of an incident."""
    return Past(case.incident_id, case.received_at, dict(_summary(case)), frozenset(_keys(case)))


def _summary(case: Case) -> Iterable[tuple[str, Any]]:
    for name in ("lat", "lon", "grade", "type", "address", "stage", "outcome"):
        yield name, getattr(case, name)
    yield "tags", list(case.tags)
    yield "dash", None if case.dash is None else case.dash["level"]


def _keys(case: Case) -> Iterable[Key]:
    """Return the keys that its check wrote down, which hold whatever becomes of the rules that made them."""
    if case.risk is not None and "keys" in case.risk:
        return ((kind, key) for kind, key in case.risk["keys"])
    return keys_of(case, Risk())
