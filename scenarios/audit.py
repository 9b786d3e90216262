"""What an audit comes to: the numbers that a report shows, from the verdicts of all incidents.

Nothing here reads a file or a clock; the same verdicts in any order give the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dispatch.force import Force
from scenarios.audit_causes import Causes, Worst, causes_of, worst_of
from scenarios.audit_groups import Groups, groups_of
from scenarios.audit_headline import Funnel, Headline, funnel_of, headline_of
from scenarios.audit_quality import Prediction, Quality, Straight, prediction_of, quality_of, straight_of
from scenarios.audit_response import Response, response_of
from scenarios.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Audit:
    """The numbers of a report.

    Parameters
    ----------
    headline
        Was the nearest sent, and how many seconds were lost.
    funnel
        From every incident that was read to those that were judged.
    groups
        By grade, domestic abuse or not, sector, hour and shift.
    causes
        Why a nearer unit was not sent, or could not be.
    worst
        The incidents at which most was lost, worst first.
    response
        Times against target, by the force's own clock.
    straight
        The same question as the crow flies.
    quality
        What the records lack.
    prediction
        Predicted against actual times.
    """

    headline: Headline
    funnel: Funnel
    groups: Groups
    causes: Causes
    worst: tuple[Worst, ...]
    response: Response
    straight: Straight
    quality: Quality
    prediction: Prediction


def audit_of(
    verdicts: Sequence[Verdict],
    force: Force,
    *,
    refused: Mapping[str, int] | None = None,
    assumed: Sequence[str] = (),
) -> Audit:
    """Return what the verdicts of a period come to.

    Parameters
    ----------
    verdicts
        One of every imported incident, in any order.
    force
        Names grades and reasons, and orders the grades.
    refused
        How many rows of incidents the import did not accept, by reason in words: one reason for each row.
    assumed
        What was taken for granted where the records do not say, in sentences.
    """
    return Audit(
        headline=headline_of(verdicts),
        funnel=funnel_of(verdicts, refused or {}),
        groups=groups_of(verdicts, force),
        causes=causes_of(verdicts, force),
        worst=worst_of(verdicts, force),
        response=response_of(verdicts, force),
        straight=straight_of(verdicts),
        quality=quality_of(verdicts, assumed),
        prediction=prediction_of(verdicts, force),
    )
