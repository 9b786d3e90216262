"""What can go wrong at the HTTP door only; the rest of the tree is in `graphs.errors`."""

from __future__ import annotations

import math

from graphs.errors import InputError, NearestError


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


class Refused(NearestError):
    """Whoever asks is not known well enough, may not do it, or asks too much."""

    @property
    def headers(self) -> dict[str, str]:
        """What the response says beside the problem."""
        return {}


class Unauthenticated(Refused):
    """Nobody has said who they are, or what was said is not so."""

    status = 401
    slug = "unauthenticated"
    title = "Say who you are"

    @property
    def headers(self) -> dict[str, str]:
        """How to say it (RFC 6750)."""
        return {"WWW-Authenticate": 'Bearer realm="nearest"'}


class Forbidden(Refused):
    """Whoever asks is known, and may not do it."""

    status = 403
    slug = "forbidden"
    title = "That is not for you to do"


class CrossSite(Refused):
    """A browser asks with a session, and not from a page of this service."""

    status = 403
    slug = "cross-site"
    title = "The request does not come from this service's own page"


class TooMany(Refused):
    """Too much was asked, or too many attempts to log in failed.

    Parameters
    ----------
    because
        What there was too much of.
    wait_s
        Seconds until it is worth asking again.
    """

    status = 429
    slug = "too-many-requests"
    title = "Too much at once"

    def __init__(self, because: str, wait_s: float) -> None:
        self.wait_s = max(1, math.ceil(wait_s))
        super().__init__(f"{because}; ask again in {self.wait_s} s")

    @property
    def headers(self) -> dict[str, str]:
        """When to ask again."""
        return {"Retry-After": str(self.wait_s)}


class StreamsFull(Refused):
    """The worker that was asked has as many event streams as it takes.

    Parameters
    ----------
    most
        How many it takes.
    """

    status = 503
    slug = "streams-full"
    title = "Too many event streams"

    def __init__(self, most: int) -> None:
        super().__init__(f"there are {most} event streams here already; another worker may have room, ask again in 1 s")

    @property
    def headers(self) -> dict[str, str]:
        """When to ask again."""
        return {"Retry-After": "1"}


class NotReady(NearestError):
    """Something that the service needs is not there at the moment."""

    status = 503
    slug = "not-ready"
    title = "The service is not ready"
