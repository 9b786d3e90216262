"""How long incidents waited for help, by grade and place and time: the numbers of one replication."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Final

import polars as pl

from scenarios.results_measures import PERCENTILES, Key, Value
from scenarios.scenario import History, Scenario

ABUSE: Final = "domestic_abuse"
# More areas or types than these are a list that nobody reads, each of too few incidents to tell.
MOST_GROUPS: Final = 40
_MS: Final = 1_000
_Column = tuple[pl.Expr, pl.Expr, float]


def told_of(scenario: Scenario, incidents: pl.DataFrame) -> pl.DataFrame:
    """Return the incidents that count, with what is asked of each.

    Those of grades that send nobody are left out. Columns more than `INCIDENTS` has: ``response_ms`` from the start of
    the grade's clock to the first unit there, ``enough_after_ms`` likewise; ``wait_ms`` from the first look to the
    first assignment; ``pending``, it is open and its target is not up; ``decided``, it has a target and is not
    pending; ``in_target``; ``hour`` and ``domestic_abuse`` as groups.
    """
    grades = scenario.force.grades
    sending = [key for key, grade in grades.items() if grade.deploys]
    clocks = pl.col("grade").replace_strict({key: grade.clock for key, grade in grades.items()}, default="received")
    until_ms = scenario.until_ms
    return (
        incidents.filter("counted", pl.col("grade").is_in(sending))
        .with_columns(
            clock_ms=_clock_ms(clocks),
            pending=(pl.col("target_s").is_not_null() & (pl.col("outcome") == "open") & (pl.col("due_ms") > until_ms)),
        )
        .with_columns(
            response_ms=pl.col("first_arrived_ms") - pl.col("clock_ms"),
            enough_after_ms=pl.col("enough_ms") - pl.col("clock_ms"),
            wait_ms=pl.col("first_assigned_ms") - pl.col("ready_ms"),
            pending=pl.col("pending").fill_null(value=False),
            in_target=(pl.col("first_arrived_ms") <= pl.col("due_ms")).fill_null(value=False),
            hour=hour_of(scenario, pl.col("received_ms")),
            domestic_abuse=_abuse(),
            **{name: pl.col(name).fill_null("") for name in ("sector", "area", "type")},
        )
        .with_columns(decided=pl.col("target_s").is_not_null() & ~pl.col("pending"))
    )


def _clock_ms(clock: pl.Expr) -> pl.Expr:
    """Return when the clock started: where a target tells by its end, else by the grade's own clock."""
    by_name = pl.when(clock == "received").then("received_ms").when(clock == "dispatched").then("first_assigned_ms")
    return pl.coalesce(pl.col("due_ms") - pl.col("target_s") * _MS, by_name)


def _abuse() -> pl.Expr:
    marked = pl.col("tags").fill_null("").str.split(";").list.contains(ABUSE)
    return pl.when(marked).then(pl.lit("yes")).otherwise(pl.lit("no"))


def hour_of(scenario: Scenario, time_ms: pl.Expr) -> pl.Expr:
    """Return the local hours of the day of moments, ``00`` to ``23``."""
    return local_of(scenario, time_ms).dt.strftime("%H")


def local_of(scenario: Scenario, time_ms: pl.Expr) -> pl.Expr:
    """Return moments by the force's wall clocks."""
    start = pl.lit(scenario.start).cast(pl.Datetime("ms", "UTC"))
    return (start + pl.duration(milliseconds=time_ms)).dt.convert_time_zone(scenario.force.time_zone)


def incident_values(scenario: Scenario, told: pl.DataFrame) -> Iterator[Value]:
    """Yield the numbers of the incidents that count, by grade or all together, and by each dimension.

    Parameters
    ----------
    told
        As `told_of` returns it.
    """
    columns = _columns()
    for by_grade in (False, True):
        yield from _grouped(told, columns, "", by_grade=by_grade)
        for dimension in dimensions_of(scenario):
            yield from _grouped(told, columns, dimension, by_grade=by_grade)


@lru_cache(maxsize=4)
def dimensions_of(scenario: Scenario) -> tuple[str, ...]:
    """Return by what incidents of a scenario are told apart: areas and types only where they are few."""
    demand = scenario.demand
    types = {one.type for one in (demand.incidents if isinstance(demand, History) else demand)}
    return (
        *("sector", "hour", "setting", "domestic_abuse"),
        *(["area"] if 0 < len(scenario.areas) <= MOST_GROUPS else []),
        *(["type"] if 1 < len(types) <= MOST_GROUPS else []),
    )


def _columns() -> Mapping[str, _Column]:
    """Return each measure as its number, of how many it is, and what to divide it by."""
    return {
        "incidents": (pl.len(), pl.len(), 1),
        "in_target": _mean(pl.col("in_target").filter("decided")),
        "in_target_of_all": _mean(pl.col("in_target").filter(pl.col("target_s").is_not_null())),
        "pending": (pl.col("pending").sum(), pl.len(), 1),
        **_spread("response", pl.col("response_ms"), PERCENTILES),
        "waited": _mean(pl.col("waited")),
        **_spread("wait", pl.col("wait_ms"), {"p90": PERCENTILES["p90"]}),
        "lost": ((pl.col("outcome") == "lost").sum(), pl.len(), 1),
        "lost_share": _mean(pl.col("outcome") == "lost"),
        "open": ((pl.col("outcome") == "open").sum(), pl.len(), 1),
        "enough": _mean(pl.col("enough_ms").is_not_null().filter(pl.col("units_needed") > 1)),
        "enough_median_s": _quantile(pl.col("enough_after_ms").filter(pl.col("units_needed") > 1), 0.5),
        "nearest_sent": _mean(pl.col("first_sent") == pl.col("nearest_eligible")),
        "behind_mean_s": _mean(pl.col("behind_ms").filter(pl.col("first_sent") != pl.col("nearest_eligible")), _MS),
    }


def _mean(values: pl.Expr, divisor: float = 1) -> _Column:
    # Whole milliseconds are summed, so that the sum is exact and hangs on no order.
    return values.mean(), values.count(), divisor


def _quantile(values: pl.Expr, share: float) -> _Column:
    return values.quantile(share, "linear"), values.count(), _MS


def _spread(name: str, values: pl.Expr, percentiles: Mapping[str, float]) -> dict[str, _Column]:
    found = {f"{name}_mean_s": _mean(values, _MS)}
    return found | {f"{name}_{label}_s": _quantile(values, share) for label, share in percentiles.items()}


def _grouped(told: pl.DataFrame, columns: Mapping[str, _Column], dimension: str, *, by_grade: bool) -> Iterator[Value]:
    by = [*(["grade"] if by_grade else []), *([dimension] if dimension else [])]
    numbers = [number.alias(name) for name, (number, _, _) in columns.items()]
    numbers += [n.alias(f"{name} n") for name, (_, n, _) in columns.items()]
    table = told.group_by(by).agg(numbers).sort(by) if by else told.select(numbers)
    for row in table.iter_rows(named=True):
        grade, group = row["grade"] if by_grade else "", row[dimension] if dimension else ""
        for name, (_, _, divisor) in columns.items():
            if row[name] is not None:
                yield Value(Key(name, grade, dimension, group), row[name] / divisor, row[f"{name} n"])


def incidents_sha256(incidents: pl.DataFrame) -> str:
    """Return the SHA-256, hex, of what the incidents that count are, whatever became of them.

    Of equal hashes, two replications met the same incidents: same name, receipt, place, grade, type, tags and number of
    units needed, in the same order.
    """
    counted = incidents.filter("counted")
    digest = sha256()
    for name in ("incident_id", "grade", "type", "tags"):
        texts = [text if text is not None else "" for text in counted[name]]
        digest.update("\0".join(texts).encode() + b"\n")
    for name in ("received_ms", "units_needed", "lat", "lon"):
        digest.update(counted[name].to_numpy().tobytes())
    return digest.hexdigest()


def queue_values(scenario: Scenario, incidents: pl.DataFrame, assignments: pl.DataFrame) -> Iterator[Value]:
    """Yield how many incidents waited at once with no unit bound to them, in the period; all incidents queue.

    They wait from the first look to the first assignment, and again where all their units were called away before they
    were over; until they are lost, or to the end.
    """
    end_ms = scenario.end_ms
    waits = (
        pl.concat([_first_waits(scenario, incidents), _later_waits(scenario, incidents, assignments)])
        .select(pl.col("came", "left").clip(0, end_ms), n=pl.lit(1, pl.Int64))
        .filter(pl.col("left") > pl.col("came"))
    )
    # Who leaves at a moment leaves before who comes at it.
    steps = pl.concat([waits.select(at="came", step="n"), waits.select(at="left", step=-pl.col("n"))])
    lengths = steps.sort("at", "step")["step"].cum_sum().to_list()
    waited_ms = sum((waits["left"] - waits["came"]).to_list())
    yield Value(Key("queue_longest"), float(max(lengths, default=0)), incidents.height)
    yield Value(Key("queue_mean"), waited_ms / end_ms, incidents.height)


def _first_waits(scenario: Scenario, incidents: pl.DataFrame) -> pl.DataFrame:
    lost_ms = pl.when(pl.col("outcome") == "lost").then(pl.coalesce("closed_ms", "ready_ms"))
    left_ms = pl.coalesce("first_assigned_ms", lost_ms, pl.lit(scenario.until_ms))
    return incidents.select(came="ready_ms", left=left_ms)


def _later_waits(scenario: Scenario, incidents: pl.DataFrame, assignments: pl.DataFrame) -> pl.DataFrame:
    """Return from when all that were sent to an incident were gone until the next was, or until it was over."""
    until_ms = pl.lit(scenario.until_ms)
    over = incidents.select("incident_id", over_ms=pl.coalesce("closed_ms", until_ms))
    sent = assignments.join(over, on="incident_id").sort("incident_id", "assigned_ms", maintain_order=True)
    return sent.select(
        came=pl.coalesce("cleared_ms", until_ms).cum_max().over("incident_id"),
        left=pl.coalesce(pl.col("assigned_ms").shift(-1).over("incident_id"), "over_ms"),
    )
