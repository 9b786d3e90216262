"""The record for auditors: page by page, and its last hash, which is to be kept elsewhere."""

from __future__ import annotations

import re
from time import perf_counter
from typing import Any, Final

import orjson
from apiflask import APIBlueprint
from flask import Response, request

from api.consultation import looked_through
from api.openapi import call
from api.places import QUERY, parameter_faults
from api.queries import DEFAULT_RECORD_ROWS, MAX_RECORD_ROWS
from api.record_schemas import HeadAnswer, RecordAnswer, VerificationAnswer
from api.responses import json_response
from api.service import service
from dispatch.pages import page
from dispatch.proving import Stretch, prove_stretch
from dispatch.record import GENESIS, BrokenRecord, Row
from dispatch.verification import Head
from graphs.errors import Fault, InputError
from graphs.faults import written

blueprint = APIBlueprint("record", __name__, tag="Record")
DEFAULT_ROWS: Final = 100
MAX_ROWS: Final = 1000
_MOST_CHARACTERS: Final = 200
_WHOLE: Final = re.compile(r"[0-9]{1,18}")
_HEAD: Final = re.compile(r"([1-9][0-9]{0,17}):([0-9a-f]{64})")
# About two seconds by either: no worker is kept longer, and no proxy gives up.
MOST_PROVED: Final = 20_000
MOST_PROVED_BYTES: Final = 200_000_000


@blueprint.get("/v1/record")
@call(blueprint, "record", RecordAnswer, "The events.", "input")
def record() -> Response:
    """Tell events in their order, with their details; the salt goes with them, so that each hash can be checked.

    Go on with after = next, until next is null.
    """
    faults = list(parameter_faults(request.args, ("after", "limit", "subject", "kind")))
    after = _whole("after", 0, 0, 10**18 - 1, faults)
    limit = _whole("limit", DEFAULT_RECORD_ROWS, 1, MAX_RECORD_ROWS, faults)
    kind, subject = _name("kind", faults), _name("subject", faults)
    if faults:
        raise InputError(faults)
    with service().desk.store.reading() as reading:
        rows = page(reading, after, limit + 1, None if kind is None else {kind}, subject)
    if rows or subject is None:
        looked_through(subject)
    told, more = rows[:limit], len(rows) > limit
    return json_response(
        orjson.dumps({"events": [_values(row) for row in told], "next": told[-1].seq if more else None})
    )


@blueprint.get("/v1/record/head")
@call(blueprint, "recordHead", HeadAnswer, "The last row.")
def head() -> Response:
    """Tell the last row's number and hash: kept elsewhere, they prove later that nothing was taken off the end."""
    with service().desk.store.reading() as reading:
        last = reading.last()
    seq, sha256, at = (0, GENESIS, None) if last is None else (last.seq, last.sha256, last.recorded_at)
    return json_response(orjson.dumps({"seq": seq, "sha256": sha256, "recorded_at": at}))


@blueprint.get("/v1/record/verification")
@call(blueprint, "recordVerified", VerificationAnswer, "What was proved.", "input")
def verification() -> Response:
    """Prove that rows are as they were written, and the documents that they name, or name the first that is not.

    From the first row, or after one whose number and hash are known: a head that was kept elsewhere is held against the
    record by that, too. One answer proves as many rows as take seconds; where next is told, ask with after = next.
    whole is null until the end is reached. 'nearest verify' proves besides what is kept beside the rows.
    """
    faults = list(parameter_faults(request.args, ("after",)))
    after = _head(faults)
    if faults:
        raise InputError(faults)
    began = perf_counter()
    with service().desk.store.reading() as reading:
        try:
            values = _proved(prove_stretch(reading, after, MOST_PROVED, MOST_PROVED_BYTES))
        except BrokenRecord as error:
            values = {**_BROKEN, "broken": {"seq": error.seq, "because": error.because}}
    return json_response(orjson.dumps({**values, "took_s": round(perf_counter() - began, 3)}))


_BROKEN: Final[dict[str, Any]] = dict.fromkeys(("first", "rows", "purged", "seq", "sha256", "next")) | {"whole": False}


def _proved(found: Stretch) -> dict[str, Any]:
    return {
        "whole": None if found.goes_on else True,
        "first": found.first,
        "rows": found.last - found.first + 1,
        "purged": found.purged,
        "seq": found.last,
        "sha256": found.sha256,
        "next": f"{found.last}:{found.sha256}" if found.goes_on else None,
        "broken": None,
    }


def _head(faults: list[Fault]) -> Head | None:
    text = request.args.get("after")
    found = None if text is None else _HEAD.fullmatch(text)
    if text is not None and found is None:
        faults.append(
            Fault(QUERY, "", "after", written(text), "SEQ:SHA256, as next of this call and GET /v1/record/head")
        )
    return None if found is None else Head(int(found[1]), found[2])


def _whole(name: str, default: int, least: int, most: int, faults: list[Fault]) -> int:
    text = request.args.get(name, str(default))
    if _WHOLE.fullmatch(text) and least <= int(text) <= most:
        return int(text)
    faults.append(Fault(QUERY, "", name, written(text), f"a whole number, {least} to {most}"))
    return default


def _name(name: str, faults: list[Fault]) -> str | None:
    text = request.args.get(name)
    if text is None or (text.isprintable() and 1 <= len(text) <= _MOST_CHARACTERS):
        return text
    faults.append(Fault(QUERY, "", name, written(text), f"1 to {_MOST_CHARACTERS} printable characters"))
    return None


def _values(row: Row) -> dict[str, Any]:
    names = ("seq", "kind", "subject", "at", "recorded_at", "actor", "key", "salt", "payload_sha256")
    told = {name: getattr(row, name) for name in names}
    return {**told, "payload": row.details, "previous": row.previous, "sha256": row.sha256}
