"""Requests that are answered at once: to the byte what the ordinary way answers, and with the same checks."""

from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial

import anyio
import pytest

from daemon import prompt
from daemon.app import Application
from daemon.prompt import PromptProtocol

from .guest import guest
from .house import House, Json, living, program
from .line import asked, head, line
from .loops import both_loops

anyio_backend = both_loops

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
    await house.until("app", state="running")
    ways.clear()
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
