"""Made-up periods whose truth is known, brought in and replayed as a force's own records are."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import dispatch.forces
from graphs.network import Network
from scenarios.evidence import Evidence, read_evidence
from scenarios.generator import generate
from scenarios.generator_policy import Plan
from scenarios.import_asked import asked_of
from scenarios.import_out import bring_in
from scenarios.replay import VERDICTS, replay
from scenarios.verdict import JUDGED, Verdict
from verdicts import read_verdicts

CLEVELAND = Path(next(iter(dispatch.forces.__path__))) / "cleveland.toml"
NOW = datetime(2026, 11, 25, tzinfo=UTC)
# Clocks go back in the night after this day.
BACK, FORWARD = date(2025, 10, 25), date(2025, 3, 29)


def abroad(folder: Path, time_zone: str) -> Path:
    """Return the profile of the same force in another time zone."""
    path = folder / f"{time_zone.partition('/')[2].lower()}.toml"
    text = CLEVELAND.read_text("utf-8")
    path.write_text(text.replace('time_zone = "Europe/London"', f'time_zone = "{time_zone}"'), "utf-8")
    return path


def imported(raw: Path) -> Path:
    """Bring records in; return the imported folder."""
    out = raw.with_name(f"{raw.name}-imported")
    bring_in(asked_of(raw), out, NOW)
    return out


def made(network: Network, plan: Plan, raw: Path, force_file: Path = CLEVELAND) -> Path:
    """Make a period and bring it in; return the imported folder."""
    generate(network, force_file, plan, raw)
    return imported(raw)


def evidence_of(network: Network, plan: Plan, raw: Path) -> Evidence:
    """Make a period, bring it in and read it."""
    return read_evidence(made(network, plan, raw))


def truth_of(raw: Path) -> dict[str, dict[str, str]]:
    """Return the rows of ``truth.csv`` by incident."""
    with (raw / "truth.csv").open(encoding="utf-8", newline="") as file:
        return {row["incident_id"]: row for row in csv.DictReader(file)}


def judged(folder: Path) -> dict[str, Verdict]:
    """Replay an imported folder; return the verdicts by incident."""
    out = folder.with_name(f"{folder.name}-replayed")
    replay(folder, out)
    return {verdict.incident_id: verdict for verdict in read_verdicts(out / VERDICTS)}


def as_truth(verdict: Verdict) -> dict[str, str]:
    """Return what is held against the truth of a verdict, as ``truth.csv`` writes it."""
    told = {"incident_id": verdict.incident_id, "verdict": verdict.verdict, "because": verdict.because}
    if verdict.verdict not in JUDGED:
        return told
    decided = "" if verdict.decided_at is None else verdict.decided_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    lost = "" if verdict.lost_s is None else repr(float(verdict.lost_s))
    who = {"judged": verdict.judged, "nearest_eligible": verdict.nearest_eligible}
    return {**told, "decided_at": decided, **who, "lost_s": lost}


def differences(verdicts: Mapping[str, Verdict], truth: Mapping[str, Mapping[str, str]]) -> list[tuple[object, object]]:
    """Return every verdict that is not what is true, with what is."""
    found = list[tuple[object, object]]()
    for name in sorted(verdicts.keys() | truth.keys()):
        told = as_truth(verdicts[name]) if name in verdicts else {}
        true = {key: value for key, value in truth.get(name, {}).items() if key in told or not told}
        if told != true:
            found.append((told, true))
    return found
