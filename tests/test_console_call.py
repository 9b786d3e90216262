"""A call is taken, the queue is planned, and commands are typed, in a real browser."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from api.demonstration import PASSWORD
from browsers import Console, actions, kept_back
from nights import FLAT, SAMPLE, Night, ago
from running import serving

FIGHT = (57.70480, 11.98500)
BURGLARY = (57.70480, 11.97500)
CALLS = re.compile(r"/v1/incidents$")
SENDING = re.compile(r"/v1/incidents/.+/assignments$")
STAND_DOWN = re.compile(r"/stand-down$")
STATUS = re.compile(r"/status$")
PLACES = re.compile(r"/v1/places\?")


@pytest.fixture(scope="module")
def service(gothenburg_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    # Whoever has just set out may be relieved.
    force = tmp_path_factory.mktemp("force") / "force.toml"
    force.write_text((SAMPLE / "force.toml").read_text("utf-8").replace("hold_s = 180", "hold_s = 0"), "utf-8")
    told = {"NEAREST_GRAPH": str(gothenburg_file), "NEAREST_FORCE": str(force)}
    with serving(NEAREST_PERSON_REQUESTS_PER_S="0", NEAREST_REMEMBERED_MS="0", **told) as port:
        yield port


@pytest.fixture
def night(service: int) -> Iterator[Night]:
    made = Night(service)
    made.on_duty(["C1", "H1", "M1"], status="2", crew=2)
    yield made
    made.end_all()


@pytest.fixture
def console(browser: Browser, night: Night) -> Iterator[Console]:
    with closing(Console(browser, night.port)) as made:
        yield made


@pytest.fixture
def page(console: Console) -> Page:
    page = console.sign_in("dispatcher", "#/board")
    expect(page.get_by_text("Units on duty (3)")).to_be_visible()
    return page


def fresh() -> str:
    """A name that no incident had before: the service of these tests is one."""
    return f"N-{uuid.uuid4().hex[:6]}"


def command(page: Page, line: str) -> None:
    """Type a command and do it."""
    page.get_by_role("combobox", name="Command").fill(line)
    page.keyboard.press("Enter")


def options(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Commands").get_by_role("option")


def answer(page: Page) -> Locator:
    return page.locator(".command output")


def begin(page: Page, grade: str = "Emergency") -> None:
    """Open the form and give the grade; the focus is at the grades then."""
    command(page, "new")
    expect(page.get_by_role("radio", name="Emergency")).to_be_focused()
    page.get_by_role("radio", name=grade).check()


def place(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Place")


def found(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Places found").get_by_role("option")


def chosen(page: Page) -> Locator:
    return page.locator("#call-place-said")


def only_incident(night: Night) -> dict[str, Any]:
    [only] = night.get("/v1/incidents")["incidents"]
    return dict(only)


class TestPlace:
    @pytest.mark.parametrize(
        ("typed", "name", "lat_lon"),
        [
            ("kungsgattan 12", "Kungsgatan (street)", (57.703, 11.959)),
            ("Vasagatan / Viktoriagatan", "Vasagatan / Viktoriagatan (crossing)", (57.69795, 11.96563)),
            ("57.70 11.97", "57.70 11.97 (coordinates)", (57.7, 11.97)),
        ],
    )
    def test_it_is_typed_and_the_incident_is_there(
        self, page: Page, night: Night, typed: str, name: str, lat_lon: tuple[float, float]
    ) -> None:
        begin(page)
        place(page).fill(typed)
        expect(found(page).first).to_contain_text(name.partition(" (")[0])
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(chosen(page)).to_contain_text(f"Chosen: {name}")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(r"#/board/I-\d+$"))
        expect(page.get_by_role("heading", name="History and risk")).to_be_visible()
        made = only_incident(night)
        assert (made["lat"], made["lon"]) == pytest.approx(lat_lon, abs=1e-3)
        assert made["grade"] == "emergency"
        assert made["address"] == (None if typed.startswith("5") else typed)

    @pytest.mark.parametrize("by", ["mouse", "keys"])
    def test_it_is_chosen_on_the_map(self, page: Page, night: Night, by: str) -> None:
        begin(page)
        canvas = page.locator("#map canvas").first
        expect(canvas).to_be_visible()
        expect(page.get_by_role("button", name="Choose on the map")).to_be_visible()
        page.keyboard.press("Alt+m")
        expect(page.get_by_text("Click the place, or bring it under the cross")).to_be_visible()
        if by == "mouse":
            box = canvas.bounding_box()
            assert box is not None
            page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        else:
            page.keyboard.press("ArrowLeft")
            page.keyboard.press("Enter")
        expect(chosen(page)).to_contain_text("chosen on the map")
        expect(place(page)).to_be_focused()
        page.keyboard.press("Control+Enter")
        expect(page).to_have_url(re.compile(r"#/board/I-\d+$"))
        made = only_incident(night)
        assert 57.6 < made["lat"] < 57.8
        assert 11.8 < made["lon"] < 12.1

    def test_by_the_grid_where_there_is_one(self, browser: Browser, town_file: Path) -> None:
        with serving(NEAREST_GRAPH=str(town_file)) as port, closing(Console(browser, port)) as console:
            page = console.sign_in("dispatcher", "#/board")
            expect(page.get_by_text("Units on duty (0)")).to_be_visible()
            begin(page)
            place(page).fill("NZ 4860 2065")
            expect(found(page)).to_have_count(1)
            page.keyboard.press("Enter")
            expect(chosen(page)).to_contain_text("(grid reference), at 54.57879, -1.24957")
            page.keyboard.press("Enter")
            expect(page).to_have_url(re.compile(r"#/board/I-\d+$"))

    def test_enter_takes_no_place_of_an_earlier_text(self, page: Page) -> None:
        begin(page)
        place(page).fill("57.70, 11.97")
        expect(found(page)).to_have_count(1)
        place(page).press("End")
        held = kept_back(page, PLACES, "5")
        page.keyboard.press("Enter")
        expect(found(page)).to_have_count(0)
        expect(chosen(page)).not_to_contain_text("Chosen")
        held.continue_()
        expect(found(page)).to_have_count(1)
        page.keyboard.press("Enter")
        expect(chosen(page)).to_contain_text("at 57.70000, 11.97500")

    def test_what_is_not_found_or_not_chosen_is_told(self, page: Page) -> None:
        begin(page)
        place(page).fill("Zzyzx Road 99999 qqq")
        expect(chosen(page)).to_have_text("No place of these roads fits that.")
        page.keyboard.press("Control+Enter")
        expect(page.locator("#call-place-fault")).to_contain_text("Choose one of the places")
        expect(place(page)).to_be_focused()
        # A choice belongs to the text it was made from.
        place(page).fill("57.70, 11.97")
        expect(found(page)).to_have_count(1)
        page.keyboard.press("Enter")
        expect(chosen(page)).to_contain_text("Chosen")
        place(page).press("Backspace")
        expect(chosen(page)).not_to_contain_text("Chosen")


class TestCall:
    def test_all_of_it_is_told_with_no_hand_on_the_mouse(self, console: Console, page: Page, night: Night) -> None:
        n0 = fresh()
        night.call(n0, received_at=ago(3600), address="Karl Johansgatan 1", phone="031 123456", tags=["domestic_abuse"])
        night.post(f"/v1/incidents/{n0}/close", {"outcome": "advice given"})
        page.keyboard.press("/")
        page.keyboard.type("new")
        page.keyboard.press("Enter")
        expect(page.get_by_role("radio", name="Emergency")).to_be_focused()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Tab")
        expect(place(page)).to_be_focused()
        page.keyboard.type(f"{FLAT[0]}, {FLAT[1]}")
        expect(found(page)).to_have_count(1)
        page.keyboard.press("Enter")
        for label, text in (
            ("Address, as it was told", "Karl Johansgatan 1"),
            ("What happened", "Screaming in a flat"),
        ):
            tab_to(page, page.get_by_label(label))
            page.keyboard.type(text)
        tab_to(page, page.get_by_role("checkbox", name="Domestic abuse", exact=True))
        page.keyboard.press("Space")
        tab_to(page, page.get_by_label("Telephone"))
        page.keyboard.type("031 123456")
        tab_to(page, page.get_by_label("People concerned"))
        page.keyboard.type("Anna Berg; Jan Berg")
        assert console.violations() == []
        console.picture("new-incident")
        page.keyboard.press("Control+Enter")
        expect(page).to_have_url(re.compile(r"#/board/I-\d+$"))
        expect(page.get_by_text(n0).first).to_be_visible()
        made = only_incident(night)
        assert made["people"] == ["Anna Berg", "Jan Berg"]
        assert made["tags"] == ["domestic_abuse", "repeat_victim"]
        assert n0 in [match["incident_id"] for match in made["risk"]["matches"]]

    def test_every_fault_stands_at_its_field(self, console: Console, page: Page) -> None:
        command(page, "new")
        page.get_by_label("What happened").fill("x")
        page.keyboard.press("Control+Enter")
        expect(page.get_by_role("alert").filter(has_text="2 things are not accepted.")).to_be_visible()
        expect(page.get_by_role("radio", name="Emergency")).to_be_focused()
        expect(page.get_by_role("radiogroup")).to_have_accessible_description("Choose a grade.")
        assert console.violations() == []
        page.get_by_role("radio", name="Priority").check()
        place(page).fill("57.70, 11.97")
        expect(found(page)).to_have_count(1)
        page.keyboard.press("Enter")
        page.get_by_label("Units needed").fill("99")
        page.get_by_label("Telephone").fill("1" * 301)
        page.keyboard.press("Control+Enter")
        expect(page.get_by_label("Units needed")).to_have_accessible_description(re.compile("a whole number, 1 to 50"))
        page.get_by_label("Units needed").fill("2")
        page.keyboard.press("Control+Enter")
        expect(page.get_by_label("Telephone")).to_have_accessible_description(re.compile("300 characters at most"))
        expect(page.get_by_label("Telephone")).to_be_focused()

    def test_what_is_typed_is_kept_until_it_is_sent_or_cleared(
        self, console: Console, page: Page, night: Night
    ) -> None:
        begin(page, "Priority")
        page.get_by_label("What happened").fill("Shouting")
        page.keyboard.press("Escape")
        expect(page.get_by_label("What happened")).to_have_count(0)
        page.reload()
        expect(page.get_by_text("Units on duty (3)")).to_be_visible()
        command(page, "new")
        expect(page.get_by_label("What happened")).to_have_value("Shouting")
        expect(page.get_by_role("radio", name="Priority")).to_be_checked()
        expect(page.get_by_text("This was typed before and is not sent yet.")).to_be_visible()
        # Without a connection it is kept as an action, and the form is there for the next call.
        place(page).fill("57.70, 11.97")
        expect(found(page)).to_have_count(1)
        page.keyboard.press("Enter")
        console.cut_off()
        page.keyboard.press("Control+Enter")
        expect(page.get_by_text("It is kept and sent when the service answers.")).to_be_visible()
        page.keyboard.press("Escape")
        command(page, "new")
        expect(page.get_by_label("What happened")).to_have_value("")
        console.context.set_offline(False)
        expect(page.locator("#lists").get_by_text("Shouting")).to_be_visible()
        assert len(night.get("/v1/incidents")["incidents"]) == 1

    def test_what_is_being_sent_takes_no_more_words(self, page: Page, night: Night) -> None:
        begin(page)
        place(page).fill("57.70, 11.97")
        expect(found(page)).to_have_count(1)
        page.keyboard.press("Enter")
        expect(chosen(page)).to_contain_text("Chosen")
        what = page.get_by_label("What happened")
        what.fill("Shouting")
        held = kept_back(page, CALLS, "Control+Enter")
        # What could be typed now would be gone with the form.
        page.keyboard.type(" and glass breaking")
        page.get_by_role("radio", name="Standard").click()
        expect(what).to_have_value("Shouting")
        expect(what).not_to_be_editable()
        expect(place(page)).not_to_be_editable()
        expect(page.get_by_role("radio", name="Emergency")).to_be_checked()
        held.continue_()
        expect(page).to_have_url(re.compile(r"#/board/I-\d+$"))
        made = only_incident(night)
        assert (made["type"], made["grade"]) == ("Shouting", "emergency")

    def test_a_call_that_is_refused_after_the_next_was_begun_is_not_lost(self, page: Page) -> None:
        begin(page)
        place(page).fill("57.70, 11.97")
        expect(found(page)).to_have_count(1)
        page.keyboard.press("Enter")
        page.get_by_label("Units needed").fill("99")
        held = kept_back(page, CALLS, "Control+Enter")
        page.keyboard.press("Escape")
        command(page, "new")
        page.get_by_label("What happened").fill("Another")
        held.continue_()
        expect(actions(page)).to_contain_text(["was refused"])
        page.get_by_role("button", name="Back into the form").click()
        blocked = page.get_by_role("alert").filter(has_text="Another call is being typed")
        expect(blocked).to_be_visible()
        expect(page.get_by_label("What happened")).to_have_value("Another")
        page.get_by_role("button", name="Clear", exact=True).click()
        page.get_by_role("button", name="Back into the form").click()
        expect(page.get_by_label("Units needed")).to_have_value("99")
        expect(actions(page)).to_have_count(0)
        expect(blocked).to_have_count(0)

    def test_a_call_that_is_refused_late_comes_back_into_the_form(self, console: Console, page: Page) -> None:
        begin(page)
        place(page).fill("57.70, 11.97")
        expect(found(page)).to_have_count(1)
        page.keyboard.press("Enter")
        page.get_by_label("Units needed").fill("99")
        console.context.route(
            CALLS, lambda route: route.abort() if route.request.method == "POST" else route.fallback()
        )
        page.keyboard.press("Control+Enter")
        expect(page.get_by_text("It is kept and sent when the service answers.")).to_be_visible()
        page.once("dialog", lambda dialog: dialog.accept())
        page.reload()
        expect(page.get_by_text("Units on duty (3)")).to_be_visible()
        # Any sooner it might be refused while the form is there still.
        console.context.unroute(CALLS)
        page.get_by_role("button", name="Back into the form").click()
        expect(page.get_by_role("list", name="Actions that are not confirmed")).to_have_count(0)
        command(page, "new")
        expect(page.get_by_label("Units needed")).to_have_value("99")
        expect(chosen(page)).to_contain_text("57.70000, 11.97000")

    def test_a_session_that_ends_loses_nothing(self, console: Console, page: Page, night: Night) -> None:
        begin(page)
        page.get_by_label("What happened").fill("Shouting")
        place(page).fill("57.70, 11.97")
        expect(found(page)).to_have_count(1)
        page.keyboard.press("Enter")
        # Pressed before the page can know: its question for the password would take the key.
        held = kept_back(page, CALLS, "Control+Enter")
        asked = console.context.request
        token = asked.get(f"{console.origin}/v1/session").json()["csrf_token"]
        asked.delete(f"{console.origin}/v1/session", headers={"X-CSRF-Token": token})
        held.continue_()
        expect(page.get_by_role("dialog").get_by_label("Password")).to_be_focused()
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(r"#/board/I-\d+$"))
        assert only_incident(night)["type"] == "Shouting"


def tab_to(page: Page, target: Locator) -> None:
    """Go on by the Tab key until the focus is there."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if target.evaluate("each => each === document.activeElement"):
            return
    pytest.fail("the Tab key does not lead there")


class TestPlan:
    def test_lines_are_accepted_one_by_one_and_what_has_changed_is_told(
        self, console: Console, page: Page, night: Night
    ) -> None:
        n1, n2, n3 = fresh(), fresh(), fresh()
        night.call(n1, type="Screaming in a flat", tags=["domestic_abuse"])
        night.call(n2, FIGHT, grade="priority", type="Fight")
        night.call(n3, BURGLARY, grade="standard", type="Burglary")
        expect(page.get_by_text(n3)).to_be_visible()
        command(page, "plan")
        first = page.get_by_role("button", name=f"Accept: send M1 to {n1}")
        expect(first).to_be_focused()
        page.keyboard.press("ArrowDown")
        expect(page.locator("[data-line]").nth(1).get_by_role("button").first).to_be_focused()
        page.keyboard.press("ArrowUp")
        expect(first).to_be_focused()
        assert console.violations() == []
        console.picture("queue-plan")
        page.keyboard.press("Enter")
        expect(page.get_by_text(f"M1 is sent to {n1}.")).to_be_visible()
        expect(page.get_by_role("heading", name="Since this plan was made")).to_be_visible()
        # Others take the unit of another line.
        second = page.get_by_role("button", name=re.compile(f"Accept: send .* to {n2}"))
        name = second.get_attribute("aria-label") or ""
        callsign = name.split()[2]
        night.send(n3, callsign)
        expect(page.get_by_text(f"{callsign} is bound to {n3} by now.")).to_be_visible()
        expect(second).to_have_attribute("aria-disabled", "true")
        page.keyboard.press("g")
        expect(page.get_by_role("heading", name="Since this plan was made")).to_have_count(0)
        assert night.get("/v1/units/M1")["incident_id"] == n1
        assert [len(each["assignments"]) for each in night.get("/v1/incidents")["incidents"]] == [1, 0, 1]

    def test_a_unit_that_is_bound_while_a_reason_is_given_is_not_taken_from_there(
        self, page: Page, night: Night
    ) -> None:
        n1, n2, n3 = fresh(), fresh(), fresh()
        night.call(n1, (57.69673, 11.96736))
        night.call(n2, (57.69673, 11.96700), grade="priority")
        expect(page.get_by_text(n2)).to_be_visible()
        command(page, "plan")
        other = page.get_by_role("button", name=re.compile(f"Accept: send (H1|M1) to {n2}"))
        callsign = (other.get_attribute("aria-label") or "").split()[2]
        other.click()
        form = page.get_by_role("form", name=f"Why {callsign}?")
        expect(form).to_be_visible()
        night.call(n3, FIGHT, grade="standard")
        night.send(n3, callsign)
        expect(page.get_by_text(f"{callsign} is bound to {n3} by now.")).to_be_visible()
        expect(form).to_have_count(0)
        assert night.get(f"/v1/units/{callsign}")["incident_id"] == n3

    def test_a_refusal_after_the_plan_was_left_is_told(self, page: Page, night: Night) -> None:
        n1, n2 = fresh(), fresh()
        night.call(n1)
        night.call(n2, FIGHT, grade="standard")
        expect(page.get_by_text(n2)).to_be_visible()
        command(page, "plan")
        expect(page.get_by_role("button", name=f"Accept: send M1 to {n1}")).to_be_focused()
        held = kept_back(page, SENDING, "Enter")
        page.keyboard.press("o")
        expect(page).to_have_url(re.compile(f"#/board/{n1}$"))
        night.send(n2, "M1")
        held.continue_()
        expect(actions(page)).to_contain_text([f"Send M1 to {n1} was refused"])

    def test_who_is_relieved_is_called_off_also_where_the_page_is_gone(self, page: Page, night: Night) -> None:
        incident = fresh()
        night.call(incident)
        night.send(incident, "H1")
        page.context.route(STAND_DOWN, lambda route: route.abort())
        command(page, "plan")
        page.get_by_role("button", name=f"Accept: send M1 to {incident}").click()
        form = page.get_by_role("form", name="Why M1?")
        form.get_by_label("Reason").select_option("supervisor")
        form.get_by_role("button", name=re.compile("Send")).click()
        # It is tried only once M1 is confirmed; until then it waits.
        expect(actions(page)).to_contain_text([f"Call H1 off {incident} no answer yet"])
        assert night.get("/v1/units/M1")["incident_id"] == incident
        page.once("dialog", lambda dialog: dialog.accept())
        page.reload()
        expect(actions(page)).to_contain_text([f"Call H1 off {incident}"])
        page.context.unroute(STAND_DOWN)
        expect(actions(page)).to_have_count(0)
        assert night.get("/v1/units/H1")["incident_id"] is None

    def test_nobody_is_called_off_where_the_other_cannot_go(self, page: Page, night: Night) -> None:
        n1, n2 = fresh(), fresh()
        night.call(n1)
        night.call(n2, FIGHT, grade="standard")
        night.send(n1, "H1")
        command(page, "plan")
        page.get_by_role("button", name=f"Accept: send M1 to {n1}").click()
        form = page.get_by_role("form", name="Why M1?")
        form.get_by_label("Reason").select_option("supervisor")
        form.get_by_role("button", name=re.compile("Send")).focus()
        held = kept_back(page, SENDING, "Enter")
        night.send(n2, "M1")
        held.continue_()
        expect(page.get_by_text(f"M1 is bound to {n2} by now.")).to_be_visible()
        expect(actions(page)).to_have_count(0)
        assert night.get("/v1/units/H1")["incident_id"] == n1

    def test_who_would_not_be_suggested_alone_needs_a_reason(self, page: Page, night: Night) -> None:
        # The nearer one is needed for the emergency beside it, so the plan sends the other.
        n1, n2 = fresh(), fresh()
        night.call(n1, (57.69673, 11.96736))
        night.call(n2, (57.69673, 11.96700), grade="priority")
        expect(page.get_by_text(n2)).to_be_visible()
        command(page, "plan")
        other = page.get_by_role("button", name=re.compile(f"Accept: send (H1|M1) to {n2}"))
        other.click()
        form = page.get_by_role("form", name=re.compile("Why (H1|M1)"))
        expect(form).to_contain_text("By itself the incident would be given C1")
        page.get_by_label("Reason").select_option("cover")
        form.get_by_role("button", name=re.compile("Send")).click()
        expect(page.get_by_text(re.compile(f"(H1|M1) is sent to {n2}"))).to_be_visible()
        [sent] = next(each for each in night.get("/v1/incidents")["incidents"] if each["incident_id"] == n2)[
            "assignments"
        ]
        assert (sent["suggested"], sent["reason"]) == (False, "cover")


class TestCommands:
    def test_what_is_confirmed_late_is_said_then(self, page: Page) -> None:
        page.get_by_role("combobox", name="Command").fill("status C1 3")
        held = kept_back(page, STATUS, "Enter")
        expect(answer(page)).to_contain_text("Kept, not yet confirmed: C1")
        held.continue_()
        expect(answer(page)).to_contain_text("Done: C1")

    def test_a_unit_is_sent_with_a_reason_where_one_is_needed(self, page: Page, night: Night) -> None:
        n1, n2 = fresh(), fresh()
        night.call(n1)
        night.call(n2, FIGHT, grade="priority")
        expect(page.get_by_text(n2)).to_be_visible()
        command(page, f"send m1 to {n1.lower()}")
        expect(answer(page)).to_have_text(f"Done: Send M1 to {n1}")
        command(page, f"send H1 to {n2}")
        expect(page.get_by_role("alert").filter(has_text='Write "because" and a reason behind it')).to_be_visible()
        page.keyboard.press("Escape")
        field = page.get_by_role("combobox", name="Command")
        field.fill(f"send H1 to {n2} because know")
        expect(options(page)).to_have_count(2)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(field).to_have_value(re.compile("because .*now"))
        page.keyboard.press("Enter")
        expect(answer(page)).to_have_text(f"Done: Send H1 to {n2}")
        assert night.get("/v1/units/H1")["incident_id"] == n2

    def test_a_bound_unit_leaves_its_incident_only_where_that_is_written(self, page: Page, night: Night) -> None:
        n1, n2 = fresh(), fresh()
        night.call(n1, FIGHT, grade="standard")
        night.send(n1, "M1")
        night.call(n2)
        expect(page.locator("#lists [data-item='u:M1']")).to_contain_text(f"for {n1}")
        expect(page.locator(f"#lists [data-item='i:{n2}']")).to_be_visible()
        command(page, f"send M1 to {n2} because supervisor")
        refused = page.get_by_role("alert").filter(has_text=f'write "divert M1 to {n2} because supervisor"')
        expect(refused).to_contain_text(f"M1 was sent to incident {n1} by system:demonstration")
        expect(actions(page)).to_have_count(0)
        assert night.get("/v1/units/M1")["incident_id"] == n1
        command(page, f"divert M1 to {n2} because supervisor")
        expect(answer(page)).to_have_text(f"Done: Divert M1 from {n1} to {n2}")
        assert night.get("/v1/units/M1")["incident_id"] == n2

    def test_a_road_is_closed_though_a_closure_of_its_name_is_kept(self, page: Page, night: Night) -> None:
        # It begins in an hour: the service does not list it, and its name is taken.
        road = {"road": "Tingstadstunneln", "name": "Tingstadstunneln", "from": ago(-3600)}
        feature = {"type": "Feature", "geometry": None, "properties": road}
        night.post("/v1/closures", {"closure_id": "Tingstadstunneln", "feature": feature})
        command(page, "close Tingstadstunneln")
        expect(answer(page)).to_have_text("Done: Close Tingstadstunneln")
        expect(actions(page)).to_have_count(0)
        assert [each["id"] for each in night.get("/v1/closures")["features"]] == ["Tingstadstunneln 2"]
        for closure in ("Tingstadstunneln", "Tingstadstunneln%202"):
            night.post(f"/v1/closures/{closure}/lift", {})

    def test_a_road_is_closed_by_its_name_and_opened_again(self, page: Page, night: Night) -> None:
        field = page.get_by_role("combobox", name="Command")
        command(page, "close Tingstad tunnel")
        expect(page.get_by_role("alert").filter(has_text="Did you mean: Tingstadstunneln")).to_be_visible()
        field.fill("close tingstad tunnel")
        expect(options(page).first).to_contain_text("close Tingstadstunneln")
        page.keyboard.press("Tab")
        expect(field).to_have_value("close Tingstadstunneln")
        page.keyboard.press("Enter")
        expect(answer(page)).to_have_text("Done: Close Tingstadstunneln")
        assert [each["id"] for each in night.get("/v1/closures")["features"]] == ["Tingstadstunneln"]
        field.fill("lift ")
        expect(options(page)).to_contain_text(["lift Tingstadstunneln"])
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(answer(page)).to_have_text("Done: Open Tingstadstunneln again")
        assert night.get("/v1/closures")["features"] == []

    @pytest.mark.parametrize(
        ("line", "seen"),
        [
            ("go {}", lambda page: page.get_by_role("heading", name="History and risk")),
            ("plan", lambda page: page.get_by_role("heading", name="Plan for the queue")),
            ("help", lambda page: page.get_by_role("dialog", name="Keys")),
        ],
    )
    def test_pages_are_opened(self, page: Page, night: Night, line: str, seen: Callable[[Page], Locator]) -> None:
        name = fresh()
        night.call(name)
        expect(page.get_by_text(name).first).to_be_visible()
        command(page, line.format(name))
        expect(seen(page)).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_stands_in_the_way_of_anybody(browser: Browser, night: Night, theme: str) -> None:
    night.call(fresh())
    with closing(Console(browser, night.port, size=(640, 360), theme=theme)) as console:
        page = console.sign_in("dispatcher", "#/board")
        expect(page.get_by_text("Units on duty (3)")).to_be_visible()
        command(page, "new")
        place(page).fill("kungs")
        expect(found(page).first).to_be_visible()
        assert console.violations() == []
        page.keyboard.press("Escape")
        page.keyboard.press("Control+Enter")
        send = page.get_by_role("button", name="Take the call")
        send.scroll_into_view_if_needed()
        expect(send).to_be_in_viewport(ratio=1)
        assert console.violations() == []
        page.keyboard.press("Escape")
        command(page, "plan")
        expect(page.get_by_role("button", name=re.compile("Accept: send"))).to_be_focused()
        assert console.violations() == []
