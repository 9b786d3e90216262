"""The auditor's page in a real browser: a replay from question to report, and one incident of it moment by moment."""

from __future__ import annotations

import csv
import json
import re
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from api.jobs import Standing, write
from api.replays import Replays
from browsers import Console, holding
from desks import Room
from dispatch import incidents
from dispatch.force import Force
from dispatch.model import Fix
from dispatch.record import iso
from dispatch.store import Report, Store
from evenings import end
from graphs.network import Network
from jobs import end_all, held, until
from map_pictures import Seen, canvas
from nights import FLAT, SAMPLE
from nightshift import NOW
from running import ask, serving
from scenarios.csv_out import write_files
from scenarios.import_asked import asked_of
from scenarios.import_out import bring_in

# At 200 % a page of 1280 by 720 has half the pixels of its style sheet.
ZOOMED = (640, 360)
# Its processes compile what they need, where nobody has before.
REPLAY_S = 180
STOCKHOLM = ZoneInfo("Europe/Stockholm")


class Played:
    """A night at a desk of Gothenburg: sent across the river, with what was known and what was told too late."""

    def __init__(self, room: Room) -> None:
        self.room = room
        with (SAMPLE / "units.csv").open(newline="", encoding="utf-8") as lines:
            rows = {row["callsign"]: row for row in csv.DictReader(lines)}
        named = ("M1", "M2", "H1", "C1")
        self.places = {name: (float(rows[name]["lat"]), float(rows[name]["lon"])) for name in named}
        for name in ("M1", "M2", "H1"):
            room.on_duty(name, self.places[name], skills=[each for each in rows[name]["skills"].split(";") if each])
        room.later(60)
        self.across_the_river()
        self.nearest("N-2")
        room.receive("N-3", FLAT, "priority")
        room.later(60)

    def across_the_river(self) -> None:
        room = self.room
        room.receive("N-1", FLAT, "priority", tags=["domestic_abuse"], phone="031 700 12 34", people=["Anna Svensson"])
        room.later(10)
        room.do(partial(incidents.regraded, incident_id="N-1", grade="emergency", because="screaming", at=room.now))
        # True now, but told only in ten minutes.
        hidden = Fix(*self.places["C1"], room.now, 0.0)
        room.later(20)
        for name in ("M1", "H1"):
            room.fix(name, self.places[name])
        self.sent("N-1", "H1")
        room.later(600)
        room.desk.report([Report("M2", hidden, room.now, "radios", None)])
        room.close_road("works", "Götatunneln")
        room.later(100)
        self.over("N-1", "H1")

    def nearest(self, incident_id: str) -> None:
        room = self.room
        for name in ("M1", "M2", "H1"):
            room.fix(name, self.places[name])
        room.receive(incident_id, FLAT)
        room.later(20)
        self.sent(incident_id, "M1")
        room.later(300)
        self.over(incident_id, "M1")

    def sent(self, incident_id: str, callsign: str) -> None:
        room = self.room
        seq, made = room.keep(incident_id)
        room.send(incident_id, callsign, fresh=made, recommendation=seq, reason="local_knowledge", confirm=True)
        room.later(15)
        room.step(incident_id, callsign, "en_route")

    def over(self, incident_id: str, callsign: str) -> None:
        room = self.room
        room.fix(callsign, FLAT)
        room.step(incident_id, callsign, "at_scene")
        room.later(900)
        room.step(incident_id, callsign, "clear")
        end(room, incident_id)
        room.later(60)


@dataclass
class Service:
    port: int
    replays: Replays

    def post(self, body: Any) -> str:
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
        status, told = ask(self.port, "POST", "/v1/replays", json.dumps(body).encode(), headers)
        assert status == 202, told
        name: str = json.loads(told)["replay_id"]
        return name

    def replay(self, name: str) -> Any:
        return json.loads(ask(self.port, "GET", f"/v1/replays/{name}")[1])


@pytest.fixture(scope="module")
def service(gothenburg: Network, gothenburg_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("audit")
    force, database = SAMPLE / "force.toml", f"sqlite:///{folder / 'desk.sqlite'}"
    room = Room(database, gothenburg, Force.read(force))
    Played(room)
    with closing(Store(database, lambda: room.now, read_only=True)) as store, store.reading() as reading:
        write_files(reading, folder / "files")
    room.close()
    (folder / "records").mkdir()
    bring_in(asked_of(folder / "files", "record", gothenburg_file, force), folder / "records" / "january", room.now)
    told = {"NEAREST_GRAPH": str(gothenburg_file), "NEAREST_FORCE": str(force), "NEAREST_DATABASE_URL": database}
    told |= {"NEAREST_REPLAYS_DIR": str(folder / "replays"), "NEAREST_RECORDS_DIR": str(folder / "records")}
    try:
        with serving(NEAREST_PERSON_REQUESTS_PER_S="0", **told) as port:
            yield Service(port, Replays(folder / "replays"))
    finally:
        end_all(folder, "job_runner", "replay_job")


@pytest.fixture(scope="module")
def done(service: Service) -> str:
    """The name of a replay that is done."""
    name = service.post({"source": {"record": {}}})
    end_at = time.monotonic() + REPLAY_S
    while service.replay(name)["finished_at"] is None and time.monotonic() < end_at:
        time.sleep(0.1)
    assert service.replay(name)["state"] == "done", service.replay(name)
    return name


@pytest.fixture
def console(browser: Browser, service: Service) -> Iterator[Console]:
    with closing(Console(browser, service.port)) as made:
        yield made


def opened(console: Console, name: str, incident_id: str) -> Page:
    """Open an incident of a replay, and wait until what was known at its decision is told."""
    page = console.sign_in("auditor", f"#/audit/{name}/{incident_id}")
    expect(then(page)).to_contain_text("Known at")
    return page


def then(page: Page) -> Locator:
    return page.get_by_role("heading", name=re.compile("^Known at"))


def line(page: Page, callsign: str) -> Locator:
    return page.locator(f".ledger [data-callsign='{callsign}']")


def current(page: Page) -> Locator:
    return page.locator(".moments [aria-current='step']")


def hindsight(page: Page) -> Locator:
    return page.get_by_role("region", name="Hindsight")


def test_a_folder_is_replayed_and_its_report_read(service: Service, console: Console) -> None:
    page = console.sign_in("auditor", "#/audit")
    page.get_by_label("An imported folder").check()
    page.get_by_role("combobox", name="Folder").select_option("january")
    page.get_by_label("Why you look").fill("månadens granskning")
    console.picture("audit-start")
    page.get_by_role("button", name="Start the replay").click()
    expect(page.get_by_role("heading", name=re.compile("^Folder january, "))).to_be_visible()
    expect(page.get_by_role("heading", name="Was the nearest officer sent?")).to_be_visible(timeout=REPLAY_S * 1000)
    expect(page.locator(".standing")).to_have_text(re.compile("done"))
    headline = page.locator(".headline")
    expect(headline).to_contain_text("50% (1 of 2; 95% interval ")
    expect(headline.locator(".counts div").filter(has_text="A nearer unit could have been sent")).to_contain_text("1")
    with console.context.expect_page() as report:
        page.get_by_role("link", name="Report").click()
    expect(report.value.get_by_role("heading").first).to_be_visible()
    report.value.close()
    page.get_by_text(re.compile(r"^\d+ files$")).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="verdicts.csv").click()
    assert download.value.path().read_text("utf-8").startswith("incident_id,")
    looks = json.loads(ask(service.port, "GET", "/v1/record?subject=list%20replayAsked")[1])["events"]
    assert [each["payload"]["reason"] for each in looks if each["payload"]["folder"]] == ["månadens granskning"]
    page.get_by_role("link", name="All replays").click()
    expect(page.locator(".replays li").first).to_contain_text(
        re.compile(r"Folder january.*asked by auditor.*done", re.DOTALL)
    )


def test_a_period_of_the_record_is_replayed(console: Console, service: Service) -> None:
    page = console.sign_in("auditor", "#/audit")
    local = NOW.astimezone(STOCKHOLM)
    page.get_by_label("From").fill(local.strftime("%Y-%m-%dT%H:%M"))
    page.get_by_label("To", exact=True).fill(local.replace(hour=23, minute=59).strftime("%Y-%m-%dT%H:%M"))
    with held(service.replays):
        page.get_by_role("button", name="Start the replay").click()
        expect(page.get_by_role("heading", name=re.compile("^Record, "))).to_be_visible()
        expect(page.locator(".standing")).to_have_text("waits")
        name = page.url.rpartition("/")[2]
        asked = service.replay(name)
        assert (asked["from"], asked["folder"]) == (iso(NOW), None)
        page.get_by_role("button", name="Cancel the replay").click()
        expect(page.locator(".standing")).to_have_text("cancelled")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Remove the replay").click()
    expect(page.get_by_role("heading", name="Replays")).to_be_visible()
    expect(page.locator(f"a[href='#/audit/{name}']")).to_have_count(0)
    assert service.replays.find(name) is None


def test_a_list_that_was_left_is_asked_for_no_more(console: Console, service: Service) -> None:
    page = console.sign_in("auditor", "#/audit")
    asked: list[Route] = []

    def hold(route: Route) -> None:
        asked.append(route)

    with held(service.replays):
        name = service.post({"source": {"record": {}}})
        page.reload()
        expect(page.locator(f"a[href='#/audit/{name}']")).to_be_visible()
        page.route("**/v1/replays", hold)
        with page.expect_request("**/v1/replays"):
            pass
        # Left while the list is asked for.
        page.evaluate("name => { location.hash = `#/audit/${name}`; }", name)
        expect(page.locator(".standing")).to_have_text("waits")
        before = len(asked)
        page.wait_for_timeout(5000)
        assert len(asked) == before
        page.unroute("**/v1/replays")
        page.get_by_role("button", name="Cancel the replay").click()
        expect(page.locator(".standing")).to_have_text("cancelled")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Remove the replay").click()
    expect(page.get_by_role("heading", name="Replays")).to_be_visible()


def test_a_page_that_was_left_while_it_was_loaded_takes_nothing_with_it(console: Console, done: str) -> None:
    held_back = holding(console.page, "**/v1/force")
    page = console.sign_in("auditor", "#/audit")
    until(lambda: page.wait_for_timeout(20) or held_back, "the first page is being loaded")
    page.evaluate("name => { location.hash = `#/audit/${name}`; }", done)
    page.unroute("**/v1/force")
    for route in held_back:
        route.fallback()
    expect(page.locator(".found tbody th")).to_have_text(["N-1", "N-2", "N-3"])


def test_a_reason_is_kept_for_who_gave_it(console: Console) -> None:
    page = console.sign_in("auditor", "#/audit")
    page.get_by_label("Why you look").fill("monthly review")
    page.get_by_label("Why you look").press("Tab")
    page.reload()
    expect(page.get_by_label("Why you look")).to_have_value("monthly review")
    # As another person at this tab would have it.
    page.evaluate(
        """() => {
            const given = sessionStorage.getItem("nearest.audit.reason.auditor");
            sessionStorage.setItem("nearest.audit.reason.planner", given);
            sessionStorage.removeItem("nearest.audit.reason.auditor");
        }"""
    )
    page.reload()
    expect(page.get_by_label("Why you look")).not_to_have_value("monthly review")


def test_what_is_refused_is_told_where_it_was_asked(console: Console) -> None:
    page = console.sign_in("auditor", "#/audit")
    page.get_by_label("From").fill("2026-02-01T00:00")
    page.get_by_label("To", exact=True).fill("2026-01-01T00:00")
    page.get_by_role("button", name="Start the replay").click()
    expect(page.locator(".start [role=alert]")).to_contain_text("a moment before to")
    page.get_by_text("What if", exact=True).click()
    page.get_by_label("From").fill("2026-01-01T00:00")
    page.get_by_label("To", exact=True).fill("2026-02-01T00:00")
    page.get_by_label("Changes to compare with").fill("[[change]")
    page.get_by_role("button", name="Start the replay").click()
    expect(page.locator(".start [role=alert]")).to_contain_text("what_if")
    # What was typed is not lost.
    expect(page.get_by_label("From")).to_have_value("2026-01-01T00:00")


def test_incidents_are_found_by_what_is_said_of_them(console: Console, done: str) -> None:
    page = console.sign_in("auditor", f"#/audit/{done}")
    rows = page.locator(".found tbody th")
    expect(rows).to_have_text(["N-1", "N-2", "N-3"])
    for label, choice, found in (
        ("Verdict", "A nearer unit could have been sent (1)", ["N-1"]),
        ("Cause", "A reason was recorded (1)", ["N-1"]),
        ("Grade", re.compile(r"^Priority"), ["N-3"]),
        ("Domestic abuse", "domestic abuse (1)", ["N-1"]),
    ):
        choices = page.get_by_role("combobox", name=label)
        text = choices.locator("option").filter(has_text=choice).inner_text()
        choices.select_option(label=text)
        expect(rows).to_have_text(found)
        choices.select_option(label="all")
        expect(rows).to_have_text(["N-1", "N-2", "N-3"])
    page.get_by_role("combobox", name="Verdict").select_option(label="Nothing to judge (1)")
    expect(page.locator(".found tbody tr")).to_contain_text(["Nothing to judge. Nobody was sent"])
    page.get_by_role("combobox", name="Domestic abuse").select_option(label="domestic abuse (1)")
    expect(page.get_by_text("No incident fits.")).to_be_visible()
    page.get_by_role("combobox", name="Verdict").select_option(label="all")
    page.get_by_role("link", name="N-1").click()
    expect(then(page)).to_be_visible()
    # The way back leads to what was found.
    page.get_by_role("link", name="Back to the replay").click()
    expect(rows).to_have_text(["N-1"])


def test_many_incidents_are_read_part_by_part(console: Console, done: str) -> None:
    def fewer(route: Route) -> None:
        route.fallback(url=route.request.url.replace("limit=100", "limit=1"))

    console.page.route("**/incidents?*", fewer)
    page = console.sign_in("auditor", f"#/audit/{done}")
    rows, count = page.locator(".found tbody th"), page.locator(".found [role=status]")
    follow, before = (page.get_by_role("button", name=name) for name in ("Those that follow", "Those before"))
    expect(rows).to_have_text(["N-1"])
    expect(before).to_be_disabled()
    follow.click()
    expect(rows).to_have_text(["N-2"])
    follow.press("Enter")
    expect(rows).to_have_text(["N-3"])
    expect(count).to_have_text("3 incidents, 3 to 3 shown")
    expect(follow).to_be_disabled()
    # The way back leads to where one had read.
    page.get_by_role("link", name="N-3").click()
    expect(then(page)).to_be_visible()
    page.get_by_role("link", name="Back to the replay").click()
    expect(rows).to_have_text(["N-3"])
    before.click()
    expect(rows).to_have_text(["N-1"])
    follow.click()
    expect(rows).to_have_text(["N-2"])
    # Another choice begins anew.
    page.get_by_role("combobox", name="Verdict").select_option(label="Nothing to judge (1)")
    expect(rows).to_have_text(["N-3"])


def test_a_replay_that_failed_says_what_is_wrong(console: Console, service: Service) -> None:
    fault = {
        "source": "units.csv",
        "where": "row 7",
        "field": "lat",
        "value": "5",
        "accepted": "a latitude",
        "hint": "",
    }
    with held(service.replays):
        name = service.post({"source": {"record": {}}})
        replay = service.replays.find(name)
        assert replay is not None
        service.replays.stand(replay, Standing("running", 1, "2026-01-31T23:10:00Z"))
        write(replay.folder / "outcome.json", {"because": "the records are not as imported", "faults": [fault]})
    page = console.sign_in("auditor", f"#/audit/{name}")
    expect(page.locator(".standing")).to_contain_text("failed")
    expect(page.get_by_text("the records are not as imported")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="units.csv row 7 lat")).to_contain_text("a latitude")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Remove the replay").click()
    expect(page.get_by_role("heading", name="Replays")).to_be_visible()


def test_an_incident_is_stepped_through_moment_by_moment(console: Console, done: str) -> None:
    page = opened(console, done, "N-1")
    expect(page.get_by_role("heading", name="Incident N-1 (Emergency, Domestic abuse)")).to_be_visible()
    expect(page.locator(".moments button")).to_have_text([
        re.compile("Received \\(Priority\\)"), re.compile("Regraded \\(Emergency\\)"), re.compile("Decision: sent H1"),
        re.compile("On the way H1"), re.compile("At scene H1"), re.compile("Over H1 \\(clear\\)"), re.compile("Closed"),
    ])  # fmt: skip
    # It begins at the decision: who could go by what was known.
    expect(current(page)).to_contain_text("Decision: sent H1")
    expect(then(page)).to_contain_text("0:30 after it began")
    expect(page.get_by_text("Suggested then: M1.")).to_be_visible()
    expect(line(page, "M1")).to_contain_text(re.compile(r"sooner at the decision.*fix 0:00 old.*Yes\.", re.DOTALL))
    expect(line(page, "M2")).to_contain_text("fix 1:30 old")
    expect(line(page, "H1")).to_contain_text(re.compile(r"was then sent.*Yes\.", re.DOTALL))
    expect(page.locator(".went")).to_contain_text(re.compile(r"Sent first: H1.*M1 could have been there in", re.DOTALL))

    # What was told too late stands apart, under its name.
    expect(hindsight(page).get_by_role("listitem")).to_have_text([
        re.compile(r"M2 was elsewhere: a position of 00:11:10, which came 00:21:"),
    ])  # fmt: skip

    page.get_by_role("button", name="Previous moment").click()
    expect(current(page)).to_contain_text("Regraded")
    expect(page.locator(".incident-then")).to_contain_text("Emergency · Domestic abuse · 1 unit needed")
    page.get_by_role("button", name="Previous moment").click()
    expect(page.locator(".incident-then")).to_contain_text("Priority")
    expect(line(page, "M1")).to_contain_text("fix 1:00 old")
    expect(page.get_by_role("button", name="Previous moment")).to_be_disabled()

    page.locator(".moments button").filter(has_text="At scene H1").click()
    expect(page.get_by_role("heading", name="Who could have gone, had it been asked again then")).to_be_visible()
    expect(line(page, "H1")).to_contain_text(re.compile(r"was sent.*for N-1", re.DOTALL))
    # By then it was known.
    expect(hindsight(page)).to_contain_text("Nothing of this moment was entered later.")
    expect(line(page, "M2")).to_contain_text("fix 12:15 old")


def test_the_map_shows_what_was_known_and_hindsight_when_asked(console: Console, done: str) -> None:
    page = opened(console, done, "N-1")
    chart = page.locator(".road-map")
    expect(chart).to_have_attribute("aria-busy", "false")
    box = page.locator(".road-map .maplibregl-canvas").bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) > 250
    # Whoever is pointed at there is found in the list.
    with (SAMPLE / "units.csv").open(newline="", encoding="utf-8") as lines:
        place = next((float(row["lat"]), float(row["lon"])) for row in csv.DictReader(lines) if row["callsign"] == "M1")
    x, y = Seen(page).pixel(place)
    canvas(page).click(position={"x": x, "y": y})
    expect(line(page, "M1")).to_have_class(re.compile("picked"))
    expect(line(page, "M1")).to_be_in_viewport()
    expect(chart).to_have_attribute("aria-busy", "false")
    known = chart.screenshot()
    assert len(known) > 20_000
    page.get_by_label("Show it on the map").check()
    expect(chart).to_have_attribute("aria-busy", "false")
    until(lambda: chart.screenshot() != known, "the map shows more")
    console.picture("audit-incident-hindsight")
    page.get_by_label("Show it on the map").uncheck()
    page.get_by_role("button", name="Next moment").click()
    page.get_by_role("button", name="Next moment").click()
    expect(current(page)).to_contain_text("At scene H1")
    until(lambda: chart.screenshot() != known, "the units stand elsewhere")


def test_all_of_it_without_a_mouse(console: Console, done: str) -> None:
    page = console.sign_in("auditor", f"#/audit/{done}")
    link = page.get_by_role("link", name="N-1")
    expect(link).to_be_visible()
    for _ in range(40):
        page.keyboard.press("Tab")
        if link.evaluate("each => each === document.activeElement"):
            break
    expect(link).to_be_focused()
    page.keyboard.press("Enter")
    slider = page.get_by_role("slider", name="Moment looked at")
    expect(slider).to_be_focused()
    expect(slider).to_have_attribute("aria-valuetext", re.compile("0:30 after it began; last: Decision: sent H1"))
    page.keyboard.press("ArrowRight")
    expect(then(page)).to_contain_text("0:35 after it began")
    page.keyboard.press("Shift+ArrowRight")
    expect(then(page)).to_contain_text("1:35 after it began")
    expect(line(page, "M1")).to_contain_text("fix 1:05 old")
    page.keyboard.press("ArrowLeft")
    expect(then(page)).to_contain_text("1:30 after it began")
    page.keyboard.press("p")
    expect(current(page)).to_contain_text("On the way H1")
    page.keyboard.press("n")
    expect(current(page)).to_contain_text("At scene H1")
    page.keyboard.press("d")
    expect(current(page)).to_contain_text("Decision")
    expect(then(page)).to_contain_text("0:30 after it began")
    page.keyboard.press("Home")
    expect(current(page)).to_contain_text("Received")
    # Keys hold wherever the focus is within the incident.
    page.keyboard.press("Tab")
    page.keyboard.press("n")
    expect(current(page)).to_contain_text("Regraded")
    # The way of a unit is shown before those of others.
    unit = line(page, "H1").get_by_role("button", name="H1")
    unit.press("Enter")
    expect(unit).to_have_attribute("aria-pressed", "true")
    expect(line(page, "H1")).to_have_class(re.compile("picked"))
    unit.press("Enter")
    expect(unit).to_have_attribute("aria-pressed", "false")


def test_records_that_tell_less_are_looked_at_by_what_they_tell(console: Console, done: str) -> None:
    def without_roads(route: Route) -> None:
        told = route.fetch().json()
        road = {
            "kind": "closure",
            "name": "Götatunneln",
            "at": None,
            "known_at": told["at"],
            "callsigns": [],
            "value": None,
        }
        told |= {"recommendation": None, "why_not": "no_roads", "ways": [], "later": [road]}
        route.fulfill(json=told)

    console.page.route("**/known?*", without_roads)
    page = opened(console, done, "N-1")
    could = page.get_by_role("region", name="Who could go")
    expect(could).to_contain_text("no road network")
    expect(could.get_by_role("listitem").filter(has_text="M2")).to_contain_text("1:30")
    expect(hindsight(page)).to_contain_text("Götatunneln was closed: since before, entered 00:11:30")


def test_one_to_whom_nobody_was_sent_can_be_looked_at_too(console: Console, done: str) -> None:
    page = opened(console, done, "N-3")
    expect(page.locator(".verdict")).to_have_text("Nothing to judge. Nobody was sent")
    expect(page.get_by_text("Nobody was sent.", exact=True)).to_be_visible()
    # Nobody knew where anybody was: that is no "yes".
    expect(line(page, "M1")).to_contain_text("No: position is 0:16:00 old")


def test_a_lost_connection_is_told_and_asked_again(console: Console, done: str) -> None:
    page = opened(console, done, "N-2")
    console.cut_off()
    page.locator(".moments button").first.click()
    alert = page.locator(".look-facts [role=alert]")
    expect(alert).to_contain_text("The service does not answer.")
    banner = page.get_by_role("region", name="Connection").get_by_role("alert")
    expect(banner).to_have_text("No connection.")
    # What is shown meanwhile says of which moment it is.
    expect(then(page)).to_contain_text("0:20 after it began")
    console.context.set_offline(False)
    expect(banner).to_have_count(0)
    alert.get_by_role("button", name="Try again").click()
    expect(then(page)).to_contain_text("0:00 after it began")
    expect(alert).to_have_count(0)


def test_what_is_not_there_is_said(console: Console, done: str) -> None:
    page = console.sign_in("auditor", f"#/audit/{done}/N-9")
    expect(page.get_by_role("alert")).to_contain_text("there is no incident N-9 in the replay")
    page.goto(f"{console.origin}/#/audit/{'0' * 16}")
    expect(page.get_by_role("alert").first).to_contain_text("there is no replay")


def test_a_dispatcher_has_no_such_page(console: Console) -> None:
    page = console.sign_in("dispatcher", "#/audit")
    expect(page.get_by_role("link", name="Audit")).to_have_count(0)


@pytest.mark.parametrize(("theme", "size"), [("light", (1280, 720)), ("dark", ZOOMED), ("dark", (2560, 1440))])
def test_each_part_is_fit_for_everybody(
    browser: Browser, service: Service, done: str, theme: str, size: tuple[int, int]
) -> None:
    with closing(Console(browser, service.port, size, theme)) as console:
        page = console.sign_in("auditor", "#/audit")
        expect(page.locator(".replays li").first).to_be_visible()
        fit(console, page, f"audit-{theme}-{size[0]}", page.get_by_role("button", name="Start the replay"))
        page.goto(f"{console.origin}/#/audit/{done}")
        expect(page.get_by_role("link", name="N-3")).to_be_visible()
        fit(console, page, f"audit-replay-{theme}-{size[0]}", page.get_by_role("link", name="N-3"))
        page.get_by_role("link", name="N-1").click()
        expect(then(page)).to_be_visible()
        expect(page.locator(".road-map")).to_have_attribute("aria-busy", "false")
        fit(console, page, f"audit-incident-{theme}-{size[0]}", page.get_by_label("Show it on the map"))


def fit(console: Console, page: Page, name: str, last: Locator) -> None:
    """Nothing is against it by axe, nothing is cut off sideways, and its last part can be reached."""
    console.picture(name)
    assert console.violations() == []
    wide = page.evaluate(
        "() => [...document.querySelectorAll('#page, html')].map((e) => e.scrollWidth - e.clientWidth)"
    )
    assert max(wide) <= 0, name
    last.scroll_into_view_if_needed()
    expect(last).to_be_in_viewport()
