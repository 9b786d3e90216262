"""``GET /v1/stream``: what happens, pushed to consoles as it happens."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, cast

from apiflask import APIBlueprint
from flask import Flask, Response, current_app, request

from api.access import access
from api.consultation import lists
from api.errors import Refused
from api.openapi import call
from api.orders import actor
from api.places import QUERY, parameter_faults
from api.record_schemas import PushedEvent
from api.roles import may
from api.service import Service, service
from api.streams import Stream, Streams
from graphs.errors import Fault, InputError
from graphs.faults import written

blueprint = APIBlueprint("stream", __name__, tag="Stream")
EXTENSION: Final = "nearest_streams"
OPERATION: Final = "stream"
AFTER: Final = "last_event_id"
# A client that takes nothing for so long is let go: it holds a thread.
_SEND_S: Final = 20.0
_HEADERS: Final = {
    "Cache-Control": "no-cache, no-store",
    # nginx keeps answers back until it has a good deal of them.
    "X-Accel-Buffering": "no",
}
_SEQ: Final = re.compile(r"[0-9]{1,18}")


def open_streams(app: Flask, service: Service) -> None:
    """Make an application able to push."""
    app.extensions[EXTENSION] = Streams(service.desk, service.stopping, service.settings.streams)


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
    if (socket := request.environ.get("gunicorn.socket")) is not None:
        socket.settimeout(_SEND_S)
    said = Stream(tail, after, known.settings.heartbeat_s, allowed).messages()
    response = Response(said, content_type="text/event-stream; charset=utf-8", headers=_HEADERS)
    # Called even where nothing is ever taken from the stream, as after HEAD.
    response.call_on_close(streams.leave)
    return response


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
    guard, name, noted, clock = access(), actor(), lists(), service().clock
    asked = request._get_current_object()  # type: ignore[attr-defined] # noqa: SLF001 - as Werkzeug's own documents say

    def allowed() -> bool:
        try:
            found = guard.known(asked)
        except Refused:
            return False
        if not may(found.actor.roles, OPERATION):
            return False
        noted.consulted(name, OPERATION, None, clock())
        return True

    return allowed
