"""Requests that are answered at once: to the byte what the ordinary way answers, and with the same checks."""

import re
import socket
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial

import anyio
import httpx
import pytest

from daemon import prompt
from daemon.app import Application
from daemon.prompt import PromptProtocol

from .door import DEADLINE
from .guest import guest
from .house import House, Json, eventually, living, program

PATHS = [
    "/",
    "//",
    "/health",
    "/servers",
    "/servers/",
    "//servers",
    "/servers?extrainfo=true",
    "/servers?ticket=x",
    "/server/app/history?limit=2",
    "/server/app/history?limit=x",
    "/server/app/console",
    "/server/app/console?ticket=nobody",
    "/server/app/checks",
    "/server/nobody",
    "/server/%61pp/checks",
    "/server/a%2Fb",
    "/server//checks",
    "/account",
    "/accounts",
    "/keys",
    "/shares",
    "/jobs",
    "/jobs/none",
    "/notifications",
    "/schedules",
    "/openapi.json",
    "/nowhere",
    "/%",
    "/server/app/uploads",
]
METHODS = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "SEARCH"]
MORE: Sequence[Sequence[str]] = [
    (),
    ("Origin: http://elsewhere",),
    ("Origin: https://panel.example",),
    ("Origin: http://elsewhere", "Access-Control-Request-Method: GET"),
    ("Connection: close",),
    ("Connection: keep-alive",),
    ("Content-Length: 0",),
    ("Expect: 100-continue",),
    ("X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https"),
    ("X-Forwarded-For: nonsense",),
]
DATE = re.compile(rb"(?m)^date: .*\r\n")


@pytest.fixture(params=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, Json]:
    """The daemon runs on uvloop, whose transports are others than asyncio's."""
    return "asyncio", {"use_uvloop": request.param == "uvloop"}


def head(method: str, path: str, *lines: str, version: str = "1.1") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/{version}", "Host: x", *lines, "", ""]).encode()


class Line:
    """A connection on which one asks and hears, one after the other."""

    def __init__(self, connection: socket.socket) -> None:
        self._file = connection.makefile("rb")
        self._connection = connection

    def ask(self, asked: bytes, *, without_body: bool = False) -> bytes:
        """Return the whole answer, without its date; nothing if the connection has ended."""
        answer = bytearray()
        try:
            self.say(asked)
            return self._heard(answer, without_body)
        except (BrokenPipeError, ConnectionResetError):
            return bytes(answer)

    def say(self, text: bytes) -> None:
        """Send something."""
        self._connection.sendall(text)

    def rest(self) -> bytes:
        """Return what is said until the other side ends it."""
        return self._file.read()

    def _heard(self, answer: bytearray, without_body: bool) -> bytes:
        while (line := self._file.readline()).strip():
            answer += line
        answer += line
        length = re.search(rb"(?im)^content-length: (\d+)", answer)
        if length is not None and not without_body:
            answer += self._file.read(int(length[1]))
        return DATE.sub(b"", bytes(answer))

    def close(self) -> None:
        self._file.close()
        self._connection.close()


def line(house: House, *, local: bool = False) -> Line:
    connection = socket.socket(socket.AF_UNIX if local else socket.AF_INET)
    connection.settimeout(DEADLINE)
    connection.connect(house.socket if local else ("127.0.0.1", house.port))
    return Line(connection)


async def asked(house: House, *asked: bytes, local: bool = False) -> list[bytes]:
    """Return the answers on one connection."""

    def talk() -> list[bytes]:
        with closing(line(house, local=local)) as one:
            return [one.ask(each) for each in asked]

    return await anyio.to_thread.run_sync(talk)


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which ways requests went: `once`, `again`, or `task`."""
    taken: list[str] = []

    def noted(name: str, word: str) -> None:
        real: Callable[..., object] = getattr(PromptProtocol, name)

        def noting(self: PromptProtocol, *arguments: object) -> object:
            taken.append(word)
            return real(self, *arguments)

        monkeypatch.setattr(PromptProtocol, name, noting)

    noted("_answer_again", "again")
    noted("_start", "task")
    understood = Application.understood

    def understanding(self: Application, scope: Json) -> object:
        found = understood(self, scope)
        if found is not None:
            taken.append("once")
        return found

    monkeypatch.setattr(Application, "understood", understanding)
    return taken


def ordinarily(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every request go the ordinary way, as uvicorn answers it."""
    monkeypatch.setattr(PromptProtocol, "_is_free", lambda _: False)
    monkeypatch.setattr(prompt, "WHOLE", "not this")


@pytest.mark.parametrize("local", [False, True])
async def test_all_ways_give_the_same_answer_to_the_byte(
    folder: str, monkeypatch: pytest.MonkeyPatch, local: bool
) -> None:
    cors, proxies = {"origins": ["https://panel.example", "*"]}, ["127.0.0.1"]
    async with living(folder, servers={"app": program("echo")}, cors=cors, proxies=proxies) as house:
        await house.until("app", state="running")
        await house.local.get("/server/app/history?limit=2")  # from now on in memory
        held = house.parts.reloader.config.proxies
        assert held
        tokens = [
            "",
            f"Authorization: {house.token}",
            "Authorization: Bearer nobody",
            f"X-API-Key: {house.token}",
        ]
        tokens += [f"Cookie: X-Authentication={house.token}"]
        cases = [
            (method, head(method, path, *[one for one in (token, *more) if one], version=version))
            for path in PATHS
            for method, more, token, version in [
                *((method, (), tokens[1], "1.1") for method in METHODS),
                *(("GET", more, tokens[1], "1.1") for more in MORE),
                *(("OPTIONS", more, "", "1.1") for more in MORE[:4]),
                *(("GET", (), token, "1.1") for token in tokens),
                ("GET", (), tokens[1], "1.0"),
                ("HEAD", ("Connection: close",), "", "1.0"),
            ]
        ]

        def all_answers() -> list[list[bytes]]:
            found = []
            for method, text in cases:
                with closing(line(house, local=local)) as one:
                    # Twice: the second time it is known already.
                    found.append([one.ask(text, without_body=method == "HEAD") for _ in range(2)])
            return found

        prompt_ones = await anyio.to_thread.run_sync(all_answers)
        with monkeypatch.context() as patch:
            ordinarily(patch)
            ordinary = await anyio.to_thread.run_sync(all_answers)
    for (_, text), first, second in zip(cases, prompt_ones, ordinary, strict=True):
        assert first == second, text


async def test_what_needs_nothing_is_answered_at_once_and_what_is_said_again_is_not_parsed_again(
    house: House, ways: list[str]
) -> None:
    token = f"Authorization: {house.token}"
    one, other = head("GET", "/servers", token), head("GET", "/account", token)
    answers = await asked(house, one, one, one, other, other, one)
    assert {answer.split(b"\r\n")[0] for answer in answers} == {b"HTTP/1.1 200 OK"}
    assert answers[0] == answers[1] == answers[2] == answers[5]
    assert answers[3] == answers[4] != answers[0]
    assert ways == ["once", "again", "again", "once", "again", "once"]


async def test_the_same_bytes_in_the_middle_of_something_are_not_a_request(house: House) -> None:
    text = head("GET", "/servers", f"Authorization: {house.token}")
    # The second time they are the body of another, the third time they end a head that has begun before.
    folder = head("POST", "/login", f"Content-Length: {len(text)}")

    def talk() -> list[bytes]:
        one = line(house)
        try:
            found = [one.ask(text)]
            one.say(folder)
            found.append(one.ask(text))
            one.say(b"GET /nowhere HTTP/1.1\r\nX-Long: ")
            found.append(one.ask(text))
            found.append(one.ask(text))
            return found
        finally:
            one.close()

    answers = await anyio.to_thread.run_sync(talk)
    assert [answer.split(b" ", 2)[1] for answer in answers] == [b"200", b"400", b"404", b"200"]


@pytest.mark.parametrize("how", ["logout", "session", "account"])
async def test_who_may_no_more_is_refused_at_once_though_he_says_the_same_again(
    house: House, how: str
) -> None:
    ann = await guest(house, "server.view", name="ann")
    token = ann.headers["authorization"]
    text = head("GET", "/servers", f"Authorization: {token}")
    one = await anyio.to_thread.run_sync(partial(line, house))
    try:
        for _ in range(3):
            assert (await anyio.to_thread.run_sync(one.ask, text)).startswith(b"HTTP/1.1 200 ")
        if how == "logout":
            await ann.post("/logout")
        elif how == "session":
            await house.parts.people.sessions.end(house.parts.people.sessions.of("ann"))
        else:
            assert (await house.local.delete("/accounts?username=ann")).status_code == 200
        for _ in range(2):
            assert (await anyio.to_thread.run_sync(one.ask, text)).startswith(b"HTTP/1.1 401 ")
    finally:
        one.close()


async def test_who_has_other_rights_sees_others_though_he_says_the_same_again(folder: str) -> None:
    async with living(folder, servers={"app": program("echo"), "other": program("echo")}) as house:
        ann = await guest(house, {"permissions": ["server.view"], "servers": ["app"]}, name="ann")
        text = head("GET", "/servers", f"Authorization: {ann.headers['authorization']}")
        admin = head("GET", "/servers", f"Authorization: {house.token}")
        mine, all_of_them = await asked(house, text, admin)
        assert b'"app"' in mine
        assert b'"other"' not in mine
        assert b'"other"' in all_of_them
        one = await anyio.to_thread.run_sync(partial(line, house))
        try:
            assert await anyio.to_thread.run_sync(one.ask, text) == mine
            grants = [{"permissions": ["server.view"], "servers": ["other"]}]
            changed = await house.local.patch("/accounts?username=ann", json={"grants": grants})
            assert changed.status_code == 200, changed.text
            now = await anyio.to_thread.run_sync(one.ask, text)
        finally:
            one.close()
        assert b'"app"' not in now
        assert b'"other"' in now


async def test_the_list_that_is_kept_follows_each_change_of_a_server(house: House) -> None:
    async def code() -> object:
        return (await house.remote.get("/servers")).json()["servers"].get("app")

    await eventually(code, lambda found: found == 1)
    await house.operate("app", "TERM")
    await eventually(code, lambda found: found == 0)
    await house.configure()
    await eventually(code, lambda found: found is None)


async def test_a_config_that_says_otherwise_is_heeded_though_one_says_the_same_again(house: House) -> None:
    text = head("GET", "/", "Origin: http://elsewhere")
    one = await anyio.to_thread.run_sync(partial(line, house))
    try:
        before = [await anyio.to_thread.run_sync(one.ask, text) for _ in range(2)]
        house.settings["cors"] = {"origins": ["https://panel.example"]}
        await house.configure(app=program("echo"))
        after = await anyio.to_thread.run_sync(one.ask, text)
    finally:
        one.close()
    assert all(b"access-control-allow-origin: *" in answer for answer in before)
    assert b"access-control-allow-origin" not in after
    assert b"vary: Origin" in after


async def test_what_is_said_again_counts_like_all_else(house: House) -> None:
    used = house.session.used
    text = head("GET", "/servers", f"Authorization: {house.token}")
    house.parts.people.sessions._clock = lambda: used + 100
    await asked(house, *[text] * 5)
    assert house.session.used == used + 100
    counted = house.parts.metrics.requests._requests["/servers", "GET", 200]
    assert counted == 5
    house.parts.people.sessions._clock = lambda: used + 100 * 86_400.0 * 365
    (late,) = await asked(house, text)
    assert late.startswith(b"HTTP/1.1 401 ")


async def test_one_that_is_answered_at_once_is_refused_too_if_there_are_too_many(folder: str) -> None:
    async with living(folder, servers={}, limits={"requestsPerAccount": 1}) as house:
        text = head("GET", "/servers", f"Authorization: {house.token}")
        async with house.remote.stream("GET", "/events"):
            one, again = await asked(house, text, text)
        assert one.startswith(b"HTTP/1.1 429 ")
        assert again == one

        async def status() -> int:
            return (await house.remote.get("/servers")).status_code

        await eventually(status, lambda found: found == 200)


async def test_a_connection_that_is_not_used_is_closed_after_the_same_time(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[float] = []
    real = PromptProtocol.timeout_keep_alive_handler

    def handler(self: PromptProtocol) -> None:
        real(self)
        if self.transport.is_closing():
            closed.append(self.loop.time() - self._idle_since)

    monkeypatch.setattr(PromptProtocol, "timeout_keep_alive_handler", handler)
    made = PromptProtocol.connection_made

    def connection_made(self: PromptProtocol, transport: object) -> None:
        made(self, transport)  # type: ignore[arg-type]
        self.timeout_keep_alive = 1  # seconds: whole ones, as uvicorn has it

    monkeypatch.setattr(PromptProtocol, "connection_made", connection_made)
    text = head("GET", "/servers", f"Authorization: {house.token}")

    def talk() -> bytes:
        with closing(line(house)) as one:
            for _ in range(3):
                one.ask(text)
            return one.rest()

    assert await anyio.to_thread.run_sync(talk) == b""
    assert len(closed) == 1
    assert closed[0] >= 1


async def test_what_has_to_wait_after_all_is_answered_all_the_same(house: House, ways: list[str]) -> None:
    await house.until("app", state="running")
    text = head("GET", "/server/app", f"Authorization: {house.token}")
    house.parts.sampler._trees.clear()  # the sample is not good any more
    one = await anyio.to_thread.run_sync(partial(line, house))
    try:
        ways.clear()
        for _ in range(2):
            answers = [await anyio.to_thread.run_sync(one.ask, text) for _ in range(2)]
            assert all(answer.startswith(b"HTTP/1.1 200 ") for answer in answers)
            house.parts.sampler._trees.clear()
        assert ways[:2] == ["once", "task"]
        assert "again" in ways[2:]
        assert ways[-1] != "once"
    finally:
        one.close()


async def test_a_browser_that_keeps_its_connection_is_heard_in_between(house: House) -> None:
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{house.port}", headers={"Authorization": house.token}, trust_env=False
    ) as client:
        for _ in range(3):
            assert (await client.get("/servers")).json() == {"servers": {"app": 1}}
            assert (await client.get("/server/app")).json()["status"] == 1
            assert (await client.post("/server/app", content="NONSENSE")).status_code == 400
            assert (await client.get("/servers")).status_code == 200
