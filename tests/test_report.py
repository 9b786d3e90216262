"""The report: one page that needs nothing else, escapes what files say, and is the same every time."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from graphs.network import Network
from nightshift import CLEVELAND, TOWN
from records import Row, at, call, fix, on_duty, sent, write_records
from scenarios.audit import audit_of
from scenarios.calibrate import Calibration, Errors
from scenarios.drawing import HEIGHT, WIDTH, Line, Point, draw_map
from scenarios.evidence import read_evidence
from scenarios.factors import Factor
from scenarios.known import Known
from scenarios.replay import LEDGERS, replay
from scenarios.report import REPORT, Told, report_html, write_report
from scenarios.report_cases import Case, Roads, ledgers_of
from scenarios.report_notices import notices_of

NONE = "\u2013"
VOID = {"meta", "br", "link", "img", "input", "hr", "rect", "circle", "path", "use"}


class Page(HTMLParser):
    """A page as its elements, with the text inside each, and every tag held against the one that closes it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag, f"</{tag}> at {self.getpos()}"
        if tag in {"td", "th", "dt", "dd", "caption"}:
            self.text.append(" ")

    def handle_data(self, data: str) -> None:
        if not {"style", "script"} & set(self.open):
            self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join("".join(self.text).replace("\u00a0", " ").split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.elements if name == tag]


def night(
    folder: Path, rows: Sequence[Row], *fixes: dict[str, Any], network: Network | None = TOWN.network, **more: Any
) -> Told:
    """Return what a few rows come to."""
    found = replay(write_records(folder / "in", rows, fixes, network, **more), folder / "out", jobs=1)
    audit = audit_of(found.verdicts, found.evidence.force)
    ledgers = ledgers_of(folder / "out" / LEDGERS, {one.incident_id for one in audit.worst})
    closed = Known(found.evidence, found.network).conditions
    return Told(audit, found.verdicts, found.evidence, ledgers, found.about, found.network, closed)


def missed(incident_id: str = "1", late: str = "R2", near: str = "R1", **more: Any) -> Iterator[Row]:
    """Yield an incident to which the later of two free units was sent."""
    yield call("A", incident_id, **more)
    yield sent(late, incident_id, on_scene_at=at(500))
    for callsign in (late, near):
        yield from on_duty(callsign)


FIXES = (fix("R1", "D"), fix("R2", "H"))
# The same, a second on their way.
IN_TIME = (fix("R1", "D", received_s=56), fix("R2", "H", received_s=56))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return night(tmp_path_factory.mktemp("night"), list(missed()), *FIXES)


@pytest.fixture(scope="module")
def page(told: Told) -> Page:
    return Page(report_html(told))


def test_one_incident_at_which_a_nearer_unit_could_have_gone(page: Page) -> None:
    assert "In 0.0% of the incidents that could be judged (1), nobody" in page.words
    assert "A nearer unit could have gone 1 incident" in page.words
    assert "1. Incident 1:" in page.words
    assert "R2 was sent and could be there in" in page.words
    assert "R1 could have been there in" in page.words


def test_of_one_incident_there_is_no_median_and_no_share_but_the_headline(page: Page) -> None:
    assert "Nearest-sent rate, of those judged 0.0%" in page.words
    assert "Time lost in all" in page.words
    assert "Median time lost there" not in page.words
    causes = page.words.partition("Why another was sent")[2].partition("Reasons that dispatchers recorded")[0]
    assert "%" not in causes
    assert f"Nothing in the records explains it 1 {NONE} {NONE}" in causes
    lacking = page.words.partition("Lacking Incidents Share")[2].partition("What was assumed")[0]
    assert f"0 of 1 {NONE}" in lacking
    assert "%" not in lacking


def test_how_far_the_rate_rests_on_doubt_stands_beside_it(page: Page) -> None:
    answer = page.words.partition("The same, of all attended")[2].partition("What was found at each incident")[0]
    assert "If too close to call counts as not 0.0% 0 of 1; 0.0% of those judged are too close to call" in answer
    assert f"Where every unit's position was known {NONE} fewer than 5 such incidents" in answer


def test_the_card_and_the_map_name_the_unit_that_was_better_beyond_doubt(told: Told) -> None:
    (verdict,), (ledger,) = told.verdicts, told.ledgers.values()
    soonest, went = ledger["lines"]
    lines = [{**soonest, "callsign": "R0"}, soonest, went]
    roads = Roads(told.network, told.evidence.force) if told.network is not None else None
    case = Case(1, replace(verdict, nearest_eligible="R0", better="R1"), {**ledger, "lines": lines}, roads)
    assert "R1 could have been sent" in case.alt
    assert case.map is not None
    assert [kind for kind, _ in case.map.ways] == ["could", "sent"]
    worst = tuple(replace(one, better="R1", better_s=31.0) for one in told.audit.worst)
    shown = replace(
        told,
        audit=replace(told.audit, worst=worst),
        verdicts=[replace(verdict, nearest_eligible="R0", nearest_eligible_s=2.0, better="R1", better_s=31.0)],
    )
    assert "R1 could have been there in 31 s" in Page(report_html(shown)).words


def test_arrivals_that_were_not_timed_stand_there_with_why(told: Told) -> None:
    kinds = [{"arrival": "missing"}, {"arrival": "doubtful"}, {"clock_s": 0.0}, {"clock_s": None}]
    base = replace(told.verdicts[0], verdict="nearest_sent")
    told_of = [replace(base, incident_id=str(n), **more) for n, more in enumerate([*kinds, kinds[0]])]
    words = Page(report_html(replace(told, audit=audit_of(told_of, told.evidence.force)))).words
    why = "2 missing, 1 doubtful, 1 already there, 1 without a start of the clock"
    assert f"none timed {why}" in words


def test_units_sent_against_a_rule_stand_there_with_the_rule(told: Told) -> None:
    audit = audit_of([replace(told.verdicts[0], judged_failed="crew")], told.evidence.force)
    words = Page(report_html(replace(told, audit=audit))).words
    assert "At 1 of 1 incidents judged, a rule of the force would have kept the unit back that was sent." in words
    assert "Rule Incidents This rule alone Too few officers were aboard 1 1" in words


def test_nothing_is_fetched_from_anywhere(told: Told, page: Page) -> None:
    for tag, attrs in page.elements:
        assert tag not in {"script", "link", "iframe", "object", "embed", "base", "form"}
        for name in ("src", "href", "xlink:href", "data", "action", "srcset"):
            assert (attrs.get(name) or "#").startswith("#"), (tag, attrs)
    assert not re.search(r"@import|url\((?!#)", report_html(told))


def test_every_drawing_has_words_for_who_cannot_see_it(page: Page) -> None:
    drawings = [attrs for attrs in page.all("svg") if attrs.get("aria-hidden") != "true"]
    plots = [attrs for attrs in page.all("div") if attrs.get("role") == "img"]
    assert drawings
    assert plots
    for attrs in (*drawings, *plots):
        assert attrs["role"] == "img"
        assert len(attrs["aria-label"] or "") > 30
    assert "R2 was sent" in (drawings[0]["aria-label"] or "")


def test_the_page_has_its_landmarks_and_its_headings_in_order(page: Page) -> None:
    assert page.all("html") == [{"lang": "en-GB"}]
    assert all(len(page.all(tag)) == 1 for tag in ("main", "nav", "footer", "h1", "title"))
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_heading_of_a_table_says_what_it_heads(page: Page) -> None:
    heads = page.all("th")
    assert heads
    assert {attrs.get("scope") for attrs in heads} == {"col", "row"}


def test_ids_are_there_once_and_links_lead_to_them(page: Page) -> None:
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    wanted = [attrs[name] for _, attrs in page.elements for name in ("href", "xlink:href") if attrs.get(name)]
    wanted += [f"#{attrs['aria-labelledby']}" for _, attrs in page.elements if "aria-labelledby" in attrs]
    assert {str(one)[1:] for one in wanted} <= set(ids)


def test_what_files_say_is_text_and_never_markup(tmp_path: Path) -> None:
    evil, unit, sector = "<script>alert(1)</script>", "<b>R2\"'&", "$x$ </svg><script>"
    rows = list(missed(evil, late=unit, sector=sector)) + [
        row for n in range(6) for row in missed(f"{n}", late=unit, sector=sector, received_at=at(n))
    ]
    told = night(tmp_path, rows, FIXES[0], fix(unit, "H"))
    page = Page(report_html(told))
    assert not page.all("script")
    assert not page.all("b")
    assert f"Incident {evil}" in page.words
    assert sector in page.words


def test_the_same_inputs_give_the_same_bytes(told: Told, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_report(tmp_path / name, told)
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file())
    assert len(files) > 10
    for path in files:
        assert (tmp_path / "one" / path).read_bytes() == (tmp_path / "two" / path).read_bytes()


def test_a_period_of_which_nothing_can_be_judged_gets_no_rate(tmp_path: Path) -> None:
    told = night(tmp_path, [])
    write_report(tmp_path / "report", told)
    page = Page((tmp_path / "report" / REPORT).read_text("utf-8"))
    assert "No incident of this period could be judged, so no rate is given." in page.words
    assert not page.all("dl")
    assert not [attrs for attrs in page.all("div") if attrs.get("role") == "img"]
    assert "%" not in page.words.partition("Read this first")[2].partition("What the records lack")[0].replace(
        "95%", ""
    )


def test_without_roads_the_page_says_so_loudly(tmp_path: Path) -> None:
    told = night(tmp_path, list(missed()), *FIXES, network=None)
    page = Page(report_html(told))
    assert "Straight-line version: no road network" in page.words
    assert "Without a road network no time lost can be told" in page.words
    assert "OpenStreetMap" not in page.words


def test_what_stands_in_for_the_records_is_said_before_any_number(tmp_path: Path) -> None:
    rows = [*missed(), *on_duty("S1", home=TOWN.at("B"))]
    told = night(tmp_path, rows, positions="stations", duties="always", commitments="none", status="2")
    words = Page(report_html(told)).words
    before = words.partition("The answer The")[0].partition("What was found at each incident")[0]
    for title in ("Stations stand in for positions", "Duty times not recorded", "Nobody counts as busy"):
        assert title in before
    assert "hindsight cannot be told" in before
    assert "A unit of which no status was reported counts as “" in words


def test_one_entry_time_does_not_silence_those_that_are_missing(tmp_path: Path) -> None:
    rows = [replace(row, entered_at=at(-20_000)) for row in missed()]
    rows += [row for n in range(3) for row in on_duty(f"X{n}")]
    words = Page(report_html(night(tmp_path, rows, *IN_TIME))).words
    assert "Entry times are missing: hindsight cannot be told" in words
    assert "written down: statuses (60.0%: 3 of 5) and duties (60.0%: 3 of 5). Each counts" in words


def test_nearly_all_are_not_said_to_be_all(tmp_path: Path) -> None:
    folder = write_records(tmp_path / "in", list(missed()), FIXES)
    evidence = read_evidence(folder)
    (first,) = evidence.incidents
    entered = replace(first, entered_at=at(5))
    crowd = tuple(replace(first, incident_id=str(n)) for n in range(9_999))
    told = [notices_of(replace(evidence, incidents=rows), by_road=True)[0].text for rows in ((*crowd, entered), crowd)]
    assert "incidents (99.9%: 9,999 of 10,000)" in told[0]
    assert "incidents (all)" in told[1]


def test_entry_times_that_are_there_are_not_missed(tmp_path: Path) -> None:
    rows = [replace(row, entered_at=at(-20_000)) for row in missed()]
    assert "hindsight" not in Page(report_html(night(tmp_path, rows, *IN_TIME))).words


def test_reports_that_do_not_say_when_they_came_are_told(tmp_path: Path) -> None:
    rows = [replace(row, entered_at=at(-20_000)) for row in missed()]
    assert "written down: positions (all). Each counts" in Page(report_html(night(tmp_path, rows, *FIXES))).words


def test_hashes_of_all_inputs_stand_at_the_end(told: Told, page: Page) -> None:
    assert told.network is not None
    hashes = [told.network.hash, told.network.profiles.hash, CLEVELAND.hash]
    hashes += [file.sha256 for file in told.evidence.manifest.files.values()]
    hashes += [told.methods["program"][name] for name in ("graphs", "dispatch", "scenarios")]
    end = page.words.partition("Methods and checksums For each")[2]
    assert all(one in end for one in hashes)


def test_the_map_shows_who_went_who_could_have_and_who_was_kept(tmp_path: Path) -> None:
    rows = [*missed(), *on_duty("R3", status="6")]
    told = night(tmp_path, rows, *FIXES, fix("R3", "B"))
    page = Page(report_html(told))
    assert told.network is not None
    assert "R3 (status)" in page.words
    assert "kept back: status 6" in page.words
    assert "© OpenStreetMap contributors" in page.words
    assert {attrs["class"] for attrs in page.all("path") if (attrs.get("class") or "").startswith("way ")} == {
        *("way casing", "way sent", "way could")
    }


def test_tables_and_map_files_go_with_the_page(told: Told, tmp_path: Path) -> None:
    write_report(tmp_path, told)
    with (tmp_path / "tables" / "worst.csv").open(encoding="utf-8", newline="") as file:
        assert [row["incident_id"] for row in csv.DictReader(file)] == ["1"]
    features = json.loads((tmp_path / "incidents.geojson").read_bytes())["features"]
    assert [one["geometry"]["coordinates"] for one in features] == [list(TOWN.at("A"))[::-1]]


def test_only_the_ledgers_that_are_wanted_are_read(tmp_path: Path) -> None:
    told = night(tmp_path, [*missed('é"1'), *missed("1")][:-4], *FIXES)
    path = tmp_path / "out" / LEDGERS
    assert set(ledgers_of(path, {'é"1'})) == {'é"1'}
    assert len(told.audit.worst) == 2


def test_many_nearer_units_are_cut_and_counted(told: Told) -> None:
    (verdict,), (ledger,) = told.verdicts, told.ledgers.values()
    could, went = ledger["lines"]
    crowd = [{**could, "callsign": f"X{n:02d}"} for n in range(30)]
    case = Case(1, verdict, {**ledger, "lines": [*crowd, could, went]}, None)
    assert case.more == 18
    assert {"R1", "R2"} <= {row.callsign for row in case.rows}


def path_points(path: str) -> list[tuple[int, int]]:
    """Return where a path made of steps leads."""
    found = list[tuple[int, int]]()
    for part in path.split("M")[1:]:
        start, _, steps = part.partition("l")
        x, y = map(int, start.split())
        found.append((x, y))
        numbers = list(map(int, steps.split()))
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + dx, y + dy
            found.append((x, y))
    return found


@pytest.mark.parametrize("move", [lambda v: v, lambda v: -v])
def test_a_way_is_drawn_where_its_ends_are(move: Callable[[float], float]) -> None:
    ends = [(11.9, 57.7), (11.9 + move(0.05), 57.7 + move(0.01))]
    points = [Point("incident", "", ends[0][1], ends[0][0]), Point("sent", "R1", ends[1][1], ends[1][0])]
    drawn = draw_map(None, points, [Line("sent", ends)])
    ((_, path),) = drawn.ways
    for (x, y), mark in zip(path_points(path), drawn.marks, strict=True):
        assert abs(x - mark.x) <= 1
        assert abs(y - mark.y) <= 1
    east_first = drawn.marks[0].x > drawn.marks[1].x
    north_first = drawn.marks[0].y < drawn.marks[1].y
    assert east_first == north_first == (move(1.0) < 0)


def test_the_scale_bar_is_as_long_as_it_says() -> None:
    a, b = Point("incident", "", 57.7, 11.9), Point("sent", "R1", 57.7, 11.95)
    drawn = draw_map(None, [a, b])
    apart_px = abs(drawn.marks[0].x - drawn.marks[1].x)
    assert drawn.bar_label == "500 m"
    # 0.05 degrees of longitude at that latitude are 2970.9 m.
    assert 500 / drawn.bar_px == pytest.approx(2970.9 / apart_px, rel=2e-3)


def test_labels_of_neighbours_do_not_cover_each_other() -> None:
    crowd = [Point("could", f"R{n:02d}", 57.7 + n * 1e-5, 11.9) for n in range(3)]
    marks = draw_map(None, [Point("incident", "", 57.71, 11.91), *crowd]).marks[1:]
    boxes = {(mark.label_x, mark.label_y, mark.anchor) for mark in marks}
    assert len(boxes) == 3
    assert all(0 <= mark.label_x <= WIDTH and 0 <= mark.label_y <= HEIGHT for mark in marks)


def test_suggested_factors_come_with_the_error_on_what_was_held_out(told: Told) -> None:
    assert told.network is not None
    found = Calibration(
        factors=(Factor("class", "response", "living_street", 1.2, 1.1, 1.3, 210, 9.5),),
        before=Errors(trips=40, median_s=61.0, p90_s=200.0, ratio=1.2),
        after=Errors(trips=40, median_s=31.0, p90_s=95.0, ratio=1.0),
        trained=160,
        held_out=0.2,
        seed=0,
        profiles=told.network.profiles,
        predicted_by=told.network.profiles.hash,
        funnel={},
        warnings=("Few trips.",),
    )
    words = Page(report_html(replace(told, calibration=found))).words
    assert "off by more than 61 s as the tables stand, and by more than 31 s with the factors" in words
    assert "Few trips." in words
    assert "living street 1.20 1.10 to 1.30 210" in words
