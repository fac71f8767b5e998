"""Never reads its input: `deaf.py`; `deaf.py closed` has closed it."""

import os
import signal
import sys

if "closed" in sys.argv:
    os.close(0)
print("ready", flush=True)
signal.pause()
