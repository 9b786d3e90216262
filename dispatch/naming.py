"""Names of incidents, callsigns and closures: short enough for every database, and nothing that steers a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from graphs.errors import Fault, InputError
from graphs.faults import written

BODY: Final = "body"
LONGEST_NAME: Final = 100
# Addresses, numbers and people are looked up by, and a lookup has a limit.
LONGEST_TEXT: Final = 300
_NAME: Final = f"1 to {LONGEST_NAME} printable characters, no colon or slash, not only dots, without a space at an end"


def is_name(text: str) -> bool:
    """Tell whether a text can name something in the record."""
    return 0 < len(text) <= LONGEST_NAME and text.isprintable() and text == text.strip()


def require_name(field: str, text: str) -> None:
    """Refuse what can name nothing, and names such as ``person:12``, which the record itself gives.

    Nor may a name stand for more than itself in an address: what is called ``A66/A174`` or ``..`` would have none.

    Raises
    ------
    InputError
        It is empty, too long, not printable, only dots, has a colon, a slash, or a space at an end.
    """
    if not is_name(text) or not text.strip(".") or not {":", "/"}.isdisjoint(text):
        raise InputError([Fault(BODY, "", field, written(text), _NAME)])


def long_texts(values: Mapping[str, object]) -> list[Fault]:
    """Return the faults of texts that are too long to be looked up by."""
    listed = ((name, value if isinstance(value, tuple | list) else [value]) for name, value in values.items())
    texts = ((name, text) for name, each in listed for text in each)
    accepted = f"{LONGEST_TEXT} characters at most"
    return [
        Fault(BODY, "", name, written(text), accepted)
        for name, text in texts
        if isinstance(text, str) and len(text) > LONGEST_TEXT
    ]
