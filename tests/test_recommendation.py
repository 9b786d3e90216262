"""What an answer says beside the ledger: how sure it is, by when, what a unit leaves, what it all rests on."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dispatch.force import Force
from dispatch.model import Incident, Unit
from dispatch.recommendation import LeftBehind, Recommendation
from graphs.network import Network
from graphs.profiles import Profiles
from nightshift import CLEVELAND, NOW, ago, ask, changed, incident, unit
from roadmaps import draw

EAST = 90.0
STREET = draw("A---B---C", "A-B-C")
HALF_MILE = incident(STREET.at("C"))


class TestCertainty:
    @staticmethod
    def ask_two(gap_m: float, first: dict[str, Any], second: dict[str, Any]) -> Recommendation:
        """Two patrols, the second so much further from the incident at C, with or without doubt about each."""
        told = {"course_deg": EAST, "speed_kmh": 30.0}
        near = unit("U1", STREET.at("A", east_m=200), **{**told, **first})
        far = unit("U2", STREET.at("A", east_m=200 - gap_m), **{**told, **second})
        return ask(STREET.network, HALF_MILE, near, far)

    def test_without_doubt_a_metre_is_clear(self) -> None:
        answer = self.ask_two(1.0, {}, {})
        assert (answer.certainty, answer.indistinguishable_from) == ("clear", ())

    def test_without_a_difference_nothing_is(self) -> None:
        answer = self.ask_two(0.0, {}, {})
        assert (answer.certainty, answer.indistinguishable_from) == ("indistinguishable", ("U2",))

    @pytest.mark.parametrize(("gap_m", "certainty"), [(99.9, "indistinguishable"), (100.1, "clear")])
    def test_two_doubts_that_touch(self, gap_m: float, certainty: str) -> None:
        assert self.ask_two(gap_m, {"accuracy_m": 40.0}, {"accuracy_m": 60.0}).certainty == certainty

    def test_an_old_fix_may_be_nearer(self) -> None:
        answer = self.ask_two(190, {}, {"age_s": 61})
        assert (answer.suggested, answer.certainty) == (("U1",), "indistinguishable")

    def test_only_those_who_may_be_sent_are_compared(self) -> None:
        assert self.ask_two(0.0, {}, {"status": "6"}).certainty == "clear"
        answer = self.ask_two(0.0, {"status": "6"}, {})
        assert (answer.nearest, answer.nearest_eligible, answer.certainty) == ("U2", "U2", "clear")


class TestTarget:
    RECEIVED = ago(100)

    @staticmethod
    def force(clock: str = "received", urban: list[str] | None = None) -> Force:
        """Cleveland with another clock, and with other urban areas where given."""
        changed_clock = changed(CLEVELAND, "grades", "emergency", clock=clock)
        return changed_clock if urban is None else changed_clock.model_copy(update={"areas": {"urban": urban}})

    def ask(self, force: Force, grade: str = "emergency", received_at: datetime | None = RECEIVED) -> Recommendation:
        return ask(STREET.network, incident(STREET.at("C"), grade, received_at=received_at), force=force)

    def test_in_town_from_the_call(self) -> None:
        target = self.ask(self.force()).target
        assert (target.setting, target.target_s, target.clock) == ("urban", 900, "received")
        assert target.due_at == self.RECEIVED + timedelta(seconds=900)

    def test_in_the_country(self) -> None:
        elsewhere = "POLYGON ((-3 53, -2 53, -2 54, -3 53))"
        target = self.ask(self.force(urban=[elsewhere])).target
        assert (target.setting, target.target_s) == ("rural", 1200)
        assert target.due_at == self.RECEIVED + timedelta(seconds=1200)

    def test_where_no_area_is_known_the_shorter_counts(self) -> None:
        target = self.ask(self.force(urban=[])).target
        assert (target.setting, target.target_s) == ("unknown", 900)

    def test_from_the_dispatch(self) -> None:
        target = self.ask(self.force("dispatched")).target
        assert (target.clock, target.due_at) == ("dispatched", NOW + timedelta(seconds=900))

    def test_when_it_was_graded_is_not_known(self) -> None:
        target = self.ask(self.force("graded")).target
        assert (target.target_s, target.clock, target.due_at) == (900, "graded", None)

    def test_when_the_call_came_is_not_known(self) -> None:
        assert self.ask(self.force(), received_at=None).target.due_at is None

    def test_a_grade_without_a_target(self) -> None:
        target = self.ask(self.force(), "scheduled").target
        assert (target.target_s, target.due_at) == (None, None)

    def test_due_times_are_written_in_utc(self) -> None:
        late = self.RECEIVED.astimezone(ZoneInfo("Europe/Stockholm"))
        told = json.loads(self.ask(self.force(), received_at=late).to_json())
        assert told["target"]["due_at"] == "2026-01-31T23:23:20Z"


class TestLeftBehind:
    """U1 is bound to a standard incident at A and free to be taken; the emergency is at C."""

    BOUND = unit("U1", STREET.at("B"), status="7", incident_id="N-7", committed_grade="standard")
    LEFT = incident(STREET.at("A"), "standard", incident_id="N-7")

    def leaves(self, *units: Unit, others: tuple[Incident, ...] = ()) -> LeftBehind | None:
        return ask(STREET.network, HALF_MILE, *units, others=others).line("U1").leaves

    def test_who_would_come_next_and_how_much_later(self) -> None:
        following = unit("U2", STREET.at("C"), status="3")
        # By a normal journey: 60 + 36 s for U1, 90 + 72 s for U2.
        assert self.leaves(self.BOUND, following, others=(self.LEFT,)) == LeftBehind("N-7", "standard", "U2", 66_000)

    def test_it_may_be_sooner(self) -> None:
        nearer = unit("U2", STREET.at("A"))
        assert self.leaves(self.BOUND, nearer, others=(self.LEFT,)) == LeftBehind("N-7", "standard", "U2", -81_000)

    def test_nobody_else(self) -> None:
        busy = unit("U2", STREET.at("A"), status="6")
        left = self.leaves(self.BOUND, busy, others=(self.LEFT,))
        assert left == LeftBehind("N-7", "standard", because="no other unit could be sent there")

    @pytest.mark.parametrize("others", [(), (replace(LEFT, incident_id="N-8"),), (replace(LEFT, incident_id=""),)])
    def test_an_incident_that_is_not_in_the_picture(self, others: tuple[Incident, ...]) -> None:
        left = self.leaves(self.BOUND, others=others)
        assert left == LeftBehind("N-7", "standard", because="the incident is not in the picture")

    def test_an_incident_without_a_name(self) -> None:
        left = self.leaves(replace(self.BOUND, incident_id=None), others=(self.LEFT,))
        assert left == LeftBehind(None, "standard", because="the incident is not in the picture")

    @pytest.mark.parametrize("place", [(51.5, -0.12), (float("nan"), 0.0)])
    def test_an_incident_outside_the_network_costs_no_answer(self, place: tuple[float, float]) -> None:
        left = self.leaves(self.BOUND, others=(replace(self.LEFT, lat=place[0], lon=place[1]),))
        assert left == LeftBehind("N-7", "standard", because="the incident is outside the road network")

    def test_an_incident_of_a_grade_that_is_not_known_is_not_left(self) -> None:
        answer = ask(STREET.network, HALF_MILE, self.BOUND, others=(replace(self.LEFT, grade="immediate"),))
        assert [failure.because for failure in answer.line("U1").failed] == [
            "committed to incident N-7 (grade immediate)"
        ]

    def test_an_incident_that_was_regraded_is_not_left(self) -> None:
        answer = ask(STREET.network, HALF_MILE, self.BOUND, others=(replace(self.LEFT, grade="emergency"),))
        assert (answer.outcome, answer.line("U1").leaves) == ("nobody_eligible", None)

    def test_where_no_road_leads_to_what_it_was_on(self) -> None:
        estate = draw("A---B---C---D", "A-B length=5000", "B-C bus", "C-D length=5000")
        bound = unit("U1", estate.at("C", east_m=100), status="7", incident_id="N-7", committed_grade="standard")
        left = incident(estate.at("A"), "standard", incident_id="N-7")
        answer = ask(estate.network, incident(estate.at("D")), bound, unit("U2", estate.at("A")), others=(left,))
        assert answer.line("U1").leaves == LeftBehind("N-7", "standard", "U2", None, "no road leads the unit there")

    def test_a_free_unit_leaves_nothing(self) -> None:
        answer = ask(STREET.network, HALF_MILE, unit("U1", STREET.at("A")), others=(self.LEFT,))
        assert answer.line("U1").leaves is None

    def test_who_may_not_be_sent_leaves_nothing(self) -> None:
        assert self.leaves(replace(self.BOUND, status="8"), others=(self.LEFT,)) is None

    def test_it_is_part_of_the_answer(self) -> None:
        answer = ask(STREET.network, HALF_MILE, self.BOUND, unit("U2", STREET.at("A")), others=(self.LEFT,))
        lines = {line["callsign"]: line for line in json.loads(answer.to_json())["ledger"]}
        assert lines["U1"]["leaves"] == {
            "incident_id": "N-7",
            "grade": "standard",
            "next_callsign": "U2",
            "delay_s": -81.0,
            "because": "",
        }


class TestVersions:
    @staticmethod
    def versions(network: Network = STREET.network, force: Force = CLEVELAND) -> dict[str, Any]:
        return ask(network, HALF_MILE, force=force).versions

    def test_all_that_an_answer_rests_on_is_named(self) -> None:
        told = self.versions()
        assert told["network"] == STREET.network.hash
        assert told["profiles"] == STREET.network.profiles.hash
        assert told["force"] == {"name": "Cleveland Police", "hash": CLEVELAND.hash}
        assert told["conditions"] == hashlib.sha256(b"[]").hexdigest()
        for part, package in (("engine", "graphs"), ("policy", "dispatch")):
            digest = hashlib.sha256()
            for path in sorted(Path(str(resources.files(package))).glob("*.py")):
                digest.update(path.name.encode() + path.read_bytes())
            assert told[part]["hash"] == digest.hexdigest()

    def test_another_road_is_another_network(self) -> None:
        other = draw("A---B---C", "A-B", "B-C limit=20mph").network
        self.assert_only_changed("network", self.versions(other))

    def test_another_delay_is_another_profile_table(self) -> None:
        text = (resources.files("graphs") / "profiles.toml").read_text("utf-8")
        before = 'response_s = { value = 15.0, source = "u_turn_response" }'
        assert before in text
        profiles = Profiles.parse(text.replace(before, before.replace("15.0", "14.0")), "profiles.toml")
        self.assert_only_changed("profiles", self.versions(replace(STREET.network, profiles=profiles)))

    def test_another_rule_is_another_force(self) -> None:
        force = changed(CLEVELAND, "statuses", "2", mobilisation_s=16)
        self.assert_only_changed("force", self.versions(force=force))

    def assert_only_changed(self, part: str, told: dict[str, Any]) -> None:
        before = self.versions()
        assert {key for key in before if before[key] != told[key]} == {part}
