"""What a replay came to, as it is told: its files, its report, one incident."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from api.replay_index import INDEX, find_incident
from api.replays import Replay, files_of
from dispatch.errors import Conflict, Unknown
from dispatch.naming import is_name

REPORT: Final = "report.html"
MEDIA_TYPES: Final[Mapping[str, str]] = {
    ".csv": "text/csv",
    ".geojson": "application/geo+json",
    ".gz": "application/gzip",
    ".html": "text/html",
    ".json": "application/json",
}


def replay_values(replay: Replay) -> dict[str, Any]:
    """Return what is told of a replay."""
    asked, standing, progress = replay.request, replay.standing, replay.progress() or {}
    return {
        "replay_id": asked.replay_id,
        "asked_at": asked.asked_at,
        "by": asked.by,
        "folder": asked.folder,
        "from": asked.start,
        "to": asked.end,
        "what_if": asked.what_if,
        "state": replay.state,
        **{name: progress.get(name) for name in ("phase", "done", "total")},
        "started_at": standing.started_at,
        "finished_at": standing.finished_at,
        "attempts": standing.attempts,
        "headline": standing.headline,
        "because": standing.because,
        "faults": list(standing.faults),
        "files": _files(replay),
    }


def _files(replay: Replay) -> list[dict[str, Any]]:
    if replay.state != "done":
        return []
    return [{"name": name, "bytes": (replay.out / name).stat().st_size} for name in _names(replay)]


def _names(replay: Replay) -> list[str]:
    return [name for name in files_of(replay.out) if Path(name).suffix in MEDIA_TYPES]


def result_file(replay: Replay, name: str) -> Path:
    """Return a file of a result; only what the result itself lists is one.

    Raises
    ------
    Conflict
        The replay is not done.
    Unknown
        The result has no such file.
    """
    require_done(replay)
    known = _names(replay)
    if name not in known:
        raise Unknown(f"the replay {replay.request.replay_id} has no file {name}; it has {', '.join(known)}")
    return replay.out / name


def require_done(replay: Replay) -> None:
    """Refuse what asks for the result of a replay that has none.

    Raises
    ------
    Conflict
        It is not done.
    """
    if replay.state != "done":
        raise Conflict(f"the replay {replay.request.replay_id} is {replay.state}: only one that is done has results")


def incident_of(replay: Replay, incident_id: str) -> tuple[Any, Any]:
    """Return the verdict and the ledger of an incident; the ledger is None where it has none.

    Raises
    ------
    Conflict
        The replay is not done.
    Unknown
        The incident is not among those that were replayed.
    """
    require_done(replay)
    # What can name nothing in a record is in none.
    found = find_incident(replay.folder / INDEX, incident_id) if is_name(incident_id) else None
    if found is None:
        raise Unknown(f"there is no incident {incident_id} in the replay {replay.request.replay_id}")
    return found
