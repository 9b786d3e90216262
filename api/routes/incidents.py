"""Incidents: received, regraded, amended, linked, cancelled, closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import orjson
from apiflask import APIBlueprint
from flask import Response

from api.bodies import BODY
from api.consultation import looked_at, looked_through
from api.desk_answers import case_values, cases_values
from api.desk_schemas import (
    AmendBody,
    BecauseBody,
    CaseAnswer,
    CasesAnswer,
    CloseBody,
    LinkBody,
    ReceivedBody,
    RegradeBody,
)
from api.openapi import call
from api.orders import model_of, moment, perform, read_model, read_values, telling
from api.responses import json_response
from api.service import service
from dispatch import incidents as desk
from dispatch.desk import Known
from dispatch.errors import Unknown
from dispatch.fold import RECEIVED, case_of
from dispatch.live import Live
from dispatch.record import Event, Row
from dispatch.state import Case
from graphs.errors import Fault, InputError
from graphs.faults import NOTHING
from scenarios.checks import Beside, incidents_of

blueprint = APIBlueprint("incidents", __name__, tag="Incidents")


@blueprint.get("/v1/incidents")
@call(blueprint, "incidents", CasesAnswer, "The open incidents.")
def incidents() -> Response:
    """List the open incidents, the most urgent first."""
    looked_through()
    known = service()
    return json_response(orjson.dumps(cases_values(known.desk.live(), known.force)))


@blueprint.get("/v1/incidents/<incident_id>")
@call(blueprint, "incident", CaseAnswer, "The incident.", "unknown")
def incident(incident_id: str) -> Response:
    """Tell all that is known of an incident, open or ended."""
    case = find_case(incident_id)
    looked_at(incident_id)
    return json_response(orjson.dumps(case_values(case, service().force)))


def find_case(incident_id: str) -> Case:
    """Return an incident, open or ended.

    Raises
    ------
    Unknown
        There was never one of that name, or its details were purged.
    """
    desk_ = service().desk
    found = desk_.live().state.incidents.get(incident_id)
    if found is None:
        with desk_.store.reading() as reading:
            found = case_of(reading.about(incident_id), incident_id)
    if found is None:
        raise Unknown(f"there is no incident {incident_id}")
    return found


@blueprint.post("/v1/incidents")
@call(blueprint, "incidentReceived", CaseAnswer, "The incident.", body=ReceivedBody, status=201)
def received() -> Response:
    """Open an incident; without an incident_id it is given one."""
    body = _read_received()
    at = moment(body.received_at)
    told = {name: getattr(body, name) for name in RECEIVED if name not in {"lat", "lon"}}
    told["lat"], told["lon"] = body.place() or (None, None)

    def decide(known: Known) -> list[Event]:
        return desk.received(known, body.incident_id or f"I-{known.next_seq}", at, told)

    return perform(decide, telling(_first_subject, 201))


def _read_received() -> ReceivedBody:
    """Read a call; what is wrong with it by itself and beside the force, the roads and the clock is told together."""
    values, known = read_values(), service()
    if isinstance(values, dict):
        _, faults = incidents_of([("", values)], BODY, Beside(known.force, known.network, known.clock()))
        if faults:
            raise InputError(faults)
    return model_of(ReceivedBody, values)


@blueprint.post("/v1/incidents/<incident_id>/regrade")
@call(blueprint, "incidentRegraded", CaseAnswer, "The incident.", body=RegradeBody)
def regrade(incident_id: str) -> Response:
    """Give an incident another grade."""
    body = read_model(RegradeBody)
    decide = partial(desk.regraded, incident_id=incident_id, grade=body.grade, because=body.because, at=moment(body.at))
    return perform(decide, telling(partial(open_case, incident_id)))


@blueprint.post("/v1/incidents/<incident_id>/amend")
@call(blueprint, "incidentAmended", CaseAnswer, "The incident.", body=AmendBody)
def amend(incident_id: str) -> Response:
    """Correct or complete what is known of an incident; what is left out stays as it is."""
    changes = _changes(read_model(AmendBody))
    return perform(
        partial(desk.amended, incident_id=incident_id, changes=changes), telling(partial(open_case, incident_id))
    )


# What an incident always has; anything else may be taken back with null.
_ALWAYS = frozenset({"lat", "lon", "tags", "needs", "units_needed", "people", "on_road"})


def _changes(body: AmendBody) -> dict[str, Any]:
    changes = {name: getattr(body, name) for name in sorted(body.model_fields_set)}
    faults = [
        Fault(BODY, "", name, NOTHING, str(AmendBody.model_fields[name].description))
        for name in sorted(_ALWAYS & changes.keys())
        if changes[name] is None
    ]
    if ("lat" in changes) != ("lon" in changes):
        missing = "lon" if "lat" in changes else "lat"
        faults.append(Fault(BODY, "", missing, NOTHING, "lat and lon together, or neither"))
    if faults:
        raise InputError(faults)
    return changes


@blueprint.post("/v1/incidents/<incident_id>/link")
@call(blueprint, "incidentLinked", CaseAnswer, "The incident that it is the same as.", body=LinkBody)
def link(incident_id: str) -> Response:
    """Note that an incident is the same as another, and end it."""
    body = read_model(LinkBody)
    decide = partial(desk.linked, incident_id=incident_id, duplicate_of=body.duplicate_of)
    return perform(decide, telling(partial(open_case, body.duplicate_of)))


@blueprint.post("/v1/incidents/<incident_id>/cancel")
@call(blueprint, "incidentCancelled", CasesAnswer, "The incidents that are still open.", body=BecauseBody)
def cancel(incident_id: str) -> Response:
    """Cancel an incident: nobody is needed."""
    body = read_model(BecauseBody)
    return perform(partial(desk.cancelled, incident_id=incident_id, because=body.because), telling(_still_open))


@blueprint.post("/v1/incidents/<incident_id>/close")
@call(blueprint, "incidentClosed", CasesAnswer, "The incidents that are still open.", body=CloseBody)
def close(incident_id: str) -> Response:
    """Close an incident: what was to be done is done."""
    body = read_model(CloseBody)
    return perform(partial(desk.closed, incident_id=incident_id, outcome=body.outcome), telling(_still_open))


def open_case(incident_id: str, live: Live, _rows: Sequence[Row]) -> Mapping[str, Any]:
    """Return an open incident as it is after something was done."""
    return case_values(live.case(incident_id), service().force)


def _first_subject(live: Live, rows: Sequence[Row]) -> Mapping[str, Any]:
    return open_case(rows[0].subject or "", live, rows)


def _still_open(live: Live, _rows: Sequence[Row]) -> Mapping[str, Any]:
    return cases_values(live, service().force)
