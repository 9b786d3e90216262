"""Read a CSV body, as `api.bodies` reads a JSON one."""

from __future__ import annotations

from hashlib import sha256
from typing import Final, TypeVar

from flask import g, request
from pydantic import BaseModel

from api.bodies import BODY, read_raw
from api.service import service
from graphs.errors import Fault, InputError
from scenarios.desk_rows import MOST_ROWS, read_rows

MEDIA_TYPE: Final = "text/csv"
_ACCEPTED: Final = "CSV in UTF-8 with a header"
Model = TypeVar("Model", bound=BaseModel)


def is_csv() -> bool:
    """Tell whether the body of the present request is declared as CSV."""
    return request.mimetype == MEDIA_TYPE


def read_table(model: type[Model], once: str = "", most: int = MOST_ROWS) -> list[tuple[str, Model]]:
    """Read the CSV body of the present request, each row with where it stands.

    Raises
    ------
    InputError
        With every fault of every row.
    """
    raw = read_raw(request, service().settings.max_body_bytes, MEDIA_TYPE)
    g.body_sha256 = sha256(raw).hexdigest()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError([Fault(BODY, f"byte {error.start}", "", "bytes that are not UTF-8", _ACCEPTED)]) from error
    return read_rows(text, BODY, model, once, most)
