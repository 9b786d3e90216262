"""What a job came to, as it is told and handed out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from flask import Response, send_file

from api.jobs import AskedT, Job, Jobs, files_of
from dispatch.errors import Conflict, Unknown

REPORT: Final = "report.html"
MEDIA_TYPES: Final[Mapping[str, str]] = {
    ".csv": "text/csv",
    ".geojson": "application/geo+json",
    ".gz": "application/gzip",
    ".html": "text/html",
    ".json": "application/json",
}
# A report brings its own styles and pictures, and may do nothing else.
_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


def standing_values(job: Job[AskedT]) -> dict[str, Any]:
    """Return what is told of how far any job is, and of what came of it."""
    standing, progress = job.standing, job.progress() or {}
    return {
        "state": job.state,
        **{name: progress.get(name) for name in ("phase", "done", "total")},
        "started_at": standing.started_at,
        "finished_at": standing.finished_at,
        "attempts": standing.attempts,
        "because": standing.because,
        "faults": list(standing.faults),
        "files": _files(job),
    }


def _files(job: Job[AskedT]) -> list[dict[str, Any]]:
    if job.state != "done":
        return []
    return [{"name": name, "bytes": (job.out / name).stat().st_size} for name in _names(job)]


def _names(job: Job[AskedT]) -> list[str]:
    return [name for name in files_of(job.out) if Path(name).suffix in MEDIA_TYPES]


def find_job(jobs: Jobs[AskedT], job_id: str) -> Job[AskedT]:
    """Return a job.

    Raises
    ------
    Unknown
        There is none of that name.
    """
    found = jobs.find(job_id)
    if found is None:
        raise Unknown(f"there is no {jobs.noun} {job_id}")
    return found


def require_done(job: Job[AskedT], noun: str) -> None:
    """Refuse what asks for the result of a job that has none.

    Raises
    ------
    Conflict
        It is not done.
    """
    if job.state != "done":
        raise Conflict(f"the {noun} {job.request.job_id} is {job.state}: only one that is done has results")


def result_file(job: Job[AskedT], name: str, noun: str) -> Path:
    """Return a file of a result; only what the result itself lists is one.

    Raises
    ------
    Conflict
        The job is not done.
    Unknown
        The result has no such file.
    """
    require_done(job, noun)
    known = _names(job)
    if name not in known:
        raise Unknown(f"the {noun} {job.request.job_id} has no file {name}; it has {', '.join(known)}")
    return job.out / name


def shown(path: Path) -> Response:
    """Send a report, to be looked at in a browser, where it runs nothing."""
    response = _sent(path)
    response.headers["Content-Security-Policy"] = _POLICY
    return response


def handed_out(path: Path, job: Job[AskedT]) -> Response:
    """Send a file of a result, to be kept under a name that tells of which job it is."""
    response = _sent(path)
    response.headers.set("Content-Disposition", "attachment", filename=f"{job.request.job_id}-{path.name}")
    return response


def _sent(path: Path) -> Response:
    response = send_file(path, MEDIA_TYPES[path.suffix], conditional=False, etag=False)
    response.headers["Cache-Control"] = "no-store"
    del response.headers["Last-Modified"]
    return response
