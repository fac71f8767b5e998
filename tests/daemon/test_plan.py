import dataclasses

import pytest

from daemon.config import ConfigError, parse_config
from daemon.plan import compile_plan
from supervisor import Boot, LeftBehind, Plan, ScrollbackPolicy, ServiceSpec, StopPolicy

CONFIG = parse_config(
    b"""
    servers: {
      web: { directory: "/srv/web", command: "serve --port 80", environment: { TZ: "UTC" } }
      bot: {
        enabled: false, directory: "bot", command: ["bot"],
        stopGrace: 5, scrollbackLines: 10, scrollbackBytes: 99, boot: "always", leftovers: "keep"
      }
    }""",
    "config.hjson",
    "/base",
)


def test_a_plan_is_the_servers_of_the_config_in_their_order() -> None:
    assert compile_plan(CONFIG) == Plan(
        (
            ServiceSpec("web", ("serve", "--port", "80"), "/srv/web", {"TZ": "UTC"}),
            ServiceSpec(
                "bot",
                ("bot",),
                "/base/bot",
                autostart=False,
                stop=StopPolicy.by_signal(grace=5.0),
                scrollback=ScrollbackPolicy(lines=10, bytes=99),
                boot=Boot.ALWAYS,
                leftovers=LeftBehind.KEEP,
            ),
        )
    )


def test_a_server_that_says_nothing_has_the_policies_of_the_supervisor() -> None:
    web = compile_plan(CONFIG).services[0]
    assert (web.stop, web.scrollback) == (StopPolicy(), ScrollbackPolicy())
    assert (web.boot, web.leftovers) == (Boot.ENABLED, LeftBehind.STOP)


def test_no_servers_are_an_empty_plan() -> None:
    assert compile_plan(parse_config(b"{}", "f", "/")) == Plan()


def test_what_is_not_per_server_does_not_change_the_plan() -> None:
    other = dataclasses.replace(CONFIG, port=1, listen="::1", warnings=("x",))
    assert compile_plan(other) == compile_plan(CONFIG)


def test_a_spec_that_cannot_be_is_a_config_error_that_names_the_server() -> None:
    wrong = {"web": dataclasses.replace(CONFIG.servers["web"], directory="relative")}
    with pytest.raises(ConfigError) as caught:
        compile_plan(dataclasses.replace(CONFIG, servers=wrong))
    assert str(caught.value) == "config: servers.web: directory: expected an absolute path, got 'relative'"
