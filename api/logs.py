"""Logs: one line a record, and one record a request. What is asked, said or proved in a request never stands in them.

Every module logs by ``logging`` under ``nearest.``, with what belongs to a line in ``extra``. structlog makes the line.
"""

from __future__ import annotations

import logging
import re
import sys
import time
import uuid
from collections.abc import Iterable, MutableMapping
from typing import TYPE_CHECKING, Any, Literal

import structlog
from flask import Flask, Response, g, request
from structlog.contextvars import bind_contextvars, clear_contextvars, merge_contextvars
from structlog.stdlib import ProcessorFormatter
from structlog.types import Processor
from werkzeug.wsgi import ClosingIterator

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Format = Literal["json", "text"]
HEADER = "X-Request-Id"
# Only what cannot be anything else: a key or a telephone number put there by mistake would stand in every line.
_REQUEST_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_TOLD = "nearest.told"
_MS_PER_S = 1000
_NOT_ANSWERED = 500
_log = logging.getLogger("nearest.requests")


def configure(level: int, form: Format) -> None:
    """Send the lines of this product to standard error from `level` on, and warnings of everything else.

    Libraries log addresses and queries at their lower levels, so theirs are left out.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter(form))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("nearest").setLevel(level)


def formatter(form: Format) -> logging.Formatter:
    """Make what turns a record into a line: JSON for machines, or text for people."""
    before: list[Processor] = [
        merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _process,
    ]
    after: list[Processor] = [ProcessorFormatter.remove_processors_meta]
    if form == "json":
        after += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    else:
        # The other ways to show a traceback show the values of local variables, which are no business of a log.
        plain = structlog.dev.plain_traceback
        after.append(structlog.dev.ConsoleRenderer(colors=False, repr_native_str=True, exception_formatter=plain))
    return ProcessorFormatter(foreign_pre_chain=before, processors=after)


def _process(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    record: logging.LogRecord = event["_record"]
    event["process"] = record.process
    return event


def log_requests(app: Flask) -> None:
    """Make an application log one line for each request, and name the request in the answer and in all its lines."""
    app.after_request(_note)
    app.wsgi_app = RequestLog(app.wsgi_app)  # type: ignore[method-assign]


def forget_request() -> None:
    """Let the lines that follow in this thread belong to no request."""
    clear_contextvars()


class RequestLog:
    """Between server and application: gives a request its id, and writes its line when the answer is over."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request as the application does."""
        name = _request_id(environ.get("HTTP_X_REQUEST_ID", ""))
        clear_contextvars()
        bind_contextvars(request_id=name)
        told = environ[_TOLD] = {"request_id": name, "method": environ["REQUEST_METHOD"], "route": None, "path": None}
        told |= {"status": _NOT_ANSWERED, "actor": None}
        begun = time.perf_counter()

        def start(status: str, headers: list[tuple[str, str]], *failed: Any) -> Any:
            told["status"] = int(status[:3])
            return start_response(status, [*headers, (HEADER, name)], *failed)

        try:
            body = self._application(environ, start)
        except BaseException:
            _write(told, begun)
            raise
        return ClosingIterator(body, lambda: _write(told, begun))


def _request_id(given: str) -> str:
    return given if _REQUEST_ID.fullmatch(given) else str(uuid.uuid4())


def _write(told: dict[str, Any], begun: float) -> None:
    duration_ms = round((time.perf_counter() - begun) * _MS_PER_S, 3)
    _log.info("request", extra={**told, "duration_ms": duration_ms})


def _note(response: Response) -> Response:
    """Keep what only the application knows. An address that no route has may hold anything, so it is not kept."""
    if request.url_rule is not None:
        request.environ[_TOLD] |= {"route": request.url_rule.rule, "path": request.path, "actor": _actor()}
    return response


def _actor() -> str | None:
    actor = g.get("actor")
    return None if actor is None else str(actor.name)
