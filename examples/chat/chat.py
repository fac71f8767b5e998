"""A small game server to try Holdfast with: it has a console, players who come and go, and bad days.

Type `help` in its console. Standard library only.
"""

import os
import random
import select
import signal
import sys
import time

HELP = """\
help       this list
list       who is online
say TEXT   tell everybody
time       how late it is here, and for how long the server has been up
flood N    print N lines
crash      end with an error; Holdfast starts the server again
stop       end in good order"""

PLAYERS = ("Ada", "Barbara", "Dennis", "Edsger", "Grace", "Ken", "Linus", "Margaret")
REPLIES = ("hi!", "o/", "one moment, I am in a cave", "who took my boat?", "brb", "nice")

dice = random.SystemRandom()


class Server:
    """Who is online, and since when there is a server to be online at."""

    def __init__(self) -> None:
        self.online: list[str] = []
        self.began = time.monotonic()

    def something_happens(self) -> None:
        """Let a player come, leave or speak."""
        away = [player for player in PLAYERS if player not in self.online]
        match dice.choice(("join", "join", "leave", "chat")):
            case "leave" if self.online:
                player = self.online.pop(dice.randrange(len(self.online)))
                tell(f"{player} left the game")
            case "chat" if self.online:
                tell(f"<{dice.choice(self.online)}> {dice.choice(REPLIES)}")
            case _ if away:
                self.online.append(dice.choice(away))
                tell(f"{self.online[-1]} joined the game")

    def obey(self, line: str) -> None:
        """Do what a line of the console says; raises SystemExit when that ends the server."""
        command, _, rest = line.strip().partition(" ")
        match command.lower():
            case "":
                pass
            case "help":
                for text in HELP.splitlines():
                    tell(text)
            case "list":
                tell(f"{len(self.online)} of {len(PLAYERS)} online: {', '.join(self.online) or 'nobody'}")
            case "say":
                tell(f"[Server] {rest}")
                if self.online:
                    tell(f"<{dice.choice(self.online)}> {dice.choice(REPLIES)}")
            case "time":
                tell(f"It is {time.strftime('%H:%M:%S')}; up for {time.monotonic() - self.began:.0f} s")
            case "flood":
                self.flood(rest)
            case "crash":
                tell("A creeper got into the engine room!")
                sys.exit(1)
            case "stop":
                tell("Stopping")
                sys.exit(0)
            case _:
                tell(f"Unknown command: {command}. Type help")

    def flood(self, count: str) -> None:
        """Print many lines."""
        if not count.strip().isdecimal():
            tell("How many lines? For example: flood 1000")
            return
        for number in range(1, int(count) + 1):
            tell(f"line {number} of {int(count)}")


def tell(text: str) -> None:
    """Print one line, seen at once."""
    print(f"[{time.strftime('%H:%M:%S')}] {text}", flush=True)


def serve(server: Server) -> None:
    """Obey the console, and let something happen now and then, until standard input ends."""
    rest = b""
    next_event = time.monotonic() + 5
    while True:
        wait = max(0.0, next_event - time.monotonic())
        if not select.select([0], [], [], wait)[0]:
            server.something_happens()
            next_event = time.monotonic() + dice.uniform(20, 60)
            continue
        # Not sys.stdin.readline(): select would not see the lines that it has read ahead.
        received = os.read(0, 65536)
        *lines, rest = (rest + received).split(b"\n")
        if not received and rest:
            lines, rest = [rest], b""
        for line in lines:
            server.obey(line.decode(errors="replace"))
        if not received:
            tell("The console was closed")
            return


def asked_to_stop(_number: int, _frame: object) -> None:
    """End through the same door as the command `stop`."""
    sys.exit(0)


def main() -> None:
    """Run the server."""
    signal.signal(signal.SIGTERM, asked_to_stop)
    signal.signal(signal.SIGINT, asked_to_stop)
    tell("Welcome to the chat example. Type help")
    try:
        serve(Server())
    except SystemExit as end:
        if not end.code:
            tell("Goodbye!")
        raise
    tell("Goodbye!")


if __name__ == "__main__":
    main()
