"""JSON that clients send: bounded in depth, whatever it is made of, in every endpoint that reads it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.jsontext import DEPTH, InvalidJson, read_json

from .house import House

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


def depth_of(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    return 1 + max(map(depth_of, value), default=0) if isinstance(value, list) else 0


@given(JSON, st.integers(1, 6), st.booleans())
def test_what_is_deeper_is_refused_and_nothing_else(value: object, most: int, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    try:
        text.decode()
    except UnicodeDecodeError:
        return
    if depth_of(value) > most:
        with pytest.raises(InvalidJson, match="Invalid JSON body!") as refused:
            read_json(text, most)
        assert f"more than {most} levels deep" in refused.value.more["detail"]
    else:
        assert read_json(text, most) == value


@given(st.text(alphabet='[]{}":,\\ 1a'), st.integers(1, 4))
def test_no_text_is_more_than_refused(text: str, most: int) -> None:
    try:
        expected = json.loads(text)
    except ValueError:
        with pytest.raises(InvalidJson):
            read_json(text, most)
        return
    if depth_of(expected) <= most:
        assert read_json(text, most) == expected


@pytest.mark.parametrize(
    "text",
    [
        b"[" * (1 << 20),
        b"[" * (1 << 19) + b"]" * (1 << 19),
        b'{"a":' * 200_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'"' + b'\\"' * (1 << 19),
        b'[]"' + b'\\"' * (1 << 19),
        b"[" * 70 + b'"' + b"a" * (1 << 20),
        (b"[" * 64 + b"]" * 64 + b",") * 8000,
        b"]" * (1 << 20),
        b"][" * (1 << 19),
        b'"[' * (1 << 19),
        b"9" * 5000,
        b"\xff\xfe[\0]\0",
        b"",
    ],
)
async def test_hostile_texts_do_not_hold_up_the_event_loop(text: bytes) -> None:
    with pytest.raises(InvalidJson):
        read_json(text)


ENDPOINTS = [
    ("POST", "/accounts"),
    ("PATCH", "/accounts"),
    ("PATCH", "/server/app/file"),
    ("PATCH", "/server/app/files"),
    ("POST", "/server/app/compress?path=a.zip"),
    ("POST", "/server/app/compress/v2?path=a.zip"),
    ("PATCH", "/config"),
]


def bodies(method: str, path: str) -> dict[str, bytes]:
    deep = b'{"operation":' * 5000 + b"1" + b"}" * 5000
    bodies = {"deep": deep, "open": b'{"a":[' * 5000, "half": b'{"a"'}
    if path == "/server/app/file":
        return bodies
    return {**bodies, "list": b"[" * 5000 + b"]" * 5000, "utf-16": b"\xff\xfe{\0}\0", "empty": b""}


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
async def test_every_endpoint_refuses_what_is_too_deep_or_no_json(
    house: House, method: str, path: str
) -> None:
    for what, body in bodies(method, path).items():
        answer = await house.remote.request(method, path, content=body)
        assert answer.status_code == 400, (what, answer.text)
        said = answer.json()
        assert said["error"] == "Invalid JSON body!"
        assert said["kind"] == ("invalid-config" if path == "/config" else "invalid-json")
        assert said["detail"], what


async def test_a_console_refuses_what_is_too_deep(house: House) -> None:
    async with house.view() as viewer:
        assert (await viewer.message())["type"] == "settings"
        for text in ("[" * 5000, '{"type":' * 100 + "1" + "}" * 100, "{" * 900_000):
            await viewer.connection.send(text)
            assert await viewer.answer() == {"type": "error", "message": "Invalid message format"}
        await viewer.say(type="ping", id="x", more=[[[]]])
        assert await viewer.answer() == {"type": "pong", "id": "x"}


async def test_the_depth_stands_in_the_config(house: House) -> None:
    nested = {"username": "eve", "password": "a password of eve's", "more": [[[]]]}
    house.settings["limits"] = {"jsonDepth": 3}
    await house.configure()
    answer = await house.remote.post("/accounts", json=nested)
    assert (answer.status_code, "limits.jsonDepth" in answer.json()["detail"]) == (400, True)
    house.settings["limits"] = {"jsonDepth": 4}
    await house.configure()
    assert "limits.jsonDepth" not in (await house.remote.post("/accounts", json=nested)).text
    assert DEPTH == 64


async def test_operations_of_the_wrong_type_are_mistakes(house: House) -> None:
    wrongs: tuple[object, ...] = ([], {}, 5, None, "x")
    for wrong in wrongs:
        body = {"operations": [{"operation": wrong}]}
        answer = await house.remote.patch("/server/app/files", json=body)
        assert answer.status_code == 400, answer.text
        answer = await house.remote.patch("/server/app/file", json={"operation": wrong})
        assert answer.status_code == 405, answer.text
