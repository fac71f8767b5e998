"""Frames as the library that reads them on the other side would have built them."""

import pytest
from websockets.frames import Frame, Opcode

from daemon.framing import BINARY, TEXT, frame


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 300_000])
def test_a_frame_is_what_websockets_makes_of_the_same(size: int) -> None:
    payload = b"x" * size
    assert frame(TEXT, payload) == Frame(Opcode.TEXT, payload).serialize(mask=False)
    assert frame(BINARY, payload[:3], payload[3:]) == Frame(Opcode.BINARY, payload).serialize(mask=False)
