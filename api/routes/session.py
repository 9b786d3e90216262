"""``/v1/session``: log in, see who one is and what one may do, log out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from apiflask import APIBlueprint
from flask import Response, g, request
from pydantic import ValidationError

from api.access import access, address_of, drop_cookie, from_this_machine, require_own_page, set_cookie
from api.accounts import NAME, User
from api.accounts_sessions import SECOND_US, Session
from api.answers import to_json
from api.bodies import BODY, read_body
from api.errors import Unauthenticated
from api.openapi import answers, call, plain_answers
from api.responses import json_response
from api.roles import Actor, operations_for
from api.service import service
from api.session_schemas import LogInRequest, SessionAnswer, WaysAnswer
from graphs.errors import Fault, InputError
from graphs.faults import shape_faults, written

blueprint = APIBlueprint("session", __name__, tag="Access")
_BODY_PROBLEMS = ("malformed-json", "body-too-large", "media-type", "input")


@blueprint.post("/v1/session")
@call(
    blueprint,
    "logIn",
    SessionAnswer,
    "Logged in; the cookie is the session.",
    *_BODY_PROBLEMS,
    "unauthenticated",
    "cross-site",
    "too-many-requests",
    reads=LogInRequest,
)
def log_in() -> Response:
    """Log in with a name and a password.

    After some failed attempts in a row the account, and after more the address, is locked for a while.
    """
    require_own_page(request)
    asked = _read(read_body(request, service().settings.max_body_bytes))
    session = access().sessions.open(_user(asked))
    response = json_response(to_json(told(session.actor, session)))
    set_cookie(response, request, session)
    return response


def _user(asked: LogInRequest) -> User:
    """Return the account that is asked for, if the password opens it."""
    known, name, address = access(), _name(asked), address_of(request)
    known.attempts.begin(name, address)
    user = known.accounts.log_in(name, asked.password.get_secret_value())
    if user is None or (user.demonstration and not from_this_machine(request)):
        known.accounts.on_change("login_failed", {"name": name, "address": address})
        raise Unauthenticated("there is no account with this name and this password that may be used from here")
    known.attempts.succeeded(name, address)
    known.accounts.on_change("logged_in", {"name": name, "address": address})
    return user


def _name(asked: LogInRequest) -> str:
    """Return the name of an account that there may be; what else is sent is one name, and reaches no database."""
    name = asked.name.strip().lower()
    return name if NAME.fullmatch(name) else ""


def _read(body: Any) -> LogInRequest:
    if not isinstance(body, dict):
        # What else it is may be the password.
        raise InputError([Fault(BODY, "", "", written(type(body).__name__), "an object with name and password")])
    try:
        return LogInRequest.model_validate(body)
    except ValidationError as error:
        faults = [_hidden(fault) for fault in shape_faults(error, LogInRequest, BODY)]
        raise InputError(faults) from None


def _hidden(fault: Fault) -> Fault:
    """Leave out of a fault what may be the password, or may be it under a wrong key."""
    return Fault(fault.source, fault.where, fault.field, "what was sent", fault.accepted, fault.hint)


@blueprint.get("/v1/session/ways")
@blueprint.doc(operation_id="waysIn", responses=answers(WaysAnswer, "The ways."))
def ways_in() -> Response:
    """Tell by which ways people log in here, to whoever asks, for they are not logged in yet."""
    return json_response(to_json({"provider": access().provider is not None}))


@blueprint.get("/v1/session")
@blueprint.doc(operation_id="whoAmI", responses=answers(SessionAnswer, "Who you are, and what you may do."))
def who_am_i() -> Response:
    """Tell who asks and what they may do."""
    return json_response(to_json(told(g.actor, g.session)))


@blueprint.delete("/v1/session")
@blueprint.doc(operation_id="logOut", responses=plain_answers({204: "The session is over; a key stays valid."}))
def log_out() -> Response:
    """End the session."""
    response = Response(status=204)
    if g.session is not None:
        access().end(g.session)
        access().accounts.on_change("logged_out", {"name": g.actor.name})
        drop_cookie(response, request)
    return response


def told(actor: Actor, session: Session | None) -> dict[str, Any]:
    """Return what somebody is told of themselves."""
    expires = None if session is None else datetime.fromtimestamp(session.expires_us / SECOND_US, UTC)
    return {
        "name": actor.name,
        "kind": actor.kind,
        "roles": sorted(actor.roles),
        "may": operations_for(actor.roles),
        "csrf_token": None if session is None else session.csrf_token,
        "expires_at": None if expires is None else expires.isoformat(timespec="seconds").replace("+00:00", "Z"),
    }
