"""What a change comes to: the numbers as they are and as they would be, incident by incident."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

import orjson

from scenarios.audit_headline import Headline, headline_of
from scenarios.cells import write_rows
from scenarios.rates import Rate, Spread, spread
from scenarios.verdict import JUDGED, Verdict
from scenarios.what_if import Change, Difference, differences
from scenarios.workplace import write_whole

WHAT_IF: Final = "what_if.json"
DIFFERENCES: Final = "what_if.csv"


@dataclass(frozen=True)
class Compared:
    """What one change comes to.

    Parameters
    ----------
    change
        What is different.
    before, then
        The numbers as they are, and as they would be. They are not of the same incidents: a change makes some judged
        that were not, or the other way.
    paired_before, paired_then
        The nearest-sent rate over the incidents that are judged both times.
    paired_lost_before_s, paired_lost_then_s
        Over the same incidents, seconds lost where a nearer unit could have gone.
    left, joined
        How many incidents are judged as it is and would not be, and the other way.
    differences
        Every incident of which something else would be said.
    """

    change: Change
    before: Headline
    then: Headline
    paired_before: Rate
    paired_then: Rate
    paired_lost_before_s: Spread
    paired_lost_then_s: Spread
    left: int
    joined: int
    differences: tuple[Difference, ...]

    def paired(self) -> dict[str, Any]:
        """Return what is told of the incidents that are judged both times, and how many are not, as JSON values."""
        return {
            "paired_before": asdict(self.paired_before),
            "paired_then": asdict(self.paired_then),
            "paired_lost_before_s": asdict(self.paired_lost_before_s),
            "paired_lost_then_s": asdict(self.paired_lost_then_s),
            "left": self.left,
            "joined": self.joined,
        }

    @property
    def said(self) -> str:
        """What is different, in a few words."""
        return _SAID[self.change.kind]

    @property
    def sooner_s(self) -> Spread:
        """Seconds by which the nearest eligible unit would be sooner, where that differs; below 0 it is later."""
        pairs = [(each.nearest_eligible_s, each.nearest_eligible_then_s) for each in self.differences]
        known = [now - then for now, then in pairs if now is not None and then is not None]
        return spread([each for each in known if each])


_SAID: Final = {
    "closures_known": "every closure is known from when it began",
    "closures": "these closures are known too",
    "sector_cars": "the nearest goes in place of the car of the incident's own sector",
    "fixes": "positions may be older, or must be newer",
    "mobilisation_s": "crews take other times to move",
    "profiles": "other speeds",
    "unit": "one more unit, free whenever it is asked for: the most that it could gain",
}


def compare(change: Change, before: Sequence[Verdict], then: Sequence[Verdict]) -> Compared:
    """Hold the verdicts that there would be under a change against those that there are."""
    pairs = [(one, other) for one, other in zip(before, then, strict=True) if {one.verdict, other.verdict} <= JUDGED]
    paired_before, paired_then = headline_of([one for one, _ in pairs]), headline_of([other for _, other in pairs])
    headline, headline_then = headline_of(before), headline_of(then)
    return Compared(
        change=change,
        before=headline,
        then=headline_then,
        paired_before=paired_before.good.of_judged,
        paired_then=paired_then.good.of_judged,
        paired_lost_before_s=paired_before.lost_not_sent_s,
        paired_lost_then_s=paired_then.lost_not_sent_s,
        left=headline.counts.judged - len(pairs),
        joined=headline_then.counts.judged - len(pairs),
        differences=tuple(differences(before, then)),
    )


def write_compared(out: Path, compared: Iterable[Compared]) -> None:
    """Write what each change comes to, and every incident that it changes."""
    told = tuple(compared)
    for name in (WHAT_IF, DIFFERENCES):
        (out / name).unlink(missing_ok=True)
    if not told:
        return
    write_whole(out / WHAT_IF, orjson.dumps([_summary(each) for each in told], option=orjson.OPT_INDENT_2))
    columns = ("change", *(field.name for field in fields(Difference)))
    rows = ({"change": each.change.name, **asdict(one)} for each in told for one in each.differences)
    with (out / DIFFERENCES).open("w", encoding="utf-8", newline="") as file:
        write_rows(file, columns, rows)


def _summary(each: Compared) -> dict[str, Any]:
    return {
        "change": each.change.model_dump(mode="json", exclude_none=True),
        "before": asdict(each.before),
        "then": asdict(each.then),
        **each.paired(),
        "incidents_that_differ": len(each.differences),
        "nearest_eligible_sooner_s": asdict(each.sooner_s),
    }
