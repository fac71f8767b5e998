"""Ends at once with the given code, or by the given signal: `crash.py 3`, `crash.py SIGSEGV`."""

import os
import signal
import sys

how = sys.argv[1] if len(sys.argv) > 1 else "1"
if how.isdigit():
    sys.exit(int(how))
if how != "SIGKILL":
    signal.signal(signal.Signals[how], signal.SIG_DFL)
os.kill(os.getpid(), signal.Signals[how])
