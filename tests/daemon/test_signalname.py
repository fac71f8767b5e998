"""The names of signals, and which are sent."""

import signal

import pytest

from daemon.signalname import STANDSTILL, Named, NotSendable, named, sendable


def test_every_signal_has_a_name_by_which_it_is_found() -> None:
    for number in signal.valid_signals():
        found = named(str(int(number)))
        assert found is not None
        assert found.number == number
        for name in (found.name, found.name.lower(), found.name.removeprefix("SIG"), f" {found.name}\n"):
            assert named(name) == found


@pytest.mark.parametrize(
    ("text", "name", "number"),
    [
        ("IOT", "SIGABRT", 6),
        ("RTMIN+3", "SIGRTMIN+3", signal.SIGRTMIN + 3),
        ("sigrtmax-1", f"SIGRTMIN+{signal.SIGRTMAX - 1 - signal.SIGRTMIN}", signal.SIGRTMAX - 1),
        ("RTMIN", "SIGRTMIN", signal.SIGRTMIN),
        ("010", "SIGUSR1", 10),
    ],
)
def test_a_signal_may_have_several_names(text: str, name: str, number: int) -> None:
    assert named(text) == Named(name, number)


@pytest.mark.parametrize(
    "text",
    ["", "SIG", "0", "32", "65", "1e1", "-1", "9" * 5000, "²", "RTMIN+99", "RTMAX+1", "SIGSIGHUP", "HUP\0"],
)
def test_anything_else_is_none(text: str) -> None:
    assert named(text) is None
    with pytest.raises(NotSendable):
        sendable(text)


def test_whoever_would_stand_still_or_go_on_is_told_of_pause() -> None:
    for number in signal.valid_signals():
        if number in STANDSTILL:
            with pytest.raises(NotSendable, match="PAUSE lets a server stand still, RESUME lets it go on"):
                sendable(str(int(number)))
        else:
            assert sendable(str(int(number))).number == number
