"""The supervisor's page in a real browser: a day put in by HTTP, and the page says exactly that."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

import scenarios.samples.gothenburg
from browsers import Console, holding
from dispatch.store import Store
from running import ask, serving
from tampering import tamper

_keys = itertools.count()
FORCE = Path(scenarios.samples.gothenburg.__file__).parent / "force.toml"
ZONE = ZoneInfo("Europe/Stockholm")
# Far enough apart that no doubt about positions reaches from one to the next.
PLACES = {
    "M1": (57.69564, 11.92479),
    "C1": (57.69673, 11.96736),
    "L1": (57.69517, 11.98010),
    "O2": (57.71575, 12.00406),
    "H2": (57.72703, 11.94576),
}
DONE = re.compile(r"/v1/tasks/.+/done$")
DAY = re.compile(r"/v1/supervision(\?|$)")
NOTE = "Knows the yard from last week"


class Room:
    """A control room that is spoken to by HTTP alone."""

    def __init__(self, port: int) -> None:
        self.port = port

    def tell(self, path: str, body: Any = None) -> Any:
        """Change something; gives the answer."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": f"supervised-{next(_keys)}"}
        status, answer = ask(self.port, "POST", path, json.dumps({} if body is None else body).encode(), headers)
        assert status in {200, 201}, answer
        return json.loads(answer)

    def get(self, path: str) -> Any:
        status, answer = ask(self.port, "GET", path)
        assert status == 200, answer
        return json.loads(answer)

    def supervision(self) -> Any:
        """What the service tells of the days that the page shows."""
        start = (datetime.now(ZONE) - timedelta(hours=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        return self.get(f"/v1/supervision?from={start.astimezone(UTC).isoformat().replace('+00:00', 'Z')}")

    def man(self) -> None:
        """Every unit on duty, with a fix of this moment."""
        now = datetime.now(UTC).isoformat()
        for callsign in PLACES:
            self.tell(f"/v1/units/{callsign}/on-duty", {"status": "2", "crew": 2, "skills": ["response_driver"]})
        rows = [{"callsign": name, "lat": lat, "lon": lon, "fixed_at": now} for name, (lat, lon) in PLACES.items()]
        self.tell("/v1/positions", {"positions": rows})

    def call(self, name: str, near: str, minutes_ago: float = 0, **more: Any) -> None:
        lat, lon = PLACES[near]
        received = datetime.now(UTC) - timedelta(minutes=minutes_ago, seconds=2)
        place = {"lat": lat + 0.0004, "lon": lon + 0.0004, "received_at": received.isoformat()}
        self.tell("/v1/incidents", {"incident_id": name, "grade": "emergency", **place, **more})

    def mark(self, person: str, text: str, days: float, **more: Any) -> None:
        """Place a marker on a victim, for so many days."""
        marker = {"role": "victim", "level": "medium", "person": person, "text": text, "expires_at": hence(days=days)}
        self.tell("/v1/markers", {**marker, **more})

    def send(self, name: str, callsign: str, **more: Any) -> None:
        """Ask who should go, and send."""
        self.tell(f"/v1/incidents/{name}/recommendations")
        self.tell(f"/v1/incidents/{name}/assignments", {"callsign": callsign, **more})

    def attend(self, name: str, callsign: str) -> None:
        for step in ("en-route", "at-scene"):
            self.tell(f"/v1/incidents/{name}/assignments/{callsign}/{step}")

    def end(self, name: str, callsign: str) -> None:
        self.tell(f"/v1/incidents/{name}/assignments/{callsign}/clear")
        self.tell(f"/v1/incidents/{name}/close", {"outcome": "Advice given"})


def a_day(room: Room) -> None:
    """Two sent nearest, one of them late; one sent against the advice; one that still waits too long."""
    room.man()
    room.call("D-1", "C1", tags=["domestic_abuse"], people=["Anna Berg"], address="Avenyn 1")
    room.send("D-1", "C1")
    room.attend("D-1", "C1")
    room.call("D-2", "M1", minutes_ago=40, address="Linnégatan 1")
    room.send("D-2", "M1")
    room.attend("D-2", "M1")
    room.end("D-2", "M1")
    room.call("D-3", "L1", address="Danska vägen 1")
    room.send("D-3", "O2", reason="local_knowledge", note=NOTE)
    room.call("D-4", "H2", minutes_ago=20)
    room.tell("/v1/incidents/D-1/dash", {"ticks": 15})
    room.tell("/v1/tasks", {"incident_id": "D-1", "because": "To hear what was decided", "due_at": hence(hours=2)})


def hence(**more: float) -> str:
    """A moment so long from now."""
    return (datetime.now(UTC) + timedelta(**more)).isoformat()


def address() -> str:
    """Today; yesterday too within an hour of midnight, when some of the day was then."""
    first, last = (
        moment.date().isoformat() for moment in (datetime.now(ZONE) - timedelta(hours=1), datetime.now(ZONE))
    )
    return "#/supervise" if first == last else f"#/supervise/{first}..{last}"


def clock(seconds: float) -> str:
    """Minutes and seconds as the page tells them."""
    minutes, left = divmod(round(seconds), 60)
    return f"{minutes}:{left:02}"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('supervised') / 'desk.sqlite'}"


@pytest.fixture(scope="module")
def room(gothenburg_file: Path, database: str) -> Iterator[Room]:
    told = {"NEAREST_GRAPH": str(gothenburg_file), "NEAREST_FORCE": str(FORCE), "NEAREST_DATABASE_URL": database}
    with serving(**told, NEAREST_PERSON_REQUESTS_PER_S="0", NEAREST_SYSTEM_REQUESTS_PER_S="0") as port:
        made = Room(port)
        a_day(made)
        yield made


@pytest.fixture
def console(browser: Browser, room: Room) -> Iterator[Console]:
    made = Console(browser, room.port)
    yield made
    made.close()


@pytest.fixture(scope="class")
def page(browser: Browser, room: Room) -> Iterator[Page]:
    """The page of a supervisor who stays signed in for a class of tests."""
    made = Console(browser, room.port)
    yield opened(made)
    made.close()


def opened(console: Console) -> Page:
    found = console.sign_in("supervisor", address())
    expect(part(found, "Nearest sent").get_by_role("table")).to_be_visible()
    expect(part(found, "Assess a response")).not_to_contain_text("Loading")
    return found


def part(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def actions(page: Page) -> Locator:
    return page.get_by_role("list", name="Actions that are not confirmed").get_by_role("listitem")


def row(page: Page, section: str, text: str) -> Locator:
    """The row of a list that has a text."""
    return part(page, section).get_by_role("listitem").filter(has_text=text)


def cells(page: Page, measure: str) -> list[str]:
    """What stands in a row of the table of rates: all, domestic abuse, other."""
    found = (
        part(page, "Nearest sent")
        .get_by_role("row")
        .filter(has=page.get_by_role("rowheader", name=measure, exact=True))
    )
    return [text.replace("\u00a0", " ").strip() for text in found.get_by_role("cell").all_inner_texts()]


class TestDay:
    def test_the_rate_stands_with_its_interval_and_both_denominators(self, page: Page) -> None:
        rates = ["2 of 3, 67 % (21 to 94 %)", "1 of 1, 100 % (21 to 100 %)", "1 of 2, 50 % (9 to 91 %)"]
        assert cells(page, "Nearest sent, where it can be told") == rates
        assert cells(page, "Nearest sent, of all attended: unknown counts as not") == rates
        assert cells(page, "Not known whether the nearest was sent") == ["0 of 3", "0 of 1", "0 of 2"]
        assert cells(page, "A nearer unit passed over beyond doubt") == ["1 of 3", "0 of 1", "1 of 2"]
        assert cells(page, "Nobody there yet")[0] == "1 beyond the target, 1 within it or not begun"
        expect(part(page, "Nearest sent")).to_contain_text("Nobody was sent: 1")
        drawn = part(page, "Nearest sent").get_by_role("img").first
        assert drawn.get_attribute("aria-label") == rates[0].replace(" %", "\u00a0%")

    def test_nobody_goes_for_a_percentage_that_stands_alone(self, page: Page) -> None:
        """Each share on the page follows what it was counted of."""
        page.get_by_text("More measures").first.click()
        text = page.locator("#page").inner_text().replace("\u00a0", " ")
        shares = re.findall(r"[^\n]*\d %", text)
        assert len(shares) > 10
        bare = [share for share in shares if not re.search(r"\d of \d+, \d+(\.\d)? % \(|95 %", share)]
        assert bare == []

    def test_an_override_says_who_when_why_and_what_it_cost(self, page: Page, room: Room) -> None:
        (group,) = room.supervision()["overrides"]
        (sent,) = group["sent"]
        found = row(page, "Sent against the advice", "D-3")
        for text in (
            "O2 sent at",
            "by system:demonstration",
            "Suggested: L1",
            NOTE,
            f"{clock(sent['given_up_s'])} given up",
        ):
            expect(found).to_contain_text(text)
        expect(part(page, "Sent against the advice")).to_contain_text(
            "Local knowledge of the road or the place: 1, of these domestic abuse 0"
        )
        passed = row(page, "A nearer unit passed over", "D-3")
        expect(passed).to_contain_text(f"L1 was nearer by {clock(sent['given_up_s'])}")

    def test_who_still_waits_comes_first_and_the_time_runs(self, page: Page, room: Room) -> None:
        late = {each["incident_id"]: each for each in room.supervision()["late"]}
        names = part(page, "Late responses").get_by_role("listitem").get_by_role("link")
        expect(names).to_have_text(["D-4", "D-2"])
        expect(row(page, "Late responses", "D-2")).to_contain_text(f"{clock(late['D-2']['late_s'])} late")
        waiting = row(page, "Late responses", "D-4")
        expect(waiting).to_contain_text("still waiting")
        running = waiting.locator(".running")
        before = running.inner_text()
        expect(running).not_to_have_text(before)
        assert before > "5:00"

    def test_what_is_due_is_there(self, page: Page) -> None:
        expect(row(page, "Reviews due", "D-1")).to_contain_text("risk high")
        expect(row(page, "Tasks", "D-1")).to_contain_text("Keep the victim informed")
        expect(part(page, "Markers ending")).to_contain_text("No marker ends within 14 days.")


class TestLive:
    def test_what_happens_is_there_at_once_and_nothing_is_asked_while_nothing_happens(
        self, page: Page, room: Room
    ) -> None:
        asked = list[str]()
        page.on("request", lambda request: asked.append(request.url))
        link = row(page, "Late responses", "D-4").get_by_role("link")
        link.focus()
        room.call("D-5", "O2", minutes_ago=18)
        expect(part(page, "Late responses").get_by_role("link")).to_have_text(["D-4", "D-5", "D-2"])
        # The list was drawn anew around the focus.
        expect(link).to_be_focused()
        assert [url for url in asked if "/v1/supervision" in url] != []
        asked.clear()
        began = row(page, "Late responses", "D-5").locator(".running")
        for _ in range(3):
            text = began.inner_text()
            expect(began).not_to_have_text(text)
        # Closures are asked for each minute, because one that begins is told by no event.
        assert [url for url in asked if not url.endswith(("/healthz", "/v1/closures"))] == []
        room.tell("/v1/incidents/D-5/cancel", {"because": "A hoax"})
        expect(row(page, "Late responses", "D-5")).to_have_count(0)

    def test_one_that_becomes_late_by_time_alone_is_there_then(self, page: Page, room: Room) -> None:
        room.call("D-6", "O2", minutes_ago=15 - 4 / 60)
        expect(row(page, "Late responses", "D-6")).to_contain_text("still waiting")

    def test_other_days_are_other_days(self, page: Page) -> None:
        page.get_by_role("button", name="A day earlier").click()
        expect(page).to_have_url(re.compile(r"#/supervise/\d{4}-\d\d-\d\d"))
        # The page was made anew, and the focus is where it was.
        expect(page.get_by_role("button", name="A day earlier")).to_be_focused()
        page.get_by_role("button", name="A day earlier").click()
        expect(part(page, "Late responses")).to_contain_text("Nobody is known to have waited")
        expect(part(page, "Nearest sent")).to_contain_text("Nothing to count (0)")
        page.get_by_role("button", name="Today").click()
        expect(page).to_have_url(re.compile(r"#/supervise$"))

    def test_days_are_chosen_by_their_dates_and_by_keys(self, page: Page) -> None:
        first, last = page.get_by_label("From", exact=True), page.get_by_label("To", exact=True)
        first.fill("2026-03-04")
        last.fill("2026-03-02")
        page.keyboard.press("Enter")
        # Which of the two is the first is plain.
        expect(page).to_have_url(re.compile(r"#/supervise/2026-03-02\.\.2026-03-04$"))
        expect(page.get_by_role("button", name="Show", exact=True)).to_be_focused()
        expect(first).to_have_value("2026-03-02")
        page.get_by_role("heading", name="Supervision").click()
        for key, day, used in (
            ("[", "2026-03-01", "A day earlier"),
            ("[", "2026-02-28", "A day earlier"),
            ("[", "2026-02-27", "A day earlier"),
            ("]", "2026-02-28", "A day later"),
        ):
            page.keyboard.press(key)
            expect(first).to_have_value(day)
            expect(page.get_by_role("button", name=used)).to_be_focused()
        expect(page).to_have_url(re.compile(r"#/supervise/2026-02-28\.\.2026-03-02$"))
        expect(last).to_have_value("2026-03-02")
        page.keyboard.press("t")
        expect(page).to_have_url(re.compile(r"#/supervise$"))
        expect(page.get_by_role("button", name="Today")).to_be_focused()
        # Nothing is known of tomorrow.
        expect(page.get_by_role("button", name="A day later")).to_be_disabled()
        page.keyboard.press("]")
        expect(page).to_have_url(re.compile(r"#/supervise$"))

    def test_days_that_are_left_while_they_load_take_nothing_from_the_next(self, page: Page) -> None:
        held = holding(page, DAY, times=1)
        with page.expect_request(DAY):
            page.get_by_role("button", name="A day earlier").click()
        page.get_by_role("button", name="A day earlier").click()
        expect(part(page, "Late responses")).to_contain_text("Nobody is known to have waited")
        with page.expect_response(DAY):
            held[0].continue_()
        page.get_by_role("button", name="Today").click()
        expect(page).to_have_url(re.compile(r"#/supervise$"))

    def test_an_address_that_names_no_days_says_so(self, console: Console) -> None:
        page = console.sign_in("supervisor", "#/supervise/yesterday")
        expect(page.get_by_role("alert").filter(has_text="names no days")).to_be_visible()


class TestDoing:
    def test_a_review_is_done(self, page: Page) -> None:
        review = row(page, "Reviews due", "D-1")
        review.get_by_role("button").focus()
        page.keyboard.press("Enter")
        expect(review.get_by_label("What was found")).to_be_focused()
        # Judgement never lowers what the ticks make: the service says so, and where.
        page.keyboard.type("Seen at home")
        review.get_by_label("Risk from now on").select_option("standard")
        review.get_by_role("button", name="Record it").click()
        expect(review).to_contain_text("is not accepted")
        # What is shown in the form is not told a second time.
        expect(actions(page)).to_have_count(0)
        review.get_by_label("Risk from now on").select_option("")
        review.get_by_role("button", name="Record it").click()
        expect(page.get_by_role("status").filter(has_text="review of D-1 is recorded")).to_be_attached()
        # Still high, so it is looked at again: the next is there, and the old one is gone.
        expect(part(page, "Reviews due").get_by_role("listitem")).to_have_count(1)
        expect(review.get_by_label("What was found")).to_have_count(0)

    def test_a_task_stays_open_until_the_victim_was_told(self, page: Page) -> None:
        task = row(page, "Tasks", "D-1")
        for told, left in (("No: it stays open", 1), ("Yes", 0)):
            task.get_by_role("button", name="Done: Keep the victim informed, D-1").click()
            task.get_by_label("What was done").fill("Rang at home")
            task.get_by_label(told, exact=True).check()
            task.get_by_role("button", name="Record it").click()
            if left:
                expect(task).to_contain_text("Tried once in vain")
                # The button would take the form away if it were there still.
                expect(task.get_by_label("What was done")).to_have_count(0)
            else:
                expect(part(page, "Tasks")).to_contain_text("No task is open.")

    def test_without_a_connection_it_is_kept_and_done_once(self, page: Page, room: Room) -> None:
        room.tell(
            "/v1/tasks", {"kind": "reassess", "incident_id": "D-1", "because": "New facts", "due_at": hence(hours=1)}
        )
        task = row(page, "Tasks", "New facts")
        task.get_by_role("button").click()
        task.get_by_label("What was done").fill("Assessed again")
        page.context.set_offline(True)
        task.get_by_role("button", name="Record it").click()
        expect(task).to_contain_text("Kept until the service has confirmed it")
        page.context.set_offline(False)
        expect(task).to_have_count(0)
        done = list(room.get("/v1/record?kind=task_done&limit=1000")["events"])
        assert [each["payload"]["done"] for each in done].count("Assessed again") == 1

    def test_a_refusal_whose_form_is_gone_stays_until_it_is_seen(self, page: Page, room: Room) -> None:
        room.tell(
            "/v1/tasks", {"kind": "reassess", "incident_id": "D-1", "because": "More facts", "due_at": hence(hours=1)}
        )
        (name,) = [each["task_id"] for each in room.get("/v1/tasks")["tasks"] if "More facts" in str(each)]
        task = row(page, "Tasks", "More facts")
        task.get_by_role("button").click()
        task.get_by_label("What was done").fill("Rang in vain")
        held = holding(page, DONE, times=1)
        with page.expect_request(DONE):
            task.get_by_role("button", name="Record it").click()
        room.tell(f"/v1/tasks/{name}/done", {"done": "Somebody else was there"})
        expect(task).to_have_count(0)
        held[0].continue_()
        expect(actions(page)).to_contain_text(["was refused"])
        actions(page).get_by_role("button", name="Seen").click()
        expect(actions(page)).to_have_count(0)

    def test_a_sample_is_drawn_and_judged(self, page: Page, room: Room) -> None:
        section = part(page, "Assess a response")
        section.get_by_role("button", name="Draw a sample…").click()
        expect(section.get_by_label("Closed from")).to_be_focused()
        section.get_by_role("button", name="Draw it").click()
        expect(section).to_contain_text("1 of 1 incidents closed")
        section.get_by_role("button", name="Assess the response to D-2").click()
        form = section.get_by_role("form", name="Assess the response to D-2")
        expect(form).to_contain_text("M1 sent at")
        questions = form.get_by_role("group").filter(has_text="?")
        for number in range(questions.count()):
            questions.nth(number).get_by_label("No" if number == 1 else "Yes", exact=True).check()
        form.get_by_label("Adequate", exact=True).check()
        form.get_by_label("Note").fill("Late by far")
        form.get_by_role("button", name="Keep the assessment").click()
        judged = row(page, "What was judged", "D-2")
        expect(judged).to_contain_text("Adequate")
        expect(judged).to_contain_text("Late by far")
        expect(judged).to_contain_text("Was somebody there within the target? No")
        expect(judged).to_contain_text("by supervisor")
        expect(section).to_contain_text("Assessed: 1 of 1.")
        looked = room.get("/v1/record?subject=D-2&kind=consulted")["events"]
        assert "to assess the initial response" in [each["payload"]["reason"] for each in looked]

    def test_one_that_is_not_there_is_not_judged(self, page: Page) -> None:
        section = part(page, "Assess a response")
        section.get_by_label("An incident that has ended").fill("D-404")
        page.keyboard.press("Enter")
        expect(section.get_by_role("alert")).to_contain_text("there is no incident D-404")

    def test_a_list_is_kept_as_csv(self, page: Page) -> None:
        with page.expect_download() as kept:
            part(page, "Reviews due").get_by_role("button", name="CSV: Reviews due").click()
        assert kept.value.suggested_filename == "reviews.csv"
        assert "D-1" in Path(kept.value.path()).read_text()

    def test_a_list_that_cannot_be_kept_or_loaded_says_so(self, page: Page) -> None:
        page.route("**/v1/markers", lambda route: route.fulfill(status=500, json={"title": "Too much at once"}))
        part(page, "Markers ending").get_by_role("button", name="CSV: Markers ending").click()
        told = page.get_by_role("alert").filter(has_text="Markers ending: no CSV was kept. Too much at once")
        expect(told).to_be_visible()
        page.unroute("**/v1/markers")
        page.get_by_role("button", name="Dismiss").click()
        expect(told).to_have_count(0)

    def test_a_marker_is_told_before_it_ends_and_when_it_has(self, page: Page, room: Room) -> None:
        room.mark("Ann Later", "Threats to kill", days=40)
        room.mark("Ann Soon", "Threats to kill", days=10)
        room.mark("Ann Over", "Threats to kill", days=4 / 86400)
        expect(row(page, "Markers ending", "Ann Soon")).to_contain_text("Ends")
        # By time alone: nothing happens to it.
        expect(row(page, "Markers ending", "Ann Over")).to_contain_text("Ended")
        names = part(page, "Markers ending").locator(".name")
        expect(names).to_have_text(["Ann Over", "Ann Soon"])
        names.first.focus()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowUp")
        expect(names.first).to_be_focused()

    def test_a_sample_is_drawn_of_some_grades_and_tags_only(self, page: Page, room: Room) -> None:
        room.call("D-7", "M1", grade="standard", tags=["domestic_abuse", "weapon_seen"])
        room.send("D-7", "L1", reason="victim_request")
        room.attend("D-7", "L1")
        room.end("D-7", "L1")
        section = part(page, "Assess a response")
        section.get_by_role("button", name="Draw a sample…").click()
        # Which of the two is the first is plain here too.
        section.get_by_label("Closed from").fill(datetime.now(ZONE).date().isoformat())
        section.get_by_label("to", exact=True).fill("2026-01-01")
        section.get_by_label("Domestic abuse", exact=True).check()
        section.get_by_label("Emergency", exact=True).check()
        section.get_by_role("button", name="Draw it").click()
        drawn = section.get_by_role("list", name="Samples").get_by_role("listitem").filter(has_text="Only")
        expect(drawn).to_contain_text("1 of 1 incidents closed")
        expect(drawn).to_contain_text("Only Domestic abuse, Emergency.")
        section.get_by_role("button", name="Assess the response to D-7").click()
        form = section.get_by_role("form", name="Assess the response to D-7")
        expect(form).to_contain_text("Another than the suggested unit went: The victim asked for a particular officer.")
        for yes in form.get_by_label("Yes", exact=True).all():
            yes.check()
        form.get_by_label("Adequate", exact=True).check()
        form.get_by_role("button", name="Keep the assessment").click()
        judged = row(page, "What was judged", "D-7")
        expect(judged).to_contain_text("Every answer is yes.")
        expect(judged).to_contain_text("Grade raised: A weapon was seen.")


class TestRecord:
    def test_it_is_whole_until_somebody_reaches_in(self, page: Page, database: str, room: Room) -> None:
        section = part(page, "The record")
        section.get_by_role("button", name="Verify the record").click()
        expect(section).to_contain_text("The record is whole.")
        head = room.get("/v1/record/head")
        expect(section).to_contain_text("rows were held; of these the details of 0 were purged")
        kept = section.locator("code").inner_text()
        assert int(kept.split(":")[0]) <= head["seq"]
        section.get_by_label("After a row").fill(kept)
        page.keyboard.press("Enter")
        expect(section).to_contain_text(f"whole after row {kept.split(':')[0]}.")
        store = Store(database, lambda: datetime.now(UTC))
        tamper(store, "UPDATE events SET actor = 'bert' WHERE seq = 7")
        section.get_by_label("After a row").fill("")
        section.get_by_role("button", name="Verify the record").click()
        expect(section).to_contain_text("the first row that is not as it was written is row 7.")
        expect(section).not_to_contain_text("is whole")
        tamper(store, "UPDATE events SET actor = 'system:demonstration' WHERE seq = 7")
        store.close()
        section.get_by_role("button", name="Verify the record").click()
        expect(section).to_contain_text("The record is whole.")

    def test_what_could_not_be_read_to_its_end_proves_nothing(self, page: Page) -> None:
        section = part(page, "The record")
        begun = {"whole": None, "first": 1, "rows": 5, "purged": 0, "seq": 5, "sha256": "aa", "next": "5:aa"}

        def cut(route: Route) -> None:
            if "after=" in route.request.url:
                route.abort()
            else:
                route.fulfill(json={**begun, "broken": None, "took_s": 1.0})

        page.route("**/v1/record/verification*", cut)
        section.get_by_role("button", name="Verify the record").click()
        expect(section.get_by_role("alert")).to_contain_text("Nothing is proved.")
        expect(section).not_to_contain_text("is whole")
        expect(page.get_by_role("status").filter(has_text="Nothing is proved.")).to_be_attached()
        page.unroute("**/v1/record/verification*")
        section.get_by_label("After a row").fill("the first")
        page.keyboard.press("Enter")
        expect(section.get_by_role("alert")).to_contain_text('"the first" is not accepted')


class TestEverybody:
    def test_nothing_needs_a_mouse(self, console: Console) -> None:
        page = opened(console)
        part(page, "Nearest sent").get_by_role("heading", level=3).focus()
        page.keyboard.press("5")
        expect(part(page, "Late responses").get_by_role("heading", name="Late responses")).to_be_focused()
        page.keyboard.press("Tab")
        names = part(page, "Late responses").get_by_role("link")
        expect(names.first).to_be_focused()
        page.keyboard.press("ArrowDown")
        expect(names.nth(1)).to_be_focused()
        page.keyboard.press("End")
        expect(names.last).to_be_focused()
        # A list is one stop: what comes next is the next part.
        page.keyboard.press("Tab")
        expect(part(page, "Reviews due").get_by_role("button").first).to_be_focused()
        page.keyboard.press("Shift+Tab")
        expect(names.last).to_be_focused()
        page.keyboard.press("Home")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(r"#/board/D-4$"))

    def test_a_form_is_left_with_escape_and_the_focus_returns(self, page: Page) -> None:
        button = row(page, "Reviews due", "D-1").get_by_role("button", name="Done: review of D-1")
        button.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_label("What was found")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.get_by_label("What was found")).to_have_count(0)
        expect(button).to_be_focused()

    def test_an_auditor_reads_and_changes_nothing(self, console: Console, room: Room) -> None:
        room.mark("Kim Linked", "Hides at her sister's", days=40, linked_to=["Lou Out"], support=["Refuge"])
        room.tell("/v1/releases", {"perpetrator": "Lou Out", "out_of": "prison", "release_at": hence(days=3)})
        page = console.sign_in("auditor", address())
        expect(row(page, "Late responses", "D-4")).to_be_visible()
        expect(row(page, "Reviews due", "D-1")).to_be_visible()
        expect(part(page, "Assess a response")).not_to_contain_text("Loading")
        expect(page.get_by_role("button", name="Done…")).to_have_count(0)
        expect(page.get_by_role("button", name="Draw a sample…")).to_have_count(0)
        # Without a board there is no way to it.
        expect(part(page, "Late responses").get_by_role("link")).to_have_count(0)
        part(page, "The record").get_by_role("button", name="Verify the record").click()
        expect(part(page, "The record")).to_contain_text("The record is whole.")
        # What belongs to a person is walked as what belongs to an incident.
        names = part(page, "Tasks").locator(".name")
        expect(row(page, "Tasks", "Tell the victim")).to_contain_text("Support: Refuge")
        # By the force's clock.
        planned = re.compile(r"release from prison planned for \w{3},? \d{1,2} \w{3,4}( \d{4})?,? (at )?\d\d:\d\d\s")
        expect(row(page, "Tasks", "Tell the victim")).to_contain_text(planned)
        names.first.focus()
        page.keyboard.press("End")
        expect(names.last).to_be_focused()

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_everybody_can_read_it(self, browser: Browser, room: Room, theme: str) -> None:
        seen = Console(browser, room.port, theme=theme)
        page = seen.sign_in("supervisor", address())
        expect(row(page, "Late responses", "D-4")).to_be_visible()
        row(page, "Reviews due", "D-1").get_by_role("button").click()
        expect(page.get_by_label("What was found")).to_be_visible()
        assert seen.violations() == []
        part(page, "Assess a response").get_by_label("An incident that has ended").fill("D-2")
        page.keyboard.press("Enter")
        expect(page.get_by_role("form", name="Assess the response to D-2")).to_be_visible()
        part(page, "The record").get_by_role("button", name="Verify the record").click()
        expect(part(page, "The record")).to_contain_text("whole")
        assert seen.violations() == []
        page.keyboard.press("Escape")
        page.locator("#page").evaluate("page => page.scrollTo(0, 0)")
        seen.picture(f"supervise-{theme}")
        seen.close()

    def test_nothing_is_cut_off_at_twice_the_size(self, browser: Browser, room: Room) -> None:
        seen = Console(browser, room.port, size=(640, 360))
        page = seen.sign_in("supervisor", address())
        expect(row(page, "Late responses", "D-4")).to_be_visible()
        row(page, "Tasks", "D-1").or_(row(page, "Reviews due", "D-1")).first.get_by_role("button").click()
        outside = """() => [...document.querySelectorAll("#page *")].filter((each) => {
            const {left, right, width} = each.getBoundingClientRect();
            return width > 1 && (left < -1 || right > innerWidth + 1);
        }).map((each) => each.outerHTML.slice(0, 100))"""
        assert page.evaluate(outside) == []
        seen.picture("supervise-zoomed")
        seen.close()
