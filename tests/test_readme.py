"""Every command and every Python example of the README works, and prints what the README says."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from running import Running

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
COMMANDS = [line for kind, text in BLOCK.findall(README) if kind == "sh" for line in text.splitlines()]
NEAREST = [line for line in COMMANDS if line.startswith("nearest ") and "verify" not in line]
(VERIFY,) = (line for line in COMMANDS if line.startswith("nearest verify"))
(DESK,) = (text for kind, text in BLOCK.findall(README) if kind == "sh" and "ask() {" in text)
PYTHON = [text for kind, text in BLOCK.findall(README) if kind == "python"]
SHOWN = [text for kind, text in BLOCK.findall(README) if kind == "text"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sample inside, as in a checkout, so that the checkout stays clean."""
    folder = tmp_path_factory.mktemp("readme")
    for name in ("graphs", "scenarios"):
        (folder / name).symlink_to(ROOT / name)
    run(folder, NEAREST[0])
    return folder


def run(folder: Path, command: str) -> str:
    program = Path(sys.executable).with_name("nearest")
    words = [str(program), *shlex.split(command)[1:]]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - the README's
    assert done.returncode == 0, done.stderr
    return done.stdout


def plain(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def test_the_readme_opens_with_the_two_commands() -> None:
    assert COMMANDS[:2] == ["make run", "make test"]
    targets = (ROOT / "Makefile").read_text("utf-8")
    assert all(re.search(rf"(?m)^{command.split()[1]}:", targets) for command in COMMANDS[:2])


@pytest.mark.parametrize("command", NEAREST[1:])
def test_a_command_works(folder: Path, command: str) -> None:
    assert run(folder, command)


def test_the_table_shown_is_the_table_printed(folder: Path) -> None:
    (command,) = (line for line in NEAREST if "recommend" in line and "--incident " in line)
    (shown,) = SHOWN
    # The last line holds hashes, which change with the code.
    assert plain(run(folder, command)).splitlines()[:-1] == plain(shown).splitlines()[:-1]


@pytest.mark.parametrize("text", PYTHON)
def test_the_python_example_works(folder: Path, text: str) -> None:
    done = subprocess.run([sys.executable, "-c", text], cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("M1 ('M1'")


def test_the_desk_answers_as_it_says(folder: Path) -> None:
    (folder / ".cache").mkdir()
    night = folder / "scenarios" / "samples" / "gothenburg"
    graph, database = folder / "gothenburg.network", folder / ".cache" / "demonstration.sqlite"
    told = {"NEAREST_GRAPH": str(graph), "NEAREST_FORCE": str(night / "force.toml"), "NEAREST_PICTURE": str(night)}
    service = Running(**told, NEAREST_DATABASE_URL=f"sqlite:///{database}")
    try:
        asked = DESK.replace("127.0.0.1:8000", f"127.0.0.1:{service.port()}")
        done = subprocess.run(["bash", "-euc", asked], capture_output=True, text=True, check=True)  # noqa: S603, S607
    finally:
        service.stop()
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == DESK.count("\nask /")
    assert [answer.get("title") for answer in answers if "title" in answer] == ["The unit is taken"]
    assert answers[3]["suggested"] == ["M1"]
    assert "whole" in run(folder, VERIFY)


def test_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    assert [link for link in links if not link.startswith("http") and not (ROOT / link).exists()] == []
