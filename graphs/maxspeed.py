"""Legal speed limits out of OpenStreetMap tags.

A limit is tagged as a number with or without a unit, as a word, or as the rule that sets it (``GB:nsl_single``), and
often as the rule alone. Whatever cannot be read is None, never a guess: the profile then assumes a limit for the class
of road.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Literal

MPH_KMH: Final = 1.609344
KNOT_KMH: Final = 1.852

# "walk" is a rule and not a number; this is 1.4 m/s, the walking pace of the profiles, rounded down.
WALKING_KMH: Final = 5.0

# No country signs more than 160 km/h, and nobody signs less than 1: beyond these it is a year or a slip of the finger.
LOWEST_LIMIT_KMH: Final = 1.0
HIGHEST_LIMIT_KMH: Final = 160.0

_UNITS_KMH: Final[Mapping[str, float]] = MappingProxyType(
    {
        "": 1.0,
        "km/h": 1.0,
        "kmh": 1.0,
        "kph": 1.0,
        "kmph": 1.0,
        "mph": MPH_KMH,
        "knots": KNOT_KMH,
        "knot": KNOT_KMH,
        "kn": KNOT_KMH,
    }
)
_WORDS_KMH: Final[Mapping[str, float]] = MappingProxyType({"none": math.inf, "walk": WALKING_KMH})

# What a country's own rules say for a car. The two sources used throughout are the OpenStreetMap wiki page "Default
# speed limits", revision 2413111 of 3 October 2022, and the law or public body named beside a country. Where a code
# leaves two limits open, the lower one stands. A country or a context that was not looked up is not here.
_RULES_KMH: Final[Mapping[str, Mapping[str, float]]] = MappingProxyType(
    {
        # Road Traffic Regulation Act 1984 s.81 (30 mph where lit); 60 and 70 mph since June 1977 (Hansard, 6 April
        # 1977); Motorways Traffic (Speed Limit) Regulations 1974. "national" does not say single or dual.
        "gb": {
            "nsl_restricted": 30 * MPH_KMH,
            "nsl_single": 60 * MPH_KMH,
            "nsl_dual": 70 * MPH_KMH,
            "national": 60 * MPH_KMH,
            "motorway": 70 * MPH_KMH,
            "urban": 30 * MPH_KMH,
            "rural": 60 * MPH_KMH,
        },
        # Restricted Roads (20 mph Speed Limit) (Wales) Order 2022, in force 17 September 2023.
        "gb-wls": {"nsl_restricted": 20 * MPH_KMH, "urban": 20 * MPH_KMH},
        "at": {
            "urban": 50.0,
            "rural": 100.0,
            "trunk": 100.0,
            "motorway": 130.0,
            "living_street": WALKING_KMH,
            "bicycle_road": 30.0,
        },
        "be": {"rural": 70.0, "motorway": 120.0, "living_street": 20.0, "cyclestreet": 30.0},
        "be-bru": {"urban": 30.0, "rural": 70.0},
        "be-vlg": {"urban": 50.0, "rural": 70.0},
        "be-wal": {"urban": 50.0, "rural": 90.0},
        "ch": {"urban": 50.0, "rural": 80.0, "trunk": 100.0, "motorway": 120.0, "living_street": 20.0},
        # StVO section 3(3): no general limit on an Autobahn, 130 km/h is advice.
        "de": {
            "urban": 50.0,
            "rural": 100.0,
            "motorway": math.inf,
            "living_street": WALKING_KMH,
            "bicycle_road": 30.0,
        },
        "dk": {"urban": 50.0, "rural": 80.0, "motorway": 130.0},
        # Since 11 May 2021 a street with one lane each way is 30 km/h, a wider one 50.
        "es": {"urban": 30.0, "rural": 90.0, "motorway": 120.0, "living_street": 20.0},
        # The European Commission's list has 80 where the wiki has 100.
        "fi": {"urban": 50.0, "rural": 80.0, "living_street": 20.0},
        # Code de la route, article R413-2.
        "fr": {"urban": 50.0, "rural": 80.0, "motorway": 130.0, "living_street": 20.0},
        # Local roads 60 km/h since 7 February 2025 (Road Traffic Act 2024); regional roads may still be 80.
        "ie": {"urban": 50.0, "rural": 60.0, "motorway": 120.0},
        "it": {"urban": 50.0, "rural": 90.0, "trunk": 110.0, "motorway": 130.0},
        # RVV 1990 articles 20 and 21; on motorways 100 by day.
        "nl": {"urban": 50.0, "rural": 80.0, "trunk": 100.0, "motorway": 100.0},
        "no": {"urban": 50.0, "rural": 80.0},
        # Código da Estrada, article 27, as tabled by the Automóvel Club de Portugal.
        "pt": {"urban": 50.0, "rural": 90.0, "trunk": 100.0, "motorway": 120.0, "living_street": 20.0},
        # Trafikförordningen chapter 3 section 17, as told by NTF.
        "se": {"urban": 50.0, "rural": 70.0, "motorway": 110.0},
    }
)
_MPH_COUNTRIES: Final = frozenset({"gb"})

_AMOUNT: Final = r"(?P<amount>\d{1,4}(?:\.\d{1,6})?)\s*(?P<unit>" + "|".join(_UNITS_KMH) + ")"
_NUMBER: Final = re.compile(_AMOUNT, re.ASCII)
_ZONE: Final = re.compile(r"(?:zone)?:?\s*" + _AMOUNT, re.ASCII)
_RULE: Final = re.compile(r"(?P<country>[a-z]{2})(?P<region>-[a-z]{2,3})?:\s*(?P<context>\S.*)", re.ASCII)
_SEPARATOR: Final = re.compile(r"[;|]")


def limit_kmh(tags: Mapping[str, str], *, direction: Literal["forward", "backward"]) -> float | None:
    """Read the speed limit of a way, in one direction, from its tags.

    The first tag that can be read answers: ``maxspeed:forward`` or ``maxspeed:backward``, ``maxspeed``,
    ``maxspeed:type``, ``source:maxspeed``, ``zone:maxspeed``, ``zone:traffic``. Of several limits in one value (``;``
    or ``|`` between) the lowest is taken: a promise to a victim should not rest on the faster half.

    Parameters
    ----------
    tags
        The tags of the way, as OpenStreetMap has them.
    direction
        ``forward`` is the direction in which the way is drawn.

    Returns
    -------
    float or None
        Kilometres an hour, not rounded (a mile is 1.609344 km); infinity where the law sets no limit; None where no
        tag says, or what it says cannot be read as a limit (``signals``, ``0``, an unknown country). Limits by time
        of day (``maxspeed:conditional``) are not read here.

    Notes
    -----
    Never raises, whatever the tags hold. Tagging: OpenStreetMap wiki, "Key:maxspeed" and "Key:maxspeed:type".

    Examples
    --------
    >>> limit_kmh({"maxspeed": "50"}, direction="forward")
    50.0
    >>> limit_kmh({"maxspeed:type": "GB:nsl_single"}, direction="forward") == 60 * 1.609344
    True
    """
    for key, read in ((f"maxspeed:{direction}", _limit), *_READERS):
        limit = _lowest(tags.get(key, ""), read)
        if limit is not None:
            return limit
    return None


def _lowest(value: str, read: Callable[[str], float | None]) -> float | None:
    parts = (read(part.strip().lower()) for part in _SEPARATOR.split(value))
    return min((limit for limit in parts if limit is not None), default=None)


def _limit(text: str) -> float | None:
    """Read a word, a number or a rule."""
    if text in _WORDS_KMH:
        return _WORDS_KMH[text]
    number = _NUMBER.fullmatch(text)
    return _ruled(text) if number is None else _amount(number, default_unit="km/h")


def _ruled(text: str) -> float | None:
    """Read a rule such as ``gb:nsl_single`` or ``de:zone30``, of a country whose rules are known."""
    rule = _RULE.fullmatch(text)
    if rule is None:
        return None
    country = "gb" if rule["country"] == "uk" else rule["country"]
    if country not in _RULES_KMH:
        return None
    zone = _ZONE.fullmatch(rule["context"])
    if zone is not None:
        return _amount(zone, default_unit="mph" if country in _MPH_COUNTRIES else "km/h")
    region = _RULES_KMH.get(country + (rule["region"] or ""), {})
    return region.get(rule["context"], _RULES_KMH[country].get(rule["context"]))


def _amount(found: re.Match[str], *, default_unit: str) -> float | None:
    kmh = float(found["amount"]) * _UNITS_KMH[found["unit"] or default_unit]
    return kmh if LOWEST_LIMIT_KMH <= kmh <= HIGHEST_LIMIT_KMH else None


# Bare numbers are not limits in the two keys that say where a limit comes from: "2012" there is a survey's year.
_READERS: Final[tuple[tuple[str, Callable[[str], float | None]], ...]] = (
    ("maxspeed", _limit),
    ("maxspeed:type", _ruled),
    ("source:maxspeed", _ruled),
    ("zone:maxspeed", _limit),
    ("zone:traffic", _ruled),
)
