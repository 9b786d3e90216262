"""This product's own record, out as files, imported and replayed: each decision has the answer that it had live."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from desks import TOWN, Room
from dispatch.recommendation import Recommendation
from graphs.netfile import save_network
from graphs.network import Network
from scenarios.csv_out import write_files
from scenarios.evidence import Evidence, read_evidence
from scenarios.import_asked import asked_of
from scenarios.import_out import bring_in
from scenarios.known import Known
from scenarios.replay import replay
from scenarios.weighed import recommended

PLACES = "ABCDEFGH"


class Night:
    """A night at a desk: whatever happens, and what was advised just before each sending."""

    def __init__(self, room: Room, seed: int) -> None:
        self.room, self.draw = room, random.Random(seed)
        self.advised = dict[str, Recommendation]()
        self.free = [f"BX{number}" for number in range(21, 27)]
        self.busy = dict[str, str]()

    def run(self, calls: int) -> None:
        for callsign in self.free:
            self.room.on_duty(callsign, self.place(), self.draw.choice("23"), self.draw.choice((1, 2)))
        for number in range(calls):
            self.room.later(self.draw.uniform(20, 200))
            self.something()
            self.answer(f"I-{number}")

    def place(self) -> Any:
        return TOWN.at(self.draw.choice(PLACES))

    def something(self) -> None:
        room, draw = self.room, self.draw
        for callsign in draw.sample(self.free, min(3, len(self.free))):
            room.fix(callsign, self.place(), draw.uniform(0, 30))
            room.later(1)
        if self.free and draw.random() < 0.5:
            room.status(draw.choice(self.free), draw.choice(("2", "3", "4")))
            room.later(1)
        for incident_id, callsign in list(self.busy.items()):
            if draw.random() < 0.5:
                room.step(incident_id, callsign, "at_scene")
                room.later(2)
                room.step(incident_id, callsign, "clear")
                del self.busy[incident_id]
                self.free.append(callsign)
                room.later(1)
        if draw.random() < 0.2:
            room.close_road(f"C{len(self.advised)}-{draw.random()}", draw.choice(("Linthorpe Road", "Parliament Road")))
            room.later(1)

    def answer(self, incident_id: str) -> None:
        room, draw = self.room, self.draw
        tags = draw.choice(([], ["domestic_abuse"], ["cut_off_call"]))
        room.receive(incident_id, self.place(), draw.choice(("emergency", "priority")), tags=tags)
        room.later(draw.uniform(1, 40))
        told = room.ask(incident_id)
        eligible = [line.unit.callsign for line in told.ledger if line.eligible and line.unit.callsign in self.free]
        if not eligible:
            return
        callsign = draw.choice(eligible)
        room.send(incident_id, callsign, fresh=told, reason="other", confirm=True)
        self.advised[incident_id] = told
        self.free.remove(callsign)
        self.busy[incident_id] = callsign


def imported(room: Room, folder: Path, network: Network) -> Path:
    """Write the record as files and import them."""
    room.later(5)
    with room.desk.store.reading() as reading:
        write_files(reading, folder / "files")
    save_network(network, folder / "town.network")
    asked = asked_of(folder / "files", "record", folder / "town.network", None)
    bring_in(asked, folder / "imported", room.now + timedelta(minutes=1))
    return folder / "imported"


def said(answer: Recommendation) -> dict[str, Any]:
    """Return an answer without what the files do not carry: why a grade was raised, and closures open at both ends."""
    told = answer.as_dict()
    told["incident"].pop("raised_by")
    told["versions"].pop("conditions")
    return told


def replayed(evidence: Evidence, incident_id: str) -> Recommendation:
    network = evidence.network()
    assert network is not None
    past = next(each for each in evidence.incidents if each.incident_id == incident_id)
    answer = recommended(past, evidence, Known(evidence, network), network)
    assert answer is not None
    return answer


@pytest.mark.parametrize("seed", range(3))
def test_a_replayed_answer_is_the_one_given_live(room: Room, tmp_path: Path, seed: int) -> None:
    night = Night(room, seed)
    night.run(25)
    folder = imported(room, tmp_path, TOWN.network)
    evidence = read_evidence(folder)
    assert len(night.advised) > 10
    for incident_id, advised in night.advised.items():
        found, live = said(replayed(evidence, incident_id)), said(advised)
        assert {key: found[key] for key in live if found[key] != live[key]} == {}, incident_id


def test_the_record_is_replayed_whole(room: Room, tmp_path: Path) -> None:
    night = Night(room, 7)
    night.run(25)
    folder = imported(room, tmp_path, TOWN.network)
    done = replay(folder, tmp_path / "out", jobs=1)
    by_id = {one.incident_id: one for one in done.verdicts}
    assert len(by_id) == 25
    for incident_id, advised in night.advised.items():
        verdict = by_id[incident_id]
        if verdict.verdict != "unknown":
            assert verdict.nearest_eligible == advised.nearest_eligible
