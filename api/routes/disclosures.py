"""What is told to partners: an incident as an EIDO, each disclosure in the record, and the list of a conference."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import orjson
from apiflask import APIBlueprint
from flask import Response, request

from api.consultation import looked_at, looked_through
from api.openapi import call
from api.orders import perform, read_model, telling
from api.partner_schemas import (
    ConferenceAnswer,
    ConferenceBody,
    ConferenceDoneAnswer,
    DisclosureBody,
    DisclosuresAnswer,
    DiscussedBody,
    EidoAnswer,
)
from api.places import QUERY, parameter_faults
from api.responses import json_response
from api.routes.incidents import find_case
from api.service import service
from api.spans import span
from dispatch.conference import OUTCOME, conference_row, discussed, listed
from dispatch.dash import require_case
from dispatch.desk import Known
from dispatch.disclosure import DISCLOSED, disclosed, parts_for
from dispatch.eido import eido
from dispatch.force_disclosure import PARTS, Part
from dispatch.live import Live
from dispatch.pages import page
from dispatch.record import Event, Row
from dispatch.store import Reading
from graphs.errors import InputError
from graphs.faults import unknown_name

blueprint = APIBlueprint("disclosures", __name__, tag="Partners")
# What a look at an incident shows where nothing else is asked for: no person.
DEFAULT_PARTS: tuple[Part, ...] = ("place", "resources")


@blueprint.get("/v1/incidents/<incident_id>/eido")
@call(blueprint, "eido", EidoAnswer, "The incident.", "unknown", "input")
def show(incident_id: str) -> Response:
    """Show an incident in the shape of an EIDO; to hand it to a partner is a disclosure, a call of its own."""
    parts, known = _parts(), service()
    case = find_case(incident_id)
    looked_at(incident_id)
    told = eido(case, known.desk.live().state.units, known.force, parts, known.clock())
    return json_response(orjson.dumps(told))


def _parts() -> tuple[Part, ...]:
    faults = list(parameter_faults(request.args, ("fields",)))
    text = request.args.get("fields")
    names = [] if text is None else [name for name in text.split(",") if name]
    faults += (unknown_name(QUERY, "fields", name, PARTS) for name in names if name not in PARTS)
    if faults:
        raise InputError(faults)
    return DEFAULT_PARTS if text is None else tuple(part for part in PARTS if part in names)


@blueprint.post("/v1/incidents/<incident_id>/disclosures")
@call(blueprint, "disclosed", EidoAnswer, "The incident, as it is told.", body=DisclosureBody, status=201)
def disclose(incident_id: str) -> Response:
    """Tell a partner of an incident; to whom, why and what is written into the record, and the document is kept."""
    reason = read_model(DisclosureBody).reason()
    told = list[dict[str, Any]]()

    def decide(known: Known) -> list[Event]:
        parts, case = parts_for(known.force, reason), require_case(known, incident_id)
        told.append(eido(case, known.state.units, known.force, parts, known.now))
        return [disclosed(known, incident_id, told[-1], reason, parts)]

    return perform(decide, telling(lambda _live, _rows: told[-1], 201))


@blueprint.get("/v1/disclosures")
@call(blueprint, "disclosures", DisclosuresAnswer, "The disclosures.", "input")
def disclosures() -> Response:
    """List what was told to partners in a period, ``from`` and ``to``."""
    start, end = span()
    looked_through()
    with service().desk.store.reading() as reading:
        rows = reading.of_kind(DISCLOSED, start, end)
    told = [_disclosure(row) for row in rows if row.details is not None]
    return json_response(orjson.dumps({"disclosures": told, "purged": len(rows) - len(told)}))


def _disclosure(row: Row) -> dict[str, Any]:
    return {"seq": row.seq, "at": row.at, "by": row.actor, "incident_id": row.subject, **(row.details or {})}


@blueprint.post("/v1/conferences")
@call(blueprint, "conferenceListed", ConferenceAnswer, "The list.", body=ConferenceBody, status=201)
def list_cases() -> Response:
    """List the cases due for the next multi-agency conference, each of them disclosed to the recipient by that."""
    body = read_model(ConferenceBody)
    kept = list[Reading]()

    def decide(known: Known) -> list[Event]:
        kept.append(known.writing)
        return listed(known, body.held_at, body.since, body.reason())

    def show_list(_live: Live, rows: Sequence[Row]) -> dict[str, Any]:
        return _conference(kept[-1], rows[0], rows[1:])

    return perform(decide, telling(show_list, 201))


@blueprint.get("/v1/conferences/<conference_id>")
@call(blueprint, "conference", ConferenceAnswer, "The list.", "unknown")
def conference(conference_id: str) -> Response:
    """Show the list of a conference again, as it was told."""
    looked_through()
    with service().desk.store.reading() as reading:
        row = conference_row(reading, conference_id)
        count = len((row.details or {})["incidents"])
        # They were recorded with the list, and stand right after it.
        told = _conference(reading, row, page(reading, row.seq, count) if count else ())
    return json_response(orjson.dumps(told))


def _conference(reading: Reading, row: Row, rows: Sequence[Row]) -> dict[str, Any]:
    told = row.details or {}
    kept = [reading.document((each.details or {})["document_sha256"]) for each in rows if each.details is not None]
    shown = ("held_at", "since", "recipient", "purpose", "lawful_basis", "fields")
    return {
        "conference_id": row.subject,
        "listed_at": row.at,
        "by": row.actor,
        **{name: told[name] for name in shown},
        "cases": [orjson.loads(body) for body in kept if body is not None],
        "purged": [each.subject for each in rows if each.details is None],
    }


@blueprint.post("/v1/conferences/<conference_id>/discussed")
@call(blueprint, "conferenceHeld", ConferenceDoneAnswer, "What it came to.", body=DiscussedBody, status=201)
def hold(conference_id: str) -> Response:
    """Note what a conference came to in each case; the rule of a repeat counts from then."""
    body = read_model(DiscussedBody)
    decide = partial(discussed, conference_id=conference_id, discussed_at=body.discussed_at, outcomes=body.cases())
    return perform(decide, telling(partial(_held, conference_id), 201))


def _held(conference_id: str, _live: Live, rows: Sequence[Row]) -> dict[str, Any]:
    told = {row.subject: row.details or {} for row in rows if row.kind == OUTCOME}
    return {
        "conference_id": conference_id,
        "discussed_at": next(iter(told.values()))["discussed_at"],
        "outcomes": {name: each["outcome"] for name, each in told.items()},
        "discussed": [row.subject for row in rows if row.kind == "conference_discussed"],
    }
