"""Python runs this before anything else (site module): it shortens the watchdog, and makes the daemon obey.

SIGUSR1 blocks its event loop for ever, SIGUSR2 for a while: Python's handlers run in the main thread.
"""

import os
import signal
import sys
import time

A_WHILE = 0.5

if "supervisor" in sys.orig_argv[:5]:
    import supervisor.socketstore

    supervisor.socketstore.WATCHDOG = float(os.environ["WATCHDOG"])
elif "daemon" in sys.orig_argv[:5]:
    signal.signal(signal.SIGUSR1, lambda *_: time.sleep(1000))
    signal.signal(signal.SIGUSR2, lambda *_: time.sleep(A_WHILE))
