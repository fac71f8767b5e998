"""Forks as much as it is allowed to, up to a number: `bomb.py MOST`. Its children fork, too."""

import os
import signal
import sys
import time

signal.signal(signal.SIGTERM, signal.SIG_IGN)
for number in range(int(sys.argv[1])):
    try:
        if os.fork() == 0:
            if number % 2:
                os.setsid()
            if os.fork() == 0:
                signal.pause()
            signal.pause()
    except OSError:
        print("no more", flush=True)
        break
print("forked", flush=True)
while True:
    time.sleep(1000)
