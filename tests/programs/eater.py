"""Eats memory until it is stopped, but no more than so many MiB: `eater.py MOST`."""

import signal
import sys

eaten = []
for _ in range(int(sys.argv[1])):
    eaten.append(bytearray(b"x" * (1 << 20)))
print("full", flush=True)
signal.pause()
