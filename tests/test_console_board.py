"""The board without its map, in a real browser: a call comes in, who should go is shown and why, somebody is sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from api.demonstration import PASSWORD
from browsers import Console, actions, kept_back
from nights import FLAT, SAMPLE, Night, ago
from running import serving

BURGLARY = (57.68258, 11.93217)
SENDING = re.compile(r"/v1/incidents/.+/assignments$")
# At 200 % a page of 1280 by 720 has half the pixels of its style sheet.
ZOOMED = (640, 360)


@pytest.fixture(scope="module")
def service(gothenburg_file: Path) -> Iterator[int]:
    told = {"NEAREST_GRAPH": str(gothenburg_file), "NEAREST_FORCE": str(SAMPLE / "force.toml")}
    with serving(NEAREST_PERSON_REQUESTS_PER_S="0", **told) as port:
        yield port


@pytest.fixture
def night(service: int) -> Iterator[Night]:
    made = Night(service)
    yield made
    made.end_all()


@pytest.fixture
def console(browser: Browser, night: Night) -> Iterator[Console]:
    with closing(mapless(browser, night)) as made:
        yield made


@pytest.fixture
def second(browser: Browser, night: Night) -> Iterator[Console]:
    with closing(mapless(browser, night)) as made:
        yield made


@pytest.fixture
def with_map(browser: Browser, night: Night) -> Iterator[Console]:
    with closing(Console(browser, night.port)) as made:
        yield made


def mapless(browser: Browser, night: Night) -> Console:
    """A browser that cannot draw the map, which takes long in software: the list must do for everything."""
    made = Console(browser, night.port)
    made.context.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    return made


def officer(page: Page, callsign: str) -> Locator:
    return page.locator(f"#ranked [data-officer='{callsign}']")


def told(page: Page) -> Locator:
    return page.locator("#told")


def opened(console: Console, who: str, incident_id: str, focus: str) -> Page:
    """Sign in, open an incident by its address, and wait until the officer in focus may be sent by a key."""
    page = console.sign_in(who, f"#/board/{incident_id}")
    ready(page, focus)
    return page


def ready(page: Page, callsign: str) -> None:
    expect(officer(page, callsign)).to_be_focused()
    expect(page.locator(".details .hint")).to_contain_text(callsign)


def sent_to(night: Night, incident_id: str) -> list[dict[str, Any]]:
    return list(night.get(f"/v1/incidents/{incident_id}")["assignments"])


def type_call(page: Page) -> str:
    """Type a call without a mouse, and say which incident it became."""
    page.locator("#lists button").first.focus()
    page.keyboard.press("n")
    page.get_by_role("radio", name="Standard").press("Space")
    place = page.get_by_role("combobox", name="Place")
    place.fill(f"{FLAT[0]}, {FLAT[1]}")
    expect(page.get_by_role("option", name=str(FLAT[0]))).to_be_visible()
    place.press("Enter")
    page.get_by_label("Address, as it was told").fill("Karl Johansgatan 20, Göteborg")
    page.get_by_label("What happened").fill("Screaming in a flat")
    page.get_by_role("group", name="Tags").get_by_label("Domestic abuse").press("Space")
    page.get_by_label("Telephone").fill("031-700 12 34")
    page.keyboard.press("Control+Enter")
    ready(page, "M1")
    return page.locator("#incident-title .ident").inner_text()


def require_history(page: Page) -> None:
    """A repeat victim, by which rule, what that raised, and the earlier incident."""
    expect(page.locator(".tags")).to_have_text("Domestic abuseRepeat victim")
    expect(page.locator(".incident-head .grade")).to_have_text("Priority")
    expect(page.locator(".incident-head")).to_contain_text("Raised from Standard: Repeat victim of domestic abuse")
    history = page.locator(".history")
    expect(history).to_contain_text("Repeat victim: yes (definition 2026-1)")
    expect(history).to_contain_text("within 12 months with the same person, telephone number or address")
    shared = r"A-1.*same number, same address, same place.*Words of advice"
    expect(history).to_contain_text(re.compile(shared, re.DOTALL))


def test_a_call_is_answered_without_a_mouse_and_a_second_dispatcher_comes_too_late(
    night: Night, with_map: Console, second: Console
) -> None:
    night.on_duty(["M1", "H1", "C2", "M7", "O7"])
    abuse = {"tags": ["domestic_abuse"], "address": "Karl Johansgatan 20, Göteborg", "phone": "031-700 12 34"}
    night.call("A-1", type="Neighbours hear shouting", **abuse)
    night.post("/v1/incidents/A-1/close", {"outcome": "Words of advice"})
    page = with_map.sign_in("dispatcher", "#/board")
    expect(page.get_by_text("No incident waits for a unit.")).to_be_visible()
    ways: list[int] = []
    page.on("response", lambda response: ways.append(response.status) if "/v1/route?" in response.url else None)
    with page.expect_response(re.compile(r"/v1/route\?")):
        number = type_call(page)
    night.call("A-3", (FLAT[0] + 0.0002, FLAT[1]), "priority", type="Fight in the yard")

    require_history(page)
    expect(page.locator(".incident-head")).to_contain_text(re.compile(r"59:\d\d left.*0 of 1 sent", re.DOTALL))
    expect(officer(page, "M1")).to_contain_text("Suggested")
    why = page.locator(".why")
    across = r"H1 is 718 m away in a straight line: by road it is \d+\.\d km and \d+:\d\d, .* later than M1"
    expect(why).to_contain_text(re.compile(across))
    expect(why).to_contain_text("O7 may be nearer: its place is not known: no position known")
    # The way on the map is that of the ledger.
    expect(page.locator("#way-note")).to_be_empty()
    assert set(ways) == {200}
    assert with_map.violations() == []
    with_map.picture("board-incident")

    late = opened(second, "supervisor", "A-3", "M1")
    page.keyboard.press("Enter")
    expect(told(page)).to_contain_text(f"M1 was sent to {number}.")
    expect(page.locator(f"#lists [data-item='i:{number}']")).to_contain_text("1 of 1 sent")
    (sent,) = sent_to(night, number)
    assert (sent["callsign"], sent["by"], sent["suggested"], sent["reason"]) == ("M1", "dispatcher", True, None)
    assert sent["recommendation"] is not None

    late.keyboard.press("Enter")
    lost = rf"M1 was sent to {number} by dispatcher at \d\d:\d\d:\d\d, before you. The list below is new."
    expect(told(late)).to_contain_text(re.compile(lost))
    ready(late, "C2")
    second.picture("board-lost-race")
    late.keyboard.press("Enter")
    expect(told(late)).to_contain_text("C2 was sent to A-3.")
    assert [each["callsign"] for each in sent_to(night, "A-3")] == ["C2"]


def test_both_lose_and_win_for_one_incident(night: Night, console: Console, second: Console) -> None:
    night.on_duty(["M1", "C2"])
    night.call("B-1")
    page, late = (opened(each, who, "B-1", "M1") for each, who in ((console, "dispatcher"), (second, "supervisor")))
    page.keyboard.press("Enter")
    expect(told(page)).to_contain_text("M1 was sent to B-1.")
    expect(late.locator(".news")).to_contain_text("M1 was sent to B-1")
    late.keyboard.press("Enter")
    expect(told(late)).to_contain_text("M1 was sent to this incident by dispatcher")
    expect(late.get_by_text("Enough units are bound to it already.")).to_be_visible()
    expect(late.get_by_role("heading", name="Who should go")).to_be_focused()
    assert [each["callsign"] for each in sent_to(night, "B-1")] == ["M1"]


def rows(page: Page) -> list[tuple[str, float]]:
    """The officers of the list, and how far down in the window each stands."""
    told = page.locator("#ranked [data-officer]").evaluate_all(
        "each => each.map(one => [one.dataset.officer, one.getBoundingClientRect().top])"
    )
    return [(name, top) for name, top in told]


def test_nothing_moves_under_a_finger(night: Night, console: Console) -> None:
    night.on_duty(["M1", "C2", "C3"])
    night.call("C-1")
    night.call("C-2", BURGLARY)
    page = opened(console, "dispatcher", "C-1", "M1")
    before = rows(page)
    night.send("C-2", "M1")
    news = page.locator(".news")
    expect(news).to_contain_text("M1 was sent to C-2")
    expect(news).to_contain_text("Suggested now: C2")
    assert rows(page) == before
    expect(officer(page, "M1")).to_be_focused()
    page.keyboard.press("u")
    ready(page, "C2")
    expect(news).to_have_count(0)
    # Where nobody works in the list, it follows by itself.
    page.keyboard.press("Escape")
    expect(page.locator("#lists [data-item='i:C-1']")).to_be_focused()
    night.send("C-2", "C2")
    expect(officer(page, "C3")).to_contain_text("Suggested")
    expect(news).to_have_count(0)


def test_a_list_that_no_longer_holds_says_what_has_happened(night: Night, console: Console) -> None:
    night.on_duty(["C2"])
    night.call("D-1")
    page = opened(console, "dispatcher", "D-1", "C2")
    night.on_duty(["M1"])
    expect(page.locator(".news")).to_contain_text("M1 came on duty")
    page.keyboard.press("Enter")
    expect(told(page)).to_contain_text("The picture has moved on")
    expect(told(page)).to_contain_text("M1 came on duty")
    ready(page, "M1")
    assert sent_to(night, "D-1") == []


def test_another_than_the_suggested_unit_needs_a_reason_in_the_same_place(night: Night, console: Console) -> None:
    night.on_duty(["M1", "C2"])
    night.call("E-1")
    page = opened(console, "dispatcher", "E-1", "M1")
    page.keyboard.press("ArrowDown")
    ready(page, "C2")
    page.keyboard.press("Enter")
    form = page.get_by_role("form", name="Why C2?")
    expect(form).to_contain_text("Suggested is M1.")
    expect(form.get_by_label("Reason")).to_be_focused()
    assert console.violations() == []
    console.picture("board-override")
    page.keyboard.press("Escape")
    expect(officer(page, "C2")).to_be_focused()
    page.keyboard.press("Enter")
    expect(form.get_by_label("Reason")).to_be_focused()
    page.keyboard.type("Local")
    page.keyboard.press("Tab")
    page.keyboard.type("The bridge is up")
    page.keyboard.press("Enter")
    expect(told(page)).to_contain_text("C2 was sent to E-1.")
    (sent,) = sent_to(night, "E-1")
    assert (sent["callsign"], sent["suggested"], sent["failed"]) == ("C2", False, [])
    assert (sent["reason"], sent["note"]) == ("local_knowledge", "The bridge is up")
    expect(page.locator(".sent")).to_contain_text(
        "because: Local knowledge of the road or the place (The bridge is up)"
    )


def test_officers_are_looked_at_with_the_mouse_too(night: Night, console: Console) -> None:
    # What is known of where C7 is gets old in another test.
    units = [callsign for callsign, row in night.rows.items() if row["lat"] and callsign != "C7"][:12]
    night.on_duty(units, status="2", crew=2)
    night.call("MOUSE-1")
    page = console.sign_in("dispatcher", "#/board/MOUSE-1")
    rows = page.locator("#ranked .officer")
    expect(rows).to_have_count(8)
    rows.nth(5).click()
    expect(rows.nth(5)).to_be_focused()
    chosen = rows.nth(5).get_attribute("data-officer") or ""
    expect(page.locator(".details")).to_contain_text(chosen)
    page.get_by_role("button", name="Show 4 more").click()
    expect(rows).to_have_count(12)
    page.get_by_role("button", name="Show fewer").click()
    expect(rows).to_have_count(8)
    # A click looks; a reason is asked for, and nobody is sent, by the key and a press of the button that has it.
    rows.nth(5).focus()
    ready(page, chosen)
    page.keyboard.press("Enter")
    expect(page.get_by_role("form", name=f"Why {chosen}?")).to_be_visible()
    assert sent_to(night, "MOUSE-1") == []


def test_a_unit_that_rules_speak_against_needs_a_confirmation_too(night: Night, console: Console) -> None:
    night.on_duty(["M1", "M7"])
    night.call("F-1")
    page = opened(console, "dispatcher", "F-1", "M1")
    expect(officer(page, "M7")).to_contain_text("status 4 (Refreshments)")
    officer(page, "M7").focus()
    page.keyboard.press("Enter")
    form = page.get_by_role("form", name="Why M7?")
    expect(form).to_contain_text("Rules speak against it. status 4 (Refreshments)")
    expect(form.get_by_label("Reason")).to_be_focused()
    page.keyboard.type("Safety")
    page.keyboard.press("Enter")
    # The browser says that the confirmation is missing; nothing was sent.
    expect(form.get_by_label("Send M7 although rules speak against it")).to_be_focused()
    assert sent_to(night, "F-1") == []
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(told(page)).to_contain_text("M7 was sent to F-1.")
    (sent,) = sent_to(night, "F-1")
    assert (sent["callsign"], sent["reason"], sent["failed"]) == ("M7", "officer_safety", ["status"])


def test_a_unit_on_its_way_is_diverted_and_what_it_leaves_is_said(night: Night, console: Console) -> None:
    night.on_duty(["M1"], status="2")
    night.on_duty(["C2"])
    night.call("G-1", BURGLARY, "standard", type="Burglary found on return")
    night.send("G-1", "M1")
    night.step("G-1", "M1", "en-route")
    night.call("G-2")
    page = opened(console, "dispatcher", "G-2", "M1")
    expect(officer(page, "M1")).to_contain_text("Suggested, diverted")
    expect(officer(page, "M1")).to_contain_text(
        re.compile(r"leaves G-1 \(Standard\).*C2 would reach it next, \d+:\d\d later")
    )
    expect(page.locator(".details .hint")).to_contain_text("diverts M1 to this incident")
    page.keyboard.press("Enter")
    expect(told(page)).to_contain_text("M1 was sent to G-2.")
    assert [each["step"] for each in sent_to(night, "G-1")] == ["diverted"]
    expect(page.locator("#lists [data-item='i:G-1']")).to_contain_text("0 of 1 sent")


def test_a_unit_that_was_bound_meanwhile_is_not_diverted_unseen(night: Night, console: Console) -> None:
    night.on_duty(["M1", "C2"])
    night.call("H-1", BURGLARY, "standard")
    night.call("H-2")
    page = opened(console, "dispatcher", "H-2", "M1")
    night.send("H-1", "M1")
    expect(page.locator(".news")).to_contain_text("M1 was sent to H-1")
    expect(officer(page, "M1")).not_to_contain_text("diverted")
    page.keyboard.press("Enter")
    expect(told(page)).to_contain_text("M1 was sent to H-1 by system:demonstration")
    assert [each["step"] for each in sent_to(night, "H-1")] == ["assigned"]
    ready(page, "M1")
    expect(page.locator(".details .hint")).to_contain_text("diverts M1 to this incident")


def test_the_steps_of_a_unit_and_the_menu_of_an_incident(night: Night, console: Console) -> None:
    night.on_duty(["M1"])
    night.call("K-1", grade="standard", type="Noise")
    page = opened(console, "dispatcher", "K-1", "M1")
    page.keyboard.press("Enter")
    expect(told(page)).to_contain_text("M1 was sent to K-1.")
    for key, name, step in (("e", "On the way", "en_route"), ("a", "At scene", "at_scene")):
        page.get_by_role("button", name=f"M1: {name}").focus()
        page.keyboard.press(key)
        expect(page.locator(".sent")).to_contain_text(re.compile(rf"M1 {name.lower()}"))
        assert sent_to(night, "K-1")[0]["step"] == step
    page.get_by_role("heading", name="Who should go").focus()
    page.keyboard.press("r")
    page.get_by_role("form", name="Regrade").get_by_label("Grade").select_option("Priority")
    page.get_by_role("textbox", name="Why").fill("Children are in the house")
    page.keyboard.press("Enter")
    expect(page.locator(".incident-head .grade")).to_have_text("Priority")
    # The stream may tell it before the answer does that takes the form away, in which a key would be a letter.
    expect(page.get_by_role("button", name="Regrade r")).to_be_focused()
    page.keyboard.press("m")
    page.get_by_label("Address").fill("Karl Johansgatan 22")
    page.get_by_role("group", name="Tags").get_by_label("Child at risk").check()
    page.get_by_label("Address").press("Enter")
    expect(page.locator(".tags")).to_have_text("Child at risk")
    assert night.get("/v1/incidents/K-1")["address"] == "Karl Johansgatan 22"
    page.get_by_role("group", name=re.compile("taking care of yourselves")).get_by_label("Yes", exact=True).check()
    expect(page.locator(".tags")).to_contain_text("Vulnerable")
    expect(page.locator(".history")).to_contain_text("Vulnerable: yes (definition 2026-1)")
    page.get_by_role("button", name="M1: Clear").click()
    page.get_by_role("button", name="Close o").click()
    page.get_by_label("What came of it").fill("Advice given")
    page.keyboard.press("Enter")
    expect(page.get_by_text("This incident is no longer open: closed. Advice given")).to_be_visible()
    assert night.get("/v1/incidents/K-1")["outcome"] == "Advice given"
    expect(page.locator("#lists [data-item='i:K-1']")).to_have_count(0)


def test_a_marker_says_what_a_dispatcher_is_to_know(night: Night, console: Console) -> None:
    night.on_duty(["M1"])
    told = {"text": "Threats to kill, in writing", "support": ["Advocate: Monday to Friday"]}
    until = ago(-30 * 86_400)
    night.post("/v1/markers", {"role": "victim", "level": "high", "person": "Gil Marked", "expires_at": until, **told})
    gone = {"role": "address", "level": "high", "text": "A dog", "address": "14 Hill Street", "expires_at": until}
    lifted = night.post("/v1/markers", gone)
    night.post(f"/v1/markers/{lifted['marker_id']}/lift", {"because": "moved away"})
    night.call("MARK-1", people=["MARKED, Gil"], address="14 Hill Street")
    page = opened(console, "dispatcher", "MARK-1", "M1")
    expect(page.get_by_role("list", name="History and risk")).to_contain_text("Marker: high risk, victim")
    marker = page.get_by_role("group").filter(has_text="Threats to kill, in writing")
    expect(marker).to_have_attribute("open", "")
    expect(marker).to_contain_text(
        re.compile(r"Marker: high risk, victim; .*Support: Advocate: Monday.*Holds until", re.DOTALL)
    )
    expect(page.locator(".history")).not_to_contain_text("A dog")


def test_two_calls_of_one_incident_are_linked_and_a_false_alarm_is_cancelled(night: Night, console: Console) -> None:
    night.on_duty(["M1"])
    night.call("SAME-1", type="Noise")
    night.call("SAME-2", type="A loud noise")
    page = opened(console, "dispatcher", "SAME-2", "M1")
    page.keyboard.press("l")
    form = page.get_by_role("form", name="Same as another")
    expect(form.get_by_role("combobox")).to_be_focused()
    expect(form.get_by_role("option")).to_have_text(["SAME-1 · Noise"])
    form.get_by_role("button", name="Same as another").press("Enter")
    expect(page.locator("#incident-title .ident")).to_have_text("SAME-1")
    expect(page.locator("#lists [data-item='i:SAME-2']")).to_have_count(0)
    assert night.get("/v1/incidents/SAME-2")["duplicate_of"] == "SAME-1"
    ready(page, "M1")
    page.keyboard.press("x")
    expect(page.get_by_label("Why")).to_be_focused()
    page.keyboard.type("False alarm")
    page.keyboard.press("Enter")
    expect(page.get_by_text("This incident is no longer open: cancelled.")).to_be_visible()
    expect(page.locator("#lists [data-item='i:SAME-1']")).to_have_count(0)


def test_units_and_regions_are_gone_to_by_keys(night: Night, with_map: Console) -> None:
    night.on_duty(["M1", "C2"])
    night.call("KEYS-1")
    page = opened(with_map, "dispatcher", "KEYS-1", "M1")
    lists, board_map = page.locator("#lists"), page.get_by_role("application", name="Map")
    row = lists.locator("[data-item='u:C2']")
    page.keyboard.press("/")
    page.keyboard.type("unit C2")
    page.keyboard.press("Enter")
    expect(row).to_be_focused()
    expect(row).to_have_attribute("aria-current", "true")
    # Chosen, it says what it brings.
    expect(row).to_contain_text("aboard")
    page.keyboard.press("Enter")
    expect(row).not_to_contain_text("aboard")
    with_map.settled()
    for there in (officer(page, "M1"), board_map, row, officer(page, "M1")):
        page.keyboard.press("F6")
        expect(there).to_be_focused()


def test_where_there_is_no_map_nobody_is_led_to_it(night: Night, console: Console) -> None:
    night.on_duty(["M1"])
    night.call("KEYS-2")
    page = opened(console, "dispatcher", "KEYS-2", "M1")
    for there in (page.locator("[data-item='i:KEYS-2']"), officer(page, "M1")):
        page.keyboard.press("F6")
        expect(there).to_be_focused()


def test_a_refusal_of_the_menu_is_told_where_it_was_asked(night: Night, console: Console) -> None:
    night.on_duty(["M1"])
    night.call("R-1", type="Noise")
    page = opened(console, "dispatcher", "R-1", "M1")
    night.send("R-1", "M1")
    page.get_by_role("button", name="Close o").click()
    page.get_by_label("What came of it").fill("Nothing")
    page.keyboard.press("Enter")
    expect(page.locator(".doing [role=alert]")).to_contain_text("Close: R-1: refused.")


def written(night: Night, query: str) -> list[datetime]:
    """When the rows of the record were written that a query finds."""
    rows = night.get(f"/v1/record?limit=1000&{query}")["events"]
    return [datetime.fromisoformat(row["recorded_at"]) for row in rows]


def test_times_change_as_soon_as_a_road_is_closed(night: Night, console: Console) -> None:
    night.on_duty(["M1", "H1"])
    night.call("K-2")
    page = opened(console, "dispatcher", "K-2", "M1")
    before = officer(page, "H1").inner_text()
    page.get_by_role("combobox", name="Command").fill("close Götaälvbron")
    page.keyboard.press("Enter")
    expect(page.locator(".command output")).to_contain_text("Done: Close")
    expect(officer(page, "H1")).not_to_have_text(before, use_inner_text=True)
    # What is not near is asked for again five seconds later; this was not put off.
    [closed] = written(night, f"kind=closure_opened&subject={quote('Götaälvbron')}")
    made = written(night, "kind=recommended&subject=K-2")
    assert timedelta(0) < min(at for at in made if at > closed) - closed < timedelta(seconds=5)
    told = night.post("/v1/incidents/K-2/recommendations", {})
    [line] = [each for each in told["ledger"] if each["callsign"] == "H1"]
    minutes, seconds = divmod(round(line["time_s"]), 60)
    expect(officer(page, "H1")).to_contain_text(f"{minutes}:{seconds:02}")
    # Nobody else's way led over it.
    assert [each["callsign"] for each in told["ledger"]] == ["M1", "H1"]
    night.post(f"/v1/closures/{quote('Götaälvbron')}/lift", {})


def test_what_was_sent_without_a_connection_is_sent_once_it_is_back(night: Night, console: Console) -> None:
    night.on_duty(["M1"])
    night.call("L-1")
    page = opened(console, "dispatcher", "L-1", "M1")
    console.cut_off()
    page.keyboard.press("Enter")
    expect(officer(page, "M1")).to_contain_text("kept, waits for the connection")
    page.keyboard.press("Enter")
    console.context.set_offline(False)
    expect(told(page)).to_contain_text("M1 was sent to L-1.")
    assert [each["callsign"] for each in sent_to(night, "L-1")] == ["M1"]


def test_a_refusal_at_an_incident_that_was_left_is_not_lost(night: Night, console: Console) -> None:
    night.on_duty(["M1"])
    night.call("P-1")
    night.call("P-2", BURGLARY)
    page = opened(console, "dispatcher", "P-1", "M1")
    console.cut_off()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.locator("#lists [data-item='i:P-2']").click()
    expect(page.locator("#incident")).to_contain_text("The service does not answer. It is asked again.")
    night.send("P-2", "M1")
    console.context.set_offline(False)
    refused = "Send M1 to P-1 was refused: M1 was sent to incident P-2 by system:demonstration"
    expect(actions(page)).to_contain_text([refused])
    expect(page.get_by_role("heading", name="P-2 No type given")).to_be_visible()
    page.get_by_role("button", name="Seen").click()
    expect(actions(page)).to_have_count(0)


def test_a_refusal_that_was_shown_is_told_once(night: Night, console: Console) -> None:
    night.on_duty(["M1", "C2"])
    night.call("P-3")
    night.call("P-4", BURGLARY, "standard")
    page = opened(console, "dispatcher", "P-3", "M1")
    held = kept_back(page, SENDING, "Enter")
    night.send("P-4", "M1")
    held.continue_()
    expect(told(page)).to_contain_text("M1 was sent to P-4 by system:demonstration")
    expect(actions(page)).to_have_count(0)


def test_a_sending_that_is_confirmed_leaves_whoever_types_alone(night: Night, console: Console) -> None:
    night.on_duty(["M1", "C2", "M7"])
    night.call("V-1", units_needed=2)
    page = opened(console, "dispatcher", "V-1", "M1")
    held = kept_back(page, SENDING, "Enter")
    officer(page, "M7").focus()
    ready(page, "M7")
    page.keyboard.press("Enter")
    form = page.get_by_role("form", name="Why M7?")
    expect(form.get_by_label("Reason")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type("By the ")
    held.continue_()
    expect(told(page)).to_contain_text("M1 was sent to V-1.")
    # The list that comes after it must neither take the focus nor the letters.
    page.keyboard.type("side road", delay=150)
    expect(form.get_by_label("Note")).to_have_value("By the side road")
    expect(form.get_by_label("Note")).to_be_focused()
    assert [each["callsign"] for each in sent_to(night, "V-1")] == ["M1"]


def test_enter_sends_nobody_whom_a_new_list_has_just_brought_under_it(night: Night, console: Console) -> None:
    night.on_duty(["M1", "C2"])
    night.call("V-2", units_needed=2)
    page = opened(console, "dispatcher", "V-2", "M1")
    # Pressed in the page, so that no press comes later than it should.
    page.evaluate(
        """() => {
            const press = () => document.activeElement.dispatchEvent(
                new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
            window.pressed = new Promise((done) => document.addEventListener("focusin", () => {
                for (let number = 0; number < 5; number += 1) setTimeout(press, 150 * number);
                setTimeout(done, 750);
            }, { once: true }));
        }"""
    )
    # A letter is not enough to send anybody.
    page.keyboard.press("s")
    page.keyboard.press("Enter")
    expect(officer(page, "C2")).to_be_focused()
    page.evaluate("window.pressed")
    assert [each["callsign"] for each in sent_to(night, "V-2")] == ["M1"]
    ready(page, "C2")
    page.keyboard.press("Enter")
    expect(told(page)).to_contain_text("C2 was sent to V-2.")


def test_enter_is_for_whom_the_focus_is_on_after_a_press_that_became_a_drag(night: Night, console: Console) -> None:
    night.on_duty(["M1", "C2"])
    night.call("V-3")
    page = opened(console, "dispatcher", "V-3", "M1")
    officer(page, "M1").dispatch_event("pointerdown")
    page.evaluate("dispatchEvent(new PointerEvent('pointercancel'))")
    page.keyboard.press("ArrowDown")
    ready(page, "C2")
    page.keyboard.press("Enter")
    expect(page.get_by_role("form", name="Why C2?")).to_be_visible()
    assert sent_to(night, "V-3") == []


def test_what_is_being_sent_is_known_after_the_incident_was_left(night: Night, console: Console) -> None:
    night.on_duty(["M1"])
    night.call("V-4")
    night.call("V-5", BURGLARY, "standard")
    page = opened(console, "dispatcher", "V-4", "M1")
    console.context.route(SENDING, lambda route: route.abort())
    page.keyboard.press("Enter")
    expect(officer(page, "M1")).to_contain_text("kept, waits for the connection")
    page.locator("#lists [data-item='i:V-5']").click()
    expect(page.get_by_role("heading", name="V-5 No type given")).to_be_visible()
    page.locator("#lists [data-item='i:V-4']").click()
    expect(officer(page, "M1")).to_contain_text("kept, waits for the connection")
    ready(page, "M1")
    page.keyboard.press("Enter")
    expect(actions(page)).to_have_count(1)
    console.context.unroute(SENDING)
    expect(page.locator("#lists [data-item='i:V-4']")).to_contain_text("1 of 1 sent")
    expect(actions(page)).to_have_count(0)
    assert [each["callsign"] for each in sent_to(night, "V-4")] == ["M1"]


def test_an_incident_that_was_refused_in_passing_is_asked_for_again(night: Night, console: Console) -> None:
    night.on_duty(["M1"])
    night.call("V-6")
    busy = '{"title": "Too many requests", "status": 429}'
    asked = re.compile(r"/v1/incidents/V-6$")
    console.context.route(
        asked, lambda route: route.fulfill(status=429, content_type="application/problem+json", body=busy)
    )
    page = console.sign_in("dispatcher", "#/board/V-6")
    expect(page.locator("#incident").get_by_role("alert").first).to_have_text("Too many requests")
    console.context.unroute(asked)
    expect(officer(page, "M1")).to_be_visible()


def test_an_incident_that_was_opened_as_the_session_ended_is_there_after_signing_in(
    night: Night, console: Console
) -> None:
    night.on_duty(["M1"])
    night.call("V-7")
    page = console.sign_in("dispatcher", "#/board")
    expect(page.locator("#lists [data-item='i:V-7']")).to_be_visible()
    asked = console.context.request
    token = asked.get(f"{console.origin}/v1/session").json()["csrf_token"]
    asked.delete(f"{console.origin}/v1/session", headers={"X-CSRF-Token": token})
    page.evaluate("location.hash = '#/board/V-7'")
    expect(page.get_by_role("dialog").get_by_label("Password")).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(officer(page, "M1")).to_be_visible()


def test_a_nearer_unit_from_which_no_road_leads_is_told_of(night: Night, console: Console) -> None:
    night.on_duty(["M1", "H1"])
    night.call("V-8")
    lat, lon = (float(night.rows["H1"][name]) for name in ("lat", "lon"))
    west, east, south, north = lon - 0.004, lon + 0.004, lat - 0.002, lat + 0.002
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    area = {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {"name": "Fire at the quay", "factor": 0},
    }
    night.post("/v1/closures", {"closure_id": "Fire at the quay", "feature": area})
    try:
        page = opened(console, "dispatcher", "V-8", "M1")
        nearer = r"H1 is 718 m away in a straight line: unreachable: no road leads from there"
        expect(page.locator(".why")).to_contain_text(re.compile(nearer))
    finally:
        night.post("/v1/closures/Fire%20at%20the%20quay/lift", {})


def test_lists_by_grade_and_time_left_and_what_units_do(night: Night, console: Console) -> None:
    night.on_duty(["M1", "C2", "O7"])
    # Three minutes by the nearest minute, for most of one still.
    night.on_duty(["C7"], ago_s=155)
    night.on_duty(["L2"], status=None)
    night.call("T-1", grade="standard", type="Theft")
    night.call("T-2", grade="priority", type="Shoplifter held")
    night.call("T-3", type="Two needed", units_needed=2)
    night.call("T-4", grade="resolved_without_deployment", type="Lost purse")
    night.call("T-5", grade="priority", type="Somebody is there", tags=["domestic_abuse"])
    night.send("T-5", "C2")
    page = console.sign_in("dispatcher", "#/board")
    waiting = page.get_by_role("region", name="Waiting for units (4)")
    # One officer alone does not do for domestic abuse: it waits on.
    expect(waiting.locator(".ident")).to_have_text(["T-3", "T-2", "T-5", "T-1"])
    expect(waiting.get_by_role("button").first).to_contain_text(
        re.compile(r"Emergency.*14:\d\d left.*T-3.*0 of 2 sent", re.DOTALL)
    )
    expect(page.get_by_role("region", name="Resolved without sending (1)")).to_contain_text("T-4")
    units = page.get_by_role("region", name="Units on duty (5)")
    expect(units.get_by_role("heading", level=3)).to_have_text(
        [re.compile("Free.*2"), re.compile("Busy.*2"), re.compile("Status not known.*1")]
    )
    expect(units).to_contain_text(re.compile(r"C7\s*Refreshments\s*3 min ago"))
    expect(units).to_contain_text(re.compile(r"O7\s*On patrol\s*no position"))
    expect(units).to_contain_text(re.compile(r"C2\s*On patrol\s*for T-5"))
    expect(units).to_contain_text(re.compile(r"L2\s*No status known"))
    page.locator("[data-item='i:T-3']").focus()
    for key, item in (
        ("ArrowDown", "i:T-2"),
        ("End", "u:L2"),
        ("Home", "i:T-3"),
        ("ArrowRight", "i:T-4"),
        ("ArrowLeft", "i:T-3"),
    ):
        page.keyboard.press(key)
        expect(page.locator(f"[data-item='{item}']")).to_be_focused()
    # What had the focus has gone: it goes to what stands in its place, never to nothing.
    night.post("/v1/incidents/T-3/cancel", {"because": "false alarm"})
    expect(page.locator("[data-item='i:T-2']")).to_be_focused()


def test_rows_stay_where_they_are_while_somebody_aims(night: Night, console: Console) -> None:
    night.call("X-1", grade="standard")
    page = console.sign_in("dispatcher", "#/board")
    row = page.locator("[data-item='i:X-1']")
    expect(row).to_be_visible()
    moves = """one => {
        const move = () => one.dispatchEvent(new PointerEvent("pointermove", { bubbles: true }));
        move();
        window.aiming = setInterval(move, 50);
    }"""
    row.evaluate(moves)
    night.call("X-2")
    page.wait_for_timeout(1000)
    assert page.locator(".cases .ident").all_inner_texts() == ["X-1"]
    page.evaluate("clearInterval(window.aiming)")
    expect(page.locator(".cases .ident")).to_have_text(["X-2", "X-1"])


def test_enter_opens_nothing_that_has_just_come_under_the_focus(night: Night, console: Console) -> None:
    night.call("X-3")
    night.call("X-4", grade="standard")
    page = console.sign_in("dispatcher", "#/board")
    page.locator("[data-item='i:X-3']").focus()
    # At once, as a finger that was on its way to the key.
    page.evaluate(
        """() => document.addEventListener("focusin", (event) => event.target.dispatchEvent(
            new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true })), { once: true })"""
    )
    night.post("/v1/incidents/X-3/cancel", {"because": "false alarm"})
    expect(page.locator("[data-item='i:X-4']")).to_be_focused()
    expect(page).to_have_url(re.compile(r"#/board$"))
    page.wait_for_timeout(800)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"#/board/X-4$"))


def test_only_who_counts_as_the_response_stops_the_clock(
    browser: Browser, gothenburg_file: Path, tmp_path: Path
) -> None:
    rules = (SAMPLE / "force.toml").read_text(encoding="utf-8")
    label = 'label = "Mental health"'
    assert label in rules
    (tmp_path / "force.toml").write_text(rules.replace(label, f"{label}\nstops_clock = false"), encoding="utf-8")
    told = {"NEAREST_GRAPH": str(gothenburg_file), "NEAREST_FORCE": str(tmp_path / "force.toml")}
    with serving(NEAREST_PERSON_REQUESTS_PER_S="0", **told) as port:
        night = Night(port)
        night.on_duty(["M1"])
        night.on_duty(["C2"], skills=[])
        for incident_id, callsign in (("X-5", "M1"), ("X-6", "C2")):
            night.call(incident_id)
            night.send(incident_id, callsign)
            night.step(incident_id, callsign, "en-route")
            night.step(incident_id, callsign, "at-scene")
        with closing(mapless(browser, night)) as console:
            page = console.sign_in("dispatcher", "#/board")
            expect(page.locator("[data-item='i:X-6'] .left")).to_have_text("Unit there")
            expect(page.locator("[data-item='i:X-5'] .left")).to_have_text(re.compile(r"14:\d\d left"))


def test_late_ones_count_below_zero(night: Night, console: Console) -> None:
    night.call("W-1", received_at=ago(960))
    page = console.sign_in("dispatcher", "#/board")
    expect(page.locator("[data-item='i:W-1'] .left")).to_have_text(re.compile(r"-1:\d\d late"))


@pytest.mark.parametrize(("size", "theme"), [((1280, 720), "dark"), ((2560, 1440), "light"), (ZOOMED, "light")])
def test_everything_is_within_reach_on_every_screen(
    browser: Browser, night: Night, size: tuple[int, int], theme: str
) -> None:
    night.on_duty(["M1", "H1", "C2", "C3", "L1", "M7", "O7"])
    number = f"{size[0]}-{theme}"
    night.call(f"S-{number}", BURGLARY, "standard", type="Burglary found on return")
    night.send(f"S-{number}", "C3")
    night.call(
        number,
        type="Screaming in a flat",
        tags=["domestic_abuse"],
        address="Karl Johansgatan 20, Göteborg",
        people=["Anna Svensson"],
    )
    with closing(Console(browser, night.port, size, theme)) as console:
        page = opened(console, "dispatcher", number, "M1")
        expect(officer(page, "M1")).to_be_in_viewport()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        for name in ("Send M1", "Regrade r", "New incident n"):
            button = page.get_by_role("button", name=name)
            button.scroll_into_view_if_needed()
            expect(button).to_be_in_viewport()
        cut = page.locator("#ranked .officer, .case, .unit, .details").evaluate_all(
            "each => each.filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.textContent)"
        )
        assert cut == []
        assert console.violations() == []
        page.get_by_role("heading", name="Screaming in a flat").scroll_into_view_if_needed()
        console.picture(f"board-{number}")
