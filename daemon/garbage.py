"""When Python looks for garbage in circles: not while we start, and as often as it needs while we serve.

What is imported and made at the start stays, and to search it again and again took a fifth of each start.
But each connection leaves circles behind when it ends (parsers and tasks know who made them): if nobody
looks, the memory grows with the number of viewers that ever came.
"""

import gc


def spare() -> None:
    """Do not look: all that is imported now stays."""
    gc.disable()


def relax() -> None:
    """Look seldom, and not at what is imported by now: most of what is made next stays, too."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


def settle() -> None:
    """Look often again, and no more in what exists now: each look at that takes 15 ms, for nothing."""
    gc.collect()
    gc.freeze()
    # At all that is left once 200,000 objects were made and not freed, some 20 MB.
    gc.set_threshold(2_000, 10, 10)
