"""Leaves a process behind as daemons do, by two forks and a session of its own, and lives on or ends.

`double.py [stay] [bare] [stubborn]`: `bare` empties its environment, `stubborn` ignores SIGTERM.
Says its pid.
"""

import os
import signal
import sys

SCRIPT = """
import os, signal, sys
if "stubborn" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.write(1, b"daemon %d\\n" % os.getpid())
os.write(int(sys.argv[1]), b"!")
while True:
    signal.pause()
"""

ready, tell = os.pipe()
os.set_inheritable(tell, True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        # Only execve changes what /proc shows of an environment.
        environment = {} if "bare" in sys.argv else dict(os.environ)
        command = [sys.executable, "-I", "-S", "-c", SCRIPT, str(tell), *sys.argv[1:]]
        os.execve(sys.executable, command, environment)
    os._exit(0)
os.wait()
os.read(ready, 1)
while "stay" in sys.argv:
    signal.pause()
os._exit(0)
