"""Reads so many bytes and says their digest: `sink.py 1048576`."""

import hashlib
import os
import signal
import sys

wanted = int(sys.argv[1])
print("ready", flush=True)
digest = hashlib.sha256()
while wanted > 0 and (block := os.read(0, min(wanted, 1 << 16))):
    digest.update(block)
    wanted -= len(block)
print(f"read {digest.hexdigest()}", flush=True)
signal.pause()
