"""One exception for each kind of error that the API knows; above them, what one can do about it.

A kind is a class whose name is the API's word: `no-such-server` is `NoSuchServer`. The groups are in
reactions, the kinds in four modules by what they are about; all of them can be had from here.
"""

import re

# Each of these modules has nothing but such classes, and all of them are meant.
from .failures import Refused
from .reactions import *  # noqa: F403
from .reactions import GROUPS
from .refusedaccess import *  # noqa: F403
from .refusedfiles import *  # noqa: F403
from .refusedrequests import *  # noqa: F403
from .refusedservers import *  # noqa: F403


def word_of(kind: type[Refused]) -> str:
    """Return the API's word for a kind."""
    return re.sub(r"(?<!^)([A-Z])", r"-\1", kind.__name__).lower()


KINDS: dict[str, type[Refused]] = {
    word_of(one): one for group in GROUPS for one in group.__subclasses__() if __package__ in one.__module__
}
"""The exception of each kind."""
