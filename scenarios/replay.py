"""Replay a period: judge every incident of an imported folder, in parallel, going on where it was interrupted.

The same inputs give equal bytes, whatever the number of processes and however often it was interrupted.
"""

from __future__ import annotations

import fcntl
import gzip
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import orjson

from graphs.errors import Fault, InputError
from graphs.network import Network
from graphs.provenance import code_hash, product_version
from scenarios.evidence import MANIFEST, Evidence, read_evidence, read_manifest, require_unchanged
from scenarios.known import Known
from scenarios.past_fixes import PastFixes
from scenarios.verdict import CLASSES, Verdict
from scenarios.verdict_rows import from_lines, to_line, write_verdicts
from scenarios.weighed import weighed
from scenarios.what_if import Change, WhatIf, read_what_if, sector_cars_everywhere

VERDICTS: Final = "verdicts.csv"
LEDGERS: Final = "ledgers.jsonl.gz"
REPLAY: Final = "replay.json"
PROGRESS: Final = "progress.json"
_TAKEN: Final = "another replay is writing here"
_WORK: Final = ".work-"
_PACKAGES: Final = ("graphs", "dispatch", "scenarios")
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
        The folder is none, files of it were changed since the import, the changes are at fault, or another replay is
        writing to ``out``.
    """
    require_unchanged(folder, read_manifest(folder))
    out.mkdir(parents=True, exist_ok=True)
    with alone(out), _work_folder(folder, out) as work:
        task = Task(folder, work / "as_it_was", _shared_fixes(folder, work))
        evidence = task.evidence()
        network = evidence.network()
        asked = () if changes is None else read_what_if(changes, evidence, network)
        tell = _progress(out, told, (len(asked) + 1) * len(evidence.incidents))
        judged = tuple(judge_all(task, len(evidence.incidents), jobs, tell(0)))
        then = tuple(_changed(task, what_if, judged, jobs, tell(row)) for row, what_if in enumerate(asked, 1))
        write_verdicts(out / VERDICTS, judged)
        _join_ledgers(task, out / LEDGERS)
        about = _about(folder, evidence, judged, asked)
        write_whole(out / REPLAY, orjson.dumps(about, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))
        (out / PROGRESS).unlink(missing_ok=True)
        # What is mapped stays readable after its file is gone.
        return Replayed(evidence, network, judged, about, then)


def _changed(
    task: Task, what_if: WhatIf, judged: Sequence[Verdict], jobs: int, told: Progress
) -> tuple[Change, tuple[Verdict, ...]]:
    """Return the verdicts that there would be under a change."""
    if what_if.change.sector_cars is not None:
        told(len(judged), len(judged))
        return what_if.change, tuple(map(sector_cars_everywhere, judged))
    work = task.work.with_name(f"what_if-{what_if.key[:16]}")
    other = replace(task, work=work, what_if=what_if)
    return what_if.change, tuple(judge_all(other, len(judged), jobs, told))


@dataclass(frozen=True)
class Task:
    """What is to be judged, and where what is done so far is kept.

    Parameters
    ----------
    folder
        The imported folder.
    work
        Where finished parts are kept.
    fixes
        Where the columns of its position reports are, for all processes to share.
    what_if
        What is different; None for nothing.
    """

    folder: Path
    work: Path
    fixes: Path
    what_if: WhatIf | None = None

    def evidence(self) -> Evidence:
        """Read the record."""
        return read_evidence(self.folder, fixes=PastFixes.open(self.fixes))


@contextmanager
def alone(out: Path) -> Iterator[None]:
    """Hold a folder for one replay at a time."""
    with (out / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError(
                [Fault(str(out), "", "", "another replay is writing here", "a folder of its own")]
            ) from error
        yield


def inputs_key(folder: Path) -> str:
    """Return a hash of all that an answer depends on: the manifest has the checksum of every file, and this program."""
    digest = sha256((folder / MANIFEST).read_bytes())
    for package in _PACKAGES:
        digest.update(code_hash(package).encode())
    return digest.hexdigest()


@contextmanager
def _work_folder(folder: Path, out: Path) -> Iterator[Path]:
    """Keep parts until all are done, those of other inputs not longer; what is left of an interrupted one stays."""
    work = out / f"{_WORK}{inputs_key(folder)[:16]}"
    for other in out.glob(f"{_WORK}*"):
        if other != work:
            shutil.rmtree(other)
    work.mkdir(exist_ok=True)
    yield work
    shutil.rmtree(work)


def _shared_fixes(folder: Path, work: Path) -> Path:
    """Put the columns of the position reports where all processes share them."""
    shared = work / "fixes"
    if not shared.is_dir():
        fixes, making = read_evidence(folder).fixes, work / "fixes.part"
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir()
        fixes.save(making)
        making.rename(shared)
    return shared


def _progress(out: Path, told: Progress, total: int) -> Callable[[int], Progress]:
    """Return what tells of each round how far all is, to whoever asked and to whoever reads ``progress.json``."""

    def tell(row: int, done: int, count: int) -> None:
        all_done = row * count + done
        write_whole(out / PROGRESS, orjson.dumps({"phase": "judging", "done": all_done, "total": total}))
        told(all_done, total)

    return lambda row: partial(tell, row)


def write_whole(path: Path, body: bytes) -> None:
    """Write a file so that a reader finds all of it or the one before."""
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(body)
    part.replace(path)


def judge_all(task: Task, count: int, jobs: int, told: Progress) -> Iterator[Verdict]:
    """Judge all incidents of a task but for those that are judged already, and yield their verdicts in order.

    Parameters
    ----------
    count
        How many incidents there are.
    """
    task.work.mkdir(exist_ok=True)
    starts = range(0, count, PART)
    todo = [start for start in starts if not _part(task.work, start).exists()]
    done = sum(min(PART, count - start) for start in starts) - sum(min(PART, count - start) for start in todo)
    told(done, count)
    for start in _each_done(task, todo, jobs or os.cpu_count() or 1):
        done += min(PART, count - start)
        told(done, count)
    for start in starts:
        yield from from_lines(_part(task.work, start).read_bytes())


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

    work: Path
    evidence: Evidence
    known: Known
    network: Network | None


_bench: list[_Bench] = []


def _begin(task: Task) -> None:
    """Read the record in a process that is to judge parts of it."""
    evidence, what_if = task.evidence(), task.what_if
    profiles = None if what_if is None else what_if.profiles()
    network = evidence.network(profiles)
    evidence = evidence if what_if is None else what_if.evidence(evidence)
    known = Known(evidence, network, None if what_if is None else what_if.extra())
    _bench[:] = [_Bench(task.work, evidence, known, network)]


def _judge_part(start: int) -> int:
    bench = _bench[0]
    body, ledgers = list[bytes](), list[bytes]()
    for past in bench.evidence.incidents[start : start + PART]:
        found = weighed(past, bench.evidence, bench.known, bench.network)
        body.append(to_line(found.verdict))
        if found.ledger is not None:
            ledgers.append(orjson.dumps(found.ledger, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE))
    write_whole(_ledgers(bench.work, start), gzip.compress(b"".join(ledgers), 6, mtime=0))
    # The part counts as done with its verdicts.
    write_whole(_part(bench.work, start), b"".join(body))
    return start


def _part(work: Path, start: int) -> Path:
    return work / f"{start:09d}.jsonl"


def _ledgers(work: Path, start: int) -> Path:
    return work / f"{start:09d}.ledgers.gz"


def _join_ledgers(task: Task, path: Path) -> None:
    """Put the parts together: compressed files one after the other are a compressed file."""
    with path.open("wb") as out:
        for part in sorted(task.work.glob("*.ledgers.gz")):
            with part.open("rb") as file:
                shutil.copyfileobj(file, out)


def read_ledgers(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the ledgers of ``ledgers.jsonl.gz`` one after the other."""
    with gzip.open(path, "rb") as file:
        yield from map(orjson.loads, file)


def _about(folder: Path, evidence: Evidence, verdicts: Sequence[Verdict], asked: Sequence[WhatIf]) -> dict[str, Any]:
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
            "manifest": sha256((folder / MANIFEST).read_bytes()).hexdigest(),
            "files": {name: file.sha256 for name, file in manifest.files.items()},
            "source": {name: file.sha256 for name, file in manifest.source.items()},
            "force": dict(manifest.force),
            "network": dict(manifest.network),
            "what_if": {each.change.name: each.key for each in asked},
        },
        "program": {"version": product_version(), **{name: code_hash(name) for name in _PACKAGES}},
        "counts": {name: counts[name] for name in CLASSES},
    }
