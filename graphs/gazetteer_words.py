"""Words of street names, made alike: whatever a name's letters, accents and abbreviations, and however it is typed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

# Letters that are no other letter with a mark, and so do not fall apart into one.
_LETTERS: Final = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "\u0131": "i"}
)
_APOSTROPHES: Final = re.compile("['`\u2018\u2019\u00b4]")
_SWEDISH: Final = {"g": "gamla", "l": "lilla", "n": "norra", "s": "södra", "st": "stora", "v": "västra", "ö": "östra"}
_SHORTENED: Final = re.compile(rf"\b({'|'.join(_SWEDISH)}):a\b")
# What stands for what. One short form may stand for several words, and a map has either form.
_MEANINGS: Final = """
st: street saint sankt
rd: road
ave av: avenue avenida
ln: lane
dr: drive doutor
cl: close
ct: court
cres: crescent
gdns: gardens
gr: grove
pl: place
sq: square
ter terr: terrace
blvd: boulevard
hwy: highway
pkwy: parkway
mt: mount
n: north norra
s: south sodra
e: east
w: west
o: ostra
v: vastra vagen
g: gatan gamla
t: torget
r: rua
tv trav: travessa
lg: largo
pc pca: praca
pct: praceta
estr: estrada
al: alameda
sta: santa
sto: santo
sra: senhora
sr: senhor
d: dom dona
eng: engenheiro
prof: professor
gen: general
"""


def words_of(text: str) -> list[str]:
    """Return the words of a name or a question without case, accents and punctuation.

    Examples
    --------
    >>> words_of("St. John's Rd")
    ['st', 'johns', 'rd']
    >>> words_of("G:a Tuvevägen")
    ['gamla', 'tuvevagen']
    """
    text = _SHORTENED.sub(lambda found: _SWEDISH[found[1]], unicodedata.normalize("NFC", text).casefold())
    apart = unicodedata.normalize("NFKD", _APOSTROPHES.sub("", text.translate(_LETTERS)))
    return re.findall(r"[^\W_]+", "".join(letter for letter in apart if not unicodedata.combining(letter)))


def _alike() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for line in _MEANINGS.strip().splitlines():
        short, _, meant = line.partition(":")
        for each in short.split():
            for word in meant.split():
                found.setdefault(each, set()).add(word)
                found.setdefault(word, set()).update(short.split())
    return {word: frozenset(others) for word, others in found.items()}


_ALIKE: Final = _alike()


def forms_of(word: str) -> list[str]:
    """Return a word, and what it may be short for or be shortened to.

    Examples
    --------
    >>> forms_of("st")
    ['st', 'saint', 'sankt', 'street']
    """
    return [word, *sorted(_ALIKE.get(word, ()))]


def weight_of(word: str) -> float:
    """Return how much a word tells: by its letters; one of those that may be shortened, such as road, tells little."""
    return 2.0 if word in _ALIKE else float(len(word))


def weights_of(words: Iterable[str]) -> list[float]:
    """Return how much each of several words tells."""
    return [weight_of(word) for word in words]
