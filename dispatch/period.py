"""A period of the record as one file: what happened, and the documents that it names, with a checksum of its own.

The file is gzip over JSON Lines in UTF-8. The first line is the manifest; then come rows, documents and position
reports, one a line; the last line counts them and has the SHA-256 of all lines before it. See ``docs/record.md``.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from dispatch.record import GENESIS, BrokenRecord, Row, check, checked, documents_of, iso
from dispatch.store import Reading, Report
from dispatch.upkeep import Document, documents_named, fixes_between, recorded_span
from graphs.errors import NearestError
from graphs.provenance import product_version

FORMAT: Final = "nearest-record-period"
VERSION: Final = 1


class PeriodFileError(NearestError):
    """A file of a period is damaged, was changed, or is of another version."""

    exit_code = 2
    status = 422
    slug = "period-file"
    title = "The file of the period cannot be used"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a file holds.

    Parameters
    ----------
    start, end
        Recorded at ``start <= t < end``; None where there was no such limit.
    first, last
        Its rows; those between that a clock set back puts outside the period are there too.
    previous, sha256
        The hash of the row before the first, and that of the last.
    product
        The version that wrote it.
    """

    start: str | None
    end: str | None
    first: int
    last: int
    previous: str
    sha256: str
    product: str
    format: Literal["nearest-record-period"] = FORMAT
    version: Literal[1] = VERSION


@dataclass(frozen=True, slots=True)
class End:
    """How many lines of each kind a file has, and the SHA-256 of all before this one."""

    rows: int
    documents: int
    fixes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class _Text:
    sha256: str
    kind: str
    seq: int
    body: str


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    manifest: Manifest | None = None
    row: Row | None = None
    document: _Text | None = None
    fix: Report | None = None
    end: End | None = None

    @model_validator(mode="after")
    def _is_one_thing(self) -> _Line:
        if len(self.model_fields_set) != 1:
            raise ValueError("a line has one thing")
        return self


@dataclass(frozen=True, slots=True)
class Held:
    """What a file was found to hold."""

    manifest: Manifest
    end: End


Item = Manifest | Row | Document | Report | End


def write_period(
    reading: Reading, path: Path, start: datetime | None, end: datetime | None, *, with_fixes: bool
) -> Held | None:
    """Write a period of the record to a file; equal content gives equal lines.

    Parameters
    ----------
    start, end
        Rows recorded at ``start <= t < end``; None for no limit.
    with_fixes
        Whether to write the position reports received in the period too.

    Returns
    -------
    Held or None
        None, and no file, where nothing was recorded in the period.

    Raises
    ------
    BrokenRecord
        The record is not whole there.
    OSError
        The file cannot be written.
    """
    span = recorded_span(reading, start, end)
    if span is None:
        return None
    manifest = _manifest(reading, span, start, end)
    fixes = fixes_between(reading, start, end) if with_fixes else iter(())
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file, gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:
            held = _write(packed, reading, manifest, fixes)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return held


def _manifest(reading: Reading, span: tuple[int, int], start: datetime | None, end: datetime | None) -> Manifest:
    first, last = span
    before, ending = reading.row(first - 1), reading.row(last)
    if ending is None or (before is None) != (first == 1):
        raise BrokenRecord(first - 1, "missing")
    return Manifest(
        start=None if start is None else iso(start),
        end=None if end is None else iso(end),
        first=first,
        last=last,
        previous=GENESIS if before is None else before.sha256,
        sha256=ending.sha256,
        product=product_version(),
    )


def _write(file: gzip.GzipFile, reading: Reading, manifest: Manifest, fixes: Iterator[Report]) -> Held:
    digest, counts = hashlib.sha256(), {"row": 0, "document": 0, "fix": 0}

    def put(kind: str, value: Any) -> None:
        line = orjson.dumps({kind: value}) + b"\n"
        digest.update(line)
        file.write(line)
        if kind in counts:
            counts[kind] += 1

    put("manifest", manifest)
    names = dict[str, int]()
    for row in checked(_rows(reading, manifest), manifest.previous, manifest.first):
        put("row", row)
        names.update((name, row.seq) for name in documents_of(row) if name not in names)
    for document in documents_named(reading, names):
        put("document", {**asdict(document), "body": document.body.decode()})
    if counts["document"] != len(names):
        raise BrokenRecord(_first_missing(reading, names), "a document that it names is missing")
    for report in fixes:
        put("fix", report)
    end = End(counts["row"], counts["document"], counts["fix"], digest.hexdigest())
    put("end", end)
    return Held(manifest, end)


def _rows(reading: Reading, manifest: Manifest) -> Iterator[Row]:
    for row in reading.after(manifest.first - 1):
        if row.seq > manifest.last:
            return
        yield row


def _first_missing(reading: Reading, names: dict[str, int]) -> int:
    there = {document.sha256 for document in documents_named(reading, names)}
    return min(seq for name, seq in names.items() if name not in there)


def read_period(path: Path) -> Held:
    """Read a file through, and prove it whole.

    Raises
    ------
    PeriodFileError
        With the line that is not as it was written, and what is wrong.
    OSError
        The file cannot be read.
    """
    reader = _Reader()
    for _ in _items(path, reader):
        pass
    return reader.held()


def read_items(path: Path) -> Iterator[Item]:
    """Yield what a file holds, each thing proved as it comes; the checksum of the whole comes last.

    Raises
    ------
    PeriodFileError, OSError
        As `read_period`.
    """
    return _items(path, _Reader())


def _items(path: Path, reader: _Reader) -> Iterator[Item]:
    number = 1
    try:
        with gzip.open(path, "rb") as file:
            for line in file:
                yield reader.read(line)
                number += 1
        reader.held()
    except (BrokenRecord, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise PeriodFileError(f"{path} line {number}: {error}") from error
    except ValidationError as error:
        raise PeriodFileError(f"{path} line {number}: {_reason(error)}") from error


def _reason(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place}: {first['msg']}" if place else first["msg"]


class _Reader:
    """Proves line after line."""

    def __init__(self) -> None:
        self._end: End | None = None
        self._manifest: Manifest | None = None
        self._digest = hashlib.sha256()
        self._previous, self._seq = GENESIS, 1
        self._named, self._documents, self._fixes = set[str](), 0, 0

    def read(self, text: bytes) -> Item:
        line = _Line.model_validate_json(text)
        if self._end is not None:
            raise BrokenRecord(None, "there is a line after the last")
        if line.end is not None:
            return self._ended(line.end)
        self._digest.update(text)
        if (line.manifest is None) == (self._manifest is None):
            raise BrokenRecord(None, "the first line, and no other, is the manifest")
        if line.row is not None:
            return self._row(line.row)
        if line.document is not None:
            return self._document(line.document)
        return self._fix(line.fix) if line.fix is not None else self._begun(line.manifest)

    def held(self) -> Held:
        if self._manifest is None or self._end is None:
            raise BrokenRecord(None, "missing; the end of the file was cut off")
        return Held(self._manifest, self._end)

    def _fix(self, report: Report) -> Report:
        self._fixes += 1
        return report

    def _begun(self, manifest: Manifest | None) -> Manifest:
        if manifest is None:
            raise BrokenRecord(None, "a line has one thing")
        self._manifest, self._previous, self._seq = manifest, manifest.previous, manifest.first
        return manifest

    def _row(self, row: Row) -> Row:
        if self._documents or self._fixes:
            raise BrokenRecord(row.seq, "stands after the documents")
        check(row, self._previous, self._seq)
        self._previous, self._seq = row.sha256, row.seq + 1
        self._named.update(documents_of(row))
        return row

    def _document(self, told: _Text) -> Document:
        document = Document(told.sha256, told.kind, told.seq, told.body.encode())
        if hashlib.sha256(document.body).hexdigest() != document.sha256:
            raise BrokenRecord(document.seq, f"the document {document.sha256} that it names was changed")
        if document.sha256 not in self._named:
            raise BrokenRecord(None, f"no row names the document {document.sha256}, or it is there twice")
        self._named.discard(document.sha256)
        self._documents += 1
        return document

    def _ended(self, end: End) -> End:
        if self._manifest is None:
            raise BrokenRecord(None, "the first line, and no other, is the manifest")
        rows = self._seq - self._manifest.first
        if (self._seq - 1, self._previous) != (self._manifest.last, self._manifest.sha256):
            raise BrokenRecord(self._seq, f"missing; the manifest tells of rows up to {self._manifest.last}")
        if self._named:
            raise BrokenRecord(None, f"a document that a row names is missing: {min(self._named)}")
        if (end.rows, end.documents, end.fixes) != (rows, self._documents, self._fixes):
            raise BrokenRecord(None, "lines were taken out or put in: their number is another")
        if end.sha256 != self._digest.hexdigest():
            raise BrokenRecord(None, "the checksum is another: something before this line was changed")
        self._end = end
        return end
