import hashlib
import json
import os
import stat
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import anyio
import argon2
import pytest

from daemon import usersfile as module
from daemon.accounts import (
    AccountExists,
    Accounts,
    AccountsNotSaved,
    InvalidAccount,
    NoSuchAccount,
)
from daemon.argon import Argon
from daemon.passwords import Passwords, TooManyLogins
from daemon.usersfile import AccountsUnreadable

ARGON2 = "$argon2id$v=19$m=51200,t=1,p=4$Wm05dlltRnlZbUY2Y1hWNA$KGMAf8yP6cb8QYfee0VNlQT7gazS0qYic/yEtMsqXO8"
HORSE = "correct horse battery staple"  # whose hash that is

Written = dict[str, object]


def sha256(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()


class Told:
    """What the hooks were told, in order."""

    def __init__(self) -> None:
        self.all: list[set[str] | tuple[str, str]] = []

    def changed(self, names: set[str]) -> None:
        self.all.append(names)

    def renamed(self, old: str, new: str) -> None:
        self.all.append((old, new))


class File:
    """A users.json in a person's hands."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.told = Told()

    def edit(self, content: Written | str | bytes, mode: int = 0o600) -> None:
        text = json.dumps(content) if isinstance(content, dict) else content
        self.path.write_bytes(text.encode() if isinstance(text, str) else text)
        self.path.chmod(mode)

    def read(self) -> Written:
        data: Written = json.loads(self.path.read_text())
        return data

    def accounts(self, passwords: Passwords | None = None) -> Accounts:
        passwords = passwords or Passwords()
        return Accounts(str(self.path), passwords, self.told.changed, self.told.renamed)

    def leftovers(self) -> list[str]:
        return [name for name in os.listdir(self.path.parent) if name != self.path.name]


@pytest.fixture
def users(tmp_path: Path) -> File:
    return File(tmp_path / "users.json")


async def test_accounts_of_either_kind_log_in_with_their_password_only(users: File) -> None:
    users.edit({"ada": ARGON2, "bob": sha256("pw")})
    accounts = users.accounts()
    assert accounts.names() == ["ada", "bob"]
    assert await accounts.check("ada", HORSE) == "ada"
    assert await accounts.check("bob", "pw") == "bob"
    for name, password in [
        ("ada", "pw"),
        ("bob", HORSE),
        ("Ada", HORSE),
        ("eve", "pw"),
        ("", ""),
        ("ada", ""),
    ]:
        assert await accounts.check(name, password) is None


async def test_an_unknown_user_is_checked_like_a_known_one(
    users: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    users.edit({"ada": ARGON2})
    asked: list[str] = []
    verify = Argon.verify

    def counted(self: Argon, stored: str, password: bytes) -> None:
        asked.append(stored)
        verify(self, stored, password)

    monkeypatch.setattr(Argon, "verify", counted)
    accounts = users.accounts()
    assert await accounts.check("ada", "wrong") is None
    assert await accounts.check("eve", "wrong") is None
    assert len(asked) == 2
    assert argon2.extract_parameters(asked[0]) == argon2.extract_parameters(asked[1])


async def test_a_sha256_is_replaced_at_login_and_nobody_is_logged_out(users: File) -> None:
    users.edit({"ada": sha256("pw").upper(), "bob": ARGON2})
    accounts = users.accounts()
    assert await accounts.check("ada", "wrong") is None
    assert users.read()["ada"] == sha256("pw").upper()
    assert await accounts.check("ada", "pw") == "ada"
    assert str(users.read()["ada"]).startswith("$argon2id$v=19$m=51200,t=1,p=4$")
    assert users.read()["bob"] == ARGON2
    assert await accounts.check("ada", "pw") == "ada"
    assert users.told.all == []


async def test_parallel_logins_with_an_old_hash_all_succeed(users: File) -> None:
    users.edit({"ada": sha256("pw")})
    accounts = users.accounts()
    seen: list[str | None] = []

    async def log_in() -> None:
        seen.append(await accounts.check("ada", "pw"))

    async with anyio.create_task_group() as tg:
        for _ in range(8):
            tg.start_soon(log_in)
    assert seen == ["ada"] * 8
    assert users.told.all == []


async def test_a_rehash_that_cannot_be_written_does_not_stop_the_login(
    users: File,
    full_disk: Callable[[], AbstractContextManager[None]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    users.edit({"ada": sha256("pw")})
    accounts = users.accounts()
    with full_disk():
        assert await accounts.check("ada", "pw") == "ada"
    assert users.read() == {"ada": sha256("pw")}
    assert "stays for now" in caplog.text
    assert sha256("pw") not in caplog.text


async def test_an_account_lives_from_creation_over_changes_to_deletion(users: File) -> None:
    accounts = users.accounts()
    await accounts.create("ada", "one")
    assert await accounts.check("ada", "one") == "ada"
    await accounts.update("ada", None, "two")
    assert await accounts.check("ada", "one") is None
    assert await accounts.check("ada", "two") == "ada"
    await accounts.update("ada", "lovelace", None)
    assert accounts.names() == ["lovelace"]
    assert await accounts.check("lovelace", "two") == "lovelace"
    await accounts.update("lovelace", "ada", "three")
    assert await accounts.check("ada", "three") == "ada"
    await accounts.delete("ada")
    assert await accounts.check("ada", "three") is None
    assert users.read() == {}
    assert users.told.all == [{"ada"}, ("ada", "lovelace"), ("lovelace", "ada"), {"ada"}, {"ada"}]


async def test_a_new_process_and_octyne_read_what_we_wrote(users: File) -> None:
    await users.accounts().create("ada", "pw")
    assert list(users.read()) == ["ada"]
    assert users.path.read_text().endswith("}\n")
    assert await users.accounts().check("ada", "pw") == "ada"


async def test_names_that_collide_or_miss_are_refused_and_nothing_is_written(users: File) -> None:
    users.edit({"ada": ARGON2, "bob": ARGON2, "odd": {"hash": 7}})
    before = users.path.read_bytes()
    accounts = users.accounts()
    for taken in ("ada", "odd"):
        with pytest.raises(AccountExists):
            await accounts.create(taken, "pw")
        with pytest.raises(AccountExists):
            await accounts.update("bob", taken, None)
    for missing in ("eve", "odd", ""):
        with pytest.raises(NoSuchAccount):
            await accounts.update(missing, "new", "pw")
        with pytest.raises(NoSuchAccount):
            await accounts.delete(missing)
    await accounts.update("ada", "ada", None)
    assert users.read() == json.loads(before)
    assert users.told.all == []


@pytest.mark.parametrize(
    "name",
    [
        *("", " ", "a b", "a\tb", "a\nb", "a\0b", "a\x7fb", "a\u00a0b", "a\u2028b", "a\u200bb", "a\u202eb"),
        *("@local", "@", "\ud800", "x" * 256),
    ],
)
async def test_such_names_are_refused(users: File, name: str) -> None:
    users.edit({"ada": ARGON2})
    accounts = users.accounts()
    with pytest.raises(InvalidAccount):
        await accounts.create(name, "pw")
    with pytest.raises(InvalidAccount):
        await accounts.update("ada", name, None)
    assert users.read() == {"ada": ARGON2}


@pytest.mark.parametrize("name", ["ada", "a@b", "a.b-c_d", "äöü", "名前", "x" * 255, "__proto__", "😀"])
async def test_such_names_are_fine(users: File, name: str) -> None:
    accounts = users.accounts()
    await accounts.create(name, "pw")
    assert accounts.names() == users.accounts().names() == [name]
    assert await accounts.check(name, "pw") == name


@pytest.mark.parametrize("password", ["", "x" * 1025, "\ud800"])
async def test_such_passwords_are_refused(users: File, password: str) -> None:
    users.edit({"ada": ARGON2})
    accounts = users.accounts()
    with pytest.raises(InvalidAccount):
        await accounts.create("bob", password)
    with pytest.raises(InvalidAccount):
        await accounts.update("ada", None, password)
    assert users.read() == {"ada": ARGON2}


async def test_an_edit_by_hand_is_noticed_and_told(users: File) -> None:
    users.edit({"ada": ARGON2, "bob": ARGON2, "eve": ARGON2})
    accounts = users.accounts()
    users.edit({"ada": ARGON2, "bob": sha256("new"), "zoe": ARGON2})
    assert accounts.names() == ["ada", "bob", "zoe"]
    assert users.told.all == [{"bob", "eve"}]
    assert await accounts.check("eve", HORSE) is None
    users.path.unlink()
    assert accounts.names() == []
    assert users.told.all[1:] == [{"ada", "bob", "zoe"}]


def test_edits_within_one_tick_of_the_files_clock_are_noticed(users: File) -> None:
    users.edit({"ada": sha256("1")})
    accounts = users.accounts()
    for n in range(2, 50):
        when = users.path.stat().st_mtime_ns
        users.edit({"ada": sha256(str(n))})  # same size, same inode
        os.utime(users.path, ns=(when, when))
        accounts.refresh()
        assert len(users.told.all) == n - 1


def test_a_file_that_rests_is_not_read_again(users: File, monkeypatch: pytest.MonkeyPatch) -> None:
    users.edit({"ada": ARGON2})
    os.utime(users.path, (1e9, 1e9))
    accounts = users.accounts()
    monkeypatch.setattr(module, "_read", None)
    assert accounts.names() == ["ada"]


async def test_an_edit_during_a_login_decides_the_login(users: File, monkeypatch: pytest.MonkeyPatch) -> None:
    users.edit({"ada": ARGON2})
    passwords = Passwords()
    accounts = users.accounts(passwords)
    verify = passwords.verify

    async def deleted_meanwhile(stored: str | None, password: str) -> object:
        verdict = await verify(stored, password)
        if users.path.exists():
            users.path.unlink()
        return verdict

    monkeypatch.setattr(passwords, "verify", deleted_meanwhile)
    assert await accounts.check("ada", HORSE) is None


async def test_an_edit_by_hand_just_before_the_write_is_not_lost(
    users: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    users.edit({"ada": ARGON2})
    accounts = users.accounts()
    fsync, edits = os.fsync, [{"ada": ARGON2, "bob": ARGON2}, {"bob": ARGON2}]

    def edited_meanwhile(fd: int) -> None:
        fsync(fd)
        if edits:
            users.edit(dict(edits.pop(0)))

    monkeypatch.setattr(os, "fsync", edited_meanwhile)
    await accounts.create("eve", "pw")
    assert sorted(users.read()) == ["bob", "eve"]
    assert accounts.names() == ["bob", "eve"]
    assert users.told.all == [{"ada"}]
    assert users.leftovers() == []


async def test_who_looks_during_a_rename_ends_no_sessions(
    users: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    users.edit({"ada": ARGON2})
    accounts = users.accounts()
    fsync = os.fsync

    def looked_at_meanwhile(fd: int) -> None:
        fsync(fd)
        anyio.from_thread.run_sync(accounts.refresh)  # the second time the new file is in place

    monkeypatch.setattr(os, "fsync", looked_at_meanwhile)
    await accounts.update("ada", "lovelace", None)
    accounts.refresh()
    assert users.told.all == [("ada", "lovelace")]


async def test_parallel_changes_are_all_kept(users: File) -> None:
    accounts = users.accounts()
    async with anyio.create_task_group() as tg:
        for n in range(10):
            tg.start_soon(accounts.create, f"user{n}", "pw")
    assert accounts.names() == sorted(users.read()) == [f"user{n}" for n in range(10)]


async def test_of_parallel_creations_of_one_name_one_succeeds(users: File) -> None:
    accounts = users.accounts()
    refused = 0

    async def create(n: int) -> None:
        nonlocal refused
        try:
            await accounts.create("ada", f"pw{n}")
        except AccountExists:
            refused += 1

    async with anyio.create_task_group() as tg:
        for n in range(5):
            tg.start_soon(create, n)
    assert refused == 4


ODD: Written = {
    "empty": "",
    "garbage": "hunter2",
    "null": None,
    "number": 7,
    "list": [ARGON2],
    "hashless": {"roles": ["viewer"]},
    "mistyped": {"hash": ARGON2, "grants": ["server.veiw"]},
    "roles": {"hash": ARGON2, "roles": 7},
    "disabled": {"hash": ARGON2, "disabled": "yes"},
    "second": {"hash": ARGON2, "totp": {"secret": "hunter2"}},
    "bcrypt": "$2b$12$abcdefghijklmnopqrstuv",
    "greedy": "$argon2id$v=19$m=4194304000,t=1,p=4$MDEyMzQ1Njc$MDEyMzQ1Njc",
    "@local": ARGON2,
    "": ARGON2,
    "a b": ARGON2,
}


async def test_odd_entries_cannot_log_in_are_named_once_and_are_kept(
    users: File, caplog: pytest.LogCaptureFixture
) -> None:
    users.edit({**ODD, "ada": ARGON2})
    accounts = users.accounts()
    assert accounts.names() == ["ada"]
    for name in ODD:
        assert await accounts.check(name, HORSE) is None
    await accounts.create("bob", "pw")
    await accounts.delete("ada")
    accounts.refresh()
    kept = users.read()
    assert {name: kept[name] for name in ODD} == ODD
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == len(ODD)
    assert all(sum(repr(name) in line for line in lines) == 1 for name in ODD)
    assert "hunter2" not in caplog.text
    assert "argon2" not in caplog.text


@pytest.mark.parametrize(
    "content",
    [
        *("", "{", '{"ada": "secr', "[]", "null", '"x"', "7", "\ufeff", b"\xff\xfe", "[" * 100_000, "{}{}"),
        *('{"n": ' + "9" * 5000 + "}", b" " * ((8 << 20) + 1)),
    ],
    ids=lambda content: repr(content[:12]),
)
async def test_a_broken_file_of_which_nothing_is_known_lets_nobody_in_and_is_left_alone(
    users: File, content: str | bytes, caplog: pytest.LogCaptureFixture
) -> None:
    users.edit(content)
    os.utime(users.path, (1e9, 1e9))
    before = users.path.read_bytes()
    accounts = users.accounts()
    for _ in range(2):
        assert await accounts.check("ada", HORSE) is None
        for change in (
            accounts.create("bob", "pw"),
            accounts.update("ada", "x", "pw"),
            accounts.delete("ada"),
        ):
            with pytest.raises(AccountsUnreadable, match=r"users\.json"):
                await change
        with pytest.raises(AccountsUnreadable):
            accounts.names()
    assert await accounts.ensure_admin() is None
    assert users.path.read_bytes() == before
    assert users.leftovers() == []
    assert len(caplog.records) == 1
    assert "nobody can log in" in caplog.text
    assert "secr" not in caplog.text
    assert users.told.all == []
    users.edit({"ada": ARGON2})
    assert await accounts.check("ada", HORSE) == "ada"
    assert users.told.all == []


async def test_a_byte_order_mark_is_no_fault(users: File) -> None:
    users.edit(b"\xef\xbb\xbf" + json.dumps({"ada": ARGON2}).encode())
    assert users.accounts().names() == ["ada"]


@pytest.mark.parametrize("kind", ["folder", "fifo", "device", "loop"])
async def test_what_is_no_file_lets_nobody_in_and_never_hangs(users: File, kind: str) -> None:
    match kind:
        case "folder":
            users.path.mkdir()
        case "fifo":
            os.mkfifo(users.path)
        case "device":
            users.path.symlink_to("/dev/zero")
        case _:
            users.path.symlink_to(users.path)
    accounts = users.accounts()
    assert await accounts.check("ada", "pw") is None
    with pytest.raises(AccountsUnreadable):
        await accounts.create("ada", "pw")
    assert await accounts.ensure_admin() is None


async def test_a_world_writable_file_is_refused_until_it_is_not(users: File) -> None:
    users.edit({"ada": ARGON2}, mode=0o666)
    os.utime(users.path, (1e9, 1e9))
    accounts = users.accounts()
    assert await accounts.check("ada", HORSE) is None
    with pytest.raises(AccountsUnreadable, match="chmod 600"):
        await accounts.create("bob", "pw")
    users.path.chmod(0o600)
    assert await accounts.check("ada", HORSE) == "ada"


async def test_of_a_file_that_becomes_world_writable_nothing_more_is_believed(users: File) -> None:
    users.edit({"ada": ARGON2})
    os.utime(users.path, (1e9, 1e9))
    accounts = users.accounts()
    users.edit({"ada": sha256("mine"), "eve": sha256("mine")}, mode=0o666)
    os.utime(users.path, (1e9, 1e9))
    assert await accounts.check("ada", "mine") is None
    assert await accounts.check("eve", "mine") is None
    assert await accounts.check("ada", HORSE) == "ada", "what it said before is in force"
    for change in (accounts.create("bob", "pw"), accounts.delete("ada")):
        with pytest.raises(AccountsUnreadable, match="chmod 600"):
            await change
    assert sorted(users.read()) == ["ada", "eve"]
    assert users.told.all == []


@pytest.mark.usefixtures("no_umask")
async def test_what_is_written_is_the_owners_alone(users: File) -> None:
    users.edit({"ada": ARGON2}, mode=0o644)
    accounts = users.accounts()
    await accounts.create("bob", "pw")
    assert stat.S_IMODE(users.path.stat().st_mode) == 0o600
    users.path.unlink()
    await accounts.ensure_admin()
    assert stat.S_IMODE(users.path.stat().st_mode) == 0o600


async def test_a_link_is_followed_and_stays_a_link(users: File, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    target = tmp_path / "elsewhere" / "real.json"
    users.path.symlink_to(target)
    accounts = users.accounts()
    await accounts.create("ada", "pw")
    await accounts.create("bob", "pw")
    assert users.path.is_symlink()
    assert sorted(json.loads(target.read_text())) == ["ada", "bob"]
    assert os.listdir(target.parent) == ["real.json"]


async def test_on_a_full_disk_the_old_file_and_memory_stay(
    users: File, full_disk: Callable[[], AbstractContextManager[None]]
) -> None:
    users.edit({"ada": ARGON2})
    before = users.path.read_bytes()
    accounts = users.accounts()
    with full_disk():
        for change in (
            accounts.create("bob", "pw"),
            accounts.update("ada", "x", "pw"),
            accounts.delete("ada"),
        ):
            with pytest.raises(AccountsNotSaved, match="File too large"):
                await change
    assert users.path.read_bytes() == before
    assert users.leftovers() == []
    assert accounts.names() == ["ada"]
    assert await accounts.check("ada", HORSE) == "ada"
    assert users.told.all == []
    await accounts.create("bob", "pw")
    assert accounts.names() == ["ada", "bob"]


async def test_a_failing_sync_leaves_the_old_file(users: File, monkeypatch: pytest.MonkeyPatch) -> None:
    users.edit({"ada": ARGON2})
    accounts = users.accounts()

    def refuse(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refuse)
        with pytest.raises(AccountsNotSaved, match="No space left"):
            await accounts.delete("ada")
    assert users.read() == {"ada": ARGON2}
    assert users.leftovers() == []


async def test_a_deletion_of_which_only_the_last_sync_failed_still_ends_sessions(
    users: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    users.edit({"ada": ARGON2})
    accounts = users.accounts()
    fsync, calls = os.fsync, 0

    def refuse_the_folder(fd: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            anyio.from_thread.run_sync(accounts.refresh)
            raise OSError(5, "Input/output error")
        fsync(fd)

    monkeypatch.setattr(os, "fsync", refuse_the_folder)
    with pytest.raises(AccountsNotSaved):
        await accounts.delete("ada")
    assert accounts.names() == []
    assert users.told.all == [{"ada"}]


async def test_the_remains_of_a_killed_write_are_cleared(users: File) -> None:
    users.edit({"ada": ARGON2})
    users.path.with_name(".users.json.0123456789abcdef.new").write_text("half")
    await users.accounts().create("bob", "pw")
    assert users.leftovers() == []


async def test_a_first_start_makes_an_admin_and_tells_the_password_once(
    users: File, caplog: pytest.LogCaptureFixture
) -> None:
    accounts = users.accounts()
    password = await accounts.ensure_admin()
    assert password is not None
    assert len(password) == 20
    assert password.isalnum()
    assert not set(password) & set("0O1lIo")
    assert await accounts.check("admin", password) == "admin"
    assert await accounts.ensure_admin() is None
    assert await users.accounts().ensure_admin() is None
    assert password not in caplog.text
    assert password not in users.path.read_text()


async def test_an_empty_object_gets_no_admin(users: File) -> None:
    users.edit({})
    assert await users.accounts().ensure_admin() is None
    assert users.read() == {}


async def test_too_many_logins_are_passed_on(users: File) -> None:
    accounts = users.accounts(Passwords(at_once=1, waiting=-1))
    with pytest.raises(TooManyLogins):
        await accounts.check("ada", "pw")
