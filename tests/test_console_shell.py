"""What surrounds the pages of the console: signing in, the connection, what is kept until confirmed, keys, commands."""

from __future__ import annotations

import re
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, Request, Route, expect

from api.demonstration import PASSWORD
from browsers import Console, actions, holding
from jobs import until
from nights import SAMPLE, Night
from running import serving
from wires import Wire

SOURCES = Path(__file__).parents[1] / "api" / "console" / "src"
ESBUILD = SOURCES.parent / "node_modules" / ".bin" / "esbuild"
STATUS = re.compile(r"/v1/units/.+/status$")
SENT = re.compile(r"/v1/incidents/.+/assignments$")


@pytest.fixture(scope="module")
def service(gothenburg_file: Path) -> Iterator[int]:
    told = {
        "NEAREST_GRAPH": str(gothenburg_file),
        "NEAREST_FORCE": str(SAMPLE / "force.toml"),
        "NEAREST_PERSON_REQUESTS_PER_S": "0",
        "NEAREST_REMEMBERED_MS": "0",
        # So short that its end is told from the first moment on.
        "NEAREST_SESSION_S": "290",
    }
    with serving(**told) as port:
        yield port


@pytest.fixture
def night(service: int) -> Iterator[Night]:
    made = Night(service)
    made.on_duty(["C1", "M1"], status="2")
    yield made
    made.end_all()


@pytest.fixture
def console(browser: Browser, night: Night) -> Iterator[Console]:
    with closing(Console(browser, night.port)) as made:
        yield made


@pytest.fixture
def wire(night: Night) -> Iterator[Wire]:
    with closing(Wire(night.port)) as made:
        yield made


@pytest.fixture
def wired(browser: Browser, wire: Wire) -> Iterator[Console]:
    with closing(Console(browser, wire.port)) as made:
        yield made


def on_board(console: Console) -> Page:
    """Sign in as a dispatcher, and wait until the units are there."""
    page = console.sign_in("dispatcher", "#/board")
    expect(page.get_by_text("Units on duty (2)")).to_be_visible()
    return page


def command(page: Page, line: str) -> None:
    """Type a command and do it."""
    field = command_line(page)
    field.fill(line)
    field.press("Enter")


def command_line(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Command")


def options(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Commands").get_by_role("option")


def answer(page: Page) -> Locator:
    return page.locator(".command output")


def connection(page: Page) -> Locator:
    return page.get_by_role("region", name="Connection")


def fresh() -> str:
    """A name that no incident had before: the service of these tests is one."""
    return f"N-{uuid.uuid4().hex[:6]}"


def reported(night: Night, callsign: str) -> list[str]:
    """The status codes that the record has of a unit, those of earlier tests too."""
    events = night.get(f"/v1/record?limit=1000&kind=unit_status&subject={callsign}")["events"]
    return [event["payload"]["status"] for event in events]


def end_session(console: Console) -> None:
    """End the session behind the page's back, as an administrator does who shuts it."""
    asked = console.context.request
    token = asked.get(f"{console.origin}/v1/session").json()["csrf_token"]
    assert asked.delete(f"{console.origin}/v1/session", headers={"X-CSRF-Token": token}).status == 204


def sign_in_again(page: Page) -> None:
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Name")).to_have_value("dispatcher")
    expect(dialog.get_by_label("Password")).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)


class TestSignIn:
    def test_a_wrong_password_is_refused_and_the_right_one_taken(self, console: Console) -> None:
        page = console.page
        page.goto(console.origin)
        page.get_by_label("Name").fill("dispatcher")
        page.get_by_label("Password").fill("wrong")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_have_text("There is no account with this name and this password.")
        expect(page.get_by_label("Password")).to_be_focused()
        assert console.violations() == []
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("navigation")).to_have_text("Board")

    @pytest.mark.parametrize(
        ("name", "pages"),
        [
            ("dispatcher", ["Board"]),
            ("supervisor", ["Board", "Supervisor"]),
            ("auditor", ["Audit", "Supervisor"]),
            ("planner", ["Plan"]),
            ("administrator", []),
        ],
    )
    def test_each_role_has_its_pages_and_no_others(self, console: Console, name: str, pages: list[str]) -> None:
        page = console.page
        page.goto(f"{console.origin}/#/board")
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_text(name, exact=True)).to_be_visible()
        expect(page.get_by_role("navigation", name="Pages").get_by_role("link")).to_have_text(pages)
        if not pages:
            expect(page.get_by_text("None of your roles has a page here.")).to_be_visible()

    def test_a_session_that_ends_keeps_the_page_and_what_was_typed(self, console: Console, night: Night) -> None:
        page = on_board(console)
        command(page, "new")
        page.get_by_label("What happened").fill("Shouting")
        end_session(console)
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_role("heading")).to_have_text("Your session is over")
        page.keyboard.press("Escape")
        expect(dialog).to_be_visible()
        assert console.violations() == []
        sign_in_again(page)
        expect(page.get_by_label("What happened")).to_have_value("Shouting")
        # The picture is followed again.
        name = fresh()
        night.call(name)
        expect(page.get_by_text(name)).to_be_visible()

    def test_what_is_asked_for_as_the_session_ends_is_done_after_signing_in(
        self, console: Console, night: Night
    ) -> None:
        page = on_board(console)
        before = len(reported(night, "C1"))
        held = holding(page, STATUS, times=1)
        with page.expect_request(STATUS):
            command(page, "status C1 3")
        end_session(console)
        held[0].continue_()
        sign_in_again(page)
        expect(actions(page)).to_have_count(0)
        assert reported(night, "C1")[before:] == ["3"]

    def test_somebody_else_who_signs_in_beside_is_shown_here_too(self, console: Console) -> None:
        page = on_board(console)
        other = console.context.new_page()
        other.goto(console.origin)
        other.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("dialog").get_by_role("heading")).to_have_text("Your session is over")
        other.get_by_label("Name").fill("planner")
        other.get_by_label("Password").fill(PASSWORD)
        other.keyboard.press("Enter")
        expect(page.get_by_role("navigation")).to_have_text("Plan")
        expect(page.get_by_role("dialog")).to_have_count(0)

    def test_a_sign_out_that_fails_says_so_and_is_forgotten_once_it_succeeds(self, console: Console) -> None:
        page = on_board(console)
        told = connection(page).get_by_role("alert").filter(has_text="You are still signed in")
        leave = page.get_by_role("button", name="Sign out")
        page.route("**/v1/session", lambda route: route.abort())
        leave.click()
        expect(told).to_be_visible()
        connection(page).get_by_role("button", name="Dismiss").click()
        expect(told).to_have_count(0)
        leave.click()
        expect(told).to_be_visible()
        page.unroute("**/v1/session")
        leave.click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        # Whoever comes next is not told of it.
        console.sign_in("planner")
        expect(connection(page)).to_be_attached()
        expect(told).to_have_count(0)

    def test_a_session_that_is_about_to_end_is_told_and_can_begin_anew(self, console: Console) -> None:
        page = on_board(console)
        expect(connection(page)).to_contain_text(re.compile(r"Your session ends in 4:\d\d"))
        before = console.context.cookies()[0]["value"]
        page.get_by_role("button", name="Stay signed in").click()
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.get_by_role("button", name="Stay signed in").click()
        sign_in_again(page)
        assert console.context.cookies()[0]["value"] != before


class TestConnection:
    def test_its_loss_is_plain_at_once_and_what_is_asked_for_is_done_once_it_is_back(
        self, wired: Console, wire: Wire, night: Night
    ) -> None:
        page = on_board(wired)
        wired.settled()
        streams: list[Request] = []
        page.on("request", lambda request: streams.append(request) if request.url.endswith("/v1/stream") else None)
        name = fresh()
        night.call(name)
        expect(page.get_by_text(name)).to_be_visible()
        last = night.get(f"/v1/record?kind=incident_received&subject={name}")["events"][-1]["seq"]
        before = len(reported(night, "C1"))
        wire.state = "cut"
        expect(connection(page).get_by_role("alert")).to_have_text("No connection.", timeout=3000)
        expect(connection(page)).to_contain_text(re.compile(r"What you see is 0:(0[2-9]|[1-5]\d) old"))
        command(page, "status C1 3")
        expect(actions(page)).to_contain_text(["C1: Available at station waits for the connection"])
        assert wired.violations() == []
        # What happened meanwhile is told when it is back.
        night.post(f"/v1/incidents/{name}/cancel", {"because": "it is quiet again"})
        wire.state = "whole"
        expect(connection(page).get_by_role("alert")).to_have_count(0)
        expect(actions(page)).to_have_count(0)
        expect(page.get_by_text(name)).to_have_count(0)
        assert reported(night, "C1")[before:] == ["3"]
        assert int(streams[-1].headers["last-event-id"]) >= last

    def test_silence_is_a_loss_too(self, wired: Console, wire: Wire) -> None:
        page = on_board(wired)
        # What hangs then holds one of the few connections that a browser makes, for good.
        wired.settled()
        wire.state = "silent"
        expect(connection(page).get_by_role("alert")).to_have_text("No connection.", timeout=20_000)
        wire.state = "whole"
        expect(connection(page).get_by_role("alert")).to_have_count(0)

    def test_an_answer_that_is_lost_does_nothing_twice(self, wired: Console, wire: Wire, night: Night) -> None:
        page = on_board(wired)
        wired.settled()
        before = len(reported(night, "C1"))
        wire.state = "deaf"
        command(page, "status C1 3")
        expect(connection(page).get_by_role("alert")).to_have_text("No connection.")
        # That the page hears nothing does not say that it is done yet.
        until(lambda: reported(night, "C1")[before:] == ["3"], "what was asked for is done")
        expect(actions(page)).to_have_count(1)
        wire.state = "whole"
        expect(actions(page)).to_have_count(0)
        assert reported(night, "C1")[before:] == ["3"]

    def test_a_refusal_that_comes_late_stays_until_it_is_seen(self, console: Console, night: Night) -> None:
        page = on_board(console)
        first, other = fresh(), fresh()
        night.call(first)
        night.call(other, grade="standard")
        expect(page.get_by_text(other)).to_be_visible()
        # The browser's own word is taken: the sign of life that is asked for in silence would come.
        console.context.route("**/healthz", lambda route: route.fulfill(status=200))
        console.cut_off()
        expect(connection(page).get_by_role("alert")).to_have_text("No connection.")
        console.context.unroute("**/healthz")
        command(page, f"send M1 to {other} because supervisor")
        expect(actions(page)).to_contain_text([f"Send M1 to {other} waits for the connection"])
        expect(answer(page)).to_contain_text("Kept, not yet confirmed")
        night.send(first, "M1")
        console.context.set_offline(False)
        expect(actions(page)).to_contain_text([f"Send M1 to {other} was refused"])
        page.get_by_role("button", name="Seen").click()
        expect(actions(page)).to_have_count(0)

    def test_a_refusal_on_a_slow_line_stays_until_it_is_seen(self, console: Console, night: Night) -> None:
        page = on_board(console)
        first, other = fresh(), fresh()
        night.call(first)
        night.call(other, grade="standard")
        expect(page.get_by_text(other)).to_be_visible()
        held = holding(page, SENT, times=1)
        with page.expect_request(SENT):
            command(page, f"send M1 to {other} because supervisor")
        night.send(first, "M1")
        expect(answer(page)).to_contain_text("Kept, not yet confirmed")
        held[0].continue_()
        expect(actions(page)).to_contain_text([f"Send M1 to {other} was refused"])
        page.get_by_role("button", name="Seen").click()
        expect(actions(page)).to_have_count(0)

    def test_what_has_waited_for_long_is_not_sent_without_asking(self, console: Console, night: Night) -> None:
        page = on_board(console)
        before = len(reported(night, "C1"))
        console.context.route(STATUS, lambda route: route.abort())
        command(page, "status C1 3")
        expect(actions(page)).to_have_count(1)
        page.evaluate("() => { const told = Date.now; Date.now = () => told() + 11 * 60_000; }")
        expect(actions(page)).to_contain_text(["has waited for long"])
        console.context.unroute(STATUS)
        page.wait_for_timeout(3000)
        assert len(reported(night, "C1")) == before
        page.get_by_role("button", name="Send it now").click()
        expect(actions(page)).to_have_count(0)
        assert reported(night, "C1")[before:] == ["3"]

    @pytest.mark.parametrize(("age_h", "back"), [(13, 0), (1, 1)])
    def test_what_a_caller_said_is_not_kept_for_long(self, console: Console, age_h: int, back: int) -> None:
        page = on_board(console)
        page.evaluate(
            """age_h => localStorage.setItem("nearest.outbox.left", JSON.stringify([{
                key: "left", path: "/v1/incidents", body: {phone: "031 700 12 34", people: []}, label: "A call",
                by: "dispatcher", asked_at: Date.now() - age_h * 3_600_000,
                tries: 1, state: "refused", problem: "no road",
            }]))""",
            age_h,
        )
        page.reload()
        expect(actions(page)).to_contain_text(["A call was refused: no road"])
        expect(page.get_by_role("button", name="Back into the form")).to_have_count(back)
        if back:
            assert "031 700" in page.evaluate("JSON.stringify(localStorage)")
            page.once("dialog", lambda dialog: dialog.accept())
            page.get_by_role("button", name="Sign out").click()
            expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert "031 700" not in page.evaluate("JSON.stringify(localStorage)")

    def test_a_browser_that_keeps_nothing_more_is_told_of(self, console: Console, night: Night) -> None:
        page = on_board(console)
        before = len(reported(night, "C1"))
        console.context.route(STATUS, lambda route: route.abort())
        page.evaluate("() => { Storage.prototype.setItem = () => { throw new Error('full'); }; }")
        command(page, "status C1 3")
        told = connection(page).get_by_role("alert").filter(has_text="The browser keeps nothing more")
        expect(told).to_be_visible()
        console.context.unroute(STATUS)
        expect(told).to_have_count(0)
        assert reported(night, "C1")[before:] == ["3"]

    def test_a_picture_that_cannot_be_loaded_again_is_not_shown_as_live(self, console: Console) -> None:
        page = on_board(console)
        alert = connection(page).get_by_role("alert")
        console.cut_off()
        expect(alert).to_have_text("No connection.")
        reset = "event: reset\ndata: {}\n\n"
        console.context.route("**/v1/stream", lambda route: route.fulfill(content_type="text/event-stream", body=reset))
        console.context.route("**/v1/units", lambda route: route.abort())
        with page.expect_request("**/v1/units"):
            console.context.set_offline(False)
        page.wait_for_timeout(1500)
        expect(alert).to_have_text("No connection.", timeout=1000)
        console.context.unroute("**/v1/stream")
        console.context.unroute("**/v1/units")
        expect(alert).to_have_count(0)

    def test_other_rules_after_a_loss_are_told(self, console: Console) -> None:
        page = on_board(console)

        def another(route: Route) -> None:
            response = route.fetch()
            route.fulfill(response=response, json={**response.json(), "name": "Another"})

        console.context.route("**/v1/force", another)
        console.cut_off()
        expect(connection(page).get_by_role("alert")).to_have_text("No connection.")
        console.context.set_offline(False)
        expect(connection(page).get_by_role("alert").filter(has_text="other rules of the force")).to_be_visible()

    def test_what_waits_can_be_given_up(self, console: Console, night: Night) -> None:
        page = on_board(console)
        before = reported(night, "C1")
        console.cut_off()
        command(page, "status C1 3")
        page.get_by_role("button", name="Give up: C1: Available at station").click()
        # It was tried: nobody can tell whether it got through.
        expect(actions(page)).to_contain_text(["it may have been done"])
        page.get_by_role("button", name="Seen").click()
        expect(actions(page)).to_have_count(0)
        console.context.set_offline(False)
        expect(connection(page).get_by_role("alert")).to_have_count(0)
        assert reported(night, "C1") == before

    def test_a_reload_and_a_page_that_is_closed_lose_nothing(self, console: Console, night: Night) -> None:
        page = on_board(console)
        before = len(reported(night, "C1"))
        console.context.route(STATUS, lambda route: route.abort())
        command(page, "status C1 3")
        expect(actions(page)).to_have_count(1)
        page.once("dialog", lambda dialog: dialog.accept())
        page.reload()
        expect(actions(page)).to_contain_text(["C1: Available at station"])
        other = console.context.new_page()
        other.goto(f"{console.origin}/#/board")
        expect(other.get_by_text("Units on duty (2)")).to_be_visible()
        expect(actions(other)).to_have_count(0)
        page.close()
        expect(actions(other)).to_contain_text(["C1: Available at station"])
        console.context.unroute(STATUS)
        expect(actions(other)).to_have_count(0)
        assert reported(night, "C1")[before:] == ["3"]

    def test_what_it_asks_of_its_own_accord_keeps_no_session_in_use(self, console: Console, night: Night) -> None:
        incident = fresh()
        night.call(incident)
        console.page.clock.install()
        page = on_board(console)
        with page.expect_request("**/v1/incidents/*/recommendations") as asked:
            command(page, f"go {incident}")
        assert "x-unattended" not in asked.value.headers
        # The closures are asked for every minute after the last answer.
        with page.expect_request_finished(lambda request: request.url.endswith("/v1/closures")):
            page.clock.run_for(121_000)
        with page.expect_request("**/v1/closures") as asked:
            page.clock.run_for(61_000)
        assert asked.value.headers["x-unattended"] == "1"

    def test_what_somebody_else_asked_for_waits_for_them(self, console: Console, night: Night) -> None:
        page = on_board(console)
        before = len(reported(night, "C1"))
        console.context.route(STATUS, lambda route: route.abort())
        command(page, "status C1 3")
        expect(actions(page)).to_have_count(1)
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_text("1 action is not confirmed.")).to_be_visible()
        console.context.unroute(STATUS)
        page.get_by_label("Name").fill("supervisor")
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(actions(page)).to_contain_text(["asked by dispatcher; it waits until dispatcher signs in"])
        assert len(reported(night, "C1")) == before
        # Nor is it given up for them by one press.
        page.get_by_role("button", name="Give up: C1").click()
        page.get_by_role("button", name="Give up what dispatcher asked for").click()
        expect(actions(page)).to_contain_text(["it may have been done"])


class TestKeys:
    def test_they_are_shown_by_region_and_can_be_changed(self, console: Console) -> None:
        page = on_board(console)
        page.locator("#lists button").first.focus()
        page.keyboard.press("?")
        dialog = page.get_by_role("dialog", name="Keys")
        expect(dialog.get_by_role("heading", level=3).first).to_contain_text("(where you are)")
        assert console.violations() == []
        dialog.get_by_role("button", name="Command: /. Change it").click()
        page.keyboard.press("?")
        expect(dialog.get_by_role("status")).to_have_text("? is used for: Keys")
        dialog.get_by_role("button", name="Command: /. Change it").click()
        page.keyboard.press("Tab")
        expect(dialog.get_by_role("status")).to_contain_text("has a meaning everywhere")
        dialog.get_by_role("button", name="Command: /. Change it").click()
        page.keyboard.press(".")
        expect(dialog.get_by_role("button", name="Command: .. Change it")).to_be_visible()
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)
        page.reload()
        expect(page.get_by_text("Units on duty (2)")).to_be_visible()
        page.keyboard.press("/")
        expect(command_line(page)).not_to_be_focused()
        page.keyboard.press(".")
        expect(command_line(page)).to_be_focused()
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Keys").click()
        page.get_by_role("button", name="All keys as they were at first").click()
        page.keyboard.press("Escape")
        page.keyboard.press("/")
        expect(command_line(page)).to_be_focused()

    def test_the_first_stop_leads_past_what_surrounds_the_page(self, console: Console) -> None:
        page = on_board(console)
        page.keyboard.press("Tab")
        link = page.get_by_role("link", name="Skip to the content")
        expect(link).to_be_focused()
        expect(link).to_be_in_viewport()
        page.keyboard.press("Enter")
        expect(page.get_by_role("main")).to_be_focused()
        expect(page).to_have_url(re.compile(r"#/board$"))
        page.keyboard.press("Tab")
        expect(page.get_by_role("main").locator(":focus")).to_be_visible()

    def test_the_dialog_keeps_the_focus_and_gives_it_back(self, console: Console) -> None:
        page = on_board(console)
        opener = page.get_by_role("button", name="Keys")
        opener.focus()
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog", name="Keys")
        expect(dialog).to_be_visible()
        for _ in range(3):
            page.keyboard.press("Shift+Tab")
            assert page.evaluate(
                "document.activeElement === document.body || document.activeElement.closest('dialog') !== null"
            )
        page.keyboard.press("Escape")
        expect(opener).to_be_focused()


class TestCommandLine:
    def test_it_completes_does_and_goes_back_to_where_it_was(self, console: Console, night: Night) -> None:
        page = on_board(console)
        before = len(reported(night, "C1"))
        page.get_by_role("button", name="Keys").focus()
        page.keyboard.press("/")
        field = command_line(page)
        expect(field).to_be_focused()
        page.keyboard.type("sta")
        expect(options(page)).to_have_text([re.compile("status B12 6")])
        page.keyboard.press("Tab")
        expect(field).to_have_value("status ")
        page.keyboard.type("c")
        expect(options(page)).to_have_text([re.compile("status C1")])
        page.keyboard.press("ArrowDown")
        expect(options(page).and_(page.locator("[aria-selected=true]"))).to_contain_text("status C1")
        assert console.violations() == []
        page.keyboard.press("Enter")
        page.keyboard.type("station")
        expect(options(page)).to_have_text([re.compile("status C1 3.*Available at station")])
        page.keyboard.press("Tab")
        expect(field).to_have_value("status C1 3")
        page.keyboard.press("Enter")
        expect(answer(page)).to_have_text("Done: C1: Available at station")
        assert reported(night, "C1")[before:] == ["3"]
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        expect(page.get_by_role("button", name="Keys")).to_be_focused()

    def test_what_it_does_not_know_it_says_and_what_was_typed_comes_back(self, console: Console) -> None:
        page = on_board(console)
        for line, said in (
            ("fly C1", "Not a command: fly C1"),
            ("status X9 3", "No unit X9 is on duty."),
            ("status C1 99", "99 is not a status of the force"),
            ("send C1 to N-9", "No incident N-9 is open."),
            ("go N-9", "No incident N-9 is open."),
        ):
            command(page, line)
            expect(page.get_by_role("alert").filter(has_text=said)).to_be_visible()
            page.keyboard.press("Escape")
        command_line(page).fill("")
        page.keyboard.press("Escape")
        command_line(page).focus()
        page.keyboard.press("ArrowUp")
        expect(command_line(page)).to_have_value("go N-9")
        page.keyboard.press("ArrowUp")
        expect(command_line(page)).to_have_value("send C1 to N-9")

    def test_what_one_person_typed_is_not_there_for_the_next(self, console: Console) -> None:
        page = on_board(console)
        command(page, "go N-9")
        expect(answer(page)).to_contain_text("No incident N-9 is open.")
        page.get_by_role("button", name="Sign out").click()
        page.get_by_label("Name").fill("supervisor")
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_text("supervisor", exact=True)).to_be_visible()
        expect(command_line(page)).to_have_value("")
        command_line(page).focus()
        page.keyboard.press("ArrowUp")
        page.keyboard.press("ArrowUp")
        expect(command_line(page)).to_have_value("")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_stands_in_the_way_of_anybody(browser: Browser, night: Night, theme: str) -> None:
    with closing(Console(browser, night.port, theme=theme)) as console:
        console.page.goto(console.origin)
        expect(console.page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert console.violations() == []
        console.picture(f"sign-in-{theme}")
        page = on_board(console)
        console.cut_off()
        command(page, "status C1 3")
        expect(actions(page)).to_have_count(1)
        page.keyboard.press("Escape")
        console.picture(f"connection-lost-{theme}")
        command_line(page).fill("s")
        expect(options(page).first).to_be_visible()
        assert console.violations() == []
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Keys").click()
        assert console.violations() == []
        console.picture(f"keys-{theme}")
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Give up").click()


def test_the_board_fits_two_screens(browser: Browser, night: Night) -> None:
    with closing(Console(browser, night.port, (5120, 1440))) as console:
        page = on_board(console)
        expect(page.locator(".road-map")).to_have_attribute("aria-busy", "false")
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
        assert page.evaluate("document.documentElement.scrollHeight - document.documentElement.clientHeight") <= 0
        console.picture("two-screens")


def test_times_that_the_clocks_show_twice_or_never(console: Console) -> None:
    built = [str(ESBUILD), "--bundle", "--format=iife", "--global-name=time", str(SOURCES / "time.ts")]
    done = subprocess.run(built, check=True, capture_output=True, text=True)  # noqa: S603 - our own command
    found = {
        ("2026-10-25T02:30", "Europe/Stockholm"): "2026-10-25T01:30:00.000Z",
        ("2026-11-01T01:30", "America/New_York"): "2026-11-01T06:30:00.000Z",
        ("2026-03-29T02:30", "Europe/Stockholm"): "2026-03-29T01:30:00.000Z",
        ("2026-03-08T02:30", "America/New_York"): "2026-03-08T07:30:00.000Z",
        ("2026-06-01T12:00", "America/New_York"): "2026-06-01T16:00:00.000Z",
    }
    script = f"asked => {{ {done.stdout}; return asked.map(([local, zone]) => time.momentAt(local, zone)); }}"
    assert console.page.evaluate(script, [list(each) for each in found]) == list(found.values())


def test_all_text_stands_in_the_catalogue() -> None:
    found = [
        f"{path.name}: {text}" for path in sorted(SOURCES.rglob("*.ts")) for text in texts(path.read_text("utf-8"))
    ]
    assert found == []


def test_a_text_in_a_template_is_found() -> None:
    source = "html`<p title=\"Now\">${words.a} <b>Here ${nested ? html`<i>there</i>` : ''}</b></p>` + `not ${this}`"
    assert list(texts(source)) == ["there", "Now", "Here"]


# What a person may read or hear of a tag.
_READ = re.compile(r"(?:aria-label|aria-placeholder|title|placeholder|alt)\s*=\s*\"([^\"]*[^\W\d_][^\"]*)\"")
_HOLE = "\0"


def texts(source: str) -> Iterator[str]:
    """Yield what people would read that stands in the html templates of a source."""
    for template in templates(source):
        yield from (text.strip() for text in _READ.findall(template))
        bare = re.sub(r"<!--.*?-->|<[^>]*>", _HOLE, template.replace(_HOLE, ""), flags=re.DOTALL)
        yield from (text.strip() for text in bare.split(_HOLE) if re.search(r"[^\W\d_]", text))


def templates(source: str) -> list[str]:
    """The html templates of a source, those within others too, with a mark for each hole."""
    found: list[str] = []
    position = 0
    while (start := source.find("html`", position)) >= 0:
        text, position = _template(source, start + len("html`"), found)
        found.append(text)
    return found


def _template(source: str, at: int, found: list[str]) -> tuple[str, int]:
    text = ""
    while source[at] != "`":
        if source.startswith("${", at):
            at = _hole(source, at + 2, found)
            text += _HOLE
        else:
            step = 2 if source[at] == "\\" else 1
            text += source[at : at + step]
            at += step
    return text, at + 1


def _hole(source: str, at: int, found: list[str]) -> int:
    depth = 1
    while depth:
        if source.startswith("html`", at):
            text, at = _template(source, at + len("html`"), found)
            found.append(text)
            continue
        if source[at] in "'\"`":
            at = _string(source, at)
            continue
        depth += {"{": 1, "}": -1}.get(source[at], 0)
        at += 1
    return at


def _string(source: str, at: int) -> int:
    quote, at = source[at], at + 1
    while source[at] != quote:
        if quote == "`" and source.startswith("${", at):
            at = _hole(source, at + 2, [])
        else:
            at += 2 if source[at] == "\\" else 1
    return at + 1
