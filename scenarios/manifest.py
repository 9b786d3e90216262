"""What a file from another system means: ``manifest.toml`` names its time zone, its columns and its values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from dispatch.force_tables import TimeZone
from graphs.errors import Fault, InputError
from graphs.faults import checked, parse_toml, read_text

_COLUMNS = "a table of columns: what the file calls it, then what it is called here; nothing for one that is not read"


class File(BaseModel):
    """A file as it was written."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str = Field(description="SHA-256, hex")
    rows: int = Field(ge=0, description="a whole number")


class Manifest(BaseModel):
    """What a file means.

    Attributes
    ----------
    time_zone
        Of times without an offset; without it they are refused.
    ambiguous
        Which of the two moments a time in the hour means that is there twice when clocks go back; without it such a
        time is refused.
    columns
        By a column of the file, the name of the column here; an empty one is passed over.
    values
        By a column here, what its values mean.
    record, force, network, files
        Where the files come from, as ``nearest csv-out`` writes it; ``files`` has the SHA-256 of each.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    time_zone: TimeZone | None = Field(default=None, description="an IANA time zone")
    ambiguous: Literal["earlier", "later"] | None = Field(default=None, description='"earlier" or "later"')
    columns: Mapping[str, str] = Field(default_factory=dict, description=_COLUMNS)
    values: Mapping[str, Mapping[str, str]] = Field(
        default_factory=dict, description="for each column, a table of values and what they mean"
    )

    record: Mapping[str, Any] = Field(default_factory=dict, description="a table")
    force: Mapping[str, Any] = Field(default_factory=dict, description="a table")
    network: Mapping[str, Any] = Field(default_factory=dict, description="a table")
    files: Mapping[str, File] = Field(default_factory=dict, description="a table for each file")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a manifest.

        Raises
        ------
        InputError
            With every fault found.
        """
        return checked(cls, parse_toml(read_text(path, "a TOML file in UTF-8"), str(path)), str(path))

    def require_unchanged(self, path: Path) -> None:
        """Hold a file against the checksum that the manifest has of it, if it has one.

        Raises
        ------
        InputError
            The file is another than the manifest tells of.
        """
        told = self.files.get(path.name)
        if told is not None and (found := sha256(path.read_bytes()).hexdigest()) != told.sha256:
            raise InputError([Fault(str(path), "", "SHA-256", found, told.sha256, "it was changed since")])

    def column(self, name: str) -> str:
        """Return what a column of the file is called here."""
        return self.columns.get(name, name)

    def value(self, column: str, cell: str) -> str:
        """Return what a cell of a column means."""
        return self.values.get(column, {}).get(cell.strip(), cell)

    def moment(self, text: str, source: str, where: str, field: str) -> str:
        """Return a time with its offset; one that is no time, or has an offset, stays as it is.

        Raises
        ------
        InputError
            There was no such time in the zone, or it was there twice and which is meant is not said.
        """
        naive = _naive(text)
        if naive is None or self.time_zone is None:
            return text
        zone = ZoneInfo(self.time_zone)
        first, second = (naive.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
        if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != naive:
            accepted = f"a time that there was in {self.time_zone}"
            raise InputError([Fault(source, where, field, text, accepted, "clocks went forward over it")])
        if first.utcoffset() != second.utcoffset() and self.ambiguous is None:
            accepted = "a time with an offset, or ambiguous = in the manifest"
            hint = f"clocks went back: in {self.time_zone} it was there twice"
            raise InputError([Fault(source, where, field, text, accepted, hint)])
        return (second if self.ambiguous == "later" else first).isoformat()


def _naive(text: str) -> datetime | None:
    """Read a time without an offset; None where it is no time, or has one."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    dated_only = "T" not in text and " " not in text.strip()
    return None if dated_only or moment.tzinfo is not None else moment
