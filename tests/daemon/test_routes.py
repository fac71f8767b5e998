"""The route table: who gets where, and what everybody is told who does not."""

import json
from dataclasses import fields

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from daemon import routes
from daemon.access import OPEN, Rule

from .house import House, program

NOT_AUTHENTICATED = "You are not authenticated to access this resource!"
PLAIN = "text/plain; charset=utf-8"
NO_SERVER = "This server does not exist!"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PATHS = tuple(dict.fromkeys(row.path for row in routes.ROUTES))


def authorized(token: str | None) -> dict[str, str]:
    return {"Authorization": token} if token else {}


def target(path: str) -> str:
    return path.replace("{id}", "app")


ENDLESS = ("/jobs/events", "/events", "/live")


async def test_a_row_without_a_rule_is_no_row() -> None:
    for kind in (routes.Row, routes.SocketRow):
        names = [field.name for field in fields(kind) if field.name != "rule"]
        with pytest.raises(TypeError):
            kind(**dict.fromkeys(names, ""))  # type: ignore[arg-type]


async def test_only_the_login_and_what_is_no_secret_are_open() -> None:
    assert {(row.method, row.path) for row in routes.ROUTES if row.rule.needs is None} == {
        ("GET", "/"),
        ("GET", "/docs"),
        ("GET", "/openapi.json"),
        ("GET", "/health"),
        ("GET", "/ready"),
        ("GET", "/login"),
        ("POST", "/login"),
    }
    assert all(isinstance(row.rule, Rule) and row.rule.needs for row in routes.SOCKET_ROUTES)


async def test_every_method_of_every_path_for_everybody(house: House) -> None:
    methods = {path: {row.method: row.rule for row in routes.ROUTES if row.path == path} for path in PATHS}
    callers = {
        "nobody": house.nobody,
        "wrong token": house.client("x" * 128),
        "token": house.nobody,
        "local": house.local,
    }
    await house.configure(app={**program("echo"), "directory": house.folder})
    for path in PATHS:
        for method in METHODS:
            for who, client in callers.items():
                if method == "GET" and path in ENDLESS and who in ("token", "local"):
                    continue  # it has no end
                token = await house.log_in() if who == "token" else None  # /logout ends it
                answer = await client.request(method, target(path), headers=authorized(token))
                case = f"{who}: {method} {path} -> {answer.status_code} {answer.text}"
                rule = methods[path].get(method)
                if rule is None:
                    assert (answer.status_code, answer.json()["kind"]) == (405, "wrong-method"), case
                elif rule is not OPEN and who in ("nobody", "wrong token"):
                    assert answer.status_code == 401, case
                    assert answer.json() == {"error": NOT_AUTHENTICATED, "kind": "not-authenticated"}
                else:
                    # Without a body and a query: 403 for the root, 404 for a job that there is not, 405 for
                    # an operation that there is not, 412 for who does not speak tus.
                    assert answer.status_code in (200, 400, 403, 404, 405, 412), case
                    assert '"kind":"wrong-method"' not in answer.text, case
                    assert '"kind":"not-permitted"' not in answer.text, case
                kind = {
                    "/docs": "text/html; charset=utf-8",
                    "/metrics": "text/plain; version=0.0.4; charset=utf-8"
                    if answer.is_success
                    else "application/json",
                    "/config/schema": "application/schema+json" if answer.is_success else "application/json",
                    "/audit": "application/x-ndjson" if answer.is_success else "application/json",
                    "/server/{id}/logs": PLAIN if answer.is_success else "application/json",
                }.get(path if method == "GET" else "", "application/json")
                assert answer.headers["content-type"] == kind, case
                if answer.status_code >= 400:
                    said = answer.json()
                    assert isinstance(said["error"], str), case
                    assert said["error"], case
                    assert said["kind"], case


@pytest.mark.parametrize(
    ("method", "path", "sentence"),
    [
        ("PUT", "/accounts", "Only GET, POST, PATCH and DELETE are allowed!"),
        ("DELETE", "/server/app", "Only GET and POST are allowed!"),
        ("POST", "/servers", "Only GET is allowed!"),
        ("DELETE", "/config", "Only GET and PATCH are allowed!"),
        ("PUT", "/login", "Only GET and POST are allowed!"),
    ],
)
async def test_a_wrong_method_is_told_before_who_asks(
    house: House, method: str, path: str, sentence: str
) -> None:
    answer = await house.nobody.request(method, path)
    assert (answer.status_code, answer.json()["error"]) == (405, sentence)
    assert answer.headers["allow"].endswith("OPTIONS")


async def test_an_unknown_path_is_404_for_everybody(house: House) -> None:
    for client in (house.nobody, house.remote, house.local):
        for path in ("/nothing", "/server", "/server/app/nothing", "/accounts/x"):
            answer = await client.get(path)
            assert answer.status_code == 404
            assert answer.json()["kind"] == "no-such-endpoint"


async def test_an_unknown_server_is_told_only_to_who_may_know(house: House) -> None:
    for method in ("GET", "POST"):
        known = await house.nobody.request(method, "/server/app")
        unknown = await house.nobody.request(method, "/server/other")
        assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
        for client in (house.remote, house.local):
            answer = await client.request(method, "/server/other", content="START")
            assert (answer.status_code, answer.json()["error"]) == (404, NO_SERVER)


async def test_a_preflight_needs_no_token(house: House) -> None:
    headers = {"Origin": "http://elsewhere", "Access-Control-Request-Method": "PATCH"}
    for path in (*map(target, PATHS), "/nothing"):
        answer = await house.nobody.options(path, headers=headers)
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "*"
        methods = answer.headers["access-control-allow-methods"].split(", ")
        assert set(methods) == {"GET", "POST", "PUT", "HEAD", "OPTIONS", "PATCH", "DELETE"}
        names = {name.lower() for name in answer.headers["access-control-allow-headers"].split(", ")}
        assert names >= {"x-requested-with", "content-type", "authorization", "username", "password"}
        assert names >= {"range", "if-match", "tus-resumable", "upload-length", "upload-offset"}


async def test_options_without_an_origin_tells_the_methods(house: House) -> None:
    answer = await house.nobody.options("/config")
    assert (answer.status_code, answer.headers["allow"]) == (200, "GET, PATCH, HEAD, OPTIONS")


async def test_other_origins_may_read_every_answer(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house.parts.listing, "of", broken)
    cases = [("GET", "/", 200), ("GET", "/accounts", 401), ("GET", "/x", 404), ("PUT", "/", 405)]
    for method, path, status in cases:
        answer = await house.nobody.request(method, path, headers={"Origin": "http://elsewhere"})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (status, "*")
    answer = await house.remote.get("/servers", headers={"Origin": "null"})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (500, "*")
    assert "access-control-allow-origin" not in (await house.nobody.get("/")).headers


def broken(*_: object) -> None:
    raise ZeroDivisionError("a secret reason")


async def test_an_error_that_nobody_expected_is_told_as_json_and_the_daemon_lives(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(house.parts.listing, "of", broken)
        answer = await house.remote.get("/servers")
    assert answer.status_code == 500
    assert answer.json() == {"error": "An internal error occurred!", "kind": "internal"}
    assert "ZeroDivisionError" in caplog.text
    assert (await house.remote.get("/servers")).status_code == 200


async def test_slashes_too_many_are_not_redirected(house: House) -> None:
    for path in ("//servers", "/servers/", "/servers//", "//server//app", "/server/app/", "//"):
        url = f"http://127.0.0.1:{house.port}{path}"
        answer = await house.remote.get(httpx.URL(url))
        assert answer.status_code == 200, path
    answer = await house.remote.post(f"http://127.0.0.1:{house.port}//server/app//", content="KILL")
    assert answer.json() == {"success": True}


@pytest.mark.parametrize("name", ["two words", "größe ✓", "a+b&c=d;e", "50%", "%2F", "?#", "..."])
async def test_a_name_of_a_server_can_be_written_in_percents(either: House, name: str) -> None:
    await either.configure(**{name: program("echo")})
    assert (await either.show(name))["status"] == 1
    assert (await either.operate(name, "KILL")) == {"success": True}
    async with either.view(name) as viewer:
        await viewer.until(f"Killing server {name}")


async def test_an_encoded_slash_is_a_slash(house: House) -> None:
    assert (await house.remote.get("/server/app%2Fconsole")).json()["kind"] == "upgrade-needed"
    assert (await house.remote.get("/server/a%2Fb")).json()["kind"] == "no-such-endpoint"
    assert (await house.remote.get("/server/%2e%2e%2fapp")).status_code == 404


async def test_a_path_of_strange_bytes_is_just_unknown(house: House) -> None:
    for name in ("%ff%fe", "%00", "%0a", "app%0a", "x" * 5000, "%ed%a0%80"):
        answer = await house.remote.get(f"/server/{name}")
        assert (answer.status_code, answer.json()["error"]) == (404, NO_SERVER), name


async def test_head_is_get_without_a_body(house: House) -> None:
    answer = await house.remote.head("/servers")
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) == len((await house.remote.get("/servers")).content)
    assert (await house.nobody.head("/servers")).status_code == 401
    assert (await house.nobody.head("/x")).status_code == 404


async def test_a_semicolon_in_a_query_is_data(house: House) -> None:
    answer = await house.remote.request("DELETE", "/accounts?username=a;b")
    assert (answer.status_code, answer.json()["error"]) == (404, "User does not exist!")
    assert (await house.remote.get("/servers?x;extrainfo=true")).json() == {"servers": {"app": 1}}


async def test_a_body_may_not_be_endless(house: House) -> None:
    answer = await house.remote.post("/accounts", content=b"x" * ((1 << 20) + 1))
    assert (answer.status_code, answer.json()["kind"]) == (413, "too-large")


async def test_deep_json_is_refused(house: House) -> None:
    answer = await house.remote.post("/accounts", content=b"[" * 200_000)
    assert (answer.status_code, answer.json()["error"]) == (400, "Invalid JSON body!")


async def test_a_websocket_to_what_is_no_websocket_is_refused(house: House) -> None:
    for path in ("servers", "nothing", "server/app", ""):
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://127.0.0.1:{house.port}/{path}", proxy=None)
        assert refused.value.response.status_code == 404
        assert json.loads(refused.value.response.body or b"")["kind"] == "no-such-endpoint"
