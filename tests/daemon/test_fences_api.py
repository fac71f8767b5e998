"""Callers who are kept to some folders: by every route and every parameter, and nowhere else."""

import base64
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import httpx
import pytest

from daemon import routes
from daemon.access import Identity
from filemgr import Fences, RelPath

from ..filemgr.operations.trees import make, picture
from .filehouse import FileHouse, filing

REFUSED = {"error": "You are not allowed to access this resource!", "kind": "not-permitted"}
TREE = {
    "data/sub/f": "needle inside",
    "data/g": "g",
    "data/empty/": None,
    "data/out@": "../secret",
    "data/a.zip": "PK\5\6" + "\0" * 18,
    "data_secret/f": "needle outside",
    "secret/f": "needle outside",
    "secret/sub/f": "needle outside",
    "top": "needle outside",
}
OUTSIDE = ("secret/f", "secret/sub", "secret/nothing", "data_secret/f", "data/../top", "nothing/at/all", "/")

Ask = tuple[dict[str, str], dict[str, str], bytes]
"""The query, the headers and the body of a request."""

Kept = dict[str, list[str]]
"""To which folders `admin` is kept by a permission, or by any (`*`); whoever is on this machine is not."""


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Kept:
    kept: Kept = {"*": ["data"]}

    def fences(self: Identity, permission: str, server: str) -> Fences:
        assert permission.startswith("server.files.")
        assert server == "app"
        if self.user != "admin":
            return None
        return [RelPath.parse(path) for path in kept.get(permission, kept["*"])]

    monkeypatch.setattr(Identity, "fences", fences)
    return kept


@pytest.fixture
async def fs(folder: str, kept: Kept) -> AsyncIterator[FileHouse]:
    del kept
    async with filing(folder) as fs:
        make(str(fs.files), TREE)
        yield fs


def by_query(**more: str) -> Callable[[str], Ask]:
    return lambda path: ({"path": path, **more}, {}, b"")


def by_body(data: object, **query: str) -> Callable[[str], Ask]:
    """A body in which `PATH` stands for the path; in the query too."""

    def ask(path: str) -> Ask:
        text = data if isinstance(data, str) else json.dumps(data)
        return (
            {key: value.replace("PATH", path) for key, value in query.items()},
            {},
            text.replace("PATH", path).encode(),
        )

    return ask


def order(**words: str) -> Callable[[str], Ask]:
    return by_body(words)


def orders(**words: str) -> Callable[[str], Ask]:
    return by_body({"operations": [{"operation": "mv", "src": "data/g", "dest": "data/h"}, words]})


def form(path: str) -> Ask:
    body = b'--B\r\nContent-Disposition: form-data; name="upload"; filename="f"\r\n\r\nx\r\n--B--\r\n'
    return {"path": path}, {"Content-Type": "multipart/form-data; boundary=B"}, body


def begun(path: str) -> Ask:
    said = {
        key: base64.b64encode(value.encode()).decode() for key, value in (("path", path), ("filename", "f"))
    }
    metadata = ",".join(f"{key} {value}" for key, value in said.items())
    return {}, {"Tus-Resumable": "1.0.0", "Upload-Length": "1", "Upload-Metadata": metadata}, b""


PACK = [
    by_body(["data/g"], path="PATH"),
    by_body(["PATH"], path="data/new.zip"),
    by_body(["data/g", "PATH"], path="data/new.zip", archiveType="tar"),
    by_body(["f"], path="data/new.zip", basePath="PATH"),
]

# Of each route, every parameter that can name a place.
PLACES: Mapping[tuple[str, str], list[Callable[[str], Ask]]] = {
    ("GET", "files"): [by_query()],
    ("PATCH", "files"): [
        orders(operation="mv", src="PATH", dest="data/new"),
        orders(operation="mv", src="data/sub", dest="PATH"),
        orders(operation="cp", src="PATH", dest="data/new"),
        orders(operation="cp", src="data/sub", dest="PATH"),
        orders(operation="rm", path="PATH"),
    ],
    ("GET", "file"): [by_query(), by_query(archive="zip")],
    ("HEAD", "file"): [by_query(), by_query(archive="tar.zst")],
    ("POST", "file"): [form],
    ("PUT", "file"): [
        lambda path: ({"path": path}, {}, b"x"),
        lambda path: ({"path": path}, {"If-Match": "*"}, b"x"),
    ],
    ("PATCH", "file"): [
        order(operation="mv", src="PATH", dest="data/new"),
        order(operation="mv", src="data/g", dest="PATH"),
        order(operation="cp", src="PATH", dest="data/new"),
        order(operation="cp", src="data/sub", dest="PATH"),
        order(operation="chmod", path="PATH", mode="700"),
        by_body("mv\nPATH\ndata/new"),
        by_body("chmod\n700\nPATH"),
    ],
    ("DELETE", "file"): [by_query(), by_query(trash="true")],
    ("GET", "folder"): [by_query()],
    ("POST", "folder"): [by_query()],
    ("GET", "search"): [by_query(q="f"), by_query(q="needle", **{"in": "content"})],
    ("HEAD", "search"): [by_query(q="f")],
    ("POST", "compress"): PACK,
    ("POST", "compress/v2"): PACK,
    ("POST", "decompress"): [by_body("data/apart", path="PATH"), by_body("PATH", path="data/a.zip")],
    ("PATCH", "trash"): [order(id="GONE", dest="PATH")],
    ("POST", "uploads"): [begun],
}

# Those that name a thing in another way: their tests are below.
OTHERWISE = {
    ("GET", "compress"),
    ("GET", "compress/v2"),
    ("GET", "trash"),
    ("DELETE", "trash"),
    ("OPTIONS", "uploads"),
    *((method, "uploads/{upload}") for method in ("HEAD", "PATCH", "POST", "DELETE")),
}


async def ask(fs: FileHouse, method: str, what: str, asked: Ask) -> httpx.Response:
    query, headers, body = asked
    return await fs.house.remote.request(
        method, f"/server/app/{what}", params=query or None, headers=headers, content=body
    )


async def test_every_route_to_files_is_in_the_tables_here() -> None:
    rows = {
        (row.method, row.path.removeprefix("/server/{id}/"))
        for row in routes.ROUTES
        if "{id}" in row.path and (row.rule.needs or "").startswith("server.files.")
    }
    assert rows == {one for one in PLACES if one[0] != "HEAD"} | OTHERWISE


@pytest.mark.parametrize(("method", "what"), PLACES)
async def test_what_is_outside_is_refused_by_every_parameter_and_nothing_changes(
    fs: FileHouse, method: str, what: str
) -> None:
    gone = await trashed(fs, "data/empty")
    before = picture(str(fs.files))
    for make_ask in PLACES[method, what]:
        for path in OUTSIDE:
            if (method, what, path) == ("GET", "files", "/"):
                continue  # it is listed, but only what leads inside
            query, headers, body = make_ask(path)
            answer = await ask(fs, method, what, (query, headers, body.replace(b"GONE", gone.encode())))
            case = f"{method} {what} {query} {body!r} -> {answer.status_code} {answer.text}"
            assert answer.status_code == 403, case
            if method != "HEAD" and path != "/":
                assert answer.json()["error"].endswith(REFUSED["error"]), case
                assert what == "files" or answer.json() == REFUSED, case
            assert picture(str(fs.files)) == before, case
    assert [line for line in fs.lines() if line["user"] == "admin"] == []


@pytest.mark.parametrize(("method", "what"), PLACES)
async def test_what_is_inside_is_not(fs: FileHouse, method: str, what: str) -> None:
    gone = await trashed(fs, "data/empty")
    for make_ask in PLACES[method, what]:
        for path in ("data/sub", "/data/sub/f", "data/nothing"):
            query, headers, body = make_ask(path)
            answer = await ask(fs, method, what, (query, headers, body.replace(b"GONE", gone.encode())))
            assert answer.status_code in (200, 201, 400, 404, 409), f"{method} {what} {query} {answer.text}"


async def test_the_same_work_is_done_inside(fs: FileHouse) -> None:
    outside = {name: what for name, what in fs.tree().items() if not name.startswith("data/")}

    async def good(method: str, what: str, asked: Ask) -> httpx.Response:
        answer = await ask(fs, method, what, asked)
        assert answer.status_code in (200, 201), f"{method} {what}: {answer.text}"
        return answer

    assert (await good("GET", "file", by_query()("data/g"))).text == "g"
    assert len((await good("GET", "file", by_query(archive="zip")("data"))).content) > 100
    await good("POST", "file", form("data/sub"))
    await good("PUT", "file", ({"path": "data/put"}, {"If-None-Match": "*"}, b"put"))
    await good("POST", "folder", by_query()("data/made"))
    await good("PATCH", "file", order(operation="mv", src="data/put", dest="data/made")(""))
    await good("PATCH", "file", order(operation="cp", src="data/sub", dest="data/made")(""))
    await good("PATCH", "file", order(operation="chmod", path="data/made/put", mode="600")(""))
    await good("PATCH", "files", orders(operation="rm", path="data/made/sub")(""))
    await good(
        "POST",
        "compress",
        by_body(["data/sub", "data"], path="data/all.tar", archiveType="tar", compress="false")(""),
    )
    await good("POST", "decompress", by_body("data/apart", path="data/all.tar")(""))
    await good("DELETE", "file", by_query(trash="true")("data/made"))
    (one,) = (await good("GET", "trash", ({}, {}, b""))).json()["contents"]
    await good("PATCH", "trash", order(id=one["id"])(""))
    await good("DELETE", "file", by_query()("data/empty"))
    assert (await good("GET", "folder", by_query()("data"))).json()["files"] > 3
    found = await good("GET", "search", by_query(q="needle", **{"in": "content"})("data/sub"))
    assert "outside" not in found.text
    place = (await good("POST", "uploads", begun("data/sub"))).headers["location"]
    sent = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    assert (await ask(fs, "PATCH", place, ({}, sent, b"!"))).status_code == 204
    tree = fs.tree()
    assert {name: what for name, what in tree.items() if not name.startswith("data/")} == outside
    assert (tree["data/sub/f"], tree["data/made/put"], tree["data/h"]) == ("!", "put", "g")
    assert tree["data/apart/data/sub/f"] == "x"
    assert "data/empty" not in tree


async def trashed(fs: FileHouse, path: str) -> str:
    """Have somebody on this machine delete something; return its id in the trash."""
    answer = await fs.house.local.delete("/server/app/file", params={"path": path, "trash": "true"})
    assert answer.status_code == 200
    entries = (await fs.house.local.get("/server/app/trash")).json()["contents"]
    return str(next(one["id"] for one in entries if one["path"] == f"/{path}"))


async def test_the_fence_itself_is_neither_deleted_nor_moved_nor_replaced(fs: FileHouse) -> None:
    before = picture(str(fs.files))
    for path in ("data", "/data/", "data/sub/.."):
        for method, what, asked in [
            ("DELETE", "file", by_query()(path)),
            ("DELETE", "file", by_query(trash="true")(path)),
            ("PATCH", "file", order(operation="mv", src="PATH", dest="data/sub")(path)),
            ("PATCH", "file", order(operation="chmod", path="PATH", mode="700")(path)),
            ("PATCH", "files", by_body({"operations": [{"operation": "rm", "path": "PATH"}]})(path)),
            ("PUT", "file", ({"path": path}, {}, b"x")),
            ("POST", "folder", by_query()(path)),
        ]:
            answer = await ask(fs, method, what, asked)
            assert answer.status_code == 403, f"{method} {what}: {answer.text}"
            assert "dangerous" in answer.text
    assert picture(str(fs.files)) == before


async def names(fs: FileHouse, path: str) -> list[str]:
    answer = await fs.ask("GET", "files", path=path)
    assert answer.status_code == 200, answer.text
    return [one["name"] for one in answer.json()["contents"]]


async def test_a_browser_finds_its_way_from_the_root(fs: FileHouse, kept: Kept) -> None:
    assert await names(fs, "/") == ["data"]
    assert await names(fs, "data") == ["a.zip", "empty", "g", "out", "sub"]
    kept["server.files.view"] = ["data/sub", "secret/sub", "nothing"]
    assert await names(fs, "/") == ["data", "secret"]
    assert await names(fs, "data") == ["sub"]
    assert await fs.told("GET", "folder", path="data") == (403, REFUSED["error"])
    assert await fs.told("GET", "files", path="data/g") == (403, REFUSED["error"])
    kept["server.files.view"] = []
    assert await fs.told("GET", "files", path="/") == (403, REFUSED["error"])
    assert (await fs.ask("GET", "file", path="data/g")).text == "g"  # that is another permission


async def test_links_that_lead_out_are_refused(fs: FileHouse) -> None:
    for path in ("data/out", "data/out/f", "data/out/nothing"):
        for method, what in (("GET", "file"), ("GET", "files"), ("PUT", "file"), ("GET", "folder")):
            answer = await ask(fs, method, what, ({"path": path}, {}, b"x"))
            assert (answer.status_code, answer.json()["kind"]) == (400, "invalid-path")
    assert (fs.files / "secret" / "f").read_text() == TREE["secret/f"]


async def test_lines_of_files_are_for_who_may_download_them(
    fs: FileHouse, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept |= {
        "server.files.view": ["data", "secret"],
        "server.files.download": ["data/sub", "secret/sub/deeper"],
    }
    content = {"q": "needle", "in": "content"}
    assert "inside" in (await fs.ask("GET", "search", path="data/sub", **content)).text
    for path in ("data", "secret", "secret/sub"):
        assert (await fs.ask("GET", "search", path=path, **content)).json() == REFUSED
        assert (await fs.ask("GET", "search", path=path, q="f")).status_code == 200
    monkeypatch.setattr(
        Identity, "may", lambda _self, permission, _server: permission != "server.files.download"
    )
    assert (await fs.ask("GET", "search", path="data/sub", **content)).json() == REFUSED
    assert (await fs.ask("GET", "search", path="data/sub", q="f")).status_code == 200


async def test_the_trash_has_only_what_was_inside(fs: FileHouse) -> None:
    mine, others = await trashed(fs, "data/g"), await trashed(fs, "secret/f")
    await trashed(fs, "data/out/sub")  # which leads out
    contents = (await fs.ask("GET", "trash")).json()["contents"]
    assert [one["id"] for one in contents] == [mine]
    for body in ({"id": others}, {"id": others, "dest": "data/x"}, {"id": mine, "dest": "secret/g"}):
        assert (await fs.ask("PATCH", "trash", json.dumps(body))).json() == REFUSED
    assert (await fs.ask("DELETE", "trash", id=others)).json() == REFUSED
    assert await fs.told("DELETE", "trash") == (200, "")
    left = (await fs.house.local.get("/server/app/trash")).json()["contents"]
    assert sorted(one["path"] for one in left) == ["/data/out/sub", "/secret/f"]


async def test_an_upload_to_elsewhere_is_nobodys_here(fs: FileHouse) -> None:
    place, spoken = "/server/app/uploads", {"Tus-Resumable": "1.0.0"}
    answer = await fs.house.local.post(place, headers=begun("secret")[1])
    upload = answer.headers["location"]
    content = {**spoken, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    for method, headers, body in [
        ("HEAD", spoken, b""),
        ("PATCH", content, b"!"),
        ("POST", {**content, "X-HTTP-Method-Override": "PATCH"}, b"!"),
        ("POST", {**spoken, "X-HTTP-Method-Override": "DELETE"}, b""),
        ("DELETE", spoken, b""),
    ]:
        async with fs.house.parts.transfers.senders.sole(("app", upload.rpartition("/")[2])) as displaced:
            refused = await ask(fs, method, upload, ({}, headers, body))
            assert not displaced.is_set()  # whoever sends it just now is not disturbed
        assert refused.status_code == 403, refused.text
        assert method == "HEAD" or refused.json() == REFUSED
    here = await fs.house.local.head(f"/server/app/{upload}", headers=spoken)
    assert here.headers["upload-offset"] == "0"
    assert (
        await fs.house.local.patch(f"/server/app/{upload}", headers=content, content=b"!")
    ).status_code == 204
    assert (fs.files / "secret" / "f").read_text() == "!"


async def test_jobs_are_seen_and_stopped_by_who_ordered_them(fs: FileHouse) -> None:
    pack = {"path": "data/one.zip", "async": "true"}
    answer = await fs.house.local.post("/server/app/compress/v2", params=pack, content='["data/g"]')
    others = answer.json()["token"]
    answer = await fs.ask("POST", "compress/v2", '["data/g"]', **{**pack, "path": "data/two.zip"})
    mine = answer.json()["token"]
    for key in (others, mine):
        await fs.house.parts.jobs.find(key).outcome()
    assert [one["id"] for one in (await fs.house.remote.get("/jobs")).json()["jobs"]] == [mine]
    assert len((await fs.house.local.get("/jobs")).json()["jobs"]) == 2
    for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/events")):
        answer = await fs.house.remote.request(method, f"/jobs/{others}{path}")
        assert (answer.status_code, answer.json()) == (403, REFUSED)
    assert (await fs.house.remote.get(f"/jobs/{mine}")).json()["state"] == "done"
    for path in ("compress", "compress/v2"):
        assert (await fs.ask("GET", path, token=mine)).json() == {"finished": True}
        assert await fs.told("GET", path, token=others) == (400, "Invalid token!")


async def test_no_endpoint_opens_a_folder_by_another_way() -> None:
    for file in Path(routes.__file__).with_name("api").glob("*.py"):
        assert not re.search(r"files\.run\(|transfers\.folder\(|\bRoot\(|\bOrder\(", file.read_text()), file
