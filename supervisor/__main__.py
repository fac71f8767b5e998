"""`python -m supervisor`: see `supervisor.main`."""

import sys

from .main import main

sys.exit(main())
