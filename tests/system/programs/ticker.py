"""Writes numbered lines, one every 10 ms: whoever misses one can tell."""

import itertools
import signal

signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
for number in itertools.count():
    print(f"tick {number}", flush=True)
    signal.sigwait({signal.SIGALRM})
