"""The parameters of every address, as the OpenAPI document describes them."""

from __future__ import annotations

from typing import Any

from api.examples import example_places
from api.places import MAX_AREAS, MAX_MINUTES
from api.problems import KINDS
from api.queries import (
    DEFAULT_COUNT,
    DEFAULT_PLACES,
    DEFAULT_RECORD_ROWS,
    MAX_CHARACTERS,
    MAX_COUNT,
    MAX_PAIRS,
    MAX_RECORD_ROWS,
    MAX_VEHICLES,
    REPORTED,
)
from api.replay_index import ORDERS
from api.service import Service
from dispatch.force_disclosure import PARTS
from scenarios.verdict import CLASSES

Parameter = dict[str, Any]
_PLACE = "LAT,LON in degrees"
_PLACES = f"{_PLACE}, with a semicolon between places"
_FIX = (
    ("course_deg", "degrees clockwise from north in which it was going there; unknown, if not given"),
    ("speed_kmh", "km/h at which it was going there; unknown, if not given"),
    ("accuracy_m", "metres by which its position may be off; 0, if not given"),
)


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
            *(_query(name, said, {"type": "number", "minimum": 0, "maximum": REPORTED[name]}) for name, said in _FIX),
            _text("to", f"where it ends: {_PLACE}", incident),
            _query("on_road", "whether that is on the carriageway itself", {"type": "boolean", "default": False}),
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
        "/v1/places": _of_places(incident),
        "/v1/closures": [_at("the closures are in force")],
        "/v1/stream": [_after_event("query", "last_event_id"), _after_event("header", "Last-Event-ID")],
        "/v1/simulations/{simulation_id}/events": [
            _named("simulation_id", "the simulation"),
            _after_message("query", "last_event_id"),
            _after_message("header", "Last-Event-ID"),
        ],
        "/v1/simulations/{simulation_id}/compared": [
            _named("simulation_id", "the simulation that the other is held against"),
            {**_query("with", "the other simulation", {"type": "string"}), "required": True},
        ],
        "/v1/record": _of_record(),
        "/v1/replays/{replay_id}/incidents": [_named("replay_id", "the replay"), *_of_incidents()],
        "/v1/replays/{replay_id}/incidents/{incident_id}/known": [
            _named("replay_id", "the replay"),
            _named("incident_id", "the incident"),
            _moment_of("at", "the moment looked at, start to end of the moments"),
        ],
        "/v1/incidents/{incident_id}/eido": [_named("incident_id", "the incident"), _parts()],
        "/v1/assessments": [_moment_of("from", "what was judged since"), _moment_of("to", "what was judged before")],
        "/v1/assessments/samples": [_moment_of("from", "drawn since"), _moment_of("to", "drawn before")],
        "/v1/disclosures": [_moment_of("from", "what was told since"), _moment_of("to", "what was told before")],
        "/v1/supervision": _of_period(),
        "/v1/record/verification": [_after_head()],
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


def _of_incidents() -> list[Parameter]:
    after = {"type": "integer", "minimum": 0, "maximum": 10**9, "default": 0}
    limit = {"type": "integer", "minimum": 1, "maximum": MAX_RECORD_ROWS, "default": DEFAULT_RECORD_ROWS}
    return [
        _query("verdict", "only incidents of this class", {"type": "string", "enum": list(CLASSES)}),
        _query("cause", "only those that another should have gone to, for this cause", {"type": "string"}),
        _query("grade", "only those of this grade at the decision", {"type": "string"}),
        _query("domestic_abuse", "only those that are domestic abuse, or only others", {"type": "boolean"}),
        _query("order", "by receipt, or those that lost most time first", {"type": "string", "enum": list(ORDERS)}),
        _query("after", "how many are passed over", after),
        _query("limit", "how many are told at most", limit),
    ]


def _of_places(example: str) -> list[Parameter]:
    said = "a street; a crossing such as A / B; coordinates; a reference of the British National Grid"
    text = {"type": "string", "minLength": 1, "maxLength": MAX_CHARACTERS, "pattern": r"\S"}
    k = {"type": "integer", "minimum": 1, "maximum": MAX_COUNT, "default": DEFAULT_PLACES}
    first = f"of places that fit equally well, the nearest to this come first: {_PLACE}"
    return [
        {**_query("q", said, text), "required": True, "example": example},
        _query("near", first, {"type": "string"}),
        _query("k", "how many are told at most", k),
    ]


def _named(name: str, said: str) -> Parameter:
    return {"name": name, "in": "path", "required": True, "description": said, "schema": {"type": "string"}}


def _parts() -> Parameter:
    said = f"what is told of it, with commas between: {', '.join(PARTS)}; place,resources, if not given"
    return _query("fields", said, {"type": "string", "example": "place,resources"})


def _moment_of(name: str, what: str) -> Parameter:
    schema = {"type": "string", "format": "date-time"}
    return {**_query(name, f"{what}, ISO 8601 with an offset", schema), "required": True}


def _after_head() -> Parameter:
    schema = {"type": "string", "pattern": "^[1-9][0-9]{0,17}:[0-9a-f]{64}$"}
    return _query("after", "SEQ:SHA256 of the row after which to begin; from the first row, if not given", schema)


def _of_period() -> list[Parameter]:
    schema = {"type": "string", "format": "date-time"}
    said = "ISO 8601 with an offset"
    return [
        _query("from", f"incidents received from then on, {said}; the last midnight by the force's clocks", schema),
        _query("to", f"and before then, {said}; now, if not given", schema),
    ]


def _slug() -> Parameter:
    schema = {"type": "string", "enum": sorted(KINDS)}
    return {"name": "slug", "in": "path", "required": True, "description": "the kind of problem", "schema": schema}
