"""What an answer says beside the ledger: how sure it is, by when, and what it all rests on."""

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
from dispatch.recommendation import Recommendation
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


def test_a_line_as_others_read_it() -> None:
    place = STREET.at("A", east_m=123.4567, north_m=12.3456)
    who = unit(
        "U1", place, "taser", "negotiator", course_deg=EAST, speed_kmh=30.0, age_s=1.5, accuracy_m=10.0, sector="N"
    )
    (line,) = json.loads(ask(STREET.network, HALF_MILE, who).to_json())["ledger"]
    assert line == {
        "callsign": "U1",
        "eligible": True,
        "failed": [],
        "time_s": 66.585,
        "earliest_s": 65.835,
        "latest_s": 67.335,
        "behind_s": 0.0,
        "mobilisation_s": 15.0,
        "drive_s": 51.585,
        "walk_s": 0.0,
        "length_m": 676.5,
        "straight_m": 676.7,
        "fix_age_s": 1.5,
        "fix_gap_m": 12.3,
        "status": "2",
        "status_label": "On patrol",
        "crew": 2,
        "skills": ["negotiator", "taser"],
        "sector": "N",
        "notes": [],
        "leaves": None,
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
