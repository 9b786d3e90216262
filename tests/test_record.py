"""The chain of the record: whatever is changed, taken out, put in or moved is found, at its row."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from dispatch.record import (
    GENESIS,
    PURGED,
    BrokenRecord,
    Event,
    Row,
    canonical,
    checked,
    documents_of,
    iso,
    row_hash,
    seal,
    verify,
)

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
EVENTS = st.builds(
    Event,
    kind=st.sampled_from(["unit_status", "incident_received", "noted"]),
    subject=st.none() | TEXT,
    at=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - given above
    payload=st.dictionaries(TEXT, VALUES, max_size=3),
)
RECORDS = st.lists(st.tuples(EVENTS, TEXT, st.none() | TEXT), min_size=1, max_size=6)


def record(told: list[tuple[Event, str, str | None]]) -> list[Row]:
    rows, last = [], None
    for number, (event, actor, key) in enumerate(told):
        last = seal(event, last, NOON + timedelta(seconds=number), actor, key)
        rows.append(last)
    return rows


def noted(*words: str) -> list[Row]:
    return record([(Event("noted", f"I-{word}", NOON, {"words": word}), "anna", None) for word in words])


def broken(rows: list[Row]) -> BrokenRecord:
    with pytest.raises(BrokenRecord) as error:
        verify(rows)
    return error.value


@given(RECORDS)
def test_what_was_written_is_whole(told: list[tuple[Event, str, str | None]]) -> None:
    rows = record(told)
    whole = verify(rows)
    assert (whole.rows, whole.sha256, whole.purged) == (len(rows), rows[-1].sha256, 0)
    assert list(checked(rows)) == rows
    assert [row.happened for row in rows] == [event.at for event, _, _ in told]


def test_an_empty_record_is_whole() -> None:
    assert (verify([]).rows, verify([]).sha256) == (0, GENESIS)


@given(RECORDS, st.data())
def test_any_change_of_a_row_is_found_at_that_row(
    told: list[tuple[Event, str, str | None]], data: st.DataObject
) -> None:
    rows = record(told)
    place = data.draw(st.integers(0, len(rows) - 1))
    name = data.draw(st.sampled_from(list(Row.__dataclass_fields__)))
    value: Any = data.draw(st.integers() if name == "seq" else st.none() | TEXT)
    was = getattr(rows[place], name)
    rows[place] = replace(rows[place], **{name: value})
    if value == was:
        assert verify(rows).rows == len(rows)
    else:
        assert broken(rows).seq == place + 1


@given(RECORDS.filter(lambda told: len(told) > 1), st.data())
def test_a_row_taken_out_is_found_at_its_number(told: list[tuple[Event, str, str | None]], data: st.DataObject) -> None:
    rows = record(told)
    place = data.draw(st.integers(0, len(rows) - 2))
    error = broken([*rows[:place], *rows[place + 1 :]])
    assert error.seq == place + 1
    assert error.because == f"missing; the next row there is {place + 2}"


@given(RECORDS, EVENTS, st.data())
def test_a_row_put_in_is_found_at_the_one_after(
    told: list[tuple[Event, str, str | None]], event: Event, data: st.DataObject
) -> None:
    rows = record(told)
    place = data.draw(st.integers(0, len(rows) - 1))
    forged = seal(event, rows[place - 1] if place else None, NOON, "mallory")
    assert broken([*rows[:place], forged, *rows[place:]]).seq == place + 2
    shifted = [replace(row, seq=row.seq + 1) for row in rows[place:]]
    assert broken([*rows[:place], forged, *shifted]).seq == place + 2


@given(RECORDS.filter(lambda told: len(told) > 1), st.data())
def test_rows_that_changed_places_are_found_at_the_first(
    told: list[tuple[Event, str, str | None]], data: st.DataObject
) -> None:
    rows = record(told)
    one, other = sorted(data.draw(st.lists(st.integers(0, len(rows) - 1), min_size=2, max_size=2, unique=True)))
    rows[one], rows[other] = rows[other], rows[one]
    assert broken(rows).seq == one + 1
    numbered = [replace(row, seq=number) for number, row in enumerate(rows, 1)]
    assert broken(numbered).seq == one + 1


@given(RECORDS, st.data())
def test_details_moved_from_one_row_to_another_are_found(
    told: list[tuple[Event, str, str | None]], data: st.DataObject
) -> None:
    rows = record(told)
    place = data.draw(st.integers(0, len(rows) - 1))
    other = noted("other")[0]
    rows[place] = replace(rows[place], payload=other.payload, salt=other.salt, payload_sha256=other.payload_sha256)
    assert broken(rows).seq == place + 1


class TestPurgedDetails:
    def purged(self, rows: list[Row], *places: int) -> list[Row]:
        return [replace(row, payload=None, salt=None) if row.seq in places else row for row in rows]

    def with_purge(self, rows: list[Row], *spans: list[int]) -> list[Row]:
        return [*rows, seal(Event(PURGED, None, NOON, {"rows": list(spans)}), rows[-1], NOON, "anna")]

    def test_are_missed_where_no_purge_says_so(self) -> None:
        error = broken(self.purged(noted("a", "b", "c", "d"), 2, 3))
        assert (error.seq, error.because) == (2, "its details were taken out, and no recorded purge says so")

    def test_are_in_order_where_a_later_purge_names_the_row(self) -> None:
        rows = self.with_purge(self.purged(noted("a", "b", "c", "d"), 1, 2, 4), [1, 2], [4, 4])
        assert (verify(rows).rows, verify(rows).purged) == (5, 3)

    def test_are_missed_where_the_purge_names_others(self) -> None:
        assert broken(self.with_purge(self.purged(noted("a", "b", "c"), 1, 2), [1, 1])).seq == 2

    def test_are_missed_where_they_went_after_the_purge(self) -> None:
        rows = self.with_purge(noted("a"), [1, 9])
        rows.append(seal(Event("noted", None, NOON, {}), rows[-1], NOON, "anna"))
        assert broken(self.purged(rows, 3)).seq == 3

    def test_are_missed_where_the_salt_is_left(self) -> None:
        rows = noted("a")
        assert broken([replace(rows[0], payload=None)]).because == "its details or their salt were taken out"


def test_a_hash_is_of_canonical_json() -> None:
    [row] = noted('Ægir\u2028\u007f\n"\\\u0001')
    names = ("actor", "at", "key", "kind", "payload_sha256", "previous", "recorded_at", "seq", "subject")
    assert row.sha256 == sha256(rfc8785.dumps({name: getattr(row, name) for name in names})).hexdigest()
    assert row.payload_sha256 == sha256(f"{row.salt}{row.payload}".encode()).hexdigest()


@given(TEXT, TEXT, st.none() | TEXT)
def test_every_text_is_hashed_as_rfc_8785_writes_it(actor: str, subject: str, key: str | None) -> None:
    row = seal(Event("noted", subject, NOON, {}), None, NOON, actor, key)
    names = ("actor", "at", "key", "kind", "payload_sha256", "previous", "recorded_at", "seq", "subject")
    assert row_hash(row) == sha256(canonical({name: getattr(row, name) for name in names})).hexdigest()


def test_equal_details_have_different_hashes_so_that_none_can_be_guessed() -> None:
    one, other = noted("a")[0], noted("a")[0]
    assert one.payload == other.payload
    assert one.payload_sha256 != other.payload_sha256


def test_a_moment_is_written_in_utc_to_the_microsecond() -> None:
    assert iso(datetime(2026, 7, 1, 1, 0, tzinfo=timezone(timedelta(hours=2)))) == "2026-06-30T23:00:00.000000Z"


def test_a_recommendation_names_three_documents_until_it_is_purged() -> None:
    told = {"answer_sha256": "a" * 64, "question_sha256": "b" * 64, "force_sha256": "c" * 64, "suggested": []}
    [row] = record([(Event("recommended", "I-1", NOON, told), "anna", None)])
    assert list(documents_of(row)) == ["a" * 64, "b" * 64, "c" * 64]
    assert list(documents_of(replace(row, payload=None, salt=None))) == []
    assert list(documents_of(noted("a")[0])) == []


def test_details_are_read_as_they_were_written() -> None:
    told = {"lat": 54.5742, "words": "Ægir's Way", "n": 1, "none": None}
    [row] = record([(Event("noted", None, NOON, told), "anna", None)])
    assert row.details == told == json.loads(row.payload or "")
