"""Policies and rosters held against each other, replication by replication."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from graphs.errors import InputError
from played import MINUTE, incident, played, scenario
from scenarios.results import Measured, Results, measured, results_of
from scenarios.results_compared import Difference, comparison, comparisons_of
from scenarios.results_files import compared_files, kept_runs, results_json
from scenarios.results_measures import Key

MEDIAN = Key("response_median_s", "emergency")
SHARE = Key("in_target", "emergency")
NAMES = range(5)


def night(policy: str, replication: int, response_s: float, units_needed: int = 1) -> Measured:
    """Return a replication in which five emergencies were reached after so long."""
    rows = [incident(f"{replication}-{name}", 0, response_s, units_needed=units_needed) for name in NAMES]
    return measured(scenario(), played(rows, policy=policy, replication=replication))


def nights(policy: str, *responses_s: float) -> list[Measured]:
    return [night(policy, replication, each) for replication, each in enumerate(responses_s, start=1)]


def compared(*measured: Sequence[Measured]) -> Results:
    return results_of(scenario(), [one for each in measured for one in each])


def keep(folder: Path, results: Results) -> None:
    folder.mkdir()
    (folder / "results.json").write_bytes(results_json(scenario(), results, comparisons_of(results), {}))


def difference(results: Results, key: Key) -> Difference:
    (found,) = comparisons_of(results)
    return next(one for one in found.differences if one.key == key)


def test_what_is_common_to_both_falls_out_of_the_difference() -> None:
    # From night to night everything differs; between policies it is 30 seconds, give or take one.
    base, other = nights("base", 200, 600, 400, 800), nights("other", 169, 571, 370, 770)
    found = difference(compared(base, other), MEDIAN)
    assert (found.base, found.other, found.mean, found.pairs) == (500, 470, -30, 4)
    assert found.sd == pytest.approx((2 / 3) ** 0.5)
    # 3.1824 is what Student's t of three degrees of freedom exceeds with 2.5 %.
    assert found.low == pytest.approx(-30 - 3.1824463 * (2 / 3) ** 0.5 / 2)
    assert found.finding == "better"
    assert found.needed == 2
    assert difference(compared(other, base), MEDIAN).finding == "worse"


def test_more_is_better_of_a_share() -> None:
    found = difference(compared(nights("base", 1_000, 1_000, 1_000), nights("other", 300, 300, 300)), SHARE)
    assert (found.base, found.other, found.mean, found.finding, found.needed) == (0, 1, 1, "better", 2)


def test_of_what_is_neither_good_nor_bad_only_more_or_less_is_said() -> None:
    base = [measured(scenario(), played(policy="base", replication=n)) for n in (1, 2)]
    busy = [(0, "R1", "at_scene", 0, n * MINUTE, "1") for n in (10, 11)]
    other = [measured(scenario(), played(states=[row], policy="other", replication=n)) for n, row in enumerate(busy, 1)]
    assert difference(compared(base, other), Key("utilisation")).finding == "more"
    assert difference(compared(other, base), Key("utilisation")).finding == "less"


def test_what_may_be_chance_cannot_be_told_and_takes_so_many_replications() -> None:
    found = difference(compared(nights("base", 200, 600, 400), nights("other", 150, 640, 380)), MEDIAN)
    assert found.mean == -10
    assert found.finding == "cannot_tell"
    # 45.8 seconds of deviation against 10: 84 is the least n with t sd / sqrt(n) < 10.
    assert found.needed == 84


def test_nothing_differs_or_cancels_out() -> None:
    same = difference(compared(nights("base", 200, 600), nights("other", 200, 600)), MEDIAN)
    assert (same.finding, same.mean, same.needed) == ("same", 0, None)
    cancels = difference(compared(nights("base", 200, 600), nights("other", 300, 500)), MEDIAN)
    assert (cancels.finding, cancels.mean, cancels.needed) == ("cannot_tell", 0, None)


def test_one_pair_tells_nothing() -> None:
    found = difference(compared(nights("base", 200), nights("other", 900)), MEDIAN)
    assert (found.mean, found.low, found.finding, found.needed) == (700, None, "cannot_tell", None)


def test_few_are_marked() -> None:
    assert not difference(compared(nights("base", 200), nights("other", 900)), MEDIAN).few
    one = [measured(scenario(), played([incident("1", 0, 60)], policy=name)) for name in ("base", "other")]
    assert difference(results_of(scenario(), one), MEDIAN).few


def test_pairs_are_made_by_number_not_by_place() -> None:
    base, other = nights("base", 200, 600, 400), nights("other", 210, 610)
    (found,) = comparisons_of(compared(base, other[::-1]))
    assert found.pairs == 2
    assert next(one for one in found.differences if one.key == MEDIAN).mean == 10


def test_replications_with_other_incidents_are_refused_all_at_once() -> None:
    base = nights("base", 200, 300, 400)
    other = [night("other", 1, 200, units_needed=2), night("other", 2, 300), night("other", 3, 400, units_needed=2)]
    with pytest.raises(InputError) as refused:
        comparisons_of(compared(base, other))
    assert [fault.where for fault in refused.value.faults] == ["replication 1", "replication 3"]
    assert base[0].incidents_sha256 in refused.value.faults[0].accepted


def test_no_replication_in_common_is_refused() -> None:
    with pytest.raises(InputError, match="none in common"):
        comparisons_of(compared(nights("base", 200), [night("other", 2, 200)]))


def test_every_policy_is_held_against_the_first() -> None:
    found = comparisons_of(compared(nights("a", 200, 300), nights("b", 200, 300), nights("c", 200, 300)))
    assert [(one.base, one.other) for one in found] == [("a", "b"), ("a", "c")]
    assert comparisons_of(compared(nights("a", 200))) == ()


def test_two_rosters_are_compared_from_what_they_left(tmp_path: Path) -> None:
    for name, gain_s in (("today", 0), ("tomorrow", 60)):
        results = compared(nights("batch", *(each - gain_s for each in (200, 610, 420))), nights(name, 300, 300, 300))
        keep(tmp_path / name, results)
    headline, runs = kept_runs(tmp_path / "today" / "results.json")
    assert headline == results.headline
    assert list(runs) == ["batch", "today"]
    (found,) = compared_files(tmp_path / "today" / "results.json", tmp_path / "tomorrow" / "results.json")
    assert (found.base, found.other) == ("today: batch", "tomorrow: batch")
    whole = comparison(headline, ("x", runs["batch"]), ("y", results.runs["batch"]))
    assert found.differences == whole.differences
    assert next(one for one in found.differences if one.key == MEDIAN).mean == -60


def test_folders_of_one_name_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("monday", "friday"):
        (tmp_path / place).mkdir()
        keep(tmp_path / place / "out", compared(nights("batch", 200, 300)))
    monkeypatch.chdir(tmp_path / "monday" / "out")
    (found,) = compared_files(Path("results.json"), tmp_path / "friday" / "out" / "results.json")
    assert (found.base, found.other) == ("monday/out: batch", "friday/out: batch")
    (same,) = compared_files(Path("results.json"), Path("results.json"))
    assert (same.base, same.other) == ("out: batch", "out: batch")


def test_files_that_cannot_be_compared_are_refused(tmp_path: Path) -> None:
    keep(tmp_path / "a", compared(nights("batch", 200)))
    keep(tmp_path / "b", compared(nights("sector_first", 200)))
    with pytest.raises(InputError, match="one of batch"):
        compared_files(tmp_path / "a" / "results.json", tmp_path / "b" / "results.json")
    later = (tmp_path / "a" / "results.json").read_text("utf-8").replace('"format":1', '"format":2')
    for text in ("", "[]", "{}", later):
        tmp_path.joinpath("other.json").write_text(text, "utf-8")
        with pytest.raises(InputError, match=r"results\.json as"):
            kept_runs(tmp_path / "other.json")
    with pytest.raises(InputError, match="No such file"):
        kept_runs(tmp_path / "none.json")
