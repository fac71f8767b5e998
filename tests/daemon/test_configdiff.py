"""What the audit log says of an edit of the config: all that is different, and no secret."""

import json
import random
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.configdiff import LONGEST, MOST, UNSEEN, changes

Json = dict[str, object]

WEB = {"directory": "/srv/web", "command": ["run", "--now"]}


def diff(old: Json, new: Json) -> list[str]:
    return list(changes(json.dumps(old).encode(), json.dumps(new).encode()))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ({"port": 42069}, {"port": 42070}, ["port: 42069 → 42070"]),
        ({}, {"port": 42070}, ["port: set to 42070"]),
        ({"port": 1}, {}, ["port: removed"]),
        ({"listen": "127.0.0.1"}, {"listen": "::1"}, ["listen: 127.0.0.1 → ::1"]),
        ({"logging": {"enabled": True}}, {"logging": {"enabled": False}}, ["logging.enabled: true → false"]),
        (
            {"logging": {"actions": {}}},
            {"logging": {"actions": {"auth.login": False}}},
            ["logging.actions.auth.login: set to false"],
        ),
        ({"servers": {}}, {"servers": {"new": WEB}}, ["servers.new: added"]),
        ({"servers": {"old": WEB}}, {"servers": {}}, ["servers.old: removed"]),
        (
            {"servers": {"auth": WEB}},
            {"servers": {"auth": {**WEB, "stopGrace": 5}}},
            ["servers.auth.stopGrace: set to 5"],
        ),
        (
            {"servers": {"web": WEB}},
            {"servers": {"web": {**WEB, "command": ["run", "--password=x"]}}},
            ["servers.web.command[1]: changed"],
        ),
        (
            {"servers": {"web": WEB}},
            {"servers": {"web": {**WEB, "directory": "/srv/x"}}},
            ["servers.web.directory: /srv/web → /srv/x"],
        ),
        ({"enabled": True}, {"enabled": 1}, ["enabled: changed"]),
        ({"a": {"b": 1}}, {"a": [1]}, ["a: changed"]),
        ({"token": 1234}, {"token": 4321}, ["token: changed"]),
        ({"rcon": 515151}, {"rcon": 616161}, ["rcon: changed"]),
        ({"files": {"trash": {}}}, {"files": {"trash": {"pin": 1234}}}, ["files.trash.pin: added"]),
        ({"login": {"passwordLength": 8}}, {"login": {"passwordLength": 9}}, ["login.passwordLength: 8 → 9"]),
        ({"environment": {"DEBUG": True}}, {"environment": {"DEBUG": False}}, ["environment.DEBUG: changed"]),
        (
            {"Environment": {"N": 1}},
            {"Environment": {"N": 2, "M": 3}},
            ["Environment.N: changed", "Environment.M: added"],
        ),
        ({"listen": "http://eve:pw@x"}, {"listen": "x"}, ["listen: changed"]),
        ({"text": "one"}, {"text": "two"}, ["text: changed"]),
        ({"x": None}, {"x": 1}, ["x: changed"]),
    ],
)
def test_each_difference_is_said(old: Json, new: Json, said: list[str]) -> None:
    assert diff(old, new) == said


def test_the_same_text_is_no_change_and_another_layout_is_said() -> None:
    text = b"{port: 1}"
    assert changes(text, text) == ()
    assert changes(text, b"// here\nport: 1\n") == (UNSEEN,)


def test_many_changes_are_counted_and_long_ones_are_shortened() -> None:
    many: Json = {f"key{number}": number for number in range(MOST + 20)}
    told = diff({}, many)
    assert (len(told), told[-1]) == (MOST + 1, "and 20 more")
    (one,) = diff({}, {"x" * 5000: 1})
    assert len(one) <= LONGEST + 1
    (one,) = diff({"listen": ""}, {"listen": "y" * 5000})
    assert len(one) < 200


# No secret.

SECRET = "".join(random.Random(7).choices(string.ascii_letters, k=24))

HARMLESS_KEYS = st.sampled_from(
    ["port", "listen", "servers", "logging", "files", "web", "roles", "name", "text"]
)
SECRET_KEYS = st.sampled_from(
    [
        *(
            "password",
            "Password",
            "adminPassword",
            "secret",
            "clientSecret",
            "token",
            "apiToken",
            "key",
            "apiKey",
        ),
        *(
            "hash",
            "password_hash",
            "auth",
            "authorization",
            "credential",
            "credentials",
            "webhook",
            "webhookUrl",
        ),
        *("environment", "command", "ENVIRONMENT", "url", "redisUrl", "passphrase", "cookie", "dsn"),
    ]
)
SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.text("abc", max_size=5)
PIN = 424_242_424_242
HIDDEN = (
    st.just(PIN)
    | st.just(SECRET)
    | st.just(f"https://eve:{SECRET}@example.org/")
    | st.just(f"run --with {SECRET}")
)


def tree(leaves: st.SearchStrategy[object], keys: st.SearchStrategy[str]) -> st.SearchStrategy[object]:
    return st.recursive(
        leaves,
        lambda inner: st.dictionaries(keys, inner, max_size=4) | st.lists(inner, max_size=3),
        max_leaves=12,
    )


BELOW_SECRET = tree(HIDDEN | SCALARS, HARMLESS_KEYS | SECRET_KEYS)
CONFIGS = st.dictionaries(
    HARMLESS_KEYS,
    st.recursive(
        SCALARS,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.tuples(
                st.dictionaries(HARMLESS_KEYS, inner, max_size=4),
                st.dictionaries(SECRET_KEYS, BELOW_SECRET, max_size=2),
            ).map(lambda both: {**both[0], **both[1]})
        ),
        max_leaves=15,
    ),
    max_size=5,
)


@settings(max_examples=400, deadline=None)
@given(old=CONFIGS, new=CONFIGS)
def test_no_secret_is_in_what_is_said(old: Json, new: Json) -> None:
    told = diff(old, new)
    assert SECRET not in "\n".join(told)
    assert str(PIN) not in "\n".join(told)
    assert bool(told) == (json.dumps(old) != json.dumps(new))


@settings(max_examples=200, deadline=None)
@given(
    place=st.lists(HARMLESS_KEYS.filter(lambda key: key not in ("listen", "roles")), min_size=1, max_size=4),
    text=st.text(string.ascii_letters, min_size=8),
)
def test_a_text_in_a_place_that_nobody_knows_is_not_shown(place: list[str], text: str) -> None:
    config: object = text
    for key in reversed(place):
        config = {key: config}
    assert isinstance(config, dict)
    assert text not in "\n".join(diff({}, config) + diff(config, {place[0]: 1}) + diff({place[0]: 1}, config))
