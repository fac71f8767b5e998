"""`python -m supervisor`: see `supervisor.main`."""

import signal
import sys

# Until the program hears signals itself, Ctrl-C ends it without a traceback.
signal.signal(signal.SIGINT, signal.SIG_DFL)

from .main import main  # noqa: E402

sys.exit(main())
