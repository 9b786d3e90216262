"""What can go wrong, as one tree.

Every class says which exit code a command ends with (0 ok, 1 internal, 2 input, 3 no answer) and which HTTP status and
problem slug (RFC 9457) a client sees, so that a fault means the same thing at every door.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self


class NearestError(Exception):
    """Root of every error this product raises on purpose."""

    exit_code = 1
    status = 500
    slug = "internal"
    title = "Internal error"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with an input, said so that its owner can mend it.

    Parameters
    ----------
    source
        The file, or the part of a request, that was read.
    where
        ``row 3`` in a table (the header is row 1), ``/units/2`` in a JSON body, or empty.
    field
        Column, key or option.
    value
        What was found, as it was written.
    accepted
        What would have been accepted.
    hint
        What was probably meant, if that can be told.
    """

    source: str
    where: str
    field: str
    value: str
    accepted: str
    hint: str = ""

    def __str__(self) -> str:
        place = " ".join(part for part in (self.source, self.where, self.field) if part)
        text = f"{place}: {self.value} is not accepted; accepted: {self.accepted}"
        return f"{text} ({self.hint})" if self.hint else text


class InputError(NearestError):
    """An input has faults; all of them are reported together."""

    exit_code = 2
    status = 422
    slug = "input"
    title = "The input is not accepted"

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        if not self.faults:
            raise ValueError("an InputError names at least one fault")
        super().__init__("\n".join(str(fault) for fault in self.faults))

    def __reduce__(self) -> tuple[type[Self], tuple[tuple[Fault, ...]]]:
        """Let another process have it with its message."""
        return type(self), (self.faults,)


class SourceError(NearestError):
    """A road source (file, folder or place) cannot be read as roads."""

    exit_code = 2
    status = 422
    slug = "road-source"
    title = "The road source cannot be read"


class NetworkFileError(NearestError):
    """A saved network is missing, damaged, or of another version."""

    exit_code = 2
    status = 500
    slug = "network-file"
    title = "The network file cannot be used"


class Unreachable(NearestError):
    """No road leads from one place to the other."""

    exit_code = 3
    status = 404
    slug = "unreachable"
    title = "No route"


class OutsideNetwork(NearestError):
    """A place lies outside the area that the network covers."""

    exit_code = 2
    status = 422
    slug = "outside-network"
    title = "The place is outside the network"
