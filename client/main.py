"""`holdfast`: the command of the person at the machine."""

import gc
import os
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn


def command() -> NoReturn:
    """Carry out the command line of this process, and end it."""
    # What is imported stays: to search it for garbage took a twelfth of a short command.
    gc.set_threshold(50_000)
    _furnish()
    code = main()
    sys.stderr.flush()
    # All is written and nothing is left to do. To tear the interpreter down takes a tenth of a short command.
    os._exit(code)


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out a command line; return the exit code (client/command/exits.py)."""
    if arguments is None and (asks := os.environ.get("_HOLDFAST_COMPLETE")):
        from .command.completion import answer  # noqa: PLC0415

        return answer(asks, sys.argv[1:])
    import click  # noqa: PLC0415  (what is imported here is all that a short command waits for)

    from .command.exits import Exit, Stop, Unread, code_of, complain, sentence_of  # noqa: PLC0415
    from .command.shell import shell  # noqa: PLC0415
    from .failures import Failure  # noqa: PLC0415

    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        given = None if arguments is None else list(arguments)
        ended = shell().main(args=given, prog_name="holdfast", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as exc:
        return exc.exit_code
    except click.ClickException as exc:
        exc.show()
        return exc.exit_code
    except (KeyboardInterrupt, click.Abort):
        sys.stderr.write("\n")
        return Exit.INTERRUPTED
    except (BrokenPipeError, Unread):
        # Whoever read it has seen enough; the interpreter shall not complain of that at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.UNREAD
    except (Stop, Failure, OSError) as exc:
        sys.stdout.flush()
        complain(sentence_of(exc))
        return code_of(exc)
    return ended if isinstance(ended, int) else Exit.DONE


def _furnish() -> None:
    """Have standard input and outputs: what was closed would be the number of the next file, or socket."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, os.O_RDWR)  # the least number that is free
            os.set_inheritable(opened, True)
            setattr(sys, name, open(opened, "w" if number else "r"))  # noqa: SIM115
