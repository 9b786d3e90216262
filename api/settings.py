"""What the HTTP service is told by its surroundings: a variable ``NEAREST_NAME`` for each setting ``name``.

A new setting is a field of `Settings`; its description says what is accepted. Where its value must not be shown, its
name goes into `SECRET` as well, and the value can then stand in a file too.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from api.accounts_settings import AccessSettings
from graphs.errors import Fault, InputError
from graphs.faults import refuse, shape_faults, written

SOURCE = "environment"
PREFIX = "NEAREST_"
# What the tests of this product are told, which is nothing to the service.
_OF_TESTS = "NEAREST_TEST_"
MAX_BODY_BYTES = 2_000_000
DATABASE_URL = "sqlite:///nearest.sqlite"
# Never shown; NEAREST_NAME_FILE may name a file that holds the value, as container platforms hand out secrets.
SECRET = ("database_url", "oidc_client_secret")
_FILE = "_FILE"
_HIDDEN = "a value that is not shown"
_DATABASE = "sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"
_DRIVERS = {
    "sqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
_HIGHEST_PORT = 65535


def _digits(value: Any) -> Any:
    """Refuse what int() would let through: spaces, underscores, other scripts' digits."""
    if isinstance(value, str) and not (value.isascii() and value.isdigit()):
        raise refuse("")
    return value


def _database(value: Any) -> URL:
    try:
        url = make_url(value)
    except ArgumentError as error:
        raise refuse("") from error
    if url.drivername not in _DRIVERS:
        raise refuse("")
    if any("password" in key for key in url.query):
        raise refuse("", "the password stands behind the name of the user")
    if url.drivername == "sqlite" and url.database in {None, "", ":memory:"}:
        raise refuse("", "what is kept in memory is neither kept nor seen by the other workers")
    return url.set(drivername=_DRIVERS[url.drivername])


def _bind(value: str) -> str:
    if value.startswith("unix:/"):
        return value
    match = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})", value)
    if match is None or int(match[2]) > _HIGHEST_PORT:
        raise refuse("")
    return value


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


Count = Annotated[int, BeforeValidator(_digits), Field(ge=0)]
Positive = Annotated[int, BeforeValidator(_digits), Field(ge=1)]
Database = Annotated[URL, BeforeValidator(_database)]
Bind = Annotated[str, AfterValidator(_bind)]
Level = Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)]


class Told(BaseSettings):
    """Settings that come from the environment only when asked to, by `from_environment`."""

    # No JSON is looked for in a value: what a list looks like is for its own setting to say.
    model_config = SettingsConfigDict(
        env_prefix=PREFIX, enable_decoding=False, extra="forbid", frozen=True, arbitrary_types_allowed=True
    )

    @classmethod
    def settings_customise_sources(cls, *_settings: Any, **sources: Any) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what the program gives and nothing else."""
        return (sources["init_settings"],)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the settings; an empty variable counts as not given.

        Raises
        ------
        InputError
            With every variable that is missing, not accepted or not known.
        """
        told = {name: value for name, value in environment.items() if value and _is_ours(name)}
        faults: list[Fault] = []
        told |= _from_files(told, faults)
        faults += [_unknown(name) for name in sorted(told.keys() - _variables())]
        try:
            settings = cls(**_Variables(cls, told)())
        except ValidationError as error:
            in_a_file = {fault.field for fault in faults}
            found = (_named(fault) for fault in shape_faults(error, cls, SOURCE))
            faults += [fault for fault in found if fault.field + _FILE not in in_a_file]
        if faults:
            raise InputError(faults)
        return settings


class Serving(Told):
    """Settings of the processes, which gunicorn needs before anything is loaded."""

    bind: Bind = Field(default="127.0.0.1:8000", description="HOST:PORT or unix:/PATH, where the service listens")
    workers: Positive = Field(default=2, description="a whole number, 1 or more")
    threads: Positive = Field(default=8, description="a whole number, 1 or more")
    streams: Positive = Field(default=16, description="a whole number, 1 or more; each has a thread of its own")
    log_level: Level = Field(default="info", description="debug, info, warning or error")
    log_format: Annotated[Literal["json", "text"], BeforeValidator(_lower)] = Field(
        default="json", description="json or text"
    )
    metrics: bool = Field(default=True, description="on or off")


class Stored(Told):
    """Where everything is kept, which is all that `nearest admin` needs to know.

    Parameters
    ----------
    database_url
        Where the record is kept. Its text shows no password.
    """

    database_url: Database = Field(default=make_url(DATABASE_URL), description=_DATABASE)


class Replaying(Told):
    """Where replays are kept that auditors ask for, and how many.

    Parameters
    ----------
    replays_dir
        Folder of their results, which hold personal data; none are made if not given.
    records_dir
        Folder of imported folders that may be replayed; none if not given.
    replays_kept
        So many are kept at most, those that wait among them.
    replays_days
        What has ended is removed so many days later.
    replays_jobs
        Processes of the one replay that runs.
    replays_free_mb
        None is begun with less room than that on the disk.
    """

    replays_dir: Path | None = Field(default=None, description="a folder, which is made if it is not there")
    records_dir: Path | None = Field(default=None, description="a folder that holds imported folders")
    replays_kept: Positive = Field(default=20, description="a whole number, 1 or more")
    replays_days: Positive = Field(default=30, description="days, 1 or more")
    replays_jobs: Positive = Field(default=1, description="a whole number, 1 or more")
    replays_free_mb: Count = Field(default=1000, description="megabytes, 0 or more")


class Simulating(Told):
    """Where simulations are kept that planners ask for, how many, and how large one may be.

    Parameters
    ----------
    simulations_dir
        Folder of their results; none are made if not given.
    scenarios_dir
        Folder of the scenarios that may be simulated; none if not given.
    simulations_kept
        So many are kept at most, those that wait among them.
    simulations_days
        What has ended is removed so many days later.
    simulations_jobs
        Most processes of the one that runs.
    simulations_replications
        Most replications, those of all its policies together.
    simulations_free_mb
        None is begun with less room than that on the disk.
    """

    simulations_dir: Path | None = Field(default=None, description="a folder, which is made if it is not there")
    scenarios_dir: Path | None = Field(default=None, description="a folder that holds folders of scenarios")
    simulations_kept: Positive = Field(default=20, description="a whole number, 1 or more")
    simulations_days: Positive = Field(default=30, description="days, 1 or more")
    simulations_jobs: Positive = Field(default=1, description="a whole number, 1 or more")
    simulations_replications: Positive = Field(default=1000, description="a whole number, 1 or more")
    simulations_free_mb: Count = Field(default=1000, description="megabytes, 0 or more")


class Settings(Serving, Stored, Replaying, Simulating, AccessSettings):
    """Settings of the HTTP service, those of its parents among them.

    Parameters
    ----------
    graph
        The network file.
    force
        Force profile (TOML); Cleveland if not given.
    profiles
        Profile table (TOML) in place of the shipped one.
    picture
        Folder of a demonstration picture; none if not given.
    closures
        closures.geojson, what is closed or slowed; nothing if not given.
    max_body_bytes
        Longest body that is read.
    trusted_proxies
        How many proxies in front of the service add to ``X-Forwarded-For``.
    heartbeat_s
        An event stream says something at least so often.
    consultation_list_s
        Who looks at a list of incidents is written down once in so long; 0 is each time.
    """

    graph: Path = Field(description="a network file; make one with 'nearest graph build SOURCE -o FILE'")
    force: Path | None = Field(default=None, description="a force profile (TOML)")
    profiles: Path | None = Field(default=None, description="a profile table (TOML)")
    picture: Path | None = Field(default=None, description="a folder with picture.toml, units.csv and incidents.csv")
    closures: Path | None = Field(default=None, description="a GeoJSON file of closures")
    max_body_bytes: Positive = Field(default=MAX_BODY_BYTES, description="a whole number, 1 or more")
    trusted_proxies: Count = Field(default=0, description="a whole number, 0 or more")
    heartbeat_s: Positive = Field(default=15, description="seconds, 1 or more")
    consultation_list_s: Count = Field(default=600, description="seconds, 0 or more")

    def __init__(self, graph: Path | None = None, /, **values: Any) -> None:
        super().__init__(**values if graph is None else {"graph": graph, **values})


class _Variables(EnvSettingsSource):
    """The variables of a mapping in place of the process's own."""

    def __init__(self, settings: type[BaseSettings], told: Mapping[str, str]) -> None:
        self._told = {name.lower(): value for name, value in told.items()}
        super().__init__(settings)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return self._told


def variable(name: str) -> str:
    """Return the variable of a setting.

    >>> variable("graph")
    'NEAREST_GRAPH'
    """
    return PREFIX + name.upper()


def _is_ours(name: str) -> bool:
    return name.startswith(PREFIX) and not name.startswith(_OF_TESTS)


def _variables() -> set[str]:
    return {variable(name) for name in Settings.model_fields} | {variable(name) + _FILE for name in SECRET}


def _unknown(name: str) -> Fault:
    """Make the fault of a variable that no setting has; the prefix, which all have, does not tell what was meant."""
    known = sorted(_variables())
    near = get_close_matches(name.removeprefix(PREFIX), [each.removeprefix(PREFIX) for each in known], n=1)
    hint = f"did you mean {PREFIX}{near[0]}?" if near else ""
    return Fault(SOURCE, "", name, "this variable", ", ".join(known), hint)


def _named(fault: Fault) -> Fault:
    """Name the variable in place of the setting, and hide what is secret."""
    value = _HIDDEN if fault.field in SECRET else fault.value
    accepted = fault.accepted or str(Settings.model_fields[fault.field].description)
    return replace(fault, field=variable(fault.field), value=value, accepted=accepted)


def _from_files(told: Mapping[str, str], faults: list[Fault]) -> dict[str, str]:
    """Read the secrets that stand in files."""
    given = [variable(name) for name in SECRET if variable(name) + _FILE in told]
    twice = [name for name in given if name in told]
    accepted = "only one of the variable and the file"
    faults += [Fault(SOURCE, "", name + _FILE, written(told[name + _FILE]), accepted) for name in twice]
    texts = {name: _secret(name + _FILE, told[name + _FILE], faults) for name in given if name not in twice}
    return {name: text for name, text in texts.items() if text}


def _secret(name: str, path: str, faults: list[Fault]) -> str:
    try:
        # An editor ends a file with a line break, which is no part of the secret.
        text = Path(path).read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        faults.append(Fault(SOURCE, "", name, written(path), "a file that can be read", str(reason)))
        return ""
    if not text:
        faults.append(Fault(SOURCE, "", name, written(path), "a file that holds the value", "it is empty"))
    return text
