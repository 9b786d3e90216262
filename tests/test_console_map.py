"""The map of the board in a real browser: what is drawn is there in pixels, where it is on the ground."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest
import shapely
from playwright.sync_api import Browser, Page, expect

from browser_setup import find_browser
from browsers import Console, holding
from graphs.ground import ground_of
from graphs.netfile import save_network
from graphs.network import Network
from map_pictures import Seen, canvas, mix, press, see
from running import ask, serving

# From api/console/src/map/palette.ts, by day and by night.
LAND, WATER, GREEN = (241, 239, 233), (169, 207, 232), (211, 230, 197)
MAIN_ROAD, FREE, CLOSED = (251, 233, 160), (23, 101, 58), (179, 20, 29)
INCIDENT, ROUTE = (163, 18, 27), (11, 92, 173)
NIGHT_LAND, NIGHT_FREE = (20, 28, 35), (125, 219, 163)
# A place without roads within 120 m, where the network's own ground has nothing: a lake in a park is put there.
LAKE: Final = (57.70588, 11.98727)
NORTH, SOUTH = (LAKE[0] + 0.0004, LAKE[1]), (LAKE[0] - 0.0004, LAKE[1])
PARK = (LAKE[0], LAKE[1] + 0.0019)
# A main road that runs straight north, one carriageway.
ROAD = ((57.70480, 11.97860), (57.70620, 11.97856))
CALL = (57.7010, 11.9800)
TILES = re.compile(r"/v1/tiles/")
WORKER_FAILED = "Error: Worker failed to load. Check that the worker URL is correct."
_keys = itertools.count()


def square(place: tuple[float, float], half_m: float) -> shapely.Polygon:
    """A square of twice so many metres from side to side."""
    (lat, lon), up, right = place, half_m / 111_320, half_m / 59_500
    return shapely.box(lon - right, lat - up, lon + right, lat + up)


@pytest.fixture(scope="module")
def port(gothenburg: Network, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A service over the sample, with a lake and a park."""
    items = [("green", square(LAKE, 180)), ("water", square(LAKE, 90))]
    path = tmp_path_factory.mktemp("networks") / "lake.network"
    save_network(replace(gothenburg, ground=ground_of(items, gothenburg.area)), path)
    force = Path(__file__).parents[1] / "scenarios" / "samples" / "gothenburg" / "force.toml"
    with serving(NEAREST_GRAPH=str(path), NEAREST_FORCE=str(force), NEAREST_PERSON_REQUESTS_PER_S="0") as listening:
        yield listening


@pytest.fixture(scope="module")
def board(browser: Browser, port: int) -> Iterator[Console]:
    """The board, close to the middle of the network."""
    made = Console(browser, port)
    # Movement takes the software renderer long, and shows nothing more.
    made.page.emulate_media(reduced_motion="reduce")
    Seen(made.sign_in("dispatcher", "#/board"))
    press(made.page, "+", 4)
    yield made
    made.close()


@pytest.fixture
def page(board: Console, port: int) -> Iterator[Page]:
    """The board's page, which each test leaves as it found it."""
    page = board.page
    view = page.locator(".road-map").get_attribute("data-view")
    yield page
    for leave in page.get_by_role("button", name="Leave").all():
        leave.click()
    for closure in closures(port):
        tell(port, f"/v1/closures/{quote(closure['id'])}/lift")
    if page.locator(".road-map").get_attribute("data-view") != view:
        canvas(page).press("0")
        Seen(page)
        press(page, "+", 4)


@pytest.fixture
def console(browser: Browser, port: int) -> Iterator[Console]:
    """Another console."""
    made = Console(browser, port)
    yield made
    made.close()


def tell(port: int, path: str, body: Any = None) -> Any:
    """Change something by HTTP."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": f"map-{next(_keys)}"}
    status, answer = ask(port, "POST", path, json.dumps({} if body is None else body).encode(), headers)
    assert status in {200, 201}, answer
    return json.loads(answer)


def closures(port: int) -> list[dict[str, Any]]:
    """What is closed, as the service says."""
    features: list[dict[str, Any]] = json.loads(ask(port, "GET", "/v1/closures")[1])["features"]
    return features


def put(port: int, callsign: str, place: tuple[float, float], age_s: float = 0) -> None:
    """A unit on patrol whose position is so old."""
    fixed_at = (datetime.now(UTC) - timedelta(seconds=age_s)).isoformat()
    report = {"callsign": callsign, "lat": place[0], "lon": place[1], "fixed_at": fixed_at}
    tell(port, "/v1/positions", {"positions": [report]})


def man(port: int, *callsigns: str) -> None:
    for callsign in callsigns:
        tell(port, f"/v1/units/{callsign}/on-duty", {"status": "2", "crew": 2})


def dismiss(port: int, *callsigns: str) -> None:
    for callsign in callsigns:
        tell(port, f"/v1/units/{callsign}/off-duty")


def test_roads_and_ground_are_there_in_pixels(page: Page) -> None:
    along = [(ROAD[0][0] + part * (ROAD[1][0] - ROAD[0][0]), ROAD[0][1]) for part in (0.1, 0.3, 0.5, 0.7, 0.9)]

    def is_drawn(seen: Seen) -> bool:
        main = sum(seen.share(place, MAIN_ROAD, 1) > 0.5 for place in along) >= 3  # its name may lie on it
        return main and seen.share(LAKE, WATER, 10) == 1 and seen.share(PARK, GREEN) == 1

    # Tiles come after the map has moved.
    seen = see(page, is_drawn)
    box = canvas(page).bounding_box()
    assert box is not None
    assert seen.size == pytest.approx((box["width"], box["height"]), abs=1)
    assert min(seen.size) > 500
    assert len(colours(seen)) > 50
    expect(page.get_by_text("© OpenStreetMap contributors")).to_be_visible()


def colours(seen: Seen) -> set[tuple[int, ...]]:
    """The colours of a coarse raster of the map."""
    return {tuple(pixel) for row in seen.pixels[::3, ::3].tolist() for pixel in row}


def test_a_unit_is_where_it_is_and_moves(page: Page, port: int) -> None:
    man(port, "M1")
    put(port, "M1", NORTH)
    seen = see(page, lambda seen: seen.share(NORTH, FREE) == 1)
    assert seen.share(SOUTH, WATER) == 1
    put(port, "M1", SOUTH)
    seen = see(page, lambda seen: seen.share(SOUTH, FREE) == 1)
    assert seen.share(NORTH, WATER, 8) == 1
    dismiss(port, "M1")
    see(page, lambda seen: seen.share(SOUTH, WATER, 8) == 1)


def test_a_fix_fades_with_its_age_and_is_marked_when_it_is_too_old(page: Page, port: int) -> None:
    man(port, "F1", "F2")
    put(port, "F1", NORTH, age_s=235)
    put(port, "F2", SOUTH, age_s=400)
    faded, stale = mix(FREE, WATER, 0.55), mix(FREE, WATER, 0.45)
    # Hollow: the colour is the outline and the question mark alone.
    seen = see(page, lambda seen: seen.share(NORTH, faded) == 1 and 0.05 < seen.share(SOUTH, stale, 10) < 0.5)
    assert seen.share(NORTH, FREE, 8) == 0
    assert seen.share(SOUTH, stale, 2) < 0.9
    dismiss(port, "F1", "F2")


def test_another_theme_loses_nothing(page: Page, port: int) -> None:
    man(port, "T1")
    put(port, "T1", NORTH)
    see(page, lambda seen: seen.share(NORTH, FREE) == 1)
    view = page.locator(".road-map").get_attribute("data-view") or ""
    page.get_by_label("Theme").select_option("night")
    # Signs have their colours at once; those of the ground pass over into one another.
    seen = see(page, lambda seen: seen.share(NORTH, NIGHT_FREE) == 1 and NIGHT_LAND in colours(seen))
    assert LAND not in colours(seen)
    expect(page.locator(".road-map")).to_have_attribute("data-view", view)
    page.get_by_label("Theme").select_option("day")
    see(page, lambda seen: seen.share(NORTH, FREE) == 1)
    dismiss(port, "T1")


def test_an_incident_is_chosen_where_it_is_shown(page: Page, port: int) -> None:
    received = datetime.now(UTC).isoformat()
    told = {"lat": CALL[0], "lon": CALL[1], "grade": "emergency", "received_at": received}
    tell(port, "/v1/incidents", {"incident_id": "K-1", **told})
    man(port, "R1")
    put(port, "R1", ROAD[1])
    seen = see(page, lambda seen: seen.share(CALL, INCIDENT, 8) > 0.5)
    x, y = seen.pixel(CALL)
    canvas(page).click(position={"x": x, "y": y})
    expect(page).to_have_url(f"http://127.0.0.1:{port}/#/board/K-1")
    query = f"from={ROAD[1][0]},{ROAD[1][1]}&to={CALL[0]},{CALL[1]}&profile=response"
    way = json.loads(ask(port, "GET", f"/v1/route?{query}")[1])["geometry"]["coordinates"]
    see(page, lambda seen: sum(seen.share((lat, lon), ROUTE, 2) > 0.4 for lon, lat in way) > len(way) / 2)
    tell(port, "/v1/incidents/K-1/cancel", {"because": "the test is over"})
    dismiss(port, "R1")
    page.goto(f"http://127.0.0.1:{port}/#/board")


def test_tiles_that_never_come_are_given_up_and_asked_for_again(console: Console) -> None:
    # Each holds one of the few connections that a browser makes, which a dispatcher needs for other things.
    console.page.emulate_media(reduced_motion="reduce")
    silent = holding(console.context, TILES)
    page = console.sign_in("dispatcher", "#/board")
    partly = page.get_by_text("Some of the map was not loaded. It is tried again.")
    expect(partly).to_be_visible()
    assert silent
    console.context.unroute(TILES)
    see(page, lambda seen: LAND in colours(seen) and WATER in colours(seen))
    expect(partly).to_have_count(0)


def test_a_map_of_other_roads_is_said_to_be_one(console: Console) -> None:
    console.context.route(TILES, lambda route: route.fulfill(status=404))
    page = console.sign_in("dispatcher", "#/board")
    expect(page.get_by_text("The service has other roads now than this map. Load the page again.")).to_be_visible()


def test_a_unit_and_a_closure_are_chosen_where_they_are_shown(page: Page, port: int) -> None:
    man(port, "P1")
    put(port, "P1", LAKE)
    lines = {"type": "MultiLineString", "coordinates": [[place[::-1] for place in ROAD]]}
    feature = {"type": "Feature", "geometry": lines, "properties": {"name": "Gas leak"}}
    tell(port, "/v1/closures", {"closure_id": "leak", "feature": feature})
    middle = (sum(place[0] for place in ROAD) / 2, sum(place[1] for place in ROAD) / 2)
    seen = see(page, lambda seen: seen.share(LAKE, FREE) == 1 and seen.share(middle, CLOSED, 8) > 0.2)
    x, y = seen.pixel(LAKE)
    canvas(page).click(position={"x": x, "y": y})
    expect(page.locator("#lists [data-item='u:P1']")).to_be_focused()
    # Where the way is, not the sign in its middle.
    x, y = seen.pixel((ROAD[0][0] + 0.2 * (ROAD[1][0] - ROAD[0][0]), ROAD[0][1]))
    canvas(page).click(position={"x": x, "y": y})
    expect(page.get_by_role("button", name="Lift Gas leak")).to_be_focused()
    # Far from it, the list brings it back into view.
    canvas(page).press("0")
    press(page, "+", 6)
    away = Seen(page)
    page.get_by_role("button", name="Show Gas leak on the map").click()
    found = see(page, lambda seen: seen.share(middle, CLOSED, 8) > 0.2)
    assert found.centre != away.centre
    dismiss(port, "P1")


def test_keys_move_the_map(page: Page) -> None:
    before = Seen(page)
    press(page, "ArrowLeft")
    left = Seen(page)
    assert left.centre[0] < before.centre[0]
    assert left.centre[1] == pytest.approx(before.centre[1])
    press(page, "ArrowUp")
    assert Seen(page).centre[1] < left.centre[1]
    press(page, "-")
    assert Seen(page).scale == pytest.approx(before.scale / 2, rel=0.01)
    press(page, "0")
    assert Seen(page).scale < before.scale / 8


def open_closures(page: Page) -> None:
    page.get_by_role("button", name="Closures").click()
    expect(page.get_by_role("heading", name="Close a road")).to_be_visible()


def test_a_road_is_closed_by_a_line_drawn_with_the_mouse_and_opened_again(page: Page, port: int) -> None:
    open_closures(page)
    page.get_by_label("Reason").fill("Gas leak")
    page.get_by_role("button", name="Draw the line").click()
    seen = Seen(page)
    (x, y), (to_x, to_y) = map(seen.pixel, ROAD)
    canvas(page).click(position={"x": x, "y": y})
    canvas(page).dblclick(position={"x": to_x, "y": to_y})
    expect(page.get_by_text("It is drawn.")).to_be_visible()
    page.get_by_label("Until").fill("2099-01-01T12:00")
    page.get_by_role("button", name="Close it").click()
    expect(page.get_by_text("Closed: Gas leak.")).to_be_visible()
    # Without its year it would be over within days.
    expect(page.locator(".closures li")).to_contain_text(re.compile(r"Jan 2099"))
    [feature] = closures(port)
    assert feature["id"] == feature["properties"]["name"] == "Gas leak"
    assert feature["properties"]["to"] == "2099-01-01T11:00:00+00:00"  # noon in Stockholm
    lines = shapely.MultiLineString(feature["geometry"]["coordinates"])
    assert lines.hausdorff_distance(shapely.LineString([place[::-1] for place in ROAD])) < 0.0003
    middle = (sum(place[0] for place in ROAD) / 2, sum(place[1] for place in ROAD) / 2)
    see(page, lambda seen: seen.share(middle, CLOSED, 8) > 0.2)
    page.get_by_role("button", name="Lift Gas leak").click()
    expect(page.get_by_text("Lifted: Gas leak.")).to_be_visible()
    assert closures(port) == []
    see(page, lambda seen: seen.share(middle, CLOSED, 8) == 0)


def test_roads_are_closed_by_an_area_drawn_with_keys_alone(page: Page, port: int) -> None:
    page.locator("#lists button").first.focus()
    page.keyboard.press("c")
    page.keyboard.type("Demonstration")
    page.get_by_label("All roads in an area").press("Space")
    page.get_by_role("button", name="Draw the area").press("Enter")
    expect(canvas(page)).to_be_focused()
    for keys in (("Enter",), ("ArrowRight",) * 10, ("Enter",), ("ArrowDown",) * 10, ("Enter", "Shift+Enter")):
        for key in keys:
            page.keyboard.press(key)
    expect(page.get_by_role("button", name="Draw it again")).to_be_focused()
    page.get_by_label("How much").select_option("0.25")
    page.get_by_label("For whom").select_option("normal")
    page.get_by_role("button", name="Close it").press("Enter")
    expect(page.get_by_text("Closed: Demonstration.")).to_be_visible()
    [feature] = closures(port)
    assert feature["properties"]["factor"] == 0.25
    assert feature["properties"]["profile"] == "normal"
    west, south, east, north = shapely.MultiLineString(feature["geometry"]["coordinates"]).bounds
    assert 0.001 < east - west < 0.01
    assert 0.001 < north - south < 0.01


def test_a_shape_can_be_taken_back_and_given_up(page: Page, port: int) -> None:
    open_closures(page)
    page.get_by_label("Reason").fill("Nothing")
    page.get_by_role("button", name="Draw the line").click()
    for key in ("Enter", "ArrowRight", "Enter", "Backspace"):
        page.keyboard.press(key)
    expect(page.get_by_text("1 place chosen.")).to_be_visible()
    expect(page.get_by_role("button", name="Done")).to_be_disabled()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Draw the line")).to_be_focused()
    page.get_by_role("button", name="Close it").click()
    expect(page.get_by_text("Draw it first.")).to_be_visible()
    assert closures(port) == []


def test_what_is_being_drawn_is_given_up_with_its_panel(page: Page) -> None:
    open_closures(page)
    page.get_by_role("button", name="Draw the line").click()
    chart = page.locator(".road-map")
    expect(chart).to_have_class(re.compile(r"\bplacing\b"))
    page.get_by_role("button", name="Leave", exact=True).click()
    expect(page.get_by_role("heading", name="Close a road")).to_have_count(0)
    # Units and incidents can be picked again.
    expect(chart).not_to_have_class(re.compile(r"\bplacing\b"))


def test_a_road_is_closed_by_its_name_and_a_wrong_name_is_told(page: Page, port: int) -> None:
    open_closures(page)
    page.get_by_label("Reason").fill("Tram works")
    page.get_by_label("A whole road by its name").check()
    page.get_by_label("Name or number of the road").fill("Linnegatan")
    page.get_by_role("button", name="Close it").click()
    expect(page.get_by_role("alert").filter(has_text="Linnégatan")).to_be_visible()
    page.get_by_label("Name or number of the road").fill("Linnégatan")
    page.get_by_role("button", name="Close it").click()
    expect(page.get_by_text("Closed: Tram works.")).to_be_visible()
    assert [each["id"] for each in closures(port)] == ["Tram works"]


def close_by_name(port: int, name: str, **more: str) -> None:
    """Close Linnégatan under a name, by HTTP."""
    feature = {"type": "Feature", "geometry": None, "properties": {"road": "Linnégatan", "name": name, **more}}
    tell(port, "/v1/closures", {"closure_id": name, "feature": feature})


def test_a_closure_is_asked_for_until_there_is_an_answer(page: Page, port: int) -> None:
    open_closures(page)
    problem = {"type": "/problems/too-many-requests", "title": "Too many requests", "status": 429}
    page.route("**/v1/closures", lambda route: route.fulfill(status=429, json=problem), times=1)
    close_by_name(port, "Burst pipe")
    expect(page.get_by_role("button", name="Lift Burst pipe")).to_be_visible()


def test_a_closure_that_has_run_out_is_shown_no_more(page: Page, port: int) -> None:
    open_closures(page)
    close_by_name(port, "Film crew", to=(datetime.now(UTC) + timedelta(seconds=15)).isoformat())
    expect(page.get_by_role("button", name="Lift Film crew")).to_be_visible()
    expect(page.get_by_role("button", name="Lift Film crew")).to_have_count(0)


def test_without_webgl_the_page_works_and_says_that_there_is_no_map(browser: Browser, port: int) -> None:
    flags = ["--no-sandbox", "--disable-gpu", "--disable-3d-apis"]
    other = browser.browser_type.launch(executable_path=str(find_browser()), args=flags)
    console = Console(other, port)
    page = console.sign_in("dispatcher", "#/board")
    expect(page.get_by_role("alert").filter(has_text="no WebGL")).to_be_visible()
    expect(canvas(page)).to_have_count(0)
    open_closures(page)
    expect(page.get_by_label("Name or number of the road")).to_be_visible()
    console.close()
    other.close()


def test_a_worker_that_is_not_there_is_told(console: Console) -> None:
    console.context.route("**/console/map-worker.js", lambda route: route.fulfill(status=404, body=""))
    page = console.sign_in("dispatcher", "#/board")
    expect(page.get_by_role("alert").filter(has_text="The map does not draw")).to_be_visible()
    assert {each.splitlines()[0] for each in console.complaints} == {WORKER_FAILED}
    console.complaints.clear()


def test_a_map_without_height_is_told(page: Page, board: Console) -> None:
    frame, told = page.locator(".road-map"), page.get_by_text("The map has no room to be shown in.")
    frame.evaluate("frame => Object.assign(frame.style, {height: '0', minHeight: '0'})")
    expect(told).to_be_attached()
    assert board.complaints == ["The map has no room to be shown in."]
    board.complaints.clear()
    frame.evaluate("frame => Object.assign(frame.style, {height: '', minHeight: ''})")
    expect(told).not_to_be_attached()


def test_those_who_do_not_see_it_are_told_what_to_use(page: Page, board: Console) -> None:
    expect(canvas(page)).to_have_accessible_name("Map")
    expect(canvas(page)).to_have_accessible_description(re.compile("Everything on the map is in the lists too"))
    open_closures(page)
    for theme in ("night", "day"):
        page.get_by_label("Theme").select_option(theme)
        assert board.violations() == []
        board.picture(f"closures-{theme}")
