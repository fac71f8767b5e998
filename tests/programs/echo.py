"""Says back every line that it is told, until its input ends."""

import sys

print("ready", flush=True)
for line in sys.stdin:
    print(f"echo: {line.rstrip()}", flush=True)
