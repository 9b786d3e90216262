"""Commands that bring things from elsewhere: ``nearest import`` of a folder of records, or of a period of a record."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import click
from rich.table import Table

from api.answers import to_json
from api.cli_record import _database, _now, import_record
from api.options import OPTIONS, json_option, out, put
from graphs.errors import Fault, InputError

NOTHING_SOUND: Final = 2
_SHOWN: Final = 8
_FILE_ONLY: Final = ("database", "check")
_FOLDER_ONLY: Final = ("output", "network", "force", "profiles", "preset", "as_json", "suggest")
_SAID: Final = {"as_json": "--json", "output": "-o"}


@click.command("import")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@_database
@click.option("--check", is_flag=True, help="FILE: only prove it whole; write nothing.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="FOLDER: the folder to write.")
@click.option("--network", type=click.Path(path_type=Path), help="FOLDER: the road network of the records.")
@click.option("--force", type=click.Path(path_type=Path), help="FOLDER: force profile (TOML) of the records.")
@click.option("--profiles", type=click.Path(path_type=Path), help="FOLDER: profile table (TOML) to drive by.")
@click.option("--preset", help="FOLDER: a layout that is known, such as london_fire.")
@click.option("--suggest", is_flag=True, help="FOLDER: propose a manifest.toml for it, and write nothing.")
@json_option
def import_command(path: Path, **options: Any) -> None:
    """Import a FOLDER of another system's records for an audit, or a FILE of this product's record.

    A FOLDER has CSV files and a manifest.toml that says what they mean. A FILE is what 'nearest export' wrote: its
    period goes into an empty record, or at the end of the record that it goes on from.
    """
    _require_own(path, options)
    if path.is_dir():
        _import_folder(path, options)
    else:
        import_record(path, options["database"], check=options["check"])


def _require_own(path: Path, options: Mapping[str, Any]) -> None:
    """Refuse the options of a folder beside a file, and the other way round."""
    others, kind = (_FILE_ONLY, "file") if path.is_dir() else (_FOLDER_ONLY, "folder")
    faults = [
        Fault(OPTIONS, "", _SAID.get(name, f"--{name}"), f"with {path}", f"beside a {kind}, and this is none")
        for name in others
        if options[name]
    ]
    if path.is_dir() and not options["suggest"] and options["output"] is None:
        faults.append(Fault(OPTIONS, "", "-o", "nothing", "a folder to write into, or --suggest"))
    if faults:
        raise InputError(faults)


def _import_folder(path: Path, options: Mapping[str, Any]) -> None:
    if options["suggest"]:
        from scenarios.suggest import proposal  # noqa: PLC0415 - see below

        click.echo(proposal(path), nl=False)
        return
    # Frames are slow to import, and other commands need none.
    from scenarios.import_asked import asked_of  # noqa: PLC0415
    from scenarios.import_out import bring_in, summary  # noqa: PLC0415

    asked = asked_of(path, options["preset"] or "", options["network"], options["force"], options["profiles"])
    told = summary(bring_in(asked, options["output"], _now()))
    if options["as_json"]:
        put(to_json(told))
    else:
        _print(told, options["output"])
    counts = told["tables"].values()
    if not any(each["imported"] for each in counts):
        sys.exit(NOTHING_SOUND)


def _print(told: Mapping[str, Any], output: Path) -> None:
    """Say what became of every row."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("table")
    for name in ("read", "imported", "quarantined"):
        table.add_column(name, justify="right")
    table.add_column("of what")
    for name, counts in told["tables"].items():
        numbers = (f"{counts[key]:,}" for key in ("read", "imported", "quarantined"))
        table.add_row(name, *numbers, "\n".join(_reasons(counts)))
    out().print(table)
    for note in told["notes"]:
        out().print(f"note: {note}", highlight=False)
    out().print(f"{output}: {told['start']} to {told['end']}", highlight=False)
    if not told["replayable"]:
        out().print("nothing can be replayed: there is no incident", highlight=False)


def _reasons(counts: Mapping[str, Any]) -> Iterator[str]:
    reasons = list(counts["reasons"].items())
    yield from (f"{count:,} {reason}" for reason, count in reasons[:_SHOWN])
    if len(reasons) > _SHOWN:
        yield f"{sum(count for _, count in reasons[_SHOWN:]):,} for other reasons"
    for name, words in (("told_again", "told once more"), ("refused_before", "refused when they came, not taken")):
        if counts.get(name):
            yield f"{counts[name]:,} {words}"


COMMANDS: Final[tuple[click.Command, ...]] = (import_command,)
