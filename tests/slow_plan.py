"""The rules of a plan for the whole queue, told again by trying everything; times and rules come from `recommend`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from dispatch.force import Force, Tag
from dispatch.model import Picture, Unit
from dispatch.recommend import recommend
from graphs.network import Network

Key = tuple[Any, ...]
HOUR_MS = 3_600_000


@dataclass
class SlowPlan:
    """Who goes where, as names; ``relief`` by the unit on its way."""

    picture: Picture
    network: Network
    force: Force
    going: dict[str, str] = field(default_factory=dict)
    relief: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.incidents = {item.incident_id: item for item in self.picture.incidents}
        self.units = {unit.callsign: unit for unit in self.picture.units}
        answers = {
            name: recommend(self.picture, item, self.network, self.force) for name, item in self.incidents.items()
        }
        self.time_ms = {
            (name, line.unit.callsign): line.eta.time_ms
            for name, answer in answers.items()
            for line in answer.ledger
            if line.eta is not None
        }
        self.eligible = {
            name: {line.unit.callsign for line in answer.ledger if line.eligible} for name, answer in answers.items()
        }
        self.off_duty = {
            line.unit.callsign
            for answer in answers.values()
            for line in answer.ledger
            if "off_duty" in {failure.rule for failure in line.failed}
        }
        self.due = {name: answer.target for name, answer in answers.items()}

    def solve(self) -> SlowPlan:
        for grade in sorted(self.force.grades, key=lambda key: self.force.grades[key].rank):
            if self.force.grades[grade].deploys:
                self._grade(sorted(name for name, item in self.incidents.items() if item.grade == grade))
        return self

    def _grade(self, names: list[str]) -> None:
        asking = [name for name in names if self.units_short(name) or self.people_short(name)]
        for have in range(5):
            short = [name for name in asking if len(self.coming(name)) == have and self.units_short(name)]
            self._stage(short, lambda _: set(self.units), self._late if have == 0 else lambda _: 0)
        for tag in sorted(self.force.tags):
            told = self.force.tags[tag]
            lacking = [name for name in asking if tag in self.incidents[name].tags and self.lacks(name, told)]
            near = {name: self.near(name, told) for name in lacking}
            self._stage(lacking, near.__getitem__, self._bound)
        for _ in range(5):
            self._stage([name for name in asking if self.people_short(name)], lambda _: set(self.units), lambda _: 0)
        self._relieve(names)

    def free(self) -> set[str]:
        return self.units.keys() - self.going.keys() - self.relief.keys()

    def coming(self, name: str) -> list[Unit]:
        there = [
            unit
            for unit in self.units.values()
            if unit.incident_id == name and unit.callsign not in self.off_duty and unit.callsign in self.free()
        ]
        return there + [self.units[callsign] for callsign, to in self.going.items() if to == name]

    def units_short(self, name: str) -> int:
        return max(max(self.incidents[name].units_needed, 1) - len(self.coming(name)), 0)

    def people_short(self, name: str) -> int:
        coming, short = self.coming(name), 0
        for tag in self.tags(name):
            people = sum(unit.crew or 1 for unit in coming)
            if tag.crew is not None and people < tag.crew:
                short = max(short, min(tag.crew - people, (tag.or_units or 99) - len(coming)))
        return short

    def tags(self, name: str) -> list[Tag]:
        return [self.force.tags[tag] for tag in self.incidents[name].tags]

    def lacks(self, name: str, tag: Tag) -> bool:
        return tag.prefer_skill is not None and all(tag.prefer_skill not in each.skills for each in self.coming(name))

    def near(self, name: str, tag: Tag) -> set[str]:
        known = [self.time_ms[name, who.callsign] for who in self.coming(name) if (name, who.callsign) in self.time_ms]
        return {
            callsign
            for callsign in self.eligible[name]
            if known
            and tag.prefer_skill in self.units[callsign].skills
            and self.time_ms[name, callsign] <= min(known) + (tag.near_enough_s or 0) * 1000
        }

    def _stage(self, names: list[str], may: Callable[[str], set[str]], first: Callable[[dict[str, str]], Any]) -> None:
        choices = [sorted(self.eligible[name] & may(name) & self.free()) for name in names]

        def worth(chosen: dict[str, str]) -> Key:
            times_ms = sum(self.time_ms[name, callsign] for name, callsign in chosen.items())
            return -len(chosen), first(chosen | dict.fromkeys(names, "") | chosen), times_ms, self._names(names, chosen)

        best = min(pairings(names, choices), key=worth)
        self.going |= {callsign: name for name, callsign in best.items()}

    @staticmethod
    def _names(names: Iterable[str], chosen: dict[str, str]) -> Key:
        """Go by name: whoever has a unit goes before having none."""
        return tuple((0, chosen[name]) if name in chosen else (1, "") for name in names)

    def _late(self, chosen: dict[str, str]) -> int:
        total = 0
        for name, callsign in chosen.items():
            target = self.due[name]
            if target.target_s is None:
                continue
            due_at = target.due_at or self.picture.now
            arrival = self.time_ms[name, callsign] if callsign else HOUR_MS
            late_ms = (self.picture.now - due_at) // timedelta(milliseconds=1) + arrival
            total += min(max(late_ms, 0) // target.target_s, 1_000_000) ** 2
        return total

    def _bound(self, chosen: dict[str, str]) -> int:
        return sum(self.units[callsign].committed for callsign in chosen.values() if callsign)

    def _relieve(self, names: list[str]) -> None:
        pairs = [(name, who.callsign) for name in names for who in self.coming(name) if self.may_be_relieved(who)]
        pairs = [(name, callsign) for name, callsign in pairs if callsign not in self.going]
        keys = [f"{name} {row}" for row, (name, _) in enumerate(pairs)]
        pair = dict(zip(keys, sorted(pairs), strict=True))
        choices = [sorted(each for each in self.free() if self.gains(*pair[key], each)) for key in keys]

        def worth(chosen: dict[str, str]) -> Key:
            times_ms = [
                self.time_ms[pair[key][0], chosen[key]] if key in chosen else self.own_ms(*pair[key]) or 0
                for key in keys
            ]
            return sum(times_ms), self._names(keys, chosen)

        for key, nearer in min(pairings(keys, choices), key=worth).items():
            self.going[nearer] = pair[key][0]
            self.relief[pair[key][1]] = nearer

    def may_be_relieved(self, unit: Unit) -> bool:
        limits = self.force.diversion
        since = None if unit.assigned_at is None else (self.picture.now - unit.assigned_at).total_seconds()
        return unit.status in {"2", "3", "5"} and (limits.hold_s == 0 if since is None else since >= limits.hold_s)

    def own_ms(self, name: str, callsign: str) -> int | None:
        told = self.time_ms.get((name, callsign))
        return told if told is None or self.units[callsign].status != "5" else told - 15_000

    def gains(self, name: str, callsign: str, nearer: str) -> bool:
        own_ms, limits = self.own_ms(name, callsign), self.force.diversion
        out, into = self.units[callsign], self.units[nearer]
        if own_ms is None or nearer not in self.eligible[name] or into.committed:
            return False
        gain_ms = own_ms - self.time_ms[name, nearer]
        people = any(tag.crew is not None for tag in self.tags(name))
        skills = {tag.prefer_skill for tag in self.tags(name)} & out.skills
        good = skills <= into.skills and (not people or (into.crew or 1) >= (out.crew or 1))
        return good and gain_ms >= limits.gain_s * 1000 and gain_ms >= limits.gain_share * own_ms


def pairings(names: list[str], choices: list[list[str]]) -> Iterator[dict[str, str]]:
    """Yield every way to give names units, each unit once."""
    for told in itertools.product(*([*each, ""] for each in choices)):
        taken = [each for each in told if each]
        if len(taken) == len(set(taken)):
            yield {name: each for name, each in zip(names, told, strict=True) if each}
