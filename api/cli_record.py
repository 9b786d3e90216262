"""Commands about the record: ``nearest verify``, ``export``, ``import``, ``recompute`` and ``nearest admin purge``."""

from __future__ import annotations

import getpass
import os
import re
import sys
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import click
from rich.table import Table

from api import replay_requests, simulation_requests
from api.answers import to_json
from api.jobs import AskedT, Jobs
from api.options import (
    OPTIONS,
    closures_option,
    conditions_of,
    graph_option,
    json_option,
    out,
    profiles_option,
    put,
    read_force,
    read_network,
    stored,
)
from api.settings import Replaying, Simulating
from dispatch.advice import RECOMMENDED
from dispatch.force import Force
from dispatch.force_tables import Retention
from dispatch.live import Roads
from dispatch.period import Held, read_items, read_period, write_period
from dispatch.period_import import import_period
from dispatch.purge import Due, due, purge
from dispatch.recompute import Kept, Outcome, Recomputed, kept_recommendations, recompute, require_same_inputs
from dispatch.record import Row
from dispatch.store import Store
from dispatch.upkeep import Document, rows_recorded
from dispatch.verification import Head, verify_database
from graphs.errors import Fault, InputError
from graphs.faults import gather
from scenarios.rows import read_moment

DIFFERS: Final = 3
_HEAD: Final = re.compile(r"([1-9][0-9]*):([0-9a-f]{64})")
_OUTCOMES: Final[dict[Outcome, str]] = {
    "equal": "equal to the byte",
    "equal_but_version": "equal; another version of the program, or more in the force profile",
    "differs": "DIFFERS",
    "purged": "purged",
}
_database = click.option("--database", help="Address of the database; NEAREST_DATABASE_URL if not given.")
_service_force_option = click.option(
    "--force",
    "force_file",
    type=click.Path(path_type=Path),
    help="Force profile (TOML); NEAREST_FORCE if not given, else Cleveland.",
)
_from = click.option("--from", "start", help="ISO time; recorded then or later. From the first row if not given.")
_to = click.option("--to", "end", help="ISO time; recorded before. To the last row if not given.")


@contextmanager
def _store(database: str | None, *, read_only: bool) -> Iterator[Store]:
    store = Store(stored(database).database_url, _now, read_only=read_only)
    try:
        yield store
    finally:
        store.close()


def _now() -> datetime:
    return datetime.now(UTC)


@click.command("verify")
@_database
@click.option("--head", help="SEQ:SHA256 of a row, kept elsewhere: proves that no rows were taken off the end since.")
@json_option
def verify_command(database: str | None, head: str | None, *, as_json: bool) -> None:
    """Prove the record whole, with all that is kept beside it, or name the first broken row and what is wrong."""
    kept = _head(head)
    with _store(database, read_only=True) as store, store.reading() as reading:
        whole = verify_database(reading, kept)
    if as_json:
        put(to_json(asdict(whole)))
    else:
        purged = f", {whole.purged:,} of them purged" if whole.purged else ""
        click.echo(f"whole: {whole.rows:,} rows{purged}\nhead {whole.rows}:{whole.sha256}")


def _head(text: str | None) -> Head | None:
    found = None if text is None else _HEAD.fullmatch(text)
    if text is not None and found is None:
        raise InputError([Fault(OPTIONS, "", "--head", text, "SEQ:SHA256, as 'nearest verify' prints it")])
    return None if found is None else Head(int(found[1]), found[2])


@click.command("export")
@_database
@_from
@_to
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The file to write.")
@click.option("--fixes", is_flag=True, help="Write the position reports received in the period too.")
def export_command(database: str | None, start: str | None, end: str | None, output: Path, *, fixes: bool) -> None:
    """Write a period of the record, with the documents that it names, to one file."""
    faults: list[Fault] = []
    span = _moment(start, "--from", faults), _moment(end, "--to", faults)
    if output.is_dir() or not output.parent.is_dir():
        faults.append(Fault(OPTIONS, "", "-o", str(output), "a file in a folder that exists"))
    if faults:
        raise InputError(faults)
    with _store(database, read_only=True) as store, store.reading() as reading:
        held = write_period(reading, output, *span, with_fixes=fixes)
    if held is None:
        raise InputError([Fault(OPTIONS, "", "--from, --to", "no row", "a period in which something was recorded")])
    click.echo(f"{output}: {_described(held)}")


def _moment(text: str | None, option: str, faults: list[Fault]) -> datetime | None:
    return None if text is None else gather(faults, partial(read_moment, text, OPTIONS, option))


def _described(held: Held) -> str:
    end, manifest = held.end, held.manifest
    return (
        f"rows {manifest.first} to {manifest.last}, {end.documents:,} documents, {end.fixes:,} position reports; "
        f"SHA-256 {end.sha256}"
    )


def import_record(file: Path, database: str | None, *, check: bool) -> None:
    """Put the period in a file into an empty record, or at the end of the record that it goes on from."""
    if check:
        click.echo(f"{file}: whole: {_described(read_period(file))}")
        return
    with _store(database, read_only=False) as store:
        store.migrate()
        held = import_period(store, file)
    click.echo(f"{file}: {_described(held)}; imported")


@click.command("recompute")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_database
@_from
@_to
@graph_option
@click.option(
    "--force", "force_file", type=click.Path(path_type=Path), help="Force profile (TOML); as kept if not given."
)
@profiles_option
@closures_option
@json_option
def recompute_command(
    file: Path | None,
    database: str | None,
    start: str | None,
    end: str | None,
    graph_file: Path,
    force_file: Path | None,
    profiles: Path | None,
    closures_file: Path | None,
    *,
    as_json: bool,
) -> None:
    """Answer the question of every kept recommendation once more, and hold the answers against those of then.

    They are read from FILE, an export, or from the database. --closures is the file with which the service was started.
    """
    faults: list[Fault] = []
    span = _moment(start, "--from", faults), _moment(end, "--to", faults)
    network, force = read_network(graph_file, profiles), None if force_file is None else read_force(force_file)
    roads = Roads(network, conditions_of(closures_file, network, faults))
    if file is not None and (database or start or end):
        faults.append(Fault(OPTIONS, "", "FILE", str(file), "FILE, or --database, --from and --to"))
    if faults:
        raise InputError(faults)
    with _kept(file, database, span) as kept:
        require_same_inputs(kept(), network, force)
        results = list(recompute(kept(), network, roads, force))
    if as_json:
        put(to_json([asdict(result) for result in results]))
    else:
        _print(results)
    if any(result.outcome == "differs" for result in results):
        sys.exit(DIFFERS)


@contextmanager
def _kept(
    file: Path | None, database: str | None, span: tuple[datetime | None, datetime | None]
) -> Iterator[partial[Iterator[Kept]]]:
    if file is not None:
        rows, packed = _read(file)
        yield partial(kept_recommendations, rows, lambda name: zlib.decompress(packed[name]))
        return
    with _store(database, read_only=True) as store, store.reading() as reading:

        def kept() -> Iterator[Kept]:
            return kept_recommendations(rows_recorded(reading, RECOMMENDED, *span), reading.document)

        yield partial(kept)


def _read(file: Path) -> tuple[list[Row], dict[str, bytes]]:
    """Read the recommendations of a file, and its documents, which stay packed: there may be many."""
    rows, packed = list[Row](), dict[str, bytes]()
    for item in read_items(file):
        if isinstance(item, Row) and item.kind == RECOMMENDED:
            rows.append(item)
        elif isinstance(item, Document):
            packed[item.sha256] = zlib.compress(item.body, 1)
    return rows, packed


def _print(results: list[Recomputed]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("row", "at", "incident", "suggested", "once more", "what differs"):
        table.add_column(name)
    for item in results:
        said = _OUTCOMES[item.outcome], ", ".join(item.differing)
        table.add_row(str(item.seq), item.at, item.incident_id or "", ", ".join(item.suggested) or "nobody", *said)
    out().print(table)
    counts = Counter(item.outcome for item in results)
    told = "; ".join(f"{counts[name]:,} {words}" for name, words in _OUTCOMES.items() if counts[name])
    out().print(f"{len(results):,} recommendations: {told}" if results else "no recommendations")


def _system_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container's user may have a number only.
        return f"user {os.getuid()}"


def _service_force(force_file: Path | None) -> Force:
    """Read the rules that the service goes by, where no others are given."""
    told = os.environ.get("NEAREST_FORCE")
    return read_force(force_file or (Path(told) if told else None))


@click.command("purge")
@_service_force_option
@click.option("--dry-run", is_flag=True, help="Say what would go, and change nothing.")
@click.option("--by", default=_system_user, help="Who purges, for the record; the system's user if not given.")
@click.pass_context
def purge_command(context: click.Context, force_file: Path | None, by: str, *, dry_run: bool) -> None:
    """Purge what the force no longer keeps, by [retention] in its profile, and record that it was done."""
    force = _service_force(force_file)
    database = context.parent.params["database"] if context.parent is not None else None
    with _store(database, read_only=True) as store, store.reading() as reading:
        reading.last()  # a record that is not there is said to be so, and not made
    with _store(database, read_only=dry_run) as store:
        found = _due(store, force) if dry_run else purge(store, force, _now(), by)
    for line in (*_went(found, dry_run=dry_run), *_old_jobs(dry_run=dry_run)):
        click.echo(line)
    if force.retention == Retention():
        click.echo(f"the force profile {force.name} has no number under [retention]: nothing is purged by it")


def _due(store: Store, force: Force) -> Due:
    with store.reading() as reading:
        return due(reading, force, _now())


def _went(found: Due, *, dry_run: bool) -> Iterator[str]:
    yield (
        f"{'would go' if dry_run else 'went'}: {len(found.incidents):,} incidents, "
        f"{len(found.subjects):,} people and addresses of concern, details of {len(found.numbers):,} "
        f"rows ({found.consultations:,} consultations), {len(found.documents):,} documents, {found.answers:,} answers, "
        f"{found.fixes:,} position reports"
    )
    for because, count in sorted(found.kept_back.items()):
        yield f"kept, though their time is up: {count:,}: {because}"


def _old_jobs(*, dry_run: bool) -> Iterator[str]:
    """Remove the replays and simulations that the service has kept for long enough, where it keeps some."""
    replaying, simulating = Replaying.from_environment(), Simulating.from_environment()
    yield from _old(replay_requests.kept_by(replaying), replaying.replays_days, dry_run=dry_run)
    yield from _old(simulation_requests.kept_by(simulating), simulating.simulations_days, dry_run=dry_run)


def _old(kept: Jobs[AskedT] | None, days: int, *, dry_run: bool) -> Iterator[str]:
    if kept is None or not kept.root.is_dir():
        return
    until = _now() - timedelta(days=days)
    count = len(kept.ended_before(until)) if dry_run else kept.sweep(until)
    yield f"{'would go' if dry_run else 'went'}: {count:,} {kept.noun}s that ended more than {days} days ago"


COMMANDS: Final[tuple[click.Command, ...]] = (verify_command, export_command, recompute_command)
