"""A users.json that was cut short, or damaged on a disk: the last good accounts count, the text is kept."""

import hashlib
import itertools
import json
import logging
import os
import stat
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import anyio
import pytest

from daemon import usersfile
from daemon.accounts import Accounts
from daemon.passwords import Passwords
from daemon.usersfile import AccountsUnreadable

from ..cuts import DAMAGES, WAYS, cut_at_each_step

ADA, BOB = (hashlib.sha256(password.encode()).hexdigest() for password in ("ada's", "bob's"))
LONG_AGO = 1e9


class Changes(list[set[str]]):
    """What the accounts were told to end."""


class Users:
    """A folder with users.json, its copy, and what a daemon makes of them."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)
        self.path = self.folder / "users.json"
        self.copy = self.folder / "last-good-users"
        self.changes = Changes()
        self._edits = itertools.count(1)

    def start(self) -> Accounts:
        """What a start of the daemon makes."""
        return Accounts(
            str(self.path), Passwords(), self.changes.append, lambda *_: None, copy=str(self.copy)
        )

    def edit(self, content: dict[str, object] | bytes, *, resting: bool = True) -> None:
        """Write the file by hand, long ago or just now."""
        self.path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        self.path.chmod(0o600)
        if resting:
            os.utime(self.path, (LONG_AGO, LONG_AGO + next(self._edits)))

    def damaged(self) -> list[Path]:
        """What was set aside."""
        return sorted(self.folder.glob("users.json.damaged-*"))

    def read(self) -> dict[str, object]:
        """What the file says."""
        found: dict[str, object] = json.loads(self.path.read_text())
        return found


@pytest.fixture
def users(tmp_path: Path) -> Users:
    return Users(str(tmp_path))


async def known(users: Users, **entries: object) -> None:
    """Let a daemon have read these accounts once."""
    users.edit(entries)
    await users.start().keep_good()


# What is cut short, in a process of its own.


def nothing(_: str) -> None:
    pass


def ada(folder: str) -> None:
    anyio.run(lambda: known(Users(folder), ada=ADA))


def ada_torn(folder: str) -> None:
    ada(folder)
    Users(folder).edit(b'{"ada": "')


def rename_ada(folder: str) -> None:
    anyio.run(Users(folder).start().update, "ada", "lovelace", None)


def read_lovelace(folder: str) -> None:
    anyio.run(lambda: known(Users(folder), lovelace=ADA))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("before", [ada, ada_torn])
async def test_a_change_of_an_account_that_is_cut_short_happened_or_did_not(
    tmp_path: Path, way: str, before: Callable[[str], None]
) -> None:
    cuts = await anyio.to_thread.run_sync(cut_at_each_step, str(tmp_path), way, before, rename_ada)
    assert len(cuts) > 12
    seen = []
    for cut in cuts:
        users = Users(cut.folder)
        accounts = users.start()
        (name,) = accounts.names()
        seen.append(name)
        assert await accounts.check(name, "ada's") == name, cut
        assert await accounts.ensure_admin() is None, "there never was no file"
        if before is ada_torn and name == "lovelace":
            assert users.damaged(), cut
        if users.path.read_bytes() == b'{"ada": "':
            os.utime(users.path, (LONG_AGO, LONG_AGO))
        await accounts.update(name, "grace", None)
        assert users.start().names() == ["grace"]
        assert not any(left.endswith(".new") for left in os.listdir(cut.folder)), cut
        assert all(kept.read_bytes() == b'{"ada": "' for kept in users.damaged())
    assert seen[0] == "ada"
    assert seen[-1] == "lovelace"


@pytest.mark.parametrize("way", WAYS)
async def test_a_copy_that_is_cut_short_is_the_old_or_the_new_one(tmp_path: Path, way: str) -> None:
    cuts = await anyio.to_thread.run_sync(cut_at_each_step, str(tmp_path), way, ada, read_lovelace)
    assert len(cuts) > 5
    for cut in cuts:
        users = Users(cut.folder)
        users.edit(b"")
        assert users.start().names() in ([["lovelace"]] if cut.done else [["ada"], ["lovelace"]]), cut


@pytest.mark.parametrize("damage", DAMAGES)
async def test_at_a_start_with_a_damaged_file_the_last_good_accounts_are_in_force(
    users: Users, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    await known(users, ada=ADA, bob=BOB, odd=7)
    damaged = DAMAGES[damage](users.path.read_bytes())
    users.edit(damaged)
    caplog.clear()
    accounts = users.start()
    assert accounts.names() == ["ada", "bob"]
    assert await accounts.check("ada", "ada's") == "ada"
    assert await accounts.check("ada", "bob's") is None
    assert await accounts.ensure_admin() is None
    assert users.path.read_bytes() == damaged, "nobody has written"
    assert users.damaged() == []
    (told,) = (record.getMessage() for record in caplog.records)
    assert told.startswith(f"what it said before is in force until it is mended: {users.path} ")

    await accounts.delete("bob")
    (kept,) = users.damaged()
    assert kept.read_bytes() == damaged
    assert f"{users.path} is written anew; the damaged text is kept as {kept}" in caplog.text
    assert users.read() == {"ada": ADA, "odd": 7}
    assert accounts.names() == users.start().names() == ["ada"]
    assert users.changes == [{"bob"}]
    assert ADA not in caplog.text
    assert ADA[:10] not in caplog.text


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_file_that_is_damaged_while_we_run_changes_nothing_until_it_is_mended(
    users: Users, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    await known(users, ada=ADA, bob=BOB)
    caplog.set_level(logging.INFO)
    accounts = users.start()
    text = users.path.read_bytes()
    users.edit(DAMAGES[damage](text))
    for _ in range(2):
        assert accounts.names() == ["ada", "bob"]
        assert await accounts.check("bob", "bob's") == "bob"
    assert users.changes == []
    assert len(caplog.records) == 1
    users.edit({"bob": BOB})
    assert accounts.names() == ["bob"]
    assert await accounts.check("ada", "ada's") is None
    assert users.changes == [{"ada"}]
    assert "can be read again" in caplog.text
    assert users.damaged() == []


async def test_a_file_that_was_touched_just_now_is_not_written_over(
    users: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An editor may be about to write the rest of it."""
    await known(users, ada=ADA)
    accounts = users.start()
    monkeypatch.setattr(usersfile, "_SETTLED_NS", 10**18)
    users.edit(b'{"ada', resting=False)
    with pytest.raises(AccountsUnreadable, match="is not JSON"):
        await accounts.delete("ada")
    assert users.path.read_bytes() == b'{"ada'
    assert accounts.names() == ["ada"]


async def test_a_damaged_file_that_is_mended_just_before_the_write_is_not_lost(
    users: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    await known(users, ada=ADA, bob=BOB)
    users.edit(b"{")
    accounts, fsync, edits = users.start(), os.fsync, [{"ada": ADA, "eve": BOB}]

    def edited_meanwhile(fd: int) -> None:
        fsync(fd)
        if edits:
            users.edit(dict(edits.pop()))

    monkeypatch.setattr(os, "fsync", edited_meanwhile)
    await accounts.update("ada", "lovelace", None)
    assert users.read() == {"lovelace": ADA, "eve": BOB}
    assert users.damaged() == []


async def test_a_login_alone_replaces_no_damaged_file(users: Users) -> None:
    await known(users, ada=ADA)  # of an old kind, which a login replaces
    users.edit(b"{")
    accounts = users.start()
    assert await accounts.check("ada", "ada's") == "ada"
    assert users.path.read_bytes() == b"{"
    users.edit({"ada": ADA})
    assert await accounts.check("ada", "ada's") == "ada"
    assert users.read()["ada"] != ADA


async def test_of_a_file_that_everybody_may_write_only_the_copy_counts(users: Users) -> None:
    await known(users, ada=ADA)
    users.edit({"ada": BOB, "eve": BOB})
    users.path.chmod(0o666)
    accounts = users.start()
    assert accounts.names() == ["ada"]
    assert await accounts.check("ada", "ada's") == "ada"
    assert await accounts.check("ada", "bob's") is None
    assert await accounts.check("eve", "bob's") is None
    with pytest.raises(AccountsUnreadable, match="chmod 600"):
        await accounts.delete("ada")
    users.path.chmod(0o600)
    assert await accounts.check("eve", "bob's") == "eve"


async def test_a_copy_that_everybody_may_write_counts_for_nothing(users: Users) -> None:
    await known(users, ada=ADA)
    users.edit(b"")
    users.copy.chmod(0o666)
    with pytest.raises(AccountsUnreadable):
        users.start().names()


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_damaged_copy_is_set_aside_and_made_anew(
    users: Users, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    await known(users, ada=ADA)
    damaged = DAMAGES[damage](users.copy.read_bytes())
    users.copy.write_bytes(damaged)
    accounts = users.start()
    (kept,) = users.folder.glob("last-good-users.damaged-*")
    assert kept.read_bytes() == damaged
    assert f"{users.copy} is not JSON" in caplog.text
    assert f"kept as {kept}" in caplog.text
    await accounts.keep_good()
    users.edit(b"")
    assert users.start().names() == ["ada"]


async def test_with_file_and_copy_damaged_nobody_can_log_in_and_nobody_is_made(
    users: Users, caplog: pytest.LogCaptureFixture
) -> None:
    await known(users, ada=ADA)
    users.edit(b"")
    users.copy.write_bytes(b"")
    accounts = users.start()
    assert await accounts.check("ada", "ada's") is None
    assert await accounts.ensure_admin() is None
    with pytest.raises(AccountsUnreadable):
        await accounts.create("eve", "pw")
    assert users.path.read_bytes() == b""
    assert "nobody can log in" in caplog.text


async def test_a_file_that_is_gone_is_not_damaged_and_its_copy_goes_too(users: Users) -> None:
    await known(users, ada=ADA)
    users.path.unlink()
    accounts = users.start()
    assert accounts.names() == []
    await accounts.keep_good()
    assert not users.copy.exists()
    assert await accounts.ensure_admin() is not None
    users.edit(b"")
    assert users.start().names() == ["admin"]


async def test_the_copy_follows_edits_by_hand_and_changes(users: Users) -> None:
    await known(users, ada=ADA)
    accounts = users.start()
    users.edit({"bob": BOB})
    assert await accounts.check("bob", "bob's") == "bob"
    assert list(json.loads(users.copy.read_text())) == ["bob"]
    await accounts.update("bob", "robert", None)
    assert list(json.loads(users.copy.read_text())) == ["robert"]
    users.edit(b"")
    assert users.start().names() == ["robert"]


@pytest.mark.usefixtures("no_umask")
async def test_the_copy_is_the_owners_alone(users: Users) -> None:
    await known(users, ada=ADA)
    assert stat.S_IMODE(users.copy.stat().st_mode) == 0o600


async def test_a_disk_that_refuses_the_copy_is_told_of_once_and_stops_nobody(
    users: Users,
    full_disk: Callable[[], AbstractContextManager[None]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    users.edit({"ada": ADA})
    accounts = users.start()
    with full_disk():
        for _ in range(3):
            await accounts.keep_good()
    (told,) = (record.getMessage() for record in caplog.records)
    assert told == "the last good accounts could not be kept: File too large"
    await accounts.keep_good()
    assert json.loads(users.copy.read_text()) == {"ada": ADA}


async def test_what_a_damaged_link_points_to_is_set_aside_beside_it(users: Users, tmp_path: Path) -> None:
    await known(users, ada=ADA, bob=BOB)
    (tmp_path / "elsewhere").mkdir()
    target = tmp_path / "elsewhere" / "real.json"
    target.write_bytes(b"{")
    os.utime(target, (LONG_AGO, LONG_AGO))
    users.path.unlink()
    users.path.symlink_to(target)
    await users.start().delete("ada")
    assert users.path.is_symlink()
    (kept,) = target.parent.glob("real.json.damaged-*")
    assert kept.read_bytes() == b"{"
    assert users.start().names() == ["bob"]
