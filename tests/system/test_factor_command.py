"""`holdfast factor`: a second factor from the terminal, as a person at the machine turns it on."""

import json
import os
import re
import subprocess

import pyotp

from .house import Holdfast, holdfast, sleeper


def run(house: Holdfast, *arguments: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
    """Type `holdfast factor`; the answers come from a pipe."""
    command, environment = holdfast("factor", *arguments, "--config", house.path("config.hjson"))
    return subprocess.run(
        command,
        cwd=house.folder,
        env={**environment, **house.environment},
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def api_file(house: Holdfast) -> str:
    """Return where the daemon says that it can be reached."""
    with open(house.path("state", "api.json"), encoding="utf-8") as file:
        return file.read()


def log_in(house: Holdfast, code: str | None = None) -> tuple[int, str | None]:
    """Return the status and the kind of error of a login."""
    headers = {"Username": "admin", "Password": house.password} | ({} if code is None else {"X-OTP": code})
    answer = house.remote.post("/login", headers=headers)
    return answer.status_code, answer.json().get("kind")


def test_a_factor_is_turned_on_in_the_terminal_and_off_again(house: Holdfast) -> None:
    house.configure(app=sleeper())
    house.start()
    command, environment = holdfast("factor", "admin", "--config", house.path("config.hjson"))
    process = subprocess.Popen(
        command,
        cwd=house.folder,
        env={**environment, **house.environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        shown = ""
        while "The secret: " not in shown:
            line = process.stdout.readline()
            assert line, shown
            shown += line
        assert "█" in shown
        secret = shown.partition("The secret: ")[2].replace(" ", "").strip()
        process.stdin.write(f"12\n{pyotp.TOTP(secret).now()}\n")
        process.stdin.close()
        shown += process.stdout.read()
    assert process.returncode == 0
    assert "The code is wrong!" in shown
    recovery = re.findall(r"^  ([A-Z2-7]{4}(?:-[A-Z2-7]{4}){3})$", shown, re.MULTILINE)
    assert len(recovery) == 10
    assert log_in(house) == (401, "second-factor-needed")
    assert log_in(house, recovery[0]) == (200, None)
    assert log_in(house, recovery[0]) == (401, "wrong-code")
    again = run(house, "admin")
    assert (again.returncode, again.stderr) == (
        6,
        "holdfast: There is a second factor already, turn it off first!\n",
    )
    off = run(house, "admin", "--off")
    assert (off.returncode, off.stdout) == (0, "The second factor of admin is off.\n")
    assert log_in(house) == (200, None)
    assert not house.files_with(recovery[1])


def test_what_goes_wrong_is_told_in_a_sentence(house: Holdfast) -> None:
    house.configure(app=sleeper())
    away = run(house, "admin")
    assert away.returncode == 5
    assert away.stderr.startswith(
        f"holdfast: cannot connect to {house.path('api.sock')}: there is no such file"
    )
    house.start()
    unknown = run(house, "nobody")
    assert (unknown.returncode, unknown.stderr) == (3, "holdfast: User does not exist!\n")
    unanswered = run(house, "admin")
    assert unanswered.returncode == 1
    assert unanswered.stderr == "holdfast: there was no code, so the second factor stays off\n"
    assert log_in(house) == (200, None)
    house.settings["unixSocket"] = {"enabled": False}
    house.configure(app=sleeper())
    house.until(lambda: not os.path.exists(house.path("api.sock")), "it is switched off")
    house.until(lambda: '"socket": null' in api_file(house), "the daemon says so")
    closed = run(house, "admin")
    assert (closed.returncode, closed.stderr) == (
        5,
        "holdfast: the Unix socket is switched off in the config\n",
    )


def test_a_program_turns_a_factor_on_by_json(house: Holdfast) -> None:
    house.configure(app=sleeper())
    house.start()
    command, environment = holdfast("factor", "admin", "--json", "--config", house.path("config.hjson"))
    with subprocess.Popen(
        command,
        cwd=house.folder,
        env={**environment, **house.environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        offered = json.loads(process.stdout.readline())
        code = pyotp.TOTP(offered["secret"]).now()
        assert offered["uri"].startswith("otpauth://")
        told, _ = process.communicate(f"{code}\n")
    assert json.loads(told)["secondFactor"] is True
    assert len(json.loads(told)["recoveryCodes"]) > 1
    assert json.loads(run(house, "admin", "--off", "--json").stdout) == {
        "account": "admin",
        "secondFactor": False,
    }
