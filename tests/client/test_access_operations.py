"""The operations for people, rights and the config: the same for who waits and who awaits."""

import json

import anyio
import pytest

from client import AsyncClient, Client
from client.audit import Search
from client.refusals import EditedMeanwhile, InvalidConfig, NoSuchAccount, NotAllowedTo, WeakPassword

from ..system.house import Holdfast


def entry(seq: int) -> bytes:
    return json.dumps({"seq": seq, "ts": 1.5, "action": "config.view", "user": "ann"}).encode() + b"\n"


def test_a_search_that_is_cut_goes_on_behind_the_last_entry() -> None:
    search = Search({"user": "ann"}, 5)
    assert search.request().target == "/audit?user=ann&limit=5"
    data = entry(9) + entry(8) + entry(7)
    assert [one.seq for one in search.feed(data[:100])] == [9]
    assert [one.seq for one in search.feed(data[100:-5])] == [8]
    assert search.request().target == "/audit?user=ann&limit=3&before=8"
    assert [one.seq for one in search.feed(entry(7) + entry(6) + entry(5) + entry(4))] == [7, 6, 5]
    assert search.feed(entry(4)) == []
    assert search.ended()


def test_who_waits_gets_typed_answers(running: Holdfast) -> None:
    with Client(socket=running.path("api.sock")) as holdfast:
        with pytest.raises(WeakPassword):
            holdfast.accounts.create("eve", "short")
        holdfast.accounts.create("eve", "correct horse", grants=["server.view"])
        assert holdfast.accounts.list()["eve"].grants == ("server.view",)
        key = holdfast.keys.create("typed", grants=["server.view"], expires_in=60)
        assert key.key not in repr(key)
        assert [one.name for one in holdfast.keys.list() if one.id == key.id] == ["typed"]
        with (
            Client(url=f"http://127.0.0.1:{running.port}", token=key.key) as other,
            pytest.raises(NotAllowedTo),
        ):
            other.accounts.list()
        holdfast.keys.delete(key.id)
        holdfast.accounts.delete("eve")
        with pytest.raises(NoSuchAccount):
            holdfast.accounts.delete("eve")
        with holdfast.audit.search(action="accounts", limit=2) as entries:
            assert [one.raw["taggedUser"] for one in entries] == ["eve", "eve"]
        seen = holdfast.config.read()
        with pytest.raises(InvalidConfig) as refused:
            holdfast.config.replace("{ port: 70000 }")
        assert "port" in refused.value.detail
        with pytest.raises(EditedMeanwhile):
            holdfast.config.replace(seen.text, '"another"')
        holdfast.config.replace(seen.text, seen.etag)
        assert holdfast.config.read() == seen


def test_a_session_begins_and_ends(running: Holdfast) -> None:
    url = f"http://127.0.0.1:{running.port}"
    with Client(url=url) as holdfast:
        token = holdfast.session.login("admin", running.password)
    with Client(url=url, token=token) as holdfast:
        (current,) = (one for one in holdfast.sessions.list() if one.current)
        assert current.account == "admin"
        holdfast.session.logout()


def test_who_awaits_asks_the_same(running: Holdfast) -> None:
    async def ask() -> None:
        async with AsyncClient(socket=running.path("api.sock")) as holdfast:
            assert "admin" in await holdfast.accounts.list()
            assert await holdfast.schedules.list() == []
            assert (await holdfast.notifications.list()).dropped == 0
            share = await holdfast.shares.create_console("chat", expires_in=60)
            assert share.token not in repr(share)
            await holdfast.shares.delete(share.id)
            async with holdfast.audit.search(action="shares", limit=1) as entries:
                assert [one.action async for one in entries] == ["shares.delete"]

    anyio.run(ask)
