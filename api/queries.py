"""Read a query string; whatever is wrong with it is told together."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from functools import partial

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
DEFAULT_RECORD_ROWS, MAX_RECORD_ROWS = 100, 1000
MAX_VEHICLES = 100
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
        text = self._given.get(name, str(default))
        if text.isascii() and text.isdigit() and len(text) <= len(str(MAX_COUNT)) and 1 <= int(text) <= MAX_COUNT:
            return int(text)
        self.refuse(name, written(text), f"a whole number, 1 to {MAX_COUNT}")
        return default

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
