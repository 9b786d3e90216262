"""Change numbers of a profile table, and write one as the file that commands read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from graphs.profiles import Profiles

_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Figured:
    """A number measured: the pace of a class for a profile, or with ``period`` what that leaves of its speed.

    Parameters
    ----------
    profile
        ``normal`` or ``response``.
    road_class, period
        One of them; the other is empty.
    value
        The number.
    source
        Where it comes from, in a sentence.
    """

    profile: str
    value: float
    source: str
    road_class: str = ""
    period: str = ""

    @property
    def key(self) -> str:
        """The key of its source."""
        name = re.sub(r"[^A-Za-z0-9]+", "_", self.road_class or self.period)
        return f"calibrated_{self.profile}_{name}"


def with_figures(profiles: Profiles, figures: Iterable[Figured]) -> Profiles:
    """Return a table with other numbers, each with its source."""
    values = profiles.model_dump(mode="json", by_alias=True)
    for each in figures:
        values["sources"][each.key] = each.source
        figure = {"value": each.value, "source": each.key}
        if each.road_class:
            values["class"][each.road_class][f"{each.profile}_pace"] = figure
        else:
            (period,) = (period for period in values["period"] if period["name"] == each.period)
            period[each.profile] = figure
    return Profiles.model_validate(values)


def profiles_toml(profiles: Profiles, head: Sequence[str] = ()) -> str:
    """Write a table as `Profiles.read` reads it; ``head`` are lines of comment above it."""
    values = profiles.model_dump(mode="json", by_alias=True, exclude_none=True)
    periods = values.pop("period", [])
    lines = [f"# {line}".rstrip() for line in head]
    lines += _section((), values)
    for period in periods:
        lines += ["", "[[period]]", *_lines(period)]
    return "\n".join(lines) + "\n"


def _section(path: tuple[str, ...], table: Mapping[str, Any]) -> Iterator[str]:
    plain = {key: value for key, value in table.items() if not isinstance(value, dict) or "value" in value}
    if path and plain:
        yield from ("", f"[{'.'.join(map(_key, path))}]")
    yield from _lines(plain)
    for key, value in table.items():
        if key not in plain:
            yield from _section((*path, key), value)


def _lines(table: Mapping[str, Any]) -> Iterator[str]:
    for key, value in table.items():
        yield f"{_key(key)} = {_written(value)}"


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _written(key)


def _written(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_key(key)} = {_written(each)}' for key, each in value.items())} }}"
    # A string or a list of JSON is one of TOML, but for a character that JSON lets stand.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
