"""Each operation of the library has an example, and all examples are true: they are run against Holdfast.

An example has `holdfast`, a `Client` over the Unix socket; `remote`, one over TCP, as admin; `url`
and `password`, by which it came; a `folder`; what `client` has; `asyncio`, `anyio`, `pyotp`. There
are the servers `web` (which sleeps), `chat` (which echoes) and `off`, and `notes.txt` in the folder of `web`.
Numbers, times and ids of the output may be others, and `...` is anything.
"""

import asyncio
import contextlib
import doctest
import os
import re
import signal
from collections.abc import Iterator
from types import FrameType

import anyio
import pyotp
import pytest

import client
from client import Client, Failure

from ..system.house import Holdfast, program, sleeper
from .documented import Documented, Offered, docstrings, offered

LONGEST = 60
"""Seconds that an example may take."""

_OTHER = re.compile(r"\b[0-9a-f]{8,}\b|\d+(\.\d+)?")


class Checker(doctest.OutputChecker):
    """Lets numbers and ids be others."""

    def check_output(self, want: str, got: str, flags: int) -> bool:
        return super().check_output(_OTHER.sub("N", want), _OTHER.sub("N", got), flags)


class House:
    """A Holdfast for examples; what one has changed is as before for the next."""

    def __init__(self, folder: str) -> None:
        self.holdfast = Holdfast(folder)
        self.holdfast.configure(chat=program("echo"), web=sleeper(), off=sleeper(enabled=False))
        with open(self.holdfast.path("config.hjson"), encoding="utf-8") as file:
            self.config = file.read()
        self.password = ""

    def start(self) -> None:
        self.holdfast.start()
        self.password = self.holdfast.password
        self.holdfast._secrets.add(self.password)

    def restore(self) -> None:
        """Have everything as an example expects it."""
        path = self.holdfast.path("config.hjson")
        with open(path, encoding="utf-8") as file:
            changed = file.read() != self.config
        if changed:
            self.holdfast.write(self.config)
            self.holdfast.local.post("/config/reload").raise_for_status()
        with open(self.holdfast.path("programs", "web", "notes.txt"), "w", encoding="utf-8") as file:
            file.write("Back up the world.\n")
        with Client(socket=self.holdfast.path("api.sock")) as ours:
            for name in ("web", "chat"):
                with contextlib.suppress(Failure):
                    ours.servers.resume(name)
                if ours.servers.get(name).state != "running":
                    ours.servers.wait(name)
                    ours.servers.start(name)
                    ours.servers.wait(name, frozenset({"running"}))
            if ours.servers.get("off").state != "stopped":
                ours.servers.stop("off")
                ours.servers.wait("off", frozenset({"stopped"}))
        self._restore_admin()

    def _restore_admin(self) -> None:
        """Give the account back its password, and take its second factor."""
        local = self.holdfast.local
        local.delete("/account/factor", params={"username": "admin"})
        wish = {"username": "admin", "password": self.password}
        local.patch("/accounts", json=wish, params={"username": "admin"})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.holdfast.port}"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(str(tmp_path_factory.mktemp("examples")))
    try:
        house.start()
        yield house
    finally:
        house.holdfast.end()


@contextlib.contextmanager
def in_time() -> Iterator[None]:
    """Interrupt an example that does not end, such as one that follows a stream."""

    def late(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"the example does not end within {LONGEST} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(LONGEST)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("one", list(offered()), ids=str)
def test_each_operation_has_a_sentence_and_an_example(one: Offered) -> None:
    assert re.match(r".+[.:]$", one.text.strip().split("\n\n")[0].replace("\n", " ")), "it has no sentence"
    assert f".{one.name}(" in one.text.partition(">>>")[2], "no example uses it"
    assert "+SKIP" not in one.text, "examples are run"


@pytest.mark.parametrize("one", list(docstrings()), ids=lambda one: one.name)
def test_an_example_is_true(
    one: Documented, house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: os.PathLike[str]
) -> None:
    house.restore()
    monkeypatch.chdir(house.holdfast.folder)
    monkeypatch.setenv("HOLDFAST_SOCKET", house.holdfast.path("api.sock"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    told: list[str] = []
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    with (
        Client(socket=house.holdfast.path("api.sock")) as holdfast,
        Client.log_in(house.url, "admin", house.password) as remote,
    ):
        house.holdfast._secrets.add(remote.target.token)
        known = {name: getattr(client, name) for name in dir(client)}
        known |= {"holdfast": holdfast, "remote": remote, "url": house.url, "password": house.password}
        known |= {"folder": str(tmp_path), "asyncio": asyncio, "anyio": anyio, "pyotp": pyotp}
        test = doctest.DocTestParser().get_doctest(one.text, known, one.name, one.file, one.line)
        runner = doctest.DocTestRunner(Checker(), verbose=False, optionflags=flags)
        with in_time():
            runner.run(test, out=told.append, clear_globs=False)
        with contextlib.suppress(Failure):
            remote.session.logout()
    assert not told, "".join(told)
