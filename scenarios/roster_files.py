"""What the search for a roster, or for a better one, found, as files: tables for the scenario, and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from scenarios.aims import Aim
from scenarios.cells import write_table
from scenarios.improve import Improved, Paired
from scenarios.results_intervals import Estimate
from scenarios.roster import Found, Question, Round
from scenarios.roster_rows import OFFICER_COLUMNS, ROSTER, officer_cells, roster_cells
from scenarios.scenario import Station
from scenarios.scenario_out import COLUMNS
from scenarios.scenario_rows import RosterRow

OFFICERS: Final = "officers.csv"
STATIONS: Final = "stations.csv"
ROSTER_SUMMARY: Final = "roster.json"
IMPROVED_SUMMARY: Final = "improved.json"


def write_roster(found: Found, question: Question, out: Path) -> None:
    """Write ``roster.csv``, ``officers.csv`` and ``roster.json`` into a folder, which is made if it is not there."""
    out.mkdir(parents=True, exist_ok=True)
    _write_rows(out, found.roster.rows)
    _write(out / OFFICERS, write_table(OFFICER_COLUMNS, officer_cells(found.roster.officers)))
    _write_json(out / ROSTER_SUMMARY, roster_summary(found, question))


def write_improved(improved: Improved, aim: Aim, out: Path) -> None:
    """Write ``roster.csv``, ``stations.csv`` and ``improved.json`` into a folder, which is made if it is not there."""
    out.mkdir(parents=True, exist_ok=True)
    _write_rows(out, improved.arrangement.rows)
    _write(out / STATIONS, write_table(COLUMNS[STATIONS], map(_station, improved.arrangement.stations)))
    _write_json(out / IMPROVED_SUMMARY, improved_summary(improved, aim))


def roster_summary(found: Found, question: Question) -> dict[str, Any]:
    """Return what was found, and how good it is at the least, as values for JSON; lists begin on Monday at 00:00."""
    roster = found.roster
    on_duty = roster.cover.on_duty()
    return {
        "target": question.target,
        "reached": found.fresh.meets(question.target),
        "round": found.rounds.index(found.round) + 1,
        "policy": question.choice.label,
        "on_fresh_replications": _round(found.fresh)["in_target"],
        "rounds": [_round(each) for each in found.rounds],
        "officers": len(roster.officers),
        "officers_bound": roster.bound,
        "officers_bound_any_duties": roster.least(question.rules),
        "officer_hours": roster.cover.officer_hours,
        "officer_hours_bound": roster.cover.bound,
        "callsigns": len(roster.crews),
        "crew_duties": sum(roster.cover.crews.values()),
        "calls": found.load.calls,
        "calls_no_road_leads_to": found.load.unreached,
        "rules": question.rules.model_dump(),
        "load": {str(want): [round(hour, 3) for hour in hours.tolist()] for want, hours in found.load.by_want.items()},
        "needed": {str(want): hours for want, hours in roster.needs.items()},
        "on_duty": [on_duty[hour] for hour in sorted(on_duty)],
    }


def improved_summary(improved: Improved, aim: Aim) -> dict[str, Any]:
    """Return what a search came to, as values for JSON."""
    return {
        "aim": aim.words,
        "tried": improved.tried,
        "played": improved.played,
        "exhausted": improved.exhausted,
        "steps": [{"change": step.words, **_paired(step.told)} for step in improved.steps],
        "on_fresh_replications": _paired(improved.proof),
    }


def _round(each: Round) -> dict[str, Any]:
    told = {"officers": each.officers, "officer_hours": each.officer_hours, "in_target": _estimate(each.share)}
    return told if each.afresh is None else {**told, "afresh": _estimate(each.afresh)}


def _estimate(share: Estimate | None) -> Mapping[str, Any] | None:
    if share is None:
        return None
    return {name: getattr(share, name) for name in ("replications", "n", "mean", "low", "high")}


def _paired(told: Paired) -> dict[str, Any]:
    return {name: getattr(told, name) for name in ("pairs", "base", "other", "mean", "low", "high")}


def _station(station: Station) -> dict[str, Any]:
    return {name: getattr(station, name) for name in COLUMNS[STATIONS]}


def _write_rows(out: Path, rows: Iterable[RosterRow]) -> None:
    _write(out / ROSTER, write_table(COLUMNS[ROSTER], roster_cells(rows)))


def _write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8", newline="")


def _write_json(path: Path, values: Mapping[str, Any]) -> None:
    path.write_bytes(orjson.dumps(values, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
