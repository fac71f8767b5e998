"""`/shares`: links to one console or one file, for whoever has them, for a while."""

import os
from collections.abc import Sequence
from urllib.parse import quote

from starlette.responses import JSONResponse, Response

from filemgr import RelPath, Root, fence_around

from ..described import Param, described, json_of
from ..errors import NO_FILE, ApiError, NotPermitted, naming, saying
from ..keys import Key
from ..parts import Call
from ..schemas import JSON_BODY, SESSIONS_FILE
from ..shapes import FLAG, TEXT
from ..shares import KINDS, Share

USUAL_LIFE, LONGEST_LIFE = 86_400.0, 365 * 86_400.0


@described(
    "Access",
    query=(Param("all", "`true`: everybody's", FLAG),),
    answers={200: json_of("Shares", "The shares, without what opens")},
)
def list_all(call: Call) -> Response:
    """List one's own shares, or with `all=true` everybody's."""
    shares = call.parts.people.shares
    found = _own(call)
    if call.query("all") == "true":
        found = [share for share in shares.all() if call.who.may("shares.view", share.server)]
    return JSONResponse({"shares": [_described(share) for share in found]})


@described(
    "Access",
    body=json_of("ShareWish", "What is shared", example='{"kind":"console","server":"app"}'),
    answers={200: json_of("NewShare", "The link")},
    errors=(
        JSON_BODY,
        SESSIONS_FILE,
        {
            400: "invalid-kind invalid-path not-a-file",
            403: "not-permitted",
            404: "no-such-server no-such-file",
        },
        {409: "too-many-shares"},
    ),
)
async def create(call: Call) -> Response:
    """Share a console or a file of a server, read-only; the link is shown only now."""
    if isinstance(call.who.holder, Key):
        raise NotPermitted("A key cannot share: what it shared would outlive it!")
    wish = await call.wish()
    wish.only("kind", "server", "path", "expiresIn")
    kind, server = wish.text("kind") or "", wish.text("server") or ""
    if kind not in KINDS:
        raise ApiError(400, "invalid-kind", "What can be shared is a console or a file!")
    path = _path(wish.text("path") or "") if kind == "file" else RelPath()
    if not (call.who.may("shares.create", server) and call.who.may(KINDS[kind], server)):
        raise NotPermitted
    if kind == "file":
        fence_around(call.who.fences(KINDS[kind], server), path)  # before anything is looked for
    await call.parts.mirror.service(server)
    if kind == "file":
        with saying(NO_FILE):
            await call.inside_of(server, KINDS[kind], lambda root: _look(root, path))
    lifetime = wish.seconds("expiresIn", LONGEST_LIFE) or USUAL_LIFE
    token, share = await call.parts.people.shares.create(kind, call.owner, server, str(path), lifetime)
    call.record("shares.create", server=server, kind=kind, **({"path": str(path)} if kind == "file" else {}))
    said = {"token": token, "url": _url(share, token), **_described(share)}
    return JSONResponse(said, headers={"cache-control": "no-store"})


@described(
    "Access",
    query=(Param("id", "Which one", TEXT, required=True, example="SHARE"),),
    answers={200: json_of("Success", "It has ended, for those as well who are looking")},
    errors=({400: "no-id", 403: "not-permitted", 404: "no-such-entry"}, SESSIONS_FILE),
)
async def end(call: Call) -> Response:
    """End a share by `id`; who is looking is cut off."""
    shares = call.parts.people.shares
    share = shares.get(call.named)
    if share not in _own(call) and not call.who.may("shares.delete", share.server):
        raise NotPermitted
    call.record("shares.delete", server=share.server, kind=share.kind, taggedUser=share.owner)
    await shares.end([share], "end a share")
    return JSONResponse({"success": True})


def _own(call: Call) -> Sequence[Share]:
    """Return the shares that are the caller's business: a key has none."""
    return () if isinstance(call.who.holder, Key) else call.parts.people.shares.of(call.owner)


def _path(text: str) -> RelPath:
    with naming("file"):
        path = RelPath.parse(text)
    if path.is_root:
        raise ApiError(400, "not-a-file", "This is not a file!")
    return path


def _look(root: Root, path: RelPath) -> None:
    """Raise if this is no file: else a share of it would be one of a folder."""
    os.close(root.open_file(path))


def _url(share: Share, token: str) -> str:
    """Return what to ask for, from the root of the API on."""
    server = f"/server/{quote(share.server, safe='')}"
    if share.kind == "file":
        return f"{server}/file?path={quote(share.path, safe='/')}&share={token}"
    return f"{server}/console?share={token}"


def _described(share: Share) -> dict[str, object]:
    return {
        "id": share.id,
        "kind": share.kind,
        "server": share.server,
        "path": share.path if share.kind == "file" else None,
        "owner": share.owner,
        "created": round(share.created, 3),
        "expires": round(share.expires, 3),
        "lastUse": round(share.used, 3) or None,
        "lastAddress": share.address or None,
    }
