"""The options of a server: what each becomes, and what is said about one that cannot be."""

import os
from pathlib import Path

import pytest

from daemon.config import ConfigError, parse_config
from daemon.plan import compile_plan
from supervisor import (
    Execution,
    Limits,
    RestartPolicy,
    ServiceSpec,
    StopPolicy,
    StopStep,
    Terminal,
    Way,
    When,
)


def spec(options: str, more: str = "", base: str = "/base") -> ServiceSpec:
    """The service of a server with these options."""
    text = f"{{ {more}\n servers: {{ game: {{ directory: game\n command: run\n {options}\n }} }} }}"
    config = parse_config(text.encode(), "config.hjson", base)
    assert config.warnings == ()
    return compile_plan(config).services[0]


def refusal(options: str, more: str = "", base: str = "/base") -> str:
    with pytest.raises(ConfigError) as caught:
        spec(options, more, base)
    return str(caught.value)


def test_three_keys_are_a_complete_server() -> None:
    assert spec("enabled: true") == ServiceSpec("game", ("run",), "/base/game")


def test_every_option_reaches_the_plan() -> None:
    game = spec(
        """
        stop: [{ line: "save-all", wait: 5 }, { signal: "int" }, { command: "tidy --all", wait: 0.5 }]
        stopGrace: 7
        restart: "always"
        backoff: { initial: 1, factor: 3, cap: 60, jitter: 0 }
        budget: { restarts: 9, window: 100 }
        stableAfter: 30
        successCodes: [3, 4]
        successSignals: "HUP"
        user: "games"
        group: "4"
        supplementaryGroups: ["mail"]
        umask: "027"
        nice: 5
        oomScoreAdjust: 100
        rlimits: { nofile: [1024, 4096], core: "unlimited", as: "2GiB" }
        limits: { memory: "1.5G", memoryHigh: "1GiB", swap: 0, cpu: 1.5, cpuWeight: 50, pids: 64 }
        """
    )
    assert game.stop == StopPolicy(
        (
            StopStep(Way.LINE, "save-all", wait=5.0),
            StopStep(signal=2, wait=7.0),
            StopStep(Way.COMMAND, command=("tidy", "--all"), wait=0.5),
        )
    )
    assert game.restart == RestartPolicy(When.ALWAYS, 1.0, 3.0, 60.0, 0.0, 9, 100.0, 30.0, (3, 4), (1,))
    limits = {"nofile": (1024, 4096), "core": (-1, -1), "as": (2 << 30, 2 << 30)}
    assert game.execution == Execution("games", "4", ("mail",), 0o27, 5, 100, limits)
    assert game.limits == Limits(1_500_000_000, 1 << 30, 0, 1.5, 50, 64)


@pytest.mark.parametrize(
    ("options", "command"),
    [
        ("shell: true", ("/bin/sh", "-c", "run")),
        ('shell: "/bin/bash"', ("/bin/bash", "-c", "run")),
        ("shell: false", ("run",)),
    ],
)
def test_a_shell_runs_the_command_as_it_stands(options: str, command: tuple[str, ...]) -> None:
    assert spec(options).command == command


def test_a_budget_can_be_without_limit() -> None:
    assert spec('budget: { restarts: "unlimited" }').restart.budget == -1


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (
            'stop: { line: "a", signal: "TERM" }',
            "servers.game.stop: expected one of line, signal and command",
        ),
        ("stop: [{}]", "expected one of line, signal and command"),
        ('stop: { signal: "MAGIC" }', "expected the name of a signal, such as TERM or SIGINT"),
        ('stop: { line: "a\\nb" }', "expected one line; write a step for each"),
        ("stop: { line: [] }", "expected a string"),
        ('stop: "TERM"', "expected an object, got a string"),
        ('restart: "sometimes"', "expected always, on-failure or never, got 'sometimes'"),
        ("backoff: { factor: 0 }", "expected a number from 1 to 100"),
        ("backoff: { jitter: true }", "expected a number from 0 to 1"),
        ("budget: { restarts: -1 }", "or unlimited"),
        ("successCodes: [256]", "an exit code from 0 to 255"),
        ('umask: "8"', "expected an octal number in quotes"),
        ("umask: 27", "expected an octal number in quotes"),
        ("nice: 20", "a whole number from -20 to 19"),
        ("oomScoreAdjust: 2000", "from -1000 to 1000"),
        ('user: "a:b"', "cannot be a user or group"),
        ("rlimits: { magic: 1 }", "servers.game.rlimits.magic: there is no such limit, but as, core"),
        ("rlimits: { nofile: [2, 1] }", "2 is not within 1"),
        ("rlimits: { nofile: [1] }", "expected one limit, or two"),
        ('limits: { memory: "much" }', "expected bytes, as a number or as a text such as 512MiB or 2GB"),
        ("limits: { memory: 0 }", "limits.memory: expected 1 or more"),
        ('limits: { cpu: "1" }', "expected processors, such as 0.5 or 2"),
        ("limits: { cpuWeight: 0 }", "from 1 to 10000"),
        ('shell: "bash"', "expected true, false, or the path of a shell"),
        ("terminal: 1", "servers.game.terminal: expected true, false, or an object with rows and columns"),
        (
            "terminal: { rows: 0 }",
            "servers.game.terminal.rows: expected a whole number from 1 to 1000, got 0",
        ),
        ("terminal: { columns: 1001 }", "a whole number from 1 to 1000"),
    ],
)
def test_what_cannot_be_is_refused_at_its_place(options: str, reason: str) -> None:
    told = refusal(options)
    assert reason in told
    assert told.startswith("config.hjson:4:")


@pytest.mark.parametrize(
    ("option", "terminal"),
    [
        ("terminal: true", Terminal(24, 80)),
        ("terminal: false", None),
        ("terminal: {}", Terminal(24, 80)),
        ("terminal: { rows: 50 }", Terminal(50, 80)),
        ("terminal: { rows: 1, columns: 1000 }", Terminal(1, 1000)),
    ],
)
def test_a_server_may_have_a_terminal_of_its_size(option: str, terminal: Terminal | None) -> None:
    assert spec(option).terminal == terminal


def test_a_list_is_no_command_for_a_shell() -> None:
    text = b'{ servers: { game: { directory: "x", command: ["a"], shell: true } } }'
    with pytest.raises(ConfigError, match="expected a string, as it is for a shell"):
        parse_config(text, "f", "/")


def test_files_bring_variables_and_the_config_has_the_last_word(tmp_path: Path) -> None:
    (tmp_path / "one.env").write_text('# a comment\nexport A=1\nB="two words"\nC=$A\nD=\n')
    (tmp_path / "two.env").write_text("A=2\n")
    game = spec(
        'environmentFile: ["one.env", "two.env", "-none.env"]\n environment: { B: "mine", D: null }',
        "",
        str(tmp_path),
    )
    assert game.environment == {"A": "2", "B": "mine", "C": "$A"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "bad.env does not exist (-bad.env if it need not)"),
        (b"A=1\nSECRET WORDS\n", "bad.env, line 2: expected NAME=value"),
        (b"A=\xff\n", "bad.env cannot be read: it is not UTF-8"),
        (b"A=1\0\n", "bad.env, line 1: holds a NUL character"),
        (b"A" * ((1 << 20) + 1), "bad.env cannot be read: it is larger than 1048576 bytes"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_without_what_it_says(
    tmp_path: Path, content: bytes | None, reason: str
) -> None:
    if content is not None:
        (tmp_path / "bad.env").write_bytes(content)
    told = refusal("environmentFile: bad.env", "", str(tmp_path))
    assert reason in told
    assert "SECRET" not in told


def test_a_pipe_is_no_environment_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "bad.env")
    assert "not a regular file" in refusal("environmentFile: bad.env", "", str(tmp_path))


TEMPLATES = """templates: {
  base: { restart: "always", environment: { A: "1", a: "2" }, backoff: { initial: 1, cap: 9 } }
  java: { template: "base", stop: { line: "stop" }, Backoff: { Cap: 5 }, nice: 3 }
  quiet: { nice: 7 }
  one: { template: "two" }
  two: { template: "one" }
}"""


def test_a_server_inherits_what_it_does_not_say() -> None:
    game = spec(
        'template: ["java", "quiet"]\n environment: { A: "x", B: "y" }\n BACKOFF: { factor: 4 }', TEMPLATES
    )
    assert game.restart == RestartPolicy(When.ALWAYS, 1.0, 4.0, 5.0)
    assert game.stop.steps[0].line == "stop"
    assert game.environment == {"A": "x", "a": "2", "B": "y"}
    assert game.execution.nice == 7


def test_null_takes_back_what_was_inherited() -> None:
    assert spec("template: java\n nice: null\n stop: null", TEMPLATES) == spec(
        "template: base\n backoff: { cap: 5 }", TEMPLATES
    )


def test_three_keys_may_come_from_a_template() -> None:
    text = b'{ templates: { t: { directory: "/d", command: "c" } }, servers: { a: { template: "t" } } }'
    assert compile_plan(parse_config(text, "f", "/")).services == (ServiceSpec("a", ("c",), "/d"),)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ("template: none", "there is no template 'none', but base, java, one, quiet, two"),
        ("template: one", "templates inherit each other: one → two → one"),
        ("template: 3", "expected a string"),
    ],
)
def test_a_template_that_cannot_be_inherited_is_named(options: str, reason: str) -> None:
    assert reason in refusal(options, TEMPLATES)


def test_a_mistake_in_a_template_is_shown_where_it_stands() -> None:
    told = refusal("template: t", "templates: { t: { nice: 99 } }")
    assert told.startswith("config.hjson:1:")
    assert "templates.t.nice" in told


def test_an_unknown_key_of_a_template_is_warned_of_once() -> None:
    template = b'templates: { t: { directory: "/", command: "c", x: 1 } }'
    text = b'{ %s, servers: { a: { template: "t" }, b: { template: "t" } } }' % template
    (warning,) = parse_config(text, "f", "/").warnings
    assert "templates.t.x: is unknown" in warning
