"""The console in a real browser: Debian's Chromium, driven by Playwright, against a gunicorn of our own."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect, sync_playwright

from api.demonstration import PASSWORD
from browser_setup import find_browser

ROOT = Path(__file__).parents[1]
BUILT = ROOT / "api" / "console" / "built" / "index.html"
AXE = ROOT / "api" / "console" / "node_modules" / "axe-core" / "axe.min.js"
PICTURES = Path(os.environ.get("NEAREST_TEST_PICTURES", ROOT / ".cache" / "pictures"))
SIZE = (1280, 720)
# Software rendering on two cores is slow, and a test must not fail by that.
PATIENCE_MS = 30_000
# The map needs WebGL, which here is done in software.
_FLAGS = (
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
)
expect.set_options(timeout=PATIENCE_MS)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window; a test that needs it is skipped where there is none, and fails in CI."""
    program = find_browser()
    if program is None or not BUILT.is_file():
        missing = "no Chromium: run 'make browser'" if program is None else "the console is not built: run 'make setup'"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(program), args=list(_FLAGS))
        yield browser
        browser.close()


class Console:
    """Somebody at a console: a browser of their own with nothing remembered, which reaches only its own service.

    Parameters
    ----------
    port
        Where the service listens.
    theme
        ``light`` or ``dark``, as the system of whoever sits there says.
    """

    def __init__(self, browser: Browser, port: int, size: tuple[int, int] = SIZE, theme: str = "light") -> None:
        self.origin = f"http://127.0.0.1:{port}"
        self.elsewhere: list[str] = []
        self.complaints: list[str] = []
        scheme: Any = theme
        self.context: BrowserContext = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, timezone_id="Europe/London"
        )
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.route("**/*", self._watch)
        self.page: Page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._heard)

    def _watch(self, route: Route) -> None:
        url = route.request.url
        if url.startswith((self.origin + "/", "data:", "blob:")):
            route.fallback()
        else:
            self.elsewhere.append(url)
            route.abort()

    def _heard(self, message: Any) -> None:
        # That the service refused something, or was out of reach, the browser says as an error of its own.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def sign_in(self, name: str, page: str = "") -> Page:
        """Sign in as one of the published accounts, and open a page of the console."""
        self.page.goto(f"{self.origin}/{page}")
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        expect(self.page.get_by_role("navigation")).to_be_visible()
        # A mouse that rests upon a list holds its order.
        self.page.mouse.move(0, 0)
        return self.page

    def settled(self) -> None:
        """Wait until what a map is made of has come: a connection that is taken away before that leaves none."""
        expect(self.page.locator(".road-map:is(.without, [aria-busy=false])")).to_be_attached()

    def cut_off(self) -> None:
        """Take the connection away, once the page can be without it."""
        self.settled()
        self.context.set_offline(True)

    def violations(self) -> list[str]:
        """What axe finds against the page as it is now, by rule and element."""
        # Not as a script of the page, which its policy would refuse.
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{each['id']}: {node['html'][:120]} {node['failureSummary']}"
            for each in found["violations"]
            for node in each["nodes"]
        ]

    def picture(self, name: str) -> Path:
        """Keep what is seen now as a PNG."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        frame, before = self.page.locator(".road-map[data-view]"), None
        while frame.count() and before != (before := frame.first.get_attribute("data-view")):
            self.page.wait_for_timeout(500)
        path = PICTURES / f"{name}.png"
        self.page.screenshot(path=path)
        return path

    def close(self) -> None:
        """Leave; nothing was asked of any other machine, and no script failed."""
        self.context.close()
        assert (self.elsewhere, self.complaints) == ([], [])


def actions(page: Page) -> Locator:
    """What was asked for and is not confirmed, or was refused and not seen, line by line."""
    return page.get_by_role("list", name="Actions that are not confirmed").get_by_role("listitem")


def holding(place: Page | BrowserContext, what: str | re.Pattern[str], times: int | None = None) -> list[Route]:
    """Keep back what is asked for, so many times or until it is unrouted; each goes on when its route is told to."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    place.route(what, hold, times=times)
    return held


def kept_back(page: Page, what: re.Pattern[str], key: str) -> Route:
    """Press a key that asks for something, and keep the request back; it goes on when the route is told to."""
    held = holding(page, what, times=1)
    page.keyboard.press(key)
    for _ in range(PATIENCE_MS // 50):
        if held:
            break
        page.wait_for_timeout(50)
    return held[0]
