"""Who asks, and whether they may: looked at before any route sees the request.

A system sends its key (``Authorization: Bearer``), a person's browser the cookie of a session. A worker believes what
it found in the database for `AccessSettings.remembered_ms`; a revoked key or an ended session lives so long at most.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Any, Final, cast
from urllib.parse import urlsplit

from flask import Flask, Request, Response, current_app, g, request

from api.accounts import Accounts, OnChange, untold
from api.accounts_keys import Keys
from api.accounts_sessions import Session, Sessions, fingerprint
from api.accounts_settings import AccessSettings
from api.errors import CrossSite, Forbidden, Unauthenticated
from api.limits import Allowances, LoginAttempts
from api.oidc import Provider
from api.roles import APART, CONSULTING, LINKED, PUBLIC, Actor, may, roles_for
from dispatch.store import Store
from graphs.errors import Fault, InputError
from graphs.faults import NOTHING, written

EXTENSION: Final = "nearest_access"
COOKIE: Final = "nearest_session"
CSRF_HEADER: Final = "X-CSRF-Token"
# A page sends it with what it asks of its own accord while nobody touches it: that is no use of a session.
UNATTENDED_HEADER: Final = "X-Unattended"
REASON_HEADER: Final = "X-Consultation-Reason"
REASON_PARAMETER: Final = "reason"
_REASON_CHARACTERS: Final = (3, 200)
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_MOST_REMEMBERED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody who has shown who they are; the session is None for a system."""

    actor: Actor
    session: Session | None = None


class Access:
    """Accounts, sessions, keys and limits of a running service.

    Parameters
    ----------
    store
        The database.
    clock
        Returns the present moment, with an offset.
    settings
        Limits of access.
    on_change
        Told of every change of an account once it is committed: its kind, and details without secrets.
    """

    def __init__(
        self, store: Store, clock: Callable[[], datetime], settings: AccessSettings, on_change: OnChange = untold
    ) -> None:
        self.settings = settings
        self.accounts = Accounts(store, clock, on_change)
        self.keys = Keys(store, clock, on_change)
        self.sessions = Sessions(store, clock, settings)
        self.attempts = LoginAttempts(store, settings)
        self.allowances = Allowances(store)
        self.provider = Provider(store, clock, settings) if settings.oidc_issuer else None
        self._remembered = _Remembered(settings.remembered_ms / 1000)

    def known(self, asked: Request) -> Known:
        """Return who asks.

        Raises
        ------
        Unauthenticated
            Nobody says who they are, or what is said is not so.
        """
        if (header := asked.authorization) is not None:
            found = self._of_key(header.token or "") if header.type == "bearer" else None
            refusal = "the key is not valid here: it is wrong, or expired, or was revoked"
        else:
            token = asked.cookies.get(cookie_name(asked), "")
            found = self._of_session(token, used=UNATTENDED_HEADER not in asked.headers) if token else None
            refusal = "the session is over; log in again" if token else "send a key (Authorization: Bearer), or log in"
        if found is None:
            raise Unauthenticated(refusal)
        if found.actor.demonstration and not from_this_machine(asked):
            raise Unauthenticated("demonstration credentials are worth something on this machine only")
        return found

    def _of_key(self, key: str) -> Known | None:
        def ask() -> Known | None:
            actor = self.keys.find(key)
            return None if actor is None else Known(actor)

        return self._remembered.find(f"key {fingerprint(key)}", ask)

    def _of_session(self, token: str, *, used: bool) -> Known | None:
        def ask() -> Known | None:
            session = self.sessions.find(token, used=used)
            return None if session is None else Known(session.actor, session)

        return self._remembered.find(_session_name(token, used=used), ask)

    def end(self, session: Session) -> None:
        """End a session: here at once, in other workers when they ask the database again."""
        self.sessions.close(session.token)
        for used in (True, False):
            self._remembered.forget(_session_name(session.token, used=used))

    def require_allowance(self, actor: Actor, operation: str) -> None:
        """Use one request of what an actor may ask, or of what they may ask of an operation that is counted apart.

        Raises
        ------
        TooMany
            There is none left for now.
        """
        if operation in APART:
            self.allowances.take(f"{operation} {actor.kind} {actor.name}", APART[operation])
            return
        settings = self.settings
        per_s = settings.person_requests_per_s if actor.kind == "person" else settings.system_requests_per_s
        self.allowances.take(f"{actor.kind} {actor.name}", per_s)


def _session_name(token: str, *, used: bool) -> str:
    # Apart: one that was found without being used must not keep a use from being noted.
    return f"session {fingerprint(token)} {used}"


class _Remembered:
    """What this worker found out a moment ago; that nobody was found is not remembered."""

    def __init__(self, for_s: float) -> None:
        self._for_s = for_s
        self._found: dict[str, tuple[float, Known]] = {}

    def find(self, name: str, ask: Callable[[], Known | None]) -> Known | None:
        now = time.monotonic()
        until, known = self._found.get(name, (now, None))
        if now < until:
            return known
        self.forget(name)
        if (found := ask()) is not None:
            if len(self._found) >= _MOST_REMEMBERED:
                self._found.clear()
            self._found[name] = (now + self._for_s, found)
        return found

    def forget(self, name: str) -> None:
        self._found.pop(name, None)


def guard(app: Flask, access: Access) -> None:
    """Let every request of an application through only if the table of roles does."""
    app.extensions[EXTENSION] = access
    app.before_request(_admit)


def access() -> Access:
    """Return the access of the application that handles the present request."""
    return cast("Access", current_app.extensions[EXTENSION])


def operation_of(app: Flask, endpoint: str) -> str:
    """Return the name of what an endpoint does: its operation id, or the endpoint's own where it has none."""
    described: Mapping[str, Any] = getattr(app.view_functions.get(endpoint), "_spec", {})
    return str(described.get("operation_id") or endpoint)


def _admit() -> None:
    """Set ``g.actor``, ``g.session`` and ``g.reason``, or refuse; public operations have no actor."""
    g.actor = g.session = g.reason = None
    # An address or a method that is not answered is told so by the router.
    if request.endpoint is None or (operation := operation_of(current_app, request.endpoint)) in PUBLIC:
        return
    known = access().known(request)
    access().require_allowance(known.actor, operation)
    _require_role(known.actor, operation)
    if known.session is not None and request.method not in _SAFE:
        require_own_page(request)
        _require_csrf_token(known.session)
    g.actor, g.session = known.actor, known.session
    if operation in CONSULTING:
        g.reason = read_reason(request, access().settings, linked=operation in LINKED)


def _require_role(actor: Actor, operation: str) -> None:
    if not may(actor.roles, operation):
        allowed = ", ".join(sorted(roles_for(operation))) or "nobody"
        raise Forbidden(f"{operation} is for: {allowed}; {actor.name} is {', '.join(sorted(actor.roles))}")


def _require_csrf_token(session: Session) -> None:
    if not hmac.compare_digest(request.headers.get(CSRF_HEADER, "").encode(), session.csrf_token.encode()):
        raise CrossSite(f"{CSRF_HEADER} must be the csrf_token that GET /v1/session tells")


def require_own_page(asked: Request) -> None:
    """Refuse what a browser sends from a page of another site; programs that are no browsers do not say.

    Raises
    ------
    CrossSite
        It does.
    """
    site, origin = asked.headers.get("Sec-Fetch-Site"), asked.headers.get("Origin")
    if site not in {None, "same-origin", "none"}:
        raise CrossSite(f"a browser says that a page of another site asks (Sec-Fetch-Site: {site})")
    if origin is not None and origin != asked.host_url.rstrip("/"):
        own = asked.host_url.rstrip("/")
        raise CrossSite(
            f"the page is from {origin}, this service is {own}; behind a proxy NEAREST_TRUSTED_PROXIES says so"
        )


def read_reason(asked: Request, settings: AccessSettings, *, linked: bool = False) -> str | None:
    """Return why somebody looks at an incident; None if they do not say and need not.

    Parameters
    ----------
    linked
        The reason may stand in the address too.

    Raises
    ------
    InputError
        The reason is missing or not accepted.
    """
    if settings.consultation_reason == "none":
        return None
    # Headers come as Latin-1; who sends more than that sends UTF-8.
    header = asked.headers.get(REASON_HEADER)
    sent = None if header is None else header.encode("latin-1", "replace").decode("utf-8", "replace")
    if sent is None and linked:
        sent = asked.args.get(REASON_PARAMETER)
    if sent is None and settings.consultation_reason == "optional":
        return None
    reason = " ".join((sent or "").split())
    least, most = _REASON_CHARACTERS
    if not (least <= len(reason) <= most and reason.isprintable()):
        accepted = f"why you look at this incident, in {least} to {most} characters"
        raise InputError([Fault("request", "", REASON_HEADER, NOTHING if sent is None else written(reason), accepted)])
    return reason


def address_of(asked: Request) -> str:
    """Return the address that asks, which is a proxy's unless the proxy is trusted."""
    return asked.remote_addr or ""


def is_loopback(address: str) -> bool:
    """Return whether an address is reached from this machine only.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("0.0.0.0"), is_loopback("localhost"), is_loopback("")
    (True, True, False, True, False)
    """
    if address == "localhost":
        return True
    try:
        return ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False


def from_this_machine(asked: Request) -> bool:
    """Return whether a request was made on this machine, to an address and a name of this machine, through no proxy."""
    if "X-Forwarded-For" in asked.headers or "Forwarded" in asked.headers:
        return False
    # A page of another site may have its own name lead to this machine.
    name = urlsplit(f"//{asked.host}").hostname or ""
    return all(is_loopback(each) for each in (address_of(asked), str(asked.environ.get("SERVER_NAME", "")), name))


def cookie_name(asked: Request) -> str:
    """Return the name of the session's cookie; browsers keep the prefixed one from every other site (RFC 6265bis)."""
    return f"__Host-{COOKIE}" if _needs_tls(asked) else COOKIE


def set_cookie(response: Response, asked: Request, session: Session) -> None:
    """Hand a session to a browser, which shows it to no page and to no other site."""
    name, secure = cookie_name(asked), _needs_tls(asked)
    response.set_cookie(name, session.token, path="/", secure=secure, httponly=True, samesite="Strict")


def drop_cookie(response: Response, asked: Request) -> None:
    """Take the session's cookie back."""
    name, secure = cookie_name(asked), _needs_tls(asked)
    response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="Strict")


def _needs_tls(asked: Request) -> bool:
    return asked.is_secure or not is_loopback(address_of(asked))
