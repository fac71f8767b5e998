"""What goes wrong, as HTTP says it."""

import errno
import json

import pytest

from daemon import errors
from daemon.config import ConfigError
from daemon.errors import ApiError, NoSuchServer, NotAuthenticated, NotPermitted, answer_for
from supervisor import CannotStore, InputRefused, NoSuchService, NotAllowed, SupervisorUnreachable


def told(exc: Exception) -> tuple[int, str, str]:
    answer = answer_for(exc)
    said = json.loads(bytes(answer.body))
    assert set(said) == {"error", "kind"}
    assert answer.headers["content-type"] == "application/json"
    return answer.status_code, said["kind"], said["error"]


@pytest.mark.parametrize(
    ("exc", "expected"),
    [
        (ApiError(418, "teapot", "I am!"), (418, "teapot", "I am!")),
        (
            NotAuthenticated(),
            (401, "not-authenticated", "You are not authenticated to access this resource!"),
        ),
        (NotPermitted(), (403, "not-permitted", "You are not allowed to access this resource!")),
        (NoSuchServer(), (404, "no-such-server", "This server does not exist!")),
        (NoSuchService("x"), (404, "no-such-server", "This server does not exist!")),
        (NotAllowed("not now"), (409, "not-allowed", "not now")),
        (InputRefused("full"), (409, "input-refused", "full")),
        (CannotStore("disk"), (507, "cannot-store", "disk")),
        (SupervisorUnreachable("gone"), (503, "supervisor-unreachable", "gone")),
        (ConfigError("c", 1, 2, "k", "bad"), (400, "invalid-config", "c:1:2: k: bad")),
        (OSError(errno.ENOSPC, "No space left"), (507, "os-error", "No space left")),
        (OSError(errno.EDQUOT, "Quota"), (507, "os-error", "Quota")),
        (PermissionError(errno.EACCES, "Permission denied", "/x"), (500, "os-error", "Permission denied")),
        (OSError(), (500, "os-error", "I/O error")),
    ],
)
def test_each_exception_has_its_status_word_and_sentence(
    exc: Exception, expected: tuple[int, str, str]
) -> None:
    assert told(exc) == expected


@pytest.mark.parametrize("row", errors._TABLE, ids=lambda row: row[0].__name__)
def test_every_row_of_the_table_is_reached(row: tuple[type[Exception], int, str, str | None]) -> None:
    kind, status, word, sentence = row
    exc = ConfigError("c", 0, 0, "", "x") if kind is ConfigError else kind("its own words")
    assert told(exc)[:2] == (status, word)
    assert sentence is None or sentence.endswith("!")


def test_what_nobody_expected_is_logged_and_not_told(caplog: pytest.LogCaptureFixture) -> None:
    assert told(ZeroDivisionError("a detail")) == (500, "internal", "An internal error occurred!")
    assert "ZeroDivisionError: a detail" in caplog.text


def test_a_sentence_of_half_characters_can_be_sent() -> None:
    assert told(ApiError(400, "x", "no \ud800 here"))[0] == 400
