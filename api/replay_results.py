"""A replay as it is told, and one incident of it."""

from __future__ import annotations

from typing import Any

from api.job_results import require_done, standing_values
from api.replay_index import INDEX, find_incident
from api.replays import Replay, Replays
from dispatch.errors import Unknown
from dispatch.naming import is_name


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
