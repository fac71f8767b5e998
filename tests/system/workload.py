"""What people do with Holdfast all day, drawn by lot: whatever was confirmed to them must hold."""

import json
import os
import random
import time
from collections.abc import Callable
from typing import cast

from .asker import Asker
from .house import Holdfast, Settings, program, sleeper
from .processes import DEADLINE
from .rawconsole import RawConsole

DRIVEN = ("one", "two", "three")
"""Servers that are started and stopped all the time; each notes it if there are two of it."""

LEFT_ALONE = ("ticker", "echo")
"""Servers that nobody stops."""


class Workload:
    """One person's day; `step` is the next thing that is done, and returns when it is confirmed."""

    def __init__(self, house: Holdfast, seed: int, local: Asker, remote: Asker) -> None:
        self._house = house
        self._dice = random.Random(seed)
        self._ways = (local, remote)
        self.echo = RawConsole(house.path("api.sock"), "echo")
        self.pids: dict[str, int | None] = {name: house.pid(name) for name in DRIVEN}
        """The pids of the driven servers, None for those that were stopped."""
        self.stopped_pids: set[int] = set()
        self.accounts: dict[str, str] = {}
        """The passwords of the accounts that were confirmed."""
        self.tokens: list[str] = []
        self.config = 0
        """The number of the last config that was confirmed."""
        self.typed = 0
        self.steps = 0
        self._next: list[Callable[[], None]] = []
        self._kinds: list[Callable[[], None]] = [
            *[self._start_or_stop] * 6,
            *[self._patch_config, self._edit_config] * 2,
            *[self._type] * 3,
            *[self._read] * 3,
            self._make_account,
            self._log_in,
        ]

    def step(self) -> None:
        """Do the next thing; each kind has its turn."""
        if not self._next:
            self._next = self._dice.sample(self._kinds, len(self._kinds))
        self._next.pop()()
        self.steps += 1

    @property
    def servers(self) -> dict[str, Settings]:
        """The servers of the current config; the name of one that is off tells its number."""
        return servers(self.config)

    def check(self) -> None:
        """Everything that was confirmed holds; raises `AssertionError`."""
        for way in self._ways:
            statuses = cast("dict[str, int]", way.get("/servers")["servers"])
            assert sorted(statuses) == sorted(self.servers)
            for name, pid in self.pids.items():
                if pid is not None:
                    assert (way.get(f"/server/{name}")["pid"], statuses[name]) == (pid, 1)
        for name, password in self.accounts.items():
            headers = {"Username": name, "Password": password}
            assert self._ways[1].ask("POST", "/login", **headers)[0] == 200
        status, names = self._ways[0].ask("GET", "/accounts")
        assert status == 200
        assert set(cast("list[str]", names)) >= {"admin", *self.accounts}
        for token in self.tokens:
            assert self._ways[1].ask("GET", "/servers", Authorization=token)[0] == 200

    @property
    def _way(self) -> Asker:
        return self._dice.choice(self._ways)

    def _start_or_stop(self) -> None:
        name = self._dice.choice(DRIVEN)
        before = self.pids[name]
        if before is not None:
            assert self._way.get(f"/server/{name}")["pid"] == before, f"nobody has stopped {name}"
        operation = self._dice.choice(["START", "TERM", "KILL"] if before else ["START", "START", "TERM"])
        assert self._way.post(f"/server/{name}", operation) == (200, {"success": True})
        if operation != "START":
            self.pids[name] = None
            self.stopped_pids |= {before} if before else set()
        elif before is None:
            # After a stop that was not waited for, it is the old one for a moment.
            self.pids[name] = cast("int", self._until(lambda: self._fresh_pid(name)))

    def _fresh_pid(self, name: str) -> object:
        pid = self._way.get(f"/server/{name}")["pid"]
        return None if pid in self.stopped_pids else pid

    def _patch_config(self) -> None:
        text = self._house.text(**servers(self.config + 1))
        answer = self._way.ask("PATCH", "/config", text)
        assert answer == (200, {"success": True})
        self.config += 1
        assert sorted(cast("dict[str, int]", self._way.get("/servers")["servers"])) == sorted(self.servers)

    def _edit_config(self) -> None:
        text = self._house.text(**servers(self.config + 1))
        if self._dice.random() < 0.5:
            self._house.write(text)
        else:
            with open(self._house.path("config.hjson.edited"), "w", encoding="utf-8") as file:
                file.write(text)
            os.rename(file.name, self._house.path("config.hjson"))
        self.config += 1
        self._until(
            lambda: f"config-{self.config}" in cast("dict[str, int]", self._way.get("/servers")["servers"])
        )

    def _make_account(self) -> None:
        name, password = f"person-{len(self.accounts)}", f"{self._dice.random()}"
        body = json.dumps({"username": name, "password": password})
        status, answer = self._way.post("/accounts", body)
        # The daemon may have died after it was made, and before it told.
        assert status == 200 or (status == 409 and self._ways[0].cuts + self._ways[1].cuts), answer
        self.accounts[name] = password

    def _log_in(self) -> None:
        name, password = self._dice.choice([*self.accounts.items()] or [("admin", self._house.password)])
        status, answer = self._ways[1].ask("POST", "/login", Username=name, Password=password)
        assert status == 200, answer
        self.tokens.append(cast("dict[str, str]", answer)["token"])

    def _read(self) -> None:
        way = self._way
        way.get(f"/server/{self._dice.choice(DRIVEN + LEFT_ALONE)}")
        if self.tokens:
            assert self._ways[1].ask("GET", "/ott", Authorization=self._dice.choice(self.tokens))[0] == 200

    def _type(self) -> None:
        self.typed += 1
        self.echo.follow(f"echo: line {self.typed}\n".encode(), say=f"line {self.typed}")

    def _until(self, found: Callable[[], object]) -> object:
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            if value := found():
                return value
        raise TimeoutError("what was confirmed does not come to pass")


def servers(number: int) -> dict[str, Settings]:
    """Return the servers of the config of this number."""
    return {
        "ticker": program("ticker", scrollbackBytes=32 << 20),
        "echo": program("echo"),
        **{name: program("only_one") for name in DRIVEN},
        f"config-{number}": sleeper(enabled=False),
    }
