"""The parameters of every address, as the OpenAPI document describes them."""

from __future__ import annotations

from typing import Any

from api.examples import example_places
from api.places import MAX_AREAS, MAX_MINUTES
from api.problems import KINDS
from api.queries import (
    DEFAULT_COUNT,
    DEFAULT_RECORD_ROWS,
    MAX_COUNT,
    MAX_PAIRS,
    MAX_RECORD_ROWS,
    MAX_VEHICLES,
)
from api.service import Service
from dispatch.force_disclosure import PARTS

Parameter = dict[str, Any]
_PLACE = "LAT,LON in degrees"
_PLACES = f"{_PLACE}, with a semicolon between places"


def parameters(service: Service) -> dict[str, list[Parameter]]:
    """Return the parameters of each address that has some, with examples that this very service answers."""
    incident, *units = (f"{lat},{lon}" for lat, lon in example_places(service))
    several = ";".join(units)
    pairs = f"at most {MAX_PAIRS:,} pairs"
    driven = [_profile(service), _at("the roads are driven")]
    k = {"type": "integer", "minimum": 1, "maximum": MAX_COUNT, "default": DEFAULT_COUNT}
    limit = f"numbers above 0 and up to {MAX_MINUTES}, with a comma between, {MAX_AREAS} at most"
    return {
        "/v1/route": [
            _text("from", f"where it starts: {_PLACE}", units[0]),
            _text("to", f"where it ends: {_PLACE}", incident),
            *driven,
        ],
        "/v1/table": [
            _text("origins", f"where it starts: {_PLACES}", several),
            _text("destinations", f"where it ends: {_PLACES}; {pairs}", f"{incident};{units[0]}"),
            *driven,
        ],
        "/v1/nearest": [
            _text("to", f"where somebody is needed: {_PLACE}", incident),
            _text("from", _vehicles(service), several, required=service.picture is None),
            _query("k", "how many are told at most", k),
            *driven,
        ],
        "/v1/reachable": [
            _text("from", f"where vehicles are, {MAX_VEHICLES} at most: {_PLACES}", units[0]),
            _text("minutes", limit, "1,2"),
            *driven,
            _query("roads", "whether the roads reached are told as lines too", {"type": "boolean", "default": False}),
        ],
        "/v1/closures": [_at("the closures are in force")],
        "/v1/stream": [_after_event("query", "last_event_id"), _after_event("header", "Last-Event-ID")],
        "/v1/simulations/{simulation_id}/events": [
            _named("simulation_id", "the simulation"),
            _after_message("query", "last_event_id"),
            _after_message("header", "Last-Event-ID"),
        ],
        "/v1/record": _of_record(),
        "/v1/incidents/{incident_id}/eido": [_named("incident_id", "the incident"), _parts()],
        "/v1/disclosures": [_moment_of("from", "since"), _moment_of("to", "before")],
        "/problems/{slug}": [_slug()],
    }


def _vehicles(service: Service) -> str:
    here = "" if service.picture is None else "; without it, the units of the demonstration picture"
    return f"where vehicles are, {MAX_PAIRS:,} at most: {_PLACES}{here}"


def _profile(service: Service) -> Parameter:
    names = list(service.network.profiles.names)
    return _query("profile", "how vehicles drive", {"type": "string", "enum": names, "default": "response"})


def _at(what: str) -> Parameter:
    # A date-time of OpenAPI has an offset, as this service wants it.
    schema = {"type": "string", "format": "date-time"}
    return _query("at", f"the moment at which {what}, ISO 8601 with an offset; now, if not given", schema)


def _text(name: str, description: str, example: str, *, required: bool = True) -> Parameter:
    return {**_query(name, description, {"type": "string"}), "required": required, "example": example}


def _query(name: str, description: str, schema: dict[str, Any]) -> Parameter:
    return {"name": name, "in": "query", "description": description, "schema": schema}


def _after_event(where: str, name: str) -> Parameter:
    schema = {"type": "string", "pattern": "^[0-9]{1,18}$"}
    said = "the id of the last message; what follows it is told"
    return {"name": name, "in": where, "required": False, "description": said, "schema": schema}


def _after_message(where: str, name: str) -> Parameter:
    schema = {"type": "string", "pattern": "^[0-9a-z-]{1,100}$"}
    said = "the id of the last message; what the simulation has come to since is told"
    return {"name": name, "in": where, "required": False, "description": said, "schema": schema}


def _of_record() -> list[Parameter]:
    after = {"type": "integer", "minimum": 0, "maximum": 10**18 - 1, "default": 0}
    limit = {"type": "integer", "minimum": 1, "maximum": MAX_RECORD_ROWS, "default": DEFAULT_RECORD_ROWS}
    name = {"type": "string", "minLength": 1, "maxLength": 200}
    return [
        _query("after", "the row after which to begin", after),
        _query("limit", "how many are told at most", limit),
        _query("subject", "only what is about this incident, callsign or other thing", name),
        _query("kind", "only events of this kind", name),
    ]


def _named(name: str, said: str) -> Parameter:
    return {"name": name, "in": "path", "required": True, "description": said, "schema": {"type": "string"}}


def _parts() -> Parameter:
    said = f"what is told of it, with commas between: {', '.join(PARTS)}; place,resources, if not given"
    return _query("fields", said, {"type": "string", "example": "place,resources"})


def _moment_of(name: str, which: str) -> Parameter:
    schema = {"type": "string", "format": "date-time"}
    return {**_query(name, f"what was told {which} then, ISO 8601 with an offset", schema), "required": True}


def _slug() -> Parameter:
    schema = {"type": "string", "enum": sorted(KINDS)}
    return {"name": "slug", "in": "path", "required": True, "description": "the kind of problem", "schema": schema}
