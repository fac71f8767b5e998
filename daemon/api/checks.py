"""`/server/{id}/checks`: whether a server is well, and who says so."""

from starlette.responses import JSONResponse

from ..described import described, json_of
from ..parts import Answer, Call


@described("Servers", answers={200: json_of("Checks", "Its health checks, in the order of the config")})
def show(call: Call) -> Answer:
    """Tell what each health check of one server says.

    What failed is told with the words of the check; of a command also the end of its output.
    """
    return call.with_server(lambda status: JSONResponse(call.parts.health.checks(status)))
