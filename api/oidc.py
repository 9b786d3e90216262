"""Log in by an identity provider: OpenID Connect, authorization code with PKCE.

Authlib asks, and validates the claims of the ID token; joserfc verifies its signature. What is sent to the provider is
kept in the database until it comes back, so any worker can receive it, once.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import requests
import sqlalchemy as sa
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from api.accounts import micros
from api.accounts_sessions import SECOND_US, fingerprint
from api.accounts_settings import AccessSettings
from api.accounts_tables import oidc_logins, transaction
from api.errors import Forbidden, Unauthenticated
from dispatch.store import Store

CALLBACK: Final = "/v1/session/oidc/callback"
# A person types a password and looks for a second factor.
LOGIN_S: Final = 600
_PATIENCE_S: Final = 5
_LEEWAY_S: Final = 60
# A signature that only the provider can make: neither none nor a secret that is shared.
_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_DISCOVERY: Final = "/.well-known/openid-configuration"


class Provider:
    """An identity provider.

    Parameters
    ----------
    store
        The database.
    clock
        Returns the present moment, with an offset.
    settings
        Its address, and who this service is to it; see `AccessSettings`.
    """

    def __init__(self, store: Store, clock: Callable[[], datetime], settings: AccessSettings) -> None:
        self._store, self._clock, self._settings = store, clock, settings
        self._issuer, self._client_id = str(settings.oidc_issuer), str(settings.oidc_client_id)
        self._lock = threading.Lock()
        self._metadata: dict[str, Any] | None = None
        self._keys: KeySet | None = None

    def begin(self) -> tuple[str, str]:
        """Return where to send a browser, and the state that it must bring back.

        Raises
        ------
        Unauthenticated
            The provider does not answer.
        """
        state, nonce, verifier = (secrets.token_urlsafe(48) for _ in range(3))
        now = micros(self._clock())
        row = {"state_sha256": fingerprint(state), "nonce": nonce, "verifier": verifier}
        with transaction(self._store) as connection:
            connection.execute(sa.delete(oidc_logins).where(oidc_logins.c.expires_us <= now))
            connection.execute(sa.insert(oidc_logins), {**row, "expires_us": now + LOGIN_S * SECOND_US})
        with self._client() as client:
            address = self._about()["authorization_endpoint"]
            url, _ = client.create_authorization_url(address, state=state, code_verifier=verifier, nonce=nonce)
        return str(url), state

    def finish(self, told: Mapping[str, str], state: str) -> Mapping[str, Any]:
        """Return the claims about whoever comes back from the provider.

        Parameters
        ----------
        told
            What the address that the browser was sent back to says.
        state
            What this browser was given by `begin`.

        Raises
        ------
        Unauthenticated
            Something of it is not so.
        """
        if not state or not hmac.compare_digest(told.get("state", "").encode(), state.encode()):
            raise Unauthenticated("the login was not begun by this browser, or too long ago; begin it again")
        nonce, verifier = self._pop(state)
        # Another provider's answer must not be taken for this one's (RFC 9207).
        if told.get("iss", self._issuer) != self._issuer:
            raise Unauthenticated("another identity provider has answered")
        if "code" not in told:
            raise Unauthenticated("the identity provider has not let anybody in")
        try:
            return self._claims(self._exchange(told["code"], verifier), nonce)
        except (OAuthError, JoseError, ValueError, KeyError) as error:
            because = f"the identity provider's answer is not accepted: {type(error).__name__}"
            raise Unauthenticated(because) from error

    def _pop(self, state: str) -> tuple[str, str]:
        """Take the login of a state out of the database, so that it comes back once."""
        mine = sa.delete(oidc_logins).where(oidc_logins.c.state_sha256 == fingerprint(state))
        with transaction(self._store) as connection:
            row = connection.execute(mine.returning(*oidc_logins.c)).first()
        if row is None or row.expires_us <= micros(self._clock()):
            raise Unauthenticated("the login was finished already, or begun too long ago; begin it again")
        return row.nonce, row.verifier

    def _client(self) -> Any:
        settings = self._settings
        secret = settings.oidc_client_secret.get_secret_value() if settings.oidc_client_secret else None
        return OAuth2Session(
            self._client_id,
            secret,
            scope="openid profile",
            redirect_uri=f"{settings.public_url}{CALLBACK}",
            code_challenge_method="S256",
            default_timeout=_PATIENCE_S,
        )

    def _exchange(self, code: str, verifier: str) -> Mapping[str, Any]:
        address = self._about()["token_endpoint"]
        try:
            with self._client() as client:
                token: Mapping[str, Any] = client.fetch_token(address, code=code, code_verifier=verifier)
        except requests.RequestException as error:
            raise _silent(error) from error
        return token

    def _claims(self, token: Mapping[str, Any], nonce: str) -> Mapping[str, Any]:
        """Verify the ID token (OpenID Connect Core 1.0, 3.1.3.7)."""
        try:
            read = jwt.decode(token["id_token"], self._key_set(), algorithms=_ALGORITHMS)
        except InvalidKeyIdError:  # the provider signs with a newer key
            read = jwt.decode(token["id_token"], self._key_set(anew=True), algorithms=_ALGORITHMS)
        required = {
            "iss": {"essential": True, "value": self._issuer},
            "aud": {"essential": True, "value": self._client_id},
        }
        beside = {"nonce": nonce, "client_id": self._client_id, "access_token": token.get("access_token")}
        claims = CodeIDToken(read.claims, read.header, required, beside)
        claims.validate(leeway=_LEEWAY_S)
        return dict(claims)

    def _about(self) -> dict[str, Any]:
        with self._lock:
            if self._metadata is None:
                found = _get(self._issuer + _DISCOVERY)
                if found.get("issuer") != self._issuer:
                    raise Unauthenticated("the identity provider calls itself by another name than NEAREST_OIDC_ISSUER")
                self._metadata = found
            return self._metadata

    def _key_set(self, *, anew: bool = False) -> KeySet:
        address = self._about()["jwks_uri"]
        with self._lock:
            if self._keys is None or anew:
                self._keys = KeySet.import_key_set(_get(address))  # type: ignore[arg-type]
            return self._keys


def _get(address: str) -> dict[str, Any]:
    try:
        response = requests.get(address, timeout=_PATIENCE_S)
        response.raise_for_status()
        found = response.json()
    except requests.RequestException as error:
        raise _silent(error) from error
    if not isinstance(found, dict):
        raise Unauthenticated("the identity provider does not describe itself as it should")
    return found


def _silent(error: Exception) -> Unauthenticated:
    return Unauthenticated(f"the identity provider does not answer: {type(error).__name__}")


def subject_of(claims: Mapping[str, Any]) -> str:
    """Return what names a person for good: the issuer, and its own name for them."""
    return f"{claims['iss']} {claims['sub']}"


def name_of(claims: Mapping[str, Any], settings: AccessSettings) -> str:
    """Return the name of a person's account.

    Raises
    ------
    Forbidden
        The ID token does not tell it.
    """
    name = claim(claims, settings.oidc_name_claim)
    if not isinstance(name, str) or not name:
        raise Forbidden(f"the identity provider does not tell your {settings.oidc_name_claim}")
    return name.strip().lower()


def roles_of(claims: Mapping[str, Any], settings: AccessSettings) -> frozenset[str]:
    """Return the roles that the provider's claims make, by the force's own table.

    Raises
    ------
    Forbidden
        They make none.
    """
    told = claim(claims, settings.oidc_roles_claim)
    values = [told] if isinstance(told, str) else told if isinstance(told, list) else []
    table = settings.oidc_roles or {}
    roles = frozenset(table[value] for value in values if isinstance(value, str) and value in table)
    if not roles:
        raise Forbidden(f"nothing in your {settings.oidc_roles_claim} makes a role here")
    return roles


def claim(claims: Mapping[str, Any], path: str) -> Any:
    """Return a claim by its name, or by a path with points such as Keycloak's.

    >>> claim({"realm_access": {"roles": ["a"]}}, "realm_access.roles"), claim({"a.b": 1}, "a.b"), claim({}, "a.b")
    (['a'], 1, None)
    """
    if path in claims:
        return claims[path]
    found: Any = claims
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found
