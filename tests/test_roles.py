"""Each role against each call: allowed or refused, as the table says; and no call without a row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from api.access import operation_of
from api.openapi import answers
from api.roles import ALLOWED, CONSULTING, OPERATIONS, PUBLIC, ROLES, may, operations_for, roles_for
from api.schemas import KindAnswer
from clients import service_over, with_key
from conftest import NIGHT

# Rows: what may be done. Columns: dispatcher, supervisor, planner, auditor, administrator, feeder, monitor.
MATRIX = """
ask         yes yes yes yes -   -   -
watch       yes yes -   yes -   -   -
report      yes yes -   -   -   yes -
dispatch    yes yes -   -   -   -   -
assess      -   yes -   -   -   -   -
review      -   yes -   yes -   -   -
disclose    -   yes -   -   -   -   -
audit       -   -   -   yes -   -   -
simulate    -   -   yes -   -   -   -
administer  -   -   -   -   yes -   -
measure     -   -   -   -   yes -   yes
own         yes yes yes yes yes yes yes
"""


@dataclass(frozen=True)
class Call:
    """A method and an address that a route answers."""

    operation: str
    method: str
    path: str


@pytest.fixture(scope="module")
def app(town_file: Path) -> Flask:
    return service_over(town_file, lambda: NIGHT)


@pytest.fixture(scope="module")
def calls(app: Flask) -> list[Call]:
    """Every call that the application answers, with some word for each part of an address."""
    return list(_calls(app))


@pytest.fixture(scope="module")
def clients(app: Flask) -> dict[str, FlaskClient]:
    """A client for each role alone."""
    return {role: with_key(app, role) for role in ROLES}


def _calls(app: Flask) -> Iterator[Call]:
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        path = adapter.build(rule.endpoint, dict.fromkeys(rule.arguments, "1"), force_external=False)
        for method in sorted(_methods(rule)):
            yield Call(operation_of(app, rule.endpoint), method, path)


def _methods(rule: Rule) -> set[str]:
    return set(rule.methods or ()) - {"HEAD", "OPTIONS"}


def status_of(client: FlaskClient, call: Call) -> int:
    with client.open(call.path, method=call.method) as response:
        return response.status_code


def test_the_matrix_is_the_table() -> None:
    rows = {word: cells for word, *cells in (line.split() for line in MATRIX.strip().splitlines())}
    assert set(rows) == set(ALLOWED)
    for word, cells in rows.items():
        assert dict(zip(ROLES, cells, strict=True)) == {
            role: "yes" if role in ALLOWED[word] else "-" for role in ROLES
        }, word


def test_every_route_has_a_row_or_is_public(calls: list[Call]) -> None:
    assert {call.operation for call in calls} - set(OPERATIONS) - PUBLIC == set()


def test_every_row_has_a_route(calls: list[Call]) -> None:
    assert set(OPERATIONS) - {call.operation for call in calls} == set()
    assert set(OPERATIONS) >= CONSULTING


def test_every_row_names_something_that_may_be_done() -> None:
    assert set(OPERATIONS.values()) <= set(ALLOWED)
    assert PUBLIC.isdisjoint(OPERATIONS)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_against_every_call(role: str, clients: dict[str, FlaskClient], calls: list[Call]) -> None:
    for call in calls:
        status = status_of(clients[role], call)
        if call.operation in PUBLIC:
            # The provider's pages say 404 where there is none, and the others want a body or a browser.
            assert status != 403, call
        elif role in ALLOWED[OPERATIONS[call.operation]]:
            assert status not in {401, 403, 405, 500}, call
        else:
            assert status == 403, call


def test_nobody_is_refused_every_call_that_is_not_public(app: Flask, calls: list[Call]) -> None:
    client = app.test_client()
    for call in calls:
        if call.operation not in PUBLIC:
            assert status_of(client, call) == 401, call


def test_whoever_is_refused_is_told_who_may(clients: dict[str, FlaskClient]) -> None:
    told = clients["monitor"].get("/v1/units").get_json()
    assert told["type"] == "/problems/forbidden"
    assert told["detail"] == "units is for: auditor, dispatcher, supervisor; system:tests is monitor"


def test_several_roles_may_what_any_of_them_may(app: Flask) -> None:
    client = with_key(app, "planner", "monitor")
    assert client.get("/metrics").status_code == 200
    assert client.get("/v1/network").status_code == 200
    assert client.get("/v1/units").status_code == 403


def test_a_route_without_a_row_is_refused_to_everybody(town_file: Path) -> None:
    app = service_over(town_file)

    @app.get("/new")
    @app.doc(operation_id="new", responses=answers(KindAnswer, "New."))
    def new() -> str:
        return "new"

    response = with_key(app).get("/new")
    assert (response.status_code, response.get_json()["detail"].split(";")[0]) == (403, "new is for: nobody")
    assert app.test_client().get("/new").status_code == 401


def test_head_and_options_need_what_their_route_needs(app: Flask, clients: dict[str, FlaskClient]) -> None:
    for method in ("HEAD", "OPTIONS"):
        assert app.test_client().open("/v1/units", method=method).status_code == 401
        assert clients["monitor"].open("/v1/units", method=method).status_code == 403
        assert clients["auditor"].open("/v1/units", method=method).status_code == 200


def test_what_is_told_of_ones_rights_is_the_table(clients: dict[str, FlaskClient]) -> None:
    for role, client in clients.items():
        told = client.get("/v1/session").get_json()
        assert told["roles"] == [role]
        assert told["may"] == operations_for([role]) == sorted(name for name in OPERATIONS if may({role}, name))


def test_the_document_tells_who_may(clients: dict[str, FlaskClient]) -> None:
    document = clients["auditor"].get("/openapi.json").get_json()
    assert set(document["components"]["securitySchemes"]) == {"key", "session"}
    for item in document["paths"].values():
        for operation in item.values():
            name = operation["operationId"]
            public = name in PUBLIC
            assert operation["security"] == ([] if public else [{"key": []}, {"session": []}])
            assert operation.get("x-roles", []) == sorted(roles_for(name))
            assert public or {"401", "403", "429"} <= set(operation["responses"])
