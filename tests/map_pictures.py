"""What a map in the browser shows, told by its pixels: a place has a colour or it has not."""

from __future__ import annotations

import io
import math
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Locator, Page, expect

Colour = tuple[int, int, int]
Place = tuple[float, float]
DEADLINE_S = 30.0
# The world is so many pixels wide at zoom 0.
_WORLD_PX = 512
# How far a channel may be off: sides are smoothed, and a software renderer rounds in its own way.
_OFF = 10


def mix(colour: Colour, beneath: Colour, opacity: float) -> Colour:
    """The colour that is seen of one over another."""
    red, green, blue = (round(opacity * a + (1 - opacity) * b) for a, b in zip(colour, beneath, strict=True))
    return red, green, blue


class Seen:
    """A map as it was seen at one moment, when it had drawn all that it was given."""

    def __init__(self, page: Page) -> None:
        frame = page.locator(".road-map")
        expect(frame).to_have_attribute("aria-busy", "false")
        lon, lat, zoom = map(float, (frame.get_attribute("data-view") or "").split())
        self.scale = _WORLD_PX * 2**zoom
        self.centre = _mercator((lat, lon))
        shot = canvas(page).screenshot()
        self.pixels: NDArray[np.int16] = np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(np.int16)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]

    def pixel(self, place: Place) -> tuple[int, int]:
        """Where a place lies on the canvas, from its upper left."""
        x, y = ((a - b) * self.scale for a, b in zip(_mercator(place), self.centre, strict=True))
        return round(x + self.size[0] / 2), round(y + self.size[1] / 2)

    def share(self, place: Place, colour: Colour, radius: int = 3) -> float:
        """The share of the pixels around a place that have a colour."""
        x, y = self.pixel(place)
        around = self.pixels[y - radius : y + radius + 1, x - radius : x + radius + 1]
        if around.shape[:2] != (2 * radius + 1, 2 * radius + 1):
            return 0.0  # it is not in view
        return float(np.mean(np.abs(around - np.array(colour)).max(axis=2) <= _OFF))


def canvas(page: Page) -> Locator:
    """The element that the map is drawn on, which takes its keys."""
    return page.locator(".road-map .maplibregl-canvas")


def see(page: Page, condition: Callable[[Seen], bool]) -> Seen:
    """Look again until what is seen is so; what comes by the stream comes when it comes."""
    end = time.monotonic() + DEADLINE_S
    while not condition(seen := Seen(page)):
        assert time.monotonic() < end, f"not seen in {DEADLINE_S:g} s"
    return seen


def press(page: Page, key: str, times: int = 1) -> None:
    """Press a key on the map, and wait after each until it stands still."""
    for _ in range(times):
        before = page.locator(".road-map").get_attribute("data-view") or ""
        canvas(page).press(key)
        expect(page.locator(".road-map")).not_to_have_attribute("data-view", before)
        Seen(page)


def _mercator(place: Place) -> tuple[float, float]:
    """Mercator's square of the world, 0 to 1 from west to east and from north to south."""
    lat, lon = place
    return lon / 360 + 0.5, 0.5 - math.asinh(math.tan(math.radians(lat))) / (2 * math.pi)
