"""`holdfast context`: machines by name."""

import os
from collections.abc import Mapping

import click

from ..contexts import LOCAL, Context, Contexts, check_name
from ..failures import Failure
from ..finding import check_private, read_token
from ..target import Target
from .completing import CONTEXT
from .entering import allow_http, certificates, code, enter, keep, settle, username
from .exits import Exit, Stop
from .invocation import Invocation, pass_invocation
from .lists import tell
from .output import BOLD, Cell
from .passwords import from_stdin, secret_line
from .shape import Shaped, ShapedGroup

HEADER = ("CURRENT", "NAME", "WHERE", "ACCOUNT", "TOKEN")

ALIASES = {
    "ls": "list",
    "create": "add",
    "rm": "remove",
    "delete": "remove",
    "switch": "use",
    "inspect": "show",
}

_WINNERS = ("HOLDFAST_SOCKET", "HOLDFAST_URL", "HOLDFAST_CONTEXT")
"""Variables that win over the current context."""


@click.group(cls=ShapedGroup, aliases=ALIASES)
def context() -> None:
    """Give names to machines, and choose the one that commands go to.

    The first of these counts: --socket, --url, --context, --config, HOLDFAST_SOCKET, HOLDFAST_URL,
    HOLDFAST_CONTEXT, the current context (context use), the Holdfast of this folder, that of this machine.
    """


@context.command(cls=Shaped)
@click.argument("name")
@click.argument("where", metavar="URL|unix:PATH")
@click.option("--token-stdin", is_flag=True, help="Read a token or an API key from standard input.")
@click.option("--login", "enters", is_flag=True, help="Log in there at once.")
@username
@code
@allow_http
@click.option("--replace", "instead", is_flag=True, help="Replace the context that is called so.")
@from_stdin
@pass_invocation
def add(
    invocation: Invocation,
    name: str,
    where: str,
    token_stdin: bool,
    enters: bool,
    username: str | None,
    code: str | None,
    allow_http: bool,
    instead: bool,
    stdin: bool,
) -> None:
    """Remember a machine by a name.

    The token is read from standard input, from a file (--token-file), or is that of a new session
    (--login). It is kept in a file that only you can read, and never shown.
    """
    check_name(name)
    contexts = Contexts.usual()
    if name in contexts.read().contexts and not instead:
        raise Stop(f"there is a context {name} already: replace it with --replace", Exit.CONFLICT)
    one = _described(invocation, where, allow_http=allow_http)
    if sum((token_stdin, enters, bool(invocation.token or invocation.token_file))) > 1:
        raise click.UsageError("say one of --token-stdin, --token-file and --login")
    if one.socket and (token_stdin or enters or invocation.token or invocation.token_file):
        raise click.UsageError("over a Unix socket nobody needs a token: the system knows who you are")
    if enters:
        one = enter(one, username, code, stdin=stdin)
    elif token_stdin or invocation.token or invocation.token_file:
        one = _with_token(invocation, one, token_stdin=token_stdin)
    keep(contexts, name, one, instead=instead)
    if invocation.json:
        invocation.out.json(_told(name, one, current=False))
    else:
        invocation.out.say(f"added context {name}: {one.where}")
    settle(invocation, contexts, name)


@context.command("list", cls=Shaped)
@pass_invocation
def list_all(invocation: Invocation) -> None:
    """List the contexts; the current one has an asterisk."""
    known = Contexts.usual().read()
    every = known.contexts.items()
    told = [_told(name, one, current=name == known.current) for name, one in every]
    rows = [_row(name, one, name == known.current) for name, one in every]
    nothing = "there are no contexts: add one with holdfast context add NAME URL, or holdfast login URL"
    tell(invocation, told, HEADER, rows, nothing)


@context.command(cls=Shaped)
@click.argument("name", type=CONTEXT)
@pass_invocation
def use(invocation: Invocation, name: str) -> None:
    """Let commands go to a context from now on; `local` is this machine."""
    Contexts.usual().use(name)
    if invocation.json:
        invocation.out.json({"current": None if name == LOCAL else name})
    else:
        invocation.out.say("commands go to this machine" if name == LOCAL else f"commands go to {name}")
    for variable in _WINNERS:
        if os.environ.get(variable):
            invocation.out.note(f"But {variable} is set here, and wins: unset {variable}")


@context.command(cls=Shaped)
@click.argument("name", type=CONTEXT)
@pass_invocation
def remove(invocation: Invocation, name: str) -> None:
    """Forget a context, and its token."""
    one = Contexts.usual().remove(name)
    if invocation.json:
        invocation.out.json({"removed": name})
    else:
        invocation.out.say(f"removed context {name}")
    if one.token and one.username:
        invocation.out.note(f"The session of {one.username} there goes on until it is ended or forgotten.")


@context.command(cls=Shaped)
@click.argument("name", required=False, type=CONTEXT)
@pass_invocation
def show(invocation: Invocation, name: str | None) -> None:
    """Show a context, or which Holdfast commands go to from here, and why."""
    known = Contexts.usual().read()
    if name is not None:
        named, one, by = name, known.named(name), ""
    else:
        try:
            found = invocation.found
        except Failure as exc:
            raise Stop(f"commands go nowhere from here: {exc}", Exit.UNREACHABLE) from exc
        target = found.target
        named, by = found.context, found.by
        one = known.contexts.get(named, Context(target.socket, target.url, target.token, ca=target.ca))
    if invocation.json:
        told = _told(named, one, current=bool(named) and named == known.current)
        invocation.out.json({**told, "by": by} if by else told)
        return
    lines = {
        "Context": named or "none",
        "Where": one.where,
        "Chosen by": by,
        "Account": one.username,
        "Token": "kept" if one.token else "",
        "Certificates": one.ca,
        "Unencrypted": "allowed" if one.allow_http else "",
    }
    invocation.out.pairs({key: value for key, value in lines.items() if value})


def _described(invocation: Invocation, where: str, *, allow_http: bool) -> Context:
    for prefix in ("unix://", "unix:"):
        if where.startswith(prefix):
            where = where.removeprefix(prefix)
            if not where.startswith("/"):
                raise click.UsageError("unix: is followed by the whole path, from / on")
            break
    if where.startswith("/"):
        return Context(socket=where)
    ca = certificates(invocation)
    Target(url=where)  # says what is wrong with an address
    return Context(url=where.rstrip("/"), ca=ca, allow_http=allow_http)


def _with_token(invocation: Invocation, one: Context, *, token_stdin: bool) -> Context:
    if not one.allow_http:
        check_private(one.target, "the token")
    if token_stdin:
        token = secret_line("token").strip()
    else:
        token = invocation.token or read_token(invocation.token_file)
    Target(url=one.url, token=token)  # says what is wrong with a token
    return Context(url=one.url, token=token, ca=one.ca, allow_http=one.allow_http)


def _row(name: str, one: Context, current: bool) -> tuple[str, ...]:
    return (
        "*" if current else "",
        Cell(name, BOLD) if current else name,
        one.where,
        one.username,
        "kept" if one.token else "",
    )


def _told(name: str, one: Context, *, current: bool) -> Mapping[str, object]:
    """Return a context for programs, without its token."""
    return {
        "name": name or None,
        "url": one.url or None,
        "socket": one.socket or None,
        "username": one.username or None,
        "ca": one.ca or None,
        "allowHttp": one.allow_http,
        "hasToken": bool(one.token),
        "current": current,
    }
