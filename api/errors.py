"""What can go wrong at the HTTP door only; the rest of the tree is in `graphs.errors`."""

from __future__ import annotations

from graphs.errors import InputError


class MalformedJson(InputError):
    """A body cannot be read as JSON without losing something."""

    status = 400
    slug = "malformed-json"
    title = "The body is not JSON"


class BodyTooLarge(InputError):
    """A body is longer than this service reads."""

    status = 413
    slug = "body-too-large"
    title = "The body is too large"


class NotJson(InputError):
    """A body is declared as something else than plain JSON."""

    status = 415
    slug = "media-type"
    title = "The body is not declared as JSON"
