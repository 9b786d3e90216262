"""``GET /``: the console, with every file served from here; it is built from ``api/console`` by ``make setup``."""

from __future__ import annotations

import mimetypes
from importlib.resources import files
from pathlib import Path
from typing import Final, cast

from apiflask import APIBlueprint
from flask import Response, abort, request

blueprint = APIBlueprint("console", __name__, enable_openapi=False)
BUILT: Final = Path(str(files("api") / "console" / "built"))
_POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# As they are looked for; the first that a browser takes is sent.
_PACKED: Final = (("br", ".br"), ("gzip", ".gz"))


@blueprint.get("/")
def page() -> Response:
    """Send the page."""
    return _file("index.html")


@blueprint.get("/console/<name>")
def asset(name: str) -> Response:
    """Send a script, a style or another file of the console."""
    return _file(name)


def _file(name: str) -> Response:
    there = {each.name for each in BUILT.iterdir()} if BUILT.is_dir() else set()
    if name not in there or name.endswith(tuple(ending for _, ending in _PACKED)):
        abort(404)
    taken = request.accept_encodings
    coding, ending = next(
        ((code, end) for code, end in _PACKED if taken.quality(code) > 0 and name + end in there), ("", "")
    )
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    response = Response((BUILT / (name + ending)).read_bytes(), mimetype=kind)
    response.headers["Content-Security-Policy"] = _POLICY
    # A browser asks each time whether its copy still holds: a console that is older than its service misleads.
    response.headers["Cache-Control"] = "no-cache"
    if coding:
        response.headers["Content-Encoding"] = coding
    response.vary.add("Accept-Encoding")
    response.add_etag()
    return cast("Response", response.make_conditional(request))
