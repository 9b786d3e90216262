"""Which program plays replications: the same code and the same libraries everywhere, or the bytes may differ."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import Final

from graphs.errors import NearestError
from graphs.provenance import code_hash, product_version

PACKAGES: Final = ("graphs", "dispatch", "scenarios")
# Random numbers, the order of events, arithmetic, plans and the layout of the tables come from these.
LIBRARIES: Final = ("numba", "numpy", "ortools", "polars", "shapely", "simpy")


class OtherProgram(NearestError):
    """A worker has another program than the one that asks it."""

    slug = "other-program"
    title = "A worker has another program"


# Kept from the first look: it tells of the code that is running, not of files that were changed since.
@cache
def program() -> Mapping[str, str]:
    """Return the version, the SHA-256 (hex) of each package's code, and the versions of the libraries that matter."""
    code = {name: code_hash(name) for name in PACKAGES}
    return {"version": product_version(), **code, **{name: version(name) for name in LIBRARIES}}


def require_same_program(asking: Mapping[str, str], where: str) -> None:
    """Hold the program of this process against the one that asks it.

    Parameters
    ----------
    asking
        From `program`.
    where
        What to call this process.

    Raises
    ------
    OtherProgram
        They differ; every part that does is named.
    """
    differing = told_apart(asking, program())
    if differing:
        raise OtherProgram(f"{where} has another program: {differing}; install the same version there")


def told_apart(asking: Mapping[str, str], found: Mapping[str, str]) -> str:
    """Say in what two programs differ; nothing where they do not."""
    names = [name for name in asking if asking[name] != found.get(name)]
    return ", ".join(f"{name} {_short(found.get(name, 'none'))} and not {_short(asking[name])}" for name in names)


def _short(told: str) -> str:
    return told[:12]
