"""What the force no longer keeps goes, and what stays still proves the record whole."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from desks import Room
from dispatch import incidents
from dispatch.errors import Conflict
from dispatch.fold import fold
from dispatch.force import Force
from dispatch.purge import Due, _take_out, due, purge
from dispatch.record import Event, Row
from dispatch.state import State
from dispatch.tables import metadata
from dispatch.verification import verify_database
from evenings import A, B, D, attended, end, evening
from graphs.errors import InputError
from nightshift import CLEVELAND

DAY_S = 86_400
SHIPPED = (resources.files("dispatch.forces") / "cleveland.toml").read_text("utf-8")
SECRETS = ("Linthorpe", "01642 555001", "01642555001", "Ann Bell", "ann bell")


def keeping(**days: Any) -> Force:
    """Cleveland, with numbers of days."""
    return CLEVELAND.model_copy(update={"retention": days})


def purged(room: Room, force: Force) -> Due:
    return purge(room.desk.store, force, room.now, "carla")


def rows(room: Room) -> list[Row]:
    with room.desk.store.reading() as reading:
        return list(reading.after(0))


def require_whole(room: Room) -> None:
    """The chain is whole, and a fresh fold gives what every desk knows."""
    with room.desk.store.reading() as reading:
        verify_database(reading)
        fresh = fold(State(), reading.after(0))
    assert fresh == room.live.state
    with closing(Room(room.desk.store.url.render_as_string(hide_password=False))) as another:
        assert another.live.state == fresh


def off(room: Room, *callsigns: str) -> None:
    for callsign in callsigns:
        room.off_duty(callsign)


@pytest.fixture
def old(room: Room) -> Room:
    """An evening of a year ago, whose units went home."""
    evening(room)
    room.later(60)
    off(room, "BX21", "BX22")
    room.later(365 * DAY_S)
    return room


def test_an_incident_goes_with_all_that_told_of_it(old: Room) -> None:
    before = rows(old)
    found = purged(old, keeping(incidents_days=300))
    after = rows(old)
    gone = [row.seq for row in before if row.subject == "I-1"]
    assert found.incidents == {"I-1"}
    assert [row.seq for row in after if row.payload is None] == gone
    told = after[-2]
    assert (told.kind, told.actor, after[-1].kind) == ("purged", "carla", "snapshot_taken")
    assert told.details is not None
    assert (told.details["incidents"], told.details["documents"]) == (1, 3)
    assert [seq for first, last in told.details["rows"] for seq in range(first, last + 1)] == gone
    assert told.details["rule"]["incidents_days"] == 300
    require_whole(old)


def test_nothing_of_it_is_left_in_any_table(old: Room) -> None:
    store = old.desk.store
    purged(old, keeping(incidents_days=300))
    with store.reading() as reading:
        assert [past.incident_id for past in reading.all_past()] == ["I-2"]
        assert reading.about("I-1")[0].details is None
        for table in metadata.sorted_tables:
            text = str(reading.connection.execute(sa.select(table)).all())
            assert not [secret for secret in SECRETS if secret in text], table.name
    if store.engine.name == "sqlite":
        found = [path.read_bytes() for path in Path(store.url.database or "").parent.glob("desk.db*")]
        assert found
        assert not [secret for secret in SECRETS for content in found if secret.encode() in content]


def test_an_open_incident_stays(old: Room) -> None:
    found = purged(old, keeping(incidents_days=1))
    assert found.incidents == {"I-1"}
    assert old.case("I-2").address == "9 Parliament Road"


def test_nothing_goes_where_the_force_has_not_said_so(old: Room) -> None:
    before = rows(old)
    assert not purged(old, CLEVELAND).anything
    assert rows(old) == before


def test_a_second_purge_finds_nothing(old: Room) -> None:
    purged(old, keeping(incidents_days=300))
    before = rows(old)
    assert not purged(old, keeping(incidents_days=300)).anything
    assert rows(old) == before


def test_a_dry_run_changes_nothing_and_says_what_would_go(old: Room) -> None:
    before = rows(old)
    with old.desk.store.reading() as reading:
        found = due(reading, keeping(incidents_days=300), old.now)
    assert rows(old) == before
    done = purged(old, keeping(incidents_days=300))
    assert found == done


@pytest.mark.parametrize(("days", "goes"), [(364, True), (366, False)])
def test_a_tag_keeps_an_incident_longer(old: Room, days: int, *, goes: bool) -> None:
    found = purged(old, keeping(incidents_days=30, tags_days={"domestic_abuse": days}))
    assert found.incidents == ({"I-1"} if goes else set())


def test_an_incident_stays_while_a_unit_that_was_sent_is_on_that_duty(room: Room) -> None:
    room.on_duty("BX21", A)
    attended(room, "I-1", "BX21")
    room.later(40 * DAY_S)
    found = purged(room, keeping(incidents_days=30))
    assert (found.incidents, found.kept_back) == (frozenset(), {"a unit that was sent is still on that duty": 1})
    off(room, "BX21")
    room.on_duty("BX21", A)
    assert purged(room, keeping(incidents_days=30)).incidents == {"I-1"}
    require_whole(room)


def test_incidents_that_are_the_same_go_together_or_not_at_all(room: Room) -> None:
    room.receive("I-1", B, tags=["domestic_abuse"])
    room.receive("I-2", B)
    room.do(partial(incidents.linked, incident_id="I-2", duplicate_of="I-1"))
    end(room, "I-1")
    room.later(40 * DAY_S)
    kept = purged(room, keeping(incidents_days=30, tags_days={"domestic_abuse": 60}))
    assert (kept.incidents, kept.kept_back) == (frozenset(), {"an incident that is the same is kept": 1})
    assert purged(room, keeping(incidents_days=30)).incidents == {"I-1", "I-2"}
    require_whole(room)


def test_an_incident_stays_while_the_one_that_is_the_same_is_open(room: Room) -> None:
    room.receive("I-1", B)
    room.receive("I-2", B)
    room.do(partial(incidents.linked, incident_id="I-2", duplicate_of="I-1"))
    room.later(40 * DAY_S)
    assert purged(room, keeping(incidents_days=30)).incidents == set()


def test_position_reports_go_by_their_age(old: Room) -> None:
    old.on_duty("BX30", D)
    found = purged(old, keeping(fixes_days=90))
    assert found.fixes == 2
    with old.desk.store.reading() as reading:
        assert reading.fix_count() == 1
    require_whole(old)


def test_the_reasons_of_consultations_go_and_that_they_were_made_stays(old: Room) -> None:
    old.desk.record(Event("consulted", "I-2", old.now, {"operation": "incident", "reason": "a neighbour"}), "anna")
    old.later(20 * DAY_S)
    old.desk.record(Event("consulted", "I-2", old.now, {"operation": "incident", "reason": "a call back"}), "anna")
    assert purged(old, keeping(consultations_days=10)).consultations == 1
    seen = [row for row in rows(old) if row.kind == "consulted"]
    assert [(row.actor, row.subject) for row in seen] == [("anna", "I-2")] * 2
    assert [row.payload is None for row in seen] == [True, False]
    require_whole(old)


def test_answers_go_by_their_age(old: Room) -> None:
    old.receive("I-8", B)
    found = purged(old, keeping(answers_days=7))
    assert found.answers == len({row.key for row in rows(old) if row.key}) - 1
    require_whole(old)


def test_an_incident_that_is_told_of_meanwhile_stays(old: Room) -> None:
    store, force = old.desk.store, keeping(incidents_days=300)
    with store.reading() as reading:
        found = due(reading, force, old.now)
    old.desk.record(Event("consulted", "I-1", old.now, {"operation": "incident", "reason": None}), "anna")
    before = rows(old)
    with pytest.raises(Conflict, match="purge again"), store.writing() as writing:
        _take_out(writing, found, force, "carla")
    assert rows(old) == before


def test_every_desk_goes_on_after_a_purge(rooms: Callable[..., Room]) -> None:
    here, there = rooms(snapshot_every=5), rooms(snapshot_every=5)
    evening(here)
    off(here, "BX21", "BX22")
    assert there.live.state == here.live.state
    here.later(400 * DAY_S)
    there.now = here.now
    purged(there, keeping(incidents_days=300))
    here.on_duty("BX40", A)
    here.receive("I-7", A, address="2 Linthorpe Road")
    here.send("I-7", "BX40")
    assert there.live.state == here.live.state
    require_whole(here)


def test_days_are_counted_from_the_end_of_an_incident(room: Room) -> None:
    room.receive("I-1", B)
    room.later(20 * DAY_S)
    end(room, "I-1")
    room.later(timedelta(days=15).total_seconds())
    assert purged(room, keeping(incidents_days=30)).incidents == set()
    room.later(timedelta(days=16).total_seconds())
    assert purged(room, keeping(incidents_days=30)).incidents == {"I-1"}


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ("incidents_days = 0", "retention.incidents_days"),
        ("fixes_days = 1.5", "retention.fixes_days"),
        ("weeks = 3", "retention.weeks"),
        ("incidents_days = 9\ntags_days = { domestic_abus = 9 }", "retention.tags_days.domestic_abus"),
        ("tags_days = { domestic_abuse = 9 }", "retention.incidents_days"),
        ("incidents_days = 9\ntags_days = { domestic_abuse = 0 }", "retention.tags_days.domestic_abuse"),
    ],
)
def test_a_wrong_retention_is_told_at_its_field(told: str, field: str) -> None:
    with pytest.raises(InputError) as error:
        Force.parse(f"{SHIPPED}\n[retention]\n{told}\n", "force.toml")
    assert [fault.field for fault in error.value.faults] == [field]


def test_no_force_purges_anything_until_it_says_so() -> None:
    told = CLEVELAND.retention.model_dump()
    assert told.pop("tags_days") == {}
    assert set(told.values()) == {None}
