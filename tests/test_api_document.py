"""The OpenAPI document says what the service does, and the page that shows it needs no other host."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from api.problems import KINDS
from clients import service_over

ASK = "/v1/recommendations"
ROADS = {
    "/v1/route": "RouteAnswer",
    "/v1/table": "TableAnswer",
    "/v1/nearest": "NearestAnswer",
    "/v1/reachable": "ReachableAnswer",
    "/v1/closures": "ClosuresAnswer",
}


@pytest.fixture(scope="module")
def document(night: FlaskClient) -> dict[str, Any]:
    """The document of the service that shows the demonstration picture."""
    told: dict[str, Any] = night.get("/openapi.json").get_json()
    return told


def valid(value: object, model: str, document: dict[str, Any]) -> None:
    """Hold a value against a schema of the OpenAPI document."""
    resource = Resource.from_contents(document, default_specification=DRAFT202012)
    registry: Registry[Any] = Registry().with_resource("urn:document", resource)
    OAS31Validator({"$ref": f"urn:document#/components/schemas/{model}"}, registry=registry).validate(value)


class TestDocument:
    def test_is_valid(self, document: dict[str, Any]) -> None:
        assert document["openapi"].startswith("3.1")
        OpenAPIV31SpecValidator(document).validate()

    def test_lists_every_address_and_no_other(self, night: FlaskClient, document: dict[str, Any]) -> None:
        told = {(path, method) for path, item in document["paths"].items() for method in item}
        there = {
            (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
            for rule in night.application.url_map.iter_rules()
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        }
        # Pages for people are not part of what it describes.
        pages = ("/docs", "/openapi.json", "/console")
        assert told == {each for each in there if not each[0].startswith(pages) and each[0] != "/"}

    def test_describes_every_field(self, document: dict[str, Any]) -> None:
        silent = [
            f"{model}.{name}"
            for model, schema in document["components"]["schemas"].items()
            for name, field in schema["properties"].items()
            if not field.get("description")
        ]
        assert silent == []

    def test_its_bodies_are_answered(self, night: FlaskClient, http: FlaskClient, document: dict[str, Any]) -> None:
        examples = _body_examples(document)
        assert set(examples) == {"units", "picture"}
        for example in examples.values():
            valid(example["value"], "RecommendationRequest", document)
            told = night.post(ASK, json=example["value"])
            assert told.status_code == 200
            assert told.get_json()["outcome"] == "suggested"
        # Without a picture none is shown, and another network shows its own places.
        (own,) = _body_examples(http.get("/openapi.json").get_json()).values()
        assert http.post(ASK, json=own["value"]).get_json()["ledger"]

    def test_its_queries_are_answered_as_described(self, night: FlaskClient, document: dict[str, Any]) -> None:
        for path, model in ROADS.items():
            parameters = document["paths"][path]["get"]["parameters"]
            query = {item["name"]: item["example"] for item in parameters if "example" in item}
            assert all(item["name"] in query for item in parameters if item.get("required"))
            response = night.get(path, query_string=query)
            assert response.status_code == 200, response.text
            valid(response.get_json(), model, document)

    def test_every_parameter_that_is_described_is_known(self, night: FlaskClient, document: dict[str, Any]) -> None:
        for path in ROADS:
            names = [item["name"] for item in document["paths"][path]["get"]["parameters"]]
            faults = night.get(path, query_string=dict.fromkeys((*names, "nonsense"), "x")).get_json()["faults"]
            (unknown,) = (fault for fault in faults if fault["field"] == "nonsense")
            assert unknown["accepted"].split(", ") == names

    def test_answers_are_as_described(self, night: FlaskClient, document: dict[str, Any]) -> None:
        for example in _body_examples(document).values():
            valid(night.post(ASK, json=example["value"]).get_json(), "RecommendationAnswer", document)
        units = night.get("/v1/nearest?to=57.6999,11.9397").get_json()
        assert units["nearest"]
        assert units["left_out"]
        valid(units, "NearestAnswer", document)
        roads = night.get("/v1/reachable?from=57.6999,11.9397&minutes=1&roads=true").get_json()
        valid(roads, "ReachableAnswer", document)
        valid(night.get("/v1/network").get_json(), "NetworkAnswer", document)
        valid(night.get("/healthz").get_json(), "HealthAnswer", document)
        for kind in KINDS.values():
            valid(night.get(kind.type).get_json(), "KindAnswer", document)

    def test_problems_are_as_described(self, night: FlaskClient, document: dict[str, Any]) -> None:
        for response in (night.get("/v1/route"), night.get("/x"), night.post(ASK), night.put("/healthz")):
            valid(response.get_json(), "Problem", document)
        described = document["paths"][ASK]["post"]["responses"]
        assert set(described) == {"200", "400", "401", "403", "413", "415", "422", "429", "500", "503"}
        assert "application/problem+json" in described["422"]["content"]

    def test_does_not_learn_the_host_from_a_request(self, town_file: Path) -> None:
        client = service_over(town_file).test_client()
        assert b"elsewhere.example" not in client.get("/openapi.json", headers={"Host": "elsewhere.example"}).data


def _body_examples(document: dict[str, Any]) -> dict[str, Any]:
    content = document["paths"][ASK]["post"]["requestBody"]["content"]
    examples: dict[str, Any] = content["application/json"]["examples"]
    return examples


class TestDocs:
    def test_every_file_of_the_page_comes_from_here(self, http: FlaskClient) -> None:
        page = http.get("/docs")
        assert page.content_type == "text/html; charset=utf-8"
        fetched = re.findall(r'(?:href|src)="([^"]+)"', page.text)
        assert len(fetched) > 3
        for address in fetched:
            with http.get(address) as response:
                assert response.status_code == 200, address
        assert "//" not in page.text.replace("<!DOCTYPE html>", "")

    def test_a_browser_may_fetch_from_nowhere_else(self, http: FlaskClient) -> None:
        policy = dict(
            part.strip().split(" ", 1) for part in http.get("/docs").headers["Content-Security-Policy"].split(";")
        )
        assert policy.pop("img-src") == "'self' data:"
        assert set(policy.values()) == {"'none'", "'self'"}

    def test_style_sheets_name_no_other_host(self, http: FlaskClient) -> None:
        for address in ("/docs/swagger-ui.css", "/docs/index.css"):
            with http.get(address) as response:
                outside = re.findall(r"(?:url\(|@import)\s*['\"]?(?!data:)[^)'\"]*//", response.text)
            assert outside == []

    def test_no_foreign_server_is_asked_whether_the_document_is_valid(self, http: FlaskClient) -> None:
        start = http.get("/docs/start.js").text
        assert "validatorUrl: null" in start
        assert 'url: "/openapi.json"' in start
