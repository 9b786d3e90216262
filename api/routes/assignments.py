"""Who should go, and who is sent: recommendations for incidents of the record, assignments and their steps."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import orjson
from apiflask import APIBlueprint
from flask import Response

from api.consultation import looked_at as consulted
from api.desk_schemas import (
    CaseAnswer,
    KeptRecommendationAnswer,
    Nothing,
    SendBody,
    StepBody,
)
from api.openapi import call
from api.orders import answered, moment, order, perform, read_model, telling
from api.responses import json_response
from api.routes.incidents import open_case
from api.schemas import RecommendationAnswer
from api.service import service
from dispatch import duties
from dispatch.advice import ask, changes, looked_at, recommended, still_fresh
from dispatch.assignments import Send, assigned
from dispatch.desk import Answer, Known
from dispatch.errors import Unknown
from dispatch.live import Live
from dispatch.record import Event, Row
from dispatch.state import Step

blueprint = APIBlueprint("assignments", __name__, tag="Assignments")
_REFUSING = ("unit-taken", "stale-recommendation", "not-eligible", "not-suggested", "wrong-step")


@blueprint.post("/v1/incidents/<incident_id>/recommendations")
@call(blueprint, "recommendIncident", RecommendationAnswer, "The recommendation.", body=Nothing, status=201)
def recommend_incident(incident_id: str) -> Response:
    """Say who should go to an incident of the record; the answer and all that it rested on are kept.

    Location names the kept recommendation. The same question gives the same bytes years later.
    """
    read_model(Nothing)
    desk, asked_by = service().desk, order()
    live = desk.live()
    if incident_id not in live.state.incidents:
        return _not_open(incident_id)
    made, asked = ask(live, incident_id, service().clock(), desk.network, desk.force)
    body = made.to_json()

    def decide(known: Known) -> list[Event]:
        return recommended(known, body, asked, made, live.state.seq)

    def tell(_live: Live, rows: Sequence[Row]) -> Answer:
        return Answer(body, 201, f"/v1/recommendations/{rows[0].seq}", document=True)

    return answered(desk.perform(asked_by, decide, tell))


@blueprint.get("/v1/recommendations/<int:seq>")
@call(blueprint, "keptRecommendation", KeptRecommendationAnswer, "The recommendation.", "unknown")
def kept(seq: int) -> Response:
    """Tell a kept recommendation, whether it still holds, and what has happened since."""
    with service().desk.store.reading() as reading:
        row = reading.row(seq)
        if row is None or row.kind != "recommended" or row.details is None:
            raise Unknown(f"there is no recommendation {seq}")
        told = row.details
        said = changes(reading.after(told["basis"]), row.subject or "")
        body = reading.document(told["answer_sha256"])
    if body is None:
        raise Unknown(f"the recommendation {seq} was purged")
    consulted(row.subject or "")
    values = {"seq": seq, "incident_id": row.subject, "by": row.actor, "current": not said, "changed": said}
    return json_response(orjson.dumps({**values, "recommendation": orjson.loads(body)}))


@blueprint.post("/v1/incidents/<incident_id>/assignments")
@call(blueprint, "unitAssigned", CaseAnswer, "The incident.", *_REFUSING, body=SendBody, status=201)
def assign(incident_id: str) -> Response:
    """Send a unit: the suggested one at a word, another with a reason, an ineligible one with a confirmation too."""
    return _send(incident_id, divert=False)


@blueprint.post("/v1/incidents/<incident_id>/diversions")
@call(blueprint, "unitDiverted", CaseAnswer, "The incident.", *_REFUSING, body=SendBody, status=201)
def divert(incident_id: str) -> Response:
    """Take a unit from the incident that it is bound to, and send it to this one."""
    return _send(incident_id, divert=True)


def _send(incident_id: str, *, divert: bool) -> Response:
    told, desk = read_model(SendBody), service().desk
    send = Send(incident_id, told.callsign, told.recommendation, told.reason, told.note, told.confirm, divert)
    live = desk.live()
    if incident_id not in live.state.incidents:
        return _not_open(incident_id)
    made, _ = ask(live, incident_id, service().clock(), desk.network, desk.force)

    def decide(known: Known) -> list[Event]:
        seen = send.recommendation
        looked = None if seen is None else looked_at(known.writing, seen, incident_id)
        return assigned(known, send, still_fresh(known, made, live.state.seq), looked)

    return perform(decide, telling(partial(open_case, incident_id), 201))


def _not_open(incident_id: str) -> Response:
    """Answer as before whoever asked while the incident was open, and refuse everybody else."""

    def decide(_known: Known) -> list[Event]:
        raise Unknown(f"no incident {incident_id} is open")

    return perform(decide, telling(partial(open_case, incident_id)))


def _step(name: str, operation_id: str, to: Step, said: str) -> None:
    def step(incident_id: str, callsign: str) -> Response:
        body = read_model(StepBody)
        decide = partial(
            duties.step,
            incident_id=incident_id,
            callsign=callsign,
            to=to,
            at=moment(body.at),
            because=body.because,
        )
        return perform(decide, telling(partial(open_case, incident_id)))

    step.__doc__, step.__name__ = said, to
    described = call(blueprint, operation_id, CaseAnswer, "The incident.", "wrong-step", body=StepBody)(step)
    blueprint.post(f"/v1/incidents/<incident_id>/assignments/<callsign>/{name}")(described)


_step("en-route", "unitEnRoute", "en_route", "Note that a unit is on its way.")
_step("at-scene", "unitAtScene", "at_scene", "Note that a unit is there.")
_step("clear", "unitClear", "clear", "Note that a unit has done what it was sent for.")
_step("stand-down", "unitStoodDown", "stood_down", "Call a unit off before it is there.")
