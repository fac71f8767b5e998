"""The web page's port as a way to the API: the same one, below `/api`."""

import os
from collections.abc import AsyncIterator

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from .house import PASSWORD, House
from .loops import both_loops
from .page import NONCE, SCRIPT, said, web, web_port, with_page

anyio_backend = both_loops

NOT_THERE = "This endpoint does not exist!"


@pytest.fixture
async def house(folder: str) -> AsyncIterator[House]:
    async with with_page(folder, web_ui={"port": 0, "onApiPort": True}) as house:
        yield house


async def cookie_of(house: House) -> str:
    """Log in as a browser does; return the cookie."""
    headers = {"Username": "admin", "Password": PASSWORD, "Origin": f"http://127.0.0.1:{web_port(house)}"}
    answer = await web(house).post("/api/login?cookie=true", headers=headers)
    assert answer.json() == {"success": True}
    given = answer.headers["set-cookie"]
    assert "; Path=/;" in given
    assert "HttpOnly; SameSite=Strict" in given
    cookie = given.partition(";")[0]
    house.secrets.add(cookie.partition("=")[2])
    return str(cookie)


@pytest.mark.parametrize(
    "path", ["/api/servers", "/api//servers/", "//api/servers", "/api/servers/", "/%61pi/servers"]
)
async def test_the_api_is_below_its_prefix_however_it_is_written(house: House, path: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {house.token}\r\nConnection: close\r\n\r\n"
    answer = await said(web_port(house), request.encode())
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b'{"servers":{"app":1}}')


@pytest.mark.parametrize(
    "path", ["/api/api/servers", "/apix/servers", "/servers", "/api/ui/", "/api/index.html"]
)
async def test_the_prefix_is_taken_off_once_and_nothing_else_is_the_api(house: House, path: str) -> None:
    for method in ("GET", "HEAD"):
        answer = await web(house, house.token).request(method, path)
        assert answer.status_code == 404
    assert (await web(house, house.token).get(path)).json()["error"] == NOT_THERE


@pytest.mark.parametrize("path", ["/api", "/api/"])
async def test_its_root_tells_the_version(house: House, path: str) -> None:
    assert (await web(house).get(path)).json() == (await house.nobody.get("/")).json()


@pytest.mark.parametrize(
    "path", ["/servers", "/server/app", "/server/nothing", "/config", "/nothing", "/accounts"]
)
async def test_who_may_not_is_told_the_same_as_at_the_apis_port(house: House, path: str) -> None:
    for origin in ({}, {"Origin": "https://elsewhere.example"}):
        for method in ("GET", "HEAD", "POST", "OPTIONS", "DELETE"):
            ours = await web(house).request(method, f"/api{path}", headers=origin)
            theirs = await house.nobody.request(method, path, headers=origin)
            assert (ours.status_code, ours.content) == (theirs.status_code, theirs.content)
            drop = {"date"}
            assert {k: v for k, v in ours.headers.items() if k not in drop} == {
                k: v for k, v in theirs.headers.items() if k not in drop
            }


async def test_who_asks_the_same_again_is_checked_again(house: House) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{web_port(house)}", trust_env=False) as client:
        client.headers["Authorization"] = token = await house.log_in()
        for _ in range(5):
            assert (await client.get("/api/servers")).json() == {"servers": {"app": 1}}
        await house.client(token).get("/logout")
        assert (await client.get("/api/servers")).status_code == 401
        assert (await client.get("/api/server/app/logs/nothing")).status_code in (401, 404)


async def test_a_browser_logs_in_by_cookie_writes_and_logs_out(house: House) -> None:
    cookie, ours = await cookie_of(house), {"Origin": f"http://127.0.0.1:{web_port(house)}"}
    browser = web(house)
    headers = {"Cookie": cookie, **ours}
    assert (await browser.get("/api/servers", headers=headers)).status_code == 200
    folder = house.folder
    answer = await browser.post("/api/server/app", content="TERM", headers=headers)
    assert answer.json() == {"success": True}
    for path in ("/api/config/reload", "/api/logout", "/api/servers"):
        for foreign in (
            {"Origin": "https://evil.example"},
            {"Origin": f"http://127.0.0.1:{house.port}"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Referer": "http://evil.example/x"},
        ):
            answer = await browser.get(path, headers={"Cookie": cookie, **foreign})
            assert answer.status_code == 401, (path, foreign)
    assert (await browser.get("/api/config/reload", headers=headers)).status_code == 200
    assert (await browser.get("/api/logout", headers=headers)).status_code == 200
    assert (await browser.get("/api/servers", headers=headers)).status_code == 401
    assert folder == house.folder
    logins = [line for line in house.done() if line["action"] == "auth.login"]
    assert len(logins) == 1


async def test_a_console_is_opened_by_the_cookie_and_only_by_our_page(house: House) -> None:
    cookie = await cookie_of(house)
    uri = f"ws://127.0.0.1:{web_port(house)}/api/server/app/console"
    ours = f"http://127.0.0.1:{web_port(house)}"
    async with connect(uri, additional_headers={"Cookie": cookie, "Origin": ours}, proxy=None) as socket:
        await socket.send("hello")
        text = ""
        while "echo: hello" not in text:
            text += str(await socket.recv())
    async with connect(
        uri,
        additional_headers={"Cookie": cookie, "Origin": "http://evil.example"},
        subprotocols=["console-v2"],  # type: ignore[list-item]
        proxy=None,
    ) as socket:
        assert "not authenticated" in str(await socket.recv())
    for path in ("/server/app/console", "/apix/server/app/console", "/", "/api/nothing"):
        with pytest.raises(InvalidStatus) as caught:
            async with connect(f"ws://127.0.0.1:{web_port(house)}{path}", proxy=None):
                pass
        assert caught.value.response.status_code == 404


async def test_files_go_up_and_come_down_and_can_do_nothing_in_a_browser(folder: str) -> None:
    place = os.path.join(folder, "app")
    os.makedirs(place)
    servers = {"app": {"directory": place, "command": "sleep 1000", "enabled": False}}
    async with with_page(folder, servers=servers) as house:
        browser, evil = web(house, house.token), b"<html><script>alert(1)</script>"
        for name, data in (
            ("evil.html", evil),
            ("evil.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
            ("evil.js", b"alert(1)"),
            ("evil.pdf", b"%PDF-1.4 /JavaScript"),
            ("big.bin", os.urandom(3 << 20)),
        ):
            answer = await browser.put(f"/api/server/app/file?path={name}", content=data)
            assert answer.status_code == 200, answer.text
            answer = await browser.get(f"/api/server/app/file?path={name}")
            assert answer.content == data
            policy = answer.headers["content-security-policy"]
            assert policy == "default-src 'none'; frame-ancestors 'none'; sandbox"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["content-disposition"].startswith("attachment")
            assert "javascript" not in answer.headers["content-type"]
            ranged = await browser.get(f"/api/server/app/file?path={name}", headers={"Range": "bytes=0-1"})
            assert (ranged.status_code, ranged.headers["content-security-policy"]) == (206, policy)
        form = await browser.post("/api/server/app/file?path=/", files={"upload": ("a.txt", b"a" * 300_000)})
        assert form.json() == {"success": True}
        archive = await browser.get("/api/server/app/file?path=a.txt&archive=zip")
        assert archive.headers["content-security-policy"].endswith("; sandbox")
        tus = {"Tus-Resumable": "1.0.0", "Upload-Length": "3", "Upload-Metadata": "filename dC5iaW4="}
        begun = await browser.post("/api/server/app/uploads", headers=tus)
        assert begun.status_code == 201, begun.text
        where = begun.url.join(begun.headers["location"])
        assert where.path.startswith("/api/server/app/uploads/")
        patch = {
            "Tus-Resumable": "1.0.0",
            "Upload-Offset": "0",
            "Content-Type": "application/offset+octet-stream",
        }
        assert (await browser.patch(str(where), content=b"abc", headers=patch)).status_code == 204


async def test_the_apis_own_page_works_below_the_prefix(house: House) -> None:
    answer = await web(house).get("/api/docs")
    assert answer.status_code == 200
    assert 'href="openapi.json"' in answer.text
    document = (await web(house).get("/api/openapi.json")).json()
    assert document["servers"] == [{"url": "."}]


async def test_requests_are_counted_by_the_rows_of_the_api(house: House) -> None:
    await web(house, house.token).get("/api/server/app")
    await web(house).get("/secret-name")
    await web(house).get(f"/{SCRIPT}")
    told = (await house.remote.get("/metrics")).text
    assert 'path="/server/{id}",status="200"' in told
    assert 'path="webUI",status="404"' in told
    assert 'path="webUI",status="200"' in told
    assert "secret-name" not in told
    assert "/api" not in told


async def test_the_page_is_at_the_apis_port_too_if_that_is_wanted(house: House) -> None:
    answer = await house.nobody.get("/ui?x=1")
    assert (answer.status_code, answer.headers["location"]) == (308, "ui/?x=1")
    answer = await house.nobody.get("/ui/")
    assert answer.status_code == 200
    assert NONCE.search(answer.text) is not None
    assert (await house.nobody.head(f"/ui/{SCRIPT}")).status_code == 200
    assert list((await house.nobody.get("/")).json()) == ["version"]
    for path in (
        "/uix",
        "/ui/nothing",
        "/ui/../config.json",
        "/assets",
        "/index.html",
        f"/{SCRIPT}",
        "/ui/servers",
    ):
        request = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        assert (await said(house.port, request.encode())).startswith(b"HTTP/1.1 404 "), path
    assert (await house.local.get("/ui/")).status_code == 404
    assert (await house.local.get("/ui")).status_code == 404
    for settings, status in (({"enabled": False}, 404), ({"enabled": False, "onApiPort": True}, 200)):
        house.settings["webUI"] = settings
        await house.configure()
        assert (await house.nobody.get("/ui/")).status_code == status
    assert house.listeners.web == [f"http://127.0.0.1:{house.port}/ui/"]
