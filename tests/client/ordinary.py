"""`python -m tests.client.ordinary UID ARGUMENTS…`: the command, as a user who may not read our modules."""

import contextlib
import os
import sys

from client.main import main

if __name__ == "__main__":
    user, arguments = int(sys.argv[1]), sys.argv[2:]
    # What is imported late must be there by then: a Python below /root is out of reach afterwards.
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        main(arguments)
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)
    sys.exit(main(arguments))
