"""What a roster has to keep to: the law on working time, and what the force lays down; each figure with its source.

``rules.toml`` may put other figures in their place, key by key. Police officers come under the Working Time Regulations
1998 (SI 1998/1833), but for duties that inevitably conflict with them (reg. 18), and beside them under the Police
Regulations 2003, whose Annex E gives an officer 8 hours a day, two rest days a week and longer refreshment breaks.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from dispatch.force_tables import Table
from graphs.faults import checked, parse_toml, read_text, refuse

HOURS_A_DAY = 24
HOURS_A_WEEK = 168
_SHIFT_HOURS = "a list of whole numbers of hours, 1 to 24"
_STARTS = "a list of hours of the day, 0 to 23"
_HOUR_OF_DAY = "an hour of the day, 0 to 23"
_WEEK_HOURS = "a whole number of hours, 0 to 168"
Hour = Annotated[int, Field(ge=0, le=HOURS_A_DAY - 1)]
# Strict models take no list for a tuple, and TOML knows only lists.
Starts = Annotated[tuple[Hour, ...], Field(strict=False, min_length=1)]
Lengths = Annotated[tuple[Annotated[int, Field(ge=1, le=HOURS_A_DAY)], ...], Field(strict=False, min_length=1)]


class Rules(Table):
    """The rules of a roster, in hours unless their name says otherwise.

    Attributes
    ----------
    shift_hours, starts
        How long a duty may be, and at which hours of the day it may begin: the force's own choice. Early, late and
        night duties with one between each: more hours to begin at fit the demand more closely, and no officer's life.
    most_starts
        At so many different hours of the day duties may begin, at the most: the force's own choice.
    daily_rest
        Uninterrupted, between two duties: Working Time Regulations 1998 (SI 1998/1833), reg. 10(1).
    weekly_rest
        Uninterrupted, once in every week: 24 (reg. 11(1)), of which the daily rest of 11 is no part (reg. 11(7)). The
        24 lie between one Monday 00:00 and the next, as weeks do that no agreement lets begin elsewhere (reg. 11(4)).
    weekly_hours
        At the most, on average; every week of a cyclic line is the same, so its average is itself. 8 hours on each of
        five days (Police Regulations, Annex E); the law's own limit is 48 (reg. 4(1)).
    break_after, break_min
        In a duty longer than this there is a break of so many minutes: by law 20 beyond 6 hours (reg. 12(1), (3)), in
        the police 45 in one of 8 hours, up to 60 in one of 10 (Annex E).
    night_from, night_to, night_counts
        Who regularly works so many hours between these hours of the day is a night worker (reg. 2(1)).
    night_daily
        Hours of a night worker for each day, on average over the days that are no weekly rest (reg. 6(1), (5)).
    night_longest
        Hours of one night duty at the most: 8 where the work has special hazards or heavy strain (reg. 6(7)), which the
        force's own assessment tells (reg. 6(8)); else the law has no such limit.
    least_crews
        On duty in every hour, whatever the demand: the force's own choice.
    least_with_skill
        On duty in every hour, for each skill that some incident needs: the force's own choice.
    """

    shift_hours: Lengths = Field(default=(8, 9, 10), description=_SHIFT_HOURS)
    starts: Starts = Field(default=(7, 10, 14, 18, 22), description=_STARTS)
    most_starts: int = Field(default=HOURS_A_DAY, ge=1, le=HOURS_A_DAY, description="a whole number, 1 to 24")
    daily_rest: int = Field(default=11, ge=0, le=HOURS_A_DAY, description="a whole number of hours, 0 to 24")
    weekly_rest: int = Field(default=35, ge=0, le=HOURS_A_WEEK, description=_WEEK_HOURS)
    weekly_hours: int = Field(default=40, ge=1, le=HOURS_A_WEEK, description="a whole number of hours, 1 to 168")
    break_after: int = Field(default=6, ge=0, le=HOURS_A_DAY, description="a whole number of hours, 0 to 24")
    break_min: int = Field(default=45, ge=1, le=180, description="a whole number of minutes, 1 to 180")
    night_from: int = Field(default=23, ge=0, le=HOURS_A_DAY - 1, description=_HOUR_OF_DAY)
    night_to: int = Field(default=6, ge=0, le=HOURS_A_DAY - 1, description=_HOUR_OF_DAY)
    night_counts: int = Field(default=3, ge=1, le=HOURS_A_DAY, description="a whole number of hours, 1 to 24")
    night_daily: int = Field(default=8, ge=1, le=HOURS_A_DAY, description="a whole number of hours, 1 to 24")
    night_longest: int = Field(
        default=HOURS_A_DAY, ge=1, le=HOURS_A_DAY, description="a whole number of hours, 1 to 24"
    )
    least_crews: int = Field(default=1, ge=0, le=10_000, description="a whole number of crews, 0 or more")
    least_with_skill: int = Field(default=1, ge=0, le=10_000, description="a whole number of crews, 0 or more")

    @model_validator(mode="after")
    def _holds_a_break(self) -> Self:
        if self.break_min >= min(self.shift_hours) * 60:
            raise refuse("a break shorter than the shortest duty", field="break_min", value=str(self.break_min))
        return self

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a TOML file; what it does not name stays as it is here.

        Raises
        ------
        InputError
            With every fault found.
        """
        return checked(cls, parse_toml(read_text(path, "a TOML file in UTF-8"), str(path)), str(path))

    def is_night(self, start_h: int, hours: int) -> bool:
        """Tell whether a duty makes its officer a night worker."""
        return sum(self._in_night(start_h + hour) for hour in range(hours)) >= self.night_counts

    def _in_night(self, hour: int) -> bool:
        after = (hour - self.night_from) % HOURS_A_DAY
        return after < (self.night_to - self.night_from) % HOURS_A_DAY

    def allows(self, start_h: int, hours: int) -> bool:
        """Tell whether a duty may be worked, were it the only one of the week."""
        night = self.is_night(start_h, hours)
        longest = min(self.most_hours(night=night), self.night_longest if night else HOURS_A_DAY)
        return hours <= min(longest, HOURS_A_WEEK - max(self.weekly_rest, self.daily_rest))

    def last_end(self, start: int) -> int:
        """Return how many hours after its start a chain of duties has to be over, so that weekly rest follows.

        Parameters
        ----------
        start
            Of its first duty, hour of the week; the chain begins again a week later.
        """
        rest, within = max(self.weekly_rest, self.daily_rest), min(self.weekly_rest, HOURS_A_DAY)
        # A rest over Sunday midnight has its 24 hours in one of the weeks: after it, or else before.
        over = HOURS_A_WEEK if start >= within else HOURS_A_WEEK - start - within
        return min(HOURS_A_WEEK - rest, over)

    def most_hours(self, *, night: bool) -> int:
        """Return how many hours a week an officer may work, as a night worker or not."""
        if not night:
            return self.weekly_hours
        # Reg. 6(5): hours worked over the days of the period less its weekly rest of 24 hours.
        return min(self.weekly_hours, self.night_daily * 6)
