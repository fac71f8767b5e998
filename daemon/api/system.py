"""`GET /`: the version."""

from starlette.responses import Response

from supervisor import VERSION

from ..described import described, json_of
from ..listing import Kept
from ..parts import Call

_VERSION = Kept({"version": VERSION})


@described("Holdfast", answers={200: json_of("Version", "The version")})
def version(_: Call) -> Response:
    """Tell the version."""
    return _VERSION
