"""Long work in a process of its own: `python -P -m filemgr.worker`, started by the daemon.

Why a process: it has its own GIL and the lowest priority, so that logins, consoles and listings do not
notice; it may be killed when a library does not come to an end; and what a hostile archive makes it eat is
its own.

Rules:
- Standard input: one line, `{"task", "directory", "fences", "arguments", "memory"}`; then it stays open. The
  fences are paths, or null: what the task is about may not be outside of them. When it is closed, or at
  SIGTERM, the work stops at its next check and leaves nothing half done: so a worker never outlives its
  daemon.
- Standard output: JSON lines. `{"progress": [bytes, entries, total bytes, total entries]}` now and then,
  `{"item": …}` for what is found on the way, at the end `{"result": {…}}` or
  `{"error": {"kind", "message"}}`; the kind is the name of an exception of ours.
- With `"out"`, a descriptor that was inherited, what is made goes there.
"""

import contextlib
import json
import os
import resource
import signal
import sys
import threading
import traceback
from collections.abc import Mapping

from .arguments import Arguments, InvalidArguments
from .errors import Cancelled, FileError, NoSpace, OperationFailed, explain
from .progress import Progress
from .root import Root
from .tasks import TASKS, Outlet

REPORT = 0.2
"""Seconds between two reports of progress."""

_MOST_LINE = 4 << 20


class _Voice(Outlet):
    """Says lines on standard output, from any thread."""

    def __init__(self, out: int | None) -> None:
        super().__init__(out)
        self._lock = threading.Lock()

    def item(self, found: Mapping[str, object]) -> None:
        self.say("item", found)

    def say(self, key: str, value: object) -> None:
        line = memoryview(json.dumps({key: value}, separators=(",", ":")).encode() + b"\n")
        with self._lock:
            while line:
                line = line[os.write(1, line) :]


class _Order:
    """What is to be done."""

    def __init__(self, line: bytes) -> None:
        try:
            told = Arguments(json.loads(line))
            self.task = told.text("task")
            self.directory = told.text("directory")
            self.fences = told.fences("fences")
            self.memory = told.whole("memory")
            self.out = told.whole("out") if told.has("out") else None
            self.arguments = told.mapping("arguments")
        except (ValueError, AttributeError) as exc:
            raise InvalidArguments(f"no order: {exc}") from exc


def main() -> int:
    """Do what standard input says; return the exit code: 0 if it was done, 1 if not."""
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal: the daemon says when it is over
    order = _Order(_first_line())
    _be_modest(order.memory)  # first: threads inherit it
    threading.Thread(target=_await_end, args=(stopping,), daemon=True).start()
    progress = Progress(stop=stopping.is_set)
    voice, ended = _Voice(order.out), threading.Event()
    reporter = threading.Thread(target=_report, args=(voice, progress, ended), daemon=True)
    reporter.start()
    error: FileError | None = None
    try:
        with Root(order.directory, order.fences) as root:
            result = TASKS[order.task](root, order.arguments, progress, voice)
    except FileError as exc:
        error = exc
    except BrokenPipeError:
        error = Cancelled()  # nobody takes what we make
    except OSError as exc:
        what = exc.filename or "a file"
        error = explain(exc, what) or FileError(f"{what}: {exc.strerror}")
    except MemoryError:
        error = NoSpace("this needs more memory than a worker may have")
    except Exception as exc:  # noqa: BLE001  (the daemon must hear of whatever it is)
        traceback.print_exc()
        error = FileError(f"an error that nobody expected: {type(exc).__name__}")
    ended.set()
    reporter.join()
    with contextlib.suppress(OSError):  # the daemon is gone: nobody wants to know
        voice.say("progress", _numbers(progress))
        if error is None:
            voice.say("result", result)
        else:
            voice.say("error", _told(error))
    # Threads of libraries may still be at work on what was cancelled; nobody waits for them.
    sys.stderr.flush()
    os._exit(0 if error is None else 1)


def _told(error: Exception) -> dict[str, object]:
    """Return an exception as JSON data, with all that the daemon needs to make the same one of it."""
    told: dict[str, object] = {"kind": type(error).__name__, "message": str(error)}
    if isinstance(error, OperationFailed):
        return told | {"index": error.index, "cause": _told(error.cause)}
    if isinstance(error, FileError):
        told["role"] = error.role
    return told


def _first_line() -> bytes:
    line = bytearray()
    while not line.endswith(b"\n") and len(line) < _MOST_LINE:
        block = os.read(0, 1 << 16)
        if not block:
            break
        line += block
    return bytes(line)


def _await_end(stopping: threading.Event) -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 1 << 10):
            pass
    stopping.set()


def _be_modest(memory: int) -> None:
    """Take the processor and the memory that nobody else wants."""
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, 0, 19)
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("800")
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _report(voice: _Voice, progress: Progress, ended: threading.Event) -> None:
    told = None
    with contextlib.suppress(OSError):  # the daemon is gone; the work hears of it by itself
        while not ended.wait(REPORT):
            if (now := _numbers(progress)) != told:
                told = now
                voice.say("progress", told)


def _numbers(progress: Progress) -> list[int | None]:
    return [progress.bytes, progress.entries, progress.total_bytes, progress.total_entries]


if __name__ == "__main__":
    sys.exit(main())
