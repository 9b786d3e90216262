"""Settings for gunicorn: ``gunicorn -c python:api.serving``.

What stands here can be changed on gunicorn's command line, such as ``--bind 127.0.0.1:8080``.
"""

from __future__ import annotations

import json
import shlex
import sys
from http import HTTPStatus
from typing import Any

from apiflask import APIFlask
from gunicorn.http.errors import ParseException
from gunicorn.workers.gthread import ThreadWorker

from api.app import create_app
from api.examples import picture_body
from api.problems import raw_problem
from api.service import EXTENSION, Service
from graphs.errors import NearestError

# Nobody has to prove who they are yet, so only this machine may ask.
bind = "127.0.0.1:8000"
wsgi_app = "api.serving:application()"
worker_class = "api.serving.Worker"
# A table of many places has a long address; more than this no server of this kind reads.
limit_request_line = 8190
workers = 2
threads = 8
# The network is loaded before the workers are made, which then share its memory.
preload_app = True
graceful_timeout = 10
control_socket_disable = True

_STATUS = {
    "LimitRequestLine": HTTPStatus.REQUEST_URI_TOO_LONG,
    "ExpectationFailed": HTTPStatus.EXPECTATION_FAILED,
    "LimitRequestHeaders": HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    "UnsupportedTransferCoding": HTTPStatus.NOT_IMPLEMENTED,
}


def application() -> APIFlask:
    """Make the service from the environment; where that fails, say why in a line and not in a traceback."""
    try:
        return create_app()
    except NearestError as error:
        for sentence in str(error).splitlines():
            print(f"error: {sentence}", file=sys.stderr)  # noqa: T201 - the process ends here
        sys.exit(error.exit_code)


def when_ready(server: Any) -> None:
    """Print where the service is, and a command that asks it something."""
    service: Service = server.app.wsgi().extensions[EXTENSION]
    body = json.dumps(picture_body(service) or service.example)
    for listener in server.LISTENERS:
        address = str(listener)
        print(f"Nearest First is at {address}, for people at {address}/docs. Ask it:")  # noqa: T201 - said once
        asked = f"{address}/v1/recommendations -H 'Content-Type: application/json' -d {shlex.quote(body)}"
        print(f"curl -s {asked}", flush=True)  # noqa: T201 - said once


class Worker(ThreadWorker):
    """A threaded worker that answers what is not HTTP with a problem and not with an HTML page."""

    def handle_error(self, _req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answer a request that could not be read, or that the server itself failed on."""
        if isinstance(exc, ParseException):
            status = _STATUS.get(type(exc).__name__, HTTPStatus.BAD_REQUEST)
            self.log.warning("A request from %s is not HTTP: %s", addr, exc)
        else:
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            self.log.error("A request from %s failed", addr, exc_info=exc)
        try:
            client.sendall(raw_problem(status))
        except OSError:
            self.log.debug("The client of the failed request has gone")
