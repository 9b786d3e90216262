"""Read a query string; whatever is wrong with it is told together."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Final

from werkzeug.datastructures import MultiDict

from api.driving import Driving
from api.places import QUERY, Place, parameter_faults, read_minutes, read_place, read_places
from api.service import Service
from graphs.errors import Fault, InputError
from graphs.faults import NOTHING, gather, unknown_name, written
from scenarios.rows import read_moment

# Pairs of an origin and a destination; a larger table has an address that no server reads.
MAX_PAIRS = 10_000
DEFAULT_COUNT, MAX_COUNT = 5, 100
DEFAULT_PLACES, MAX_CHARACTERS = 8, 200
DEFAULT_RECORD_ROWS, MAX_RECORD_ROWS = 100, 1000
MAX_VEHICLES = 100
# What a position report may say beside the place, and the most that is believed; the least is 0.
REPORTED: Final = MappingProxyType({"course_deg": 360.0, "speed_kmh": 400.0, "accuracy_m": 10_000.0})
_SEVERAL = "LAT,LON in degrees, with a semicolon between places, such as 57.71,11.97;57.70,11.98"


class Query:
    """A query string that is being read.

    Parameters
    ----------
    given
        Its parameters.
    known
        Those that the address takes.
    service
        Its network holds the places, and its clock says when it is.
    """

    def __init__(self, given: MultiDict[str, str], known: Collection[str], service: Service) -> None:
        self._given, self._service = given, service
        self.faults = list(parameter_faults(given, known))

    def has(self, name: str) -> bool:
        """Tell whether a parameter was given."""
        return name in self._given

    def place(self, name: str) -> Place:
        """Read one place."""
        return read_place(self._given.get(name), QUERY, name, self._service.network, self.faults)

    def places(self, name: str, most: int | None = None, hint: str = "") -> list[Place]:
        """Read several places, so many at most; the hint is for whoever gives none."""
        text = self._given.get(name)
        if not text:
            self.refuse(name, NOTHING if text is None else written(text), _SEVERAL, hint)
            return []
        texts = text.split(";")
        if most is not None and len(texts) > most:
            self.refuse(name, f"{len(texts):,} places", f"{most:,} places at most")
            return []
        return read_places(texts, QUERY, name, self._service.network, self.faults)

    def count(self, name: str, default: int) -> int:
        """Read a whole number, 1 or more."""
        return self.whole(name, default, 1, MAX_COUNT)

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        """Read a whole number between two others."""
        text = self._given.get(name, str(default))
        if text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most:
            return int(text)
        self.refuse(name, written(text), f"a whole number, {least} to {most}")
        return default

    def one_of(self, name: str, known: Sequence[str]) -> str:
        """Read one of several words; the first if not given."""
        text = self._given.get(name, known[0])
        if text not in known:
            self.faults.append(unknown_name(QUERY, name, text, known))
        return text

    def text(self, name: str) -> str:
        """Read a text of which something can be seen."""
        text = self._given.get(name)
        if text is None or not text.strip() or len(text) > MAX_CHARACTERS:
            found = NOTHING if text is None else written(text)
            self.refuse(name, found, f"a text of up to {MAX_CHARACTERS} characters, not blank")
        return text or ""

    def number(self, name: str, least: float, most: float) -> float | None:
        """Read a number between two others; None if not given."""
        text = self._given.get(name)
        if text is None:
            return None
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if least <= number <= most:
            return number
        self.refuse(name, written(text), f"a number, {least:g} to {most:g}")
        return None

    def minutes(self, name: str) -> list[float]:
        """Read numbers of minutes."""
        return read_minutes(self._given.get(name), QUERY, name, self.faults)

    def flag(self, name: str) -> bool:
        """Read true or false; false if not given."""
        text = self._given.get(name, "false")
        if text not in {"true", "false"}:
            self.refuse(name, written(text), "true or false")
        return text == "true"

    def moment(self, name: str = "at") -> datetime | None:
        """Read a moment; None if not given."""
        text = self._given.get(name)
        if text is None:
            return None
        found: list[Fault] = []
        moment = gather(found, partial(read_moment, text, QUERY, name))
        meant = gather([], partial(read_moment, text.replace(" ", "+"), QUERY, name)) if found else None
        if meant is not None:
            found = [replace(fault, hint="in an address + is a space; write %2B") for fault in found]
        self.faults += found
        return moment

    def driving(self, at: datetime | None = None) -> Driving:
        """Read by which profile roads are driven, and when; at a given moment, else now, where the query has none."""
        names = self._service.network.profiles.names
        profile = self._given.get("profile", "response")
        if profile not in names:
            self.faults.append(unknown_name(QUERY, "profile", profile, names))
        return self._service.driving(profile, self.moment() or at)

    def refuse(self, name: str, value: str, accepted: str, hint: str = "") -> None:
        """Add a fault."""
        self.faults.append(Fault(QUERY, "", name, value, accepted, hint))

    def require_sound(self) -> None:
        """Raise an `InputError` with every fault found, if there is one."""
        if self.faults:
            raise InputError(self.faults)
