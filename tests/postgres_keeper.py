"""Runs a PostgreSQL server for as long as the tests' process lives, and not a moment longer.

``python postgres_keeper.py TESTS_PID USER FOLDER COMMAND...``: a process of its own, so that no server is left behind
when the tests are killed. USER is empty where the server runs as whoever runs the tests.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from typing import Any

STOP_S = 20.0
LOOK_S = 0.2


def keep(tests_pid: int, user: str, folder: str, command: list[str]) -> int:
    """Run the server until it ends, the tests end or this process is asked to end; say how the server ended."""
    server = subprocess.Popen(command, cwd=folder, **as_user(user))  # noqa: S603 - the tests' own command
    try:
        while server.poll() is None and os.getppid() == tests_pid:
            time.sleep(LOOK_S)
    except KeyboardInterrupt:
        pass
    finally:
        stop(server)
        if os.getppid() != tests_pid:
            shutil.rmtree(folder, ignore_errors=True)
    return int(server.returncode)


def as_user(user: str | None) -> dict[str, Any]:
    """Arguments that make ``subprocess`` run a program as another user, with none of our groups."""
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}


def stop(server: subprocess.Popen[bytes]) -> None:
    """Stop the server: cut its sessions off, and if that takes too long, end it at once."""
    if server.poll() is None:
        server.send_signal(signal.SIGINT)
    try:
        server.wait(STOP_S)
    except subprocess.TimeoutExpired:
        server.send_signal(signal.SIGQUIT)
        server.wait(STOP_S)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(keep(int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:]))
