"""`python -m daemon`: see `daemon.run`."""

import sys

from .run import main

sys.exit(main())
