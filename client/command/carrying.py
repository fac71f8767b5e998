"""Getting and putting: one thing after the other, what fails, and where it was stopped."""

import contextlib
import sys
from collections.abc import Iterator

from ..clients import Client
from ..failures import CannotConnect, ConnectionLost, Failure, Refused, TimedOut
from ..localfiles import CannotRead
from ..quick import quick_client
from ..streams import PATIENCE
from .amounts import size
from .bars import Bar
from .exits import Exit, Stop, code_of, sentence_of
from .invocation import Invocation
from .output import as_json
from .remotepath import RemotePath, refused

ONWARD = "the same command goes on there"


class Carrying:
    """Carries many things; what cannot be carried is said, and does not hold up the rest."""

    def __init__(self, invocation: Invocation, bar: Bar, *, keep: bool) -> None:
        """`keep`: leave what is there already as it is."""
        self.client = patient(invocation)
        self._json = invocation.json
        self.target = invocation.target
        self.bar = bar
        self.keep = keep
        self.count = 0
        self.code = int(Exit.DONE)
        self._done = 0
        self._total: int | None = None

    def progress(self, done: int, total: int | None) -> None:
        """Take note of how far the present one is."""
        self._done, self._total = done, total
        self.bar(done, total)

    def complain(self, sentence: str, code: int = Exit.FAILED) -> None:
        """Say what was left out, and go on."""
        self.bar.note(f"holdfast: {sentence}")
        self.code = self.code or code

    @contextlib.contextmanager
    def one(self, path: RemotePath, *, onward: str = ONWARD, told: bool = True) -> Iterator[None]:
        """Carry one file; raises `Stop` for what hinders all of them, too.

        `onward`: what is said of how to go on, if it is stopped; `told`: whether programs are told of it.
        """
        self._done, self._total = 0, None
        self.bar.about(str(path))
        more = " (-n leaves out what is there already)" if self.count else ""
        hint = f"; {onward}{more}" if onward else ""
        try:
            yield
        except KeyboardInterrupt:
            raise Stop(f"stopped at {self._far} of {path}{hint}", Exit.INTERRUPTED) from None
        except (ConnectionLost, TimedOut) as exc:
            raise Stop(f"{path}: {sentence_of(exc)} ({self._far} are there){hint}", code_of(exc)) from exc
        except Refused as exc:
            stop = refused(path, exc)
            if exc.status in (401, 507, 413) or exc.kind in ("no-such-server", "not-permitted"):
                raise stop from exc
            self.complain(str(stop), stop.code)
        except CannotRead as exc:
            self.complain(str(exc))
        except Stop as exc:
            self.complain(str(exc), exc.code)
        except CannotConnect as exc:
            begun = hint if self._done else ""
            raise Stop(f"{path}: {sentence_of(exc)}{begun}", code_of(exc)) from exc
        except Failure as exc:
            raise Stop(f"{path}: {sentence_of(exc)}", code_of(exc)) from exc
        else:
            self.count += 1
            if self._json and told:
                line = as_json({"path": f"{path.server}:{path.path}", "size": self._done})
                sys.stdout.write(f"{line}\n")

    @property
    def _far(self) -> str:
        return f"{size(self._done)} of {size(self._total)}" if self._total is not None else size(self._done)


def patient(invocation: Invocation) -> Client:
    """Return a client for what takes long: it does not mind that the daemon is restarted meanwhile."""
    return quick_client(invocation.target, repeating=PATIENCE)
