"""There is one exception for each kind of error that the API knows."""

import ast
import copy
import itertools
import pickle
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from client import refusals
from client.contexts import NoSuchContext
from client.exchange import Response
from client.failures import CannotConnect, ConnectionLost, Failure, NotHoldfast, Refused, refusal
from client.jobs import Job, JobFailed
from client.reactions import GROUPS, Invalid, NotThere, Unavailable, WentWrong, group_of
from client.refusals import KINDS
from client.varlink import Declined

DAEMON = Path(__file__).parents[2] / "daemon"

_WORD = re.compile(r"[a-z]+(-[a-z]+)*")
_STATUS = range(400, 600)


def words(node: ast.expr | None) -> Iterator[str]:
    """Yield the kinds that a text names, with blanks between them; none of a sentence."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        found = node.value.split()
        if all(map(_WORD.fullmatch, found)):
            yield from found


def is_status(node: ast.expr | None) -> bool:
    match node:
        case ast.Constant(value=int(number)):
            return number in _STATUS
        case ast.IfExp(body=body, orelse=other):  # 507 if … else 500
            return is_status(body) and is_status(other)
    return False


def after_a_status(nodes: list[ast.expr]) -> Iterator[str]:
    """Yield what stands right after a status, in a call or in a row of a table."""
    for status, kind in itertools.pairwise(nodes):
        if is_status(status):
            yield from words(kind)


def kinds_in(tree: ast.AST) -> Iterator[str]:
    """Yield the kinds that a module of the daemon can answer: where one is made, or documented."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="Overcrowded"), args=[kind, *_]):
                yield from words(kind)
            case ast.Call(func=ast.Name(id="_check"), args=[_, _, kind, *_]):
                yield from words(kind)
            case ast.Tuple(elts=elts) | ast.Call(args=elts):
                yield from after_a_status(elts)
            case ast.Dict(keys=keys, values=values):
                for key, value in zip(keys, values, strict=True):
                    if is_status(key) and isinstance(value, ast.Constant):
                        yield from words(value)
            case _:
                yield from _named(node)


def _named(node: ast.AST) -> Iterator[str]:
    """Yield the kind that is given a name before it is used."""
    match node:
        case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
            for name, value in zip(names, values, strict=True):
                if isinstance(name, ast.Name) and name.id == "kind":
                    yield from words(value)


def told_with_an_error(tree: ast.AST) -> Iterator[str]:
    """Yield the kind beside each `error` of a dictionary."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            told = {
                key.value: value
                for key, value in zip(node.keys, node.values, strict=True)
                if isinstance(key, ast.Constant)
            }
            if "error" in told and "kind" in told:
                yield from words(told["kind"])


def of_the_daemon() -> dict[str, str]:
    """Return all kinds, and a file that has each."""
    found: dict[str, str] = {}
    for file in sorted(DAEMON.rglob("*.py")):
        tree = ast.parse(file.read_bytes())
        for kind in (*kinds_in(tree), *told_with_an_error(tree)):
            found.setdefault(kind, file.name)
    return found


def test_each_kind_of_the_daemon_has_its_exception_and_the_other_way_round() -> None:
    known = of_the_daemon()
    assert {kind: file for kind, file in known.items() if kind not in KINDS} == {}, "not in client/refus*.py"
    assert sorted(set(KINDS) - set(known)) == [], "the daemon has no such kinds (any more)"


def test_the_daemon_is_really_read() -> None:
    known = of_the_daemon()
    for kind in (
        "no-such-server",
        "cannot-start",
        "operation-failed",
        "too-many-websockets",
        "too-many-viewers",
    ):
        assert kind in known
    for kind in ("not-ready", "os-error", "too-slow", "invalid-json", "too-many-logins", "wrong-offset"):
        assert kind in known


def test_each_kind_is_in_one_group_and_can_be_had_from_one_module() -> None:
    for kind, exception in KINDS.items():
        assert sum(issubclass(exception, group) for group in GROUPS) == 1, kind
        assert getattr(refusals, exception.__name__) is exception
        assert exception.__doc__


def answer(status: int, body: bytes = b"", **headers: str) -> Response:
    return Response(status, {key.replace("_", "-"): value for key, value in headers.items()}, body)


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (answer(404, b'{"error":"x","kind":"no-such-server"}'), refusals.KINDS["no-such-server"]),
        (answer(404, b'{"error":"x","kind":"new"}'), NotThere),
        (answer(404), NotThere),
        (answer(418, b"{}"), Invalid),
        (answer(503, b'{"kind":5}'), Unavailable),
        (answer(500, b'{"error":["x"]}'), WentWrong),
        (answer(301), NotHoldfast),
        (answer(502, b"<html>Bad Gateway"), NotHoldfast),
        (answer(400, b"[" * 200_000), NotHoldfast),
        (answer(400, b"[]"), NotHoldfast),
    ],
)
def test_whatever_is_answered_there_is_an_exception_for_it(response: Response, kind: type[Failure]) -> None:
    assert type(refusal(response)) is kind


def test_a_refusal_tells_when_to_come_back() -> None:
    body = b'{"error":"too many!","kind":"too-many-logins"}'
    found = refusal(answer(429, body, retry_after="7"))
    assert isinstance(found, Refused)
    assert found.retry_after == 7.0
    assert isinstance(other := refusal(answer(429, body, retry_after="Wed, 21 Oct 2026")), Refused)
    assert other.retry_after is None


def test_a_status_that_is_no_refusal_has_no_group() -> None:
    assert group_of(200) is Refused


@pytest.mark.parametrize(
    "failure",
    [
        refusals.NoSuchServer(404, "no-such-server", "none", {"detail": "really"}),
        CannotConnect("/x", "nobody listens there"),
        ConnectionLost("gone"),
        JobFailed("it failed", Job(id="j", kind="copy", server="web", state="failed")),
        NoSuchContext("prod", {}),
        Declined("NoSuchService", {"reason": "none"}),
    ],
)
def test_a_failure_goes_from_process_to_process_as_it_is(failure: Failure) -> None:
    for other in (pickle.loads(pickle.dumps(failure)), copy.copy(failure)):
        assert type(other) is type(failure)
        assert str(other) == str(failure)
        assert vars(other) == vars(failure)
