"""What a folder of records means: ``manifest.toml`` beside files of any layout, for ``nearest import``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from dispatch.force_tables import TimeZone
from graphs.errors import InputError
from graphs.faults import parse_toml, read_text, shape_faults
from graphs.moments import MOMENT, Moment
from scenarios.evidence import Assumed
from scenarios.manifest import File

TABLES: Final = (
    *("incidents", "assignments", "statuses", "duties", "positions", "regrades", "amendments", "closures", "demand"),
)
_COLUMNS: Final = "a table of columns: what the file calls it, then what it is called here; nothing for one not read"
_PRESETS: Final = "generic, london_fire, dallas_police, jemss, police_uk or record"


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


class TableManifest(BaseModel):
    """What the files of one table mean.

    Attributes
    ----------
    file
        The files, by their path in the folder.
    columns
        By a column of the file, the name of the column here; an empty one is passed over.
    values
        By a column here, what its values mean.
    given
        By a column here, the value that every row has.
    times
        Formats of times as Python's ``strptime`` has them, tried after ISO 8601; ``unix_s``, ``unix_ms`` and ``days``
        stand for numbers.
    id_restarts_daily
        Incident numbers begin again every day: an identifier is then ``date/number``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: Annotated[tuple[str, ...], BeforeValidator(_as_list)] = Field(
        default=(), description="a path in the folder, or a list of them"
    )
    columns: Mapping[str, str] = Field(default_factory=dict, description=_COLUMNS)
    values: Mapping[str, Mapping[str, str]] = Field(
        default_factory=dict, description="for each column here, a table of values and what they mean"
    )
    given: Mapping[str, str] = Field(default_factory=dict, description="for columns here, the value of every row")
    times: Annotated[tuple[str, ...], BeforeValidator(_as_list)] = Field(
        default=(), description='formats of strptime, "unix_s", "unix_ms" or "days"'
    )
    id_restarts_daily: bool = Field(default=False, description="true or false")


class RecordsManifest(BaseModel):
    """What a folder of records means.

    Attributes
    ----------
    preset
        A layout that is known; see `scenarios.layouts`.
    time_zone
        Of times without an offset; without it they are refused.
    coordinates
        Which of two pairs of columns is read where a file has both.
    ambiguous
        Which of two readings of a time counts where clocks went back and the order of steps does not tell.
    day_zero
        The day that ``days`` count from.
    start, end
        Of the period: nothing happened after its end. From the first to the last row if they are not given.
    force, network
        A path in the folder, or a shipped force profile by name; a table is what ``nearest csv-out`` writes.
    simulated
        The records are of a simulation, so that they may lie in the future.
    assume
        What is taken for granted.
    record, files
        As ``nearest csv-out`` writes them; ``files`` has the SHA-256 of each.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    preset: str = Field(default="", description=_PRESETS)
    time_zone: TimeZone | None = Field(default=None, description="an IANA time zone")
    coordinates: Literal["wgs84", "british_grid"] | None = Field(default=None, description='"wgs84" or "british_grid"')
    ambiguous: Literal["earlier", "later"] | None = Field(default=None, description='"earlier" or "later"')
    day_zero: date | None = Field(default=None, description="a date")
    start: Moment | None = Field(default=None, description=MOMENT)
    end: Moment | None = Field(default=None, description=MOMENT)
    force: str | Mapping[str, Any] = Field(default="", description="a path in the folder, or cleveland")
    network: str | Mapping[str, Any] = Field(default="", description="a path in the folder")
    profiles: str = Field(default="", description="a path in the folder")
    simulated: bool = Field(default=False, description="true or false")
    assume: Assumed | None = Field(default=None, description="a table of what is taken for granted")
    record: Mapping[str, Any] = Field(default_factory=dict, description="a table")
    files: Mapping[str, File] = Field(default_factory=dict, description="a table for each file")
    incidents: TableManifest = TableManifest()
    assignments: TableManifest = TableManifest()
    statuses: TableManifest = TableManifest()
    duties: TableManifest = TableManifest()
    positions: TableManifest = TableManifest()
    regrades: TableManifest = TableManifest()
    amendments: TableManifest = TableManifest()
    closures: TableManifest = TableManifest()
    demand: TableManifest = TableManifest()

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a manifest.

        Raises
        ------
        InputError
            With every fault found.
        """
        values = parse_toml(read_text(path, "a TOML file in UTF-8"), str(path))
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise InputError(shape_faults(error, cls, str(path))) from error

    def table(self, name: str) -> TableManifest:
        """Return what is said of one table."""
        found = getattr(self, name)
        assert isinstance(found, TableManifest)  # noqa: S101 - a name of TABLES
        return found

    @property
    def said_preset(self) -> str:
        """The preset; a folder of ``nearest csv-out`` needs not say that it is one."""
        return self.preset or ("record" if self.record and self.files else "")
