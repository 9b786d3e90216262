"""One replay from beginning to end, in a process of its own: ``python -m api.replay_job FOLDER``."""

from __future__ import annotations

import filecmp
import shutil
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import orjson

from api.job_process import run_job, tell
from api.replay_index import INDEX, write_index
from api.replay_requests import records_folder
from api.replays import Replay, Replays
from api.settings import Settings
from dispatch.store import Store
from scenarios.audited import audited
from scenarios.csv_out import CLOSURES, write_files
from scenarios.evidence import NETWORK
from scenarios.import_asked import Asked, asked_of
from scenarios.import_manifest import TableManifest
from scenarios.import_out import bring_in
from scenarios.replay import LEDGERS

_STARTED_WITH: Final = "started_with.geojson"


def main() -> None:
    """Run the replay of a folder, and write what it came to."""
    settings = Settings.from_environment()
    run_job(Replays, partial(_run, settings=settings), settings.records_dir)


def _run(replay: Replay, settings: Settings) -> Mapping[str, Any]:
    """Import what is to be imported, replay it, and write the report and all beside it; return the headline."""
    folder = replay.request.folder
    imported = _record(replay, settings) if folder is None else records_folder(folder, settings)
    tell(replay, "judging")

    def told(done: int, total: int) -> None:
        if done == total:
            tell(replay, "reporting")

    done = audited(imported, replay.out, jobs=settings.replays_jobs, told=told, changes=_changes(replay))
    write_index(replay.folder / INDEX, done.replayed.verdicts, replay.out / LEDGERS)
    if folder is None:
        # Whoever looks back at an incident asks the very records that were judged.
        _share_roads(imported / NETWORK, replay)
        imported.replace(replay.kept)
    headline: Mapping[str, Any] = orjson.loads(orjson.dumps(done.audit.headline))
    return headline


def _record(replay: Replay, settings: Settings) -> Path:
    """Write a period of the record as files and import them, unless an interrupted replay has."""
    imported, files = replay.work / "imported", replay.work / "record"
    if replay.kept.exists():
        # It was interrupted when all but its end was done.
        replay.kept.replace(imported)
    if imported.exists():
        return imported
    tell(replay, "reading")
    shutil.rmtree(files, ignore_errors=True)
    start, end = (
        None if at is None else datetime.fromisoformat(at) for at in (replay.request.start, replay.request.end)
    )
    store = Store(settings.database_url, _now, read_only=True)
    with closing(store), store.reading() as reading:
        write_files(reading, files, start, end)
    tell(replay, "importing")
    bring_in(_asked(files, settings), imported, _now())
    return imported


def _share_roads(roads: Path, replay: Replay) -> None:
    """Keep the same roads once for all replays: they are most of what is kept, where a period is short."""
    for other in (each.kept / NETWORK for each in Replays(replay.folder.parent).all()):
        # One that goes meanwhile is none to share with.
        with suppress(OSError):
            if filecmp.cmp(roads, other, shallow=False):
                passing = roads.with_name(f".{roads.name}")
                passing.hardlink_to(other)
                passing.replace(roads)
                return


def _asked(files: Path, settings: Settings) -> Asked:
    """Return what is to be imported: what was closed when the service was started is in no row of the record."""
    asked = asked_of(files, "record", settings.graph, settings.force, settings.profiles)
    if settings.closures is None:
        return asked
    shutil.copyfile(settings.closures, files / _STARTED_WITH)
    closures = TableManifest(file=(CLOSURES, _STARTED_WITH))
    return replace(asked, manifest=asked.manifest.model_copy(update={"closures": closures}))


def _changes(replay: Replay) -> Path | None:
    if replay.request.what_if is None:
        return None
    path = replay.work / "what_if.toml"
    path.write_text(replay.request.what_if, "utf-8")
    return path


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main()
