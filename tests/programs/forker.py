"""Ends before its child, which stays in the group: `forker.py CODE [stubborn]`."""

import os
import signal
import sys

ready, tell = os.pipe()
if os.fork() == 0:
    if "stubborn" in sys.argv:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.write(1, f"child {os.getpid()}\n".encode())
    os.write(tell, b"!")
    os.close(tell)
    while True:
        signal.pause()
os.read(ready, 1)
os._exit(int(sys.argv[1]))
