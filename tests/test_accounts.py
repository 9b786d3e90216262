"""Accounts of people, their sessions, and keys of systems, on both databases."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from api.access import Access
from api.accounts import Accounts
from api.accounts_keys import OVERLAP, Keys
from api.accounts_passwords import hashed
from api.accounts_sessions import Session, Sessions
from api.accounts_settings import AccessSettings
from api.accounts_tables import TABLES, transaction, users
from api.errors import TooMany
from api.limits import Allowances, LoginAttempts
from api.roles import Actor
from dispatch.store import NoDatabase, Store
from dispatch.tables import metadata
from graphs.errors import InputError

GOOD = "seven grey herons at dusk"
OTHER = "eleven otters under the weir"
START = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)


class Desk:
    """A database, and a clock that moves when told to."""

    def __init__(self, url: str) -> None:
        self.now = START
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.store = Store(url, self.clock)
        metadata.create_all(self.store.engine, tables=TABLES)
        self.accounts = Accounts(self.store, self.clock, self.tell)
        self.keys = Keys(self.store, self.clock, self.tell)

    def clock(self) -> datetime:
        return self.now

    def us(self) -> int:
        return int(self.now.timestamp()) * 1_000_000

    def tell(self, kind: str, details: Any) -> None:
        self.told.append((kind, dict(details)))

    def sessions(self, **settings: Any) -> Sessions:
        return Sessions(self.store, self.clock, AccessSettings(**settings))

    def attempts(self, **settings: Any) -> LoginAttempts:
        return LoginAttempts(self.store, AccessSettings(**settings), self.us)


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    made = Desk(database_url)
    yield made
    made.store.close()


@pytest.fixture
def anna(desk: Desk) -> Desk:
    desk.accounts.create_user("anna", ["dispatcher"], None)
    with transaction(desk.store) as connection:
        connection.execute(sa.update(users).values(password=kept()))
    return desk


@cache
def kept() -> str:
    """What is kept of a good password; making it takes a while."""
    return hashed(GOOD)


def accepted(error: pytest.ExceptionInfo[InputError]) -> list[tuple[str, str]]:
    return [(fault.field, fault.accepted) for fault in error.value.faults]


class TestPasswords:
    def test_opens_its_account_and_no_other(self, anna: Desk) -> None:
        anna.accounts.create_user("bert", ["planner"], OTHER)
        assert anna.accounts.log_in("anna", GOOD).roles == {"dispatcher"}  # type: ignore[union-attr]
        assert anna.accounts.log_in("anna", OTHER) is None
        assert anna.accounts.log_in("bert", GOOD) is None
        assert anna.accounts.log_in("carl", GOOD) is None

    def test_is_the_same_however_its_letters_are_written(self, desk: Desk) -> None:
        desk.accounts.create_user("rene", ["planner"], "caf\u00e9 near the old pump")
        assert desk.accounts.log_in("rene", "cafe\u0301 near the old pump") is not None

    @pytest.mark.parametrize(
        "password", ["short", "password1234", "qwertyuiopas", "annaanna1234", "x" * 73, "dispatcher12"]
    )
    def test_that_is_easily_guessed_is_refused_and_not_repeated(self, desk: Desk, password: str) -> None:
        with pytest.raises(InputError) as error:
            desk.accounts.create_user("anna", ["dispatcher"], password)
        assert accepted(error) == [("password", "12 to 72 characters that are not easily guessed")]
        assert password not in str(error.value)
        assert desk.accounts.users() == []

    def test_takes_as_long_where_there_is_no_account(self, anna: Desk) -> None:
        def seconds(name: str) -> float:
            begun = time.perf_counter()
            anna.accounts.log_in(name, OTHER)
            return time.perf_counter() - begun

        seconds("nobody")
        known, unknown = (min(seconds(name) for _ in range(5)) for name in ("anna", "nobody"))
        assert 0.5 < known / unknown < 2.0

    def test_is_hashed_anew_when_the_parameters_change(self, anna: Desk) -> None:
        weak = PasswordHasher(time_cost=1, memory_cost=64).hash(GOOD)
        with transaction(anna.store) as connection:
            connection.execute(sa.update(users).values(password=weak))
        assert anna.accounts.log_in("anna", GOOD) is not None
        with transaction(anna.store) as connection:
            kept = connection.scalar(sa.select(users.c.password))
        assert kept != weak
        assert not PasswordHasher().check_needs_rehash(str(kept))
        assert anna.accounts.log_in("anna", GOOD) is not None

    def test_of_a_shut_account_opens_nothing_until_it_is_opened(self, anna: Desk) -> None:
        anna.accounts.disable_user("anna")
        assert anna.accounts.log_in("anna", GOOD) is None
        anna.accounts.enable_user("anna")
        assert anna.accounts.log_in("anna", GOOD) is not None

    def test_an_account_without_one_cannot_be_opened(self, desk: Desk) -> None:
        desk.accounts.create_user("anna", ["dispatcher"], None)
        assert desk.accounts.log_in("anna", "") is None
        assert desk.accounts.log_in("anna", "of nobody") is None


class TestAccounts:
    def test_faults_are_told_together(self, desk: Desk) -> None:
        with pytest.raises(InputError) as error:
            desk.accounts.create_user("Anna B", ["dispatcher", "feeder", "king"], GOOD)
        assert [fault.field for fault in error.value.faults] == ["name", "role", "role"]

    def test_no_role_is_not_accepted(self, desk: Desk) -> None:
        with pytest.raises(InputError, match="one or more of dispatcher, supervisor"):
            desk.accounts.create_user("anna", [], GOOD)

    def test_a_name_is_taken_once_by_many_at_once(self, desk: Desk) -> None:
        def create(_: int) -> str:
            try:
                desk.accounts.create_user("anna", ["dispatcher"], None)
            except InputError as error:
                return error.faults[0].accepted
            return "made"

        with ThreadPoolExecutor(8) as pool:
            told = sorted(pool.map(create, range(8)))
        assert told == ["a name that is not taken"] * 7 + ["made"]

    def test_what_is_not_there_cannot_be_changed(self, anna: Desk) -> None:
        for change in (
            lambda: anna.accounts.set_password("ana", OTHER),
            lambda: anna.accounts.set_roles("ana", ["planner"]),
            lambda: anna.accounts.disable_user("ana"),
        ):
            with pytest.raises(InputError, match="accepted: anna"):
                change()

    def test_changes_are_told_without_secrets(self, anna: Desk) -> None:
        anna.accounts.set_password("anna", OTHER)
        anna.accounts.set_roles("anna", ["supervisor", "auditor"])
        anna.accounts.disable_user("anna")
        key = anna.keys.create("radio", ["feeder"])
        anna.keys.rotate(key.split("_")[1])
        anna.keys.revoke(key.split("_")[1])
        kinds = [kind for kind, _ in anna.told]
        assert kinds == [
            *("user_created", "password_set", "roles_set", "user_disabled"),
            *("key_created", "key_created", "key_rotated", "key_revoked"),
        ]
        assert anna.told[2][1] == {"name": "anna", "roles": ["auditor", "supervisor"]}
        written = repr(anna.told)
        assert not any(secret in written for secret in (GOOD, OTHER, key.split("_", 2)[2], "argon2"))

    def test_a_refused_change_is_not_told(self, anna: Desk) -> None:
        with pytest.raises(InputError):
            anna.accounts.create_user("anna", ["dispatcher"], OTHER)
        assert [kind for kind, _ in anna.told] == ["user_created"]

    def test_somebody_vouched_for_gets_an_account_and_later_other_roles(self, desk: Desk) -> None:
        first = desk.accounts.vouched_for("https://id 17", "eva", frozenset({"dispatcher"}))
        again = desk.accounts.vouched_for("https://id 17", "eva.married", frozenset({"supervisor"}))
        assert first is not None
        assert again is not None
        assert (first.number, first.name) == (again.number, again.name)
        assert again.roles == {"supervisor"}
        assert desk.accounts.log_in("eva", "") is None

    def test_nobody_takes_an_account_by_its_name_at_the_provider(self, anna: Desk) -> None:
        with pytest.raises(InputError, match="a name that is not taken"):
            anna.accounts.vouched_for("https://id 18", "anna", frozenset({"supervisor"}))

    def test_a_shut_account_stays_shut_whoever_vouches(self, desk: Desk) -> None:
        desk.accounts.vouched_for("https://id 17", "eva", frozenset({"dispatcher"}))
        desk.accounts.disable_user("eva")
        assert desk.accounts.vouched_for("https://id 17", "eva", frozenset({"dispatcher"})) is None


class TestSessions:
    def test_is_found_by_its_token_in_another_worker(self, anna: Desk) -> None:
        session = open_session(anna)
        found = anna.sessions().find(session.token)
        assert found == session
        assert found.actor == Actor("anna", "person", frozenset({"dispatcher"}))  # type: ignore[union-attr]
        assert anna.sessions().find(session.token + "x") is None

    def test_only_the_hash_of_the_token_is_kept(self, anna: Desk) -> None:
        token = open_session(anna).token
        assert len(token) >= 43
        assert token not in dump(anna.store)

    def test_tokens_stand_in_no_text(self, anna: Desk) -> None:
        session = open_session(anna)
        assert session.token not in repr(session)
        assert session.csrf_token not in session.token

    def test_ends_when_it_is_not_used(self, anna: Desk) -> None:
        token = open_session(anna).token
        anna.now += timedelta(seconds=3599)
        assert anna.sessions().find(token) is not None
        anna.now += timedelta(seconds=3599)
        assert anna.sessions().find(token) is not None
        anna.now += timedelta(seconds=3600)
        assert anna.sessions().find(token) is None

    def test_a_look_at_whether_it_is_under_way_is_no_use(self, anna: Desk) -> None:
        token = open_session(anna).token
        anna.now += timedelta(seconds=3599)
        assert anna.sessions().find(token, used=False) is not None
        anna.now += timedelta(seconds=1)
        assert anna.sessions().find(token, used=False) is None

    def test_ends_after_a_shift_in_any_case(self, anna: Desk) -> None:
        token = open_session(anna).token
        for _ in range(23):
            anna.now += timedelta(minutes=30)
            assert anna.sessions().find(token) is not None
        anna.now += timedelta(minutes=30)
        assert anna.sessions().find(token) is None

    def test_another_password_ends_all_of_the_account_and_no_others(self, anna: Desk) -> None:
        anna.accounts.create_user("bert", ["planner"], None)
        mine = [open_session(anna).token for _ in range(2)]
        others = open_session(anna, "bert").token
        anna.accounts.set_password("anna", "nine lanterns in the fog")
        assert [anna.sessions().find(token) for token in mine] == [None, None]
        assert anna.sessions().find(others) is not None

    def test_a_shut_account_has_none(self, anna: Desk) -> None:
        token = open_session(anna).token
        anna.accounts.disable_user("anna")
        anna.accounts.enable_user("anna")
        assert anna.sessions().find(token) is None

    def test_logout_ends_one(self, anna: Desk) -> None:
        first, second = open_session(anna).token, open_session(anna).token
        anna.sessions().close(first)
        assert anna.sessions().find(first) is None
        assert anna.sessions().find(second) is not None

    def test_other_roles_count_at_once(self, anna: Desk) -> None:
        token = open_session(anna).token
        anna.accounts.set_roles("anna", ["planner"])
        assert anna.sessions().find(token).actor.roles == {"planner"}  # type: ignore[union-attr]

    def test_those_that_are_over_are_forgotten(self, anna: Desk) -> None:
        open_session(anna)
        anna.now += timedelta(days=1)
        open_session(anna)
        with transaction(anna.store) as connection:
            assert connection.scalar(sa.text("SELECT count(*) FROM sessions")) == 1


def open_session(desk: Desk, name: str = "anna") -> Session:
    (user,) = (user for user in desk.accounts.users() if user.name == name)
    return desk.sessions().open(user)


def dump(store: Store) -> str:
    with transaction(store) as connection:
        return repr([connection.execute(sa.select(table)).all() for table in TABLES])


class TestKeys:
    def test_names_its_system(self, desk: Desk) -> None:
        key = desk.keys.create("tracker", ["feeder"])
        assert key.startswith("nf_")
        assert desk.keys.find(key) == Actor("system:tracker", "system", frozenset({"feeder"}))

    @pytest.mark.parametrize(
        "change", [lambda key: key[:-1], lambda key: key + "a", lambda key: key.upper(), lambda _: ""]
    )
    def test_a_wrong_one_names_nobody(self, desk: Desk, change: Any) -> None:
        key = desk.keys.create("tracker", ["feeder"])
        assert desk.keys.find(change(key)) is None

    def test_the_secret_of_one_does_not_fit_another(self, desk: Desk) -> None:
        first, second = (desk.keys.create(name, ["feeder"]).split("_", 2) for name in ("a", "b"))
        assert desk.keys.find("_".join((*first[:2], second[2]))) is None

    def test_only_its_hash_is_kept(self, desk: Desk) -> None:
        key = desk.keys.create("tracker", ["feeder"])
        assert key.split("_", 2)[2] not in dump(desk.store)
        assert key.split("_", 2)[2] not in repr(desk.keys.all())

    def test_ends(self, desk: Desk) -> None:
        key = desk.keys.create("tracker", ["feeder"], timedelta(days=3))
        desk.now += timedelta(days=3) - timedelta(seconds=1)
        assert desk.keys.find(key) is not None
        desk.now += timedelta(seconds=1)
        assert desk.keys.find(key) is None

    def test_a_rotated_one_works_beside_the_new_one_for_a_while(self, desk: Desk) -> None:
        old = desk.keys.create("tracker", ["feeder"])
        new = desk.keys.rotate(old.split("_")[1])
        desk.now += OVERLAP - timedelta(seconds=1)
        assert desk.keys.find(old) == desk.keys.find(new) != None  # noqa: E711 - a chain
        desk.now += timedelta(seconds=1)
        assert desk.keys.find(old) is None
        assert desk.keys.find(new) is not None

    def test_an_overlap_of_less_than_nothing_is_refused(self, desk: Desk) -> None:
        old = desk.keys.create("tracker", ["feeder"])
        with pytest.raises(InputError, match="overlap hours: -3 is not accepted; accepted: 0 or more"):
            desk.keys.rotate(old.split("_")[1], timedelta(hours=-3))
        assert desk.keys.find(old) is not None
        assert len(desk.keys.all()) == 1

    def test_a_revoked_one_is_over(self, desk: Desk) -> None:
        key = desk.keys.create("tracker", ["feeder"])
        desk.keys.revoke(key.split("_")[1])
        assert desk.keys.find(key) is None
        for again in (desk.keys.revoke, desk.keys.rotate):
            with pytest.raises(InputError):
                again(key.split("_")[1])

    def test_its_last_use_is_known_to_the_minute(self, desk: Desk) -> None:
        key = desk.keys.create("tracker", ["feeder"])
        for _ in range(3):
            desk.now += timedelta(seconds=40)
            desk.keys.find(key)
        (found,) = desk.keys.all()
        assert found.used_us == desk.us()

    def test_a_published_one_is_kept_once(self, desk: Desk) -> None:
        for _ in range(2):
            desk.keys.create_demonstration("nf_demonstration_only-on-this-machine", "demonstration", ["dispatcher"])
        found = desk.keys.find("nf_demonstration_only-on-this-machine")
        assert found is not None
        assert found.demonstration
        assert len(desk.keys.all()) == 1

    @pytest.mark.parametrize("days", [0, -1])
    def test_one_that_is_over_at_once_is_not_made(self, desk: Desk, days: int) -> None:
        with pytest.raises(InputError):
            desk.keys.create("tracker", ["feeder"], timedelta(days=days))


class TestAttempts:
    def test_some_in_a_row_lock_the_account_from_everywhere(self, desk: Desk) -> None:
        attempts = desk.attempts(login_attempts=3)
        for place in range(3):
            attempts.begin("anna", f"10.0.0.{place}")
        with pytest.raises(TooMany, match="ask again in 900 s"):
            attempts.begin("anna", "10.0.0.9")
        attempts.begin("bert", "10.0.0.9")

    def test_a_lock_ends_and_is_not_drawn_out_by_more(self, desk: Desk) -> None:
        attempts = desk.attempts(login_attempts=1)
        attempts.begin("anna", "10.0.0.1")
        desk.now += timedelta(seconds=899)
        with pytest.raises(TooMany, match="ask again in 1 s"):
            attempts.begin("anna", "10.0.0.1")
        desk.now += timedelta(seconds=1)
        attempts.begin("anna", "10.0.0.1")

    def test_success_forgets_the_failures_before_it(self, desk: Desk) -> None:
        attempts = desk.attempts(login_attempts=3)
        for _ in range(4):
            attempts.begin("anna", "10.0.0.1")
            attempts.begin("anna", "10.0.0.1")
            attempts.succeeded("anna", "10.0.0.1")

    def test_a_whole_room_logs_in_from_one_address(self, desk: Desk) -> None:
        attempts = desk.attempts(login_attempts_address=3)
        for number in range(20):
            attempts.begin(f"user{number}", "10.0.0.1")
            attempts.succeeded(f"user{number}", "10.0.0.1")

    def test_many_accounts_from_one_address_lock_it_and_a_success_does_not_help(self, desk: Desk) -> None:
        attempts = desk.attempts(login_attempts_address=5)
        for number in range(5):
            attempts.begin(f"user{number}", "2001:db8::1")
            if number == 2:
                attempts.begin("own", "2001:db8::1")
                attempts.succeeded("own", "2001:db8::1")
        with pytest.raises(TooMany):
            attempts.begin("user9", "2001:db8::ffff")
        attempts.begin("user9", "2001:db8:0:1::1")

    def test_many_at_once_over_several_workers_are_counted_exactly(self, desk: Desk) -> None:
        workers = [desk.attempts(login_attempts=10, login_attempts_address=1000) for _ in range(4)]

        def attempt(number: int) -> bool:
            try:
                workers[number % 4].begin("anna", "10.0.0.1")
            except TooMany:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(attempt, range(60))) == 10


class TestAllowances:
    def test_what_is_asked_at_once_is_limited_and_comes_back_with_time(self, desk: Desk) -> None:
        allowances = Allowances(desk.store, desk.us)
        assert granted(allowances, 200, per_s=10) == 100
        with pytest.raises(TooMany, match="ask again in 1 s"):
            allowances.take("system tracker", 10)
        desk.now += timedelta(seconds=3)
        assert granted(allowances, 200, per_s=10) == 30

    def test_one_actor_does_not_spend_what_is_anothers(self, desk: Desk) -> None:
        allowances = Allowances(desk.store, desk.us)
        granted(allowances, 200, per_s=10)
        allowances.take("person anna", 10)

    def test_0_is_no_limit(self, desk: Desk) -> None:
        assert granted(Allowances(desk.store, desk.us), 500, per_s=0) == 500

    def test_several_workers_exceed_it_by_what_they_have_drawn_at_most(self, desk: Desk) -> None:
        workers = [Allowances(desk.store, desk.us) for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            first = list(pool.map(lambda worker: granted(worker, 150, per_s=20), workers))
        # The clock stands, so nothing comes back: together they get what one would, but for what lies drawn.
        assert 160 < sum(first) <= 200

    def test_whoever_asks_slowly_is_never_refused(self, desk: Desk) -> None:
        workers = [Allowances(desk.store, desk.us) for _ in range(4)]
        for number in range(200):
            desk.now += timedelta(seconds=1)
            workers[number % 4].take("person anna", 1)

    def test_whoever_is_refused_costs_the_database_nothing_more(self, desk: Desk) -> None:
        allowances = Allowances(desk.store, desk.us)
        granted(allowances, 200, per_s=10)
        asked: list[str] = []
        sa.event.listen(desk.store.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
        assert granted(allowances, 50, per_s=10) == 0
        assert asked == []


def granted(allowances: Allowances, count: int, per_s: int) -> int:
    got = 0
    for _ in range(count):
        try:
            allowances.take("system tracker", per_s)
        except TooMany:
            continue
        got += 1
    return got


def test_what_goes_wrong_in_the_database_tells_no_hashes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = Store(f"sqlite:///{tmp_path / 'empty.db'}", lambda: START)
    accounts = Accounts(store, lambda: START)
    try:
        accounts.create_user("anna", ["dispatcher"], GOOD)
    except NoDatabase:
        logging.getLogger("nearest.test").exception("failed")
    store.close()
    assert "no such table" in caplog.text
    assert "argon2id" not in caplog.text
    assert GOOD not in caplog.text


def test_settings_and_access_show_no_secrets(tmp_path: Path) -> None:
    settings = AccessSettings(
        oidc_issuer="https://id.example.org",
        oidc_client_id="nearest",
        oidc_client_secret="very secret",  # type: ignore[arg-type] # noqa: S106 - the one looked for
        oidc_roles="police-dispatch=dispatcher",  # type: ignore[arg-type]
        public_url="https://nearest.example.org",
    )
    store = Store(f"sqlite:///{tmp_path / 'desk.db'}", lambda: START)
    assert "very secret" not in f"{settings!r} {settings} {Access(store, lambda: START, settings)!r}"
    store.close()
