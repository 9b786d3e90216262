"""A small OpenID provider that really runs, on a port of this machine: whoever is sent to it is let in as `person`.

It keeps to the rules, unless a test gives it something to spoil.
"""

from __future__ import annotations

import hmac
import json
import secrets
import threading
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from flask import Flask, Response, jsonify, redirect, request
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey
from werkzeug.serving import make_server

CLIENT, SECRET = "nearest", "a secret between two"
Token = Callable[["IdentityProvider", dict[str, Any]], str]


def signed(provider: IdentityProvider, claims: dict[str, Any]) -> str:
    """Make the ID token as it should be."""
    key = provider.key
    return jwt.encode({"alg": provider.algorithm, "kid": key.kid}, claims, key, algorithms=[provider.algorithm])


@dataclass
class IdentityProvider:
    """What the provider says, and to whom.

    Parameters
    ----------
    spoil
        Changes the claims of the ID token.
    token
        Makes the ID token of the claims.
    """

    person: dict[str, Any] = field(
        default_factory=lambda: {"sub": "17", "preferred_username": "Eva", "roles": ["desk"]}
    )
    algorithm: str = "ES256"
    issuer: str = ""
    spoil: Callable[[dict[str, Any]], dict[str, Any]] = dict
    token: Token = signed
    calls_itself: str = ""
    logins: dict[str, dict[str, str]] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.new_key()

    def new_key(self) -> None:
        """Sign with another key from now on."""
        told = {"kid": secrets.token_hex(4), "use": "sig"}
        if self.algorithm == "ES256":
            self.key: ECKey | RSAKey = ECKey.generate_key("P-256", told)
        else:
            self.key = RSAKey.generate_key(2048, told)

    def application(self) -> Flask:
        app = Flask("identity_provider")
        app.get("/.well-known/openid-configuration")(self.about)
        app.get("/authorize")(self.authorize)
        app.post("/token")(self.exchange)
        app.get("/keys")(lambda: jsonify(KeySet([self.key]).as_dict(private=False)))
        return app

    def about(self) -> Response:
        endpoints = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        algorithms = {"id_token_signing_alg_values_supported": ["ES256", "RS256", "HS256", "none"]}
        found = {name: f"{self.issuer}/{path}" for name, path in endpoints.items()}
        return jsonify({"issuer": self.calls_itself or self.issuer, **found, **algorithms})

    def authorize(self) -> Any:
        asked = dict(request.args)
        assert asked["client_id"] == CLIENT
        assert asked["response_type"] == "code"
        assert "openid" in asked["scope"].split()
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.logins[code] = asked
        return redirect(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}")

    def exchange(self) -> tuple[Response, int]:
        """Give the tokens for a code, once, to whom it was given for."""
        login = self.logins.pop(request.form["code"], None)
        if (wrong := self.wrong(login)) is not None:
            self.refusals.append(wrong)
            return jsonify({"error": wrong}), 400
        assert login is not None
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": login["nonce"]}
        token = self.token(self, self.spoil({**claims, **self.person}))
        return jsonify({"access_token": "opaque", "token_type": "Bearer", "expires_in": 300, "id_token": token}), 200

    def wrong(self, login: dict[str, str] | None) -> str | None:
        if request.headers.get("Authorization", "").split()[0] != "Basic":
            return "invalid_client"
        if b64decode(request.headers["Authorization"].split()[1]).decode() != f"{CLIENT}:{SECRET}":
            return "invalid_client"
        if login is None or login["redirect_uri"] != request.form["redirect_uri"]:
            return "invalid_grant"
        if create_s256_code_challenge(request.form.get("code_verifier", "")) != login["code_challenge"]:
            return "invalid_grant"
        return None


@contextmanager
def running(provider: IdentityProvider) -> Iterator[IdentityProvider]:
    """Serve a provider until the block ends."""
    server = make_server("127.0.0.1", 0, provider.application(), threaded=True)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def unsigned(_provider: IdentityProvider, claims: dict[str, Any]) -> str:
    """Make an ID token without a signature."""
    return f"{_part({'alg': 'none'})}.{_part(claims)}."


def signed_with_the_public_key(provider: IdentityProvider, claims: dict[str, Any]) -> str:
    """Make an ID token with the provider's public key taken for a shared secret."""
    said = f"{_part({'alg': 'HS256', 'kid': provider.key.kid})}.{_part(claims)}"
    mac = hmac.digest(provider.key.as_pem(private=False), said.encode(), "sha256")
    return f"{said}.{urlsafe_b64encode(mac).decode().rstrip('=')}"


def signed_by_another(provider: IdentityProvider, claims: dict[str, Any]) -> str:
    """Make an ID token with a key of one's own under the provider's name for its key."""
    key = ECKey.generate_key("P-256", {"kid": provider.key.kid})
    return jwt.encode({"alg": "ES256", "kid": provider.key.kid}, claims, key, algorithms=["ES256"])


def bringing_its_own_key(_provider: IdentityProvider, claims: dict[str, Any]) -> str:
    """Make an ID token that carries the key it is to be verified with."""
    key = ECKey.generate_key("P-256", {"kid": "mine"})
    head = {"alg": "ES256", "jwk": key.as_dict(private=False)}
    return jwt.encode(head, claims, key, algorithms=["ES256"])


def _part(value: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def query_of(address: str) -> dict[str, str]:
    """Return what the query of an address says."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
