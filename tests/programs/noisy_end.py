"""Writes 64 KiB, then a line without an end, and ends: `noisy_end.py CODE`."""

import os
import sys

rest = memoryview(b"x" * (64 * 1024) + b"\nlast words")
while rest:
    rest = rest[os.write(1, rest) :]
os._exit(int(sys.argv[1]))
