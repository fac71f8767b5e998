"""`python -m daemon`: see `daemon.main`."""

import gc
import sys

# What is imported stays: to search it for garbage again and again took a tenth of each start.
gc.set_threshold(20_000, 20, 20)

from .main import main  # noqa: E402

gc.freeze()

sys.exit(main())
