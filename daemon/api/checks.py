"""`/server/{id}/checks`: whether a server is well, and who says so."""

from starlette.responses import JSONResponse, Response

from ..described import described, json_of
from ..parts import Call


@described("Servers", answers={200: json_of("Checks", "Its health checks, in the order of the config")})
async def show(call: Call) -> Response:
    """Tell what each health check of one server says.

    What failed is told with the words of the check; of a command also the end of its output.
    """
    status = await call.parts.mirror.service(call.server)
    return JSONResponse(call.parts.health.checks(status))
