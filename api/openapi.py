"""The OpenAPI 3.1 document: what APIFlask cannot see, because bodies and queries are read without it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.examples import picture_body
from api.parameters import parameters
from api.problems import KINDS, MEDIA_TYPE
from api.road_schemas import (
    ClosuresAnswer,
    NearestAnswer,
    NetworkAnswer,
    ReachableAnswer,
    RouteAnswer,
    TableAnswer,
)
from api.schemas import REFERENCE, HealthAnswer, KindAnswer, Problem, RecommendationAnswer, RecommendationRequest
from api.service import Service

_MODELS: tuple[type[BaseModel], ...] = (
    RecommendationRequest,
    RecommendationAnswer,
    RouteAnswer,
    TableAnswer,
    NearestAnswer,
    ReachableAnswer,
    ClosuresAnswer,
    NetworkAnswer,
    HealthAnswer,
    Problem,
    KindAnswer,
)
DESCRIPTION = """\
Which available officers can reach a caller soonest, and why. It advises; a person sends.

Times are ISO 8601 with an offset, UTC in answers; durations are seconds, lengths metres, coordinates WGS 84 degrees.
null means not known, never zero. Errors are RFC 9457 problems that list every fault of an input.
"""


def answers(model: type[BaseModel], description: str, *problems: str) -> dict[int, Any]:
    """Describe the responses of a route: its answer, the problems named by their slugs, and the unforeseen one."""
    described: dict[int, Any] = {200: {"description": description, "content": _content("application/json", model)}}
    for slug in (*problems, "internal"):
        kind = KINDS[slug]
        said = f"{kind.title}. {kind.meaning}"
        described[kind.status] = {"description": said, "content": _content(MEDIA_TYPE, Problem)}
    return described


def _content(media_type: str, model: type[BaseModel]) -> dict[str, Any]:
    return {media_type: {"schema": {"$ref": REFERENCE.format(model=model.__name__)}}}


def complete(document: dict[str, Any], service: Service) -> dict[str, Any]:
    """Add schemas, the request body, parameters, and examples that this very service answers."""
    _, schemas = models_json_schema([(model, "validation") for model in _MODELS], ref_template=REFERENCE)
    document["components"] = {"schemas": schemas["$defs"]}
    paths = document["paths"]
    paths["/v1/recommendations"]["post"]["requestBody"] = _request_body(service)
    for path, described in parameters(service).items():
        paths[path]["get"]["parameters"] = described
    paths["/v1/network"]["get"]["responses"]["304"] = {"description": "It is still what If-None-Match names."}
    return document


def _request_body(service: Service) -> dict[str, Any]:
    content = _content("application/json", RecommendationRequest)
    examples = {"units": {"summary": "Two units and an incident", "value": service.example}}
    if (asked := picture_body(service)) is not None:
        examples["picture"] = {"summary": "An incident of the demonstration picture", "value": asked}
    content["application/json"]["examples"] = examples
    return {"required": True, "content": content}
