"""Requests, counted by route: the labels are rows of the route table, never what a client has written.

Counting one costs two look-ups and three additions; what a scrape tells is made of that when it is asked for.
"""

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, disable_created_metrics
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

UNKNOWN = "unknown"
"""The path of requests that no route is for."""

OTHER = "OTHER"
"""The method of requests whose method no row has."""

WEBSOCKET = "WS"

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds."""

_LABELS = (*map(str, BUCKETS), "+Inf")

disable_created_metrics()  # type: ignore[no-untyped-call]  # when a count began stands in `holdfast_daemon_process_start_time_seconds`


class _Durations:
    """Those of one route."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * len(_LABELS)
        self.total = 0.0


class RequestCounts(Collector):
    """Counts them, in a registry of ours. A scrape reads them in a thread, by copies made in one step."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests: dict[tuple[str, str, int], int] = {}
        self._durations: dict[tuple[str, str], _Durations] = {}
        registry.register(self)

    def count(self, path: str, method: str, status: int, seconds: float | None = None) -> None:
        """Count one; `path` is that of a row, `method` that of a row or `OTHER`."""
        key = path, method, status
        self._requests[key] = self._requests.get(key, 0) + 1
        if seconds is None:
            return
        durations = self._durations.get((path, method))
        if durations is None:
            durations = self._durations[path, method] = _Durations()
        durations.counts[bisect_left(BUCKETS, seconds)] += 1
        durations.total += seconds

    def collect(self) -> Iterator[Metric]:
        """Tell them."""
        about = "Requests by route, method and status; a WebSocket that was let in has 101"
        requests = CounterMetricFamily("holdfast_requests", about, labels=["path", "method", "status"])
        for (path, method, status), count in list(self._requests.items()):
            requests.add_metric([path, method, str(status)], count)
        yield requests
        about = "Time until the answer begins: how long a download takes is its client's matter"
        times = HistogramMetricFamily("holdfast_request_duration_seconds", about, labels=["path", "method"])
        for labels, one in list(self._durations.items()):
            buckets = list(zip(_LABELS, accumulate([*one.counts]), strict=True))
            times.add_metric(labels, buckets, one.total)
        yield times
