"""Where the tests' browser comes from; ``make browser`` runs this to see to it that there is one."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from postgres_setup import APT

NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_browser() -> Path | None:
    """The Chromium of the machine, or None."""
    found = (shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/bin"])) for name in NAMES)
    return next((Path(path) for path in found if path), None)


def ensure_browser() -> Path | None:
    """Find it, or install Debian's package where root."""
    if not find_browser() and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for work in (["update", "-qq"], ["install", "-qq", "-y", "--no-install-recommends", "chromium"]):
            subprocess.run([*APT, *work], env=environment, check=False)  # noqa: S603 - our own command
    return find_browser()


if __name__ == "__main__":
    print("Browser for the tests:", ensure_browser() or "none; the tests that need it cannot run")  # noqa: T201
