"""`holdfast login`, `logout`: a session at another machine, kept as a context."""

import contextlib
import os
import re
from dataclasses import replace
from urllib.parse import urlsplit

import click

from ..clients import Client
from ..contexts import LOCAL, NAME, Context, Contexts, Known
from ..failures import Failure
from ..finding import NotFound, check_private, look_around
from ..quick import quick_client
from ..refusals import NoSession, NotKnown, SecondFactorNeeded, TooManyLogins, WrongCode, WrongCredentials
from ..target import Target, same_address
from .exits import Exit, Stop, complain
from .invocation import Invocation, pass_invocation
from .passwords import ATTEMPTS, asked, asked_secretly, from_stdin, shown_password
from .shape import Shaped

username = click.option("--username", "-u", metavar="NAME", help="The account; otherwise it is asked for.")
code = click.option("--code", metavar="CODE", help="Of the second factor, if the account has one.")
allow_http = click.option(
    "--allow-http", is_flag=True, help="Let passwords and tokens go there unencrypted: the way is safe."
)


@click.command(cls=Shaped)
@click.argument("address", required=False, metavar="[URL]")
@username
@code
@allow_http
@from_stdin
@pass_invocation
def login(
    invocation: Invocation,
    address: str | None,
    username: str | None,
    code: str | None,
    allow_http: bool,
    stdin: bool,
) -> None:
    """Log in at a machine, and remember that as a context.

    Name and password are asked for, and the code of a second factor if one is needed. Without URL, it is
    the machine of the context (-C, or the current one). The token is kept in the file of the contexts.
    """
    contexts = Contexts.usual()
    known = contexts.read()
    name, before = _place(invocation, known, address)
    one = replace(before, allow_http=before.allow_http or allow_http)
    one = enter(one, username, code, stdin=stdin)
    keep(contexts, name, one, instead=True)
    _leave(before)
    out = invocation.out
    if invocation.json:
        out.json({"context": name, "url": one.url, "username": one.username})
    else:
        out.say(f"logged in to {one.url} as {one.username} (context {name})")
    settle(invocation, contexts, name)


@click.command(cls=Shaped)
@pass_invocation
def logout(invocation: Invocation) -> None:
    """End the session of a context, and forget its token."""
    found = invocation.found
    if found.target.socket:
        raise Stop(f"over {found.target.where} nobody is logged in: name the machine with -C", Exit.USAGE)
    if not found.target.token:
        raise Stop(f"nobody is logged in at {found.target.where}")
    note = ""
    try:
        invocation.client.session.logout()
    except NotKnown:
        note = "the session had ended already"
    except NoSession:
        note = "that was an API key: it is forgotten here, and good until it is ended (holdfast keys delete)"
    contexts = Contexts.usual()
    if found.context and contexts.read().named(found.context).token == found.target.token:
        contexts.enter(found.context, "", contexts.read().named(found.context).username)
    if note:
        invocation.out.note(note)
    if invocation.json:
        invocation.out.json({"success": True, "context": found.context or None})
    else:
        invocation.out.say(f"logged out of {found.target.where}")


def enter(one: Context, username: str | None, code: str | None, *, stdin: bool) -> Context:
    """Ask who it is, log in, and return the context with the token; raises `Failure`, `Stop`."""
    target = Target(url=one.url, ca=one.ca)
    if not one.allow_http:
        check_private(target, "your password")
    username = username or one.username or asked(f"Account at {one.url}: ", "--username")
    password = shown_password(username, stdin=stdin)
    with quick_client(target) as client:
        try:
            token = client.session.login(username, password, code)
        except SecondFactorNeeded:
            token = _with_code(client, username, password)
        except (WrongCredentials, WrongCode) as exc:
            raise Stop(str(exc), Exit.NOT_ALLOWED) from exc
        except TooManyLogins as exc:
            after = f" Nothing is heard for {exc.retry_after:.0f} s." if exc.retry_after else ""
            raise Stop(f"{exc}{after}", Exit.NOT_ALLOWED) from exc
    return replace(one, token=token, username=username)


def keep(contexts: Contexts, name: str, one: Context, *, instead: bool) -> None:
    """Write a context down; if that fails, no session is left of which nobody has the token."""
    try:
        contexts.add(name, one, instead=instead)
    except BaseException:
        _leave(one)
        raise


def certificates(invocation: Invocation) -> str:
    """Return the whole path of the certificates that were named; raises `Stop` if there is no such file."""
    path = os.path.abspath(invocation.ca) if invocation.ca else ""
    if path and not os.path.isfile(path):
        raise Stop(f"there is no file {path} with certificates", Exit.USAGE)
    return path


def settle(invocation: Invocation, contexts: Contexts, name: str) -> None:
    """Say how a new context is used; where nothing else could be meant, use it from now on."""
    if contexts.read().current == name:
        return
    if not contexts.read().current:
        try:
            look_around()
        except NotFound:
            contexts.use(name)
            invocation.out.note("Commands go there from now on (holdfast context use local: no more).")
            return
    invocation.out.note(f"Go there with -C {name}, or with all commands: holdfast context use {name}")


def _place(invocation: Invocation, known: Known, url: str | None) -> tuple[str, Context]:
    """Return the context that is meant, by name; it may be a new one."""
    name = invocation.context
    if url is None and name and name != LOCAL:
        return name, _with_address(known.named(name))
    if url is None and not invocation.url:
        found = invocation.found
        if found.context:
            return found.context, _with_address(known.named(found.context))
        url = found.target.url
        if not url:
            raise Stop(
                f"over {found.target.where} nobody needs to log in: name a machine, such as "
                "holdfast login https://games.example.org:42069",
                Exit.USAGE,
            )
    url = (url or invocation.url).rstrip("/")
    target = Target(url=url, ca=certificates(invocation))
    name = name or known.at(url) or _name(url, known)
    one = known.contexts.get(name, Context(url=url))
    if not one.url or not same_address(one.url, url):
        raise Stop(f"the context {name} is {one.where}: give this one another name", Exit.CONFLICT)
    return name, replace(one, ca=target.ca or one.ca)


def _with_address(one: Context) -> Context:
    if not one.url:
        raise Stop(f"over {one.where} nobody needs to log in", Exit.USAGE)
    return one


def _name(url: str, known: Known) -> str:
    """Return a name that no context has yet, by the host."""
    parts = urlsplit(url)
    host = re.sub(r"[^A-Za-z0-9._-]", "-", parts.hostname or "")[:50].strip("-._") or "machine"
    names = [host, f"{host}-{parts.port or parts.scheme}", *(f"{host}-{count}" for count in range(2, 1000))]
    return next(one for one in names if one not in known.contexts and one != LOCAL and NAME.fullmatch(one))


def _with_code(client: Client, username: str, password: str) -> str:
    for _ in range(ATTEMPTS):
        code = asked_secretly("Code of the second factor: ", "--code").replace(" ", "")
        try:
            return client.session.login(username, password, code)
        except WrongCode as exc:
            complain(str(exc))
    raise Stop("nobody was logged in, since the codes were wrong", Exit.NOT_ALLOWED)


def _leave(before: Context) -> None:
    """End the session that was there before: nobody has its token any more."""
    if before.token and before.username:
        target = before.target
        with contextlib.suppress(Failure), quick_client(target) as client:
            client.session.logout()
