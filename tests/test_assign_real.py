"""Plans of the demonstration night in Gothenburg, and of random shifts in Porto."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import scenarios.samples.gothenburg
from dispatch.assign import assign
from dispatch.force import Force
from dispatch.model import Fix, Incident, Picture, Unit
from dispatch.plan import Plan
from dispatch.recommend import recommend
from graphs.network import Network
from graphs.router import Router
from nightshift import NOW, ago
from questions import points
from scenarios.picture_folder import read_picture_folder
from shared_data import PORTO, real_network

NIGHT = Path(scenarios.samples.gothenburg.__file__).parent


@pytest.fixture(scope="module")
def force() -> Force:
    return Force.read(NIGHT / "force.toml")


@pytest.fixture(scope="module")
def night(gothenburg: Network, force: Force) -> Picture:
    return read_picture_folder(NIGHT, force, gothenburg)


def test_the_two_emergencies_of_the_night_get_who_is_recommended(
    gothenburg: Network, force: Force, night: Picture
) -> None:
    made = assign(night, gothenburg, force)
    assert [each.incident.incident_id for each in made.queue] == ["N-0210", "N-0211"]
    for each in made.queue:
        answer = recommend(night, each.incident, gothenburg, force)
        assert tuple(one.callsign for one in each.sent) == answer.suggested
        for one in each.sent:
            eta = answer.line(one.callsign).eta
            assert eta is not None
            assert one.time_ms == eta.time_ms


def test_a_busier_night_shares_the_units_out(gothenburg: Network, force: Force, night: Picture) -> None:
    """Those at work are called away, so that all seventeen incidents wait."""
    free = tuple(
        replace(who, status="2", incident_id=None, committed_grade=None) if who.incident_id else who
        for who in night.units
    )
    made = assign(replace(night, units=free), gothenburg, force)
    assert len(made.queue) == 17
    check(made, replace(night, units=free), gothenburg, force)
    few = tuple(who for who in free if who.sector in {"Centrum", "Oster"})
    check(assign(replace(night, units=few), gothenburg, force), replace(night, units=few), gothenburg, force)


def test_reliefs_of_the_night(gothenburg: Network, force: Force, night: Picture) -> None:
    since = night.now - timedelta(minutes=10)
    held = tuple(replace(who, assigned_at=since if who.incident_id else None) for who in night.units)
    eager = force.model_copy(update={"diversion": {"gain_s": 30, "gain_share": 0.1, "hold_s": 60}})
    made = assign(replace(night, units=held), gothenburg, eager)
    assert made.reliefs
    for relief in made.reliefs:
        asked = next(item for item in night.incidents if item.incident_id == relief.incident_id)
        eta = recommend(night, asked, gothenburg, force).line(relief.callsign).eta
        assert eta is not None
        assert eta.time_ms == relief.time_ms <= relief.relieved_ms - 30_000
    assert assign(night, gothenburg, eager).reliefs == ()


def check(made: Plan, picture: Picture, network: Network, force: Force) -> None:
    """Times are those of a recommendation, nobody goes twice, nobody who could go is idle, reasons hold."""
    goes = Counter(one.callsign for each in made.queue for one in each.sent)
    goes.update(relief.callsign for relief in made.reliefs)
    assert set(goes.values()) <= {1}
    for each in made.queue:
        answer = recommend(picture, each.incident, network, force)
        eligible = {line.unit.callsign: line.eta.time_ms for line in answer.ledger if line.eligible and line.eta}
        assert all(eligible[one.callsign] == one.time_ms for one in each.sent)
        if each.reason is None:
            continue
        assert eligible.keys() <= goes.keys()
        if each.reason.without:
            name, dropped = each.incident.incident_id, set(each.reason.without)
            others = tuple(item for item in picture.incidents if item.incident_id not in dropped)
            again = {
                one.incident.incident_id: one
                for one in assign(replace(picture, incidents=others), network, force).queue
            }
            short = (again[name].units_short, again[name].people_short) if name in again else (0, 0)
            assert short < (each.units_short, each.people_short)


def random_shift(network: Network, count: int, chance: random.Random) -> Picture:
    """Draw 50 incidents that wait, each fifth with a unit on its way that may be relieved, and units driving about."""
    router = Router(network, "response")
    incidents = tuple(
        Incident(
            *place,
            chance.choice(("emergency", "priority", "standard", "standard")),
            f"N-{row:02d}",
            ago(chance.randrange(3600)),
            tags=frozenset({"domestic_abuse"} if chance.random() < 0.2 else ()),
            needs=frozenset({"taser"} if chance.random() < 0.1 else ()),
            units_needed=1 + (chance.random() < 0.2),
        )
        for row, place in enumerate(points(router, 50, chance))
    )
    units = []
    for row, place in enumerate(points(router, count, chance)):
        bound = chance.choice(incidents) if row % 5 == 0 else None
        fix = Fix(*place, ago(20), 15.0, chance.uniform(0, 360), 40.0)
        skills = chance.choice((frozenset({"taser"}), frozenset({"domestic_abuse_trained"}), frozenset[str]()))
        crew, status = chance.choice((1, 2)), chance.choice("567") if bound else chance.choice("2236")
        name, grade = (bound.incident_id, bound.grade) if bound else (None, None)
        unit = Unit(f"U{row:03d}", status, fix, crew, skills, incident_id=name, committed_grade=grade)
        units.append(replace(unit, assigned_at=ago(600) if bound else None))
    return Picture(NOW, tuple(units), incidents)


@pytest.mark.slow
@pytest.mark.parametrize("units", [120, 40])
def test_a_random_shift_in_porto(units: int) -> None:
    network, force, chance = real_network(PORTO), Force.default(), random.Random(units)
    shift = random_shift(network, units, chance)
    made = assign(shift, network, force)
    check(made, shift, network, force)
    turned = Picture(shift.now, shift.units[::-1], shift.incidents[::-1])
    assert assign(turned, network, force).to_json() == made.to_json()
