"""Whatever is sent, the service never fails: generated bodies and queries."""

from __future__ import annotations

import copy
import json

from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from api.schemas import RecommendationRequest
from roadmaps import RoadMap
from scenarios.rows import IncidentRow, UnitRow

ASK = "/v1/recommendations"
NAN, INFINITY = float("nan"), float("inf")
NAMES = st.sampled_from(sorted({*RecommendationRequest.model_fields, *UnitRow.model_fields, *IncidentRow.model_fields}))
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.floats(54.577, 54.581),
    st.floats(-1.252, -1.24),
    st.sampled_from(
        ["2", "7", "5", "emergency", "standard", "taser", "domestic_abuse", "demonstration", "R21", "\ud800"]
    ),
    st.datetimes().map(lambda moment: moment.isoformat() + "+14:00"),
    st.sampled_from(["2026-01-31T23:09:00Z", "2026-01-31T22:00:00-12:00", "2026-02-29T00:00:00Z"]),
)
JSON = st.recursive(
    VALUES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(max_size=4), inner, max_size=6),
    max_leaves=12,
)
SPOILING = settings(max_examples=150, deadline=None)


def sound(response: TestResponse) -> None:
    """A body is answered or refused, and what is refused says why."""
    assert response.status_code in {200, 400, 422}, response.text
    if response.status_code == 200:
        assert response.get_json()["outcome"]
    else:
        assert response.get_json()["faults"]


@SPOILING
@given(value=JSON)
def test_any_json_is_answered_or_refused(http: FlaskClient, value: object) -> None:
    sound(http.post(ASK, data=json.dumps(value), content_type="application/json"))


@SPOILING
@given(raw=st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_answered_or_refused(http: FlaskClient, raw: bytes) -> None:
    sound(http.post(ASK, data=raw, content_type="application/json"))


@SPOILING
@given(data=st.data())
def test_a_sound_body_with_some_values_changed_is_answered_or_refused(http: FlaskClient, data: st.DataObject) -> None:
    body = copy.deepcopy(http.application.extensions["nearest"].example)
    body["incidents"] = [{**body["incident"], "incident_id": "N-7", "grade": "standard"}]
    for row in data.draw(st.lists(st.sampled_from([body, body["incident"], *body["units"], *body["incidents"]]))):
        row[data.draw(st.sampled_from(sorted(row)) | NAMES)] = data.draw(VALUES)
    sound(http.post(ASK, data=json.dumps(body), content_type="application/json"))


@SPOILING
@given(data=st.data())
def test_a_number_that_is_none_is_never_answered(http: FlaskClient, data: st.DataObject) -> None:
    body = copy.deepcopy(http.application.extensions["nearest"].example)
    row = data.draw(st.sampled_from([body, body["incident"], *body["units"]]))
    row[data.draw(NAMES | st.text())] = data.draw(st.sampled_from([NAN, INFINITY, -INFINITY]))
    response = http.post(ASK, data=json.dumps(body), content_type="application/json")
    assert response.status_code == 422
    assert response.get_json()["faults"]


PARAMETERS = ("from", "to", "origins", "destinations", "minutes", "k", "roads", "profile", "at")
TEXTS = st.text(max_size=20) | st.text("0123456789.,;-+eEinfa ", max_size=30)


@SPOILING
@given(
    path=st.sampled_from(["route", "table", "nearest", "reachable"]),
    query=st.dictionaries(st.sampled_from(PARAMETERS), TEXTS, max_size=5),
)
def test_any_query_is_answered_or_refused(http: FlaskClient, path: str, query: dict[str, str]) -> None:
    texts = {key: text.encode("utf-8", "replace") for key, text in query.items()}
    response = http.get(f"/v1/{path}", query_string=texts)
    assert response.status_code == 422
    assert response.get_json()["faults"]


@SPOILING
@given(text=TEXTS)
def test_any_moment_is_answered_or_refused(http: FlaskClient, text: str) -> None:
    response = http.get("/v1/closures", query_string={"at": text.encode("utf-8", "replace")})
    assert response.status_code == 422
    assert response.get_json()["faults"]


@SPOILING
@given(lat=st.floats(54.576, 54.582), lon=st.floats(-1.253, -1.238))
def test_any_place_in_town_is_answered(http: FlaskClient, town: RoadMap, lat: float, lon: float) -> None:
    there = ",".join(map(str, town.at("B")))
    response = http.get(f"/v1/route?from={lat!r},{lon!r}&to={there}")
    assert response.status_code in ({200, 404} if town.network.contains(lat, lon) else {422})
