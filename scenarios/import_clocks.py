"""Times as records have them: without an offset, without a date, twice in the night when clocks go back.

Which of two readings is meant is settled by the order of the steps of a response where exactly one reading is in order.
Nothing is guessed: where several are, the manifest has to say which, or the row is put aside.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Final, Literal
from zoneinfo import ZoneInfo

from graphs.moments import MOMENT

# A step that has a time of day alone and would be later than this after the step before is more likely out of order.
_LATEST: Final = timedelta(hours=12)
_NUMBERS: Final = ("unix_s", "unix_ms", "days")
_MILLISECONDS: Final = 1_000


class UnreadableError(Exception):
    """A time cannot be told; its texts say what is accepted, and why it was not."""

    def __init__(self, accepted: str, hint: str = "") -> None:
        super().__init__(accepted)
        self.accepted, self.hint = accepted, hint


@dataclass(frozen=True, slots=True)
class Written:
    """A time as it was written.

    Parameters
    ----------
    text
        As it stands in the file.
    moment
        Where it has an offset.
    local
        Where it has none.
    of_day
        Where it has no date either.
    """

    text: str
    moment: datetime | None = None
    local: datetime | None = None
    of_day: time | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """Moments of steps, in UTC, and how they were told: ``plain``, ``order`` or ``manifest``."""

    moments: tuple[datetime, ...]
    how: Literal["plain", "order", "manifest"]


@dataclass(frozen=True)
class Clock:
    """Reads the times of one table.

    Parameters
    ----------
    time_zone
        Of times without an offset; None refuses them.
    ambiguous
        Which of two readings counts where the order does not tell; None refuses them.
    formats
        See `scenarios.import_manifest.TableManifest`.
    day_zero
        The day that ``days`` count from.
    """

    time_zone: str | None = None
    ambiguous: Literal["earlier", "later"] | None = None
    formats: tuple[str, ...] = ()
    day_zero: date | None = None

    @cached_property
    def zone(self) -> ZoneInfo | None:
        """The zone."""
        return None if self.time_zone is None else ZoneInfo(self.time_zone)

    def read(self, text: str) -> Written:
        """Read a time.

        Raises
        ------
        UnreadableError
            It is none.
        """
        number = next((name for name in self.formats if name in _NUMBERS), None)
        if number is not None and (found := _number(text)) is not None:
            return self._counted(text, found, number)
        of_day = _time_of_day(text)
        if of_day is not None:
            return Written(text, of_day=of_day)
        return self._dated(text)

    def _counted(self, text: str, number: float, unit: str) -> Written:
        try:
            if unit != "days":
                scale = _MILLISECONDS if unit == "unix_ms" else 1
                return Written(text, moment=datetime.fromtimestamp(number / scale, UTC))
            if self.day_zero is None:
                raise UnreadableError("day_zero = a date in the manifest", "it counts days, from no day that is known")
            return Written(text, local=datetime.combine(self.day_zero, time()) + timedelta(days=number))
        except (ValueError, OverflowError, OSError) as error:
            raise UnreadableError("a time in the years 1970 to 2199") from error

    def _dated(self, text: str) -> Written:
        found = _iso(text)
        for pattern in () if found is not None else self.formats:
            try:
                found = datetime.strptime(text, pattern)  # noqa: DTZ007 - the zone is the manifest's
                break
            except ValueError:
                continue
        if found is None:
            formats = ", ".join(("ISO 8601", *self.formats))
            raise UnreadableError(f"a time: {formats}")
        if found.utcoffset() is not None:
            return Written(text, moment=found)
        if self.zone is None:
            raise UnreadableError(MOMENT, "it has no offset, and the manifest names no time_zone")
        return Written(text, local=found)

    def readings(self, written: Written, after: datetime | None) -> tuple[datetime, ...]:
        """Return the moments that a time may mean, in UTC, soonest first.

        Parameters
        ----------
        after
            The step before; a time of day is the first such moment that is not before it, and none where that would be
            more than 12 hours later.

        Raises
        ------
        UnreadableError
            There was no such time, or a time of day has no step before it.
        """
        if written.moment is not None:
            return (written.moment.astimezone(UTC),)
        if self.zone is None:
            raise UnreadableError(MOMENT, "it has no offset, and the manifest names no time_zone")
        if written.local is not None:
            return self._of_local(written.local)
        if written.of_day is None or after is None:
            raise UnreadableError("a time with a date", "a time of day alone, and no step before it to count from")
        return self._next(written.of_day, after)

    def _of_local(self, local: datetime) -> tuple[datetime, ...]:
        moments = [local.replace(tzinfo=self.zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
        if moments[0].astimezone(self.zone).replace(tzinfo=None) != local:
            accepted = f"a time that there was in {self.time_zone}"
            raise UnreadableError(accepted, "clocks went forward over it")
        return tuple(dict.fromkeys(moments))

    def _next(self, of_day: time, after: datetime) -> tuple[datetime, ...]:
        today = after.astimezone(self.zone).date()
        found = list[datetime]()
        for days in (0, 1):
            try:
                found += self._of_local(datetime.combine(today + timedelta(days=days), of_day))
            except UnreadableError:
                continue
        first = min((moment for moment in found if moment >= after), default=None)
        return () if first is None or first - after > _LATEST else (first,)

    def in_order(self, steps: Sequence[Written], after: datetime | None) -> Iterator[tuple[datetime, ...]]:
        """Yield every reading of steps in which none is before the one ahead of it, soonest first.

        Raises
        ------
        UnreadableError
            There was no such time.
        """
        if not steps:
            yield ()
            return
        for moment in self.readings(steps[0], after):
            if after is None or moment >= after:
                yield from ((moment, *rest) for rest in self.in_order(steps[1:], moment))

    def settle(self, steps: Sequence[Written], after: datetime | None) -> Settled | None:
        """Tell the moments of steps; None where no reading is in order.

        Raises
        ------
        UnreadableError
            There was no such time, or several readings are in order and the manifest does not say which is meant.
        """
        found = list(self.in_order(steps, after))
        if not found:
            return None
        doubtful = any(written.local is not None and len(self._of_local(written.local)) > 1 for written in steps)
        return self.choose(found, doubtful=doubtful)

    def choose(self, found: Sequence[tuple[datetime, ...]], *, doubtful: bool) -> Settled:
        """Take the one reading, or that of several that the manifest says.

        Raises
        ------
        UnreadableError
            There is none, or there are several and it says nothing.
        """
        if not found:
            raise UnreadableError("a time within 12 hours after the step before it")
        if len(found) == 1:
            return Settled(found[0], "order" if doubtful else "plain")
        if self.ambiguous is None:
            accepted = "a time with an offset, or ambiguous = in the manifest"
            raise UnreadableError(accepted, f"clocks went back: in {self.time_zone} it was there twice")
        return Settled(min(found) if self.ambiguous == "earlier" else max(found), "manifest")


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _time_of_day(text: str) -> time | None:
    """Read a time without a date and without an offset."""
    if ":" not in text or not text.replace(":", "").replace(".", "").isdigit():
        return None
    try:
        return time.fromisoformat(text.zfill(len(text) + 1) if text[1:2] == ":" else text)
    except ValueError:
        return None


def _iso(text: str) -> datetime | None:
    if "T" not in text and " " not in text:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
