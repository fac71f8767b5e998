"""Headers that keep browsers from making more of an answer than it is: on every answer, and once."""

import json
import os
from collections.abc import AsyncIterator

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from daemon.hardening import Headers, harden
from daemon.routes import ROUTES

from .house import House, living, write
from .pki import anybody, make_pair

EXPECTED = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}


def check(answer: httpx.Response, policy: str = "") -> None:
    for name, usual in EXPECTED.items():
        value = usual + policy if name == "content-security-policy" else usual
        if name == "content-security-policy" and answer.request.url.path == "/docs":
            assert "default-src 'none'; style-src 'sha256-" in answer.headers[name]
            continue
        assert answer.headers.get_list(name) == [value], name
    assert len(answer.headers.get_list("cache-control")) <= 1
    assert "strict-transport-security" not in answer.headers


@pytest.fixture
async def house(folder: str) -> AsyncIterator[House]:
    os.mkdir(f"{folder}/files")
    write(f"{folder}/files/data.json", "{}")
    server = {"directory": "files", "command": ["sleep", "60"], "enabled": False}
    async with living(folder, servers={"app": server}) as house:
        yield house


async def test_every_answer_has_them_once(house: House) -> None:
    for path in sorted({row.path for row in ROUTES}):
        for client in (house.nobody, house.local):
            if client is house.local and ("events" in path or path == "/live"):
                continue  # those never end
            answer = await client.get(path.format(id="app", upload="x", job="x", target="x", name="x"))
            check(answer)
            if answer.headers["content-type"].startswith("application/json"):
                cached = "no-cache" if path == "/openapi.json" else "no-store"
                assert answer.headers["cache-control"] == cached
    for answer in (
        await house.nobody.get("/nothing"),
        await house.nobody.put("/"),
        await house.nobody.options(
            "/servers", headers={"Origin": "x", "Access-Control-Request-Method": "GET"}
        ),
        await house.nobody.get("/", headers=[("x", "y")] * 300),
    ):
        check(answer)


async def test_downloads_keep_their_own(house: House) -> None:
    answer = await house.remote.get("/server/app/file?path=data.json")
    check(answer, "; sandbox")
    assert (answer.content, answer.headers["cache-control"]) == (b"{}", "private, no-cache")


async def test_a_refused_websocket_has_them_too(house: House) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with house.view(protocol=None, local=False):
            raise AssertionError("was let in")
    for name, value in EXPECTED.items():
        assert refused.value.response.headers.get_all(name) == [value]
    assert json.loads(refused.value.response.body or b"")["kind"] == "not-authenticated"


async def test_browsers_are_told_to_stay_with_tls_only_if_the_config_says_so_and_only_over_tls(
    folder: str,
) -> None:
    pair = await make_pair(folder, "one")
    async with living(folder, servers={}, https={**pair.settings, "hsts": 600}) as house:
        async with httpx.AsyncClient(verify=anybody(), trust_env=False) as client:
            answer = await client.get(f"https://127.0.0.1:{house.port}/")
        assert answer.headers.get_list("strict-transport-security") == ["max-age=600"]
        check(await house.local.get("/"))


def test_what_an_endpoint_says_itself_stands() -> None:
    own = [
        (b"content-security-policy", b"default-src 'self'"),
        (b"cache-control", b"max-age=5"),
        (b"content-type", b"application/json"),
    ]
    headers: Headers = [*own]
    harden(headers, 0)
    assert headers[:3] == own
    assert sorted(name for name, _ in headers) == sorted({name for name, _ in headers})
    assert len(headers) == 6
