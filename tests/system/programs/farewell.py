"""Asked to stop, it writes a file and ends in good order."""

import signal
import sys


def stop(_number: int, _frame: object) -> None:
    with open("farewell", "w", encoding="ascii") as file:
        file.write("saved\n")
    sys.exit(0)


signal.signal(signal.SIGTERM, stop)
print("ready", flush=True)
while True:
    signal.pause()
