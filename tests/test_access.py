"""Who asks, over HTTP: keys, logins, sessions in cookies, other sites' pages, limits, and what is never told."""

from __future__ import annotations

import json
import logging
import re
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from flask import Flask, g
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api import access as access_module
from api.access import COOKIE, CSRF_HEADER, REASON_HEADER, UNATTENDED_HEADER
from api.cli import main
from api.demonstration import KEY, PASSWORD, create_demonstration, end_demonstration, has_demonstration
from api.roles import PERSON_ROLES, Actor
from clients import access_of, service_over, settings_for, with_key
from conftest import NIGHT
from running import Running, ask

GOOD = "seven grey herons at dusk"
OTHER = "eleven otters under the weir"
SESSION = "/v1/session"
AFAR = {"REMOTE_ADDR": "203.0.113.9"}


class Town:
    """A service with an account, whose clock moves when told to."""

    def __init__(self, graph: Path, **settings: Any) -> None:
        self.now = NIGHT
        self.app: Flask = service_over(graph, lambda: self.now, **{"remembered_ms": 0, **settings})
        self.access = access_of(self.app)
        self.access.accounts.create_user("anna", ["dispatcher"], GOOD)

    def log_in(self, name: str = "anna", password: str = GOOD, **more: Any) -> tuple[FlaskClient, TestResponse]:
        client = self.app.test_client()
        return client, client.post(SESSION, json={"name": name, "password": password}, **more)


@pytest.fixture
def town_of(town_file: Path) -> Callable[..., Town]:
    def make(**settings: Any) -> Town:
        return Town(town_file, **settings)

    return make


@pytest.fixture(scope="module")
def place(town_file: Path) -> Town:
    """A service that several tests ask without changing it for each other."""
    return Town(town_file)


@pytest.fixture(scope="module")
def browser(place: Town) -> tuple[FlaskClient, str]:
    """A browser with a session, and what its pages send."""
    client, response = place.log_in()
    return client, response.get_json()["csrf_token"]


@pytest.fixture(scope="module")
def shown(town_file: Path) -> Flask:
    """A service for a first look."""
    return service_over(town_file, demonstration=True, remembered_ms=0)


def admin(url: str, *words: str, typed: str = "") -> Result:
    """Manage a database from the command line."""
    return CliRunner().invoke(main, ["admin", "--database", url, *words], input=typed, catch_exceptions=False)


def refused(response: TestResponse, slug: str) -> str:
    told = response.get_json()
    assert response.content_type == "application/problem+json"
    assert told["type"] == f"/problems/{slug}"
    detail: str = told["detail"]
    return detail


class TestKeys:
    def test_a_system_shows_its_key(self, place: Town) -> None:
        told = with_key(place.app, "feeder").get(SESSION).get_json()
        assert (told["name"], told["kind"], told["csrf_token"]) == ("system:tests", "system", None)

    @pytest.mark.parametrize(
        "header",
        ["Bearer", "Bearer ", "Bearer nf_0_x", "Basic YTpi", "Bearer nf_0123456789_" + "x" * 43, "x", "Bearer \xe9"],
    )
    def test_what_is_no_key_is_refused(self, place: Town, header: str) -> None:
        response = place.app.test_client().get("/v1/network", headers={"Authorization": header})
        refused(response, "unauthenticated")
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="nearest"'

    def test_a_wrong_key_is_not_mended_by_a_session(self, place: Town) -> None:
        client, _ = place.log_in()
        assert client.get("/v1/network").status_code == 200
        assert client.get("/v1/network", headers={"Authorization": "Bearer nf_0_x"}).status_code == 401

    def test_a_key_needs_no_token_of_a_page(self, place: Town, http: FlaskClient) -> None:
        example = http.application.extensions["nearest"].example
        assert with_key(place.app, "planner").post("/v1/recommendations", json=example).status_code == 200

    def test_a_revoked_one_is_believed_for_as_long_as_is_said_and_no_longer(self, town_file: Path) -> None:
        app = service_over(town_file, remembered_ms=300)
        key = access_of(app).keys.create("radio", ["planner"])
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {key}"
        assert client.get("/v1/network").status_code == 200
        access_of(app).keys.revoke(key.split("_")[1])
        assert client.get("/v1/network").status_code == 200
        time.sleep(0.35)
        assert client.get("/v1/network").status_code == 401

    def test_what_is_remembered_asks_no_database(self, town_file: Path) -> None:
        app = service_over(town_file, remembered_ms=60_000)
        client = with_key(app)
        client.get(SESSION)
        asked: list[str] = []
        engine = app.extensions["nearest"].desk.store.engine
        sa.event.listen(engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
        assert client.get(SESSION).status_code == 200
        assert asked == []


class TestLogin:
    def test_opens_a_session_in_a_cookie_that_no_page_reads(self, place: Town) -> None:
        client, response = place.log_in()
        told = response.get_json()
        assert response.status_code == 200
        assert (told["name"], told["kind"], told["roles"]) == ("anna", "person", ["dispatcher"])
        assert told["expires_at"] == "2026-02-01T11:10:00Z"
        cookie = response.headers["Set-Cookie"]
        assert re.fullmatch(rf"{COOKIE}=[\w-]{{43}}; HttpOnly; Path=/; SameSite=Strict", cookie)
        assert client.get(SESSION).get_json() == told

    def test_by_https_the_cookie_is_kept_from_everything_else(self, place: Town) -> None:
        client, response = place.log_in(base_url="https://nearest.example.org")
        assert response.headers["Set-Cookie"].startswith(f"__Host-{COOKIE}=")
        assert "Secure;" in response.headers["Set-Cookie"]
        assert client.get(SESSION, base_url="https://nearest.example.org").status_code == 200

    def test_in_the_clear_from_afar_the_cookie_is_for_https_only(self, place: Town) -> None:
        _, response = place.log_in(environ_overrides=AFAR)
        assert "Secure;" in response.headers["Set-Cookie"]

    def test_a_name_is_read_as_people_write_it(self, place: Town) -> None:
        assert place.log_in(" Anna ")[1].status_code == 200

    def test_each_login_is_a_session_of_its_own(self, place: Town) -> None:
        (first, one), (second, two) = place.log_in(), place.log_in()
        assert one.get_json()["csrf_token"] != two.get_json()["csrf_token"]
        first.delete(SESSION, headers={CSRF_HEADER: one.get_json()["csrf_token"]})
        assert (first.get(SESSION).status_code, second.get(SESSION).status_code) == (401, 200)

    @pytest.mark.parametrize(("name", "password"), [("anna", OTHER), ("nobody", GOOD), ("", ""), ("anna\x00", GOOD)])
    def test_a_wrong_one_is_told_nothing_more(self, town_of: Callable[..., Town], name: str, password: str) -> None:
        _, response = town_of().log_in(name, password)
        assert refused(response, "unauthenticated").startswith("there is no account with this name and this password")
        assert "Set-Cookie" not in response.headers

    @pytest.mark.parametrize("body", [[GOOD], GOOD, {"name": "anna"}, {"name": "anna", "pasword": GOOD, "password": 7}])
    def test_faults_do_not_repeat_the_password(self, place: Town, body: Any) -> None:
        response = place.app.test_client().post(SESSION, json=body)
        refused(response, "input")
        assert GOOD not in response.text

    def test_logout_ends_the_session_for_a_copy_of_its_cookie_too(self, place: Town) -> None:
        client, response = place.log_in()
        token = client.get_cookie(COOKIE).value  # type: ignore[union-attr]
        assert client.delete(SESSION, headers={CSRF_HEADER: response.get_json()["csrf_token"]}).status_code == 204
        thief = place.app.test_client()
        thief.set_cookie(COOKIE, token)
        assert client.get_cookie(COOKIE) is None
        assert thief.get(SESSION).status_code == 401

    def test_another_password_ends_sessions(self, town_of: Callable[..., Town]) -> None:
        town = town_of()
        client, _ = town.log_in()
        town.access.accounts.set_password("anna", OTHER)
        assert refused(client.get(SESSION), "unauthenticated") == "the session is over; log in again"

    def test_a_session_that_nobody_uses_ends(self, town_of: Callable[..., Town]) -> None:
        town = town_of()
        client, _ = town.log_in()
        town.now += timedelta(hours=1)
        assert client.get(SESSION).status_code == 401

    @pytest.mark.parametrize("remembered_ms", [0, 2000])
    def test_what_a_page_asks_while_nobody_touches_it_is_no_use(
        self, town_of: Callable[..., Town], remembered_ms: int
    ) -> None:
        town = town_of(remembered_ms=remembered_ms)
        (client, _), alone = town.log_in(), {UNATTENDED_HEADER: "1"}
        town.now += timedelta(minutes=40)
        assert client.get(SESSION, headers=alone).status_code == 200
        # Seen a moment before for a page that is alone, it is used all the same.
        assert client.get(SESSION).status_code == 200
        town.now += timedelta(minutes=40)
        assert client.get(SESSION, headers=alone).status_code == 200
        town.now += timedelta(minutes=20)
        if remembered_ms:
            time.sleep(remembered_ms / 1000)
        assert client.get(SESSION, headers=alone).status_code == 401

    def test_too_many_wrong_ones_lock_the_account_and_say_for_how_long(self, town_of: Callable[..., Town]) -> None:
        town = town_of(login_attempts=3)
        inside, _ = town.log_in()
        assert [town.log_in(password=OTHER)[1].status_code for _ in range(4)] == [401, 401, 401, 429]
        _, response = town.log_in()
        refused(response, "too-many-requests")
        assert 0 < int(response.headers["Retry-After"]) <= 900
        # Whoever is at work is not thrown out by somebody who guesses.
        assert inside.get(SESSION).status_code == 200

    def test_who_logs_in_and_fails_to_is_told_to_the_record(self, town_of: Callable[..., Town]) -> None:
        town, told = town_of(login_attempts=2), list[tuple[str, Any]]()
        town.access.accounts.on_change = lambda kind, details: told.append((kind, dict(details)))
        client, response = town.log_in(environ_overrides={"REMOTE_ADDR": "127.0.0.7"})
        client.delete(SESSION, headers={CSRF_HEADER: response.get_json()["csrf_token"]})
        for _ in range(3):
            town.log_in(password=OTHER)
        assert told == [
            ("logged_in", {"name": "anna", "address": "127.0.0.7"}),
            ("logged_out", {"name": "anna"}),
            *[("login_failed", {"name": "anna", "address": "127.0.0.1"})] * 2,
        ]


class TestOtherSites:
    """A page of another site makes a browser ask with the session's cookie."""

    def ask(self, browser: tuple[FlaskClient, str], **headers: str) -> TestResponse:
        client, token = browser
        example = client.application.extensions["nearest"].example
        told = {CSRF_HEADER: token, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return client.post("/v1/recommendations", json=example, headers=told)

    def test_the_own_page_may(self, browser: tuple[FlaskClient, str]) -> None:
        assert self.ask(browser).status_code == 200
        assert self.ask(browser, Origin="http://localhost", Sec_Fetch_Site="same-origin").status_code == 200

    @pytest.mark.parametrize(
        "headers",
        [
            {"X_CSRF_Token": ""},
            {"X_CSRF_Token": "x" * 43},
            {"X_CSRF_Token": "\xe9"},
            {"Origin": "https://elsewhere.example"},
            {"Origin": "http://localhost.elsewhere.example"},
            {"Origin": "https://localhost"},
            {"Origin": "null"},
            {"Sec_Fetch_Site": "cross-site"},
            {"Sec_Fetch_Site": "same-site"},
        ],
    )
    def test_another_may_not(self, browser: tuple[FlaskClient, str], headers: dict[str, str]) -> None:
        response = self.ask(browser, **headers)
        assert response.status_code == 403
        refused(response, "cross-site")

    def test_the_token_of_another_session_is_none(self, place: Town, browser: tuple[FlaskClient, str]) -> None:
        _, other = place.log_in()
        assert self.ask(browser, X_CSRF_Token=other.get_json()["csrf_token"]).status_code == 403

    def test_reading_needs_no_token(self, browser: tuple[FlaskClient, str]) -> None:
        assert browser[0].get("/v1/network").status_code == 200

    def test_another_site_cannot_log_a_browser_in(self, place: Town) -> None:
        _, response = place.log_in(headers={"Origin": "https://elsewhere.example"})
        refused(response, "cross-site")


class TestLimits:
    def test_whoever_asks_too_much_is_told_when_to_ask_again(self, town_file: Path) -> None:
        app = service_over(town_file, system_requests_per_s=2)
        client = with_key(app)
        told = [client.get(SESSION) for _ in range(25)]
        assert [response.status_code for response in told[:20]] == [200] * 20
        late = next(response for response in told if response.status_code == 429)
        refused(late, "too-many-requests")
        assert late.headers["Retry-After"] == "1"
        assert with_key(app, "monitor").get("/healthz").status_code == 200

    def test_people_and_systems_have_limits_of_their_own(self, town_of: Callable[..., Town]) -> None:
        town = town_of(person_requests_per_s=1, system_requests_per_s=0)
        client, _ = town.log_in()
        assert {client.get(SESSION).status_code for _ in range(14)} == {200, 429}
        assert {with_key(town.app).get(SESSION).status_code for _ in range(14)} == {200}


class TestWorkers:
    """Several processes know the same."""

    def test_attempts_are_counted_and_keys_are_revoked_for_all_of_them(self, town_file: Path, tmp_path: Path) -> None:
        url = f"sqlite:///{tmp_path / 'desk.sqlite'}"
        told = {"NEAREST_GRAPH": str(town_file), "NEAREST_DATABASE_URL": url, "NEAREST_DEMONSTRATION": "0"}
        started = Running(**told, NEAREST_WORKERS="3", NEAREST_LOGIN_ATTEMPTS="7", NEAREST_REMEMBERED_MS="500")
        try:
            started.find("Booting worker with pid", 3)
            self.count_attempts(started.port(), url)
            self.revoke(started.port(), url)
        finally:
            started.stop()

    def count_attempts(self, port: int, url: str) -> None:
        admin(url, "create-user", "anna", "--role", "dispatcher", typed=GOOD + "\n")
        body = json.dumps({"name": "anna", "password": OTHER}).encode()

        def attempt(_: int) -> int:
            return ask(port, "POST", SESSION, body, {"Content-Type": "application/json"})[0]

        with ThreadPoolExecutor(12) as pool:
            answers = Counter(pool.map(attempt, range(40)))
        assert answers == {401: 7, 429: 33}

    def revoke(self, port: int, url: str) -> None:
        key = admin(url, "create-key", "radio", "--role", "planner").stdout.strip()
        header = {"Authorization": f"Bearer {key}"}
        assert {ask(port, "GET", "/v1/network", None, header)[0] for _ in range(30)} == {200}
        admin(url, "revoke-key", key.split("_")[1])
        time.sleep(0.6)
        assert {ask(port, "GET", "/v1/network", None, header)[0] for _ in range(30)} == {401}


class TestDemonstration:
    def client(self, app: Flask) -> FlaskClient:
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {KEY}"
        return client

    def test_its_key_works_on_this_machine(self, shown: Flask) -> None:
        assert self.client(shown).get("/v1/network").status_code == 200

    @pytest.mark.parametrize(
        "environ",
        [
            AFAR,
            {"REMOTE_ADDR": "::ffff:203.0.113.9"},
            {"REMOTE_ADDR": ""},
            {"SERVER_NAME": "0.0.0.0"},  # noqa: S104 - what gunicorn says of such an address
            {"SERVER_NAME": "10.0.0.5"},
            {"HTTP_X_FORWARDED_FOR": "203.0.113.9"},
            {"HTTP_FORWARDED": "for=203.0.113.9"},
            {"HTTP_HOST": "elsewhere.example"},
        ],
    )
    def test_it_is_worth_nothing_from_beyond(self, shown: Flask, environ: dict[str, str]) -> None:
        response = self.client(shown).get("/v1/network", environ_overrides=environ)
        assert "on this machine only" in refused(response, "unauthenticated")

    def test_its_people_log_in_on_this_machine_only(self, shown: Flask) -> None:
        body = {"name": "dispatcher", "password": PASSWORD}
        assert shown.test_client().post(SESSION, json=body).get_json()["roles"] == ["dispatcher"]
        refused(shown.test_client().post(SESSION, json=body, environ_overrides=AFAR), "unauthenticated")

    def test_it_is_made_once(self, shown: Flask) -> None:
        access = access_of(shown)
        create_demonstration(access)
        assert [user.name for user in access.accounts.users()] == sorted(PERSON_ROLES)
        assert len([key for key in access.keys.all() if key.demonstration]) == 1

    def test_it_can_be_ended_and_is_not_made_again(self, town_file: Path) -> None:
        settings = settings_for(town_file, demonstration=True)
        app = service_over(town_file, demonstration=True, database_url=settings.database_url)
        store = app.extensions["nearest"].desk.store
        assert has_demonstration(store)
        access_of(app).accounts.set_password("planner", GOOD)
        end_demonstration(access_of(app))
        assert not has_demonstration(store)
        again = service_over(town_file, demonstration=True, database_url=settings.database_url)
        assert not has_demonstration(again.extensions["nearest"].desk.store)
        assert self.client(again).get("/v1/network").status_code == 401
        # An account that somebody has taken over is theirs.
        body = {"name": "planner", "password": GOOD}
        assert again.test_client().post(SESSION, json=body, environ_overrides=AFAR).status_code == 200

    def test_there_is_none_unless_asked_for(self, place: Town) -> None:
        assert not has_demonstration(place.app.extensions["nearest"].desk.store)


class TestReason:
    """Looking at an incident is recorded with a reason, if the force wants one."""

    @pytest.fixture
    def reasons(self, town_file: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], FlaskClient]:
        monkeypatch.setattr(access_module, "CONSULTING", frozenset({"network"}))

        def make(setting: str) -> FlaskClient:
            app = service_over(town_file, consultation_reason=setting)
            app.after_request(lambda response: (response.headers.set("Seen", repr(g.get("reason"))), response)[1])
            return with_key(app)

        return make

    def seen(self, client: FlaskClient, reason: str | None) -> str:
        response = client.get("/v1/network", headers={} if reason is None else {REASON_HEADER: reason})
        return response.headers["Seen"] if response.status_code == 200 else str(response.status_code)

    def test_where_it_is_required(self, reasons: Callable[[str], FlaskClient]) -> None:
        client = reasons("required")
        assert self.seen(client, "the  caller rang back") == "'the caller rang back'"
        assert [self.seen(client, reason) for reason in (None, "", "ab", " . ", "x" * 201)] == ["422"] * 5
        assert client.get("/v1/closures").status_code == 200

    def test_where_it_is_optional(self, reasons: Callable[[str], FlaskClient]) -> None:
        client = reasons("optional")
        assert [self.seen(client, reason) for reason in (None, "caller", "ab")] == ["None", "'caller'", "422"]

    def test_where_none_is_wanted(self, reasons: Callable[[str], FlaskClient]) -> None:
        assert self.seen(reasons("none"), "the caller rang back") == "None"

    def test_in_any_script(self, reasons: Callable[[str], FlaskClient]) -> None:
        sent = "prośba dzwoniącego".encode().decode("latin-1")
        assert self.seen(reasons("required"), sent) == "'prośba dzwoniącego'"


class TestHeaders:
    def test_of_every_answer(self, place: Town) -> None:
        for path in ("/healthz", "/v1/network", "/nowhere", "/docs"):
            headers = place.app.test_client().get(path).headers
            assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
            assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
            assert "geolocation=()" in headers["Permissions-Policy"]
            assert "Strict-Transport-Security" not in headers

    def test_https_stays_https(self, place: Town, town_file: Path) -> None:
        client = place.app.test_client()
        assert "max-age=" in client.get("/healthz", base_url="https://a.example").headers["Strict-Transport-Security"]
        told = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
        assert "Strict-Transport-Security" not in client.get("/healthz", headers=told).headers
        behind = service_over(town_file, trusted_proxies=1).test_client()
        assert "Strict-Transport-Security" in behind.get("/healthz", headers=told).headers

    def test_a_proxy_that_is_not_trusted_does_not_say_who_asks(self, town_of: Callable[..., Town]) -> None:
        town = town_of(login_attempts_address=2)
        forged = [{"X-Forwarded-For": f"198.51.100.{number}"} for number in range(4)]
        told = [town.log_in(f"user{number}", headers=forged[number])[1].status_code for number in range(4)]
        assert told == [401, 401, 429, 429]


class TestSecrets:
    def test_stand_in_no_log_and_no_answer(self, town_file: Path, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        town = Town(town_file)
        key = town.access.keys.create("radio", ["planner"])
        client, response = town.log_in()
        town.log_in(password=OTHER)
        token = client.get_cookie(COOKIE).value  # type: ignore[union-attr]
        for header in (f"Bearer {key}", f"Bearer {key}x"):
            town.app.test_client().get("/v1/network", headers={"Authorization": header})
        said = caplog.text + repr([vars(record) for record in caplog.records])
        csrf = response.get_json()["csrf_token"]
        for secret in (GOOD, OTHER, key, key.split("_", 2)[2], token, csrf, "argon2id"):
            assert secret not in said
        assert token not in response.text

    def test_who_asks_shows_nothing_secret(self, place: Town) -> None:
        with place.app.test_client() as client:
            client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {place.access.keys.create('radio', ['planner'])}"
            client.get("/v1/network")
            assert g.actor == Actor("system:radio", "system", frozenset({"planner"}))
            assert "nf_" not in repr((g.actor, g.session, place.access))


@pytest.mark.parametrize("name", ["anna\x00", "\ud800", "' OR 1=1 --", "Ä" * 100, ""])
def test_names_that_no_account_has_are_refused_by_either_database(
    town_file: Path, database_url: str, name: str
) -> None:
    app = service_over(town_file, database_url=database_url)
    for password in (GOOD, GOOD + "\ud800", GOOD + "\x00"):
        response = app.test_client().post(SESSION, json={"name": name, "password": password})
        assert response.status_code in {401, 422}
    app.extensions["nearest"].desk.store.close()


class TestCommands:
    """``nearest admin`` on the database of a service that runs."""

    def test_a_user_from_first_to_last(self, database_url: str, town_file: Path) -> None:
        made = admin(
            database_url, "create-user", "anna", "--role", "dispatcher", "--role", "planner", typed=GOOD + "\n"
        )
        assert (made.exit_code, made.stdout) == (0, "anna is dispatcher and planner\n")
        app = service_over(town_file, database_url=database_url, remembered_ms=0)
        client = app.test_client()
        body = {"name": "anna", "password": GOOD}
        assert client.post(SESSION, json=body).get_json()["roles"] == ["dispatcher", "planner"]
        admin(database_url, "set-roles", "anna", "--role", "auditor")
        assert client.get(SESSION).get_json()["roles"] == ["auditor"]
        admin(database_url, "set-password", "anna", typed=OTHER + "\n")
        assert client.get(SESSION).status_code == 401
        assert client.post(SESSION, json=body | {"password": OTHER}).status_code == 200
        admin(database_url, "disable-user", "anna")
        assert client.get(SESSION).status_code == 401
        assert client.post(SESSION, json=body | {"password": OTHER}).status_code == 401
        admin(database_url, "enable-user", "anna")
        assert client.post(SESSION, json=body | {"password": OTHER}).status_code == 200
        app.extensions["nearest"].desk.store.close()

    def test_a_key_from_first_to_last(self, database_url: str, town_file: Path) -> None:
        made = admin(database_url, "create-key", "tracker", "--role", "planner", "--days", "30")
        assert made.stderr == "It cannot be shown again.\n"
        app = service_over(town_file, database_url=database_url, remembered_ms=0)

        def status(key: str) -> int:
            return app.test_client().get("/v1/network", headers={"Authorization": f"Bearer {key}"}).status_code

        old = made.stdout.strip()
        new = admin(database_url, "rotate-key", old.split("_")[1], "--overlap-hours", "0").stdout.strip()
        assert (status(old), status(new)) == (401, 200)
        assert admin(database_url, "revoke-key", new.split("_")[1]).exit_code == 0
        assert status(new) == 401
        app.extensions["nearest"].desk.store.close()

    def test_the_list_shows_no_secrets(self, database_url: str) -> None:
        admin(database_url, "create-user", "anna", "--role", "dispatcher", typed=GOOD + "\n")
        key = admin(database_url, "create-key", "tracker", "--role", "feeder").stdout.strip()
        told = json.loads(admin(database_url, "list", "--json").stdout)
        assert [(user["name"], user["roles"], user["state"]) for user in told["users"]] == [
            ("anna", ["dispatcher"], "open")
        ]
        assert [(row["key"], row["name"], row["used"]) for row in told["keys"]] == [
            (key.split("_")[1], "tracker", None)
        ]
        shown = admin(database_url, "list").stdout
        assert "anna" in shown
        assert "tracker" in shown
        assert key.split("_", 2)[2] not in shown + json.dumps(told)
        assert "argon2" not in shown + json.dumps(told)

    @pytest.mark.parametrize(
        ("words", "typed", "said"),
        [
            (("create-user", "anna", "--role", "king"), GOOD, "did you mean"),
            (("create-user", "anna", "--role", "feeder"), GOOD, "feeder"),
            (("create-user", "anna"), GOOD, "one or more of"),
            (("create-user", "anna", "--role", "planner"), "", "12 to 72 characters"),
            (("set-password", "nobody"), GOOD, "nobody"),
            (("rotate-key", "0"), "", "account key"),
            (("revoke-key", "0"), "", "account key"),
            (("create-key", "tracker", "--role", "feeder", "--days", "0"), "", "1 or more"),
        ],
    )
    def test_what_is_not_accepted(self, tmp_path: Path, words: tuple[str, ...], typed: str, said: str) -> None:
        done = admin(f"sqlite:///{tmp_path / 'desk.db'}", *words, typed=typed + "\n")
        assert done.exit_code == 2
        assert done.stderr.startswith("error: account")
        assert said in done.stderr or "dispatcher" in done.stderr
        assert GOOD not in done.output

    def test_no_password_is_an_argument(self) -> None:
        for command in ("create-user", "set-password"):
            told = CliRunner().invoke(main, ["admin", command, "--help"]).output
            assert "password TEXT" not in told.lower().replace("--", "")
