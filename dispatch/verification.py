"""Prove the whole database: the record from its first row, and that what is kept beside it goes with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from dispatch.fold import fold
from dispatch.memory import TOLD, made_again
from dispatch.record import BrokenRecord, Proof, Row, Whole, documents_of
from dispatch.snapshots import hold_against_chain
from dispatch.state import State
from dispatch.store import Past, Reading
from dispatch.upkeep import all_documents, batches, last_answer, past_names, pasts_of, rows_by_subject

# Documents of these kinds are there only because a row names them.
_NAMED: Final = frozenset({"recommendation", "question", "force"})
_BATCH: Final = 5_000


@dataclass(frozen=True, slots=True)
class Head:
    """A row whose hash was kept elsewhere."""

    seq: int
    sha256: str


def verify_database(reading: Reading, head: Head | None = None) -> Whole:
    """Prove a database whole.

    Parameters
    ----------
    reading
        Read as of one moment, and only once: a record may be larger than the memory.
    head
        Proves besides that no rows were taken off the end since it was kept.

    Raises
    ------
    BrokenRecord
        With the first row that is not as it was written, or else with what is wrong beside the rows.
    """
    proof, named, kept = Proof(), dict[str, int](), _Kept(reading)
    for row in reading.after(0):
        proof.see(row)
        if head is not None and row.seq == head.seq and row.sha256 != head.sha256:
            raise BrokenRecord(row.seq, f"its hash is {row.sha256}, and was {head.sha256} when it was kept elsewhere")
        for name in documents_of(row):
            named.setdefault(name, row.seq)
        kept.see(row)
    whole = proof.whole()
    _require_end(reading, whole, head)
    kept.require_borne_out()
    _require_documents(reading, named)
    _require_history(reading)
    return whole


class _Kept:
    """Folds the record up to the newest snapshot, and holds the one against the other."""

    def __init__(self, reading: Reading) -> None:
        self._reading, self._snapshot = reading, reading.snapshot()
        self._until = 0 if self._snapshot is None else self._snapshot[0]
        self._state, self._rows = State(), list[Row]()

    def see(self, row: Row) -> None:
        if row.seq > self._until:
            return
        self._rows.append(row)
        if row.seq == self._until or len(self._rows) == _BATCH:
            self._state, self._rows = fold(self._state, self._rows), []

    def require_borne_out(self) -> None:
        if self._snapshot is None:
            return
        seq, name, body = self._snapshot
        try:
            kept = hold_against_chain(self._reading.row(seq), self._reading.row(seq + 1), name, body)
        except ValueError as error:
            raise BrokenRecord(seq, "the snapshot up to it is no state") from error
        if kept != self._state:
            raise BrokenRecord(seq, "the snapshot up to it is another state than its events make")


def _require_end(reading: Reading, whole: Whole, head: Head | None) -> None:
    told = [(last_answer(reading), "an answer was given")]
    if head is not None:
        told.append((head.seq, "a head was kept elsewhere"))
    for seq, because in told:
        if seq > whole.rows:
            raise BrokenRecord(whole.rows + 1, f"missing; {because} when there were {seq} rows: the end was cut off")


def _require_documents(reading: Reading, named: dict[str, int]) -> None:
    for document in all_documents(reading):
        if sha256(document.body).hexdigest() != document.sha256:
            raise BrokenRecord(document.seq, f"the document {document.sha256} that it names was changed")
        if named.pop(document.sha256, None) is None and document.kind in _NAMED:
            raise BrokenRecord(None, f"no row names the document {document.sha256}, kept with row {document.seq}")
    if named:
        name, seq = min(named.items(), key=lambda item: item[1])
        raise BrokenRecord(seq, f"the document {name} that it names is missing")


def _require_history(reading: Reading) -> None:
    unmade = set(past_names(reading))
    for batch in batches(made_again(rows_by_subject(reading, TOLD))):
        unmade.difference_update(past.incident_id for _, past in batch)
        _require_same(batch, pasts_of(reading, [past.incident_id for _, past in batch]))
    if unmade:
        raise BrokenRecord(None, f"the history has an incident {min(unmade)} that no event made")


def _require_same(made: Iterable[tuple[int, Past]], kept: dict[str, Past]) -> None:
    for seq, past in made:
        found = kept.get(past.incident_id)
        if found is None:
            raise BrokenRecord(seq, f"the history lacks its incident {past.incident_id}")
        if found != past:
            raise BrokenRecord(seq, f"the history of its incident {past.incident_id} is another than its events make")
