"""What the desk refuses, and what it says with it."""

from __future__ import annotations

from typing import Any

from graphs.errors import InputError, NearestError


class Unknown(NearestError):
    """There is no incident, unit or other thing of that name."""

    exit_code = 2
    status = 404
    slug = "unknown"
    title = "There is no such thing"


class Conflict(NearestError):
    """What is asked does not go with what the record says by now.

    Parameters
    ----------
    detail
        What stands against it.
    more
        JSON values for a machine: members of the problem.
    """

    exit_code = 3
    status = 409
    slug = "conflict"
    title = "It does not go with what the record says"

    def __init__(self, detail: str, **more: Any) -> None:
        self.more = more
        super().__init__(detail)


class UnitTaken(Conflict):
    """Somebody else has sent the unit already."""

    slug = "unit-taken"
    title = "The unit is taken"


class StaleRecommendation(Conflict):
    """The picture has moved on since the recommendation, and another unit is suggested now."""

    slug = "stale-recommendation"
    title = "The picture has moved on"


class NotEligible(Conflict):
    """A rule speaks against the unit; sending it needs a confirmation."""

    slug = "not-eligible"
    title = "The unit is not eligible"


class NotSuggested(Conflict):
    """Another unit is suggested; sending this one needs a reason."""

    slug = "not-suggested"
    title = "Another unit is suggested"


class WrongStep(Conflict):
    """One step or status does not follow the other."""

    slug = "wrong-step"
    title = "It cannot follow"


class KeyReused(InputError):
    """An idempotency key came before, with another request."""

    slug = "key-reused"
    title = "The key was used for another request"
