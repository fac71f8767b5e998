"""What waits for its targets outlives the daemon."""

import os
import stat
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from daemon.notice import Kind, Notice
from daemon.noticespool import NoticeSpool

HALF = b'{"version": 1, "waiting": {"ops": [{"kind": "crashed", "server": "mc", "at": 0, "run": 0, %s}]}}'
NOTICE = Notice(Kind.CRASHED, "mc", lines=("é", "two"), repeated={"crashed": 2})


def test_what_was_kept_comes_back_and_nobody_else_can_read_it(folder: str, no_umask: None) -> None:
    spool = NoticeSpool(f"{folder}/notices.json")
    assert spool.load() == {}
    spool.save({"ops": [NOTICE, NOTICE], "me": []})
    assert spool.load() == {"ops": [NOTICE, NOTICE]}
    assert stat.S_IMODE(os.stat(spool.path).st_mode) == 0o600
    spool.save({"ops": []})
    assert os.listdir(folder) == []


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"{", b"[]", b'{"version": 2}', b'{"version": 1, "waiting": {"ops": 5}}', b"\xff" * 100),
        *(b'{"version": 1, "waiting": {"ops": [{"kind": "fell"}]}}', b"[" * 100_000),
        *(HALF % b'"run": 1e999', HALF % b'"at": 1%s' % (b"0" * 400)),
    ],
)
def test_a_damaged_file_is_set_aside(folder: str, text: bytes) -> None:
    spool = NoticeSpool(f"{folder}/notices.json")
    with open(spool.path, "wb") as file:
        file.write(text)
    assert spool.load() == {}
    assert any("damaged" in name for name in os.listdir(folder))


def test_a_full_disk_is_told_of_once_and_costs_nothing_but_that(
    folder: str,
    full_disk: Callable[[], AbstractContextManager[None]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    spool = NoticeSpool(f"{folder}/notices.json")
    with full_disk():
        spool.save({"ops": [NOTICE]})
        spool.save({"ops": [NOTICE]})
    assert caplog.text.count("would not outlive us") == 1
    spool.save({"ops": [NOTICE]})
    assert spool.load() == {"ops": [NOTICE]}
