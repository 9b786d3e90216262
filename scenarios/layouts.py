"""Layouts of records that are known: which columns a file has that belongs to which table, and what they mean.

A layout is a list of forms. A form fits every file whose header has its signature, and one file may fit several: a row
of an incident file that names the crew that came gives an incident and an assignment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from scenarios.evidence import Assumed
from scenarios.import_manifest import RecordsManifest, TableManifest

Cells = Mapping[str, str]
NOTHING_ASSUMED: Final = Assumed()


@dataclass(frozen=True)
class Joined:
    """A row of another file of the folder, whose cells are put beside a row with its table's name before theirs.

    Parameters
    ----------
    section
        Name of the file's table, and of the section in it.
    signature
        Columns that the other file has.
    ours, theirs
        Columns of this file and of the other that have to be equal.
    """

    section: str
    signature: frozenset[str]
    ours: str
    theirs: str


@dataclass(frozen=True)
class Form:
    """What a file means for one table.

    Parameters
    ----------
    table
        Which one.
    signature
        Columns by which it is known.
    columns, values, given, times, id_restarts_daily
        See `scenarios.import_manifest.TableManifest`.
    prepare
        Makes other cells of the file's cells, to be mapped by `columns` like them.
    mapped_only
        Columns that are not named here are passed over; otherwise each has to be known.
    first_only
        Several rows of one incident, or of one duty, tell it several times; the first one counts.
    section
        Name of the part of the file that is the table, where a file has several.
    joined
        See `Joined`.
    notes
        What a reader has to know of records of this form.
    assume
        What has to be taken for granted.
    """

    table: str
    signature: frozenset[str]
    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    given: Mapping[str, str] = field(default_factory=dict)
    times: tuple[str, ...] = ()
    id_restarts_daily: bool = False
    prepare: Callable[[Cells], Cells] | None = None
    mapped_only: bool = True
    first_only: bool = False
    section: str = ""
    joined: Joined | None = None
    notes: tuple[str, ...] = ()
    assume: Assumed = NOTHING_ASSUMED

    def told(self, by: TableManifest) -> Form:
        """Return the form with what a manifest says of its table, which goes before what it says itself."""
        more = {column: {**self.values.get(column, {}), **meant} for column, meant in by.values.items()}
        return replace(
            self,
            columns={**self.columns, **by.columns},
            values={**self.values, **more},
            given={**self.given, **by.given},
            times=by.times or self.times,
            id_restarts_daily=by.id_restarts_daily or self.id_restarts_daily,
        )


@dataclass(frozen=True)
class Layout:
    """A layout that is known by a name; see `Form`.

    Parameters
    ----------
    forms
        None where a table is told by the name of its file: ``incidents.csv`` and so on.
    time_zone
        Of its times, where the manifest does not say.
    """

    name: str
    title: str
    forms: tuple[Form, ...] = ()
    time_zone: str | None = None


def plain_form(table: str, by: TableManifest, name: str) -> Form:
    """Return the form of a file that is mapped by a manifest alone."""
    notes = ("Position reports that the record refused when they came are not taken.",) if name == "record" else ()
    return Form(table, frozenset(), mapped_only=False, notes=notes if table == "positions" else ()).told(by)


def assumed(manifest: RecordsManifest, forms: Iterable[Form]) -> Assumed:
    """Return what is taken for granted: by the manifest, else by the forms that the files fit."""
    if manifest.assume is not None:
        return manifest.assume
    told = dict[str, object]()
    for form in forms:
        told |= form.assume.model_dump(exclude_defaults=True)
    return Assumed.model_validate(told)
