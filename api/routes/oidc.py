"""``/v1/session/oidc``: log in by the force's identity provider, where one is set."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response, abort, request

from api.access import access, address_of, set_cookie
from api.errors import Forbidden, Unauthenticated
from api.oidc import CALLBACK, LOGIN_S, Provider, name_of, roles_of, subject_of
from api.openapi import plain_answers
from graphs.errors import InputError

blueprint = APIBlueprint("oidc", __name__, tag="Identity provider")
_COOKIE = "nearest_login"
_PATH = "/v1/session/oidc"
# The session's cookie is kept from every request that another site began, so this page begins a new one.
_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Nearest First</title><meta http-equiv="refresh" content="0;url=/"></head>
<body><p>Logged in. <a href="/">Go on</a></p></body>
</html>
"""


@blueprint.get(_PATH)
@blueprint.doc(
    operation_id="oidcLogIn",
    responses=plain_answers({303: "Go to the identity provider."}, "unauthenticated", "not-found", "no-database"),
)
def begin() -> Response:
    """Send a browser to the identity provider."""
    address, state = _provider().begin()
    response = Response(status=303, headers={"Location": address})
    secure = request.is_secure
    response.set_cookie(_COOKIE, state, LOGIN_S, path=_PATH, secure=secure, httponly=True, samesite="Lax")
    return response


@blueprint.get(CALLBACK)
@blueprint.doc(
    operation_id="oidcCallback",
    responses=plain_answers(
        {200: "Logged in; the cookie is the session."}, "unauthenticated", "forbidden", "not-found", "no-database"
    ),
)
def callback() -> Response:
    """Receive a browser from the identity provider, and begin its session."""
    known, provider = access(), _provider()
    claims = provider.finish(request.args, request.cookies.get(_COOKIE, ""))
    name, roles = name_of(claims, known.settings), roles_of(claims, known.settings)
    try:
        user = known.accounts.vouched_for(subject_of(claims), name, roles)
    except InputError as error:
        raise Forbidden(f"your name at the identity provider, {name}, cannot be that of your account here") from error
    if user is None:
        raise Unauthenticated("this account is shut")
    known.accounts.on_change("logged_in", {"name": user.name, "address": address_of(request), "by": "oidc"})
    response = Response(_PAGE, content_type="text/html; charset=utf-8")
    set_cookie(response, request, known.sessions.open(user))
    response.delete_cookie(_COOKIE, path=_PATH)
    return response


def _provider() -> Provider:
    provider = access().provider
    if provider is None:
        abort(404)
    return provider
