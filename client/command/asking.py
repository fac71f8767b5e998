"""Questions to who sits at the terminal, one after the other; Enter takes what is offered."""

import contextlib
import sys
from collections.abc import Callable
from typing import TypeVar

from ..setup.wishes import (
    Program,
    Unwanted,
    Wishes,
    command_of,
    folder_of,
    free_port,
    group_of,
    listen_of,
    name_of,
    port_of,
)
from .exits import Stop
from .output import BOLD, DIM, Output

T = TypeVar("T")


def asks() -> bool:
    """Tell whether anybody is there to be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


class Questions:
    """Asks, and asks again until it makes sense. Raises `Stop` if the answers end."""

    def __init__(self, out: Output) -> None:
        self._out = out
        with contextlib.suppress(ImportError):
            import readline  # noqa: PLC0415  (`input` lets the line be edited once it is there)

            readline.parse_and_bind("set enable-bracketed-paste off")

    def wishes(self) -> Wishes:
        """Ask for all that a new config says."""
        self._out.say("Enter takes what stands in brackets. Nothing is written before you have seen it.")
        self._out.say()
        programs = self._programs()
        self._out.say()
        hint = "loopback: this machine only; all: who reaches the port; or an address"
        listen = self.ask("Who may reach it over TCP", "loopback", listen_of, hint)
        free = free_port(listen)
        port = self.ask("Port", str(free), port_of)
        group = self.ask("Group that may use it without a password", "none", group_of)
        return Wishes(programs, port, listen, group)

    def yes(self, question: str, *, default: bool) -> bool:
        """Ask whether to do something."""

        def meant(text: str) -> bool:
            if text.lower() not in ("y", "yes", "n", "no"):
                raise Unwanted("y or n?")
            return text.lower().startswith("y")

        return self.ask(question, "y" if default else "n", meant)

    def ask(self, question: str, default: str, meant: Callable[[str], T], hint: str = "") -> T:
        """Return what is meant by the answer; `meant` raises `Unwanted`."""
        if hint:
            self._out.say(hint, DIM)
        while True:
            shown = f"{question} [{default}]: " if default else f"{question}: "
            try:
                given = input(shown).strip()
            except EOFError:
                self._out.say()
                raise Stop("nothing was written: the answers ended") from None
            try:
                return meant(given or default)
            except Unwanted as exc:
                self._out.say(str(exc))

    def _programs(self) -> list[Program]:
        self._out.say("What shall it keep running?", BOLD)
        found: dict[str, Program] = {}
        while True:
            name = self.ask("Name of a program" if not found else "Name of another one", "none", name_of)
            if name == "none":
                return list(found.values())
            if name in found:
                self._out.say(f"there is a {name} already")
                continue
            command = self.ask("  Its command, as in a shell", "", command_of)
            folder = self.ask("  The folder it runs in", f"servers/{name}", folder_of)
            found[name] = Program(name, command, folder)
