"""Logging in by an identity provider that really runs, and what somebody in between may try."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

import identity_provider as ids
from api.accounts_settings import AccessSettings
from api.app import utc_now
from clients import access_of, service_over
from identity_provider import CLIENT, SECRET, IdentityProvider, query_of

BEGIN, CALLBACK, SESSION = "/v1/session/oidc", "/v1/session/oidc/callback", "/v1/session"
ROLES = {"desk": "dispatcher", "boss": "supervisor", "CN=audit,OU=police": "auditor"}


@pytest.fixture
def provider() -> Iterator[IdentityProvider]:
    with ids.running(IdentityProvider()) as running:
        yield running


def settings(provider: IdentityProvider, **values: Any) -> dict[str, Any]:
    told = {
        "public_url": "http://localhost",
        "oidc_issuer": provider.issuer,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": SECRET,
        "oidc_roles": ROLES,
        "remembered_ms": 0,
    }
    return {**told, **values}


@pytest.fixture
def client(town_file: Path, provider: IdentityProvider) -> FlaskClient:
    """A browser, at a service that trusts the provider."""
    return service_over(town_file, **settings(provider)).test_client()


def sent(client: FlaskClient) -> str:
    """Begin, and return the address at the provider that the browser is sent to."""
    response = client.get(BEGIN)
    assert response.status_code == 303, response.text
    return response.headers["Location"]


def came_back(address: str) -> dict[str, str]:
    """Go to the provider, and return what the browser is sent back with."""
    response = requests.get(address, allow_redirects=False, timeout=10)
    assert urlsplit(response.headers["Location"]).path == CALLBACK
    return query_of(response.headers["Location"])


def log_in(client: FlaskClient) -> TestResponse:
    return client.get(CALLBACK, query_string=came_back(sent(client)))


def refused(response: TestResponse, slug: str = "unauthenticated") -> str:
    told = response.get_json()
    assert told["type"] == f"/problems/{slug}", told
    assert not [cookie for cookie in response.headers.getlist("Set-Cookie") if "nearest_session" in cookie]
    detail: str = told["detail"]
    return detail


class TestLogin:
    @pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
    def test_opens_a_session_with_the_roles_that_the_claims_make(self, town_file: Path, algorithm: str) -> None:
        person = {"sub": "17", "preferred_username": "Eva", "roles": ["desk", "golf", "CN=audit,OU=police"]}
        with ids.running(IdentityProvider(person, algorithm)) as provider:
            client = service_over(town_file, **settings(provider)).test_client()
            response = log_in(client)
        assert response.status_code == 200, response.text
        told = client.get(SESSION).get_json()
        assert (told["name"], told["roles"]) == ("eva", ["auditor", "dispatcher"])

    def test_asks_as_it_should(self, client: FlaskClient, provider: IdentityProvider) -> None:
        asked = query_of(sent(client))
        assert asked["redirect_uri"] == f"http://localhost{CALLBACK}"
        assert asked["code_challenge_method"] == "S256"
        assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 43
        assert asked["nonce"] != asked["state"]
        assert SECRET not in str(asked)
        (cookie,) = client.get(BEGIN).headers.getlist("Set-Cookie")
        assert all(word in cookie for word in ("HttpOnly", "SameSite=Lax", "Path=/v1/session/oidc"))
        assert provider.refusals == []

    def test_the_session_cookie_is_strict_and_the_page_begins_a_request_of_its_own(self, client: FlaskClient) -> None:
        response = log_in(client)
        (cookie,) = (each for each in response.headers.getlist("Set-Cookie") if each.startswith("nearest_session"))
        assert "SameSite=Strict" in cookie
        assert 'http-equiv="refresh" content="0;url=/"' in response.text

    def test_other_roles_at_the_next_login(self, client: FlaskClient, provider: IdentityProvider) -> None:
        log_in(client)
        provider.person = {**provider.person, "preferred_username": "Eva.New", "roles": "boss"}
        log_in(client)
        told = client.get(SESSION).get_json()
        assert (told["name"], told["roles"]) == ("eva", ["supervisor"])

    def test_a_path_of_claims(self, town_file: Path, provider: IdentityProvider) -> None:
        provider.person = {"sub": "17", "email": "eva@police.example", "realm_access": {"roles": ["desk"]}}
        more = {"oidc_roles_claim": "realm_access.roles", "oidc_name_claim": "email"}
        client = service_over(town_file, **settings(provider, **more)).test_client()
        log_in(client)
        assert client.get(SESSION).get_json()["name"] == "eva@police.example"

    def test_a_new_key_of_the_provider_is_fetched(self, client: FlaskClient, provider: IdentityProvider) -> None:
        assert log_in(client).status_code == 200
        provider.new_key()
        assert log_in(client).status_code == 200

    def test_is_told_to_the_record(self, client: FlaskClient) -> None:
        told: list[tuple[str, Any]] = []
        access_of(client.application).accounts.on_change = lambda kind, details: told.append((kind, dict(details)))
        log_in(client)
        assert [kind for kind, _ in told] == ["user_created", "logged_in"]

    def test_without_a_provider_there_is_nothing(self, http: FlaskClient) -> None:
        assert http.get(BEGIN).status_code == http.get(CALLBACK).status_code == 404

    def test_a_page_that_asks_for_a_name_is_told_whether_there_is_one(
        self, client: FlaskClient, http: FlaskClient
    ) -> None:
        told = [each.get("/v1/session/ways").get_json() for each in (client, http)]
        assert told == [{"provider": True}, {"provider": False}]


class TestRoles:
    @pytest.mark.parametrize("roles", [[], ["golf"], "golf", {"desk": True}, [7], None, ["Desk"]])
    def test_claims_that_make_no_role_let_nobody_in(
        self, client: FlaskClient, provider: IdentityProvider, roles: Any
    ) -> None:
        provider.person = {**provider.person, "roles": roles}
        response = log_in(client)
        assert response.status_code == 403
        assert "nothing in your roles" in refused(response, "forbidden")

    def test_a_person_without_a_name(self, client: FlaskClient, provider: IdentityProvider) -> None:
        del provider.person["preferred_username"]
        assert "preferred_username" in refused(log_in(client), "forbidden")

    def test_the_name_of_somebody_else(self, client: FlaskClient) -> None:
        access_of(client.application).accounts.create_user("eva", ["administrator"], None)
        assert "eva, cannot be that of your account" in refused(log_in(client), "forbidden")

    def test_a_shut_account(self, client: FlaskClient) -> None:
        log_in(client)
        access_of(client.application).accounts.disable_user("eva")
        assert client.get(SESSION).status_code == 401
        assert refused(log_in(client)) == "this account is shut"


def without(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda claims: {key: value for key, value in claims.items() if key != name}


def with_(**changed: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda claims: {**claims, **changed}


class TestTokens:
    @pytest.mark.parametrize(
        "spoil",
        [
            with_(nonce="another"),
            without("nonce"),
            with_(aud="somebody else"),
            with_(aud="somebody else", azp=CLIENT),
            with_(aud=[CLIENT, "somebody else"], azp="somebody else"),
            without("aud"),
            with_(iss="https://elsewhere.example"),
            without("iss"),
            with_(exp=int(time.time()) - 120),
            without("exp"),
            with_(iat=int(time.time()) + 3600),
            with_(nbf=int(time.time()) + 3600),
            without("sub"),
            with_(exp="soon"),
            with_(at_hash="AAAA"),
        ],
    )
    def test_whose_claims_are_not_so(
        self, client: FlaskClient, provider: IdentityProvider, spoil: Callable[[dict[str, Any]], dict[str, Any]]
    ) -> None:
        provider.spoil = spoil
        assert "is not accepted" in refused(log_in(client))

    @pytest.mark.parametrize(
        "token",
        [
            ids.unsigned,
            ids.signed_with_the_public_key,
            ids.signed_by_another,
            ids.bringing_its_own_key,
            lambda provider, claims: ids.signed(provider, claims)[:-4] + "AAAA",
            lambda provider, claims: ids.signed(provider, claims).rsplit(".", 1)[0] + ".",
            lambda _provider, _claims: "",
            lambda _provider, _claims: "a.b.c",
        ],
    )
    def test_that_the_provider_did_not_sign(
        self, client: FlaskClient, provider: IdentityProvider, token: ids.Token
    ) -> None:
        provider.token = token
        assert "is not accepted" in refused(log_in(client))

    def test_a_little_difference_of_clocks_is_none(self, client: FlaskClient, provider: IdentityProvider) -> None:
        provider.spoil = with_(iat=int(time.time()) + 20)
        assert log_in(client).status_code == 200


class TestStates:
    def test_a_login_comes_back_once(self, client: FlaskClient, provider: IdentityProvider) -> None:
        back = came_back(sent(client))
        cookie = client.get_cookie("nearest_login", path=BEGIN).value  # type: ignore[union-attr]
        assert client.get(CALLBACK, query_string=back).status_code == 200
        client.set_cookie("nearest_login", cookie, path=BEGIN)
        code = came_back(f"{provider.issuer}/authorize?{_query(back['state'])}")["code"]
        assert "finished already" in refused(client.get(CALLBACK, query_string={**back, "code": code}))

    def test_somebody_elses_login_cannot_be_put_into_a_browser(self, client: FlaskClient) -> None:
        back = came_back(sent(client.application.test_client()))
        assert "not begun by this browser" in refused(client.get(CALLBACK, query_string=back))
        sent(client)
        assert "not begun by this browser" in refused(client.get(CALLBACK, query_string=back))

    @pytest.mark.parametrize("change", [{"state": ""}, {"state": "x"}, {"state": "\xe9"}, {"iss": "https://other"}])
    def test_what_comes_back_changed(self, client: FlaskClient, change: dict[str, str]) -> None:
        refused(client.get(CALLBACK, query_string={**came_back(sent(client)), **change}))

    def test_the_code_of_another_login_fits_no_verifier(self, client: FlaskClient, provider: IdentityProvider) -> None:
        stolen = came_back(sent(client.application.test_client()))["code"]
        back = came_back(sent(client))
        refused(client.get(CALLBACK, query_string={**back, "code": stolen}))
        assert provider.refusals == ["invalid_grant"]

    def test_whom_the_provider_does_not_let_in(self, client: FlaskClient) -> None:
        state = query_of(sent(client))["state"]
        told = {"state": state, "error": "access_denied", "error_description": "<b>no</b>"}
        assert refused(client.get(CALLBACK, query_string=told)) == "the identity provider has not let anybody in"

    def test_a_login_begun_too_long_ago(self, town_file: Path, provider: IdentityProvider) -> None:
        late = [timedelta(0)]
        client = service_over(town_file, lambda: utc_now() + late[0], **settings(provider)).test_client()
        back = came_back(sent(client))
        late[0] = timedelta(minutes=11)
        assert "too long ago" in refused(client.get(CALLBACK, query_string=back))

    def test_another_worker_may_receive_it(self, client: FlaskClient, town_file: Path) -> None:
        told = client.application.extensions["nearest"].settings
        values = {name: getattr(told, name) for name in ("database_url", *settings(IdentityProvider()))}
        other = service_over(town_file, **values).test_client()
        back = came_back(sent(client))
        other.set_cookie("nearest_login", back["state"], path=BEGIN)
        assert other.get(CALLBACK, query_string=back).status_code == 200


def _query(state: str) -> str:
    told = {"client_id": CLIENT, "response_type": "code", "scope": "openid", "code_challenge_method": "S256"}
    more = {"code_challenge": "x", "nonce": "x", "state": state, "redirect_uri": f"http://localhost{CALLBACK}"}
    return "&".join(f"{name}={value}" for name, value in {**told, **more}.items())


class TestProvider:
    def test_that_does_not_answer(self, town_file: Path) -> None:
        with ids.running(IdentityProvider()) as gone:
            client = service_over(town_file, **settings(gone)).test_client()
        response = client.get(BEGIN)
        assert "does not answer" in refused(response)

    def test_that_calls_itself_by_another_name(self, client: FlaskClient, provider: IdentityProvider) -> None:
        provider.calls_itself = "https://elsewhere.example"
        assert "another name" in refused(client.get(BEGIN))

    def test_that_does_not_know_our_secret(self, town_file: Path, provider: IdentityProvider) -> None:
        client = service_over(town_file, **settings(provider, oidc_client_secret="old")).test_client()  # noqa: S106
        refused(log_in(client))
        assert provider.refusals == ["invalid_client"]


class TestSettings:
    def test_all_or_none(self) -> None:
        with pytest.raises(ValueError, match="beside the other settings of the identity provider"):
            AccessSettings(oidc_issuer="https://id.example.org")

    @pytest.mark.parametrize("issuer", ["http://id.example.org", "id.example.org", "https://", "https://a?b=c"])
    def test_a_provider_is_asked_in_secret(self, issuer: str) -> None:
        with pytest.raises(ValueError, match="oidc_issuer"):
            AccessSettings(oidc_issuer=issuer)

    def test_roles_are_written_in_a_line(self) -> None:
        told = {"public_url": "https://a", "oidc_issuer": "https://b", "oidc_client_id": "c", "oidc_client_secret": "d"}
        read = AccessSettings(oidc_roles="CN=audit,OU=police=auditor; desk = dispatcher", **told)  # type: ignore[arg-type]
        assert read.oidc_roles == {"CN=audit,OU=police": "auditor", "desk": "dispatcher"}
        for wrong in ("desk", "desk=king", "=dispatcher", "desk=feeder"):
            with pytest.raises(ValueError, match="oidc_roles"):
                AccessSettings(oidc_roles=wrong, **told)  # type: ignore[arg-type]
