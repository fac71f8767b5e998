"""Writes numbered lines of 100 bytes: `flood.py` for ever, `flood.py 1000` so many, then its own end."""

import itertools
import os
import sys

count = int(sys.argv[1]) if len(sys.argv) > 1 else None
for start in itertools.count(0, 100):
    stop = start + 100 if count is None else min(start + 100, count)
    lines = "".join(f"{number:099d}\n" for number in range(start, stop))
    rest = memoryview(lines.encode())
    while rest:
        rest = rest[os.write(1, rest) :]
    if stop == count:
        break
