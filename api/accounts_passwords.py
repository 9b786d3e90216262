"""Passwords: which are good enough, how they are kept, and how one is checked."""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from graphs.errors import Fault, InputError

MIN_CHARACTERS: Final = 12
# As long as the check for common passwords reads.
MAX_CHARACTERS: Final = 72
# Of 0 to 4: 10^8 guesses and more.
_LEAST_SCORE: Final = 3
# RFC 9106's second recommended option, 64 MiB each; so many at once that a wave of logins leaves room for the rest.
_HASHER: Final = PasswordHasher()
_HASHING: Final = threading.BoundedSemaphore(2)


def require_good(password: str, name: str) -> None:
    """Refuse a password that is short or easily guessed (NIST SP 800-63B: length and a list, no rules of composition).

    Raises
    ------
    InputError
        The password is not good enough; it is not repeated.
    """
    if faults := list(_weaknesses(password, name)):
        raise InputError(faults)


def _weaknesses(password: str, name: str) -> Iterator[Fault]:
    accepted = f"{MIN_CHARACTERS} to {MAX_CHARACTERS} characters that are not easily guessed"
    if not MIN_CHARACTERS <= len(password) <= MAX_CHARACTERS:
        yield Fault("account", name, "password", f"one of {len(password)} characters", accepted)
        return
    from zxcvbn import zxcvbn  # noqa: PLC0415 - its lists take a tenth of a second, and only new passwords need them

    found = zxcvbn(password, user_inputs=[name, "nearest", "nearest first", "dispatch", "police"])
    if found["score"] < _LEAST_SCORE:
        yield Fault("account", name, "password", "an easily guessed one", accepted, found["feedback"]["warning"])


def hashed(password: str) -> str:
    """Return what is kept of a password."""
    with _HASHING:
        return _HASHER.hash(_plain(password))


def matches(kept: str | None, password: str) -> bool:
    """Return whether a password is the kept one; as slowly where none is kept, so that time tells nothing."""
    with _HASHING:
        try:
            _HASHER.verify(kept or _nobodys(), _plain(password))
        except (VerificationError, InvalidHashError):
            return False
    return kept is not None


def outdated(kept: str) -> bool:
    """Return whether a password was hashed with other parameters than today's."""
    return _HASHER.check_needs_rehash(kept)


@cache
def _nobodys() -> str:
    return _HASHER.hash("of nobody")


def _plain(password: str) -> bytes:
    # Keyboards write one letter in different ways; JSON can hold halves of characters, which UTF-8 cannot.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
