"""Calls that change something: each with a key, so that asking twice does it once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, TypeVar

import orjson
from flask import Response, g, request
from pydantic import BaseModel

from api.bodies import BODY, read_body
from api.responses import json_response
from api.service import service
from dispatch.desk import Answer, Decide, Done, Order, Tell
from dispatch.live import Live
from dispatch.record import Row
from graphs.errors import Fault, InputError
from graphs.faults import NOTHING, checked, written

KEY_HEADER: Final = "Idempotency-Key"
_KEY: Final = re.compile(r"[\x21-\x7e]{1,200}")
_KEY_ACCEPTED: Final = "1 to 200 visible ASCII characters, new for each new request, such as a UUID"
Body = TypeVar("Body", bound=BaseModel)


def actor() -> str:
    """Return the name of who asks."""
    return str(g.actor.name)


def read_model(model: type[Body]) -> Body:
    """Read the JSON body of the present request.

    Raises
    ------
    InputError
        With every fault of the body.
    """
    return model_of(model, read_values())


def read_values() -> Any:
    """Read the JSON body of the present request as it is.

    Raises
    ------
    InputError
        It cannot be read.
    """
    body = read_body(request, service().settings.max_body_bytes)
    # Not orjson, which refuses large numbers and half characters before a model can name them.
    g.body_sha256 = sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    return body


def model_of(model: type[Body], body: Any) -> Body:
    """Make a model of JSON values.

    Raises
    ------
    InputError
        With every fault.
    """
    if not isinstance(body, dict):
        raise InputError([Fault(BODY, "", "", written(body), f"an object with {', '.join(model.model_fields)}")])
    return checked(model, body, BODY)


def order() -> Order:
    """Return who asks for what, under which key.

    Raises
    ------
    InputError
        The request has no key, or one that is not accepted.
    """
    key = request.headers.get(KEY_HEADER, "")
    if not _KEY.fullmatch(key):
        raise InputError([Fault("request", "", KEY_HEADER, written(key) if key else NOTHING, _KEY_ACCEPTED)])
    asked = f"{request.method} {request.path} {g.get('body_sha256', '')}"
    return Order(actor(), key, sha256(asked.encode()).hexdigest())


def perform(decide: Decide, tell: Tell) -> Response:
    """Do what is asked, or tell again what was told when it was asked before."""
    return answered(service().desk.perform(order(), decide, tell))


def answered(done: Done) -> Response:
    """Make the response to something done."""
    response = json_response(done.answer.body)
    response.status_code = done.answer.status
    if done.answer.location is not None:
        response.headers["Location"] = done.answer.location
    response.headers["Idempotency-Replayed"] = "true" if done.again else "false"
    return response


def telling(show: Callable[[Live, Sequence[Row]], Any], status: int = 200, location: str | None = None) -> Tell:
    """Make the function that tells JSON values after something was done."""
    return lambda live, rows: Answer(orjson.dumps(show(live, rows)) + b"\n", status, location)


def moment(given: datetime | None) -> datetime:
    """Return a moment that may be left out: now, then."""
    return given or service().clock()
