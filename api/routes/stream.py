"""``GET /v1/stream``: what happens, pushed to consoles as it happens."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, cast

from apiflask import APIBlueprint
from flask import Flask, Response, current_app, request

from api.consultation import lists
from api.openapi import call
from api.places import QUERY, parameter_faults
from api.pushing import open_places, pushed, still_allowed
from api.record_schemas import PushedEvent
from api.service import Service, service
from api.streams import Stream, Streams
from graphs.errors import Fault, InputError
from graphs.faults import written

blueprint = APIBlueprint("stream", __name__, tag="Stream")
EXTENSION: Final = "nearest_streams"
OPERATION: Final = "stream"
AFTER: Final = "last_event_id"
_SEQ: Final = re.compile(r"[0-9]{1,18}")


def open_streams(app: Flask, service: Service) -> None:
    """Make an application able to push."""
    places = open_places(app, service.settings.streams)
    app.extensions[EXTENSION] = Streams(service.desk, service.force, service.stopping, places)


@blueprint.get("/v1/stream")
@call(
    blueprint,
    OPERATION,
    PushedEvent,
    "Messages until the client goes, may not watch any more, or the service stops.",
    "input",
    "streams-full",
    media_type="text/event-stream",
)
def stream() -> Response:
    """Push every event once, in order, as it happens, and where units are, at most once a second.

    ``id`` is the event's row in the record, ``event`` its kind, ``data`` JSON. ``Last-Event-ID`` goes on after that
    row, at any worker. ``positions`` has the newest fix of each unit that moved, and no id. ``reset`` says that too
    much was missed: load everything again.
    """
    known, after, allowed = service(), _after(), _allowed()
    # What cannot be written down is not shown.
    allowed()
    streams = cast("Streams", current_app.extensions[EXTENSION])
    tail = streams.join()
    return pushed(Stream(tail, after, known.settings.heartbeat_s, allowed).messages(), streams.leave)


def _after() -> int | None:
    """Return the last row that the client knows; what its address says counts less than what a browser adds."""
    faults = list(parameter_faults(request.args, {AFTER}))
    header = request.headers.get("Last-Event-ID") or None
    text = header if header is not None else request.args.get(AFTER)
    if text is not None and not _SEQ.fullmatch(text):
        name, source = ("Last-Event-ID", "request") if header is not None else (AFTER, QUERY)
        faults.append(Fault(source, "", name, written(text), "the id of the last message, a whole number"))
    if faults:
        raise InputError(faults)
    return None if text is None else int(text)


def _allowed() -> Callable[[], bool]:
    """Make what tells, outside of the request, whether its client may still watch; that it watches is written down."""
    noted, clock = lists(), service().clock
    return still_allowed(OPERATION, lambda name: noted.consulted(name, OPERATION, None, clock()))
