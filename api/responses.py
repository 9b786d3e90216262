"""Answers as HTTP responses, with what a browser should know about them."""

from __future__ import annotations

from flask import Response, request

# A year. A browser that was once here by https never again sends a session in the clear.
_STRICT_TRANSPORT = "max-age=31536000"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    # Answers tell where officers are: no cache keeps them unless a route says otherwise.
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


def json_response(body: bytes) -> Response:
    """Send JSON bytes, on a line of their own."""
    line = body if body.endswith(b"\n") else body + b"\n"
    return Response(line, content_type="application/json")


def secure(response: Response) -> Response:
    """Add the headers that every response has, where the route has not chosen its own."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", _STRICT_TRANSPORT)
    return response
