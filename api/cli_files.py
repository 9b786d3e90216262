"""Commands about the files that people bring and take: ``nearest import-history`` and ``csv-out``."""

from __future__ import annotations

import getpass
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from api.cli_record import _database, _from, _moment, _now, _service_force, _service_force_option, _store, _to
from api.options import OPTIONS
from dispatch.imported import Brought, bring
from graphs.errors import Fault, InputError
from graphs.faults import gather
from scenarios.csv_out import write_files
from scenarios.history import History, quarantine, read_history
from scenarios.manifest import Manifest

NOTHING_SOUND: Final = 2
_SHOWN: Final = 20


@click.command("import-history")
@click.argument("file", type=click.Path(path_type=Path))
@_database
@_service_force_option
@click.option("--mapping", type=click.Path(path_type=Path), help="manifest.toml: time zone, columns, values.")
@click.option(
    "--quarantine",
    "aside",
    type=click.Path(path_type=Path),
    help="Where rows go that are not accepted; FILE.quarantine.csv if not given.",
)
@click.option("--by", default=getpass.getuser, help="Who imports, for the record; the system's user if not given.")
def import_history_command(
    file: Path, database: str | None, force_file: Path | None, mapping: Path | None, aside: Path | None, by: str
) -> None:
    """Import the past incidents in FILE, a CSV file, for history checks to find; doing it twice does it once."""
    faults: list[Fault] = []
    force = gather(faults, lambda: _service_force(force_file))
    manifest = Manifest() if mapping is None else gather(faults, lambda: Manifest.read(mapping))
    if faults or force is None or manifest is None:
        raise InputError(faults)
    manifest.require_unchanged(file)
    found = read_history(file, force, manifest, _now())
    with _store(database, read_only=False) as store:
        store.migrate()
        done = bring(store, found.sound, force, by)
    aside = aside or file.with_name(f"{file.name}.quarantine.csv")
    if found.refused:
        aside.write_text(quarantine(found.refused), "utf-8", newline="")
    for line in _funnel(found, done, aside):
        click.echo(line)
    if found.refused and not found.sound:
        sys.exit(NOTHING_SOUND)


def _funnel(found: History, done: Brought, aside: Path) -> Iterator[str]:
    """Say what became of every row."""
    yield f"{found.read:>9,} read"
    yield f"{done.imported:>9,} imported"
    yield f"{done.known:>9,} already there"
    yield f"{len(found.refused):>9,} quarantined{f', see {aside}' if found.refused else ''}"
    reasons = Counter(each.reason for each in found.refused)
    for reason, count in reasons.most_common(_SHOWN):
        yield f"{count:>13,} {reason}"
    if len(reasons) > _SHOWN:
        yield f"{sum(reasons.values()) - sum(n for _, n in reasons.most_common(_SHOWN)):>13,} for other reasons"
    for (lat, lon), count in sorted(found.crowded.items(), key=lambda item: -item[1])[:_SHOWN]:
        yield f"note: {count:,} incidents of different callers at {lat}, {lon}: probably a default location"


@click.command("csv-out")
@_database
@_from
@_to
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The folder to write into.")
def csv_out_command(database: str | None, start: str | None, end: str | None, output: Path) -> None:
    """Write a period of the record as CSV files, closures.geojson and a manifest with their checksums."""
    faults: list[Fault] = []
    span = _moment(start, "--from", faults), _moment(end, "--to", faults)
    if output.is_file() or not output.parent.is_dir():
        faults.append(Fault(OPTIONS, "", "-o", str(output), "a folder, in one that exists"))
    if faults:
        raise InputError(faults)
    with _store(database, read_only=True) as store, store.reading() as reading:
        counts = write_files(reading, output, *span)
    click.echo(f"{output}: {', '.join(f'{name} {count:,}' for name, count in counts.items())}")


COMMANDS: Final[tuple[click.Command, ...]] = (import_history_command, csv_out_command)
