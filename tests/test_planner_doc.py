"""What docs/planner.md says is so: every command works, every key, column, option and rule is there, and no other."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import BaseModel

from api.cli import main
from scenarios.policies import POLICIES
from scenarios.roster_rules import Rules
from scenarios.scenario_head import CodesTable, CrewsTable, DemandTable, Head, LengthTable, RoomTable
from scenarios.scenario_rows import HotSpotRow, RateRow, RosterRow, ServiceRow, StationRow

ROOT = Path(__file__).parents[1]
DOCUMENT = (ROOT / "docs" / "planner.md").read_text("utf-8")
SECTION = DOCUMENT[DOCUMENT.index("## A scenario") : DOCUMENT.index("## Results")]
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", DOCUMENT, re.DOTALL) for line in block.splitlines()]
OF_COMMANDS = {"Running it": "simulate", "Sites": "site", "Rosters": "roster", "Improving": "improve"}
TABLES: dict[str, type[BaseModel]] = {
    "stations.csv": StationRow,
    "roster.csv": RosterRow,
    "rates.csv": RateRow,
    "services.csv": ServiceRow,
    "hot_spots.csv": HotSpotRow,
}


def part(title: str) -> str:
    return re.split(r"(?m)^### ", SECTION.split(f"### {title}\n")[1])[0]


def told(text: str) -> list[str]:
    """The names in the first column of its tables."""
    cells = re.findall(r"(?m)^\| ([^|]*) \|", text)
    return [name for cell in cells for name in re.findall(r"`\[*([\w.]+)\]*`", cell)]


def optional(text: str) -> set[str]:
    return set(re.findall(r"`(\w+)` \?", "\n".join(re.findall(r"(?m)^\| ([^|]*) \|", text))))


@pytest.mark.parametrize("name", TABLES)
def test_every_column_is_told(name: str) -> None:
    fields = TABLES[name].model_fields
    assert sorted(told(part(name))) == sorted(fields)
    place = {"lat", "lon", "easting", "northing"}
    assert optional(part(name)) == {key for key, info in fields.items() if not info.is_required()} - place


def test_every_key_is_told() -> None:
    text = part("scenario.toml")
    keys = told(text.split("In `[demand]`")[0])
    assert sorted({key.split(".")[0] for key in keys}) == sorted(Head.model_fields)
    assert sorted(told(text.split("In `[demand]`")[1].split("Policies, with")[0])) == sorted(DemandTable.model_fields)
    for table in (CodesTable, CrewsTable, RoomTable, LengthTable):
        for field, info in table.model_fields.items():
            assert f"`{info.alias or field}`" in text or f"`[room.{field}.GRADE]`" in text


def test_every_policy_and_its_settings_are_told() -> None:
    table = part("scenario.toml").split("Policies, with their settings:")[1]
    rows = {row[0]: row[2] for row in re.findall(r"(?m)^\| `(\w+)` \| ([^|]*)\| ?([^|]*)\|$", table)}
    assert set(rows) == set(POLICIES)
    for name, policy in POLICIES.items():
        assert re.findall(r"`(\w+)`", rows[name]) == list(policy.settings_of.model_fields)
        for field, info in policy.settings_of.model_fields.items():
            assert re.search(rf"`{field}`: [^;]*, {info.default:g}\b", rows[name])


@pytest.mark.parametrize(("title", "command"), OF_COMMANDS.items())
def test_every_option_is_told(title: str, command: str) -> None:
    flags = {flag for option in main.commands[command].params for flag in (*option.opts, *option.secondary_opts)}
    text = re.split(r"(?m)^## ", DOCUMENT.split(f"## {title}\n")[1])[0]
    found = set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", " ".join(re.findall(r"`([^`]*)`", text))))
    assert {flag for flag in flags if flag.startswith("-")} - found - {"--output"} == set()
    rows = re.findall(r"(?m)^\| `(-[^|]*)\|", text)
    assert {flag for row in rows for flag in re.findall(r"--?[a-z][\w-]*", row)} <= flags
    for option in main.commands[command].params:
        if isinstance(option.default, int | float) and option.default:
            assert re.search(rf"(?m)^\| .*`{option.opts[0]}\b.*\b{option.default:g}\b", text), option.opts


def test_every_rule_of_a_roster_is_told() -> None:
    rows = re.findall(r"(?m)^\| ((?:`\w+`(?:, )?)+) \| [^|]* \| ([\d, ]+) \|$", DOCUMENT)
    told = {names: values.split(", ") for names, values in rows}
    fields = {name: info.default for name, info in Rules.model_fields.items()}
    assert [name for names in told for name in re.findall(r"`(\w+)`", names)] == list(fields)
    for names, values in told.items():
        known = [fields[name] for name in re.findall(r"`(\w+)`", names)]
        known = [value for each in known for value in (each if isinstance(each, tuple) else (each,))]
        assert values == [str(value) for value in known], names


def test_the_commands_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("graphs", "scenarios"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    assert len(COMMANDS) == 8
    for command in COMMANDS:
        done = CliRunner().invoke(main, shlex.split(command)[1:])
        assert done.exit_code == 0, done.stderr
        if command == "nearest scenario new town":
            # A week takes a reader half a minute, and a test too.
            head = tmp_path / "town" / "scenario.toml"
            head.write_text(head.read_text("utf-8").replace("days = 7", "hours = 6", 1), "utf-8")
