"""Say what is wrong with an input in this product's words: pydantic's findings, unreadable TOML, unknown names.

The description of a model's field says what is accepted there; the same words serve a TOML file, a row of a table and a
JSON body.
"""

from __future__ import annotations

import codecs
import difflib
import json
import re
import tomllib
import typing
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError

from graphs.errors import Fault, InputError

NOTHING = "nothing"
Value = TypeVar("Value")
Model = TypeVar("Model", bound=BaseModel)
_SHOWN_CHARACTERS = 60
_GUESSABLE_CHARACTERS = 3
_OWN_RULE = "own_rule"


def refuse(accepted: str, hint: str = "", field: str = "", value: str = "") -> PydanticCustomError:
    """Make the error that a validator raises.

    Parameters
    ----------
    accepted
        What would have been accepted.
    hint
        What was probably meant.
    field, value
        What is wrong, where it is a combination of fields.
    """
    told = {"accepted": accepted, "hint": hint, "field": field, "value": value}
    return PydanticCustomError(_OWN_RULE, "{accepted}", told)


def unknown_name(source: str, field: str, name: str, known: Collection[str], where: str = "") -> Fault:
    """Make the fault of a name that is not among the known ones; it lists them and hints at the closest."""
    alike = {each.casefold(): each for each in known}
    # A guess at a code, such as 2 for 12, would be no better than chance.
    guessable = len(name) >= _GUESSABLE_CHARACTERS and not name.isdigit()
    near = difflib.get_close_matches(name.casefold(), alike, n=1) if guessable else []
    hint = f"did you mean {alike[near[0]]}?" if near else ""
    return Fault(source, where, field, written(name), ", ".join(known) or "no name, because none is defined", hint)


def gather(faults: list[Fault], read: Callable[[], Value]) -> Value | None:
    """Read one input; its faults are kept, so that those of others are reported with them, and None returned."""
    try:
        return read()
    except InputError as error:
        faults += error.faults
        return None


def read_text(path: str | Path, accepted: str) -> str:
    """Read a file in UTF-8, with or without a byte order mark.

    Raises
    ------
    InputError
        The file cannot be read, or is in another encoding.
    """
    try:
        return Path(path).read_text("utf-8-sig")
    except OSError as error:
        value = f"a file that cannot be read ({error.strerror or error})"
        raise InputError([Fault(str(path), "", "", value, accepted)]) from error
    except UnicodeDecodeError as error:
        raise InputError([_not_utf8(str(path), error, accepted)]) from error


def _not_utf8(source: str, error: UnicodeDecodeError, accepted: str) -> Fault:
    start = error.object[:2]
    line = error.object.count(b"\n", 0, error.start) + 1
    hint = "it looks like UTF-16" if start in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE} else ""
    return Fault(source, f"line {line}", "", f"the byte 0x{error.object[error.start]:02X}", accepted, hint)


def parse_toml(text: str, source: str) -> dict[str, Any]:
    """Read TOML.

    Raises
    ------
    InputError
        The text is not TOML; the fault says where.
    """
    try:
        return tomllib.loads(text)
    except ValueError as error:
        message, line, column = _position(str(error))
    except RecursionError:
        message, line, column = "too deeply nested", 0, 0
    found = text.split("\n")[line - 1].strip() if line else "the text"
    where = f"line {line}, column {column}" if line else ""
    raise InputError([Fault(source, where, "", written(found), "TOML", message)])


def _position(message: str) -> tuple[str, int, int]:
    match = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", message, flags=re.DOTALL)
    return (match[1], int(match[2]), int(match[3])) if match else (message, 0, 0)


def checked(model: type[Model], values: Any, source: str, where: str = "", context: Any = None) -> Model:
    """Fill a model.

    Parameters
    ----------
    source, where
        For the faults; see `Fault`.
    context
        What its validators need beside the values.

    Raises
    ------
    InputError
        With every fault that pydantic finds in single values.
    """
    try:
        return model.model_validate(values, context=context)
    except ValidationError as error:
        raise InputError(shape_faults(error, model, source, where)) from error


def shape_faults(error: ValidationError, model: type[BaseModel], source: str, where: str = "") -> list[Fault]:
    """Turn what pydantic found wrong with single values into faults.

    Parameters
    ----------
    error
        What pydantic raised.
    model
        The model that was being filled.
    source, where
        For the faults; see `Fault`.
    """
    return [_shape_fault(each, model, source, where) for each in error.errors(include_url=False)]


def _shape_fault(error: ErrorDetails, model: type[BaseModel], source: str, where: str) -> Fault:
    loc = [part for part in error["loc"] if part != "[key]"]
    field = ".".join(str(part) for part in loc)
    if error["type"] == "extra_forbidden":
        table, _ = _walk(model, loc[:-1])
        return unknown_name(source, field, str(loc[-1]), _keys(table), where)
    value = NOTHING if error["type"] == "missing" else written(error["input"])
    if error["type"] == _OWN_RULE:
        return _told(error.get("ctx", {}), source, where, field, value)
    found, words = _walk(model, loc)
    words = words or _plainly(error, found)
    return Fault(source, where, field, value, words, _limit(error))


def _limit(error: ErrorDetails) -> str:
    """Say which limit was passed where the description of a field does not."""
    if error["type"] == "too_long":
        return f"{error['ctx']['max_length']} at most"
    return "a finite number" if error["type"] == "finite_number" else ""


def rule_fault(error: PydanticCustomError, source: str, where: str) -> Fault:
    """Turn what `refuse` made into a fault."""
    return _told(error.context or {}, source, where)


def _told(told: Mapping[str, Any], source: str, where: str, field: str = "", value: str = "") -> Fault:
    field = ".".join(part for part in (field, told["field"]) if part)
    return Fault(source, where, field, told["value"] or value, told["accepted"], told["hint"])


def _plainly(error: ErrorDetails, found: Any) -> str:
    """Say what is accepted where no description does."""
    if error["type"] == "missing":
        return "this key, which is required"
    if error["type"] == "model_type":
        return f"a table with the keys {', '.join(_keys(found))}"
    plain = {"dict_type": "a table", "tuple_type": "a list", "list_type": "a list"}
    return plain.get(error["type"], error["msg"].removeprefix("Input should be "))


def _keys(model: type[BaseModel]) -> list[str]:
    return [info.alias or name for name, info in model.model_fields.items()]


def _walk(model: type[BaseModel], loc: Sequence[int | str]) -> tuple[Any, str]:
    """Follow a path into a model: the type found there, and the description of the innermost field on the way."""
    found: Any = model
    words = ""
    for part in loc:
        found = _model_in(found)
        if isinstance(found, type) and issubclass(found, BaseModel):
            by_key = {info.alias or name: info for name, info in found.model_fields.items()}
            field = by_key.get(str(part), FieldInfo())
            found, words = field.annotation, field.description or words
        else:
            # A mapping's last argument is what it holds; a tuple of any length has an ellipsis after it.
            held = [part for part in typing.get_args(found) if part is not Ellipsis]
            found = held[-1] if held else None
    return _model_in(found), words


def _model_in(annotation: Any) -> Any:
    """Return the model in ``Model | None``, else the annotation itself."""
    parts = [part for part in typing.get_args(annotation) if isinstance(part, type) and issubclass(part, BaseModel)]
    return parts[0] if len(parts) == 1 and type(None) in typing.get_args(annotation) else annotation


def written(value: object) -> str:
    """Say a value about as its file writes it, shortened."""
    if value is None:
        return NOTHING
    if isinstance(value, Mapping):
        return "a table" if value else "an empty table"
    text = value if isinstance(value, str) and value.isprintable() and value else json.dumps(value, default=str)
    text = f'"{value}"' if isinstance(value, str) and value.isprintable() else text
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."
