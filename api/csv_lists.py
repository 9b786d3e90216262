"""Lists as CSV, for whoever accepts ``text/csv`` rather than JSON."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

import orjson
from flask import Flask, Response, current_app, request

from api.access import operation_of
from scenarios.cells import flat, write_table

MEDIA_TYPE: Final = "text/csv"
_JSON: Final = "application/json"
# The member of each list's answer that has its rows, by the operation.
LISTS: Final[dict[str, str]] = {
    "units": "units",
    "incidents": "incidents",
    "reviews": "reviews",
    "tasks": "tasks",
    "markers": "markers",
    "assessments": "assessments",
    "disclosures": "disclosures",
    "conference": "cases",
    "record": "events",
}


def write_lists(app: Flask) -> None:
    """Make an application answer its lists as CSV where that is what is wanted."""
    app.after_request(_as_wanted)


def _as_wanted(response: Response) -> Response:
    member = LISTS.get(operation_of(current_app, request.endpoint or ""))
    if member is None or response.mimetype != _JSON:
        return response
    response.vary.add("Accept")
    if response.status_code == HTTPStatus.OK and request.accept_mimetypes.best_match((_JSON, MEDIA_TYPE)) == MEDIA_TYPE:
        _rewrite(response, member)
    return response


def _rewrite(response: Response, member: str) -> None:
    told: dict[str, Any] = orjson.loads(response.get_data())
    rows = [flat(row) for row in told[member]]
    columns = dict.fromkeys(name for row in rows for name in row)
    response.set_data(write_table(list(columns), rows))
    response.content_type = f"{MEDIA_TYPE}; charset=utf-8; header=present"
    if (after := told.get("next")) is not None:
        # A table has no room for it (RFC 8288).
        query = urlencode({**request.args.to_dict(), "after": after})
        response.headers["Link"] = f'<{request.path}?{query}>; rel="next"'
