"""What is wrong with a force profile, said so that its owner can mend it."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
import typing
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError

from graphs.errors import Fault, InputError

_NOTHING = "nothing"
_SHOWN_CHARACTERS = 60
_OWN_RULE = "profile_rule"


def refuse(accepted: str) -> PydanticCustomError:
    """Make the error that a validator of a profile raises, from what it would have accepted."""
    return PydanticCustomError(_OWN_RULE, "{accepted}", {"accepted": accepted})


def unknown_name(source: str, field: str, name: str, known: Collection[str]) -> Fault:
    """Make the fault of a name that is not among the known ones; it lists them and hints at the closest."""
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else ""
    return Fault(source, "", field, _written(name), ", ".join(known) or "no name, because none is defined", hint)


def parse_toml(text: str, source: str) -> dict[str, Any]:
    """Read TOML.

    Raises
    ------
    InputError
        If the text is not TOML, with the line and the column.
    """
    try:
        return tomllib.loads(text)
    except ValueError as error:
        message, line, column = _position(str(error))
    except RecursionError:
        message, line, column = "too deeply nested", 0, 0
    found = text.splitlines()[line - 1].strip() if line else "the text"
    where = f"line {line}, column {column}" if line else ""
    raise InputError([Fault(source, where, "", _written(found), "TOML", message)])


def _position(message: str) -> tuple[str, int, int]:
    match = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", message, flags=re.DOTALL)
    return (match[1], int(match[2]), int(match[3])) if match else (message, 0, 0)


def shape_faults(error: ValidationError, model: type[BaseModel], source: str) -> list[Fault]:
    """Turn what pydantic found wrong with single values into faults.

    Parameters
    ----------
    error
        What pydantic raised.
    model
        The model that was being filled; descriptions of its fields say what is accepted.
    source
        Name of the profile in the faults.
    """
    return [_shape_fault(each, model, source) for each in error.errors(include_url=False)]


def _shape_fault(error: ErrorDetails, model: type[BaseModel], source: str) -> Fault:
    loc = [part for part in error["loc"] if part != "[key]"]
    field = ".".join(str(part) for part in loc)
    if error["type"] == "extra_forbidden":
        table, _ = _walk(model, loc[:-1])
        return unknown_name(source, field, str(loc[-1]), table.model_fields)
    value = _NOTHING if error["type"] == "missing" else _written(error["input"])
    accepted = error["msg"] if error["type"] == _OWN_RULE else _walk(model, loc)[1]
    return Fault(source, "", field, value, accepted)


def _walk(model: type[BaseModel], loc: Sequence[int | str]) -> tuple[Any, str]:
    """Follow a path into a model: the type found there, and the description of the innermost field on the way."""
    found: Any = model
    words = ""
    for part in loc:
        if isinstance(found, type) and issubclass(found, BaseModel):
            field = found.model_fields.get(str(part), FieldInfo())
            found, words = field.annotation, field.description or words
        else:
            # A mapping's last argument is what it holds.
            found = (typing.get_args(found) or (None,))[-1]
    return found, words


def _written(value: object) -> str:
    """Say a value about as TOML writes it, shortened."""
    if value is None:
        return _NOTHING
    if isinstance(value, Mapping):
        return "a table" if value else "an empty table"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."


def cross_faults(data: Mapping[str, Any], source: str) -> list[Fault]:
    """Find where the tables of a profile disagree.

    Parameters
    ----------
    data
        The profile as plain values. Other faults are passed over, so that all can be reported together.
    source
        Name of the profile in the faults.
    """
    checks = (_equal_ranks(data, source), _wrong_preemptions(data, source), _unknown_skills(data, source))
    return [fault for faults in checks for fault in faults]


def _tables(data: Mapping[str, Any], name: str) -> dict[str, Mapping[str, Any]]:
    table = data.get(name)
    entries = table.items() if isinstance(table, Mapping) else ()
    return {key: entry for key, entry in entries if isinstance(entry, Mapping)}


def _ranks(data: Mapping[str, Any]) -> dict[str, int | None]:
    """Rank of every grade, None where it is itself at fault."""
    ranks = {key: grade.get("rank") for key, grade in _tables(data, "grades").items()}
    return {key: rank if type(rank) is int else None for key, rank in ranks.items()}


def _equal_ranks(data: Mapping[str, Any], source: str) -> Iterator[Fault]:
    first: dict[int, str] = {}
    for key, rank in _ranks(data).items():
        if rank is not None and first.setdefault(rank, key) != key:
            hint = f"{first[rank]} has it too"
            yield Fault(source, "", f"grades.{key}.rank", str(rank), "a rank that no other grade has", hint)


def _wrong_preemptions(data: Mapping[str, Any], source: str) -> Iterator[Fault]:
    ranks = _ranks(data)
    matrix = data.get("preemption")
    for key, takers in matrix.items() if isinstance(matrix, Mapping) else ():
        if key not in ranks:
            yield unknown_name(source, f"preemption.{key}", key, ranks)
        for field, taker in _listed(takers, f"preemption.{key}"):
            yield from _wrong_taker(source, field, key, taker, ranks)


def _wrong_taker(source: str, field: str, key: str, taker: str, ranks: Mapping[str, int | None]) -> Iterator[Fault]:
    if taker not in ranks:
        yield unknown_name(source, field, taker, ranks)
        return
    mine, theirs = ranks.get(key), ranks[taker]
    if mine is not None and theirs is not None and theirs >= mine:
        accepted = f"a grade that is more urgent than {key}, with a rank below {mine}"
        yield Fault(source, "", field, _written(taker), accepted, f"{taker} has rank {theirs}")


def _unknown_skills(data: Mapping[str, Any], source: str) -> Iterator[Fault]:
    skills = _tables(data, "skills")
    for key, tag in _tables(data, "tags").items():
        asked = [*_listed(tag.get("needs"), f"tags.{key}.needs"), (f"tags.{key}.prefer_skill", tag.get("prefer_skill"))]
        for field, skill in asked:
            if isinstance(skill, str) and skill not in skills:
                yield unknown_name(source, field, skill, skills)


def _listed(names: object, field: str) -> Iterator[tuple[str, str]]:
    if isinstance(names, list | tuple):
        yield from ((f"{field}.{place}", name) for place, name in enumerate(names) if isinstance(name, str))
