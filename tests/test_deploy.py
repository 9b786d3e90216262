"""What ``deploy/`` ships agrees with the package: its settings, its parts."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import yaml

from api.settings import SECRET, Settings, variable

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
DRAWN = "5f" * 32


def example() -> dict[str, str]:
    lines = (DEPLOY / "nearest.env.example").read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_the_service_starts_from_the_example_once_its_secrets_are_filled_in() -> None:
    unfilled = COMPOSE["services"]["service"]["environment"]
    filled = {name: re.sub(r"\$\{POSTGRES_PASSWORD:[^}]*\}", DRAWN, value) for name, value in unfilled.items()}
    settings = Settings.from_environment({**example(), **filled})
    assert (settings.database_url.host, settings.database_url.password) == ("database", DRAWN)
    assert str(settings.graph).startswith("/data/")
    assert settings.trusted_proxies == 1


def test_the_example_holds_no_secret() -> None:
    secret = {"POSTGRES_PASSWORD", *map(variable, SECRET)} & example().keys()
    assert "POSTGRES_PASSWORD" in secret
    assert {example()[name] for name in secret} == {""}


def test_the_service_answers_no_network_by_itself() -> None:
    assert COMPOSE["services"]["service"]["ports"] == ["127.0.0.1:8000:8000"]
    assert "ports" not in COMPOSE["services"]["database"]


def test_the_manual_names_every_setting_and_no_other() -> None:
    manual = (ROOT / "docs" / "operations.md").read_text("utf-8")
    table = [line for line in manual.splitlines() if line.startswith("| `NEAREST_")]
    named = re.findall(r"`(NEAREST_\w+)`", "\n".join(table))
    assert sorted(named) == sorted(map(variable, Settings.model_fields))


def test_the_package_and_the_image_have_every_part() -> None:
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    packages = settings["options"]["packages"].split()
    tops = {name.split(".")[0] for name in packages}
    parts = {place.parent.relative_to(ROOT) for top in tops for place in (ROOT / top).rglob("__init__.py")}
    assert {".".join(part.parts) for part in parts} == set(packages)
    copied = re.findall(r"^COPY (\w+) \w+$", (DEPLOY / "Containerfile").read_text("utf-8"), re.MULTILINE)
    assert set(copied) == tops
