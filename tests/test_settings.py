"""Settings come from the environment, every fault of them is told at once, and no secret is shown."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from api.settings import DATABASE_URL, MAX_BODY_BYTES, SECRET, Serving, Settings, variable
from graphs.errors import Fault, InputError

GRAPH = {"NEAREST_GRAPH": "a.network"}
# The secret of an identity provider needs the rest of its settings.
PROVIDER = {
    "NEAREST_OIDC_ISSUER": "https://login.example",
    "NEAREST_OIDC_CLIENT_ID": "nearest",
    "NEAREST_OIDC_ROLES": "rooms=dispatcher",
    "NEAREST_PUBLIC_URL": "https://nearest.example",
}
HUSH = "correct-horse-battery-staple-0417"


def told(**environment: str) -> Settings:
    return Settings.from_environment({**GRAPH, **environment})


def faults(**environment: str) -> list[Fault]:
    with pytest.raises(InputError) as caught:
        told(**environment)
    assert HUSH not in str(caught.value)
    return list(caught.value.faults)


def fault(**environment: str) -> Fault:
    (only,) = faults(**environment)
    return only


class TestReading:
    def test_what_is_not_given_has_its_default(self) -> None:
        settings = told()
        assert settings == Settings(Path("a.network"))
        assert (settings.bind, settings.workers, settings.threads) == ("127.0.0.1:8000", 2, 8)
        assert (settings.log_level, settings.log_format, settings.metrics) == ("info", "json", True)
        assert settings.trusted_proxies == 0
        assert (str(settings.database_url), settings.max_body_bytes) == (DATABASE_URL, MAX_BODY_BYTES)

    def test_everything_can_be_given(self) -> None:
        settings = told(
            NEAREST_BIND="[::1]:9000",
            NEAREST_WORKERS="4",
            NEAREST_THREADS="32",
            NEAREST_LOG_LEVEL="WARNING",
            NEAREST_LOG_FORMAT="Text",
            NEAREST_METRICS="off",
            NEAREST_TRUSTED_PROXIES="2",
        )
        assert (settings.bind, settings.workers, settings.threads) == ("[::1]:9000", 4, 32)
        assert (settings.log_level, settings.log_format, settings.metrics) == ("warning", "text", False)
        assert settings.trusted_proxies == 2

    def test_an_empty_variable_is_not_given(self) -> None:
        assert told(**{variable(name): "" for name in Settings.model_fields if name != "graph"}) == told()

    def test_what_the_program_gives_is_not_mixed_with_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NEAREST_FORCE", "force.toml")
        assert Settings(Path("a.network")).force is None
        monkeypatch.setenv("NEAREST_GRAPH", "b.network")
        assert Settings.from_environment().force == Path("force.toml")

    def test_they_never_change(self) -> None:
        with pytest.raises(ValidationError):
            told().workers = 3  # type: ignore[misc]

    def test_gunicorn_needs_no_network(self) -> None:
        assert Serving.from_environment({"NEAREST_WORKERS": "3"}).workers == 3

    def test_variables_of_other_programs_and_of_the_tests_are_nothing_to_us(self) -> None:
        assert told(NEAR="x", NEAREST_TEST_POSTGRES_URL="postgresql://", nearest_workers="x") == told()


class TestFaults:
    def test_all_together(self) -> None:
        environment = {
            "NEAREST_DATABASE_URL": f"mysql://nearest:{HUSH}@db/nearest",
            "NEAREST_LOG_LEVEL": "loud",
            "NEAREST_WORKERS": "0",
            "NEAREST_METRICS": "perhaps",
            "NEAREST_THREDS": "8",
        }
        with pytest.raises(InputError) as caught:
            Settings.from_environment(environment)
        assert HUSH not in str(caught.value)
        found = {each.field: each for each in caught.value.faults}
        assert found.keys() == {"NEAREST_GRAPH", *environment}
        assert len(caught.value.faults) == len(found)
        assert {each.source for each in found.values()} == {"environment"}
        assert str(found["NEAREST_LOG_LEVEL"]).endswith(
            'NEAREST_LOG_LEVEL: "loud" is not accepted; accepted: debug, info, warning or error'
        )

    @pytest.mark.parametrize(
        ("wrong", "meant"),
        [
            ("NEAREST_GRPAH", "NEAREST_GRAPH"),
            ("NEAREST_DATABASE", "NEAREST_DATABASE_URL"),
            ("NEAREST_BINDS", "NEAREST_BIND"),
        ],
    )
    def test_a_name_that_is_not_known_is_refused_with_what_was_probably_meant(self, wrong: str, meant: str) -> None:
        found = fault(**{wrong: HUSH})
        assert (found.field, found.hint) == (wrong, f"did you mean {meant}?")
        assert meant in found.accepted.split(", ")

    def test_a_name_like_no_other_gets_no_hint(self) -> None:
        assert fault(NEAREST_ZZZ="1").hint == ""

    @given(
        name=st.sampled_from(["NEAREST_WORKERS", "NEAREST_THREADS", "NEAREST_MAX_BODY_BYTES"]),
        value=st.text(min_size=1).filter(lambda text: re.fullmatch("[0-9]+", text) is None or int(text) == 0),
    )
    def test_what_is_no_number_of_something_is_refused(self, name: str, value: str) -> None:
        assert fault(**{name: value}).field == name

    @pytest.mark.parametrize(
        "bind", ["8000", "127.0.0.1", "127.0.0.1:99999", "unix:relative", ":8000", "a b:1", "[::1]"]
    )
    def test_what_is_no_address_to_listen_at(self, bind: str) -> None:
        assert fault(NEAREST_BIND=bind).field == "NEAREST_BIND"

    def test_every_setting_says_what_is_accepted(self) -> None:
        assert [name for name, field in Settings.model_fields.items() if not field.description] == []


class TestDatabase:
    @pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
    def test_postgresql_is_spoken_to_by_psycopg(self, scheme: str) -> None:
        url = told(NEAREST_DATABASE_URL=f"{scheme}://nearest:{HUSH}@db:5433/desk?sslmode=require").database_url
        assert (url.drivername, url.password, url.host, url.port) == ("postgresql+psycopg", HUSH, "db", 5433)
        assert (url.database, url.query["sslmode"]) == ("desk", "require")

    def test_a_file(self) -> None:
        assert told(NEAREST_DATABASE_URL="sqlite:////var/lib/nearest/desk.db").database_url.database == (
            "/var/lib/nearest/desk.db"
        )

    @pytest.mark.parametrize(
        "url",
        [
            "sqlite://",
            "sqlite:///:memory:",
            "desk.db",
            f"postgresql+asyncpg://nearest:{HUSH}@db/desk",
            f"oracle://nearest:{HUSH}@db/desk",
            f"postgresql://nearest:{HUSH}@db:port/desk",
            f"postgresql://db/desk?password={HUSH}",
        ],
    )
    def test_what_is_no_address_of_a_database_of_ours(self, url: str) -> None:
        assert fault(NEAREST_DATABASE_URL=url).value == "a value that is not shown"


class TestSecrets:
    @pytest.fixture
    def secrets(self) -> dict[str, str]:
        return {**dict.fromkeys(SECRET, HUSH), "database_url": f"postgresql://nearest:{HUSH}@db/desk"}

    @pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
    def test_from_a_file(self, secrets: dict[str, str], ending: str, tmp_path: Path) -> None:
        for name, secret in secrets.items():
            (tmp_path / name).write_text(secret + ending, newline="")
        in_files = {variable(name) + "_FILE": str(tmp_path / name) for name in secrets}
        assert told(**PROVIDER, **in_files) == told(**PROVIDER, **{variable(name): secrets[name] for name in secrets})

    def test_nothing_shows_them(self, secrets: dict[str, str]) -> None:
        settings = told(**PROVIDER, **{variable(name): secret for name, secret in secrets.items()})
        assert HUSH not in f"{settings} {settings!r} {settings.database_url} {settings.database_url!r}"

    @pytest.mark.parametrize("name", SECRET)
    def test_of_a_file_that_cannot_be_used_only_that_is_told(self, name: str, tmp_path: Path) -> None:
        (tmp_path / "empty").write_text("\n")
        (tmp_path / "binary").write_bytes(b"\xff\xfe")
        for file in ("missing", "empty", "binary", "."):
            found = fault(**{variable(name) + "_FILE": str(tmp_path / file)})
            assert found.field == variable(name) + "_FILE"
            assert found.hint

    def test_not_from_two_places(self, tmp_path: Path) -> None:
        (tmp_path / "url").write_text("sqlite:///desk.sqlite")
        file = {"NEAREST_DATABASE_URL_FILE": str(tmp_path / "url")}
        found = fault(NEAREST_DATABASE_URL="sqlite:///desk.sqlite", **file)
        assert (found.field, found.accepted) == ("NEAREST_DATABASE_URL_FILE", "only one of the variable and the file")

    def test_what_stands_in_a_file_is_held_to_the_same(self, tmp_path: Path) -> None:
        (tmp_path / "url").write_text("mysql://desk")
        assert fault(NEAREST_DATABASE_URL_FILE=str(tmp_path / "url")).value == "a value that is not shown"


@given(environment=st.dictionaries(st.sampled_from([variable(name) for name in Settings.model_fields]), st.text()))
def test_whatever_is_given_is_read_or_refused(environment: dict[str, Any]) -> None:
    with suppress(InputError):
        Settings.from_environment(environment)
