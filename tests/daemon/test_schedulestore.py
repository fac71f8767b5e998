"""`schedules.db`: what is written down comes back, and damage costs the past, never a second run."""

import os
import sqlite3

import pytest

from daemon.schedule import Memory
from daemon.scheduleresult import Outcome, Result
from daemon.schedulestore import Kept, ScheduleStore, StoreError

KEY = ("app", "nightly")
KEPT = Kept(
    Memory("0 4 * * * UTC", 5.0, ((1.0, 2.0), (4.0, 5.0)), 3, (6.0, 10.0)),
    (Result(5.0, 5.0, Outcome.DONE, "typed", 6.0, "", "out"), Result(4.0, None, Outcome.FAILED, by="admin")),
)


@pytest.fixture
def path(folder: str) -> str:
    return os.path.join(folder, "schedules.db")


def test_what_was_stored_comes_back(path: str) -> None:
    store = ScheduleStore(path)
    assert store.open() == {}
    store.save({KEY: KEPT, ("app", "new"): Kept(Memory("", 1.0))})
    store.close()
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert store.open() == {KEY: KEPT, ("app", "new"): Kept(Memory("", 1.0))}
    store.forget([KEY])
    store.close()
    assert [*store.open()] == [("app", "new")]
    store.close()


def test_archives_are_known_by_schedule_and_by_folder(path: str) -> None:
    store = ScheduleStore(path)
    store.open()
    for number in (2, 1, 3, 1):
        store.add_archive(KEY, "/srv/a", f"/backups/{number}")
    store.add_archive(("app", "other"), "/srv/a", "/backups/9")
    assert store.archives(KEY, "/srv/a") == ["/backups/2", "/backups/3", "/backups/1"]
    assert store.archives(KEY, "/srv/b") == []
    assert sorted(store.all_archives("/srv/a")) == [f"/backups/{n}" for n in (1, 2, 3, 9)]
    store.drop_archive(KEY, "/srv/a", "/backups/2")
    assert store.archives(KEY, "/srv/a") == ["/backups/3", "/backups/1"]
    store.close()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("done", "["),
        ("done", "[[1]]"),
        ("done", "5"),
        ("done", f"[[1, 1{'0' * 400}]]"),
        ("results", '[{"at": 1}]'),
        ("results", '[{"at":1,"due":1,"outcome":"odd","detail":"","ended":1,"by":"","output":""}]'),
        ("warned", "true"),
        ("through", "soon"),
        ("missed", "many"),
    ],
)
def test_a_row_that_nobody_can_read_is_left_out(
    path: str, column: str, value: str, caplog: pytest.LogCaptureFixture
) -> None:
    store = ScheduleStore(path)
    store.open()
    store.save({KEY: KEPT, ("app", "sound"): KEPT})
    store.close()
    with sqlite3.connect(path) as database:
        database.execute(f"UPDATE schedules SET {column} = ? WHERE name = 'nightly'", (value,))
    database.close()
    assert store.open() == {("app", "sound"): KEPT}
    assert "nightly of app cannot be read" in caplog.text
    store.close()


def test_a_damaged_one_is_set_aside(path: str, caplog: pytest.LogCaptureFixture) -> None:
    with open(path, "wb") as file:
        file.write(b"no database" * 100)
    store = ScheduleStore(path)
    assert store.open() == {}
    assert "the schedules begin anew" in caplog.text
    assert len([name for name in os.listdir(os.path.dirname(path)) if "damaged" in name]) == 1
    store.close()


def test_a_closed_one_takes_nothing(path: str) -> None:
    with pytest.raises(StoreError):
        ScheduleStore(path).save({KEY: KEPT})
