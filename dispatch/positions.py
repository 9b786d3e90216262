"""Position reports: which of them say where a unit is, and which are only kept.

The age of a fix is counted from when it was true, never from when it arrived: a device that was out of coverage sends
what it kept, and what is newer stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from dispatch.force import Force
from dispatch.model import Fix
from dispatch.store import Report

FUTURE: Final = "future_fix"
OUTDATED: Final = "outdated"


def judged(report: Report, force: Force) -> Report:
    """Say whether a report can be used: one dated in the future would hide all that come after it."""
    ahead_s = (report.fix.fixed_at - report.received_at).total_seconds()
    if report.refused is None and ahead_s > force.fixes.future_tolerance_s:
        return replace(report, refused=FUTURE)
    return report


@dataclass(frozen=True, slots=True)
class Positions:
    """The newest fix of each callsign, up to a row of the table of fixes.

    Parameters
    ----------
    number
        That row; None before any was asked for.
    newest
        By callsign, the usable fix that was true last.
    ahead
        By callsign, the newest fix that is dated in the future: it says why there is no other, and nothing more.
    """

    number: int | None = None
    newest: Mapping[str, Fix] = field(default_factory=dict)
    ahead: Mapping[str, Fix] = field(default_factory=dict)

    def with_(self, reports: Iterable[tuple[int, Report]]) -> Positions:
        """Return the positions after more rows."""
        told = list(reports)
        if not told:
            return self
        newest, ahead = dict(self.newest), dict(self.ahead)
        for _, report in told:
            if report.refused not in {None, FUTURE}:
                continue
            kept = newest if report.refused is None else ahead
            known = kept.get(report.callsign)
            if known is None or report.fix.fixed_at > known.fixed_at:
                kept[report.callsign] = report.fix
        return Positions(told[-1][0], newest, ahead)

    def of(self, callsign: str) -> Fix | None:
        """Return where a unit was last, None where that is not known."""
        return self.newest.get(callsign)

    def shown(self, callsign: str, now: datetime, tolerance_s: float) -> Fix | None:
        """Return where a unit was last, or else the fix that is dated in the future, for as long as it is.

        Parameters
        ----------
        tolerance_s
            How far ahead a fix may be dated and is believed, in seconds.
        """
        known, ahead = self.of(callsign), self.ahead.get(callsign)
        if known is not None or ahead is None:
            return known
        # Once that time has come, nothing would tell it from a fix that is new.
        return ahead if (ahead.fixed_at - now).total_seconds() > tolerance_s else None
