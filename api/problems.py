"""Every error as an RFC 9457 problem: for machines to act on, for people to mend, and without internals."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from api.errors import (
    BodyTooLarge,
    CrossSite,
    Forbidden,
    MalformedJson,
    NotJson,
    NotReady,
    Refused,
    StreamsFull,
    TooMany,
    Unauthenticated,
)
from dispatch.errors import (
    Conflict,
    KeyReused,
    NotEligible,
    NotSuggested,
    StaleRecommendation,
    UnitTaken,
    Unknown,
    WrongStep,
)
from dispatch.record import BrokenRecord
from dispatch.store import NoDatabase
from graphs.errors import Fault, InputError, NearestError, OutsideNetwork, Unreachable

MEDIA_TYPE = "application/problem+json"
PREFIX = "/problems/"
# A body can hold more faults than anybody reads; the detail says how many there are.
MAX_LISTED = 1000
_INTERNAL = 500
_log = logging.getLogger("nearest.api")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem; its ``type`` is the address of its description."""

    slug: str
    status: int
    title: str
    meaning: str

    @property
    def type(self) -> str:
        """URI reference that names the kind."""
        return PREFIX + self.slug


def _kind(error: type[NearestError], meaning: str) -> Kind:
    return Kind(error.slug, error.status, error.title, meaning)


NOT_FOUND = Kind("not-found", 404, "Nothing is here", "No endpoint has this address. /docs lists those there are.")
NOT_ALLOWED = Kind("method-not-allowed", 405, "The method is not allowed", "Allow names the methods that are answered.")
_KINDS = (
    _kind(InputError, "The request was read, and something in it is not accepted. Every fault found is listed."),
    _kind(OutsideNetwork, "A place lies outside the area of the road network; GET /v1/network shows that area."),
    _kind(Unreachable, "No road that the profile may use leads from the one place to the other."),
    _kind(MalformedJson, "The body could not be read as JSON, or gives a key twice. Nothing else was looked at."),
    _kind(BodyTooLarge, "The body is longer than this service reads."),
    _kind(NotJson, "The body must be application/json, uncompressed."),
    _kind(Unauthenticated, "Send a key as Authorization: Bearer, or log in at POST /v1/session."),
    _kind(Forbidden, "You are known, and no role of yours may do this. The detail names those that may."),
    _kind(
        CrossSite,
        "With a session, X-CSRF-Token must hold the csrf_token of GET /v1/session, from a page of this service.",
    ),
    _kind(TooMany, "Too many requests, or too many failed attempts to log in. Retry-After says when to ask again."),
    _kind(StreamsFull, "The worker asked has no room for another event stream. Retry-After says when to ask again."),
    _kind(NotReady, "The network or the database cannot be used at the moment; ask again soon."),
    _kind(Unknown, "There is no such incident, unit or other thing, or not any more."),
    _kind(Conflict, "Others have acted meanwhile, or what is asked does not follow what is so. The detail says which."),
    _kind(UnitTaken, "The unit was sent already: taken says where, by whom and when, recommendation who is next."),
    _kind(StaleRecommendation, "Another unit is suggested by now: changed says why, recommendation who."),
    _kind(NotEligible, "A rule speaks against the unit: failed says which. Sending it needs confirm and a reason."),
    _kind(NotSuggested, "Another unit is suggested. Sending this one needs one of the force's reasons."),
    _kind(WrongStep, "A status or step may not follow the one before; allowed says what may."),
    _kind(KeyReused, "The idempotency key came before with another request. Nothing was done."),
    _kind(NoDatabase, "The database does not answer. Nothing was done; ask again with the same key."),
    _kind(BrokenRecord, "The record is not as it was written. 'nearest verify' says where."),
    _kind(NearestError, "Something failed that should not have. The log names it by the problem's instance."),
    NOT_FOUND,
    NOT_ALLOWED,
)
KINDS = {kind.slug: kind for kind in _KINDS}


def register_problems(app: Flask) -> None:
    """Make an application answer every error with a problem."""
    app.register_error_handler(NearestError, _of_ours)
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(Exception, _of_anything)


def problem(
    kind: Kind, detail: str, faults: Sequence[Fault] = (), instance: str = "", more: Mapping[str, Any] | None = None
) -> Response:
    """Make the response of a problem.

    Parameters
    ----------
    kind
        What kind of problem it is.
    detail
        What happened this time.
    faults
        What is wrong with the input; the first `MAX_LISTED` are listed.
    instance
        Names this occurrence; made up if not given.
    more
        Further members, for a machine.
    """
    body = _body(kind, detail, faults, instance or _instance(), more or {})
    return Response(body, kind.status, content_type=MEDIA_TYPE)


def raw_problem(status: HTTPStatus) -> bytes:
    """Return a whole HTTP response, for a request that never reached the application."""
    body = _body(Kind("", status, status.phrase, ""), status.description or status.phrase, (), _instance())
    head = (
        f"HTTP/1.1 {status:d} {status.phrase}",
        "Connection: close",
        f"Content-Type: {MEDIA_TYPE}",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join((*head, "", "")).encode() + body


def _body(
    kind: Kind, detail: str, faults: Sequence[Fault], instance: str, more: Mapping[str, Any] = MappingProxyType({})
) -> bytes:
    value = {
        **more,
        "type": kind.type if kind.slug else "about:blank",
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "instance": instance,
        "faults": [asdict(fault) for fault in faults[:MAX_LISTED]],
    }
    # Escapes, because an input may hold half of a character that UTF-8 cannot write.
    return json.dumps(value, ensure_ascii=True).encode() + b"\n"


def _of_ours(error: NearestError) -> Response:
    if error.status == _INTERNAL:
        return _of_anything(error)
    kind = KINDS[error.slug]
    if isinstance(error, InputError):
        return problem(kind, _summary(error.faults), error.faults)
    if isinstance(error, NoDatabase | BrokenRecord):
        _log.error("%s: %s", kind.slug, error)
    answer = problem(kind, str(error), more=error.more if isinstance(error, Conflict) else None)
    if isinstance(error, Refused):
        answer.headers.extend(error.headers)
    return answer


def _summary(faults: Sequence[Fault]) -> str:
    if len(faults) == 1:
        return str(faults[0])
    listed = "" if len(faults) <= MAX_LISTED else f", of which {MAX_LISTED} are listed"
    return f"{len(faults)} faults{listed}; the first: {faults[0]}"


def _of_http(error: HTTPException) -> Response:
    if isinstance(error, NotFound):
        return problem(NOT_FOUND, f"there is nothing at {request.path}; /docs lists what there is")
    if isinstance(error, MethodNotAllowed):
        allowed = sorted(error.valid_methods or ())
        answer = problem(NOT_ALLOWED, f"{request.path} does not answer {request.method}, but {', '.join(allowed)}")
        answer.headers["Allow"] = ", ".join(allowed)
        return answer
    return problem(Kind("", error.code or _INTERNAL, error.name, ""), error.description or error.name)


def _of_anything(error: Exception) -> Response:
    """Tell the log everything and the client nothing but where to look."""
    instance = _instance()
    # The route and not the address, which may be anything where no route has it.
    route = request.url_rule.rule if request.url_rule is not None else "an address without a route"
    _log.error("%s %s failed: %s", request.method, route, instance, exc_info=error)
    detail = f"this was not foreseen; the log tells more under {instance}"
    return problem(KINDS[NearestError.slug], detail, instance=instance)


def _instance() -> str:
    return f"urn:uuid:{uuid.uuid4()}"


def described(kind: Kind) -> dict[str, Any]:
    """Return what is told at the address of a kind of problem."""
    return {"type": kind.type, "title": kind.title, "status": kind.status, "meaning": kind.meaning}
