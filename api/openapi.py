"""The OpenAPI 3.1 document: what APIFlask cannot see, because bodies and queries are read without it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, TypeVar

from apiflask import APIBlueprint
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.csv_lists import LISTS
from api.examples import picture_body
from api.parameters import parameters
from api.problems import KINDS, MEDIA_TYPE
from api.roles import CONSULTING, LINKED, PUBLIC, roles_for
from api.schemas import (
    REFERENCE,
    ConflictProblem,
    Problem,
    RecommendationRequest,
)
from api.service import Service

# Filled by the routes as they are described.
_MODELS: dict[type[BaseModel], None] = {RecommendationRequest: None}
# What each route reads that changes something, by its operation.
_BODIES: dict[str, type[BaseModel]] = {}
_KEYED: set[str] = set()
# Those that read CSV, in place of JSON or beside it.
_TABLES: set[str] = set()
POSITIONS: Final = ("malformed-json", "body-too-large", "media-type", "input")
CHANGING: Final = ("malformed-json", "body-too-large", "media-type", "input", "key-reused", "unknown", "conflict")
View = TypeVar("View", bound=Callable[..., Any])
_SECURITY = {
    "key": {"type": "http", "scheme": "bearer", "description": "a system's key, see 'nearest admin create-key'"},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "nearest_session",
        "description": "of POST /v1/session; X-CSRF-Token must hold its csrf_token wherever something changes. "
        "Over https the cookie's name begins with __Host-",
    },
}
DESCRIPTION = """\
Which available officers can reach a caller soonest, and why. It advises; a person sends.

Times are ISO 8601 with an offset, UTC in answers; durations are seconds, lengths metres, coordinates WGS 84 degrees.
null means not known, never zero. Errors are RFC 9457 problems that list every fault of an input.
"""


def answers(model: type[BaseModel], description: str, *problems: str) -> dict[int, Any]:
    """Describe the responses of a route: its answer, the problems named by their slugs, and the unforeseen one."""
    return {200: {"description": description, "content": _content("application/json", model)}, **_problems(*problems)}


def text_answer(description: str, *problems: str, media_types: Sequence[str] = ("text/plain",)) -> dict[int, Any]:
    """Describe the responses of a route that answers with text, or with a file of one of several kinds."""
    content = {media_type: {"schema": {"type": "string"}} for media_type in media_types}
    return {200: {"description": description, "content": content}, **_problems(*problems)}


def plain_answers(said: Mapping[int, str], *problems: str) -> dict[int, Any]:
    """Describe the responses of a route whose answers have no JSON."""
    return {**{status: {"description": words} for status, words in said.items()}, **_problems(*problems)}


def _problems(*problems: str) -> dict[int, Any]:
    said: dict[int, list[str]] = {}
    for slug in dict.fromkeys((*problems, "internal")):
        kind = KINDS[slug]
        said.setdefault(kind.status, []).append(f"{kind.title}. {kind.meaning}")
    return {
        status: {
            "description": " ".join(words),
            "content": _content(MEDIA_TYPE, ConflictProblem if status == HTTPStatus.CONFLICT else Problem),
        }
        for status, words in said.items()
    }


def call(
    blueprint: APIBlueprint,
    operation_id: str,
    model: type[BaseModel],
    description: str,
    *problems: str,
    body: type[BaseModel] | None = None,
    reads: type[BaseModel] | None = None,
    status: int = HTTPStatus.OK,
    media_type: str = "application/json",
    csv: bool = False,
) -> Callable[[View], View]:
    """Describe a route.

    Parameters
    ----------
    model, description, status, media_type
        Of its answer.
    problems
        Slugs of the problems that it may answer with.
    body
        What it reads where it changes something, and takes an idempotency key.
    reads
        What it reads where asking twice is as good as once.
    csv
        Whether it reads CSV: beside JSON, or where there is no model for that, alone and with an idempotency key.
    """
    if csv:
        _TABLES.add(operation_id)
        if reads is None and body is None:
            _KEYED.add(operation_id)
            problems = (*CHANGING, *problems)
    if (read := body or reads) is not None:
        _MODELS.setdefault(read)
        _BODIES[operation_id] = read
    if body is not None:
        _KEYED.add(operation_id)
        problems = (*CHANGING, *problems)
    responses = {**_problems(*problems, "no-database", "broken-record")}
    responses[int(status)] = {"description": description, "content": _content(media_type, model)}
    return blueprint.doc(operation_id=operation_id, responses=responses)


def _content(media_type: str, model: type[BaseModel]) -> dict[str, Any]:
    _MODELS.setdefault(model)
    return {media_type: {"schema": {"$ref": REFERENCE.format(model=model.__name__)}}}


def complete(document: dict[str, Any], service: Service) -> dict[str, Any]:
    """Add schemas, the request body, parameters, and examples that this very service answers."""
    _, schemas = models_json_schema([(model, "validation") for model in _MODELS], ref_template=REFERENCE)
    document["components"] = {"schemas": schemas["$defs"], "securitySchemes": _SECURITY}
    paths = document["paths"]
    paths["/v1/recommendations"]["post"]["requestBody"] = _request_body(service)
    for path, described in parameters(service).items():
        paths[path]["get"]["parameters"] = described
    for operations in paths.values():
        for operation in operations.values():
            _add_body(operation)
            _add_access(operation)
            if operation["operationId"] in LISTS:
                operation["responses"]["200"]["content"]["text/csv"] = {"schema": {"type": "string"}}
    paths["/v1/network"]["get"]["responses"]["304"] = {"description": "It is still what If-None-Match names."}
    return document


def _add_access(operation: dict[str, Any]) -> None:
    """Add who may ask for an operation, and how they show who they are."""
    name = operation["operationId"]
    operation["security"] = [] if name in PUBLIC else [{scheme: []} for scheme in _SECURITY]
    if name in PUBLIC:
        return
    operation["x-roles"] = sorted(roles_for(name))
    for status, described in _problems("unauthenticated", "forbidden", "too-many-requests", "no-database").items():
        operation["responses"].setdefault(str(status), described)
    if name in CONSULTING:
        said = "why you look at this; whether it must be given is a setting"
        schema = {"type": "string", "minLength": 3, "maxLength": 200}
        named = {"name": "X-Consultation-Reason", "in": "header", "description": said, "schema": schema}
        operation.setdefault("parameters", []).append(named)
        if name in LINKED:
            operation["parameters"].append({**named, "name": "reason", "in": "query"})


def _add_body(operation: dict[str, Any]) -> None:
    """Add what a changing operation reads, and its idempotency key."""
    name = operation.get("operationId", "")
    content = _content("application/json", _BODIES[name]) if name in _BODIES else {}
    if name in _TABLES:
        content["text/csv"] = {"schema": {"type": "string"}}
    if not content:
        return
    operation["requestBody"] = {"required": True, "content": content}
    if name not in _KEYED:
        return
    key = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"}
    said = "new for each new request, such as a UUID; the same key again is answered with the first answer"
    named = {"name": "Idempotency-Key", "in": "header", "required": True, "description": said, "schema": key}
    operation.setdefault("parameters", []).append(named)


def _request_body(service: Service) -> dict[str, Any]:
    content = _content("application/json", RecommendationRequest)
    examples = {"units": {"summary": "Two units and an incident", "value": service.example}}
    if (asked := picture_body(service)) is not None:
        examples["picture"] = {"summary": "An incident of the demonstration picture", "value": asked}
    content["application/json"]["examples"] = examples
    return {"required": True, "content": content}
