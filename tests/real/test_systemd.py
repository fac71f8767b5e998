"""The units under a real systemd, installed by the commands of their README. See scripts/try-systemd."""

import json
import os
import re
from collections.abc import Iterator

import pytest

from .machine import ROOT, Machine, booted, obstacle

WHY_NOT = "asked for by scripts/try-systemd" if "HOLDFAST_TRY_SYSTEMD" not in os.environ else obstacle()

pytestmark = pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))

SUPERVISOR, API, SOCKET, RUN = "holdfast-supervisor", "holdfast", "holdfast.socket", "holdfast-run"

CURL = "curl --silent --show-error --unix-socket /run/holdfast/api.sock"

CONFIG = """{
  "port": 42069,
  "listen": "127.0.0.1",
  "unixSocket": {"enabled": true, "location": "/run/holdfast/api.sock", "group": "holdfast"},
  "logging": {"enabled": true, "path": "/var/log/holdfast"},
  "servers": {
    "ticker": {
      "directory": "/srv/ticker", "command": ["python3", "-u", "/src/tests/programs/ticker.py"]
    },
    "crasher": {"directory": "/srv/ticker", "command": "false"}
  }
}
"""


def commands() -> list[str]:
    """Return the commands of the README."""
    with open(os.path.join(ROOT, "systemd", "README.md"), encoding="utf-8") as file:
        block = re.search(r"## Five commands.*?```sh\n(.*?)```", file.read(), re.DOTALL)
    assert block is not None
    found = block[1].strip().splitlines()
    assert len(found) == 5
    return [command.replace("sudo ", "") for command in found]


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """A machine on which Holdfast was installed, and runs two programs."""
    with booted() as machine:
        *install, enable = commands()
        for command in install:
            machine.run(command, network=True)
        machine.run("systemctl daemon-reload")
        machine.run("install -m 644 -t /etc/systemd/system systemd/holdfast-run.service")
        machine.run("install -d -o holdfast /srv/ticker")
        machine.run(enable)
        write(machine, "/etc/holdfast/config.hjson", CONFIG)
        until_running(machine, 1)
        yield machine


def write(machine: Machine, path: str, text: str) -> None:
    machine.run(f"cat >{path} <<'END'\n{text}\nEND")


def server(machine: Machine, name: str = "ticker") -> dict[str, object]:
    """Return what the API says of a server."""
    found: dict[str, object] = json.loads(machine.says(f"{CURL} http://x/server/{name}"))
    return found


def until_running(machine: Machine, status: int) -> None:
    machine.until(f"{CURL} http://x/servers", f'"ticker":{status}')


def pid(machine: Machine, unit: str) -> int:
    return int(machine.show(unit, "MainPID"))


def alive(machine: Machine, pid: object) -> bool:
    return machine.run(f"kill -0 {pid}", check=False).returncode == 0


def journal(machine: Machine, *matches: str) -> list[dict[str, str]]:
    """Return the records of the journal that match."""
    machine.run("journalctl --sync")
    lines = machine.says(f"journalctl -o json --no-pager {' '.join(matches)}").splitlines()
    return [json.loads(line) for line in lines]


def test_the_readme_installs_what_runs_and_says_how_it_goes(machine: Machine) -> None:
    for unit in (SUPERVISOR, API, SOCKET):
        assert machine.show(unit, "ActiveState") == "active"
    assert machine.says("stat -c '%U:%G %a' /run/holdfast/api.sock") == "holdfast:holdfast 660"
    machine.until(f"systemctl show --value -p StatusText {SUPERVISOR}", "1 of 2 programs run")
    assert "unix:/run/holdfast/api.sock" in machine.show(API, "StatusText")
    assert machine.says("curl --silent http://127.0.0.1:42069/") != ""
    secret = machine.says("cat /var/lib/holdfast/admin-password")
    login = f"curl --silent -H 'Username: admin' -H 'Password: {secret}' http://127.0.0.1:42069/login"
    assert "token" in json.loads(machine.says(login))
    assert secret not in machine.says("journalctl --no-pager")


def test_programs_run_as_their_user_with_ordinary_limits(machine: Machine) -> None:
    program = server(machine)["pid"]
    assert machine.says(f"stat -c %U /proc/{program}") == "holdfast"
    assert "Max open files            1024 " in machine.says(f"cat /proc/{program}/limits")
    environment = machine.says(f"tr '\\0' '\\n' </proc/{program}/environ").splitlines()
    assert "SHELL=/bin/sh" in environment
    assert not [
        line for line in environment if line.startswith(("NOTIFY_", "LISTEN_", "WATCHDOG_", "JOURNAL_"))
    ]


def test_a_reload_is_a_handover(machine: Machine) -> None:
    before, program = pid(machine, SUPERVISOR), server(machine)["pid"]
    machine.run(f"systemctl reload {SUPERVISOR}")
    machine.until(f"journalctl -u {SUPERVISOR} --no-pager", "took over from")
    machine.until(f"systemctl show --value -p SubState {SUPERVISOR}", "running")
    assert machine.show(SUPERVISOR, "NRestarts") == "0"
    until_running(machine, 1)
    assert (pid(machine, SUPERVISOR), server(machine)["pid"]) == (before, program)


def test_an_upgrade_by_hand_tells_how_it_went(machine: Machine) -> None:
    before, program = pid(machine, SUPERVISOR), server(machine)["pid"]
    done = machine.run("/opt/holdfast/bin/holdfast upgrade --runtime-dir /run/holdfast/supervisor")
    assert " ms" in done.stdout + done.stderr
    assert (pid(machine, SUPERVISOR), server(machine)["pid"]) == (before, program)


def test_the_doctor_and_check_find_what_the_units_run(machine: Machine) -> None:
    told = json.loads(machine.says("/opt/holdfast/bin/holdfast doctor --json || true"))
    assert told["config"] == "/etc/holdfast/config.hjson"
    found = {(one["check"], one["level"]): one["found"] for one in told["findings"]}
    assert found["supervisor", "ok"].startswith(f"answers as process {pid(machine, SUPERVISOR)}")
    assert found["api", "ok"].startswith("answers at /run/holdfast/api.sock, knows 2 servers")
    assert found["state", "ok"].startswith("/var/lib/holdfast is holdfast's, mode 0750")
    assert ("systemd", "ok") in found
    assert not [one for one in told["findings"] if one["level"] in ("bad", "unknown")]
    checked = machine.says("/opt/holdfast/bin/holdfast check --config /etc/holdfast/config.hjson")
    assert re.search(r"ticker +unchanged +running\n", checked)


def test_a_supervisor_that_is_killed_is_followed_by_one_that_adopts(machine: Machine) -> None:
    before, program = pid(machine, SUPERVISOR), server(machine)["pid"]
    machine.run(f"kill -9 {before}")
    machine.until(f"journalctl -u {SUPERVISOR} --no-pager", "taken over from a supervisor that was killed")
    machine.until(f"systemctl is-active {SUPERVISOR}", "active\n")
    until_running(machine, 1)
    assert pid(machine, SUPERVISOR) != before
    assert server(machine)["pid"] == program
    assert len(machine.says("pgrep -u holdfast -f programs/ticker.py").splitlines()) == 1


def test_who_connects_while_the_api_is_away_waits(machine: Machine) -> None:
    program = server(machine)["pid"]
    for _ in range(3):
        machine.run(f"kill -9 {pid(machine, API)}")
        assert json.loads(machine.says(f"{CURL} --max-time 60 http://x/servers"))
        assert machine.says("curl --silent --max-time 60 http://127.0.0.1:42069/") != ""
    machine.run(f"systemctl stop {API}")
    assert json.loads(machine.says(f"{CURL} --max-time 60 http://x/servers"))
    assert machine.show(API, "ActiveState") == "active"
    until_running(machine, 1)
    assert server(machine)["pid"] == program


def test_the_api_needs_no_socket_unit(machine: Machine) -> None:
    machine.run(f"systemctl stop {SOCKET} {API}")
    assert machine.run(f"{CURL} http://x/servers", check=False).returncode != 0
    machine.run(f"systemctl start {API}")
    until_running(machine, 1)
    assert machine.show(SOCKET, "ActiveState") == "inactive"
    machine.run(f"kill -9 {pid(machine, API)}")
    assert json.loads(machine.says(f"{CURL} --max-time 60 http://x/servers"))
    machine.run(f"systemctl stop {API} && systemctl start {SOCKET} {API}")
    until_running(machine, 1)


def test_files_are_worked_on_in_the_sandbox_of_the_unit(machine: Machine) -> None:
    at = f"{CURL} http://x/server/ticker"
    machine.run("mkdir -p /srv/ticker/world && head -c 3000000 /dev/urandom >/srv/ticker/world/a")
    machine.run("chown -R holdfast: /srv/ticker")
    assert '"success":true' in machine.says(f"{at}/file?path=hello -T /etc/hostname")
    assert machine.says("stat -c %U:%a /srv/ticker/hello") == "holdfast:640"
    pack = f"{at}/compress?path=w.tar.zst'&'archiveType=tar'&'compress=zstd"
    assert machine.says(f"""{pack} -d '["world"]'""") == '{"success":true}'
    assert '"success":true' in machine.says(f"{at}/decompress?path=w.tar.zst -d again")
    machine.run("cmp /srv/ticker/world/a /srv/ticker/again/world/a")
    # A job that goes on for long enough to be looked at: text, and then a terabyte of nothing.
    machine.run("yes | head -c 16384 >/srv/ticker/endless && truncate -s 1T /srv/ticker/endless")
    query = f"{at}/search?q=x'&'in=content'&'maxSize=1099511627776"
    machine.run(f"setsid timeout 60 {query} >/dev/null 2>&1 & echo $! >/tmp/search")
    machine.until("ps -C python -o ni=,cls=,args=", "19   B /opt/holdfast/bin/python -P -m filemgr.worker")
    worker = machine.says("pgrep -f filemgr[.]worker")
    assert "4294967296" in machine.says(f"grep 'Max address space' /proc/{worker}/limits")
    machine.run("kill $(cat /tmp/search)")
    machine.until(f"{CURL} http://x/jobs", '"state":"cancelled"')
    assert '"success":true' in machine.says(f"{at}/file?path=again -X DELETE")
    assert machine.says("ls -A /srv/ticker") == "endless\nhello\nw.tar.zst\nworld"


def test_the_journal_knows_servers_actions_and_people(machine: Machine) -> None:
    machine.run(f"{CURL} http://x/server/ticker -d TERM")
    until_running(machine, 0)
    machine.run(f"{CURL} http://x/server/ticker -d START")
    until_running(machine, 1)
    program = str(server(machine)["pid"])
    (started,) = journal(machine, "ACTION=service.started", f"SERVER_PID={program}")
    assert started["MESSAGE"] == f"ticker: started (pid {program})"
    assert (started["SERVER"], started["PRIORITY"]) == ("ticker", "6")
    assert (started["SYSLOG_IDENTIFIER"], started["_SYSTEMD_UNIT"]) == ("holdfast", f"{SUPERVISOR}.service")
    asked = journal(machine, "SERVER=ticker", "ACTION=server.start", "USER_NAME=@local")[-1]
    assert (asked["MESSAGE"], asked["USER_UID"]) == ("@local started ticker", "0")
    assert asked["_SYSTEMD_UNIT"] == f"{API}.service"
    crashes = journal(machine, "SERVER=crasher", "ACTION=service.crashed", "PRIORITY=4")
    assert crashes
    assert "exited with code 1" in crashes[0]["MESSAGE"]


def test_stopping_the_api_touches_no_program_and_the_supervisor_none_of_the_api(machine: Machine) -> None:
    program, api = server(machine)["pid"], pid(machine, API)
    machine.run(f"systemctl stop {SOCKET} {API}")
    assert alive(machine, program)
    machine.run(f"systemctl start {SOCKET} {API}")
    api = pid(machine, API)
    machine.run(f"systemctl stop {SUPERVISOR}")
    assert not alive(machine, program)
    assert machine.show(SUPERVISOR, "Result") == "success"
    assert pid(machine, API) == api
    machine.run(f"systemctl start {SUPERVISOR}")
    until_running(machine, 1)


def many(machine: Machine, count: int) -> list[str]:
    """Have so many more programs run; return their pids."""
    config = json.loads(CONFIG)
    for number in range(count):
        config["servers"][f"s{number}"] = {
            "directory": "/srv/ticker",
            "command": ["sleep", f"{1000 + number}"],
        }
    write(machine, "/etc/holdfast/config.hjson", json.dumps(config))
    return until_many(machine, count)


def until_many(machine: Machine, count: int) -> list[str]:
    machine.until(f"{CURL} http://x/servers | grep -o '\"s[0-9]*\":1' | wc -l", f"{count}\n")
    return sorted(machine.says("pgrep -u holdfast -x sleep").splitlines())


def test_three_hundred_programs_are_adopted_and_a_restart_starts_them_all(machine: Machine) -> None:
    """More descriptors than a program may have by default, and more messages than systemd's queue takes."""
    before = many(machine, 300)
    assert len(before) == 300
    show = f'[ "$(systemctl show --value {SUPERVISOR}'
    for _ in range(2):
        supervisor = pid(machine, SUPERVISOR)
        machine.run(f"kill -9 {supervisor}")
        machine.until(
            f'{show} -p SubState)" = running ] && {show} -p MainPID)" != {supervisor} ] && echo new', "new"
        )
        assert until_many(machine, 300) == before
        assert pid(machine, SUPERVISOR) != supervisor
    machine.run(f"systemctl restart {SUPERVISOR}")
    after = until_many(machine, 300)
    assert len(after) == 300
    assert not set(after) & set(before)
    write(machine, "/etc/holdfast/config.hjson", CONFIG)
    machine.run(f"systemctl restart {SUPERVISOR}")
    until_running(machine, 1)
    machine.until("pgrep -u holdfast -x sleep || echo none", "none")


def test_the_single_unit_takes_the_place_of_the_others(machine: Machine) -> None:
    machine.run(f"systemctl start {RUN}")
    until_running(machine, 1)
    for unit in (SUPERVISOR, API, SOCKET):
        assert machine.show(unit, "ActiveState") == "inactive"
    before, program = pid(machine, RUN), server(machine)["pid"]
    machine.run(f"systemctl reload {RUN}")
    machine.until(f"journalctl -u {RUN} --no-pager", "took over from")
    machine.until(f"systemctl show --value -p SubState {RUN}", "running")
    assert pid(machine, RUN) == before
    machine.run(f"kill -9 {before}")
    machine.until(f"journalctl -u {RUN} --no-pager", "taken over from a supervisor that was killed")
    until_running(machine, 1)
    assert server(machine)["pid"] == program
    machine.run(f"systemctl stop {RUN}")
    assert machine.run("pgrep -u holdfast", check=False).stdout == ""
    assert machine.show(RUN, "Result") == "success"
