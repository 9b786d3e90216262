"""Settings for gunicorn: ``gunicorn -c python:api.serving``.

What stands here can be changed on gunicorn's command line, such as ``--bind 127.0.0.1:8080``.
"""

from __future__ import annotations

import sys
from http import HTTPStatus
from typing import Any

from apiflask import APIFlask
from gunicorn.http.errors import ParseException
from gunicorn.workers.gthread import ThreadWorker

from api.app import create_app
from api.problems import raw_problem
from graphs.errors import NearestError

# Nobody has to prove who they are yet, so only this machine may ask.
bind = "127.0.0.1:8000"
wsgi_app = "api.serving:application()"
worker_class = "api.serving.Worker"
workers = 2
threads = 8
# The network is loaded before the workers are made, which then share its memory.
preload_app = True
graceful_timeout = 10
control_socket_disable = True

_STATUS = {"LimitRequestLine": 414, "LimitRequestHeaders": 431, "ExpectationFailed": 417, "UnsupportedTransferCoding": 501}


def application() -> APIFlask:
    """Make the service from the environment; where that fails, say why in a line and not in a traceback."""
    try:
        return create_app()
    except NearestError as error:
        for sentence in str(error).splitlines():
            print(f"error: {sentence}", file=sys.stderr)  # noqa: T201 - the process ends here
        sys.exit(error.exit_code)


class Worker(ThreadWorker):  # type: ignore[misc]
    """A threaded worker that answers what is not HTTP with a problem and not with an HTML page."""

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answer a request that could not be read, or that the server itself failed on."""
        status = _STATUS.get(type(exc).__name__, 400) if isinstance(exc, ParseException) else 500
        foreseen = status < HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.NOT_IMPLEMENTED
        self.log.warning("A request from %s was not read: %r", addr, exc, exc_info=None if foreseen else exc)
        try:
            client.sendall(raw_problem(status, "the request could not be read as HTTP" if foreseen else "not foreseen"))
        except OSError:
            self.log.debug("The client of the failed request has gone")
