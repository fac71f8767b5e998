"""`/openapi.json` and `/docs`: the API about itself. It tells nothing that is secret."""

from starlette.responses import Response

from ..conditions import date_of, outcome
from ..described import Content, Param, described, empty, json_of
from ..documents import Published
from ..errors import ApiError
from ..parts import Call
from ..schemas import ETAG, IF_MATCH
from ..shapes import TEXT

_CONDITIONS = (Param("If-None-Match", "Not if it has this ETag", TEXT), IF_MATCH)
_MODIFIED = {412: "modified"}


@described(
    "Holdfast",
    headers=_CONDITIONS,
    answers={
        200: json_of({"type": "object"}, "OpenAPI 3.1", ETAG),
        304: empty("The client has it already", ETAG),
    },
    errors=(_MODIFIED,),
)
async def openapi(call: Call) -> Response:
    """This API, for programs: an OpenAPI document."""
    return _answer(call, call.parts.documents.openapi)


@described(
    "Holdfast",
    headers=_CONDITIONS,
    answers={
        200: Content("This page", {"text/html": TEXT}, (ETAG,)),
        304: empty("The client has it already", ETAG),
    },
    errors=(_MODIFIED,),
)
async def page(call: Call) -> Response:
    """This API, for people: a page without scripts."""
    return _answer(call, call.parts.documents.page)


@described(
    "Config",
    headers=_CONDITIONS,
    answers={
        200: Content("JSON Schema 2020-12", {"application/schema+json": {"type": "object"}}, (ETAG,)),
        304: empty("The client has it already", ETAG),
    },
    errors=(_MODIFIED,),
)
async def config_schema(call: Call) -> Response:
    """Tell what a config may say: every key, what it means, its default, and what it may be.

    Keys may differ in case, and null is as if a key were not there.
    """
    return _answer(call, call.parts.documents.config_schema)


def _answer(call: Call, document: Published) -> Response:
    headers = {
        "Cache-Control": "no-cache",
        "Content-Security-Policy": document.policy,
        "ETag": document.etag,
        "Last-Modified": date_of(document.since),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    status = outcome(call.request.headers, document.etag, document.since)
    if status == 412:
        raise ApiError(412, "modified", "The document is not what it was!")
    if status == 304:
        return Response(status_code=304, headers=headers)
    return Response(document.text, headers=headers, media_type=document.media_type)
