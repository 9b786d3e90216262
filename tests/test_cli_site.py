"""``nearest site`` as a planner uses it: posts, bounds, files, and what it says of wrong options."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.cli import main
from api.printing_site import proof_words
from roadmaps import RoadMap
from scenarios.scenario import Duty, Station
from scenarios.scenario_files import read_scenario
from scenarios.scenario_new import new_scenario
from scenarios.siting_check import at_posts


def nearest(*words: object) -> Result:
    """Run the command; an exception that it does not expect fails the test."""
    return CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)


class Planner:
    """Asks for posts in a town of two halves that no road joins."""

    def __init__(self, town: RoadMap, folder: Path, graph: Path) -> None:
        self.town, self.folder, self.graph = town, folder, graph
        self.candidates = self.file("candidates.csv", "name", "ACEI")
        self.demand = self.file("demand.csv", "name", "BDGH")

    def file(self, name: str, column: str, letters: str, weight: str = "") -> Path:
        rows = [f"{letter},{lat},{lon}{weight}" for letter in letters for lat, lon in [self.town.at(letter)]]
        path = self.folder / name
        path.write_text("\n".join([f"{column},lat,lon{',weight' if weight else ''}", *rows]))
        return path

    def __call__(self, *words: object, demand: Path | None = None) -> Result:
        files = ("--candidates", self.candidates, "--demand", demand or self.demand)
        return nearest("site", "--graph", self.graph, *files, *words)


@pytest.fixture
def site(town: RoadMap, town_file: Path, tmp_path: Path) -> Planner:
    return Planner(town, tmp_path, town_file)


def test_a_planner_reads_posts_and_that_none_are_better(site: Planner) -> None:
    done = site("--model", "maximal-covering", "--posts", 1, "--within", 5)
    assert done.exit_code == 0
    assert "(100.00%); proved: no posts do better" in done.stdout
    assert "100.0% of the weight within 5 min, mean time" in done.stdout
    assert "4 candidates, 4 demand points; roads as at the best of times" in done.stdout


def test_all_models_agree_on_the_half_where_the_demand_is(site: Planner) -> None:
    asked = {
        "p-median": ("--posts", 2),
        "maximal-covering": ("--posts", 2, "--within", 1),
        "set-covering": ("--within", 1),
        "mexclp": ("--units", 2, "--within", 1, "--busy", 0.2),
    }
    for model, words in asked.items():
        done = site("--model", model, *words, "--json")
        result = json.loads(done.stdout)
        assert result["proved"] is True
        assert {post["name"] for post in result["posts"]} <= {"A", "C"}
        assert result["bound"] == result["value"]


def test_a_kept_post_is_chosen_and_marked(site: Planner) -> None:
    result = json.loads(site("--model", "p-median", "--posts", 2, "--keep", "E", "--json").stdout)
    assert {post["name"]: post["kept"] for post in result["posts"]}["E"] is True
    assert "kept" in site("--model", "p-median", "--posts", 2, "--keep", "E").stdout


def test_demand_that_no_candidate_covers_is_named_and_ends_with_3(site: Planner) -> None:
    site.candidates = site.file("west.csv", "name", "AC")
    everywhere = site.file("everywhere.csv", "name", "BDFJ")
    done = site("--model", "set-covering", "--within", 30, demand=everywhere)
    assert done.exit_code == 3
    assert "fewest posts: 1; proved" in done.stdout
    assert "No candidate covers 2 demand points, 50.00% of the weight: F, J" in done.stdout
    half = site("--model", "set-covering", "--within", 30, "--share", 0.5, demand=everywhere)
    assert half.exit_code == 0
    most = site("--model", "set-covering", "--within", 30, "--share", 0.6, demand=everywhere)
    assert most.exit_code == 3
    assert "error: all 2 candidates together cover 50.00 % of the weight in that time" in most.stderr


def test_a_median_counts_apart_what_no_candidate_reaches(site: Planner) -> None:
    site.candidates = site.file("west.csv", "name", "AC")
    everywhere = site.file("everywhere.csv", "name", "BDFJ")
    west = json.loads(site("--model", "p-median", "--posts", 1, "--json").stdout)
    result = json.loads(site("--model", "p-median", "--posts", 1, "--json", demand=everywhere).stdout)
    assert result["hopeless"] == result["unreached"] == ["F", "J"]
    assert result["hopeless_weight"] == 2
    assert 0 < result["value"] < 2 * west["value"]


def test_near_enough_is_said_to_be_so() -> None:
    told = {"proved": False, "value": 99.0, "bound": 100.0, "gap": 0.0101}
    assert proof_words({**told, "near_enough": 0.02}).endswith(
        "1.01% from it at most, as near as asked; --gap 0 goes on"
    )
    assert proof_words({**told, "near_enough": 0.0}).endswith("1.01% from it at most; more --limit may tell")


def test_demand_that_no_candidate_is_near_is_no_answer(site: Planner) -> None:
    done = site("--model", "set-covering", "--within", 0.001)
    assert done.exit_code == 3
    assert "error: no candidate covers any of the demand in that time" in done.stderr


def test_too_few_posts_for_both_halves_are_no_answer(site: Planner) -> None:
    done = site("--model", "p-median", "--posts", 1, demand=site.file("everywhere.csv", "name", "BDFJ"))
    assert done.exit_code == 3
    assert "too few posts to reach every demand point that some candidate reaches: 1; it takes 2" in done.stderr


def test_files_and_printed_answers_are_the_same_bytes_each_time(site: Planner) -> None:
    words = ("--model", "mexclp", "--units", 3, "--within", 1, "--busy", 0.3)
    outs = [site.folder / name for name in ("one", "two")]
    first, second = (site(*words, "-o", out, "--json") for out in outs)
    assert first.stdout == second.stdout
    for file in sorted(outs[0].iterdir()):
        assert file.read_bytes() == (outs[1] / file.name).read_bytes()
    assert (outs[0] / "result.json").exists()


def test_the_map_has_posts_and_demand(site: Planner) -> None:
    features = json.loads(site("--model", "p-median", "--posts", 1, "--geojson").stdout)["features"]
    assert [each["properties"]["kind"] for each in features] == ["post", *["demand"] * 4]


def test_mobilisation_and_hours_of_the_day_are_in_the_times(site: Planner) -> None:
    words = ("--model", "p-median", "--posts", 1, "--json")
    plain, later = json.loads(site(*words).stdout), json.loads(site(*words, "--mobilisation-s", 45).stdout)
    assert later["value"] == pytest.approx(plain["value"] + 45)
    timed = json.loads(site(*words, "--at-time", "2026-03-04T08:30:00+00:00").stdout)
    assert timed["at"] == ["2026-03-04T08:30:00+00:00"]
    assert timed["value"] >= plain["value"]


class TestWrongOptions:
    def test_everything_that_a_model_lacks_or_cannot_have_is_told_together(self) -> None:
        done = nearest("site", "--model", "mexclp", "--posts", 3, "--share", 0.5)
        assert done.exit_code == 2
        for sentence in (
            "options --posts: 3 is not accepted; accepted: no such option beside --model mexclp (it has --units)",
            "options --share: 0.5 is not accepted; accepted: no such option beside --model mexclp",
            "options --units: nothing is not accepted; accepted: a whole number, 1 or more: mexclp needs it",
            "options --within: nothing is not accepted",
            "options --busy: nothing is not accepted",
            "options --demand, --areas, --scenario: nothing is not accepted; accepted: one of them",
            "options --candidates, --spread, --scenario: nothing is not accepted",
            "options --graph: nothing is not accepted",
        ):
            assert f"error: {sentence}" in done.stderr

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (
                ("--posts", 5),
                "--posts: 5 is not accepted; accepted: as many as there are candidates, 4, or fewer",
            ),
            (("--posts", 0), "options --posts: 0 is not accepted; accepted: a whole number, 1 or more"),
            (("--posts", 1, "--keep", "A", "--keep", "C"), "accepted: as many as are kept, 2, or more"),
            (("--posts", 1, "--keep", "Z"), '--keep: "Z" is not accepted; accepted: A, C, E, I'),
            (("--posts", 1, "--within", "nan"), "options --within: nan is not accepted; accepted: minutes"),
            (("--posts", 1, "--at-time", "noon"), 'options --at-time: "noon" is not accepted'),
            (("--posts", 1, "--closures", "x.geojson"), "accepted: --at-time beside it"),
            (
                ("--posts", 1, "--weight", "persons"),
                "--weight: persons is not accepted; accepted: no such option without --areas",
            ),
            (("--posts", 1, "--check"), "options --check: given is not accepted; accepted: no such option without"),
            (
                ("--posts", 1, "--replications", 3),
                "--replications: 3 is not accepted; accepted: no such option without",
            ),
            (("--posts", 1, "--gap", 0.7), "options --gap: 0.7 is not accepted; accepted: a number from 0 to 0.5"),
            (("--posts", 1, "--json", "--geojson"), "options --json, --geojson: both is not accepted"),
            (("--posts", 1, "-o", "/no/such/folder"), "options -o: /no/such/folder is not accepted"),
            (("--posts", 1, "--profile", "flying"), "flying"),
        ],
    )
    def test_each_is_told(self, site: Planner, words: tuple[object, ...], told: str) -> None:
        done = site("--model", "p-median", *words)
        assert done.exit_code == 2
        assert told in done.stderr

    def test_faults_of_files_and_options_come_together(self, site: Planner) -> None:
        demand = site.folder / "bad.csv"
        demand.write_text("lat,lon,weight\n1,2,-3\n")
        done = site("--model", "p-median", "--posts", 0, "--keep", "Z", demand=demand)
        assert done.exit_code == 2
        assert "--posts: 0" in done.stderr
        assert '--keep: "Z"' in done.stderr
        assert "bad.csv row 2 weight: -3.0" in done.stderr


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scenario of Gothenburg, cut down to one replication of a few hours."""
    folder = tmp_path_factory.mktemp("scenario") / "gothenburg"
    new_scenario(folder, None, None, lambda _: None)
    head = folder / "scenario.toml"
    text = head.read_text().replace("days = 7", "hours = 6").replace("replications = 10", "replications = 2")
    head.write_text(text)
    return folder


def test_a_scenario_has_demand_and_stations(scenario: Path) -> None:
    done = nearest("site", "--scenario", scenario, "--points", 50, "--model", "p-median", "--posts", 2, "--json")
    assert done.exit_code == 0
    result = json.loads(done.stdout)
    assert {post["name"] for post in result["posts"]} < {each.name for each in read_scenario(scenario).stations}
    assert result["asked"]["weight"] == pytest.approx(100)


def test_posts_are_checked_by_simulation(scenario: Path) -> None:
    words = ("--points", 50, "--spread", 20, "--model", "mexclp", "--units", 5, "--within", 5, "--busy", 0.4)
    done = nearest("site", "--scenario", scenario, *words, "--check", "--replications", 3, "--jobs", 1)
    assert done.exit_code == 0
    assert "posts as sited against stations as they are" in done.stdout
    assert done.stderr.splitlines()[-6:] == [f"{number} of 6 replications" for number in range(1, 7)]


def test_crews_go_to_the_post_that_has_fewest_for_its_units(scenario: Path) -> None:
    plain = read_scenario(scenario)
    duties = tuple(
        Duty(f"U{row}", start, start + 8, 2, frozenset(), None, plain.stations[0].name)
        for row, start in enumerate((0, 0, 0, 4, 9))
    )
    posts = [Station("new", 57.70, 11.95, "elsewhere"), plain.stations[1]]
    moved = at_posts(plain.with_(duties=duties), posts, [2, 1])
    other = plain.stations[1].name
    assert [duty.station for duty in moved.duties] == ["new", other, "new", "new", other]
    assert [station.name for station in moved.stations] == [*(each.name for each in plain.stations), "new"]
    assert moved.station("new").sector is None
