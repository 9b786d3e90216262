"""The numbers of an audit for other programs: tables, JSON, and the incidents on a map.

No address, telephone number or name is in any of them, and no words that a dispatcher wrote.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass
from typing import Any, Final, get_args, get_type_hints

import orjson

from scenarios.audit import Audit
from scenarios.audit_causes import Cause, Kept, Override, Worst
from scenarios.audit_groups import Group
from scenarios.audit_headline import Headline
from scenarios.audit_quality import PredictionRow
from scenarios.audit_response import Regraded, ResponseRow
from scenarios.cells import flat
from scenarios.rates import Difference, Rate, Spread
from scenarios.verdict import Verdict

# Of few incidents these say little, and may tell on a person.
_NOT_OF_FEW: Final = frozenset({"share", "low", "high", "difference", "median", "p90", "ratio", "error_s"})
_GROUPINGS: Final = ("grade", "domestic_abuse", "sector", "hour", "shift")


@dataclass(frozen=True, slots=True)
class NumbersTable:
    """One CSV file; a column that a row lacks is empty there."""

    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]


def tables_of(audit: Audit) -> dict[str, NumbersTable]:
    """Return the numbers as tables, by name; but for the headline, shares and percentiles of few are left out."""
    groups, response = audit.groups, audit.response
    abuse = {"of_judged": groups.abuse_of_judged, "of_attended": groups.abuse_of_attended}
    grades = {"last": response.by_last_grade, "first": response.by_first_grade}
    predictions = {"all": (audit.prediction.all,), "grade": audit.prediction.grade, "hour": audit.prediction.hour}
    return {
        "rates": _rates(audit),
        "classes": _classes(audit.headline),
        "lost_s": _kinds("of", Spread, _lost(audit.headline)),
        "funnel": _funnel(audit),
        "groups": _tables("grouping", Group, {name: getattr(groups, name) for name in _GROUPINGS}),
        "domestic_abuse_difference": _kinds("denominator", Difference, abuse, few=groups.abuse_of_judged.few or None),
        "causes": _table(Cause, audit.causes.causes),
        "override_reasons": _table(Override, audit.causes.overrides),
        "rules": _table(Kept, audit.causes.kept),
        "sent_rules": _table(Kept, audit.causes.sent_rules),
        "worst": _table(Worst, audit.worst),
        "response": _tables("by_grade", ResponseRow, grades),
        "regraded": _table(Regraded, response.regraded),
        "missing": _missing(audit),
        "predictions": _tables("grouping", PredictionRow, predictions),
    }


def _rates(audit: Audit) -> NumbersTable:
    """Return every rate that is about the whole period, by a name with its denominator."""
    headline = _kinds("rate", Rate, _headline_rates(audit.headline), few=False)
    straight, quality = audit.straight, audit.quality
    others = {"straight.nearest": straight.nearest, "straight.of_not_sent": straight.of_not_sent}
    others |= {"sent_unit_failed": audit.causes.sent_failed}
    lacking = ((each.name, getattr(quality, each.name)) for each in fields(quality))
    others |= {f"quality.{name}": value for name, value in lacking if isinstance(value, Rate)}
    return NumbersTable(headline.columns, (*headline.rows, *_kinds("rate", Rate, others).rows))


def _headline_rates(head: Headline) -> dict[str, Rate]:
    measures = {"nearest_sent": head.good, "strict": head.strict, "strict_or_noise": head.strict_or_noise}
    found = {"if_unknown_bad": head.if_unknown_bad, "if_unknown_good": head.if_unknown_good}
    found |= {"within_noise": head.within_noise, "if_all_placed": head.if_all_placed}
    for name, measure in (measures | {"if_noise_bad": head.if_noise_bad}).items():
        found |= {f"{name}.of_judged": measure.of_judged, f"{name}.of_attended": measure.of_attended}
    return found


def _lost(headline: Headline) -> dict[str, Spread]:
    return {
        "nearer_eligible_not_sent": headline.lost_not_sent_s,
        "sent_within_noise": headline.lost_within_noise_s,
        "judged": headline.lost_judged_s,
    }


def _classes(headline: Headline) -> NumbersTable:
    counted = asdict(headline.counts)
    return NumbersTable(("class", "count"), tuple({"class": name, "count": n} for name, n in counted.items()))


def _funnel(audit: Audit) -> NumbersTable:
    """Return a row for each stage, its reasons below it; the counts of these add up to what it took out."""
    rows = list[dict[str, Any]]()
    for stage in audit.funnel.stages:
        rows.append({"stage": stage.key, "sentence": stage.title, "came": stage.came, "taken": stage.taken})
        rows[-1]["left"] = stage.left
        rows += [{"stage": stage.key, **asdict(reason)} for reason in stage.reasons]
    columns = ("stage", "code", "sentence", "came", "taken", "count", "left")
    return NumbersTable(columns, tuple(rows))


def _missing(audit: Audit) -> NumbersTable:
    return NumbersTable(("code", "sentence", "count"), tuple(map(asdict, audit.quality.unknown)))


def _table(kind: type[Any], rows: Iterable[Any]) -> NumbersTable:
    return NumbersTable(tuple(_columns(kind)), tuple(map(_row, rows)))


def _tables(
    title: str, kind: type[Any], tables: Mapping[str, Sequence[Any]], *, few: bool | None = None
) -> NumbersTable:
    """Return tables of one kind below each other, with a first column that tells them apart."""
    rows = tuple({title: name, **_row(row, few=few)} for name, of_it in tables.items() for row in of_it)
    return NumbersTable((title, *_columns(kind)), rows)


def _kinds(title: str, kind: type[Any], named: Mapping[str, Any], *, few: bool | None = None) -> NumbersTable:
    return _tables(title, kind, {name: (value,) for name, value in named.items()}, few=few)


def _row(row: Any, *, few: bool | None = None) -> dict[str, Any]:
    """Return the cells of a row without what says little; ``few`` where it is not the row itself that tells."""
    hidden = tuple(_few(row)) if few is None else ("",) * few
    cells = flat(asdict(row))
    return {
        name: value
        for name, value in cells.items()
        if name.rpartition(".")[2] not in _NOT_OF_FEW or not name.startswith(hidden)
    }


def _few(value: Any, before: str = "") -> Iterator[str]:
    """Yield the beginnings of the names of columns that are of few incidents."""
    if getattr(value, "few", False) or getattr(value, "small", False):
        yield before
    for each in fields(value):
        inside = getattr(value, each.name)
        if is_dataclass(inside):
            yield from _few(inside, f"{before}{each.name}.")


def _columns(kind: type[Any], before: str = "") -> Iterator[str]:
    """Yield the columns of a kind of row, in order; they hang on no row, so that a table may be empty."""
    for name, hint in get_type_hints(kind).items():
        inside = next((each for each in (hint, *get_args(hint)) if is_dataclass(each)), None)
        if isinstance(inside, type):
            yield from _columns(inside, f"{before}{name}.")
        else:
            yield f"{before}{name}"


def audit_json(audit: Audit) -> bytes:
    """Return all numbers as JSON with sorted keys; groups that are small are marked so."""
    return orjson.dumps(audit, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def incidents_geojson(verdicts: Iterable[Verdict]) -> bytes:
    """Return every incident as a feature, in order of receipt; one without a place has no geometry."""
    ordered = sorted(verdicts, key=lambda one: (one.received_at, one.incident_id))
    document = {"type": "FeatureCollection", "features": list(map(_feature, ordered))}
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)


def _feature(one: Verdict) -> dict[str, Any]:
    units = {"sent": one.judged, "better": one.better}
    placed = one.lat is not None and one.lon is not None
    return {
        "type": "Feature",
        "id": one.incident_id,
        "geometry": {"type": "Point", "coordinates": [one.lon, one.lat]} if placed else None,
        "properties": {"class": one.verdict, "lost_s": one.lost_s, "grade": one.grade, **units},
    }
