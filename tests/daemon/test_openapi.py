"""The OpenAPI document and its page: complete, valid, and what the daemon serves."""

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator

from openapi_spec_validator import validate

from daemon.described import Description, SocketDescription, described, description_of, json_of, prose_of
from daemon.documents import Documents
from daemon.nodes import Node, items, named, node, nodes, text
from daemon.openapi import TAGS, document, operation_id
from daemon.parts import Call
from daemon.routes import ROUTES, SOCKET_ROUTES, Row
from supervisor import VERSION

from .house import House

DOCUMENT: Node = json.loads(Documents(document).openapi.text)
WORDS = re.compile("[a-z]+(-[a-z]+)*")


def operations() -> Iterator[tuple[Row, Node]]:
    """Yield each row with what the document says of it."""
    for row in ROUTES:
        yield row, node(node(node(DOCUMENT, "paths"), row.path), row.method.lower())


def answers(operation: Node, status: str) -> str:
    return text(node(node(operation, "responses"), status), "description")


def test_every_endpoint_is_described() -> None:
    for row in ROUTES:
        description = description_of(row.endpoint, Description)
        assert description is not None, f"@described is missing at {row.endpoint.__qualname__}"
        assert description.tag in TAGS, description.tag
        assert prose_of(row.endpoint)[0], row.endpoint
    for socket_row in SOCKET_ROUTES:
        description_of_socket = description_of(socket_row.endpoint, SocketDescription)
        assert description_of_socket is not None, socket_row.endpoint
        assert description_of_socket.tag in TAGS


def test_the_document_is_valid() -> None:
    validate(DOCUMENT)
    assert DOCUMENT["openapi"] == "3.1.0"
    assert text(node(DOCUMENT, "info"), "version") == VERSION


def test_every_route_is_in_it_under_a_name_of_its_own() -> None:
    names = [text(operation, "operationId") for _, operation in operations()]
    assert len(set(names)) == len(names) == len(ROUTES)
    assert operation_id("GET", "/server/{id}/files") == "getServerIdFiles"
    assert operation_id("GET", "/") == "getRoot"


def test_what_a_route_needs_follows_from_its_rule() -> None:
    for row, operation in operations():
        schemes = [name for scheme in nodes(operation, "security") for name in scheme]
        assert operation.get("x-permission") == row.rule.needs, row.path
        assert ("ticket" in schemes) == row.rule.ticket, row.path
        assert ("token" in schemes) == (row.rule.needs is not None), row.path
        assert ("not-authenticated" in answers(operation, "401")) == (row.rule.needs is not None)
        if row.path != "/shares":  # there the body names one
            assert ("no-such-server" in answers(operation, "404")) == ("{id}" in row.path)


def test_every_path_with_a_websocket_says_so() -> None:
    for row in SOCKET_ROUTES:
        told = node(node(node(DOCUMENT, "paths"), row.path), "x-websocket")
        assert told["x-permission"] == row.rule.needs
        protocols = {"", "console-v2", "console-v3"} if row.path.endswith("/console") else {""}
        assert set(node(told, "subprotocols")) == protocols
        assert "4401" in node(told, "closeCodes")


def test_errors_have_words_that_programs_can_tell_apart() -> None:
    for row, operation in operations():
        for status, answer in named(operation, "responses"):
            if status >= "4":
                for word in text(answer, "description").split(", "):
                    assert WORDS.fullmatch(word), f"{row.method} {row.path} {status}: {word}"


def test_every_schema_that_is_named_is_there_and_none_is_forgotten() -> None:
    there = set(node(node(DOCUMENT, "components"), "schemas"))
    assert set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(DOCUMENT))) == there


def test_what_a_description_says_changes_nothing_about_the_endpoint() -> None:
    async def endpoint(call: Call) -> None:
        """Do nothing.

        At length.
        """
        del call

    same = described("Holdfast", answers={200: json_of("Success", "Done")})(endpoint)
    assert same is endpoint
    assert prose_of(endpoint) == ("Do nothing", "At length.")


async def test_it_is_served_to_everybody_and_not_twice(house: House) -> None:
    for client in (house.nobody, house.remote, house.local):
        answer = await client.get("/openapi.json")
        assert (answer.status_code, answer.json()) == (200, DOCUMENT)
        again = await client.get("/openapi.json", headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        head = await client.head("/openapi.json")
        assert (head.status_code, head.headers["etag"]) == (200, answer.headers["etag"])
        other = await client.get("/openapi.json", headers={"If-Match": '"other"'})
        assert (other.status_code, other.json()["kind"]) == (412, "modified")


async def test_the_page_is_well_formed_and_needs_nobody_else(house: House) -> None:
    answer = await house.nobody.get("/docs")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    page = ET.fromstring(answer.text)
    kinds = {element.tag for element in page.iter()}
    assert not kinds & {"script", "img", "link", "iframe", "form", "object"}
    anchors = [element.get("id") for element in page.iter() if element.get("id")]
    assert len(set(anchors)) == len(anchors)
    for element in page.iter("a"):
        where = str(element.get("href"))
        assert where == "openapi.json" or where.removeprefix("#") in anchors, where
    assert not any("style" in element.attrib or "onclick" in element.attrib for element in page.iter())


async def test_the_page_has_every_route_and_how_it_is_called(house: House) -> None:
    page = ET.fromstring((await house.nobody.get("/docs")).text)
    titles = ["".join(heading.itertext()) for heading in page.iter("h3")]
    for method, path in [
        *((row.method, row.path) for row in ROUTES),
        *(("WS", row.path) for row in SOCKET_ROUTES),
    ]:
        assert f"{method} {path}" in titles
    examples = ["".join(example.itertext()) for example in page.iter("pre")]
    assert len(examples) == len(ROUTES)
    assert 'curl -X POST "$api/server/ID" -H "Authorization: $token" -d START' in "\n".join(examples)
    assert 'curl --unix-socket state/api.sock "http://x/servers"' in "\n".join(examples)


def test_what_stands_in_a_description_is_text_and_never_html() -> None:
    evil = "<script>alert('\"&')</script>"
    made = {
        "info": {"title": evil, "version": evil, "description": evil},
        "tags": [{"name": "x", "description": evil}],
        "paths": {
            "/x": {
                "get": {"tags": ["x"], "summary": evil, "x-permission": evil, "parameters": [{"name": evil}]}
            }
        },
        "components": {"schemas": {"X": {"type": evil, "enum": [evil]}}},
    }
    page = Documents(lambda: made).page.text.decode()
    assert "<script" not in page
    assert not [element for element in ET.fromstring(page).iter() if element.tag == "script"]
    assert not items(made, "info")
