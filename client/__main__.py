"""`python -m client`: see `client.main`."""

import sys

from .main import main

sys.exit(main())
