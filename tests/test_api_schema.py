"""Whatever the OpenAPI document lets through, and whatever it does not: no answer is undocumented, none is a 500."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.roles import ROLES
from api.service import EXTENSION, Service
from api.simulations import Request, Simulations
from clients import access_of, service_over, with_key
from roadmaps import RoadMap

CHECKS: list[Any] = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# A stream does not end.
LEFT_OUT = {"stream"}
# What there is to be asked about, lest every answer be that there is none.
SIMULATION = "5a" * 8
KNOWN = {"incident_id": "N-1", "callsign": "R21", "closure_id": "works", "seq": 6, "simulation_id": SIMULATION}


def set_up(client: FlaskClient, town: RoadMap) -> None:
    lat, lon = town.at("B")
    road = {"type": "Feature", "geometry": None, "properties": {"road": "Linthorpe Road"}}
    incident = {"incident_id": "N-1", "lat": lat, "lon": lon, "grade": "emergency", "people": ["Ann Example"]}
    for number, (path, body) in enumerate(
        (
            ("/v1/units/R21/on-duty", {"status": "2", "crew": 2}),
            ("/v1/incidents", incident),
            ("/v1/closures", {"closure_id": "works", "feature": road}),
            ("/v1/incidents/N-1/recommendations", {}),
        )
    ):
        answer = client.post(path, json=body, headers={"Idempotency-Key": f"{number}"})
        assert answer.status_code in {200, 201}, answer.get_data(as_text=True)


def cancelled(simulations: Simulations) -> None:
    """Keep a simulation that is never begun; its events come to their end."""
    policies = ({"name": "nearest_first", "settings": {}},)
    moment = "2026-01-31T23:10:00.000000Z"
    simulations.add(
        Request(
            SIMULATION,
            moment,
            "anna",
            "town",
            past_incidents=False,
            policies=policies,
            replications=1,
            seed=1,
            jobs=1,
            animate=None,
        )
    )
    (one,) = simulations.all()
    simulations.cancel(one)


@pytest.mark.parametrize("examples", [8, pytest.param(150, marks=pytest.mark.slow)])
def test_every_answer_is_described(
    town: RoadMap, town_file: Path, database_url: str, examples: int, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    app = service_over(town_file, database_url=database_url, simulations_dir=tmp_path / "simulations")
    cancelled(Simulations(tmp_path / "simulations"))
    key = access_of(app).keys.create("schema", ROLES)
    set_up(with_key(app), town)
    described = schemathesis.openapi.from_wsgi("/openapi.json", app)
    described.config.headers = {"Authorization": f"Bearer {key}"}
    for result in described.get_all_operations():
        operation = result.ok()
        if operation.definition.raw["operationId"] in LEFT_OUT:
            continue

        @given(case=operation.as_strategy(), known=st.booleans())
        @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        def ask(case: schemathesis.Case, *, known: bool) -> None:
            if known:
                case.path_parameters.update({name: KNOWN[name] for name in case.path_parameters if name in KNOWN})
            case.call_and_validate(checks=CHECKS)

        with subtests.test(operation.label):
            ask()
    service: Service = app.extensions[EXTENSION]
    service.desk.store.close()
