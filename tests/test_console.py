"""The console as a whole, in a real browser: signing in, its pages, and that it needs no other machine."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest
from playwright.sync_api import Browser, expect

from browsers import BUILT, ROOT, Console
from clients import service_over
from running import serving


@pytest.fixture(scope="module")
def port(gothenburg_file: Path) -> Iterator[int]:
    with serving(NEAREST_GRAPH=str(gothenburg_file)) as listening:
        yield listening


@pytest.fixture
def console(browser: Browser, port: int) -> Iterator[Console]:
    made = Console(browser, port)
    yield made
    made.close()


def test_a_dispatcher_signs_in_and_out(console: Console) -> None:
    page = console.sign_in("dispatcher")
    expect(page.get_by_role("navigation")).to_have_text("Board")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


@pytest.mark.parametrize("name", ["a" * 255, "a" * 256, "a" * 2000, "%00", "."])
def test_what_is_no_file_of_it_is_not_found(town_file: Path, name: str) -> None:
    client = service_over(town_file).test_client()
    assert client.get(f"/console/{name}", headers={"Accept-Encoding": "br, gzip"}).status_code == 404
    assert client.get("/", headers={"Accept-Encoding": "br"}).status_code == 200


def test_whoever_installs_the_wheel_needs_no_node(tmp_path: Path) -> None:
    # Aside, for an earlier build in the checkout would be packed as well.
    source = tmp_path / "source"
    shutil.copytree(
        ROOT, source, ignore=shutil.ignore_patterns(".*", "node_modules", "build", "*.egg-info", "__pycache__")
    )
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(source)]
    subprocess.run(command, check=True)  # noqa: S603 - our own command
    (wheel,) = tmp_path.glob("*.whl")
    inside = {name for name in ZipFile(wheel).namelist() if name.startswith("api/console/")}
    assert inside == {f"api/console/built/{each.name}" for each in BUILT.parent.iterdir()}
