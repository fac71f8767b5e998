"""`python -m daemon`: see `daemon.main`."""

import gc
import sys

from . import garbage

garbage.spare()

from .main import main  # noqa: E402

gc.freeze()

sys.exit(main())
