"""Places by what people call them: streets and crossings of the network's own names, coordinates, grid references."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from typing import Final, Literal

import numpy as np

from graphs.coordinates import distance_m
from graphs.gazetteer_match import Names
from graphs.gazetteer_points import point_of
from graphs.gazetteer_streets import Street, Streets
from graphs.gazetteer_words import words_of
from graphs.network import Network

Kind = Literal["street", "crossing", "coordinates", "grid"]
LatLon = tuple[float, float]
# A name that fits less than this is not what was meant; judgement, held to the misspellings in the tests.
LEAST_SCORE: Final = 0.6
# Of a crossing, so many streets are tried for each of its two names, and across the first where the second is empty.
_TRIED: Final = 8
_ACROSS: Final = 20
# What has more signs that may part two names, or after "corner" more words, is no crossing: each is one more to try.
_MOST_CUTS: Final = 3
_MOST_WORDS: Final = 12
# What a crossing counts whose streets come near to each other and do not meet.
_BESIDE: Final = 0.95
_SIGNS: Final = re.compile(r"\s*(?:/|&|\+|\s[xX\u00d7]\s)\s*")
_BETWEEN: Final = re.compile(r"\s+(?:and|at|och|e|y|und|with)\s+", re.IGNORECASE)
_CORNER: Final = re.compile(
    r"^\s*(?:corner|junction|crossing|crossroads|hörnet|hörn|korsningen|esquina|cruzamento)\s+(?:of\s+|av\s+|de\s+|da\s+)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere that was asked for.

    Parameters
    ----------
    name
        Of the street; of a crossing, both names.
    lat, lon
        Degrees. Of a street, a point on it near its middle.
    score
        How well it fits what was typed, 0 to 1.
    meets
        The main streets that a street meets, by which it is told from another of its name.
    length_m
        Of a street.
    away_m
        Metres from where near was, in a straight line.
    """

    kind: Kind
    name: str
    lat: float
    lon: float
    score: float
    meets: tuple[str, ...] = ()
    length_m: float | None = None
    away_m: float | None = None


class Gazetteer:
    """The names of a network.

    Parameters
    ----------
    network
        Whose streets are searched.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._streets = Streets(network)
        self._names = Names(self._streets.names)

    def find(self, text: str, near: LatLon | None = None, most: int = 8) -> list[Place]:
        """Find what a text may mean, the likeliest first.

        Parameters
        ----------
        text
            A street; a crossing such as ``A / B``, ``A & B``, ``A x B``, ``A and B`` or ``corner A B``; coordinates; a
            reference of the British National Grid. It may be misspelt, shortened, or not yet typed to its end.
        near
            ``(lat, lon)``; of places that fit equally well, those nearer to it come first.
        most
            How many are returned at most.
        """
        point = point_of(text)
        # Elsewhere it is no place, and may be a name: figures alone can be read as either.
        if point is not None and self._network.contains(point.lat, point.lon):
            found = [Place(point.kind, point.name, point.lat, point.lon, 1.0)]
        else:
            found = [*self._crossings(text, near), *self._of_one_name(text, near, most)]
        seen = {(place.kind, place.name, place.lat, place.lon): place for place in sorted(found, key=_score)}
        return sorted((_seen_from(near, place) for place in seen.values()), key=_likeliest)[:most]

    def _of_one_name(self, text: str, near: LatLon | None, most: int) -> Iterator[Place]:
        for street, score in self._ranked(words_of(text), near, most):
            for piece in self._streets.pieces(street):
                yield Place("street", street.name, piece.lat, piece.lon, score, piece.meets, piece.length_m)

    def _ranked(self, words: Sequence[str], near: LatLon | None, most: int) -> list[tuple[Street, float]]:
        """Return the streets whose names fit best; of those that fit equally well, the nearest."""
        scores = np.round(self._names.scores(words), 2)
        fit = np.flatnonzero(scores >= LEAST_SCORE)
        if len(fit) > most and near is not None:
            order = np.lexsort((self._streets.away(*near)[fit], -scores[fit]))
        else:
            order = np.argsort(-scores[fit], kind="stable")
        return [(self._streets[row], float(scores[row])) for row in fit[order[:most]].tolist()]

    def _crossings(self, text: str, near: LatLon | None) -> Iterator[Place]:
        for first, second in _halves(text):
            one, other = self._ranked(first, near, _TRIED), self._ranked(second, near, _TRIED)
            if not second:
                other = [(across, score) for street, score in one[:1] for across in self._across(street, near)]
                one = one[:1]
            pairs = [
                (street, across, round((score + score_across) / 2, 3))
                for (street, score), (across, score_across) in product(one, other)
            ]
            found = [place for pair in pairs for place in self._meetings(*pair)]
            # Only where none meet is it asked which come near to each other: that takes longer.
            yield from found or (place for pair in _best(pairs) for place in self._meetings(*pair, beside=True))

    def _across(self, street: Street, near: LatLon | None) -> list[Street]:
        """Return streets that meet one: the nearest where that matters, else in the order of their names."""
        found = self._streets.across(street)
        if len(found) > _ACROSS and near is not None:
            away_m = self._streets.away(*near)
            found = sorted(found, key=lambda each: float(away_m[each.row]))
        return found[:_ACROSS]

    def _meetings(self, street: Street, across: Street, score: float, *, beside: bool = False) -> Iterator[Place]:
        for lat, lon in self._streets.meetings(street, across, beside=beside):
            yield Place("crossing", f"{street.name} / {across.name}", lat, lon, score * (_BESIDE if beside else 1.0))


def _best(pairs: list[tuple[Street, Street, float]]) -> list[tuple[Street, Street, float]]:
    return sorted(pairs, key=lambda pair: -pair[2])[:_TRIED]


def _halves(text: str) -> Iterator[tuple[list[str], list[str]]]:
    """Yield the two names of a crossing, in words, for each way to read a text as one."""
    corner = _CORNER.match(text)
    text = text[corner.end() :] if corner else text
    for sign in (_SIGNS, _BETWEEN):
        cuts = list(sign.finditer(text))
        if len(cuts) > _MOST_CUTS:
            return
        for cut in cuts:
            first = words_of(text[: cut.start()])
            if first:
                yield first, words_of(text[cut.end() :])
        if cuts:
            return
    if corner:
        words = words_of(text)
        if len(words) > _MOST_WORDS:
            return
        yield from ((words[:row], words[row:]) for row in range(1, len(words)))


def _seen_from(near: LatLon | None, place: Place) -> Place:
    return place if near is None else replace(place, away_m=distance_m(*near, place.lat, place.lon))


def _score(place: Place) -> float:
    return place.score


def _likeliest(place: Place) -> tuple[float, float, float, str, float, float]:
    """Sort by score, then by distance, then the longest street first, then so that two searches agree."""
    return -place.score, place.away_m or 0.0, -(place.length_m or 0.0), place.name, place.lat, place.lon


@lru_cache(maxsize=8)
def gazetteer_of(network: Network) -> Gazetteer:
    """Return the gazetteer of a network, made once."""
    return Gazetteer(network)
