"""Markers, assessments, reviews, releases and tasks: what holds, what is due, and who is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desks import TOWN, Room
from dispatch import dash, incidents, markers, releases, tasks
from dispatch.errors import Conflict, Unknown
from dispatch.fold import fold
from dispatch.force_risk import LEVELS, Releases, rank
from dispatch.state import State
from dispatch.state_risk import Marker, Raised, Review, Subject, Task
from graphs.errors import InputError
from nightshift import CLEVELAND, NOW, changed

A, D = TOWN.at("A"), TOWN.at("D")
ANN, CARL, ABUSE = "Ann Smith", "Carl Jones", "domestic_abuse"
HOUR = timedelta(hours=1)


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Room]:
    """A desk on SQLite."""
    with closing(Room(f"sqlite:///{tmp_path / 'desk.db'}")) as made:
        yield made


def warn(room: Room, person: str | None = ANN, level: Any = "high", days: float = 90, **more: Any) -> str:
    """Place a marker and return its name."""
    told = {"role": "victim", "text": "threats to kill", "expires_at": room.now + timedelta(days=days), **more}
    before = set(room.live.state.markers)
    room.do(partial(markers.placed, warn=markers.Warn(level=level, person=person, **told)))
    (name,) = set(room.live.state.markers) - before
    return name


def marker(room: Room, name: str) -> Marker:
    return room.live.state.markers[name]


def subjects(room: Room) -> dict[str, Subject]:
    return {each.name: each for each in room.live.state.subjects.values()}


def shown(room: Room, incident_id: str) -> list[dict[str, Any]]:
    told = room.case(incident_id).risk
    assert told is not None
    made: list[dict[str, Any]] = told["markers"]
    return made


class TestMarkers:
    def test_a_dispatcher_sees_it_with_the_support_there_is(self, room: Room) -> None:
        name = warn(room, support=["Refuge: 0808 2000 247", "Non-molestation order until June"])
        room.receive("N-1", A, "standard", people=["SMITH, Ann"])
        (told,) = shown(room, "N-1")
        assert (told["marker_id"], told["level"], told["on"], told["holds"]) == (name, "high", "same person", True)
        assert told["support"] == ["Refuge: 0808 2000 247", "Non-molestation order until June"]
        assert room.case("N-1").grade == "priority"
        assert room.case("N-1").raised_by == (f"High-risk marker (marker {name}, victim)",)

    def test_on_an_address(self, quick: Room) -> None:
        warn(quick, None, role="address", address="Flat 2, 14 High Street", place=A)
        for number, (address, how, holds) in enumerate(
            [
                ("Apt 2, 14 High St", "same address", True),
                ("14 High St", "same building, and a flat is not known", True),
                ("Flat 3, 14 High St", "same building", False),
                ("16 High St", "within 30 m", False),
            ]
        ):
            quick.receive(f"N-{number}", A, "standard", address=address)
            (told,) = shown(quick, f"N-{number}")
            assert (told["on"], told["holds"]) == (how, holds)
            assert (quick.case(f"N-{number}").grade == "priority") is holds
        quick.receive("N-9", D, "standard", address="16 High St")
        assert shown(quick, "N-9") == []

    def test_a_lower_one_is_shown_and_raises_nothing(self, quick: Room) -> None:
        warn(quick, level="medium")
        quick.receive("N-1", A, "standard", people=[ANN])
        assert [told["level"] for told in shown(quick, "N-1")] == ["medium"]
        assert quick.case("N-1").grade == "standard"

    def test_it_ends_by_itself_at_the_moment_and_is_still_shown(self, quick: Room) -> None:
        name = warn(quick, days=1)
        quick.later(86400 - 1)
        assert marker(quick, name).in_force(quick.now)
        quick.receive("N-1", A, "standard", people=[ANN])
        quick.later(1)
        assert not marker(quick, name).in_force(quick.now)
        quick.receive("N-2", A, "standard", people=[ANN])
        assert [quick.case(each).grade for each in ("N-1", "N-2")] == ["priority", "standard"]
        assert [told["in_force"] for told in shown(quick, "N-2")] == [False]

    def test_renewed_it_holds_again(self, quick: Room) -> None:
        name = warn(quick, days=1, level="medium", support=["a"])
        quick.later(2 * 86400)
        until = quick.now + timedelta(days=30)
        told = {"marker_id": name, "expires_at": until, "because": "review"}
        quick.do(partial(markers.renewed, **told, level="high", support=["b"]))
        kept = marker(quick, name)
        assert (kept.in_force(quick.now), kept.level, kept.support) == (True, "high", ("b",))
        quick.do(partial(markers.renewed, **{**told, "expires_at": until + HOUR}))
        assert (marker(quick, name).level, marker(quick, name).support) == ("high", ("b",))

    def test_renewing_neither_lowers_nor_shortens(self, quick: Room) -> None:
        name = warn(quick)
        told = {"marker_id": name, "expires_at": quick.now + HOUR, "because": "x", "level": "medium"}
        with pytest.raises(InputError) as refused:
            quick.do(partial(markers.renewed, **told))
        assert [fault.field for fault in refused.value.faults] == ["expires_at", "level"]
        assert refused.value.faults[1].accepted == "high: a supervisor lifts a marker"

    def test_lifted_it_is_gone(self, quick: Room) -> None:
        name = warn(quick)
        quick.do(partial(markers.lifted, marker_id=name, because="moved away"))
        quick.receive("N-1", A, "standard", people=[ANN])
        assert shown(quick, "N-1") == []
        with pytest.raises(Unknown):
            quick.do(partial(markers.lifted, marker_id=name, because="again"))

    def test_one_placed_while_an_incident_is_open_reaches_it(self, quick: Room) -> None:
        quick.receive("N-1", A, "standard", people=[ANN])
        quick.receive("N-2", A, "standard", people=["Bea Jones"])
        name = warn(quick)
        assert [told["marker_id"] for told in shown(quick, "N-1")] == [name]
        assert [quick.case(each).grade for each in ("N-1", "N-2")] == ["priority", "standard"]

    def test_a_second_marker_is_a_second_reason(self, quick: Room) -> None:
        warn(quick)
        quick.receive("N-1", A, "standard", people=[ANN])
        quick.do(partial(incidents.regraded, incident_id="N-1", grade="standard", because="x", at=quick.now))
        quick.do(partial(incidents.amended, incident_id="N-1", changes={"phone": "01642 326326"}))
        assert quick.case("N-1").grade == "standard"
        warn(quick)
        assert quick.case("N-1").grade == "priority"

    def test_namesakes_with_other_dates_of_birth_are_others(self, quick: Room) -> None:
        warn(quick, "Ann Smith, 1980-02-01")
        for number, (name, count) in enumerate([("Ann Smith, 1980-02-01", 1), (ANN, 1), ("Ann Smith, 1991-05-05", 0)]):
            quick.receive(f"N-{number}", A, "standard", people=[name])
            assert len(shown(quick, f"N-{number}")) == count

    def test_no_row_header_tells_a_name(self, quick: Room) -> None:
        warn(quick, linked_to=[CARL])
        warn(quick, None, role="address", address="14 High St")
        quick.do(partial(releases.notified, release=releases.Release(CARL, "prison", quick.now)))
        with quick.desk.store.reading() as reading:
            heads = [row.subject or "" for row in reading.after(0)]
            told = [row for row in reading.after(0) if row.kind != "subject_noted"]
        assert {head.partition(":")[0] for head in heads} == {"person", "address"}
        assert not any("Smith" in (row.payload or "") or "Jones" in (row.payload or "") for row in told)

    @pytest.mark.parametrize(
        ("more", "fields"),
        [
            ({"person": None}, ["person"]),
            ({"role": "address"}, ["address", "person"]),
            ({"serial": True, "most_serious": True}, ["serial", "most_serious"]),
            ({"role": "perpetrator", "linked_to": [CARL]}, ["linked_to"]),
            ({"days": 0}, ["expires_at"]),
            ({"linked_to": ["SMITH, Ann"]}, ["linked_to"]),
            ({"linked_to": ["unknown"]}, ["linked_to"]),
            ({"person": "Unknown male"}, ["person"]),
            ({"person": None, "role": "address", "address": "-"}, ["address"]),
        ],
    )
    def test_what_is_wrong_with_one(self, quick: Room, more: dict[str, Any], fields: list[str]) -> None:
        with pytest.raises(InputError) as refused:
            warn(quick, **more)
        assert [fault.field for fault in refused.value.faults] == fields


class TestDash:
    @pytest.mark.parametrize(("ticks", "level"), [(0, "standard"), (13, "standard"), (14, "high"), (27, "high")])
    def test_fourteen_ticks_are_high(self, ticks: int, level: str) -> None:
        assert dash.least_level(CLEVELAND, ticks, 1).level == level

    def test_three_incidents_in_a_year_are_high(self, quick: Room) -> None:
        for number in range(3):
            quick.receive(f"N-{number}", A, tags=[ABUSE], people=[ANN])
            quick.do(partial(dash.assessed, incident_id=f"N-{number}", ticks=2, level=None, because=None))
        told = [quick.case(name).dash for name in ("N-1", "N-2")]
        assert [each["level"] for each in told if each] == ["standard", "high"]
        assert told[1] is not None
        assert told[1]["why"] == ["3 incidents in 12 months; high from 3"]

    @given(st.integers(0, 27), st.integers(0, 9), st.integers(0, 27), st.integers(0, 9))
    def test_more_is_never_less(self, ticks: int, count: int, more_ticks: int, more: int) -> None:
        risk = {**CLEVELAND.risk.model_dump(), "dash": {"medium_ticks": 8, "escalation_incidents": 3}}
        force = CLEVELAND.model_copy(update={"risk": risk})
        low = dash.least_level(force, ticks, count).level
        assert rank(dash.least_level(force, min(ticks + more_ticks, 27), count + more).level) >= rank(low)

    def test_judgement_raises_with_a_reason(self, quick: Room) -> None:
        quick.receive("N-1", A, tags=[ABUSE])
        with pytest.raises(InputError, match="why it is medium and not standard"):
            quick.do(partial(dash.assessed, incident_id="N-1", ticks=5, level="medium", because=None))
        quick.do(partial(dash.assessed, incident_id="N-1", ticks=5, level="medium", because="she is afraid"))
        assert (quick.case("N-1").dash or {})["level"] == "medium"

    @pytest.mark.parametrize("level", ["standard", "medium"])
    def test_judgement_never_lowers(self, quick: Room, level: Any) -> None:
        quick.receive("N-1", A, tags=[ABUSE])
        with pytest.raises(InputError) as refused:
            quick.do(partial(dash.assessed, incident_id="N-1", ticks=14, level=level, because="x"))
        (fault,) = refused.value.faults
        assert (fault.field, fault.accepted) == ("level", "high")
        assert "14 ticks; high from 14" in fault.hint

    def test_an_ended_incident_can_be_assessed_and_is_found_with_its_level(self, room: Room) -> None:
        room.receive("N-1", A, tags=[ABUSE], people=[ANN])
        room.do(partial(incidents.closed, incident_id="N-1", outcome="advice"))
        room.do(partial(dash.assessed, incident_id="N-1", ticks=20, level=None, because=None))
        room.receive("N-2", A, people=[ANN])
        told = room.case("N-2").risk
        assert told is not None
        assert [(match["dash"], match["outcome"]) for match in told["matches"]] == [("high", "advice")]
        with pytest.raises(Unknown):
            room.do(partial(dash.assessed, incident_id="N-9", ticks=1, level=None, because=None))


class TestReviews:
    def review(self, room: Room) -> Review:
        (found,) = room.live.state.reviews.values()
        return found

    def assess(self, room: Room, ticks: int, level: Any = None) -> None:
        because = None if level is None else "judgement"
        room.do(partial(dash.assessed, incident_id="N-1", ticks=ticks, level=level, because=because))

    def test_high_within_hours_and_medium_within_days(self, quick: Room) -> None:
        quick.receive("N-1", A)
        self.assess(quick, 20)
        assert self.review(quick).due_at == quick.now + 24 * HOUR
        self.assess(quick, 2, "medium")  # assessed again: the first review is no longer due
        assert self.review(quick).due_at == quick.now + timedelta(days=28)
        self.assess(quick, 2)
        assert quick.live.state.reviews == {}

    def test_days_are_those_of_the_calendar(self) -> None:
        spring = datetime.fromisoformat("2026-03-15T22:00:00+00:00")
        assert dash.review_due(CLEVELAND, "medium", spring) == datetime.fromisoformat("2026-04-12T21:00:00+00:00")
        assert dash.review_due(CLEVELAND, "standard", spring) is None

    def test_done_it_comes_again_until_the_risk_is_standard(self, room: Room) -> None:
        room.receive("N-1", A)
        self.assess(room, 2, "high")
        room.do(partial(incidents.closed, incident_id="N-1", outcome="advice"))
        room.later(3600)
        first = self.review(room).review_id
        room.do(partial(dash.reviewed, review_id=first, outcome="he left the country", level="medium"))
        assert (self.review(room).level, self.review(room).due_at) == ("medium", room.now + timedelta(days=28))
        with pytest.raises(Unknown):
            room.do(partial(dash.reviewed, review_id=first, outcome="x", level=None))
        second = self.review(room).review_id
        room.do(partial(dash.reviewed, review_id=second, outcome="safe", level="standard"))
        assert room.live.state.reviews == {}

    def test_it_is_not_lowered_below_the_ticks(self, quick: Room) -> None:
        quick.receive("N-1", A)
        self.assess(quick, 14)
        name = self.review(quick).review_id
        with pytest.raises(InputError, match="judgement may raise a level, never lower it"):
            quick.do(partial(dash.reviewed, review_id=name, outcome="x", level="medium"))
        quick.do(partial(dash.reviewed, review_id=name, outcome="as before", level=None))
        assert self.review(quick).level == "high"


def release(room: Room, after: timedelta, name: str = CARL) -> str:
    told = releases.Release(name, "prison", room.now + after, ("not to come near",))
    seq = room.do(partial(releases.notified, release=told)).seq
    with room.desk.store.reading() as reading:
        rows = [row for row in reading.after(0) if row.kind == "release_notified" and row.seq <= seq]
    return str((rows[-1].details or {})["release_id"])


def open_tasks(room: Room) -> list[tuple[str, str, datetime]]:
    state = room.live.state
    return [(each.kind, state.subjects[each.subject].name, each.due_at) for each in state.tasks.values()]


class TestReleases:
    def test_a_planned_one_raises_the_marker_and_sets_tasks(self, room: Room) -> None:
        name = warn(room, level="medium", days=10, linked_to=[CARL])
        warn(room, "Bea Jones", level="medium")
        release(room, 72 * HOUR, "JONES, Carl")
        kept = marker(room, name)
        assert kept.level_at(room.now) == "high"
        assert kept.level == "medium"
        assert open_tasks(room) == [
            ("tell_victim", ANN, room.now + 48 * HOUR),
            ("reassess", ANN, room.now + 24 * HOUR),
        ]
        assert {each.level_at(room.now) for each in room.live.state.markers.values()} == {"medium", "high"}

    def test_the_raise_outlasts_the_marker_and_ends_at_its_moment(self, quick: Room) -> None:
        name = warn(quick, level="medium", days=10, linked_to=[CARL])
        release(quick, -HOUR)
        kept, end = marker(quick, name), NOW + timedelta(days=28)
        before = end - timedelta(microseconds=1)
        assert (kept.in_force(before), kept.level_at(before)) == (True, "high")
        assert (kept.in_force(end), kept.level_at(end)) == (False, "medium")

    def test_an_unplanned_one_is_told_within_the_hour(self, quick: Room) -> None:
        warn(quick, linked_to=[CARL])
        release(quick, -3 * HOUR)
        assert [due for _, _, due in open_tasks(quick)] == [quick.now + HOUR, quick.now + 24 * HOUR]

    def test_an_expired_marker_is_in_force_again(self, quick: Room) -> None:
        name = warn(quick, days=1, linked_to=[CARL])
        quick.later(2 * 86400)
        assert not marker(quick, name).in_force(quick.now)
        release(quick, HOUR)
        assert marker(quick, name).in_force(quick.now)

    def test_an_open_incident_learns_of_it(self, quick: Room) -> None:
        warn(quick, level="standard", linked_to=[CARL])
        quick.receive("N-1", A, "standard", people=[ANN])
        assert quick.case("N-1").grade == "standard"
        release(quick, HOUR)
        assert quick.case("N-1").grade == "priority"

    def test_namesakes_with_other_dates_of_birth_are_others(self, quick: Room) -> None:
        name = warn(quick, level="medium", linked_to=["Carl Jones, 1980-02-01"])
        release(quick, HOUR, "Carl Jones, 1991-05-05")
        assert open_tasks(quick) == []
        release(quick, HOUR, CARL)  # the date is not known: it may be he
        assert marker(quick, name).level_at(quick.now) == "high"

    def test_with_nobody_linked_it_is_kept_and_sets_nothing(self, quick: Room) -> None:
        release(quick, HOUR)
        assert open_tasks(quick) == []
        assert set(subjects(quick)) == {CARL}

    def test_cancelled_before_anybody_was_told(self, room: Room) -> None:
        name = warn(room, level="medium", linked_to=[CARL])
        one, other = release(room, 72 * HOUR), release(room, 96 * HOUR)
        room.do(partial(releases.cancelled, release_id=one, because="appeal lost"))
        assert [each.release_id for each in marker(room, name).raised] == [other]
        assert {each.release_id for each in room.live.state.tasks.values()} == {other}
        with room.desk.store.reading() as reading:
            closed = [row.details or {} for row in reading.after(0) if row.kind == "task_closed"]
        assert [each["because"] for each in closed] == ["the release was cancelled: appeal lost"] * 2
        with pytest.raises(Conflict, match="was cancelled by anna"):
            room.do(partial(releases.cancelled, release_id=one, because="again"))

    def test_who_was_told_of_it_is_told_that_it_is_off(self, quick: Room) -> None:
        warn(quick, linked_to=[CARL])
        name = release(quick, 72 * HOUR)
        task = next(each for each in quick.live.state.tasks.values() if each.kind == "tell_victim")
        quick.do(partial(tasks.task_done, task_id=task.task_id, done="by telephone", by=None, victim_told=True))
        quick.do(partial(releases.cancelled, release_id=name, because="appeal lost"))
        assert open_tasks(quick) == [("inform_victim", ANN, quick.now + HOUR)]

    @pytest.mark.parametrize("name", ["L-1", "L-99", "x", "L-0", "L-99999999999999999999"])
    def test_one_that_is_none(self, quick: Room, name: str) -> None:
        quick.receive("N-1", A)
        with pytest.raises(Unknown):
            quick.do(partial(releases.cancelled, release_id=name, because="x"))

    @given(st.floats(-100, 400), st.integers(0, 48), st.integers(1, 1440), st.integers(1, 100))
    def test_deadlines_lie_before_a_release_that_is_still_to_come(
        self, after_h: float, before_h: int, within_min: int, again_h: int
    ) -> None:
        rule = Releases(tell_before_hours=before_h, tell_within_minutes=within_min, reassess_hours=again_h)
        at = NOW + after_h * HOUR
        for due in (releases.tell_by(rule, NOW, at), releases.reassess_by(rule, NOW, at)):
            assert due > NOW
            assert due <= at or at <= NOW
        assert releases.tell_by(rule, NOW, at) <= max(at - before_h * HOUR, NOW + timedelta(minutes=within_min))


class TestTasks:
    def only(self, room: Room) -> Task:
        (found,) = room.live.state.tasks.values()
        return found

    def set_one(self, room: Room, **more: Any) -> None:
        told = {
            "kind": "inform_victim",
            "person": ANN,
            "incident_id": None,
            "because": "bail",
            "due_at": room.now + HOUR,
        }
        room.do(partial(tasks.task_set, **{**told, **more}))

    def test_telling_that_failed_stays_open(self, room: Room) -> None:
        self.set_one(room)
        done = partial(tasks.task_done, task_id=self.only(room).task_id, done="no answer", by="PC 12")
        room.do(partial(done, victim_told=False))
        assert self.only(room).tried == 1
        with pytest.raises(InputError, match="victim_told"):
            room.do(partial(done, victim_told=None))
        room.do(partial(done, victim_told=True))
        assert room.live.state.tasks == {}
        with room.desk.store.reading() as reading:
            told = [row.details or {} for row in reading.after(0) if row.kind == "task_done"]
        assert [(each["by"], each["victim_told"]) for each in told] == [("PC 12", True)]
        with pytest.raises(Unknown):
            room.do(partial(done, victim_told=True))

    def test_for_the_victim_of_an_incident(self, quick: Room) -> None:
        quick.receive("N-1", A)
        self.set_one(quick, person=None, incident_id="N-1")
        quick.do(partial(incidents.closed, incident_id="N-1", outcome="advice"))
        assert self.only(quick).subject == "N-1"
        with pytest.raises(Unknown):
            self.set_one(quick, person=None, incident_id="N-2")

    @pytest.mark.parametrize(
        ("more", "field"),
        [
            ({"person": None}, "person, incident_id"),
            ({"incident_id": "N-1"}, "person, incident_id"),
            ({"due_at": NOW}, "due_at"),
            ({"person": "unknown"}, "person"),
        ],
    )
    def test_what_is_wrong_with_one(self, quick: Room, more: dict[str, Any], field: str) -> None:
        with pytest.raises(InputError) as refused:
            self.set_one(quick, **more)
        assert [fault.field for fault in refused.value.faults] == [field]


def test_all_of_it_is_folded_again_and_written_and_read(room: Room) -> None:
    warn(room, linked_to=[CARL, "Dan Brown, 1970-01-01"], support=["refuge"])
    warn(room, None, role="address", address="14 High St", place=A)
    warn(room, CARL, role="perpetrator", serial=True)
    room.receive("N-1", A, tags=[ABUSE], people=[ANN])
    room.do(partial(dash.assessed, incident_id="N-1", ticks=20, level=None, because=None))
    release(room, 72 * HOUR)
    with room.desk.store.reading() as reading:
        again = fold(State(), reading.after(0))
    assert again == room.live.state
    assert State.of_json(again.to_json()) == again
    assert all(getattr(room.live.state, name) for name in ("subjects", "named", "markers", "reviews", "tasks"))


@given(st.lists(st.tuples(st.sampled_from(LEVELS), st.integers(0, 5))), st.integers(0, 5), st.sampled_from(LEVELS))
def test_a_raised_marker_is_never_below_its_own_level(raises: list[tuple[Any, int]], hour: int, level: Any) -> None:
    raised = tuple(Raised(f"L-{n}", to, NOW + until * HOUR) for n, (to, until) in enumerate(raises))
    kept = Marker("M-1", "person:1", "victim", level, "x", NOW, "anna", NOW + 3 * HOUR, raised=raised)
    now = NOW + hour * HOUR
    assert rank(kept.level_at(now)) >= rank(level)
    assert kept.in_force(now) == (hour < 3 or any(hour < until for _, until in raises))


def test_a_force_may_change_its_numbers() -> None:
    force = changed(CLEVELAND, "risk", "dash", high_ticks=10)
    assert dash.least_level(force, 10, 1).level == "high"
