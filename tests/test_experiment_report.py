"""The report of a simulation: one page that needs nothing else, the same every time, and its files."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from graphs.network import ATTRIBUTION
from played import HOUR, LAT, LON, MINUTE, incident, played, scenario, sent, state
from scenarios.experiment_map import FEW, late_map
from scenarios.experiment_report import report_html, write_results
from scenarios.experiment_words import group_words, number
from scenarios.results import Results, measured, results_of
from scenarios.results_compared import comparisons_of
from scenarios.results_measures import MEASURES, Key
from scenarios.results_places import Cell, grid_of
from scenarios.scenario import Rate
from scenarios.simulated import Simulated
from test_report import Page

ROADS = scenario().network


def night(policy: str, replication: int, gain_s: float = 0.0) -> Simulated:
    """Return a night of twenty emergencies at two places, one of them domestic abuse, and two that wait."""
    rows = [
        incident(
            f"{replication}-{n}", n * 10 * MINUTE, 300 + 45 * n + replication - gain_s, lat=LAT + n % 2 / 500,
            tags="domestic_abuse" if n % 3 == 0 else "", sector=("North", "<South>")[n % 2], waited=n < 2,
        )
        for n in range(20)
    ]  # fmt: skip
    coverage = [(n * HOUR, 3, 0.5 + n / 10) for n in range(4)]
    states = [state("patrol", 0, HOUR), state("at_scene", HOUR, 2 * HOUR), state("station", 2 * HOUR, 4 * HOUR)]
    return played(rows, [sent("1", 0, 1_500)], states, coverage, policy, replication, (1, 0, 90 * MINUTE))


def results(
    replications: int = 3, gain_s: float = 60.0, policies: tuple[str, ...] = ("nearest_first", "batch")
) -> Results:
    made = [night(policy, n, gain_s * row) for row, policy in enumerate(policies) for n in range(1, replications + 1)]
    return results_of(scenario(), [measured(scenario(), one) for one in made])


def html(of: Results) -> str:
    about = {"seed": 7, "policies": [{"name": "batch", "settings": {}}], "program": {"version": "0.1<&"}}
    return report_html(scenario(files={"scenario.toml": "a" * 64}), of, comparisons_of(of), about)


@pytest.fixture(scope="module")
def text() -> str:
    return html(results())


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_the_page_needs_nothing_else(text: str, page: Page) -> None:
    assert not page.all("script")
    assert not page.all("link")
    assert not page.all("img")
    linked = [*(each.get("href") for each in page.all("a")), *(each.get("src") for each in page.all("use"))]
    assert all(link is None or link.startswith("#") for link in linked)
    assert not re.search(r"@import|url\((?!#)", text)


def test_links_lead_somewhere_and_every_id_is_there_once(page: Page) -> None:
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {str(each["href"])[1:] for each in page.all("a")} <= set(ids)


def test_the_roads_are_owed_to_their_makers(page: Page) -> None:
    assert page.words.count(ATTRIBUTION) >= 3
    assert ROADS.meta.licence in page.words


def test_the_same_results_are_the_same_page(text: str) -> None:
    assert html(results()) == text


def test_what_files_say_is_text(page: Page, text: str) -> None:
    assert "<South>" in page.words
    assert "<South>" not in text
    assert "0.1<&" in page.words


def test_names_of_any_kind_are_text() -> None:
    names = ["<script>alert(1)</script>", "$\\frac{1$", "a&b\"'", "n" * 200, "\u533a\u57df"]
    rows = [incident(f"{name}-{n}", 0, 300, sector=name, type=name) for name in names for n in range(5)]
    states = [state("at_scene", 0, HOUR, name, row) for row, name in enumerate(names)]
    made = [played(rows, [sent("1", 0, 10, callsign=name)], states, policy=name) for name in names[:2]]
    of = replace(scenario(demand=tuple(Rate(name, "emergency", 1.0) for name in names)), name=names[0])
    found = results_of(of, [measured(of, one) for one in made])
    text = report_html(of, found, comparisons_of(found), {name: name for name in names})
    assert "<script" not in text
    page = Page(text)
    assert [page.words.count(name) > 5 for name in names] == [True] * len(names)


def test_the_answer_with_its_intervals(page: Page) -> None:
    # Of twenty, after 300 + 45 n and a few seconds, fourteen are within 15 minutes.
    assert "Share in target 70.0% Emergency; 70.0 to 70.0%" in page.words
    assert "Means over 3 replications" in page.words
    assert "Emergency, urban: 15 minutes 20" in page.words
    assert "In custody 0.0%" in page.words


def test_policies_are_compared(page: Page) -> None:
    assert "batch against nearest_first" in page.words
    assert "3 pairs of replications" in page.words
    assert "Median response time: Emergency 12:10 min 11:10 min \u221260 s" in page.words.replace("12:09", "12:10")
    assert " better 2 " in page.words


def test_one_policy_is_compared_with_none() -> None:
    page = Page(html(results(policies=("nearest_first",))))
    assert "Policies compared" not in page.words


def test_of_one_replication_the_page_says_that_nothing_can_be_told() -> None:
    page = Page(html(results(1)))
    assert "A policy was simulated once." in page.words
    assert "no interval can be given" in page.words
    assert "cannot tell" in page.words
    assert not re.search(r"\d% to \d|\d to \d+\.\d%", page.words.partition("How to read")[0])


def test_few_are_not_shown_as_if_sure() -> None:
    rows = [incident(str(n), 0, 300) for n in range(3)]
    page = Page(html(results_of(scenario(), [measured(scenario(), played(rows))])))
    answer = page.words.partition("Response times against target")[0]
    assert "Share in target too few to tell" in answer
    assert "100.0%" not in answer


def test_nothing_at_all_is_a_page_too() -> None:
    page = Page(html(results_of(scenario(), [measured(scenario(), played(states=[]))])))
    assert "No square has enough incidents with a target to tell." in page.words
    assert "%" not in page.words.partition("How to read")[0].replace("95%", "").replace("90% within", "")


def test_many_open_at_the_end_are_told() -> None:
    pending = [incident(str(n), 0, target_s=28_800, due_ms=8 * HOUR, grade="standard") for n in range(9)]
    page = Page(html(results_of(scenario(), [measured(scenario(), played(pending))])))
    assert "100.0% of the incidents were still open" in page.words


def test_that_many_were_reached_by_nobody_is_told() -> None:
    reached = [incident(str(n), 0, 300) for n in range(18)]
    gone = [incident("lost", 0, outcome="lost"), incident("open", 0)]
    told = "10.0% of the incidents were lost, or open when the simulation ended"
    for rows, there in (([*reached, *gone], True), ([*reached, *reached, *gone[:1]], False)):
        page = Page(html(results_of(scenario(), [measured(scenario(), played(rows))])))
        assert (told in page.words) == there


def test_files_hold_the_same_numbers(tmp_path: Path) -> None:
    of = results()
    write_results(tmp_path / "a", scenario(), of, {"seed": 7})
    write_results(tmp_path / "b", scenario(), results(), {"seed": 7})
    names = {"report.html", "results.csv", "results.json"}
    assert {path.name for path in (tmp_path / "a").iterdir()} == names
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in names)
    with (tmp_path / "a" / "results.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    told = json.loads((tmp_path / "a" / "results.json").read_bytes())
    assert len(rows) == sum(len(outcome.estimates) for outcome in of.outcomes)
    for row, outcome in zip(told["policies"], of.outcomes, strict=True):
        for line in (each for each in rows if each["policy"] == row["policy"]):
            one = outcome.estimates[Key(line["measure"], line["grade"], line["dimension"], line["group"])]
            assert (float(line["mean"]), int(line["n"]), int(line["replications"])) == (one.mean, one.n, 3)
            assert line["unit"] == MEASURES[line["measure"]].unit
        assert [each["mean"] for each in row["numbers"]] == [one.mean for one in outcome.estimates.values()]
    assert told["about"] == {"seed": 7}
    assert told["attribution"] == ATTRIBUTION
    assert [one["other"] for one in told["comparisons"]] == ["batch"]
    square = told["policies"][0]["late"]["squares"][0]
    assert square["bbox"][0] <= LON < square["bbox"][2]


def cell(row: int, decided: int, late: int, grade: str = "emergency") -> Cell:
    return Cell(grade, row, 1, decided, late, late, late * MINUTE)


def test_a_square_of_few_is_drawn_without_a_shade() -> None:
    cells = [cell(1, 5, 2), cell(1, 5, 0, "priority"), cell(2, 20, 0), cell(0, 4, 4)]
    drawn = late_map(ROADS, grid_of(ROADS), cells)
    assert drawn is not None
    few, some, none = drawn.squares
    # Two late of ten.
    assert (few.shade, some.shade, none.shade) == (FEW, "late2", "late0")
    # The first lies south of the others: further down on the paper.
    assert few.y == pytest.approx(some.y + some.high, abs=0.2)
    assert few.x == some.x
    assert drawn.attribution == ATTRIBUTION
    ((_, worst),) = drawn.worst
    assert (worst.decided, worst.late, worst.lateness_ms) == (10, 2, 2 * MINUTE)
    assert late_map(ROADS, grid_of(ROADS), cells[3:]) is None


def test_squares_are_put_together_until_most_can_tell() -> None:
    grid = grid_of(ROADS)
    drawn = late_map(ROADS, grid, [cell(row, 2, 1) for row in range(8)])
    assert drawn is not None
    assert drawn.side_m == 4 * grid.side_m
    assert [one.shade for one in drawn.squares] == ["late4", "late4"]
    west, south, east, north = grid.coarser(4).box(1, 0)
    assert (south, west) == (grid.box(4, 0)[1], grid.west)
    assert (east - west, north - south) == pytest.approx((4 * grid.lon_step, 4 * grid.lat_step))


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_is_explained(measure: str) -> None:
    told = (Path(__file__).parent.parent / "docs" / "planner.md").read_text("utf-8")
    assert f"`{measure}`" in told.partition("## Results")[2]


def test_words() -> None:
    assert group_words(Key("incidents", "", "setting", "unknown")) == "Setting not known"
    assert group_words(Key("on_duty", "", "hour", "07")) == "07:00"
    assert number(99.96, "number") == "100"
    assert number(3_599.9, "s").replace("\u00a0", " ") == "1 h 00 min"
