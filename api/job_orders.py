"""A job is begun or ended: what the calls of every kind of job do."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from flask import Response, request

from api.job_requests import Room, require_room
from api.job_results import find_job
from api.jobs import WAITING, AskedT, Job, Jobs
from api.orders import actor, answered, order
from api.service import service
from dispatch.desk import Answer, Known, Order
from dispatch.live import Live
from dispatch.record import Event, Row

_log: Final = logging.getLogger("nearest.jobs")


def begin(
    jobs: Jobs[AskedT],
    room: Room,
    request_of: Callable[[datetime, Order], AskedT],
    looks: Callable[[AskedT, datetime], list[Event]],
    values: Callable[[Job[AskedT]], Mapping[str, Any]],
) -> Response:
    """Begin a job, or tell again of the one that was begun when the same was asked before.

    Parameters
    ----------
    request_of
        Makes the request at a moment, or refuses it.
    looks
        What is written into the record with it.
    values
        Makes what is told of a job.

    Raises
    ------
    Conflict
        There is no room for it.
    """
    asked, requests = order(), list[AskedT]()

    def decide(known: Known) -> list[Event]:
        made = request_of(known.now, asked)
        if jobs.find(made.job_id) is None:
            require_room(jobs, room)
        # It is there before that is told: whoever is told of it finds it, whatever ends this process meanwhile.
        jobs.add(made)
        requests.append(made)
        return looks(made, known.now)

    def tell(_live: Live, _rows: Sequence[Row]) -> Answer:
        job = find_job(jobs, requests[-1].job_id)
        return Answer(orjson.dumps(values(job)) + b"\n", 202, f"{request.path}/{job.request.job_id}")

    try:
        return answered(service().desk.perform(asked, decide, tell))
    except Exception:
        _take_back(jobs, requests)
        raise


def _take_back(jobs: Jobs[AskedT], requests: Sequence[AskedT]) -> None:
    """Remove what was begun for a request that is not recorded."""
    for made in requests:
        if (job := jobs.find(made.job_id)) is not None:
            jobs.cancel(job)
            jobs.remove(job)


def cancel(jobs: Jobs[AskedT], job_id: str) -> Job[AskedT]:
    """Have a job ended that waits or runs, and leave one that has ended as it is; return it.

    Raises
    ------
    Unknown
        There is none of that name.
    """
    found = find_job(jobs, job_id)
    if found.state in WAITING:
        _log.info("%s cancelled", jobs.noun, extra={jobs.noun: job_id, "was": found.state, "actor": actor()})
        jobs.cancel(found)
    return find_job(jobs, job_id)


def end_or_remove(jobs: Jobs[AskedT], job_id: str) -> Response:
    """Cancel a job that waits or runs; remove one that has ended, with its results.

    Raises
    ------
    Unknown
        There is none of that name.
    """
    found = find_job(jobs, job_id)
    _log.info("%s ended", jobs.noun, extra={jobs.noun: job_id, "was": found.state, "actor": actor()})
    if found.state in WAITING:
        jobs.cancel(found)
        return Response(status=202)
    jobs.remove(found)
    return Response(status=204)
