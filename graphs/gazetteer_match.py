"""How well each of many names fits what was typed: misspelt, shortened, in another order, or not yet to its end."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from graphs.gazetteer_words import forms_of, weights_of, words_of
from graphs.network import Floats

# The numbers below are judgement, held to the misspellings in the tests.
# Two words less alike than this have nothing to do with each other; of fewer letters, a slip makes another word.
_ALIKE: Final = 0.6
_SLIP_LETTERS: Final = 4
# What a beginning counts at least, where a whole word counts 1.
_BEGUN: Final = 0.9
# How much of a score is that all that was typed is in the name; the rest, that all of the name was typed.
_TYPED: Final = 0.85
# Names whose words are written together or apart otherwise than typed.
_JOINED: Final = 0.95
_MOST_WORDS: Final = 12
_KEPT: Final = 256


class Names:
    """Names to be searched.

    Parameters
    ----------
    names
        What may be found.
    """

    def __init__(self, names: Sequence[str]) -> None:
        words = [words_of(name) or [name] for name in names]
        self._words = sorted({word for each in words for word in each})
        rows = {word: row for row, word in enumerate(self._words)}
        self._word = np.array([rows[word] for each in words for word in each], np.int64)
        self._start = np.cumsum([0, *map(len, words)])[:-1]
        self._weight = np.array(weights_of(self._words))[self._word]
        self._total = self._summed(self._weight)
        self._joined = ["".join(each) for each in words]
        # Whoever types on asks again for the words before.
        self._fits = lru_cache(maxsize=_KEPT)(self._fits_of)
        self._begun = lru_cache(maxsize=_KEPT)(lambda letters: [word[:letters] for word in self._words])

    def scores(self, words: Sequence[str]) -> Floats:
        """Return how well each name fits typed words, 0 to 1; the words are those of `words_of`."""
        if not self._joined or not words:
            return np.zeros(len(self._joined))
        typed = words[:_MOST_WORDS]
        fits = np.stack([self._fits(word) for word in typed])[:, self._word]
        found = np.maximum.reduceat(fits, self._start, axis=1)
        weight = np.array(weights_of(typed))
        in_name = weight @ found / weight.sum()
        of_name = self._summed(self._weight * fits.max(axis=0)) / self._total
        return np.asarray(np.maximum(_TYPED * in_name + (1 - _TYPED) * of_name, self._written_together(typed)))

    def _summed(self, values: Floats) -> Floats:
        return np.asarray(np.add.reduceat(values, self._start) if len(self._start) else np.zeros(0))

    def _fits_of(self, word: str) -> Floats:
        """Return how well a typed word fits each word of the names."""
        return np.asarray(np.maximum.reduce([self._fit(form) for form in forms_of(word)]))

    def _fit(self, form: str) -> Floats:
        letters = len(form)
        fit = np.zeros(len(self._words))
        for row in range(bisect_left(self._words, form), len(self._words)):
            if not self._words[row].startswith(form):
                break
            fit[row] = _BEGUN + (1 - _BEGUN) * letters / len(self._words[row])
        if letters < _SLIP_LETTERS:
            return fit
        slipped = _likeness(form, self._words)
        half = _likeness(form, self._begun(letters))
        return np.maximum(fit, np.maximum(slipped, _BEGUN * half))

    def _written_together(self, words: Sequence[str]) -> Floats:
        typed = "".join(words)
        if len(typed) < _SLIP_LETTERS:
            return np.array([_JOINED * (typed == each) for each in self._joined])
        return _JOINED * _likeness(typed, self._joined)


def _likeness(typed: str, words: Sequence[str]) -> Floats:
    """Return 1 minus the slips of each word as a share of its letters; two letters in each other's place are one."""
    found = process.cdist([typed], words, scorer=OSA.normalized_similarity, score_cutoff=_ALIKE, dtype=np.float64)
    return np.asarray(found[0], np.float64)
