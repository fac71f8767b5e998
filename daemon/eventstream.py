"""Server-sent events (HTML standard, section 9.2): their head, their form, a word while there are none."""

HEADERS = {"content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no"}

HEARTBEAT = 15.0
"""Seconds of silence after which something is sent, so that proxies keep the connection."""

BEGIN = b": events\n\n"
"""Browsers give up on an answer whose head does not come."""

STILL_HERE = b": still here\n\n"


def place(number: int) -> bytes:
    """Return what is no event, but says behind which one the next comes."""
    return f"id: {number}\n\n".encode()


def event(kind: str, data: str, number: int | None = None) -> bytes:
    """Return one event; its data is one line."""
    name = "" if number is None else f"id: {number}\n"
    return f"{name}event: {kind}\ndata: {data}\n\n".encode()
