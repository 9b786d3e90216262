"""One way of writing addresses, names, telephone numbers and places, so that a later call finds an earlier one.

What is written here is compared, never shown: a person reads what the caller said.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from itertools import pairwise
from typing import Final

import phonenumbers

from graphs.coordinates import METRES_PER_DEGREE

# An incident so near is at the same place for a check; squares of that size are what the history is searched by.
NEAR_M: Final = 30.0
_LAT_STEP: Final = NEAR_M / METRES_PER_DEGREE
# Letters that do not come apart into a plain letter and a mark.
_LETTERS: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "\u0131": "i", "ħ": "h", "ŧ": "t"}
)
_APOSTROPHES: Final = re.compile(r"['`\u02b9\u02bc\u2018\u2019]")
_BREAKS: Final = re.compile(r"[,;\n\t]+")
_BORN: Final = re.compile(r"^(.*?)[\s,(]+(\d{4}-\d{2}-\d{2})\)?\s*$", re.DOTALL)
_TITLES: Final = frozenset({"mr", "mrs", "miss", "ms", "mx", "dr"})
# Always the short form: then "st" need not be told apart into street and saint.
_SHORT: Final = {
    "street": "st",
    "str": "st",
    "saint": "st",
    "road": "rd",
    "avenue": "ave",
    "av": "ave",
    "lane": "ln",
    "drive": "dr",
    "close": "cl",
    "court": "ct",
    "crescent": "cres",
    "cresc": "cres",
    "place": "pl",
    "square": "sq",
    "terrace": "ter",
    "terr": "ter",
    "gardens": "gdns",
    "grove": "gr",
    "grv": "gr",
    "mount": "mt",
    "north": "n",
    "south": "s",
    "east": "e",
    "west": "w",
    "house": "hse",
    "and": "&",
    "apartment": "flat",
    "apt": "flat",
    "unit": "flat",
    "room": "flat",
    "lgh": "flat",
    "lagenhet": "flat",
}
# Postcodes of these regions stand for a few houses; elsewhere a postcode is a whole quarter and says too little.
_SMALL_POSTCODES: Final = frozenset({"GB", "GG", "IM", "JE"})
_POSTCODE: Final = re.compile(r"\b([a-z]{1,2}\d[a-z\d]?)[\s,.]*(\d[a-z]{2})\b")
_KEY_CHARACTERS: Final = 200
_FLAT_LETTERS: Final = 2


def folded(text: str) -> str:
    """Return a text without case, accents and apostrophes.

    >>> folded("Linnégatan"), folded("O'Brien"), folded("Łukasz")
    ('linnegatan', 'obrien', 'lukasz')
    """
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    marked = "".join(letter for letter in plain if not unicodedata.combining(letter)).translate(_LETTERS)
    return _APOSTROPHES.sub("", marked)


@dataclass(frozen=True, slots=True)
class Person:
    """A person by name.

    Parameters
    ----------
    name
        The words of the name, without title, in the order of the alphabet.
    born
        The date of birth, ISO 8601, or None where it was not told.
    """

    name: str
    born: str | None = None

    @property
    def text(self) -> str:
        """The person as it may be written."""
        return self.name if self.born is None else f"{self.name}, {self.born}"

    def may_be(self, born: Collection[str]) -> bool:
        """Say whether the dates of birth known of somebody of the same name speak against its being the same."""
        return self.born is None or not born or self.born in born


def person_of(told: str, no_names: Collection[str] = ()) -> Person | None:
    """Read a name, with a date of birth behind it or not; None where it names nobody in particular.

    One word alone is shared by too many to be a name, unless a date of birth goes with it; an initial stays one.

    Parameters
    ----------
    told
        As ``Ann Smith``, ``Smith, Ann`` or ``Ann Smith, 1980-02-01``.
    no_names
        Words that stand where a name is not known.

    >>> person_of("Smith, Ann").name, person_of("Unknown male", {"unknown", "male"})
    ('ann smith', None)
    """
    name, born = _apart(told)
    words = [word for word in _words(name) if word not in _TITLES]
    named = [word for word in words if word not in no_names and not word.isdigit()]
    if not named or (len(words) == 1 and born is None):
        return None
    return Person(" ".join(sorted(words)), born)


def _apart(told: str) -> tuple[str, str | None]:
    found = _BORN.match(told)
    if found is None:
        return told, None
    try:
        return found[1], date.fromisoformat(found[2]).isoformat()
    except ValueError:
        return found[1], None


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", folded(text))


def phone_of(told: str, region: str | None) -> str | None:
    """Return a telephone number as E.164; None where it is none.

    A number of a possible length counts, for new ranges come sooner than lists of them.

    Parameters
    ----------
    region
        ISO 3166 code of the country whose numbers are told without a country code; None where none may be.

    >>> phone_of("01642 326326", "GB"), phone_of("+44 1642 326 326", None), phone_of("999", "GB")
    ('+441642326326', '+441642326326', None)
    """
    try:
        number = phonenumbers.parse(told, region)
    except phonenumbers.NumberParseException:
        return None
    possible = phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if possible else None


@dataclass(frozen=True, slots=True)
class Address:
    """An address, taken apart; what was not told is empty.

    Parameters
    ----------
    flat, number
        Kept apart: a flat's address is not that of the house.
    street
        Its name, or the house's where it has no number.
    postcode
        Without a space.
    """

    flat: str = ""
    number: str = ""
    street: str = ""
    postcode: str = ""

    @property
    def text(self) -> str:
        """The address as it may be written."""
        flat = f"flat {self.flat}" if self.flat else ""
        return ", ".join(part for part in (flat, f"{self.number} {self.street}".strip(), self.postcode) if part)

    @property
    def buildings(self) -> tuple[str, ...]:
        """Keys that it shares with every address in the same building, by postcode and by street."""
        forms = []
        if self.postcode and (self.number or self.street):
            forms.append(f"{self.number or self.street}|{self.postcode}")
        if self.street:
            forms.append(f"{self.number}|{self.street}")
        return tuple(shortened(form) for form in forms)

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys that it shares with the very same address only."""
        return tuple(shortened(f"{self.flat}|{form}") for form in self.buildings)


def address_of(told: str, region: str | None) -> Address:
    """Take an address apart.

    Parameters
    ----------
    region
        ISO 3166 code of the country; it says how far a postcode can be trusted to name a house.

    >>> address_of("Flat 2, 14 High Street, Yarm TS15 9AA", "GB").text
    'flat 2, 14 high st, ts159aa'
    >>> address_of("Linnégatan 1, Göteborg", "SE").text
    '1 linnegatan'
    """
    text, postcode = folded(told), ""
    if region in _SMALL_POSTCODES and (codes := list(_POSTCODE.finditer(text))):
        last = codes[-1]
        postcode, text = last[1] + last[2], f"{text[: last.start()]},{text[last.end() :]}"
    flat, parts = _flat([tokens for part in _BREAKS.split(text) if (tokens := _tokens(part))])
    number, street = _house(parts)
    return Address(flat, number, street, postcode)


def _tokens(part: str) -> list[str]:
    found = []
    for token in re.findall(r"(?:[^\W_]|[/&-])+", part):
        # 14-16 and 14/2 are numbers of houses; a hyphen between words is only a space.
        pieces = [token.strip("/-")] if re.match(r"\d", token.strip("/-")) else re.split(r"[/-]+", token)
        found += [_SHORT.get(piece, piece) for piece in pieces if piece]
    return found


def _flat(parts: Sequence[list[str]]) -> tuple[str, list[list[str]]]:
    """Take the first flat out of an address."""
    for index, tokens in enumerate(parts):
        for place, (word, after) in enumerate(pairwise(tokens)):
            if word == "flat" and (len(after) <= _FLAT_LETTERS or any(letter.isdigit() for letter in after)):
                rest = [*tokens[:place], *tokens[place + 2 :]]
                return after, [part for part in (*parts[:index], rest, *parts[index + 1 :]) if part]
    return "", list(parts)


def _house(parts: Sequence[list[str]]) -> tuple[str, str]:
    for index, tokens in enumerate(parts):
        if tokens[0][0].isdigit():
            number, street = _leading(tokens)
            following = parts[index + 1] if not street and index + 1 < len(parts) else []
            return number, " ".join(street or following)
        if len(tokens) > 1 and tokens[-1][0].isdigit():
            return tokens[-1], " ".join(tokens[:-1])
    return "", " ".join(token for part in parts[:2] for token in part)


def _leading(tokens: Sequence[str]) -> tuple[str, Sequence[str]]:
    number, rest = tokens[0], tokens[1:]
    if number.isdecimal() and len(rest) > 1 and re.fullmatch(r"[a-d]", rest[0]):
        return number + rest[0], rest[1:]
    return number, rest


def shortened(key: str) -> str:
    """Return a key that fits its column."""
    return key if len(key) <= _KEY_CHARACTERS else sha256(key.encode("utf-8", "replace")).hexdigest()


def cell_of(lat: float, lon: float) -> str:
    """Return the square of about 30 m that a place lies in.

    Parameters
    ----------
    lat, lon
        WGS 84 degrees.
    """
    row = math.floor(lat / _LAT_STEP)
    return _cell(row, math.floor(lon / _lon_step(row)))


def cells_near(lat: float, lon: float) -> frozenset[str]:
    """Return the squares in which every place within 30 m lies: three by three, one more column where they tilt."""
    row = math.floor(lat / _LAT_STEP)
    return frozenset(cell for each in (row - 1, row, row + 1) for cell in _cells_of_row(each, lon))


def _cells_of_row(row: int, lon: float) -> Iterator[str]:
    step = _lon_step(row)
    # A metre is most degrees at the row's end towards the pole.
    reach = _LAT_STEP / max(math.cos(math.radians(min((abs(row) + 2) * _LAT_STEP, 89.9))), 1e-3)
    first, last = math.floor((lon - reach) / step), math.floor((lon + reach) / step)
    yield from (_cell(row, column) for column in range(first, last + 1))


def _lon_step(row: int) -> float:
    """Degrees of longitude of a square's width; the same for the whole row, and a whole number of them go round."""
    width = _LAT_STEP / max(math.cos(math.radians(min(abs(row) * _LAT_STEP, 89.9))), 1e-3)
    return 360 / max(math.floor(360 / width), 1)


def _cell(row: int, column: int) -> str:
    round_about = round(360 / _lon_step(row))
    return f"{row}:{column % round_about}"
