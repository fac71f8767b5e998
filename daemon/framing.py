"""Frames of a WebSocket from us (RFC 6455): built once, for everybody who gets the same."""

import struct

TEXT, BINARY = 0x81, 0x82
"""The first byte of a whole message."""


def frame(kind: int, *payload: bytes) -> bytes:
    """Return a message whose payload is these parts, joined; of text they are UTF-8."""
    size = sum(map(len, payload))
    if size < 126:
        head = struct.pack("!BB", kind, size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", kind, 126, size)
    else:
        head = struct.pack("!BBQ", kind, 127, size)
    return b"".join((head, *payload))
