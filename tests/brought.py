"""Tiny folders of records, imported and read back as an audit reads them."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scenarios.evidence import Evidence, read_evidence
from scenarios.import_asked import asked_of
from scenarios.import_out import bring_in, summary

NOW = datetime(2026, 11, 25, tzinfo=UTC)
GENERIC = 'preset = "generic"\ntime_zone = "Europe/London"\n'
INCIDENTS = "incident_id,received_at,lat,lon,grade\n"
ASSIGNMENTS = "incident_id,callsign,assigned_at,en_route_at,on_scene_at,cleared_at\n"
ONE = INCIDENTS + "N1,2026-10-14T21:00:00+01:00,54.57,-1.23,emergency\n"


class Brought:
    """An imported folder."""

    def __init__(self, folder: Path, told: Mapping[str, Any]) -> None:
        self.folder, self.told = folder, told

    @property
    def evidence(self) -> Evidence:
        return read_evidence(self.folder)

    def counts(self, table: str) -> tuple[int, int, int]:
        """Return how many rows were read, imported and put aside."""
        told = self.told["tables"][table]
        return told["read"], told["imported"], told["quarantined"]

    def aside(self, table: str) -> list[dict[str, str]]:
        """Return the rows that were put aside."""
        with (self.folder / "quarantine" / f"{table}.csv").open(newline="") as file:
            return list(csv.DictReader(file))

    def reason(self, table: str) -> str:
        """Return the reasons of the one row that was put aside."""
        (row,) = self.aside(table)
        return row["reasons"]


def bring(
    tmp_path: Path, files: Mapping[str, str], manifest: str | None = GENERIC, preset: str = "", name: str = "out"
) -> Brought:
    """Write a folder, and import it."""
    folder = tmp_path / "brought"
    folder.mkdir(exist_ok=True)
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    if manifest is not None:
        (folder / "manifest.toml").write_text(manifest, "utf-8")
    out = tmp_path / name
    return Brought(out, summary(bring_in(asked_of(folder, preset), out, NOW)))


def at(text: str) -> datetime:
    """Return a moment of a text with an offset."""
    return datetime.fromisoformat(text).astimezone(UTC)
