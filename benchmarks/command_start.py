"""How long a command takes that asks one thing, against a compiled tool and against the client's own way.

    .venv/bin/python -m benchmarks.command_start [--times 30] [--command PATH]

All ask the same over the same Unix socket in the same minute, in turns; the ratios are what can be compared.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence

from tests.system.house import ROOT, Holdfast, holdfast, sleeper

IN_C = r"""
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int count, char **words) {
    char got[65536];
    ssize_t length;
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    const char *asked = "GET /servers?details=true HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    if (count < 2) return 2;
    strncpy(at.sun_path, words[1], sizeof at.sun_path - 1);
    int one = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(one, (struct sockaddr *)&at, sizeof at)) return 1;
    if (write(one, asked, strlen(asked)) < 0) return 1;
    while ((length = read(one, got, sizeof got)) > 0) fwrite(got, 1, length, stdout);
    return 0;
}
"""

WITH_HTTPX = """
import sys
from client import Client
with Client(socket=sys.argv[1]) as holdfast:
    for name, one in holdfast.servers.list().items():
        print(name, one.state)
"""


def main() -> None:
    """Measure, and print the medians."""
    parser = argparse.ArgumentParser(description="measure how long a short command takes")
    parser.add_argument("--times", type=int, default=30)
    parser.add_argument("--command", default="", help="the installed holdfast; else that of this interpreter")
    options = parser.parse_args()
    folder = tempfile.mkdtemp()
    house = Holdfast(folder)
    try:
        house.configure(**{f"server-{index}": sleeper() for index in range(10)})
        house.start()
        house.until_status("server-9", 1)
        commands, environment = _commands(folder, house.path("api.sock"), options.command)
        medians = _measured(commands, environment, options.times)
    finally:
        house.end()
        shutil.rmtree(folder)
    least = medians.get("in C") or medians["curl"]
    for name, median in medians.items():
        print(f"{name:>28}: {median * 1000:6.1f} ms  {median / least:5.1f} x")


def _commands(
    folder: str, socket: str, installed: str
) -> tuple[Mapping[str, Sequence[str]], Mapping[str, str]]:
    own, environment = holdfast()
    command = [installed] if installed else own
    python = os.path.join(os.path.dirname(installed), "python") if installed else sys.executable
    commands: dict[str, Sequence[str]] = {}
    if shutil.which("cc") is not None:
        source, made = os.path.join(folder, "ask.c"), os.path.join(folder, "ask")
        with open(source, "w", encoding="utf-8") as file:
            file.write(IN_C)
        subprocess.run(["cc", "-O2", "-o", made, source], check=True)
        commands["in C"] = [made, socket]
    if shutil.which("curl") is not None:
        commands["curl"] = ["curl", "-s", "--unix-socket", socket, "http://x/servers?details=true"]
    commands |= {
        "Python that does nothing": [python, "-c", "pass"],
        "holdfast --version": [*command, "--version"],
        "holdfast --help": [*command, "--help"],
        "holdfast list": [*command, "list"],
        "holdfast list --json": [*command, "list", "--json"],
        "completion: of commands": ["env", "_HOLDFAST_COMPLETE=zsh", *command, "--", "li"],
        "completion: in a command": ["env", "_HOLDFAST_COMPLETE=zsh", *command, "--", "list", "--format", ""],
        "client.Client (httpx)": [python, "-c", WITH_HTTPX, socket],
    }
    more = {"HOLDFAST_SOCKET": socket, "PATH": os.environ["PATH"], "HOME": folder}
    return commands, {**more, **environment, **({} if installed else {"PYTHONPATH": ROOT})}


def _measured(
    commands: Mapping[str, Sequence[str]], environment: Mapping[str, str], times: int
) -> Mapping[str, float]:
    """Run all in turns, so that what else the machine does is spread over them."""
    took: dict[str, list[float]] = {name: [] for name in commands}
    for count in range(times + 1):
        for name, command in commands.items():
            begin = time.perf_counter()
            subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
            if count:  # the first one fills the caches
                took[name].append(time.perf_counter() - begin)
    return {name: statistics.median(values) for name, values in took.items()}


if __name__ == "__main__":
    main()
