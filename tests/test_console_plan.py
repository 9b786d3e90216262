"""The planner's page in a real browser: a short evening of Gothenburg, changed, run, compared and played."""

from __future__ import annotations

import itertools
import json
import math
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

import scenarios.samples.gothenburg
from api.job_runner import MOST_ATTEMPTS
from api.jobs import Standing
from api.simulations import Simulations
from browsers import Console
from jobs import end_all, held, until
from map_pictures import Seen, canvas, press, see
from running import ask, serving

SAMPLE: Final = Path(scenarios.samples.gothenburg.__file__).parent
HEAD: Final = """\
version = 1
name = "Two hours in Gothenburg"
network = "{network}"
force = "force.toml"
start = 2026-11-20T17:00:00+01:00
hours = 2
warm_up_h = 1
cool_down_h = 1
seed = 1
replications = 2
coverage_every_min = 30

[[policies]]
name = "nearest_first"

"""
# Without what leads up to it, and under two policies.
HOUR: Final = {
    "Two hours": "An hour",
    "hours = 2": "hours = 1",
    "warm_up_h = 1": "warm_up_h = 0",
    "cool_down_h = 1": "cool_down_h = 0",
    "[demand]": '[[policies]]\nname = "sector_first"\n\n[demand]',
}
SHOWN: Final = {"from": "2026-11-20T17:00:00+01:00", "to": "2026-11-20T18:00:00+01:00"}
POST: Final = "/v1/simulations"
FINDINGS: Final = {
    "better": "better",
    "worse": "worse",
    "more": "more",
    "less": "less",
    "same": "no difference",
    "cannot_tell": "cannot be told yet",
}
# From api/console/src/map/palette.ts, by day.
FREE: Final = (23, 101, 58)
ZOOMED: Final = (640, 360)
# Its processes compile what they need, where nobody has before.
RUN_MS: Final = 240_000
_keys = itertools.count()


class Service:
    """A service with a scenario, and one run of it as it is, with an hour to play."""

    def __init__(self, port: int, simulations: Simulations) -> None:
        self.port, self.simulations = port, simulations

    def get(self, path: str) -> Any:
        status, answer = ask(self.port, "GET", path)
        assert status == 200, answer
        return json.loads(answer)

    def ask(self, **more: Any) -> str:
        """Ask for a simulation of the scenario."""
        body = json.dumps({"scenario": "evening", **more}).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": f"planned-{next(_keys)}"}
        status, answer = ask(self.port, "POST", POST, body, headers)
        assert status == 202, answer
        name: str = json.loads(answer)["simulation_id"]
        return name

    def run(self, **more: Any) -> str:
        """Have the scenario simulated, and wait until it is done."""
        name = self.ask(**more)
        for _ in range(RUN_MS // 60_000):
            try:
                until(lambda: self.get(f"{POST}/{name}")["finished_at"], "the run")
                break
            except AssertionError:
                continue
        told = self.get(f"{POST}/{name}")
        assert told["state"] == "done", told
        return name


@pytest.fixture(scope="module")
def service(gothenburg_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    root = tmp_path_factory.mktemp("planned")
    evening = root / "scenarios" / "evening"
    shutil.copytree(SAMPLE.with_name("gothenburg_week"), evening)
    shutil.copy(SAMPLE / "force.toml", evening)
    sample = (evening / "scenario.toml").read_text()
    rest = sample[sample.index("[demand]") :]
    (evening / "scenario.toml").write_text(HEAD.format(network=gothenburg_file) + rest)
    text = (evening / "scenario.toml").read_text()
    for before, now in HOUR.items():
        text = text.replace(before, now)
    for name, told in (("hour", text), ("unfit", text.replace("hours = 1", "hours = -1"))):
        shutil.copytree(evening, root / "scenarios" / name)
        (root / "scenarios" / name / "scenario.toml").write_text(told)
    environment = {
        "NEAREST_GRAPH": str(gothenburg_file),
        "NEAREST_FORCE": str(SAMPLE / "force.toml"),
        "NEAREST_SCENARIOS_DIR": str(root / "scenarios"),
        "NEAREST_SIMULATIONS_DIR": str(root / "simulations"),
        "NEAREST_PERSON_REQUESTS_PER_S": "0",
    }
    try:
        with serving(**environment) as port:
            yield Service(port, Simulations(root / "simulations"))
    finally:
        end_all(root, "job_runner", "simulation_job")


@pytest.fixture(scope="module")
def before(service: Service) -> str:
    """A run of the scenario as it is."""
    return service.run(called="as it is", animate=SHOWN)


@pytest.fixture
def console(browser: Browser, service: Service) -> Iterator[Console]:
    made = Console(browser, service.port)
    # Movement takes the software renderer long, and shows nothing more.
    made.page.emulate_media(reduced_motion="reduce")
    yield made
    made.close()


def opened(console: Console, heading: str | re.Pattern[str], *address: str) -> Page:
    page = console.sign_in("planner", "/".join(("#/plan", *address)))
    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    return page


def scenario(console: Console) -> Page:
    page = opened(console, "Two hours in Gothenburg", "scenario", "evening")
    Seen(page)
    return page


def done(page: Page) -> None:
    expect(page.get_by_role("heading", name="What it came to")).to_be_visible(timeout=RUN_MS)


def numbers(page: Page, title: str | re.Pattern[str]) -> list[list[str]]:
    """The cells of a table, row by row."""
    rows = page.get_by_role("group", name=title).locator("tbody tr").all()
    return [row.locator("th, td").all_inner_texts() for row in rows]


def tab_to(page: Page, wanted: Locator, most: int = 150) -> None:
    for _ in range(most):
        if wanted.evaluate("each => each === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{wanted} is not reached by Tab")


def test_a_roster_is_changed_run_and_compared(console: Console, service: Service, before: str) -> None:
    page = opened(console, "Scenarios")
    expect(page.get_by_role("listitem").filter(has_text="as it is")).to_contain_text("done")
    page.get_by_role("link", name="Two hours in Gothenburg").click()
    expect(page.get_by_text("20 Nov 2026, 17:00, 2 hours")).to_be_visible()
    change(page, service)
    asked = list[str]()
    page.on("request", lambda request: asked.append(request.url))
    page.get_by_role("button", name="Start the run").click()

    # A scenario that was changed is checked as a whole before it is accepted.
    expect(page.get_by_role("heading", name="four cars fewer")).to_be_visible(timeout=RUN_MS)
    # At once: what runs may have ended by the next look.
    playing = page.get_by_role("status").filter(has_text="playing replications")
    expect(playing.get_by_role("progressbar", name="playing replications")).to_be_visible(timeout=RUN_MS)
    done(page)
    after = page.url.rpartition("/")[2]
    # It is told by its stream, and nothing is asked again and again.
    urls = [url.removeprefix(console.origin) for url in asked]
    assert (urls.count(f"{POST}/{after}"), urls.count(f"{POST}/{after}/events")) == (1, 1)
    told = service.get(f"{POST}/{after}")
    assert (told["called"], told["changed"], told["by"]) == ("four cars fewer", ["roster"], "planner")
    look_at_results(page, service.get(f"{POST}/{after}/files/results.json"))
    compare(page, service, before, after)
    assert console.violations() == []
    console.picture("plan-compared")

    # What was changed is still there for the next run.
    page.goto(f"{console.origin}/#/plan/scenario/evening")
    expect(page.get_by_label("Crew of C22")).to_have_value("1")
    page.get_by_role("button", name="Put the scenario's own back").last.click()
    expect(page.get_by_label("Crew of C22")).to_have_value("2")
    expect(page.get_by_role("button", name="Remove H21")).to_be_visible()


def change(page: Page, service: Service) -> None:
    """Take four cars out of the roster, and an officer and an hour from another."""
    roster = service.get("/v1/scenarios/evening")["roster"]
    expect(page.get_by_role("heading", name=f"Roster ({len(roster)} lines)")).to_be_visible()
    expect(page.get_by_label("Skills of C21")).to_have_value("domestic_abuse_trained;response_driver")
    for callsign in ("H21", "H22", "M21", "L21"):
        page.get_by_role("button", name=f"Remove {callsign}").click()
    page.get_by_label("To of C22").fill("22:30")
    page.get_by_label("Crew of C22").fill("1")
    page.get_by_label("Crew of C22").press("Tab")
    page.get_by_label("Call it").fill("four cars fewer")
    page.get_by_label("Call it").press("Tab")
    expect(page.get_by_text("Runs with your roster and the scenario's stations.")).to_be_visible()


def look_at_results(page: Page, results: Any) -> None:
    """The numbers are those of the service, each with its interval; the report is a page of its own."""
    shown = numbers(page, "What it came to")
    assert len(shown) == len(results["headline"])
    kept = results["policies"][0]["numbers"]
    sent = next(each for each in kept if each["measure"] == "nearest_sent" and not each["dimension"] + each["grade"])
    text = next(row[1] for row in shown if row[0] == "Nearest-sent rate")
    assert text.startswith(f"{round(sent['mean'] * 100)}%"), (text, sent)
    assert re.search(r"\(\d.* to .*%\)", text), text
    hours = numbers(page, "Demand in reach, hour by hour")
    assert [row[0] for row in hours] == ["17:00", "18:00"]
    assert page.locator(".plan-bars rect").count() == len(hours)
    with page.expect_popup() as popup:
        page.get_by_role("link", name="Report").click()
    expect(popup.value.get_by_role("heading").first).to_be_visible()
    popup.value.close()


def compare(page: Page, service: Service, before: str, after: str) -> None:
    """Each difference says in words whether it is one, and what it would take to tell."""
    page.get_by_label("Before").select_option(before)
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", name="four cars fewer, against as it is")).to_be_visible()
    differences = service.get(f"{POST}/{before}/compared?with={after}")["comparisons"][0]["differences"]
    rows = numbers(page, "Nearest first")
    assert len(rows) == len(differences)
    for row, difference in zip(rows, differences, strict=True):
        finding = "too few to say" if difference["few"] else FINDINGS[difference["finding"]]
        assert finding in row[-1], (row, difference)
        assert ("replications" in row[-1]) == (finding == FINDINGS["cannot_tell"]), row


@pytest.mark.usefixtures("before")
def test_a_run_is_cancelled_and_removed(console: Console) -> None:
    page = scenario(console)
    page.get_by_label("Call it").fill("far too much")
    page.get_by_label("Replications").fill("900")
    page.get_by_label("Record some hours").uncheck()
    page.get_by_role("button", name="Start the run").click()
    expect(page.get_by_role("heading", name="far too much")).to_be_visible()
    page.get_by_role("button", name="Cancel the run").click()
    expect(page.locator(".plan-progress")).to_have_text("cancelled")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Remove the run").click()
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    expect(page.get_by_role("link", name="as it is")).to_be_visible()
    expect(page.get_by_role("link", name="far too much")).to_have_count(0)


def test_wrong_input_is_told_at_its_cell(console: Console) -> None:
    page = scenario(console)
    page.get_by_label("Seed", exact=True).fill("chance")
    page.get_by_role("button", name="Start the run").click()
    expect(page.get_by_label("Seed")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Seed").fill("2")
    page.get_by_label("Crew of C11").fill("two")
    page.get_by_label("From of C12").fill("25:00")
    page.get_by_label("Latitude of Oster station").fill("5")
    page.get_by_role("button", name="Start the run").click()

    crew = page.get_by_label("Crew of C11")
    expect(crew).to_have_attribute("aria-invalid", "true")
    expect(crew).to_have_accessible_description("Accepted: a whole number of officers, 1 to 50")
    expect(page.get_by_label("From of C12")).to_have_accessible_description(re.compile("HH:MM"))
    latitude = page.get_by_label("Latitude of Oster station")
    expect(latitude).to_have_accessible_description(re.compile("a point of the network"))
    expect(page.get_by_label("Longitude of Oster station")).to_have_attribute("aria-invalid", "true")
    expect(latitude).to_be_focused()
    expect(page.get_by_role("alert").filter(has_text="3 entries are not accepted")).to_be_visible()
    expect(page.locator("[aria-invalid=true]")).to_have_count(4)
    assert console.violations() == []
    console.picture("plan-faults")
    crew.fill("2")
    crew.press("Tab")
    expect(crew).to_have_attribute("aria-invalid", "false")
    expect(page.locator("[aria-invalid=true]")).to_have_count(3)


def test_rows_are_found_copied_added_and_pointed_at(console: Console, service: Service) -> None:
    page = scenario(console)
    roster, stations = (page.get_by_role("region", name=re.compile(name)) for name in ("^Roster", "^Stations"))
    lines = roster.locator("tbody tr")
    every = lines.count()
    roster.get_by_label("Find").fill("c2")
    found = [row for row in service.get("/v1/scenarios/evening")["roster"] if "c2" in json.dumps(row).lower()]
    expect(lines).to_have_count(len(found))
    # Whatever is looked for, what was just made is there to be written in.
    page.get_by_role("button", name="Copy C22").click()
    expect(page.get_by_label("Callsign of no name")).to_be_focused()
    expect(page.get_by_label("Crew of no name")).to_have_value("2")
    page.keyboard.type("X22")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Days of X22")).to_be_focused()
    roster.get_by_role("button", name="Add a line").click()
    expect(page.get_by_label("Callsign of no name")).to_be_focused()
    page.keyboard.type("X1")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Days of X1")).to_be_focused()
    expect(lines).to_have_count(len(found) + 2)
    expect(page.get_by_role("heading", name=f"Roster ({every + 2} lines)")).to_be_visible()
    console.picture("plan-found")
    roster.get_by_label("Find").fill("x1")
    expect(lines).to_have_count(1)

    # A station that is not among those found is still on the map.
    stations.get_by_label("Find").fill("nowhere")
    expect(stations.locator("tbody tr")).to_have_count(0)
    oster = next(row for row in service.get("/v1/scenarios/evening")["stations"] if row["name"] == "Oster station")
    x, y = Seen(page).pixel((float(oster["lat"]), float(oster["lon"])))
    canvas(page).click(position={"x": x, "y": y})
    expect(page.get_by_label("Name of Oster station")).to_be_focused()

    # What is reached depends on the time of day.
    page.get_by_role("button", name="Show what is reached in time").click()
    with page.expect_request(re.compile("reachable.*at=2026-11-21T02%3A30")):
        page.get_by_label("On the roads as at").fill("2026-11-21T03:30")
        page.get_by_label("On the roads as at").press("Tab")


def test_policies_are_chosen_and_held_against_each_other(console: Console, service: Service) -> None:
    page = opened(console, "An hour in Gothenburg", "scenario", "hour")
    nearest, sector = page.get_by_label("Nearest first"), page.get_by_label("Own sector first")
    nearest.uncheck()
    sector.uncheck()
    page.get_by_label("Call it").fill("two ways")
    page.get_by_role("button", name="Start the run").click()
    expect(page.get_by_role("group", name="Who is sent").locator(".cell-fault")).to_contain_text("Accepted: ")
    sector.check()
    nearest.check()
    page.get_by_role("button", name="Start the run").click()
    done(page)
    results = service.get(f"{POST}/{page.url.rpartition('/')[2]}/files/results.json")
    (told,) = results["comparisons"]
    title = "Own sector first against Nearest first, 2 replications"
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    assert len(numbers(page, title)) == len(told["differences"])
    console.picture("plan-policies")


def test_what_cannot_be_run_and_what_failed_say_why(console: Console, service: Service) -> None:
    with held(service.simulations):
        name = service.ask(called="in vain")
        job = service.simulations.find(name)
        assert job is not None
        service.simulations.stand(job, Standing("running", MOST_ATTEMPTS, "2026-01-31T23:10:00Z"))
    page = opened(console, "Scenarios")
    unfit = page.get_by_role("listitem").filter(has_text="cannot be run").first
    expect(unfit).to_contain_text(re.compile("hours.*-1", re.DOTALL))
    expect(unfit.get_by_role("link")).to_have_count(0)
    # It is told by itself.
    run = page.get_by_role("listitem").filter(has_text="in vain")
    expect(run).to_contain_text("failed")
    console.picture("plan-unfit")
    run.get_by_role("link").click()
    expect(page.get_by_role("alert").filter(has_text="ended 3 times")).to_be_visible()


def test_posts_are_moved_and_added_on_the_map_and_show_what_they_reach(console: Console) -> None:
    page = scenario(console)
    press(page, "0")
    page.get_by_role("button", name="Move Oster station on the map").click()
    expect(canvas(page)).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    centre = (page.locator(".road-map").get_attribute("data-view") or "").split()
    expect(page.get_by_label("Longitude of Oster station")).to_have_value(re.compile(re.escape(centre[0][:6])))
    expect(page.get_by_label("Latitude of Oster station")).to_have_value(re.compile(re.escape(centre[1][:6])))
    expect(page.get_by_role("button", name="Move Oster station on the map")).to_be_focused()

    page.get_by_role("button", name="Add a post on the map").click()
    canvas(page).click(position={"x": 300, "y": 200})
    expect(page.get_by_label("Name of Post 1")).to_be_focused()
    page.keyboard.type("Yard")
    page.keyboard.press("Tab")
    expect(page.get_by_role("heading", name="Stations (6)")).to_be_visible()
    page.get_by_label("Station of C21").select_option("Yard")
    # A station that gets another name keeps its crews.
    page.get_by_label("Name of Yard").fill("New yard")
    page.get_by_label("Name of Yard").press("Tab")
    expect(page.get_by_label("Station of C21")).to_have_value("New yard")

    bare = Seen(page)
    page.get_by_role("button", name="Show what is reached in time").click()
    told = page.get_by_text("Areas from the inside out: driven from the nearest station within 5, 10, 15 minutes")
    expect(told).to_be_visible(timeout=RUN_MS)
    see(page, lambda seen: changed(bare, seen) > 0.05)
    console.picture("plan-reached")
    page.get_by_role("button", name="Show what is reached in time").click()
    see(page, lambda seen: changed(bare, seen) < 0.01)


def changed(one: Seen, other: Seen) -> float:
    """The share of the pixels of a map that are others."""
    return float((one.pixels != other.pixels).any(axis=2).mean())


def places(told: Any, at_s: float) -> dict[str, tuple[float, float, str]]:
    """Who stands or drives where at a moment, by the file that is played."""
    found = {}
    for unit in told["units"]:
        for spell in unit["spells"]:
            if not spell[0][0] <= at_s <= spell[-1][0]:
                continue
            row = max(number for number, sample in enumerate(spell) if sample[0] <= at_s)
            one, two = spell[row], spell[min(row + 1, len(spell) - 1)]
            share = (at_s - one[0]) / (two[0] - one[0]) if two[0] > one[0] else 0
            lat, lon = (a + share * (b - a) for a, b in zip(one[1:3], two[1:3], strict=True))
            found[unit["callsign"]] = (lat, lon, told["activities"][one[3]])
    return found


def moments_of(told: Any) -> list[float]:
    life = ("received_s", "first_assigned_s", "first_arrived_s", "closed_s")
    return sorted({each[step] for each in told["incidents"] for step in life if each[step] is not None})


def metres(one: Sequence[Any], two: Sequence[Any]) -> float:
    return math.hypot((one[0] - two[0]) * 111_320, (one[1] - two[1]) * 59_500)


def test_a_shift_is_played(console: Console, service: Service, before: str) -> None:
    told = service.get(f"{POST}/{before}/files/animation.json")
    page = opened(console, "Shift: as it is", "run", before, "shift")
    shift, slider = page.locator(".plan-shift"), page.get_by_role("slider", name="Time")
    first, later = (places(told, at_s) for at_s in (600, 1200))
    expect(slider).to_have_attribute("aria-valuetext", "17:00:00")

    def alone(name: str, at: dict[str, tuple[float, float, str]]) -> bool:
        others = [at[each] for each in at if each != name] + [(each["lat"], each["lon"]) for each in told["incidents"]]
        return at[name][2] == "patrol" and min(metres(at[name], each) for each in others) > 500

    moving = [name for name in first if name in later and metres(first[name], later[name]) > 1000]
    name = next(name for name in moving if alone(name, first) and alone(name, later))
    one, two = first[name][:2], later[name][:2]
    slider.fill("600")
    expect(page.get_by_role("heading", name=f"Units on duty ({len(first)})")).to_be_visible()
    see(page, lambda seen: seen.share(one, FREE) > 0.5)
    slider.fill("1200")
    expect(slider).to_have_attribute("aria-valuetext", "17:20:00")
    seen = see(page, lambda seen: seen.share(two, FREE) > 0.5)
    assert seen.share(one, FREE) < 0.2

    # Every incident that is open is in the list, with how long it has waited.
    shown = [each for each in told["incidents"] if each["received_s"] <= 1200 < (each["closed_s"] or math.inf)]
    expect(page.get_by_role("heading", name=f"Incidents ({len(shown)})")).to_be_visible()
    waits = page.get_by_role("button", name=re.compile(r"wait(s|ed) \d+:\d\d"))
    expect(waits).to_have_count(len(shown))
    console.picture("plan-shift")

    point_at(page, told, name, seen.pixel(two))
    slider.fill("1200")

    # By keys alone: what happens next, a minute on and back, played and stopped.
    page.get_by_role("button", name="Next", exact=True).focus()
    page.keyboard.press("n")
    happens = next(moment for moment in moments_of(told) if moment > 1200)
    expect(shift).to_have_attribute("data-at", str(round(happens)))
    page.keyboard.press("l")
    expect(shift).to_have_attribute("data-at", str(round(happens + 60)))
    page.keyboard.press("j")
    expect(shift).to_have_attribute("data-at", str(round(happens)))
    page.keyboard.press(">")
    expect(page.get_by_label("Speed")).to_have_value("60")
    page.keyboard.press("k")
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    expect(shift).not_to_have_attribute("data-at", str(round(happens)))
    page.keyboard.press("k")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()


def point_at(page: Page, told: Any, name: str, where: tuple[int, int]) -> None:
    """Pointed at on the map or in its list, something is chosen until it is pointed at again."""
    shift, at_s = page.locator(".plan-shift"), 1200
    chosen = shift.locator("[aria-pressed=true]")
    canvas(page).click(position={"x": where[0], "y": where[1]})
    expect(chosen).to_contain_text(name)
    chosen.click()
    expect(chosen).to_have_count(0)
    ends = min(
        (each for each in told["incidents"] if each["received_s"] <= at_s < (each["closed_s"] or 0)),
        key=lambda each: each["closed_s"],
    )
    minutes, seconds = divmod(round(min(ends["first_arrived_s"], at_s) - ends["received_s"]), 60)
    page.get_by_role("listitem").get_by_role("button").filter(has_text=f" {minutes}:{seconds:02}").first.click()
    expect(chosen).to_have_count(1)
    # What has the focus comes to its end in the list, and the keys still hold.
    steps = [moment for moment in moments_of(told) if at_s < moment <= ends["closed_s"]]
    for moment in (*steps, steps[-1] + 60):
        page.keyboard.press("n" if moment in steps else "l")
        expect(shift).to_have_attribute("data-at", str(round(moment)))
    expect(chosen).to_have_count(0)
    page.get_by_label("Speed").select_option("30")


def test_all_of_it_without_a_mouse(console: Console, before: str) -> None:
    page = opened(console, "Scenarios")
    tab_to(page, page.get_by_role("link", name="Two hours in Gothenburg"))
    page.keyboard.press("Enter")
    expect(page.get_by_label("Callsign of C11")).to_be_visible()
    tab_to(page, page.get_by_label("Callsign of C11"))
    for _ in range(4):
        page.keyboard.press("Tab")
    expect(page.get_by_label("Crew of C11")).to_be_focused()
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Crew of C12")).to_be_focused()
    page.keyboard.press("Shift+Enter")
    expect(page.get_by_label("Crew of C11")).to_be_focused()
    expect(page.get_by_label("Crew of C11")).to_have_value("3")
    expect(page.get_by_text("Runs with your roster and the scenario's stations.")).to_be_visible()
    page.goto(f"{console.origin}/#/plan/run/{before}")
    done(page)
    tab_to(page, page.get_by_role("link", name="Play the shift"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Shift: as it is")).to_be_visible()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_focused()
    page.keyboard.press("l")
    expect(page.get_by_role("slider", name="Time")).to_have_attribute("aria-valuetext", "17:01:00")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_is_in_the_way_of_anybody(browser: Browser, service: Service, before: str, theme: str) -> None:
    """By the rules of axe, at the usual size and at 200 % zoom, where nothing may be cut off."""
    sizes = {"light": (ZOOMED,), "dark": ((1280, 720), (2560, 1440))}[theme]
    for size in sizes:
        console = Console(browser, service.port, size, theme)
        page = opened(console, "Scenarios")
        for name, address, heading in (
            ("start", "", "Scenarios"),
            ("scenario", "/scenario/evening", "Run it"),
            ("run", f"/run/{before}", "What it came to"),
            ("shift", f"/run/{before}/shift", "Shift: as it is"),
        ):
            page.goto(f"{console.origin}/#/plan{address}")
            expect(page.get_by_role("heading", name=heading)).to_be_visible()
            if name in {"scenario", "shift"}:
                Seen(page)
            console.picture(f"plan-{name}-{theme}-{size[0]}")
            assert console.violations() == [], (name, size)
            wide = page.evaluate(
                "() => [...document.querySelectorAll('#page, html')].map((e) => e.scrollWidth - e.clientWidth)"
            )
            assert max(wide) <= 0, (name, size)
        console.close()
