"""The service with routes that last: to end it while they are under way."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator

from apiflask import APIFlask
from flask import Response, request

from api import serving
from api.service import service

_log = logging.getLogger("nearest.slow")


def application() -> APIFlask:
    app = serving.application()
    for path, view in (("/slow", slow), ("/stream", stream), ("/fails", fails)):
        # As an operation that anybody may ask for.
        app.add_url_rule(path, path, app.doc(operation_id="health")(view))
    return app


def slow() -> str:
    _log.info("slow")
    time.sleep(float(request.args["s"]))
    return "slow"


def stream() -> Response:
    return Response(_until(service().stopping.wait))


def _until(wait: Callable[[], bool]) -> Iterator[str]:
    _log.info("stream")
    yield "begin\n"
    wait()
    yield "end\n"


def fails() -> str:
    raise RuntimeError("the key is under the mat")
