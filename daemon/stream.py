"""The name of the streams that one supervisor offers: offsets count from the beginning of such a stream."""

import hashlib
import os


def stream_of_parent() -> str:
    """Return a name that holds as long as the supervisor, which has started us, is the same process.

    A handover to another version keeps it (execve(2) changes neither the pid nor the moment of the start),
    and so does the death of the daemon. Raises `OSError` without /proc.
    """
    pid = os.getppid()
    with open(f"/proc/{pid}/stat", "rb") as file:
        # proc_pid_stat(5): field 22, in ticks since boot; the second may hold spaces.
        started = file.read().rpartition(b")")[2].split()[19]
    with open("/proc/sys/kernel/random/boot_id", "rb") as file:
        boot = file.read().strip()
    return hashlib.sha256(b"%s %d %s" % (boot, pid, started)).hexdigest()[:16]
