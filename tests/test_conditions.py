"""Conditions: what changes come to at one moment, against a sampler that asks each change in turn."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.conditions import NO_CONDITIONS, SLOWEST, UNALTERED_HASH, Altered, Change, Conditions, Stretch
from graphs.errors import InputError

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
Piece = tuple[int, float, float, float]


def pieces(altered: Altered) -> list[Piece]:
    columns = (altered.edge, altered.start, altered.end, altered.factor)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def change(*stretches: tuple[int, float, float], factor: float = 0.0, name: str = "High Street") -> Change:
    return Change(name, tuple(Stretch(*each) for each in stretches), factor)


def at_noon(*changes: Change) -> list[Piece]:
    return pieces(Conditions(changes).at(NOON, "normal"))


# ---- What holds where --------------------------------------------------------------------------------------------


def test_closing_one_stretch_leaves_the_rest_of_the_edge() -> None:
    assert at_noon(change((7, 0.25, 0.5))) == [(7, 0.25, 0.5, 0.0)]


def test_a_second_change_does_not_drop_the_first() -> None:
    gas, flood = change((7, 0.1, 0.3), name="gas leak"), change((7, 0.6, 0.9), name="flood")
    both = Conditions((gas,)).with_(flood)
    assert pieces(both.at(NOON, "normal")) == [(7, 0.1, 0.3, 0.0), (7, 0.6, 0.9, 0.0)]
    assert both.at(NOON, "normal").names == ("gas leak", "flood")


def test_of_two_changes_on_one_stretch_the_slower_holds() -> None:
    slow, slower = change((7, 0.0, 0.6), factor=0.8), change((7, 0.4, 1.0), factor=0.5)
    assert at_noon(slow, slower) == [(7, 0.0, 0.4, 0.8), (7, 0.4, 1.0, 0.5)]


def test_closed_wins_over_slow() -> None:
    assert at_noon(change((7, 0.0, 1.0), factor=0.5), change((7, 0.2, 0.4))) == [
        (7, 0.0, 0.2, 0.5),
        (7, 0.2, 0.4, 0.0),
        (7, 0.4, 1.0, 0.5),
    ]


def test_what_touches_and_is_alike_is_one_piece() -> None:
    altered = Conditions((change((7, 0.0, 0.5), name="a"), change((7, 0.5, 1.0), name="b"))).at(NOON, "normal")
    assert pieces(altered) == [(7, 0.0, 1.0, 0.0)]
    assert altered.names == ("a; b",)


def test_edges_are_not_joined_across_a_junction() -> None:
    assert at_noon(change((7, 0.0, 1.0), (8, 0.0, 1.0))) == [(7, 0.0, 1.0, 0.0), (8, 0.0, 1.0, 0.0)]


def test_the_usual_speed_is_no_change() -> None:
    altered = Conditions((change((7, 0.0, 1.0), factor=1.0),)).at(NOON, "normal")
    assert pieces(altered) == []
    assert altered.hash == UNALTERED_HASH


def test_a_stretch_is_said_to_be_behind_only_what_it_makes_slow() -> None:
    closed, slow = change((7, 0.0, 0.5), name="closed"), change((7, 0.0, 1.0), factor=0.5, name="slow")
    assert Conditions((closed, slow)).at(NOON, "normal").names == ("closed", "slow")


def test_two_changes_of_one_name_are_told_once() -> None:
    halves = change((7, 0.0, 0.5)), change((7, 0.5, 1.0))
    assert Conditions(halves).at(NOON, "normal").names == ("High Street",)


# ---- When, and for whom ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "holds"),
    [
        (None, None, True),
        (NOON, None, True),
        (NOON + HOUR, None, False),
        (None, NOON, False),
        (NOON - HOUR, NOON + HOUR, True),
        (NOON - 2 * HOUR, NOON - HOUR, False),
    ],
    ids=["open", "from now on", "from later on", "up to now", "around now", "a period that has ended"],
)
def test_a_change_holds_from_its_start_up_to_its_end(
    start: datetime | None, end: datetime | None, *, holds: bool
) -> None:
    closed = replace(change((7, 0.0, 1.0)), start=start, end=end)
    assert bool(at_noon(closed)) is holds


def test_after_a_change_has_ended_nothing_of_it_is_left() -> None:
    closed = replace(change((7, 0.0, 1.0)), end=NOON)
    conditions = Conditions((closed,))
    assert pieces(conditions.at(NOON - HOUR, "normal"))
    assert conditions.at(NOON, "normal").hash == NO_CONDITIONS.at(NOON, "normal").hash == UNALTERED_HASH


def test_after_a_change_is_lifted_nothing_of_it_is_left() -> None:
    slow, closed = change((7, 0.0, 1.0), factor=0.5, name="flood"), change((7, 0.2, 0.4), name="gas leak")
    before = Conditions((slow,))
    after = before.with_(closed).without("gas leak")
    assert after == before
    assert after.hash == before.hash
    assert after.at(NOON, "normal").hash == before.at(NOON, "normal").hash


def test_lifting_a_change_that_is_not_there_is_a_fault() -> None:
    with pytest.raises(InputError) as caught:
        Conditions((change((7, 0.0, 1.0), name="gas leak"),)).without("gas leek")
    assert caught.value.faults[0].hint == "did you mean gas leak?"


def test_a_change_for_normal_only() -> None:
    conditions = Conditions((replace(change((7, 0.0, 1.0)), profile="normal"),))
    assert pieces(conditions.at(NOON, "normal")) == [(7, 0.0, 1.0, 0.0)]
    assert pieces(conditions.at(NOON, "response")) == []


def test_times_are_kept_in_utc() -> None:
    summer = timezone(timedelta(hours=1))
    there = replace(change((7, 0.0, 1.0)), start=datetime(2026, 7, 1, 12, tzinfo=summer))
    here = replace(change((7, 0.0, 1.0)), start=datetime(2026, 7, 1, 11, tzinfo=UTC))
    assert there == here
    assert Conditions((there,)).hash == Conditions((here,)).hash
    assert there.values()["from"] == "2026-07-01T11:00:00+00:00"


# ---- What is refused ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"factor": 1.01}, "0 (closed), or 0.01 to 1"),
        ({"factor": -0.1}, "0 (closed), or 0.01 to 1"),
        ({"factor": SLOWEST / 2}, "0 (closed), or 0.01 to 1"),
        ({"factor": float("nan")}, "0 (closed), or 0.01 to 1"),
        ({"start": datetime(2026, 1, 31, 12)}, "has no offset"),  # noqa: DTZ001 - that is the case
        ({"end": datetime(2026, 1, 31, 12)}, "has no offset"),  # noqa: DTZ001
        ({"end": datetime.max.replace(tzinfo=timezone(-HOUR))}, "has no equal in UTC"),
        ({"start": NOON, "end": NOON}, "not after it starts"),
        ({"start": NOON, "end": NOON - HOUR}, "not after it starts"),
        ({"stretches": ()}, "at least one stretch"),
    ],
)
def test_no_change(fields: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match="High Street: ") as caught:
        replace(change((7, 0.0, 1.0)), **fields)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("edge", "start", "end"),
    [(7, 0.5, 0.5), (7, 0.6, 0.5), (7, -0.1, 0.5), (7, 0.5, 1.1), (7, float("nan"), 1.0), (-1, 0.0, 1.0)],
)
def test_no_stretch(edge: int, start: float, end: float) -> None:
    with pytest.raises(ValueError, match=r"a stretch runs|an edge has a number"):
        Stretch(edge, start, end)


def test_a_moment_without_an_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="no offset"):
        NO_CONDITIONS.at(datetime(2026, 1, 31, 12), "normal")  # noqa: DTZ001 - that is the case


# ---- Hashes ------------------------------------------------------------------------------------------------------


def test_no_conditions_have_the_hash_of_an_empty_list() -> None:
    assert NO_CONDITIONS.hash == hashlib.sha256(b"[]").hexdigest()


def test_every_part_of_a_change_is_in_the_hash() -> None:
    one = Change("a", (Stretch(7, 0.0, 1.0),), 0.5, NOON, NOON + HOUR, "normal")
    others = [
        replace(one, name="b"),
        replace(one, stretches=(Stretch(7, 0.0, 0.5),)),
        replace(one, factor=0.6),
        replace(one, start=None),
        replace(one, end=None),
        replace(one, profile=None),
    ]
    assert len({Conditions((each,)).hash for each in [one, *others]}) == len(others) + 1


def test_the_hash_is_that_of_the_values_and_not_of_how_they_are_written() -> None:
    one = change((7, 0, 1), (7, 0, 1), factor=0)
    other = change((7, -0.0, 1.0), factor=-0.0)
    assert one == other
    assert Conditions((one,)).hash == Conditions((other,)).hash


def test_what_is_driven_tells_the_hash_and_not_who_closed_it() -> None:
    one, other = change((7, 0.0, 1.0), name="flood"), change((7, 0.0, 0.5), (7, 0.5, 1.0), name="gas leak")
    hashes = {Conditions((each,)).at(NOON, "normal").hash for each in (one, other)}
    assert len(hashes) == 1


def test_arrays_cannot_be_written() -> None:
    altered = Conditions((change((7, 0.0, 1.0)),)).at(NOON, "normal")
    with pytest.raises(ValueError, match="read-only"):
        altered.factor[0] = 1.0


# ---- Against a sampler -------------------------------------------------------------------------------------------

SHARES = st.one_of(st.sampled_from([0.0, 0.1, 0.25, 0.3, 0.5, 0.75, 1.0]), st.floats(0.0, 1.0))
STRETCHES = (
    st.tuples(st.integers(0, 3), SHARES, SHARES)
    .filter(lambda each: each[1] != each[2])
    .map(lambda each: Stretch(each[0], min(each[1:]), max(each[1:])))
)
CHANGES = st.builds(
    Change,
    name=st.sampled_from(["gas leak", "flood", "parade"]),
    stretches=st.lists(STRETCHES, min_size=1, max_size=5).map(tuple),
    factor=st.sampled_from([0.0, SLOWEST, 0.5, 1.0]),
    start=st.sampled_from([None, NOON - HOUR, NOON, NOON + HOUR]),
    profile=st.sampled_from([None, "normal", "response"]),
)


def factor_at(changes: list[Change], edge: int, share: float) -> float:
    """Return the factor just after a share of an edge, asked of each change."""
    return min(
        (
            each.factor
            for each in changes
            if (each.start is None or each.start <= NOON) and each.profile in {None, "normal"}
            for item in each.stretches
            if item.edge == edge and item.start <= share < item.end
        ),
        default=1.0,
    )


@given(st.lists(CHANGES, max_size=6), st.lists(st.floats(0.0, 1.0, exclude_max=True), max_size=10))
def test_every_place_has_the_lowest_factor_of_all_changes(changes: list[Change], sampled: list[float]) -> None:
    altered = Conditions(tuple(changes)).at(NOON, "normal")
    found = pieces(altered)
    # Where anything begins or ends is where it could go wrong.
    ends = {share for each in changes for item in each.stretches for share in (item.start, item.end)}
    for edge in range(4):
        for share in {*sampled, *ends, 0.0} - {1.0}:
            told = [factor for on, start, end, factor in found if on == edge and start <= share < end]
            expected = factor_at(changes, edge, share)
            assert told == ([] if expected == 1.0 else [expected])


@given(st.lists(CHANGES, max_size=6))
def test_pieces_are_sorted_apart_and_as_few_as_can_be(changes: list[Change]) -> None:
    found = pieces(Conditions(tuple(changes)).at(NOON, "normal"))
    assert all(start < end and factor < 1.0 for _, start, end, factor in found)
    for (edge, _, end, factor), (next_edge, start, _, next_factor) in pairwise(found):
        assert (edge, end) <= (next_edge, start)
        assert (edge, end, factor) != (next_edge, start, next_factor)


@given(st.lists(CHANGES, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_changes_means_nothing(changes: list[Change], chance: Random) -> None:
    turned = list(changes)
    chance.shuffle(turned)
    one, other = Conditions(tuple(changes)), Conditions(tuple(turned))
    assert one == other
    assert one.hash == other.hash
    here, there = one.at(NOON, "normal"), other.at(NOON, "normal")
    assert (pieces(here), here.names, here.hash) == (pieces(there), there.names, there.hash)


@given(st.lists(CHANGES, max_size=4), st.lists(CHANGES, max_size=4))
def test_hashes_are_equal_where_pieces_are(some: list[Change], others: list[Change]) -> None:
    one, other = (Conditions(tuple(each)).at(NOON, "normal") for each in (some, others))
    assert (one.hash == other.hash) == (pieces(one) == pieces(other))


@given(st.lists(CHANGES, max_size=5), CHANGES)
def test_adding_a_change_never_makes_a_road_faster(changes: list[Change], more: Change) -> None:
    before, after = Conditions(tuple(changes)), Conditions(tuple(changes)).with_(more)
    assert set(after.changes) == {*before.changes, more}
    for edge, start, _, factor in pieces(before.at(NOON, "normal")):
        (held,) = [left for on, a, b, left in pieces(after.at(NOON, "normal")) if on == edge and a <= start < b]
        assert held <= factor


@given(st.lists(CHANGES, max_size=5))
def test_each_piece_names_the_changes_that_make_it_so(changes: list[Change]) -> None:
    conditions = Conditions(tuple(changes))
    altered = conditions.at(NOON, "normal")
    for (edge, start, end, factor), names in zip(pieces(altered), altered.names, strict=True):
        behind = {
            each.name
            for each in changes
            if each.in_force(NOON, "normal") and each.factor == factor
            for item in each.stretches
            if item.edge == edge and item.start < end and item.end > start
        }
        assert names == "; ".join(sorted(behind))
