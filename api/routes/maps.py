"""``GET /v1/tiles/...`` and ``/v1/places``: what a map draws of the network, and where on it a name is."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import asdict
from functools import lru_cache
from typing import Any, Final

from apiflask import APIBlueprint
from flask import Response, request

from api.answers import to_json
from api.map_schemas import PlacesAnswer
from api.openapi import answers, plain_answers
from api.queries import DEFAULT_PLACES, Query
from api.responses import json_response
from api.service import service
from dispatch.errors import Unknown
from graphs.gazetteer import Place, gazetteer_of
from graphs.tiles import DEEPEST, KEPT, drawing_of, is_tile, tiles_of

blueprint = APIBlueprint("maps", __name__, tag="Map")
TILE_TYPE: Final = "application/vnd.mapbox-vector-tile"
# An address names what is drawn, and that does not change. Only who may ask may keep it, so no cache between.
_KEPT_FOR_EVER: Final = "private, max-age=31536000, immutable"


@blueprint.get("/v1/tiles/<drawing>/<int:z>/<int:x>/<int:y>")
@blueprint.doc(
    operation_id="tile",
    responses={
        200: {"description": "The tile, with an ETag.", "content": {TILE_TYPE: {}}},
        **plain_answers(
            {204: "Nothing is drawn there.", 304: "It is still what If-None-Match names."},
            *("unknown", "not-found"),
        ),
    },
)
def tile(drawing: str, z: int, x: int, y: int) -> Response:
    """Draw roads and ground as a Mapbox vector tile, with the layers roads and ground.

    What is drawn is named as GET /v1/network tells (drawing), so that a tile may be kept for ever.
    """
    known = service().network
    if drawing != drawing_of(known):
        raise Unknown(f"drawing {drawing} is not the one here, which is {drawing_of(known)}")
    if not is_tile(z, x, y):
        raise Unknown(f"there is no tile {z}/{x}/{y}; z is 0 to {DEEPEST}, x and y are 0 to 2^z - 1")
    response = _drawn(tiles_of(known).tile(z, x, y))
    response.headers["Cache-Control"] = _KEPT_FOR_EVER
    response.vary.add("Accept-Encoding")
    return response


def _drawn(content: bytes) -> Response:
    if not content:
        return Response(status=204)
    packed = request.accept_encodings.quality("gzip") > 0
    response = Response(_packed(content) if packed else content, content_type=TILE_TYPE)
    # What is packed and what is not are two contents, and a tag names one.
    response.set_etag(f"{hashlib.sha256(content).hexdigest()[:16]}{'-gzip' if packed else ''}")
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.make_conditional(request)
    return response


@lru_cache(maxsize=KEPT)
def _packed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


@blueprint.get("/v1/places")
@blueprint.doc(operation_id="places", responses=answers(PlacesAnswer, "The places, the likeliest first.", "input"))
def places() -> Response:
    """Find streets, crossings, coordinates and grid references; a text may be misspelt, or not typed to its end."""
    known = service()
    query = Query(request.args, ("q", "near", "k"), known)
    text = query.text("q")
    near = query.place("near") if query.has("near") else None
    most = query.count("k", DEFAULT_PLACES)
    query.require_sound()
    found = gazetteer_of(known.network).find(text, near, most)
    return json_response(to_json({"places": [_told(place) for place in found]}))


def _told(place: Place) -> dict[str, Any]:
    metres = {"length_m": place.length_m, "away_m": place.away_m}
    rounded = {name: None if value is None else round(value, 1) for name, value in metres.items()}
    return {**asdict(place), "score": round(place.score, 3), **rounded}
