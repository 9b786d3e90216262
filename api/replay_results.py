"""A replay as it is told, and one incident of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from api.job_results import require_done, standing_values
from api.replay_index import INDEX, find_incident, list_incidents
from api.replays import Replay, Replays
from dispatch.errors import Unknown
from dispatch.naming import is_name
from scenarios.audit_words import CAUSES, said


def replay_values(replay: Replay) -> dict[str, Any]:
    """Return what is told of a replay."""
    asked = replay.request
    return {
        "replay_id": asked.job_id,
        "asked_at": asked.asked_at,
        "by": asked.by,
        "folder": asked.folder,
        "from": asked.start,
        "to": asked.end,
        "what_if": asked.what_if,
        **standing_values(replay),
        "headline": replay.standing.headline,
    }


def incident_of(replay: Replay, incident_id: str) -> tuple[Any, Any]:
    """Return the verdict and the ledger of an incident; the ledger is None where it has none.

    Raises
    ------
    Conflict
        The replay is not done.
    Unknown
        The incident is not among those that were replayed.
    """
    require_done(replay, Replays.noun)
    # What can name nothing in a record is in none.
    found = find_incident(replay.folder / INDEX, incident_id) if is_name(incident_id) else None
    if found is None:
        raise Unknown(f"there is no incident {incident_id} in the replay {replay.request.job_id}")
    return found


def incidents_of(replay: Replay, wanted: Mapping[str, Any], order: str, after: int, limit: int) -> dict[str, Any]:
    """Return some incidents of a replay; see `list_incidents`.

    Raises
    ------
    Conflict
        The replay is not done, or was made by an older version.
    """
    require_done(replay, Replays.noun)
    found = list_incidents(replay.folder / INDEX, wanted, order, after, limit)
    end = after + len(found.verdicts)
    choices = {name: {_name(value): count for value, count in told.items()} for name, told in found.choices.items()}
    return {
        "count": found.count,
        "next": end if end < found.count else None,
        "sentences": sentences_of(found.verdicts),
        "incidents": found.verdicts,
        "choices": choices,
    }


def sentences_of(verdicts: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return what each cause means, and what stands under ``because`` of some verdicts, for people to read."""
    return {**CAUSES, **{one["because"]: said(one["because"]) for one in verdicts if one["because"]}}


def _name(value: Any) -> str:
    """Write a value as a query has it: of true and false SQLite keeps 1 and 0."""
    return value if isinstance(value, str) else str(bool(value)).lower()
