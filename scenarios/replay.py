"""Replay a period: judge every incident of an imported folder, in parallel, going on where it was interrupted.

The same inputs give equal bytes, whatever the number of processes and however often it was interrupted.
"""

from __future__ import annotations

import gc
import gzip
import os
import shutil
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any, Final

import orjson

from graphs.network import Network
from graphs.provenance import code_hash, product_version
from scenarios.evidence import POSITIONS, Evidence, read_evidence
from scenarios.known import Known
from scenarios.past import PastIncident
from scenarios.past_fixes import PastFixes
from scenarios.verdict import CLASSES, Verdict
from scenarios.verdict_rows import from_lines, to_line, write_verdicts
from scenarios.weighed import Weighed, weighed
from scenarios.what_if import Change, SectorCarsEverywhere, WhatIf, read_what_if
from scenarios.workplace import PACKAGES, Workplace, put_whole, require_same, workplace, write_whole

VERDICTS: Final = "verdicts.csv"
LEDGERS: Final = "ledgers.jsonl.gz"
REPLAY: Final = "replay.json"
PROGRESS: Final = "progress.json"
# As many incidents as a process judges at a time: a few seconds are lost where it is stopped, and hardly any to begin.
PART: Final = 200
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Replayed:
    """A finished replay.

    Parameters
    ----------
    verdicts
        Of every incident, in order of receipt.
    about
        Inputs, versions and counts, as ``replay.json`` has them.
    what_ifs
        Changes, each with the verdicts that there would be.
    """

    evidence: Evidence
    network: Network | None
    verdicts: tuple[Verdict, ...]
    about: Mapping[str, Any]
    what_ifs: tuple[tuple[Change, tuple[Verdict, ...]], ...] = ()


def told_nobody(_done: int, _total: int) -> None:
    """Tell nobody."""


def replay(
    folder: Path, out: Path, *, jobs: int = 0, told: Progress = told_nobody, changes: Path | None = None
) -> Replayed:
    """Judge every incident of an imported folder and write ``verdicts.csv``, ``ledgers.jsonl.gz`` and ``replay.json``.

    Parameters
    ----------
    folder
        What ``nearest import`` made.
    out
        A folder, made if it is not there. What an interrupted replay of the same inputs left there is gone on with.
    jobs
        How many processes; 0 for as many as there are processors.
    told
        Is called with how many incidents are done, and of how many.
    changes
        A file of what-if changes; the incidents are judged once more for each.

    Raises
    ------
    InputError
        The folder is none, files of it were changed since the import, the changes are at fault, or ``out`` is in the
        folder or held by another replay.
    """
    with workplace(folder, out) as place:
        done = judged(place, jobs=jobs, told=told, changes=changes)
        write_answers(place, done)
        write_about(place, done)
        return done


def judged(place: Workplace, *, jobs: int, told: Progress, changes: Path | None) -> Replayed:
    """Judge every incident, and write nothing but what an interrupted replay goes on with; see `replay`."""
    try:
        found = _judged(place, jobs, told, changes)
    except Exception:
        # Whatever it is, inputs that changed meanwhile may be why.
        place.require_same()
        raise
    (place.out / PROGRESS).unlink(missing_ok=True)
    place.require_same()
    return found


def _judged(place: Workplace, jobs: int, told: Progress, changes: Path | None) -> Replayed:
    task = Task(place.folder, place.manifest, place.work / "as_it_was", _shared_fixes(place))
    evidence = task.evidence()
    network = evidence.network()
    asked = () if changes is None else read_what_if(changes, evidence, network)
    tell = _progress(place.out, told, (len(asked) + 1) * len(evidence.incidents))
    verdicts = judge_all(task, evidence.incidents, jobs, tell(0))
    then = [
        (each.change, judge_all(_changed(task, each), evidence.incidents, jobs, tell(row)))
        for row, each in enumerate(asked, 1)
    ]
    for each in asked:
        each.require_same()
    # What is mapped stays readable after its file is gone.
    return Replayed(evidence, network, verdicts, _about(place, evidence, verdicts, asked), tuple(then))


def write_answers(place: Workplace, done: Replayed) -> None:
    """Write the verdicts and the ledgers. ``replay.json`` goes first and comes last: with it, all is of one replay."""
    (place.out / REPLAY).unlink(missing_ok=True)
    verdicts, ledgers = place.work / VERDICTS, place.work / LEDGERS
    write_verdicts(verdicts, done.verdicts)
    _join_ledgers(place.work / "as_it_was", ledgers)
    put_whole(verdicts, place.out / VERDICTS)
    put_whole(ledgers, place.out / LEDGERS)


def write_about(place: Workplace, done: Replayed) -> None:
    """Write ``replay.json``, when all else is written."""
    body = orjson.dumps(done.about, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
    write_whole(place.out / REPLAY, body)


def _changed(task: Task, what_if: WhatIf) -> Task:
    """Return what is to be judged under a change."""
    before = task.work if what_if.change.sector_cars is not None else None
    return replace(task, work=task.work.with_name(f"what_if-{what_if.key[:16]}"), what_if=what_if, before=before)


@dataclass(frozen=True)
class Task:
    """What is to be judged, and where what is done so far is kept.

    Parameters
    ----------
    folder, manifest
        The imported folder, and the hash of its manifest.
    work
        Where finished parts are kept.
    fixes
        Where the columns of its position reports are, for all processes to share.
    what_if
        What is different; None for nothing.
    before
        Where the finished parts are that a change is applied to; None where it is judged without them.
    """

    folder: Path
    manifest: str
    work: Path
    fixes: Path
    what_if: WhatIf | None = None
    before: Path | None = None

    def evidence(self) -> Evidence:
        """Read the record."""
        return read_evidence(self.folder, fixes=PastFixes.open(self.fixes))


def _shared_fixes(place: Workplace) -> Path:
    """Put the columns of the position reports where all processes share them."""
    shared = place.work / "fixes"
    if not shared.is_dir():
        fixes, making = read_evidence(place.folder).fixes, place.work / "fixes.part"
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir()
        fixes.save(making)
        # What is kept for a replay that goes on must be of these inputs.
        place.require_same()
        put_whole(making, shared)
    return shared


def _progress(out: Path, told: Progress, total: int) -> Callable[[int], Progress]:
    """Return what tells of each round how far all is, to whoever asked and to whoever reads ``progress.json``."""

    def tell(row: int, done: int, count: int) -> None:
        all_done = row * count + done
        write_whole(out / PROGRESS, orjson.dumps({"phase": "judging", "done": all_done, "total": total}))
        told(all_done, total)

    return lambda row: partial(tell, row)


def judge_all(task: Task, incidents: Sequence[PastIncident], jobs: int, told: Progress) -> tuple[Verdict, ...]:
    """Judge all incidents of a task but for those that are judged already, and return their verdicts in order.

    Parameters
    ----------
    incidents
        Of the record, in order.
    """
    task.work.mkdir(exist_ok=True)
    count = len(incidents)
    sizes = {start: min(PART, count - start) for start in range(0, count, PART)}
    todo = [start for start, size in sizes.items() if not _is_done(task.work, start, size)]
    done = count - sum(sizes[start] for start in todo)
    told(done, count)
    for start in _each_done(task, todo, jobs or os.cpu_count() or 1):
        done += sizes[start]
        told(done, count)
    verdicts = tuple(one for start in sizes for one in from_lines(_part(task.work, start).read_bytes()))
    if [one.incident_id for one in verdicts] != [each.incident_id for each in incidents]:
        raise RuntimeError(f"the parts in {task.work} are not of the incidents: delete the folder, and begin again")
    return verdicts


def _is_done(work: Path, start: int, size: int) -> bool:
    """Tell whether a part is there with all that belongs to it: a disk that filled up leaves less."""
    try:
        verdicts, ledgers = _part(work, start).read_bytes(), _ledgers(work, start).read_bytes()
        gzip.decompress(ledgers)
    except (OSError, EOFError, zlib.error):
        return False
    # Nothing at all decompresses to nothing, but is never written.
    return bool(ledgers) and verdicts.count(b"\n") == size


def _each_done(task: Task, todo: Sequence[int], jobs: int) -> Iterator[int]:
    if jobs == 1 or len(todo) < 2:  # noqa: PLR2004 - one part needs no second process
        _begin(task)
        yield from map(_judge_part, todo)
        return
    # Processes that were forked may hang on locks that other threads of this one held.
    pool = ProcessPoolExecutor(min(jobs, len(todo)), get_context("spawn"), _begin, (task,))
    try:
        for future in as_completed([pool.submit(_judge_part, start) for start in todo]):
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


@dataclass(frozen=True)
class _Bench:
    """What a process judges with."""

    task: Task
    evidence: Evidence
    known: Known
    network: Network | None
    sector_cars: SectorCarsEverywhere | None

    def weighed(self, start: int) -> Iterator[Weighed]:
        """Judge a part of the incidents."""
        pasts = self.evidence.incidents[start : start + PART]
        if self.task.before is None or self.sector_cars is None:
            for past in pasts:
                yield weighed(past, self.evidence, self.known, self.network)
            return
        before = from_lines(_part(self.task.before, start).read_bytes())
        for past, verdict in zip(pasts, before, strict=True):
            yield Weighed(self.sector_cars.then(verdict, past))


_task: list[Task] = []
_bench: list[_Bench] = []


def _begin(task: Task) -> None:
    """Say what a process is to judge parts of; it reads the record with the first of them."""
    _task[:] = [task]
    _bench.clear()


def _made(task: Task) -> _Bench:
    """Read the record, which must be the one that the replay began with."""
    evidence, what_if = task.evidence(), task.what_if
    profiles = None if what_if is None else what_if.profiles()
    network = evidence.network(profiles)
    evidence = evidence if what_if is None else what_if.evidence(evidence)
    known = Known(evidence, network, None if what_if is None else what_if.extra())
    # The position reports are read once, for all processes.
    require_same(task.folder, task.manifest, but={POSITIONS})
    if what_if is not None:
        what_if.require_same()
    sector_cars = None if task.before is None else SectorCarsEverywhere(evidence, known, network)
    if parent_process() is not None:
        # A record is very many objects that stay: the collector would go through them all, again and again.
        gc.freeze()
    return _Bench(task, evidence, known, network, sector_cars)


def _judge_part(start: int) -> int:
    if not _bench:
        _bench.append(_made(_task[0]))
    body, ledgers, work = list[bytes](), list[bytes](), _task[0].work
    for found in _bench[0].weighed(start):
        body.append(to_line(found.verdict))
        if found.ledger is not None:
            ledgers.append(orjson.dumps(found.ledger, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE))
    write_whole(_ledgers(work, start), gzip.compress(b"".join(ledgers), 6, mtime=0))
    # The part counts as done with its verdicts.
    write_whole(_part(work, start), b"".join(body))
    return start


def _part(work: Path, start: int) -> Path:
    return work / f"{start:09d}.jsonl"


def _ledgers(work: Path, start: int) -> Path:
    return work / f"{start:09d}.ledgers.gz"


def _join_ledgers(work: Path, path: Path) -> None:
    """Put the parts together: compressed files one after the other are a compressed file."""
    with path.open("wb") as out:
        for part in sorted(work.glob("*.ledgers.gz")):
            with part.open("rb") as file:
                shutil.copyfileobj(file, out)


def _about(
    place: Workplace, evidence: Evidence, verdicts: Sequence[Verdict], asked: Sequence[WhatIf]
) -> dict[str, Any]:
    """Return the inputs, the versions and the counts of a replay."""
    manifest, counts = evidence.manifest, Counter(one.verdict for one in verdicts)
    return {
        "measure": "road" if manifest.network else "straight_line",
        "start": manifest.start,
        "end": manifest.end,
        "time_zone": manifest.time_zone,
        "assume": manifest.assume.model_dump(),
        "notes": manifest.notes,
        "inputs": {
            "manifest": place.manifest,
            "files": {name: file.sha256 for name, file in manifest.files.items()},
            "source": {name: file.sha256 for name, file in manifest.source.items()},
            "force": dict(manifest.force),
            "network": dict(manifest.network),
            "what_if": {each.change.name: each.key for each in asked},
        },
        "program": {"version": product_version(), **{name: code_hash(name) for name in PACKAGES}},
        "counts": {name: counts[name] for name in CLASSES},
    }
