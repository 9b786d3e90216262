"""From a JSON body to a question for the brain; all its faults are told together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from api.bodies import BODY
from api.schemas import MAX_ROWS, RecommendationRequest
from api.service import Service
from dispatch.model import Incident, Picture
from graphs.errors import Fault, InputError
from graphs.faults import gather, shape_faults, written
from scenarios.checks import END_OF_TIME, Beside, Record, incidents_of, units_of
from scenarios.rows import read_moment


def read_question(body: Any, service: Service) -> tuple[Picture, Incident]:
    """Read what ``POST /v1/recommendations`` is asked.

    Parameters
    ----------
    body
        A JSON value.
    service
        Its clock and demonstration picture fill in what the body may leave out.

    Raises
    ------
    InputError
        With every fault of the body.
    """
    if not isinstance(body, dict):
        accepted = f"an object with {', '.join(RecommendationRequest.model_fields)}"
        raise InputError([Fault(BODY, "", "", written(body), accepted)])
    faults = [*_shape_faults(body), *_choice_faults(body, service)]
    now = _now(body, service)
    beside = Beside(service.force, service.network, now)
    asked = body.get("incident")
    incidents, more = incidents_of([("/incident", asked)] if isinstance(asked, dict) else [], BODY, beside)
    faults += more
    picture = _picture(body, service, beside, faults)
    if faults:
        raise InputError(faults)
    return picture, incidents[0]


def _shape_faults(body: dict[str, Any]) -> list[Fault]:
    """Check the body's own keys; its rows are checked with the others of their kind."""
    try:
        RecommendationRequest.model_validate(body)
    except ValidationError as error:
        return shape_faults(error, RecommendationRequest, BODY)
    return []


def _choice_faults(body: dict[str, Any], service: Service) -> Iterator[Fault]:
    units, picture = body.get("units") is not None, body.get("picture") is not None
    if units == picture:
        yield Fault(BODY, "", "units, picture", "both" if units else "neither", "exactly one of them")
    if picture and service.picture is None:
        yield Fault(BODY, "", "picture", written(body["picture"]), "units; this service has no demonstration picture")
    if picture and body.get("incidents") is not None:
        yield Fault(BODY, "", "incidents", "a list beside picture", "a picture alone, which has its own incidents")


def _now(body: dict[str, Any], service: Service) -> datetime:
    if body.get("now") is not None:
        # Its fault is among those of the body's shape.
        return gather([], lambda: read_moment(body["now"], BODY, "now")) or END_OF_TIME
    return service.clock() if body.get("picture") is None or service.picture is None else service.picture.now


def _picture(body: dict[str, Any], service: Service, beside: Beside, faults: list[Fault]) -> Picture:
    units, more = units_of(_records(body, "units"), BODY, beside)
    known, still_more = incidents_of(_records(body, "incidents"), BODY, beside)
    faults += [*more, *still_more]
    if body.get("picture") is not None and service.picture is not None:
        return replace(service.picture, now=beside.now)
    # A picture takes no callsign twice; that is a fault already.
    return Picture(beside.now) if faults else Picture(beside.now, units, known)


def _records(body: dict[str, Any], key: str) -> list[Record]:
    """Return the rows of a list in the body; one of the wrong shape is a fault already."""
    found = body.get(key)
    if not isinstance(found, list) or len(found) > MAX_ROWS:
        return []
    return [(f"/{key}/{place}", item) for place, item in enumerate(found)]
