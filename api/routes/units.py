"""Units: on duty, off duty, status, crew, and where they are."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import orjson
from apiflask import APIBlueprint
from flask import Response

from api.desk_answers import unit_values, units_values
from api.desk_schemas import CrewBody, Happening, OnDutyBody, StatusBody, StatusNotedAnswer, UnitAnswer, UnitsAnswer
from api.openapi import call
from api.orders import moment, perform, read_model, telling
from api.responses import json_response
from api.service import service
from dispatch import duties
from dispatch.live import Live
from dispatch.record import Row

blueprint = APIBlueprint("units", __name__, tag="Units")


@blueprint.get("/v1/units")
@call(blueprint, "units", UnitsAnswer, "The units on duty.")
def units() -> Response:
    """List the units on duty, with where each was last."""
    return json_response(orjson.dumps(units_values(service().desk.live())))


@blueprint.get("/v1/units/<callsign>")
@call(blueprint, "unit", UnitAnswer, "The unit.", "unknown")
def unit(callsign: str) -> Response:
    """Tell what is known of a unit on duty."""
    return json_response(orjson.dumps(unit_values(service().desk.live(), callsign)))


@blueprint.post("/v1/units/<callsign>/on-duty")
@call(blueprint, "unitOnDuty", UnitAnswer, "The unit.", body=OnDutyBody)
def on_duty(callsign: str) -> Response:
    """Put a unit on duty."""
    body = read_model(OnDutyBody)
    home = None if body.home is None else (body.home.lat, body.home.lon)
    decide = partial(
        duties.on_duty,
        callsign=callsign,
        start=moment(body.duty_start),
        end=body.duty_end,
        status=body.status,
        crew=body.crew,
        skills=body.skills,
        sector=body.sector,
        home=home,
    )
    return perform(decide, telling(partial(_unit, callsign)))


@blueprint.post("/v1/units/<callsign>/off-duty")
@call(blueprint, "unitOffDuty", UnitsAnswer, "Those still on duty.", body=Happening)
def off_duty(callsign: str) -> Response:
    """Take a unit off duty; one that is bound to an incident must be settled first."""
    body = read_model(Happening)
    decide = partial(duties.off_duty, callsign=callsign, at=moment(body.at))
    return perform(decide, telling(lambda live, _rows: units_values(live)))


@blueprint.post("/v1/units/<callsign>/status")
@call(blueprint, "unitStatus", StatusNotedAnswer, "What was noted.", "wrong-step", body=StatusBody)
def status(callsign: str) -> Response:
    """Note a status code that a unit reports; one that goes with a step of its assignment takes it there."""
    body = read_model(StatusBody)
    decide = partial(duties.change_status, callsign=callsign, status=body.status, at=moment(body.at))
    return perform(decide, telling(partial(_noted, callsign, body.status)))


def _noted(callsign: str, status: str, live: Live, rows: Sequence[Row]) -> dict[str, object]:
    unit, row = live.state.units.get(callsign), rows[0]
    holds = unit is None or (unit.status, unit.status_at) == (status, row.happened)
    return {"seq": row.seq, "callsign": callsign, "status": status, "holds": holds}


@blueprint.post("/v1/units/<callsign>/crew")
@call(blueprint, "unitCrew", UnitAnswer, "The unit.", body=CrewBody)
def crew(callsign: str) -> Response:
    """Note who is aboard a unit."""
    body = read_model(CrewBody)
    decide = partial(duties.change_crew, callsign=callsign, crew=body.crew, skills=body.skills)
    return perform(decide, telling(partial(_unit, callsign)))


def _unit(callsign: str, live: Live, _rows: Sequence[Row]) -> object:
    return unit_values(live, callsign)
