"""Put a period of a record, from its file, into a record that ends where it begins."""

from __future__ import annotations

from pathlib import Path

from dispatch.errors import Conflict
from dispatch.memory import TOLD, made_again
from dispatch.period import Held, Manifest, read_items, read_period
from dispatch.record import GENESIS, Row
from dispatch.store import Report, Store, Writing
from dispatch.upkeep import Document, batches, keep_documents, rows_by_subject


def import_period(store: Store, path: Path) -> Held:
    """Put the rows, documents and position reports of a file at the end of a record, all or nothing.

    Answers that were given to keys are not in the file: a key that was used then is new again.

    Raises
    ------
    PeriodFileError
        The file is not whole; nothing is written then.
    Conflict
        The record does not end where the file begins.
    OSError
        The file cannot be read.
    """
    held = read_period(path)
    with store.writing() as writing:
        _require_end(writing, held.manifest)
        subjects = set[str | None]()
        for batch in batches(read_items(path)):
            rows = [item for item in batch if isinstance(item, Row)]
            writing.put(rows)
            subjects.update(row.subject for row in rows if row.kind in TOLD)
            keep_documents(writing, (item for item in batch if isinstance(item, Document)))
            writing.add_fixes([item for item in batch if isinstance(item, Report)])
        for _, past in made_again(rows_by_subject(writing, TOLD)):
            if past.incident_id in subjects:
                writing.remember(past)
    return held


def _require_end(writing: Writing, manifest: Manifest) -> None:
    last = writing.last()
    seq, sha256 = (0, GENESIS) if last is None else (last.seq, last.sha256)
    if manifest.first != seq + 1:
        ends = "the record is empty" if last is None else f"the record ends with row {seq}"
        raise Conflict(f"the file begins with row {manifest.first}, and {ends}: rows would be missing or twice there")
    if manifest.previous != sha256:
        raise Conflict(
            f"the file goes on after another row {seq}: its hash is {manifest.previous}, here it is {sha256}"
        )
