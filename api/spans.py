"""Periods in a query string: from and to."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import partial

from flask import request

from api.places import QUERY, parameter_faults
from graphs.errors import InputError
from graphs.faults import gather
from scenarios.rows import read_moment


def span(more: Collection[str] = ()) -> tuple[datetime, datetime]:
    """Read the period ``from <= t < to`` of the present request.

    Parameters
    ----------
    more
        Other parameters that the address takes.

    Raises
    ------
    InputError
        One of the two is missing or no moment, or another parameter was given.
    """
    faults = list(parameter_faults(request.args, ("from", "to", *more)))
    start, end = (gather(faults, partial(read_moment, request.args.get(name), QUERY, name)) for name in ("from", "to"))
    if faults or start is None or end is None:
        raise InputError(faults)
    return start, end
