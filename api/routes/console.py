"""``GET /``: the console, with every file served from here; it is built from ``api/console`` by ``make setup``."""

from __future__ import annotations

import mimetypes
from importlib.resources import files
from pathlib import Path
from typing import Final

from apiflask import APIBlueprint
from flask import Response, abort, make_response, request, send_from_directory

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
    if name.startswith(".") or name.endswith((".br", ".gz")) or not (BUILT / name).is_file():
        abort(404)
    coding, ending = next(((code, end) for code, end in _PACKED if _takes(code, name + end)), ("", ""))
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    response = make_response(send_from_directory(BUILT, name + ending, mimetype=kind, conditional=True, etag=True))
    if coding:
        response.headers["Content-Encoding"] = coding
    response.headers["Content-Security-Policy"] = _POLICY
    # A browser asks each time whether its copy still holds: a console that is older than its service misleads.
    response.headers["Cache-Control"] = "no-cache"
    response.vary.add("Accept-Encoding")
    return response


def _takes(coding: str, name: str) -> bool:
    return request.accept_encodings.quality(coding) > 0 and (BUILT / name).is_file()
