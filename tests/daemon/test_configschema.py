"""The schema of a config against the parser: the same keys, bounds, words and defaults; and the documents."""

import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import cast

import jsonschema_rs
import pytest

from daemon.config import Config, ConfigError, parse_config
from daemon.configschema import config_schema
from daemon.hujson import read
from daemon.privileges import _KEYS as GRANT_KEYS
from daemon.values import Section, Value
from supervisor import RLIMITS

from .house import House, Json

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = cast("Json", json.loads(json.dumps(config_schema())))

FULL: Json = {
    "port": 1,
    "listen": "127.0.0.1",
    "unixSocket": {
        "location": "a.sock",
        "users": {"0": ["r"]},
        "groups": {"0": {"roles": ["r"], "grants": []}},
    },
    "https": {"enabled": False, "cert": "c", "key": "k"},
    "webUI": {"enabled": False},
    "redis": {"enabled": False},
    "roles": {"r": [{"permissions": ["server.view"], "servers": ["a"], "paths": ["/x"], "input": ["say *"]}]},
    "login": {"delay": {"cap": 2}},
    "proxies": ["::1"],
    "cors": {"origins": ["*"]},
    "limits": {"jsonDepth": 64},
    "logging": {"actions": {"server.console.input": False}},
    "files": {"trash": {"days": 1}, "extract": {"ratio": 5}},
    "notifications": {
        "targets": {
            "hook": {
                "type": "webhook",
                "url": "https://example.org/x",
                "headers": {"X-A": "b"},
                "on": ["crashed"],
            },
            "script": {"type": "command", "command": ["true"]},
        },
        "disk": {"low": "5%"},
    },
    "usage": {"interval": 5},
    "templates": {"t": {"nice": 1}},
    "servers": {
        "a": {
            "template": "t",
            "directory": "/",
            "command": ["true"],
            "environment": {"A": "b"},
            "stop": [{"line": "stop"}, {"signal": "TERM"}, {"command": "true"}],
            "backoff": {"cap": 1},
            "budget": {"window": 1},
            "rlimits": {"nofile": [1, 2]},
            "limits": {"cpu": 1},
            "logs": {"to": "file"},
            "terminal": {"rows": 5},
            "checks": {
                "c1": {"type": "http", "url": "http://localhost/", "before": {"signal": "QUIT"}},
                "c2": {"type": "tcp", "address": "localhost:1"},
                "c3": {"type": "unix", "path": "x"},
                "c4": {"type": "command", "command": "true"},
                "c5": {"type": "output", "pattern": "x"},
                "c6": {"type": "silence", "seconds": 5},
            },
            "schedules": {
                "s1": {"cron": "@daily", "timeZone": "UTC", "action": "input", "line": "x"},
                "s2": {"cron": "@daily", "timeZone": "UTC", "action": "command", "command": "true"},
                "s3": {"cron": "@daily", "timeZone": "UTC", "action": "archive", "archive": {"keep": 1}},
                "s4": {
                    "cron": "@daily",
                    "timeZone": "UTC",
                    "action": "stop",
                    "warn": [{"minutes": 1, "line": "x"}],
                },
            },
        }
    },
}

NAMED = r"(?<=servers\.)a|(?<=checks\.)c\d|(?<=schedules\.)s\d|(?<=targets\.)(hook|script)|(?<=templates\.)t"


def parse(config: Json) -> Config:
    return parse_config(json.dumps(config).encode(), "config.json", "/")


def plain(key: str) -> str:
    """Return the path of a key with * for names and nothing for places in lists."""
    return re.sub(r"\[\d+\]", "", re.sub(rf"\b({NAMED})(?=\.|$)", "*", key))


def keys(schema: Json, at: str = "") -> Iterator[tuple[str, Json]]:
    """Yield all keys of a schema; * for names."""
    if (target := schema.get("$ref")) is not None:
        schema = cast("Json", cast("Json", SCHEMA["$defs"])[str(target).rpartition("/")[2]])
    for name, inner in cast("dict[str, Json]", schema.get("properties", {})).items():
        yield f"{at}{name}", inner
        yield from keys(inner, f"{at}{name}.")
    values = schema.get("additionalProperties")
    if isinstance(values, dict):
        yield from keys(cast("Json", values), f"{at}*.")
    for word in ("oneOf", "anyOf"):
        for one in cast("list[Json]", schema.get(word, [])):
            yield from keys(one, at)
    if isinstance(schema.get("items"), dict):
        yield from keys(cast("Json", schema["items"]), at)


KEYS = dict(keys(SCHEMA))
PRIVILEGES = ("roles.", "unixSocket.users.", "unixSocket.groups.")


def test_it_has_the_keys_that_the_parser_asks_for_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[str] = set()
    get = Section.get

    def note(section: Section, key: str) -> Value | None:
        if not section.empty:
            asked.add(plain(f"{section.value.key}.{key}" if section.value.key else key))
        return get(section, key)

    monkeypatch.setattr(Section, "get", note)
    parse(FULL)
    # A template is read as a part of the servers that inherit it; grants and limits have names of their own.
    told = {
        key
        for key in KEYS
        if not key.startswith(("templates.", *PRIVILEGES)) and not key.startswith("servers.*.rlimits.")
    }
    assert {key for key in asked if not key.startswith("templates.")} == told
    assert {key for key in KEYS if key.startswith("roles.")} == {f"roles.*.{key}" for key in GRANT_KEYS}
    assert {key.rpartition(".")[2] for key in KEYS if ".rlimits." in key} == {*RLIMITS}
    servers = {key.removeprefix("servers.") for key in KEYS if key.startswith("servers.")}
    assert {key.removeprefix("templates.") for key in KEYS if key.startswith("templates.")} == servers


def put(config: Json, path: str, value: object) -> list[Json]:
    """Return configs with this value at a key, wherever in FULL the key may stand."""
    found: list[Json] = []

    def go(at: Json, rest: list[str], whole: Json, way: list[object]) -> None:
        if len(rest) == 1:
            copy = deepcopy(whole)
            place: object = copy
            for step in way:
                place = cast("dict[object, object]", place)[step]
            cast("Json", place)[rest[0]] = value
            found.append(copy)
            return
        for name in [*at] if rest[0] == "*" else [rest[0]]:
            inner = at.get(name, {})
            if name not in at:
                continue
            if isinstance(inner, list):
                for number, item in enumerate(inner):
                    if isinstance(item, dict):
                        go(cast("Json", item), rest[1:], whole, [*way, name, number])
            elif isinstance(inner, dict):
                go(cast("Json", inner), rest[1:], whole, [*way, name])

    go(config, path.split("."), config, [])
    return found


def accepted(path: str, value: object) -> bool:
    """Tell whether the parser takes a value somewhere under a key."""
    for config in put(FULL, path, value):
        try:
            parse(config)
        except ConfigError as exc:
            if plain(exc.key) != path:
                raise AssertionError(f"{path} = {value}: {exc}") from exc
        else:
            return True
    return False


def refused(path: str, value: object) -> bool:
    """Tell whether it refuses the value somewhere under a key: elsewhere it may have no effect."""
    for config in put(FULL, path, value):
        try:
            parse(config)
        except ConfigError as exc:
            if plain(exc.key) == path:
                return True
    return False


def simple() -> Iterator[tuple[str, Json]]:
    for path, schema in KEYS.items():
        if not path.startswith("templates.") and "type" in schema | {"enum": 0} and path != "redis.enabled":
            yield path, schema


BOUNDED = [(path, one) for path, one in simple() if "minimum" in one or "exclusiveMinimum" in one]


@pytest.mark.parametrize(("path", "schema"), BOUNDED, ids=[path for path, _ in BOUNDED])
def test_numbers_have_the_bounds_that_the_parser_has(path: str, schema: Mapping[str, float]) -> None:
    step = 1 if cast("object", schema["type"]) == "integer" else 0.01
    if "minimum" in schema:
        assert accepted(path, schema["minimum"])
        assert refused(path, schema["minimum"] - step)
    else:
        assert refused(path, schema["exclusiveMinimum"])
    if "maximum" in schema:
        assert accepted(path, schema["maximum"])
        assert refused(path, schema["maximum"] + step)


WORDS = [(path, one) for path, one in simple() if "enum" in one and "type" in one]


@pytest.mark.parametrize(("path", "schema"), WORDS, ids=[path for path, _ in WORDS])
def test_words_are_those_that_the_parser_takes(path: str, schema: Json) -> None:
    assert refused(path, "nonsense")
    if path not in (
        "notifications.targets.*.type",
        "servers.*.checks.*.type",
        "servers.*.checks.*.as",
        "servers.*.schedules.*.action",
    ):
        for word in cast("list[str]", schema["enum"]):
            assert accepted(path, word), word


DEFAULTS = [(path, one) for path, one in simple() if "default" in one]


@pytest.mark.parametrize(("path", "schema"), DEFAULTS, ids=[path for path, _ in DEFAULTS])
def test_a_default_is_what_counts_without_the_key(path: str, schema: Json) -> None:
    same = 0
    for config, without in zip(put(FULL, path, schema["default"]), put(FULL, path, None), strict=True):
        try:
            found = parse(config)
        except ConfigError:
            continue  # a key of another kind of check, schedule or target
        usual = parse(without)
        assert replace(found, warnings=()) == replace(usual, warnings=())
        same += 1
    assert same


def test_what_the_example_and_the_tests_say_is_valid_and_mistakes_are_not() -> None:
    validator = jsonschema_rs.Draft202012Validator(SCHEMA)
    jsonschema_rs.meta.validate(SCHEMA)
    validator.validate(data((ROOT / "config.example.hjson").read_bytes()))
    validator.validate(FULL)
    validator.validate(data((ROOT / "config.example.hjson").read_bytes()))
    for path, value in (("port", "x"), ("servers.*.nice", 20), ("servers.*.checks.*.type", "x"), ("prot", 1)):
        assert not all(validator.is_valid(one) for one in put(FULL, path, value)), path


def data(text: bytes) -> object:
    return read(text, "config").plain()


def test_every_key_has_a_description() -> None:
    assert [path for path, schema in KEYS.items() if not schema.get("description")] == []


PAGES = {
    "README.md": {"key": ""},
    "docs/servers.md": {"key": "servers.*.", "key of `limits`": "servers.*.limits."},
    "docs/health.md": {"key": "servers.*.checks.*. servers.*."},
    "docs/schedules.md": {"key": "servers.*.schedules.*."},
    "docs/logs.md": {"key of `logs`": "servers.*.logs."},
    "docs/notifications.md": {"of a target": "notifications.targets.*.", "of `disk`": "notifications.disk."},
}


@pytest.mark.parametrize("page", PAGES)
def test_the_tables_of_the_documents_name_keys_that_there_are(page: str) -> None:
    heads, found, before = PAGES[page], 0, None
    for text in (ROOT / page).read_text(encoding="utf-8").splitlines():
        if not text.startswith("|"):
            before = None
            continue
        cell = text.split("|")[1].strip()
        if cell in heads:
            before = heads[cell]
            continue
        if before is None or cell.startswith("-"):
            continue
        parent = ""
        for name in re.findall(r"`([^`]+)`", cell):
            path = f"{parent}{name}" if name.startswith(".") else name
            parent = path.rpartition(".")[0]
            path = re.sub(r"\bNAME\b", "*", path).removesuffix(".*")
            assert any(f"{prefix}{path}" in KEYS for prefix in before.split(" ")), path
            found += 1
    assert found > 3


async def test_who_has_it_gets_it_not_again(house: House) -> None:
    answer = await house.remote.get("/config/schema")
    assert answer.headers["content-type"] == "application/schema+json"
    assert answer.json() == SCHEMA
    again = await house.remote.get("/config/schema", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    nobody = await house.nobody.get("/config/schema")
    assert nobody.status_code == 401
