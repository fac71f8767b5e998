"""`GET /`: the version."""

from starlette.responses import JSONResponse, Response

from supervisor import VERSION

from ..described import described, json_of
from ..parts import Call


@described("Holdfast", answers={200: json_of("Version", "The version")})
async def version(_: Call) -> Response:
    """Tell the version."""
    return JSONResponse({"version": VERSION})
