"""Answers as HTTP responses, with what a browser should know about them."""

from __future__ import annotations

from flask import Response

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Answers tell where officers are: no cache keeps them unless a route says otherwise.
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


def json_response(body: bytes) -> Response:
    """Send JSON bytes as they are."""
    return Response(body, content_type="application/json")


def secure(response: Response) -> Response:
    """Add the headers that every response has, where the route has not chosen its own."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response
