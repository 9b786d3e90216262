"""What may follow what: the steps of an assignment, as one table.

The radio status codes have a table of their own in the force profile, ``[transitions]``.
"""

from __future__ import annotations

from typing import Final

from dispatch.state import Step

# For the step that a unit has come to, the steps that may follow.
STEPS: Final[dict[Step, tuple[Step, ...]]] = {
    "assigned": ("en_route", "at_scene", "stood_down", "diverted"),
    "en_route": ("at_scene", "stood_down", "diverted"),
    "at_scene": ("clear", "diverted"),
    "clear": (),
    "stood_down": (),
    "diverted": (),
}


def may_follow(step: Step, then: Step) -> bool:
    """Tell whether an assignment may go from one step to another."""
    return then in STEPS[step]
