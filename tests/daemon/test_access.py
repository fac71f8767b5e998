"""Who asks, and whether they may: what counts as proof, and what does not."""

from collections.abc import Mapping

import pytest

from daemon.access import LOGGED_IN, OPEN, Access, Identity, Peer, needs, token_of
from daemon.errors import NotAuthenticated, NotPermitted
from daemon.head import Head
from daemon.origins import Origins

from .kept import people

ADDRESS = "192.0.2.7"


def connection(
    headers: Mapping[str, str] | None = None,
    *,
    kind: str = "http",
    query: str = "",
    state: Mapping[str, object] | None = None,
) -> Head:
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
    return Head(
        {
            "type": kind,
            "path": "/",
            "headers": pairs,
            "query_string": query.encode(),
            "client": (ADDRESS, 1),
            "state": dict(state or {}),
        }
    )


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        ({}, None),
        ({"authorization": "t"}, "t"),
        ({"authorization": "Bearer t"}, "t"),
        ({"authorization": "BEARER   t "}, "t"),
        ({"authorization": "Bearer"}, ""),
        ({"authorization": "Bearer "}, ""),
        ({"authorization": "bearer2 t"}, "bearer2 t"),
        ({"authorization": "", "cookie": "X-Authentication=c"}, "c"),
        ({"authorization": " ", "cookie": "X-Authentication=c"}, "c"),
        ({"authorization": "t", "cookie": "X-Authentication=c"}, "t"),
        ({"cookie": "a=b; X-Authentication=c+/=; d=e"}, "c+/="),
        ({"cookie": 'X-Authentication="c"'}, "c"),
        ({"cookie": "x-authentication=c"}, None),
        ({"cookie": ";;="}, None),
    ],
)
def test_a_token_is_the_headers_else_the_cookies(headers: dict[str, str], token: str | None) -> None:
    assert token_of(connection(headers), Origins()) == token


@pytest.mark.parametrize(
    ("origin", "host", "counts"),
    [
        ("http://a.de", "a.de", True),
        ("https://A.de:8443", "a.de:42069", False),
        ("http://[::1]:1", "[::1]:2", False),
        ("http://[::1]:1", "[::1]:1", True),
        ("http://b.de", "a.de", False),
        ("http://a.de.b.de", "a.de", False),
        ("http://a.de@b.de", "a.de", False),
        ("null", "null", False),
        ("http://[", "[", False),
        ("http://a.de", "", False),
    ],
)
def test_a_cookie_counts_only_from_our_own_pages(origin: str, host: str, counts: bool) -> None:
    headers = {"origin": origin, "host": host, "cookie": "X-Authentication=c"}
    for kind in ("http", "websocket"):
        assert token_of(connection(headers, kind=kind), Origins()) == ("c" if counts else None)
        assert token_of(connection({**headers, "authorization": "t"}, kind=kind), Origins()) == "t"
        assert token_of(connection({**headers, "sec-fetch-site": "cross-site"}, kind=kind), Origins()) is None


async def test_only_the_listener_can_say_that_somebody_is_local(folder: str) -> None:
    async with people(folder) as everybody:
        access = Access(everybody)
        for peer in (None, "Peer(0, 0)", {"uid": 0, "pid": 1}, (0, 1)):
            assert access.identify(connection(state={"peer": peer}), ticket=True) is None
        nobody = connection()
        nobody.scope["client"] = None  # a TCP client that has gone has none either
        assert access.identify(nobody, ticket=True) is None
        local = access.identify(connection({"authorization": "x"}, state={"peer": Peer(7, 8)}), ticket=True)
        assert local is not None
        assert (local.user, local.ip, local.marks) == ("@local", "@", {"uid": 7, "pid": 8})
        assert not local.over


async def test_a_rule_lets_in_who_fulfils_it(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with people(folder) as everybody:
        access = Access(everybody)
        token, session = await everybody.sessions.create("eve", ADDRESS, "")
        known, unknown = connection({"authorization": token}), connection({"authorization": "x"})
        assert access.check(OPEN, unknown, None) is None
        for rule in (LOGGED_IN, needs("server.view")):
            with pytest.raises(NotAuthenticated):
                access.check(rule, unknown, "a")
            identity = access.check(rule, known, "a")
            assert identity == Identity(ADDRESS, session, session.standing)
        with monkeypatch.context() as patch:
            patch.setattr(Identity, "may", lambda _, permission, server: (permission, server) == ("x", "a"))
            assert access.check(needs("x"), known, "a")
            for refused in ((needs("x"), "b"), (needs("y"), "a")):
                with pytest.raises(NotPermitted):
                    access.check(refused[0], known, refused[1])
            with pytest.raises(NotAuthenticated):
                access.check(needs("y"), unknown, "a")
        await everybody.sessions.end([session])
        assert identity is not None
        assert identity.over
        with pytest.raises(NotAuthenticated):
            access.check(LOGGED_IN, known, None)


async def test_a_ticket_counts_where_the_rule_says_so_and_a_bad_one_spoils_nothing(folder: str) -> None:
    async with people(folder) as everybody:
        access = Access(everybody)
        token, session = await everybody.sessions.create("eve", ADDRESS, "")
        shown = everybody.tickets.issue(session, ADDRESS)
        with_ticket, without = needs("x", ticket=True), needs("x")
        with pytest.raises(NotAuthenticated):
            access.check(without, connection(query=f"ticket={shown}"), None)
        assert access.check(with_ticket, connection(query=f"ticket={shown}"), None)
        with pytest.raises(NotAuthenticated):
            access.check(with_ticket, connection(query=f"ticket={shown}"), None)
        assert access.check(with_ticket, connection({"authorization": token}, query=f"ticket={shown}"), None)
        for bad in ("", "x" * 10_000, "%ff", "a&ticket=b"):
            with pytest.raises(NotAuthenticated):
                access.check(with_ticket, connection(query=f"ticket={bad}"), None)
