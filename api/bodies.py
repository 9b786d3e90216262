"""Read a JSON body without losing anything that it says."""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Iterator
from typing import Any

from flask import Request

from api.errors import BodyTooLarge, MalformedJson, NotJson
from graphs.errors import Fault
from graphs.faults import NOTHING, written

BODY = "body"
MAX_DEPTH = 20
_TAKEN_OFF = 10
_PART_BYTES = 65_536
_ACCEPTED = "JSON in UTF-8, such as the example in /docs"


def read_body(request: Request, max_bytes: int) -> Any:
    """Read the JSON body of a request.

    Raises
    ------
    NotJson
        It is declared as something else, or is compressed.
    BodyTooLarge
        It is longer than ``max_bytes``.
    MalformedJson
        It is not JSON, or not JSON that means one thing.
    """
    return read_json(read_raw(request, max_bytes, "application/json"))


def read_raw(request: Request, max_bytes: int, media_type: str) -> bytes:
    """Read the body of a request as it is.

    Raises
    ------
    NotJson
        It is declared as something else than the media type, or is compressed.
    BodyTooLarge
        It is longer than ``max_bytes``.
    """
    declared = request.mimetype
    if declared != media_type:
        raise NotJson([Fault("request", "", "Content-Type", declared or NOTHING, media_type)])
    if request.content_encoding not in {None, "", "identity"}:
        raise NotJson([Fault("request", "", "Content-Encoding", str(request.content_encoding), "a body as it is")])
    return _raw(request, max_bytes)


def _raw(request: Request, max_bytes: int) -> bytes:
    # Werkzeug's own limit would cut a body of undeclared length short without a word.
    if (request.content_length or 0) <= max_bytes:
        raw = b"".join(_parts(request, max_bytes + 1))
        if len(raw) <= max_bytes:
            return raw
    # A client that is still sending would miss the answer, so some more is taken off it.
    for _ in _parts(request, max_bytes * _TAKEN_OFF):
        pass
    raise BodyTooLarge([Fault(BODY, "", "", f"more than {max_bytes} bytes", f"{max_bytes} bytes at most")])


def _parts(request: Request, max_bytes: int) -> Iterator[bytes]:
    """Read so much of a body, part by part."""
    left = max_bytes
    try:
        while left > 0 and (part := request.stream.read(min(left, _PART_BYTES))):
            left -= len(part)
            yield part
    except Exception as error:  # each server has its own for a client that goes away or frames a body wrongly
        raise _malformed("", "a body that could not be read to its end") from error


def read_json(raw: bytes) -> Any:
    """Read JSON text; NaN and infinity come through as numbers, for the fields that they stand in to refuse.

    Raises
    ------
    MalformedJson
        The text is not UTF-8 or not JSON, nests deeper than `MAX_DEPTH`, holds a number too long to read, or gives a
        key twice in one object, of which only one value could be kept.
    """
    try:
        text = raw.decode("utf-8-sig")
        value = json.loads(text, object_pairs_hook=_object)
    except UnicodeDecodeError as error:
        raise _malformed(f"byte {error.start}", "bytes that are not UTF-8") from error
    except json.JSONDecodeError as error:
        found = written(text[error.pos :].split("\n")[0]) if text[error.pos :].strip() else "the end of the text"
        raise _malformed(f"line {error.lineno}, column {error.colno}", found, error.msg) from error
    except RecursionError as error:
        raise _malformed("", "deep nesting", _DEPTH) from error
    except ValueError as error:
        # Python reads no whole number of more than some thousands of digits.
        raise _malformed("", "a number too long to read") from error
    faults = list(_faults(value))
    if faults:
        raise MalformedJson(faults)
    return value


_DEPTH = f"at most {MAX_DEPTH} objects and lists inside each other"


def _malformed(where: str, value: str, hint: str = "") -> MalformedJson:
    return MalformedJson([Fault(BODY, where, "", value, _ACCEPTED, hint)])


class _Repeating(dict[str, Any]):
    """An object in which keys stood more than once."""

    repeated: tuple[str, ...] = ()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(found := dict(pairs)) == len(pairs):
        return found
    kept = _Repeating(found)
    kept.repeated = tuple(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
    return kept


def _faults(value: Any) -> Iterator[Fault]:
    """Find repeated keys and nesting too deep; without recursion, since the depth is the sender's choice."""
    pending = deque([("", value, 1)])
    while pending:
        where, found, depth = pending.popleft()
        if not isinstance(found, (dict, list)):
            continue
        if depth > MAX_DEPTH:
            yield Fault(BODY, where, "", "deep nesting", _DEPTH)
            continue
        if isinstance(found, _Repeating):
            yield from (Fault(BODY, where, key, "given more than once", "each key once") for key in found.repeated)
        inside = found.items() if isinstance(found, dict) else enumerate(found)
        pending.extend((f"{where}/{_pointer(key)}", item, depth + 1) for key, item in inside)


def _pointer(key: object) -> str:
    """Write a key as a part of a JSON pointer (RFC 6901)."""
    return str(key).replace("~", "~0").replace("/", "~1")
