"""Health checks in the config: their defaults, and every complaint points."""

import json

import pytest

from daemon.checksettings import Action, Before, Check, Kind, Role
from daemon.config import Config, ConfigError, parse_config
from daemon.configdiff import changes
from daemon.linepattern import LinePattern
from daemon.plan import compile_plan
from supervisor import ReadyPolicy, Sign

HTTP = {"type": "http", "url": "http://127.0.0.1:8080/health"}


def parse(server: dict[str, object]) -> Config:
    text = json.dumps({"servers": {"web": {"directory": "/srv", "command": "serve", **server}}})
    return parse_config(text.encode(), "config.hjson", "/base")


def check(**options: object) -> Check:
    return parse({"checks": {"it": options}}).servers["web"].health.checks["it"]


def ready(**server: object) -> ReadyPolicy:
    return compile_plan(parse(server)).services[0].ready


def test_a_check_has_defaults() -> None:
    assert check(**HTTP) == Check(Kind.HTTP, Role.BOTH, url="http://127.0.0.1:8080/health")
    assert check(type="tcp", address="[::1]:25565").place == ("::1", 25565)
    assert check(type="unix", path="run/it.sock").path == "run/it.sock"
    assert check(type="command", command="is-it 'well now'").command == ("is-it", "well now")
    said = check(type="output", pattern=r"Done \(.*\)")
    assert (said.role, said.failures) == (Role.READINESS, 1)
    quiet = check(type="silence", seconds=300)
    assert (quiet.role, quiet.failures, quiet.seconds) == (Role.LIVENESS, 1, 300.0)


def test_everything_can_be_said() -> None:
    one = check(
        **HTTP,
        method="HEAD",
        status=[204, "300-302"],
        contains="ok",
        verify=False,
        interval=30,
        timeout=2.5,
        delay=60,
        failures=5,
        successes=2,
        action="restart",
        before={"signal": "SIGQUIT", "wait": 3},
        **{"as": "liveness"},
    )
    assert one.status == ((204, 204), (300, 302))
    assert one.before == Before(signal=3, wait=3.0)
    assert (one.action, one.role, one.delay) == (Action.RESTART, Role.LIVENESS, 60.0)
    assert check(**HTTP, before={"command": ["jstack", "x"]}).before == Before(command=("jstack", "x"))
    assert check(type="http", url="https://localhost/").place == ("localhost", 443)


def test_a_server_with_a_readiness_check_waits_for_it_unless_it_says_otherwise() -> None:
    assert ready() == ReadyPolicy()
    assert ready(checks={"it": HTTP}, startTimeout=90) == ReadyPolicy(Sign.CHECK, timeout=90.0)
    assert ready(checks={"it": {**HTTP, "as": "liveness"}}) == ReadyPolicy()
    assert ready(checks={"it": HTTP}, ready="settled") == ReadyPolicy()
    assert ready(ready="notify", watchdog=20) == ReadyPolicy(Sign.NOTIFY, watchdog=20.0)


@pytest.mark.parametrize(
    ("server", "complaint"),
    [
        ({"ready": "check"}, 'web.ready: there is no check with "as": "readiness" or "both"'),
        ({"ready": "soon"}, "web.ready: expected settled, notify or check"),
        ({"startTimeout": -1}, "web.startTimeout: expected seconds"),
        ({"watchdog": 1e9}, "web.watchdog: expected seconds from 0 to 86400"),
        ({"checks": {"it": {}}}, "web.checks.it.type: missing, expected http, tcp"),
        ({"checks": {"it": {"type": "ftp"}}}, "checks.it.type: expected http, tcp"),
        ({"checks": {"a/b": HTTP}}, "expected a name of 1 to 64 characters"),
        ({"checks": {"it": {"type": "http"}}}, "checks.it.url: missing, expected a URL"),
        ({"checks": {"it": {"type": "http", "url": "localhost:80"}}}, "it.url: expected a URL such as"),
        (
            {"checks": {"it": {"type": "http", "url": "http://a:b@c/"}}},
            "it.url: must not hold a name",
        ),
        ({"checks": {"it": {"type": "http", "url": "http://c/ x"}}}, "it.url: expected a URL such as"),
        ({"checks": {"it": {"type": "http", "url": "http://[::1/"}}}, "it.url: expected a URL such as"),
        ({"checks": {"it": {"type": "tcp", "address": "25565"}}}, 'it.address: expected "host:port"'),
        ({"checks": {"it": {"type": "tcp", "address": "a:70000"}}}, "it.address: expected a port"),
        (
            {"checks": {"it": {"type": "output", "pattern": "("}}},
            "it.pattern: is no regular expression",
        ),
        (
            {"checks": {"it": {"type": "output", "pattern": "x", "as": "both"}}},
            "it.as: a check of type",
        ),
        ({"checks": {"it": {"type": "silence", "seconds": 0}}}, "it.seconds: expected seconds, more than 0"),
        (
            {"checks": {"it": {"type": "silence", "seconds": 9, "as": "readiness"}}},
            "it.as: that nothing is said does not tell",
        ),
        ({"checks": {"it": {**HTTP, "status": [99]}}}, "it.status[0]: expected a status from 100 to 599"),
        ({"checks": {"it": {**HTTP, "status": "300-200"}}}, "it.status: expected a status from 100 to 599"),
        ({"checks": {"it": {**HTTP, "status": []}}}, "it.status: expected a status, or a list"),
        ({"checks": {"it": {**HTTP, "interval": 0}}}, "it.interval: expected seconds from 0.1 to 86400"),
        ({"checks": {"it": {**HTTP, "failures": 0}}}, "it.failures: expected a whole number from 1 to 1000"),
        ({"checks": {"it": {**HTTP, "before": {}}}}, 'it.before: expected either "signal" or "command"'),
        ({"checks": {"it": {**HTTP, "before": {"signal": "X"}}}}, "before.signal: there is no signal 'X'"),
        ({"checks": {str(at): HTTP for at in range(33)}}, "web.checks: expected at most 32 checks, got 33"),
    ],
)
def test_what_makes_no_sense_is_refused_and_said_where(server: dict[str, object], complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(server)
    assert complaint in str(caught.value)


def test_what_has_no_effect_is_warned_of() -> None:
    (first,) = parse({"startTimeout": 5}).warnings
    assert "startTimeout: has no effect" in first
    (second,) = parse({"checks": {"it": {**HTTP, "port": 5}}}).warnings
    assert "checks.it.port: is unknown" in second


def test_what_a_check_looks_at_is_not_shown_in_the_audit_log() -> None:
    def text(**options: object) -> bytes:
        return json.dumps({"servers": {"web": {"checks": {"it": {"type": "http", **options}}}}}).encode()

    old = text(url="http://a/?token=one", interval=5, contains="one")
    new = text(url="http://a/?token=two", interval=6, contains="two")
    told = "\n".join(changes(old, new))
    assert "interval: 5 → 6" in told
    assert "one" not in told


@pytest.mark.parametrize(
    ("pattern", "block", "line"),
    [
        (r"Done \(", b"a\nx Done (1.2s)!\r\nb", b"x Done (1.2s)!"),
        ("^up$", b"sup\nup\n", b"up"),
        ("a[^b]*c", b"a\nc\n", None),
        (r"a\sb", b"a\nb", None),
        ("(?i)ERROR", b"an error", b"an error"),
        ("ü", "grün".encode(), "grün".encode()),
        (".", b"", None),
        ("x", b"\xff\xfex", b"\xff\xfex"),
    ],
)
def test_a_pattern_matches_within_a_line(pattern: str, block: bytes, line: bytes | None) -> None:
    assert LinePattern(pattern).line(block) == line


def test_no_pattern_explodes() -> None:
    assert LinePattern("^(a+)+$").line(b"a" * 50_000 + b"b") is None
    assert LinePattern("(x*)*(x*)*(x*)*y").line(b"x" * 50_000) is None
