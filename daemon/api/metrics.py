"""`/metrics`: the numbers for Prometheus."""

from starlette.responses import Response

from ..described import Content, described
from ..metrics import OPEN_METRICS
from ..parts import Call
from ..shapes import TEXT


@described(
    "Holdfast",
    answers={200: Content("The numbers", {"text/plain": TEXT, OPEN_METRICS: TEXT})},
)
async def show(call: Call) -> Response:
    """Tell Prometheus the numbers of the daemon, the supervisor, and the servers that the caller may see.

    As OpenMetrics for who asks for that in `Accept`, else as the older text.
    """
    who = call.who
    accept = call.request.headers.get("accept", "")
    text, kind = await call.parts.metrics.text(accept, lambda name: who.may("server.view", name))
    return Response(text, headers={"content-type": kind, "cache-control": "no-store"})
