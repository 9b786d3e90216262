"""Tiles and places over HTTP."""

from __future__ import annotations

import gzip
from pathlib import Path

import mapbox_vector_tile
import pytest
from flask.testing import FlaskClient

from api import access as access_module
from api.routes.maps import TILE_TYPE
from api.service import EXTENSION
from clients import service_over, with_key
from graphs.gazetteer import gazetteer_of
from graphs.tiles import DEEPEST, Tiles, drawing_of, tiles_of
from graphs.tiles_encoding import EXTENT
from roadmaps import RoadMap
from test_api_document import valid
from test_tiles import placed


@pytest.fixture(scope="module")
def address(town: RoadMap) -> str:
    """Where the tile is that the town lies in."""
    (at,) = placed([town.lonlat("B")], 14)
    return f"/v1/tiles/{drawing_of(town.network)}/14/{int(at[0] // EXTENT)}/{int(at[1] // EXTENT)}"


# ---- Tiles -------------------------------------------------------------------------------------------------------


def test_a_tile_is_answered(http: FlaskClient, town: RoadMap, address: str) -> None:
    answer = http.get(address)
    assert (answer.status_code, answer.content_type) == (200, TILE_TYPE)
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert "Content-Encoding" not in answer.headers
    assert answer.data == Tiles(town.network).tile(*map(int, address.split("/")[-3:]))
    assert "Linthorpe Road" in {
        each["properties"].get("name") for each in mapbox_vector_tile.decode(answer.data)["roads"]["features"]
    }


def test_a_tile_is_packed_for_whoever_takes_it_so(http: FlaskClient, address: str) -> None:
    plain = http.get(address)
    packed = http.get(address, headers={"Accept-Encoding": "br, gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.content_type == TILE_TYPE
    assert gzip.decompress(packed.data) == plain.data
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"
    assert plain.headers["ETag"] != packed.headers["ETag"]
    refused = http.get(address, headers={"Accept-Encoding": "gzip;q=0"})
    assert refused.data == plain.data


@pytest.mark.parametrize("accepted", ["gzip", ""])
def test_a_tile_that_is_known_is_not_sent_again(http: FlaskClient, address: str, accepted: str) -> None:
    headers = {"Accept-Encoding": accepted}
    tag = http.get(address, headers=headers).headers["ETag"]
    again = http.get(address, headers={**headers, "If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert http.get(address, headers={**headers, "If-None-Match": '"other"'}).status_code == 200


def test_where_nothing_is_drawn_that_is_said(http: FlaskClient, address: str) -> None:
    answer = http.get(f"{address.rsplit('/', 3)[0]}/14/0/0")
    assert (answer.status_code, answer.data) == (204, b"")
    assert "immutable" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("end", ["15/0/32768", f"{DEEPEST + 1}/0/0", "0/1/0", f"{10**30}/0/0"])
def test_what_is_no_tile_is_not_found(http: FlaskClient, address: str, end: str) -> None:
    answer = http.get(f"{address.rsplit('/', 3)[0]}/{end}")
    assert (answer.status_code, answer.get_json()["type"]) == (404, "/problems/unknown")
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("drawing", ["0" * 12, "x", None])
def test_another_drawing_has_other_tiles(http: FlaskClient, town: RoadMap, address: str, drawing: str | None) -> None:
    # Nor is it named by the hash of the roads, which is the same where the ground beneath them is another.
    asked = address.replace(drawing_of(town.network), drawing or town.network.hash[:12])
    answer = http.get(asked)
    assert answer.status_code == 404
    assert drawing_of(town.network) in answer.get_json()["detail"]


def test_the_network_tells_how_its_tiles_are_named(http: FlaskClient, address: str) -> None:
    assert http.get("/v1/network").get_json()["drawing"] == address.split("/")[3]


def test_tiles_have_an_allowance_of_their_own(town_file: Path, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_module, "APART", {"tile": 1})
    client = with_key(service_over(town_file, system_requests_per_s=1))
    assert {client.get(address).status_code for _ in range(14)} == {200, 429}
    # And what is asked besides has its own.
    assert client.get("/v1/network").status_code == 200


def test_all_that_takes_long_is_done_before_the_first_request(town_file: Path) -> None:
    network = service_over(town_file).extensions[EXTENSION].network
    made = tiles_of.cache_info().misses, gazetteer_of.cache_info().misses
    assert tiles_of(network)._streets
    gazetteer_of(network)
    assert (tiles_of.cache_info().misses, gazetteer_of.cache_info().misses) == made


@pytest.mark.parametrize("end", ["14/-1/0", "14/1.5/0", "a/b/c"])
def test_what_is_no_number_is_no_address(http: FlaskClient, address: str, end: str) -> None:
    answer = http.get(f"{address.rsplit('/', 3)[0]}/{end}")
    assert (answer.status_code, answer.get_json()["type"]) == (404, "/problems/not-found")


# ---- Places ------------------------------------------------------------------------------------------------------


def test_a_street_is_found(http: FlaskClient, town: RoadMap) -> None:
    (found,) = http.get("/v1/places", query_string={"q": "linthorp rd"}).get_json()["places"]
    assert (found["kind"], found["name"]) == ("street", "Linthorpe Road")
    assert 0.9 < found["score"] < 1
    assert found["meets"] == []
    assert found["length_m"] == 3_000
    assert found["away_m"] is None
    assert town.network.contains(found["lat"], found["lon"])


def test_a_place_is_seen_from_near(http: FlaskClient, town: RoadMap) -> None:
    lat, lon = town.at("B", east_m=30)
    near = f"{lat},{lon}"
    (found,) = http.get("/v1/places", query_string={"q": "{},{}".format(*town.at("B")), "near": near}).get_json()[
        "places"
    ]
    assert found["kind"] == "coordinates"
    assert (found["lat"], found["lon"]) == town.at("B")
    assert found["away_m"] == pytest.approx(30, abs=0.1)
    assert found["length_m"] is None


def test_nothing_found_is_an_empty_list(http: FlaskClient) -> None:
    for text in ("Mulholland Drive", "0,0", "!?", "NZ 1 2 3"):
        assert http.get("/v1/places", query_string={"q": text}).get_json() == {"places": []}, text


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ({}, ["q"]),
        ({"q": " "}, ["q"]),
        ({"q": "x" * 201}, ["q"]),
        ({"q": "x", "near": "north"}, ["near"]),
        ({"q": "x", "near": "0,0", "k": "0", "limit": "3"}, ["limit", "near", "k"]),
    ],
)
def test_every_fault_is_told(http: FlaskClient, query: dict[str, str], fields: list[str]) -> None:
    answer = http.get("/v1/places", query_string=query)
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.get_json()["faults"]] == fields


def test_the_document_describes_both(http: FlaskClient) -> None:
    document = http.get("/openapi.json").get_json()
    paths = document["paths"]
    drawn = paths["/v1/tiles/{drawing}/{z}/{x}/{y}"]["get"]
    assert drawn["responses"]["200"]["content"] == {TILE_TYPE: {}}
    assert {"200", "204", "304", "404"} <= set(drawn["responses"])
    assert [item["name"] for item in drawn["parameters"]] == ["drawing", "z", "x", "y"]
    asked = paths["/v1/places"]["get"]
    query = {item["name"]: item["example"] for item in asked["parameters"] if "example" in item}
    answer = http.get("/v1/places", query_string=query)
    assert answer.get_json()["places"]
    valid(answer.get_json(), "PlacesAnswer", document)
    valid(http.get("/v1/places?q=linthorpe").get_json(), "PlacesAnswer", document)
