"""Measures for Prometheus: counts and times of requests, by route and never by who or what was asked about.

Under gunicorn each worker counts in files of its own in the folder that ``PROMETHEUS_MULTIPROC_DIR`` names, and the one
that is asked for the measures adds all of them up. The library looks for that variable when it is first imported.
"""

from __future__ import annotations

import collections
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final, cast

from flask import Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from api.jobs import STATES, Jobs

FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
EXTENSION: Final = "nearest.metrics"
# Seconds. A recommendation is to take less than 15 ms at the median and 60 ms in 99 of 100, a plan of the queue 500 ms.
BUCKETS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.04, 0.06, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
# Anybody may send any word as a method, and each would be a series that is kept for ever.
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_NO_ROUTE: Final = "none"
_OTHER: Final = "other"


class _Kept(Collector):
    """Jobs of a kind that are kept: counted in their folder when that is asked for, whichever worker is asked."""

    def __init__(self, jobs: Jobs[Any]) -> None:
        self._jobs = jobs

    def collect(self) -> Iterator[GaugeMetricFamily]:
        counted = collections.Counter(each.state for each in self._jobs.all())
        words = f"{self._jobs.noun.capitalize()}s that are kept, by state"
        family = GaugeMetricFamily(f"nearest_{self._jobs.noun}s", words, labels=("state",))
        for state in STATES:
            family.add_metric((state,), counted[state])
        yield family


class Metrics:
    """What is counted of one application.

    Parameters
    ----------
    jobs
        Of each kind that the service keeps.
    """

    def __init__(self, jobs: Iterable[Jobs[Any]] = ()) -> None:
        self._registry = CollectorRegistry()
        self._kept = [_Kept(each) for each in jobs]
        for kept in self._kept:
            self._registry.register(kept)
        self._requests = Counter(
            "nearest_http_requests",
            "Requests answered, by route, method and status",
            ("route", "method", "status"),
            registry=self._registry,
        )
        self._request_s = Histogram(
            "nearest_http_request_seconds",
            "Seconds until the answer to a request begins",
            ("route", "method"),
            registry=self._registry,
            buckets=BUCKETS_S,
        )
        self._recommendation_s = Histogram(
            "nearest_recommendation_seconds",
            "Seconds that a recommendation took, from its question in hand to its answer",
            registry=self._registry,
            buckets=BUCKETS_S,
        )

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(route, method, status).inc()
        self._request_s.labels(route, method).observe(seconds)

    def recommended(self, seconds: float) -> None:
        """Count a recommendation."""
        self._recommendation_s.observe(seconds)

    def text(self) -> bytes:
        """Return everything counted, in Prometheus's own text format."""
        if FOLDER not in os.environ:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        for kept in self._kept:
            together.register(kept)
        return generate_latest(together)


def count_requests(app: Flask, jobs: Iterable[Jobs[Any]] = ()) -> None:
    """Make an application count its requests, and the jobs that are kept."""
    app.extensions[EXTENSION] = Metrics(jobs)
    app.before_request(_begin)
    app.after_request(_end)


def metrics() -> Metrics | None:
    """Return the metrics of the application that handles the present request; None where nothing is counted."""
    return cast("Metrics | None", current_app.extensions.get(EXTENSION))


@contextmanager
def recommending() -> Iterator[None]:
    """Count what is done meanwhile as a recommendation, unless it fails."""
    begun = time.perf_counter()
    yield
    if (counted := metrics()) is not None:
        counted.recommended(time.perf_counter() - begun)


def _begin() -> None:
    g.begun = time.perf_counter()


def _end(response: Response) -> Response:
    route = request.url_rule.rule if request.url_rule is not None else _NO_ROUTE
    method = request.method if request.method in _METHODS else _OTHER
    if (counted := metrics()) is not None:
        counted.answered(route, method, response.status_code, time.perf_counter() - g.begun)
    return response
