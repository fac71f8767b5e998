import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.config import Config, ConfigError, FileSettings, Https, Logging, Server, UnixSocket, parse_config
from supervisor import Boot, LeftBehind, StopPolicy

OCTYNE = """{
  "port": 42069, // optional, default is 42069
  "unixSocket": { "enabled": true, // enables Unix socket API
    "location": "", // optional
    "group": "" },
  "redis": { "enabled": false, "url": "redis://localhost", "role": "primary" },
  "https": { "enabled": false, "cert": "/path/to/cert.pem", "key": "/path/to/key.pem" },
  "webUI": { "enabled": true, "port": 7877 },
  "logging": { "enabled": true, "path": "logs", "actions": {} },
  "servers": {
    "test1": { // each key has the name of the server
      "enabled": true, // optional
      "directory": "/home/test/server",
      "command": "java -jar spigot-1.12.2.jar" // the command
    },
  },
}
"""
OLD = """{
  "port": 42069,
  "https": {"enabled": false, "cert": "", "key": ""},
  "servers": {"test1": {"directory": "/home/test/server", "command": "java -jar spigot-1.12.2.jar"}}
}"""
HJSON = """
# no quotes, no braces
port: 42069
servers: {
  test1: {
    directory: /home/test/server
    command: java -jar spigot-1.12.2.jar
  }
}
"""
TEST1 = Server("/home/test/server", ("java", "-jar", "spigot-1.12.2.jar"), {})


@pytest.fixture(autouse=True)
def _tmpdir(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setenv("HOME", "/home/me")


def parse(text: str) -> Config:
    return parse_config(text.encode(), "config.hjson", "/base")


def error_of(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    return str(caught.value)


def test_the_documented_octyne_config_is_accepted() -> None:
    assert parse(OCTYNE) == Config(
        port=42069,
        listen=None,
        unix_socket=UnixSocket(True, "/tmp/octyne.sock.42069", None),
        https=Https(False, "/path/to/cert.pem", "/path/to/key.pem"),
        logging=Logging(True, "/base/logs", {}),
        servers={"test1": TEST1},
        warnings=(),
    )


@pytest.mark.parametrize(
    "text",
    [
        OCTYNE.replace("// optional,", "/* optional,").replace("42069\n", "42069 */\n").replace(" //", " #"),
        OCTYNE.replace("\n", "\r\n"),
        "\ufeff" + OCTYNE,
        OLD,
        HJSON,
        HJSON.replace("\n", "\r\n"),
        OLD.replace('"port"', '"Port"').replace('"command"', '"Command"'),
    ],
)
def test_every_dialect_of_it_is_accepted(text: str) -> None:
    config = parse(text)
    assert (config.port, config.servers) == (42069, {"test1": TEST1})
    assert not [warning for warning in config.warnings if "unknown" in warning]


@pytest.mark.parametrize(
    "text", ["{}", "{port: null, servers: null, https: null, unixSocket: null, logging: null}"]
)
def test_what_is_missing_or_null_has_its_default(text: str) -> None:
    assert parse(text) == Config(
        port=42069,
        listen=None,
        unix_socket=UnixSocket(True, "/tmp/octyne.sock.42069", None),
        https=Https(False, "", ""),
        logging=Logging(True, "/base/logs", {}),
        servers={},
        warnings=(),
    )


def test_everything_that_can_be_set_is_set() -> None:
    config = parse("""
      port: 0
      listen: "::1"
      unixSocket: { enabled: false, location: "run/sock", group: "games" }
      https: { enabled: true, cert: "~/cert.pem", key: "/etc/key.pem" }
      logging: { enabled: false, path: "/var/log/x", actions: { "auth.login": false } }
      servers: {
        "a server": {
          enabled: false, directory: "./srv", command: ["run me", "", "$HOME"],
          environment: { A: "1", B: "" }, stopGrace: 2.5, scrollbackLines: 0, scrollbackBytes: 67108864
          boot: wanted
          leftovers: keep
        }
        2: { directory: "~", command: '''sh -c "a  'b'" c\\\\ d''' }
      }""")
    assert config == Config(
        port=0,
        listen="::1",
        unix_socket=UnixSocket(False, "/base/run/sock", "games"),
        https=Https(True, "/home/me/cert.pem", "/etc/key.pem"),
        logging=Logging(False, "/var/log/x", {"auth.login": False}),
        servers={
            "a server": Server(
                "/base/srv",
                ("run me", "", "$HOME"),
                {"A": "1", "B": ""},
                False,
                StopPolicy.by_signal(grace=2.5),
                scrollback_lines=0,
                scrollback_bytes=64 << 20,
                boot=Boot.WANTED,
                leftovers=LeftBehind.KEEP,
            ),
            "2": Server("/home/me", ("sh", "-c", "a  'b'", "c\\", "d"), {}),
        },
        warnings=(),
    )


def test_the_socket_is_where_octyne_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", "/var/tmp")
    assert parse("port: 5").unix_socket.location == "/var/tmp/octyne.sock.5"


@pytest.mark.parametrize(
    "listen", ["127.0.0.1", "0.0.0.0", "::", "fe80::1%eth0", "localhost", "my-host.example.org"]
)
def test_a_host_to_listen_on_is_an_address_or_a_name(listen: str) -> None:
    assert parse(f'listen: "{listen}"').listen == listen


def test_servers_keep_the_order_of_the_file() -> None:
    servers = ", ".join(f'{name}: {{directory: "/", command: "x"}}' for name in "cab")
    assert list(parse(f"{{servers: {{{servers}}}}}").servers) == ["c", "a", "b"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("port: 1 b", "1:7: port: expected a whole number, got a string"),
        ("port: true", "1:7: port: expected a whole number, got true"),
        ("port: 42069.5", "1:7: port: expected a whole number, got 42069.5"),
        ("port: 65536", "1:7: port: expected a whole number from 0 to 65535, got 65536"),
        ("port: -1", "1:7: port: expected a whole number from 0 to 65535, got -1"),
        ("{\n\tport: [1]\n}", "2:8: port: expected a whole number, got a list"),
        ("listen: 1", "1:9: listen: expected a string, got a number"),
        ('listen: "a b"', "1:9: listen: expected an IP address or a host name"),
        ("listen: 127.0.0.256", "1:9: listen: expected an IP address or a host name"),
        ("https: []", "1:8: https: expected an object, got a list"),
        ('https: {enabled: true, cert: "x"}', "1:8: https.key: missing, expected the path of a PEM file"),
        ("https: {enabled: 1\n}", "1:18: https.enabled: expected true or false, got a number"),
        ('https: {enabled: "yes"}', "1:18: https.enabled: expected true or false, got a string"),
        ("unixSocket: {location: {}}", "1:24: unixSocket.location: expected a string, got an object"),
        ("logging: {actions: {a: 1}}", "1:24: logging.actions.a: expected true or false, got a number"),
        ("webUI: {port: x\n}", "1:15: webUI.port: expected a whole number, got a string"),
        ("redis: {url: 1}", "1:14: redis.url: expected a string, got a number"),
        ("servers: [1]", "1:10: servers: expected an object, got a list"),
        ("servers: {a: 1}", "1:14: servers.a: expected an object, got a number"),
        ("servers: {a: {}}", "1:14: servers.a.directory: missing, expected the path of a folder"),
        (
            '{\n"servers": {"a": {\n"directory": "/x"}}}',
            "2:18: servers.a.command: missing, expected a command",
        ),
        ("port: 1\nport: 2", "2:7: port: stands here for the second time, after line 1"),
        ('{"servers": {"a": {"directory": "/x', "1:33: this string is never closed"),
        ('{"servers": {"a": {"directory": "/x",', "1:38: the text ends, but the { of line 1 is open"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(text: str, message: str) -> None:
    assert error_of(text) == f"config.hjson:{message}"


@pytest.mark.parametrize("boot", ["wanted", "always", "never"])
@pytest.mark.parametrize("leftovers", ["stop", "keep"])
def test_how_a_server_starts_and_what_becomes_of_it_can_be_said(boot: str, leftovers: str) -> None:
    said = f'directory: "/", command: "x", boot: "{boot}", leftovers: "{leftovers}"'
    server = parse(f"servers: {{a: {{{said}}}}}").servers["a"]
    assert (server.boot, server.leftovers) == (Boot(boot), LeftBehind(leftovers))


@pytest.mark.parametrize("key", ["boot", "leftovers"])
def test_a_server_that_says_null_has_the_default(key: str) -> None:
    server = parse(f'servers: {{a: {{directory: "/", command: "x", "{key}": null}}}}').servers["a"]
    assert (server.boot, server.leftovers) == (Boot.ENABLED, LeftBehind.STOP)


def test_a_socket_path_longer_than_the_kernel_takes_is_refused() -> None:
    assert parse(f'unixSocket: {{location: "/{"x" * 106}"}}').unix_socket.location.startswith("/x")
    message = error_of(f'unixSocket: {{location: "/{"x" * 107}"}}')
    assert message.startswith(
        "config.hjson:1:24: unixSocket.location: expected at most 107 bytes for the path"
    )


def test_an_empty_certificate_is_refused_where_it_is_needed() -> None:
    assert parse('https: {cert: ""}').https == Https(False, "", "")
    message = error_of('https: {enabled: true, cert: ""}')
    assert message == "config.hjson:1:30: https.cert: expected the path of a PEM file, got an empty string"


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("directory", '""', "expected the path of a folder, got an empty string"),
        ("directory", "1", "expected a string, got a number"),
        ("command", '""', "expected a command, got nothing to run"),
        ("command", "\"'' x\"", "expected a command, got nothing to run"),
        ("command", "[]", "expected a command, got nothing to run"),
        ("command", "{}", "expected a string or a list of strings, got an object"),
        ("command", '"say \'hello"', "cannot be split into words: no closing quotation"),
        ("command", '"x \\\\"', "cannot be split into words: no escaped character"),
        ("enabled", '"true"', "expected true or false, got a string"),
        ("stopGrace", "-1", "expected seconds, 0 or more, got -1"),
        ("stopGrace", '"30s"', "expected seconds, 0 or more, got a string"),
        ("stopGrace", "true", "expected seconds, 0 or more, got true"),
        ("scrollbackLines", "1.5", "expected a whole number, got 1.5"),
        ("scrollbackBytes", "67108865", "expected a whole number from 0 to 67108864, got 67108865"),
        ("environment", '["A=1"]', "expected an object, got a list"),
        ("boot", '"enabled"', "expected wanted, always or never, got 'enabled'"),
        ("boot", '"Wanted"', "expected wanted, always or never, got 'Wanted'"),
        ("boot", '""', "expected wanted, always or never, got ''"),
        ("boot", "true", "expected a string, got true"),
        ("boot", '["always"]', "expected a string, got a list"),
        ("leftovers", '"kill"', "expected stop or keep, got 'kill'"),
        ("leftovers", "{}", "expected a string, got an object"),
    ],
)
def test_a_wrong_value_of_a_server_is_named_with_its_place(key: str, value: str, reason: str) -> None:
    settings_of = {"directory": '"/"', "command": '"x"', key: value}
    lines = "".join(f'"{name}": {text},\n' for name, text in settings_of.items())
    line = 2 + list(settings_of).index(key)
    message = error_of('{"servers": {"a": {\n' + lines + "}}}")
    assert message == f"config.hjson:{line}:{len(key) + 5}: servers.a.{key}: {reason}"


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ('"A": 1', "A: expected a string (put it in quotes)"),
        ('"A": true', "A: expected a string (put it in quotes)"),
        ('"=": ""', "=: expected the name of a variable, not empty and without ="),
        ('"": "x"', '"": expected the name of a variable, not empty and without ='),
    ],
)
def test_a_wrong_variable_is_named(entry: str, reason: str) -> None:
    message = error_of(
        '{"servers": {"a": {"directory": "/", "command": "x", "environment": {\n' + entry + "}}}}"
    )
    assert message.partition(": servers.a.environment.")[2] == reason


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\\nb", "\\u007f", "x" * 256])
def test_a_name_that_cannot_stand_in_a_url_is_refused(name: str) -> None:
    assert "expected a name of 1 to 255 characters" in error_of(f'{{"servers": {{"{name}": {{}}}}}}')


def test_unknown_keys_are_warned_about_with_their_place() -> None:
    config = parse(
        '{"foo": 1,\n"https": {"bar": 2},\n"servers": {"a": {"directory": "/", "command": "x", "env": {}}}}'
    )
    assert config.warnings == (
        "config.hjson:2:18: https.bar: is unknown and has no effect",
        "config.hjson:3:60: servers.a.env: is unknown and has no effect",
        "config.hjson:1:9: foo: is unknown and has no effect",
    )


def test_what_is_switched_off_is_not_warned_about() -> None:
    assert parse('redis: {url: "x"}\nwebUI: {enabled: false}').warnings == ()
    assert len(parse("redis: {enabled: true}").warnings) == 1


sections = ["port", "listen", "unixSocket", "https", "logging", "servers", "redis", "webUI"]
settings_keys = [
    "enabled",
    "location",
    "group",
    "cert",
    "path",
    "actions",
    "url",
    "a",
    "directory",
    "command",
]
names = st.sampled_from([*sections, *settings_keys, "environment", "stopGrace", "scrollbackBytes", "boot"])
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
items = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=9)
)


@given(st.dictionaries(names, items, max_size=9))
@settings(deadline=None, max_examples=400)
def test_any_value_is_a_config_or_a_config_error(data: dict[str, object]) -> None:
    try:
        config = parse(json.dumps(data))
    except ConfigError:
        return
    assert os.path.isabs(config.unix_socket.location)
    assert all(os.path.isabs(server.directory) and server.command[0] for server in config.servers.values())


def test_the_limits_of_files_have_defaults_and_bounds() -> None:
    assert parse("{}").files == FileSettings(upload_limit=5_000_000_000, partial_uploads=24)
    text = '{"files": {"uploadLimit": 0, "partialUploads": 1, "other": 1}}'
    config = parse(text)
    assert config.files == FileSettings(upload_limit=0, partial_uploads=1)
    assert len(config.warnings) == 1
    for wrong in ('{"uploadLimit": -1}', '{"uploadLimit": "5 GB"}', '{"partialUploads": 0}', "[]"):
        with pytest.raises(ConfigError):
            parse(f'{{"files": {wrong}}}')


@pytest.mark.parametrize(
    "where", ["environment: {N: %s\n}", "directory: %s\n", "command: %s\n", "command: [%s]"]
)
def test_a_number_without_its_quotes_is_not_told(where: str) -> None:
    text = "servers: {a: {directory: /x, command: run\n%s}}" % (where % "424242424242")
    with pytest.raises(ConfigError) as caught:
        parse_config(text.encode(), "config.hjson", "/")
    assert "424242" not in str(caught.value)
