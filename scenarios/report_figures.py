"""The plots of a report, each with the words that say what it shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from scenarios.audit import Audit
from scenarios.audit_groups import Group
from scenarios.audit_response import ResponseRow
from scenarios.drawing_plots import Dot, hours_plot, lost_plot, rates_plot, times_plot
from scenarios.rates import Rate
from scenarios.report_words import count, duration, share, target_words
from scenarios.verdict import Verdict

# More rows than this are a list, not a plot.
_MOST_ROWS: Final = 40
# A plot of more journeys says no more, and a report grows with each.
_MOST_DOTS: Final = 1_500


@dataclass(frozen=True, slots=True)
class Figure:
    """A plot as markup, what it shows for who cannot see it, and what stands below it."""

    svg: Markup
    alt: str
    caption: str


def figure(svg: str, caption: str, told: str) -> Figure:
    """Return a plot with its caption; ``told`` is what it shows beyond that, for who cannot see it."""
    return Figure(Markup(svg), f"{caption} {told}", caption)  # noqa: S704 - matplotlib escapes the text in it


def figures_of(audit: Audit, verdicts: Sequence[Verdict]) -> Mapping[str, Figure]:
    """Return the plots by name; one that would show nothing is not among them."""
    return dict(_figures(audit, verdicts))


def _figures(audit: Audit, verdicts: Sequence[Verdict]) -> Iterator[tuple[str, Figure]]:
    overall = audit.headline.good.of_judged.share
    groupings = {
        "abuse": ("domestic abuse or not", audit.groups.domestic_abuse),
        "grade": ("grade", audit.groups.grade),
        "sector": ("sector", audit.groups.sector),
        "shift": ("shift", audit.groups.shift),
    }
    for name, (by, groups) in groupings.items():
        if shown := [group for group in groups if group.counts.judged]:
            yield name, _rates(name, by, shown, overall)
    if any(not group.small for group in audit.groups.hour):
        yield "hour", _hours(audit.groups.hour, overall)
    lost_s = [one.lost_s for one in verdicts if one.verdict == "nearer_eligible_not_sent" and one.lost_s is not None]
    if len(lost_s) > 1:
        yield "lost", _lost(lost_s)
    rows = [row for row in audit.response.by_last_grade if row.in_target_of_timed is not None and row.attended]
    if any(not row.small for row in rows):
        yield "response", _response(rows[:_MOST_ROWS])
    if times := _times(verdicts):
        yield "times", times


_JUDGED: Final = "share of the incidents judged, with 95% interval"
_LINE: Final = "The dashed line is the rate of all incidents judged."


def _rates(name: str, by: str, groups: Sequence[Group], overall: float | None) -> Figure:
    shown = groups[:_MOST_ROWS]
    told = "; ".join(f"{group.label}: {_rate_words(group)}" for group in shown)
    caption = f"Nearest-sent rate by {by}; the bar is the 95% interval. {_LINE}"
    if len(shown) < len(groups):
        caption += f" Shown are the first {len(shown)} of {len(groups)}; the table has them all."
    return figure(rates_plot(name, [_dot(group) for group in shown], overall, _JUDGED), caption, f"{told}.")


def _hours(groups: Sequence[Group], overall: float | None) -> Figure:
    told = "; ".join(f"{group.label}: {_rate_words(group)}" for group in groups if group.counts.judged)
    caption = f"Nearest-sent rate by hour of receipt, local time; the bar is the 95% interval. {_LINE}"
    dots = [_dot(group, group.key) for group in groups]
    return figure(hours_plot("hour", dots, overall), caption, f"{told}.")


def _dot(group: Group, label: str = "") -> Dot:
    """Return a group as a dot; one too small to be told has none."""
    rate = Rate(0, 0, None, None, None) if group.small else group.good.of_judged
    return Dot(label or _short(group.label), rate.share, rate.low, rate.high, group.counts.judged)


def _short(label: str, longest: int = 34) -> str:
    return label if len(label) <= longest else f"{label[: longest - 1]}…"


def _rate_words(group: Group) -> str:
    rate = group.good.of_judged
    if group.small:
        return "too few to tell"
    return f"{share(rate.share)} ({share(rate.low)} to {share(rate.high)}) of {count(group.counts.judged)}"


def _lost(lost_s: Sequence[float]) -> Figure:
    caption = "How many incidents lost as much time or more, because a nearer unit that could have been sent was not."
    told = f"{count(len(lost_s))} incidents lost time, at most {duration(max(lost_s))}."
    return figure(lost_plot("lost", lost_s), caption, told)


def _response(rows: Sequence[ResponseRow]) -> Figure:
    caption = (
        "In target: the dot is of those whose arrival was timed, with its 95% interval; the hollow diamond is of all "
        "attended."
    )
    told = "; ".join(f"{target_words(row)}: {_in_target_words(row)}" for row in rows)
    drawn = rates_plot("response", [_target_dot(row) for row in rows], None, "share in target")
    return figure(drawn, caption, f"{told}.")


def _target_dot(row: ResponseRow) -> Dot:
    timed, attended = row.in_target_of_timed, row.in_target_of_attended
    label = _short(target_words(row), 44)
    if timed is None or attended is None or row.small:
        return Dot(label, None, None, None, row.timed)
    return Dot(label, timed.share, timed.low, timed.high, row.timed, attended.share)


def _in_target_words(row: ResponseRow) -> str:
    timed, attended = row.in_target_of_timed, row.in_target_of_attended
    if timed is None or attended is None or row.small:
        return "too few to tell"
    return f"{share(timed.share)} of {count(row.timed)} timed, {share(attended.share)} of all attended"


def _times(verdicts: Sequence[Verdict]) -> Figure | None:
    """Draw predicted against actual times, of evenly chosen incidents where there are many."""
    known = [
        (one.sent_s, one.from_sent_s)
        for one in verdicts
        if one.arrival == "recorded" and one.sent_s is not None and one.from_sent_s is not None
    ]
    chosen = known[:: -(-len(known) // _MOST_DOTS)] if known else []
    if len(chosen) < 2:  # noqa: PLR2004 - one dot is no plot
        return None
    caption = (
        "Each dot is one incident: from the decision to the first arrival. On the dashed line the prediction came true."
    )
    if len(chosen) < len(known):
        caption += f" Shown are {count(len(chosen))} of {count(len(known))}, evenly chosen."
    drawn = times_plot("times", [one for one, _ in chosen], [other for _, other in chosen])
    return figure(drawn, caption, f"There are {count(len(chosen))} dots.")
