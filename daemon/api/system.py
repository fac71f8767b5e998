"""`GET /`: the version."""

from starlette.responses import JSONResponse, Response

from supervisor import VERSION

from ..parts import Call


async def version(_: Call) -> Response:
    """Tell the version."""
    return JSONResponse({"version": VERSION})
