"""Settings for gunicorn: ``gunicorn -c python:api.serving``.

What stands here can be changed on gunicorn's command line, such as ``--bind 127.0.0.1:8080``, and some of it by the
environment (`api.settings.Serving`).
"""

from __future__ import annotations

import gc
import json
import logging
import os
import shlex
import shutil
import sys
import tempfile
from http import HTTPStatus
from typing import Any, NoReturn

from apiflask import APIFlask
from gunicorn import glogging
from gunicorn.http.errors import ParseException
from gunicorn.workers.gthread import ThreadWorker

from api.demonstration import KEY, require_own_credentials
from api.examples import picture_body
from api.logs import configure, forget_request, formatter
from api.problems import raw_problem
from api.service import EXTENSION, Service
from api.settings import Serving
from graphs.errors import InputError, NearestError

# The library that counts looks for this when it is first imported.
_COUNTS = "PROMETHEUS_MULTIPROC_DIR"


def _told() -> Serving:
    """Read the settings of the processes; what is wrong with them, `application` tells with all other faults."""
    try:
        return Serving.from_environment()
    except InputError:
        return Serving()


_serving = _told()
bind = _serving.bind
wsgi_app = "api.serving:application()"
worker_class = "api.serving.Worker"
# A table of many places has a long address; more than this no server of this kind reads.
limit_request_line = 8190
workers = _serving.workers
# Each open event stream holds a thread: with as many more as there may be streams, they never keep a request waiting.
threads = _serving.threads + _serving.streams
loglevel = _serving.log_level
logger_class = "api.serving.Logger"
# For whoever turns it on: the service has its own line for each request. No address as sent: it has the query in it.
access_log_format = "%(m)s answered with %(s)s in %(M)s ms"
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
    _count_together()
    from api.app import create_app  # noqa: PLC0415 - not before it is known where to count

    try:
        return create_app()
    except NearestError as error:
        _end(error)
    except BaseException:
        _forget_counts()
        raise


def _end(error: NearestError) -> NoReturn:
    _forget_counts()
    for sentence in str(error).splitlines():
        print(f"error: {sentence}", file=sys.stderr)  # noqa: T201 - the process ends here
    sys.exit(error.exit_code)


def on_starting(server: Any) -> None:
    """Do not begin to listen beyond this machine while a published credential is valid."""
    service: Service = server.app.wsgi().extensions[EXTENSION]
    try:
        # A socket file or an inherited socket has no host; who may come through it, this service cannot know.
        hosts = [str(address[0]) if isinstance(address, tuple) else str(address) for address in server.cfg.address]
        require_own_credentials(service.desk.store, hosts)
    except NearestError as error:
        _end(error)


def _count_together() -> None:
    """Make a folder in which every worker counts, empty at each start."""
    if _serving.metrics:
        os.environ[_COUNTS] = tempfile.mkdtemp(prefix="nearest-counts-")


def _forget_counts() -> None:
    if folder := os.environ.pop(_COUNTS, None):
        shutil.rmtree(folder, ignore_errors=True)


def post_worker_init(worker: Any) -> None:
    """Go on with replays and simulations that were interrupted when the service was stopped."""
    from api import replay_requests, simulation_requests  # noqa: PLC0415 - as above

    service: Service = worker.wsgi.extensions[EXTENSION]
    replay_requests.go_on(service.settings)
    simulation_requests.go_on(service.settings)


def pre_request(_worker: Any, _req: Any) -> None:
    """Say nothing: gunicorn's own hook logs the path, which may be anything where no route has it."""


def child_exit(_server: Any, worker: Any) -> None:
    """Keep what a worker that has ended counted, and forget what it measured of itself."""
    if _COUNTS in os.environ:
        from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415 - as above

        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(_server: Any) -> None:
    """Leave nothing behind."""
    _forget_counts()


def when_ready(server: Any) -> None:
    """Print where the service is, and a command that asks it something; the workers are made after this."""
    # What is loaded stays: no worker need look through all of it for what could be freed, in the middle of an answer.
    gc.collect()
    gc.freeze()
    # An answer about hundreds of units makes thousands of values that are all gone when it is told.
    gc.set_threshold(50_000, 20, 100)
    service: Service = server.app.wsgi().extensions[EXTENSION]
    body = json.dumps(picture_body(service) or service.example)
    for listener in server.LISTENERS:
        address = str(listener)
        print(f"Nearest First is at {address}, for people at {address}/docs. Ask it:")  # noqa: T201 - said once
        key = KEY if service.settings.demonstration else "$KEY"
        shown = f'-H "Authorization: Bearer {key}" -H "Content-Type: application/json" -d {shlex.quote(body)}'
        print(f"curl -s {address}/v1/recommendations {shown}", flush=True)  # noqa: T201 - said once


class Logger(glogging.Logger):
    """gunicorn's own logs, in the same form as all others."""

    def setup(self, cfg: Any) -> None:
        """Do as gunicorn's settings say, then give every line its form, those of this product with them."""
        super().setup(cfg)
        for log in (self.error_log, self.access_log):
            for handler in log.handlers:
                handler.setFormatter(formatter(_serving.log_format))
        configure(self.loglevel, _serving.log_format)
        logging.captureWarnings(capture=True)


class Worker(ThreadWorker):
    """A threaded worker that answers what is not HTTP with a problem, and lets go of its address when it is to end."""

    sockets: list[Any]

    def set_accept_enabled(self, enabled: bool) -> None:  # noqa: FBT001 - the signature is gunicorn's
        """Accept connections or not; when the process is to end, for good."""
        super().set_accept_enabled(enabled and self.alive)
        if not self.alive:
            self._let_go()

    def _let_go(self) -> None:
        """Close the sockets, so that whoever comes is refused at once and not left waiting, and end the streams."""
        for listener in self.sockets:
            self._accept_all(listener)
            listener.close()
        self.sockets = []
        service: Service = self.wsgi.extensions[EXTENSION]
        service.stopping.set()

    def _accept_all(self, listener: Any) -> None:
        """Take those who came before."""
        before = -1
        while before != self.nr_conns:
            before = self.nr_conns
            self.accept(listener)

    def handle(self, conn: Any) -> Any:
        """Handle what a connection brings; what is said until its request is read belongs to no other request."""
        forget_request()
        return super().handle(conn)

    def handle_error(self, _req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answer a request that could not be read, or that the server itself failed on."""
        if isinstance(exc, ParseException):
            status = _STATUS.get(type(exc).__name__, HTTPStatus.BAD_REQUEST)
            # What the error says quotes the request.
            self.log.warning("A request from %s is not HTTP: %s", addr, type(exc).__name__)
        else:
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            self.log.error("A request from %s failed", addr, exc_info=exc)
        try:
            client.sendall(raw_problem(status))
        except OSError:
            self.log.debug("The client of the failed request has gone")
