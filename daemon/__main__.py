"""`python -m daemon`: see `daemon.main`."""

import sys

from .main import main

sys.exit(main())
