"""Requests, counted by route: the labels are rows of the route table, never what a client has written.

Counting one costs two look-ups and three additions: what the library looks up by labels is kept here.
"""

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics

UNKNOWN = "unknown"
"""The path of requests that no route is for."""

OTHER = "OTHER"
"""The method of requests whose method no row has."""

WEBSOCKET = "WS"

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds."""

disable_created_metrics()  # type: ignore[no-untyped-call]  # when a count began stands in `holdfast_daemon_process_start_time_seconds`


class RequestCounts:
    """Counts them, in a registry of ours."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "holdfast_requests",
            "Requests by route, method and status; a WebSocket that was let in has 101",
            ("path", "method", "status"),
            registry=registry,
        )
        self._durations = Histogram(
            "holdfast_request_duration_seconds",
            "Time until the answer begins: how long a download takes is its client's matter",
            ("path", "method"),
            buckets=BUCKETS,
            registry=registry,
        )
        self._counters: dict[tuple[str, str, int], Counter] = {}
        self._histograms: dict[tuple[str, str], Histogram] = {}

    def count(self, path: str, method: str, status: int, seconds: float | None = None) -> None:
        """Count one; `path` is that of a row, `method` that of a row or `OTHER`."""
        counter = self._counters.get((path, method, status))
        if counter is None:
            counter = self._requests.labels(path, method, str(status))
            self._counters[path, method, status] = counter
        counter.inc()
        if seconds is None:
            return
        histogram = self._histograms.get((path, method))
        if histogram is None:
            histogram = self._histograms[path, method] = self._durations.labels(path, method)
        histogram.observe(seconds)
