"""Lines that have ended, and questions that have not: what viewers of lines see of a terminal."""

from daemon.terminallines import TerminalLines


def test_lines_are_joined_as_for_a_pipe() -> None:
    text = TerminalLines(80)
    assert text.feed(b"one\r\ntwo\r\nth") == "one\ntwo"
    assert text.feed(b"ree") is None
    assert text.feed(b"\r\n\r\n") == "three\n"


def test_a_question_is_shown_once_and_then_as_a_whole() -> None:
    text = TerminalLines(80)
    assert text.feed(b"Delete all? ") is None
    assert text.unfinished
    assert text.flush() == "Delete all?"
    assert text.flush() is None
    assert text.feed(b"y") is None
    assert text.flush() is None
    assert text.feed(b"es\r\ndone\r\n") == "Delete all? yes\ndone"


def test_what_was_shown_already_is_not_shown_again() -> None:
    text = TerminalLines(80)
    text.feed(b"working")
    assert text.flush() == "working"
    assert text.feed(b"\r\n") is None
    assert text.feed(b"working\r\n") == "working"


def test_a_prompt_without_a_word_is_not_shown() -> None:
    text = TerminalLines(80)
    for prompt in (b"> ", b"\x1b[31m$\x1b[m ", b">>> "):
        text.feed(b"\r\x1b[K" + prompt)
        assert not text.unfinished
        assert text.flush() is None


def test_what_is_left_is_shown_at_the_end() -> None:
    text = TerminalLines(80)
    text.feed(b"left")
    assert text.finish() == "left"
    assert text.finish() is None
    text.feed(b"shown")
    text.flush()
    assert text.finish() is None
