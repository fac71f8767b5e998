"""`python -m daemon`: see `daemon.main`."""

import sys

from . import garbage

garbage.spare()

from .main import main  # noqa: E402

garbage.relax()

sys.exit(main())
