"""Make ``.cache/bench-venv``: the product and the peers that are measured against it.

    python -m benchmarks.environment

Two of the peers have wheels for Python 3.12 and later only. Such a Python is taken from ``BENCH_PYTHON`` if that is
set, else searched on ``PATH`` and among the versions of pyenv.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
VENV = ROOT / ".cache" / "bench-venv"
LEAST = (3, 12)
# Constraints.txt is known to hold for these; BENCH_PYTHON may name a later one.
SEARCHED = ("3.12", "3.13")
INSTALL_S = 1_800


def candidates() -> Iterator[str]:
    """Yield the commands that may be a fitting Python, best first."""
    pyenv = os.environ.get("PYENV_ROOT") or str(Path.home() / ".pyenv")
    for version in SEARCHED:
        if ".".join(map(str, sys.version_info[:2])) == version:
            yield sys.executable
        found = shutil.which(f"python{version}")
        if found:
            yield found
        yield from map(str, sorted(Path(pyenv).glob(f"versions/{version}*/bin/python")))


def version(python: str) -> tuple[int, ...] | None:
    """Return the version of a Python command, or None where it does not run (as a shim of pyenv may not)."""
    command = [python, "-c", "import sys; print(*sys.version_info[:3])"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)  # noqa: S603 - asked for
    except (OSError, subprocess.SubprocessError):
        return None
    return tuple(map(int, done.stdout.split()))


def fitting_python() -> str:
    """Return the Python to use, or leave with a message that says what to do."""
    chosen = os.environ.get("BENCH_PYTHON")
    if chosen:
        known = version(chosen)
        if known is None or known < LEAST:
            sys.exit(f"BENCH_PYTHON={chosen}: not a Python {LEAST[0]}.{LEAST[1]} or later that runs here")
        return chosen
    for python in candidates():
        known = version(python)
        if known is not None and known >= LEAST:
            return python
    sys.exit(
        f"no Python {' or '.join(SEARCHED)} on PATH or in pyenv; OSRM and Valhalla have no wheels for earlier ones. "
        "Install one, or name it: BENCH_PYTHON=/path/to/python3.12"
    )


def main() -> None:
    """Make the environment and put the product and its peers in it."""
    python = fitting_python()
    print(f"{VENV.relative_to(ROOT)}: with {python}", file=sys.stderr)
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    wanted = ["-c", "constraints.txt", "-r", "benchmarks/requirements.txt", "-e", "."]
    for command in ([python, "-m", "venv", "--clear", str(VENV)], [*pip, *wanted]):
        subprocess.run(command, check=True, cwd=ROOT, timeout=INSTALL_S)  # noqa: S603 - spelt out above


if __name__ == "__main__":
    main()
