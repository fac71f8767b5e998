"""`python -m daemon`: see `daemon.main`."""

import gc
import sys

# What is imported stays: to search it for garbage again and again took a fifth of each start.
gc.disable()

from .main import main  # noqa: E402

gc.freeze()
gc.set_threshold(20_000, 20, 20)
gc.enable()

sys.exit(main())
