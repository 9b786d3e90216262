"""The console as a whole, in a real browser: signing in, its pages, and that it needs no other machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from browsers import Console
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
