"""Coordinates and grid references as people type them."""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple

from graphs.coordinates import from_british_grid, on_globe

_NUMBER: Final = r"([-+]?\d{1,3}(?:\.\d+)?)\s*°?"
_DEGREES: Final = re.compile(rf"{_NUMBER}\s*([NS])?\s*[,;\s]\s*{_NUMBER}\s*([EW])?", re.IGNORECASE)
# With a comma for the decimal point, something else must stand between the two.
_WITH_COMMAS: Final = re.compile(r"[-+]?\d{1,3},\d+\s*[;\s]\s*[-+]?\d{1,3},\d+")
_METRES: Final = re.compile(r"(\d{5,6})(?:\.\d+)?\s*[,;\s]\s*(\d{5,7})(?:\.\d+)?")
_LETTERS: Final = re.compile(r"([A-HJ-Z]{2})\s*(\d{1,5})\s*(\d{1,5})", re.IGNORECASE)
# The squares of the grid are lettered without an I.
_ALPHABET: Final = "ABCDEFGHJKLMNOPQRSTUVWXYZ"
_SQUARE_M: Final = 100_000
_DIGITS: Final = 5


class Point(NamedTuple):
    """A point that was typed."""

    kind: Literal["coordinates", "grid"]
    name: str
    lat: float
    lon: float


def point_of(text: str) -> Point | None:
    """Read coordinates or a reference of the British National Grid; None where a text is neither.

    Parameters
    ----------
    text
        Such as ``57.70, 11.97``, ``57,70 11,97``, ``NZ 495 205`` or ``449500 520500``. A reference by letters names a
        square, of which the middle is meant.

    Examples
    --------
    >>> point_of("57.70, 11.97")
    Point(kind='coordinates', name='57.70, 11.97', lat=57.7, lon=11.97)
    >>> place = point_of("nz495205")
    >>> place.name, round(place.lat, 4), round(place.lon, 4)
    ('NZ 495 205', 54.5778, -1.235)
    """
    text = text.strip()
    return _degrees(text) or _metres(text) or _lettered(text)


def _degrees(text: str) -> Point | None:
    found = _DEGREES.fullmatch(text.replace(",", ".") if _WITH_COMMAS.fullmatch(text) else text)
    if found is None:
        return None
    lat, south, lon, west = found.groups()
    if any(letter and number[0] in "+-" for number, letter in ((lat, south), (lon, west))):
        # A letter and a sign may say the same or the opposite.
        return None
    place = float(lat) * _sign(south, "S"), float(lon) * _sign(west, "W")
    return Point("coordinates", text, *place) if on_globe(*place) else None


def _sign(letter: str | None, negative: str) -> int:
    return -1 if (letter or "").upper() == negative else 1


def _metres(text: str) -> Point | None:
    found = _METRES.fullmatch(text)
    return None if found is None else _on_grid(text, float(found[1]), float(found[2]))


def _lettered(text: str) -> Point | None:
    """Read letters and figures (Ordnance Survey, A guide to coordinate systems in Great Britain, section 7)."""
    found = _LETTERS.fullmatch(text)
    if found is None:
        return None
    # Figures without a space between are as many for each direction.
    figures = found[2] + found[3]
    half = len(figures) // 2
    if len(figures) % 2 or (text[: found.end(2)] != text[: found.start(3)] and len(found[2]) != half):
        return None
    first, second = (_ALPHABET.index(letter) for letter in found[1].upper())
    size_m = 10 ** (_DIGITS - half)
    east_m = ((first - 2) % 5 * 5 + second % 5) * _SQUARE_M + (int(figures[:half]) + 0.5) * size_m
    north_m = (19 - first // 5 * 5 - second // 5) * _SQUARE_M + (int(figures[half:]) + 0.5) * size_m
    return _on_grid(f"{found[1].upper()} {figures[:half]} {figures[half:]}", east_m, north_m)


def _on_grid(name: str, east_m: float, north_m: float) -> Point | None:
    try:
        return Point("grid", name, *from_british_grid(east_m, north_m))
    except ValueError:
        return None
