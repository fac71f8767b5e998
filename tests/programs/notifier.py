"""Says to its NOTIFY_SOCKET what stdin tells it; between `beat` and `hush` also WATCHDOG=1, again and again.

`other LINE` lets a child say it, in a session of its own; `gone LINE` one that is gone at once.
"""

import os
import socket
import sys
import threading

NAME = os.environ.get("NOTIFY_SOCKET", "")
beating = threading.Event()
ended = threading.Event()


def say(text: str) -> None:
    address = "\0" + NAME[1:] if NAME.startswith("@") else NAME
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        try:
            one.sendto(text.replace("|", "\n").encode(), address)
        except OSError as exc:
            print(f"not sent: {exc.strerror}", flush=True)


def beat() -> None:
    while not ended.wait(0.1):
        if beating.is_set():
            say("WATCHDOG=1")


threading.Thread(target=beat, daemon=True).start()
print(f"socket {NAME}", flush=True)
print(f"watchdog {os.environ.get('WATCHDOG_USEC', '')} {os.environ.get('WATCHDOG_PID', '')}", flush=True)
for line in sys.stdin:
    word, _, rest = line.strip().partition(" ")
    if word == "beat":
        beating.set()
    elif word == "hush":
        beating.clear()
    elif word in {"other", "gone"}:
        child = os.fork()
        if not child:
            if word == "other":
                os.setsid()
            say(rest)
            os._exit(0)
        os.waitpid(child, 0)
    else:
        say(line.strip())
    print(f"done: {line.strip()}", flush=True)
