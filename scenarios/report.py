"""The report of an audit: one page that opens without a network, the tables behind it, and every incident on a map.

The same inputs give equal bytes: nothing here reads a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from graphs.conditions import Conditions
from graphs.network import Network
from scenarios import report_words as words
from scenarios.audit import Audit
from scenarios.audit_files import audit_json, incidents_geojson, tables_of
from scenarios.calibrate import Calibration
from scenarios.cells import write_rows
from scenarios.compared import Compared
from scenarios.drawing import HEIGHT, WIDTH
from scenarios.evidence import Evidence
from scenarios.report_cases import Case, Ledger, Roads, nothing_closed
from scenarios.report_figures import figures_of
from scenarios.report_notices import assumptions_of, notices_of
from scenarios.verdict import Verdict

REPORT: Final = "report.html"
NUMBERS: Final = "numbers.json"
TABLES: Final = "tables"
GEOJSON: Final = "incidents.geojson"
# Of what a replay says of itself, what stands elsewhere in the page.
_ELSEWHERE: Final = frozenset({"notes", "counts", "start", "end", "time_zone", "assume", "source"})


@dataclass(frozen=True, eq=False)
class Told:
    """All that a report is made of.

    Parameters
    ----------
    audit, verdicts
        The numbers, and the incidents that they are of, in order of receipt.
    evidence
        The records that were judged.
    ledgers
        By incident, as ``ledgers.jsonl.gz`` has them; only those of ``audit.worst`` are looked at.
    methods
        Hashes, versions and options of the replay, as ``replay.json`` has them; the report repeats them all.
    network
        The roads; None for the straight-line version.
    closed
        The closures that were known at a moment.
    calibration
        What the recorded journeys say of the speeds; None where nothing was fitted.
    compared
        What would have been different, had one thing been.
    """

    audit: Audit
    verdicts: Sequence[Verdict]
    evidence: Evidence
    ledgers: Mapping[str, Ledger]
    methods: Mapping[str, Any]
    network: Network | None = None
    closed: Callable[[datetime], Conditions] = nothing_closed
    calibration: Calibration | None = None
    compared: Sequence[Compared] = ()


def write_report(out: Path, told: Told) -> None:
    """Write ``report.html``, ``numbers.json``, ``tables/*.csv`` and ``incidents.geojson`` into a folder.

    Parameters
    ----------
    out
        The folder; what it holds under these names is replaced.
    told
        What to report.
    """
    out.mkdir(parents=True, exist_ok=True)
    (out / REPORT).write_text(report_html(told), encoding="utf-8", newline="\n")
    (out / NUMBERS).write_bytes(audit_json(told.audit))
    (out / GEOJSON).write_bytes(incidents_geojson(told.verdicts))
    _write_tables(out / TABLES, told.audit)


def _write_tables(folder: Path, audit: Audit) -> None:
    folder.mkdir(exist_ok=True)
    for name, table in tables_of(audit).items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            write_rows(file, table.columns, table.rows)


def report_html(told: Told) -> str:
    """Return the page."""
    zone, force = told.evidence.manifest.time_zone, told.evidence.force
    page = _environment(zone).get_template("report.html.j2")
    return page.render(
        audit=told.audit,
        evidence=told.evidence,
        manifest=told.evidence.manifest,
        force=force,
        network=told.network,
        calibration=told.calibration,
        compared=told.compared,
        by_road=told.network is not None,
        figures=figures_of(told.audit, told.verdicts),
        cases=_cases(told),
        notices=notices_of(told.evidence, by_road=told.network is not None),
        assumptions=assumptions_of(told.evidence.manifest, force),
        methods=list(_flat(told.methods)),
        paper=(WIDTH, HEIGHT),
        class_words=words.CLASS_WORDS,
        class_meanings=words.CLASS_MEANINGS,
    )


def page_environment() -> Environment:
    """Return what reads the templates of a page: nothing unknown, everything escaped."""
    return Environment(
        loader=PackageLoader("scenarios"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _environment(zone: str) -> Environment:
    made = page_environment()
    made.filters.update(
        share=words.share,
        points=words.points,
        duration=words.duration,
        count=words.count,
        times=words.times,
        target_words=words.target_words,
        moment=partial(words.moment, time_zone=zone),
        day=partial(words.day, time_zone=zone),
    )
    return made


def _cases(told: Told) -> list[Case]:
    by_id = {one.incident_id: one for one in told.verdicts}
    on_road = {one.incident_id for one in told.evidence.incidents if one.on_road}
    roads = None if told.network is None else Roads(told.network, told.evidence.force, told.closed)
    shown = [(by_id[one.incident_id], told.ledgers.get(one.incident_id)) for one in told.audit.worst]
    return [
        Case(number, verdict, ledger, roads, verdict.incident_id in on_road)
        for number, (verdict, ledger) in enumerate(shown, start=1)
    ]


def _flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Yield the names and values of nested tables, for people."""
    for name, value in values.items():
        if name in _ELSEWHERE:
            continue
        label = f"{before}{name}".replace("_", " ")
        if isinstance(value, Mapping):
            yield from _flat(value, f"{label}: ")
        elif isinstance(value, list | tuple):
            yield label, ", ".join(map(str, value)) or "none"
        else:
            yield label, "none" if value is None else str(value)
