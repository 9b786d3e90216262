"""A window of a simulation's first replication, for the console to play."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from graphs.errors import Fault, InputError
from scenarios.scenario import PolicyChoice, Scenario
from scenarios.scenario_clock import moment_of

_LOOK_MS: Final = 10_000
_MS: Final = timedelta(milliseconds=1)
_ACCEPTED: Final = "FROM/TO, two times such as 2026-03-02T18:00, by the force's clocks where they have no offset"


@dataclass(frozen=True, slots=True)
class Window:
    """From when until before when, from the scenario's start."""

    from_ms: int
    to_ms: int

    @classmethod
    def read(cls, text: str, scenario: Scenario, source: str, field: str) -> Window:
        """Read two times with a stroke between them.

        Raises
        ------
        InputError
            They are no times, or not in order within what is simulated.
        """
        try:
            start, end = (_moment(part, scenario) for part in text.split("/"))
        except ValueError as error:
            raise InputError([Fault(source, "", field, text, _ACCEPTED)]) from error
        window = cls((start - scenario.start) // _MS, (end - scenario.start) // _MS)
        if not scenario.begin_ms <= window.from_ms < window.to_ms <= scenario.until_ms:
            first, last = (scenario.local(at).isoformat() for at in (scenario.begin_ms, scenario.until_ms))
            raise InputError([Fault(source, "", field, text, f"times in order from {first} to {last}")])
        return window


def _moment(text: str, scenario: Scenario) -> datetime:
    told = datetime.fromisoformat(text)
    return moment_of(told, scenario.zone) if told.tzinfo is None else told.astimezone(UTC)


def animation(scenario: Scenario, choice: PolicyChoice, window: Window) -> bytes:
    """Play the first replication once more and return a window of it as JSON; see docs/planner.md."""
    # Slow to import, and few ask for it.
    from scenarios.animation import AnimationWatch, animation_json  # noqa: PLC0415
    from scenarios.simulation import simulate  # noqa: PLC0415

    watch = AnimationWatch(_LOOK_MS, window.from_ms, window.to_ms)
    return animation_json(scenario, watch, simulate(scenario, choice, 1, watch=watch))
