"""The web page's files: what a browser is given, and what nobody is."""

import gzip
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from daemon.webfiles import read_files
from daemon.webpage import WebPage

from .house import House, eventually
from .loops import both_loops
from .page import CODE, EDITOR, FONT, INDEX, LARGE, NONCE, SCRIPT, build, said, web, web_port, with_page

anyio_backend = both_loops

ENCODINGS = [
    ("br, gzip", "br"),
    ("gzip, deflate, br, zstd", "br"),
    ("gzip", "gzip"),
    ("GZIP;Q=0.5", "gzip"),
    ("br;q=0.1, gzip;q=0.9", "gzip"),
    ("br;q=0, *;q=0.3", "gzip"),
    ("*", "br"),
    ("*;q=0", None),
    ("identity", None),
    ("identity;q=0", None),
    ("identity;q=1, br;q=0.5", None),
    ("br;q=2", None),
    ("br;q=x", None),
    ("zstd", None),
    ("", None),
]


@pytest.fixture
async def house(folder: str) -> AsyncIterator[House]:
    async with with_page(folder) as house:
        yield house


async def test_the_page_has_a_fresh_nonce_in_each_answer_and_its_policy_names_it(house: House) -> None:
    nonces = []
    for path in ("/", "/index.html", "/?x=1"):
        answer = await web(house).get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
        found = set(NONCE.findall(answer.text))
        assert len(found) == 1
        (nonce,) = found
        assert answer.text == INDEX.replace("__CSP_NONCE__", nonce)
        policy = answer.headers["content-security-policy"]
        assert f"script-src 'self' 'nonce-{nonce}';" in policy
        assert f"style-src 'self' 'nonce-{nonce}';" in policy
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert answer.headers.get_list("content-security-policy") == [policy]
        nonces.append(nonce)
    assert len(set(nonces)) == len(nonces)


async def test_the_page_is_kept_nowhere_and_trusts_nobody(house: House) -> None:
    headers = (await web(house).get("/")).headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert headers["vary"] == "Accept-Encoding"
    assert "etag" not in headers


async def test_the_page_is_compressed_when_it_is_sent(house: House) -> None:
    plain = await web(house).get("/", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    packed = await web(house).get("/", headers={"Accept-Encoding": "br, gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert NONCE.sub("", packed.text) == NONCE.sub("", plain.text)


@pytest.mark.parametrize(("accepted", "encoding"), ENCODINGS)
async def test_a_file_comes_in_the_form_that_the_client_likes_best(
    house: House, accepted: str, encoding: str | None
) -> None:
    head = f"GET /{SCRIPT} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept-Encoding: {accepted}\r\n\r\n"
    answer = await said(web_port(house), head.encode())
    lines, _, body = answer.partition(b"\r\n\r\n")
    assert lines.startswith(b"HTTP/1.1 200 ")
    assert (b"content-encoding: " + (encoding or "").encode() in lines) == (encoding is not None)
    assert b"content-length: %d\r\n" % len(body) in lines
    assert b"\r\nvary: Accept-Encoding" in lines
    forms = {
        "br": b"brotli of the script",
        "gzip": gzip.compress(CODE.encode(), mtime=0),
        None: CODE.encode(),
    }
    assert body == forms[encoding]


@pytest.mark.parametrize(
    ("path", "media_type", "lasting"),
    [
        (SCRIPT, "text/javascript; charset=utf-8", True),
        (FONT, "font/woff2", True),
        ("favicon.svg", "image/svg+xml", False),
        ("site.webmanifest", "application/manifest+json", False),
    ],
)
async def test_a_name_with_a_hash_is_kept_for_ever_and_others_are_asked_for_again(
    house: House, path: str, media_type: str, lasting: bool
) -> None:
    answer = await web(house).get(f"/{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    kept = "public, max-age=31536000, immutable" if lasting else "no-cache"
    assert answer.headers["cache-control"] == kept
    assert answer.headers["x-content-type-options"] == "nosniff"
    etag = answer.headers["etag"]
    again = await web(house).get(f"/{path}", headers={"If-None-Match": f'"x", {etag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert again.headers["cache-control"] == kept
    other = await web(house).get(f"/{path}", headers={"If-None-Match": '"other"'})
    assert (other.status_code, other.content) == (200, answer.content)


async def test_each_form_has_a_name_of_its_own(house: House) -> None:
    etags = {
        (await web(house).head(f"/{SCRIPT}", headers={"Accept-Encoding": one})).headers["etag"]
        for one in ("br", "gzip", "identity")
    }
    assert len(etags) == 3


@pytest.mark.parametrize("path", ["/", "/index.html", f"/{SCRIPT}", f"/{LARGE}"])
async def test_a_head_tells_what_a_get_would(house: House, path: str) -> None:
    plain = {"Accept-Encoding": "identity"}
    whole = await web(house).get(path, headers=plain)
    head = await web(house).head(path, headers=plain)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(whole.content))
    assert head.headers["content-type"] == whole.headers["content-type"]


async def test_what_is_large_comes_whole(house: House) -> None:
    answer = await web(house).get(f"/{LARGE}")
    assert answer.text == EDITOR
    request = f"GET /{LARGE} HTTP/1.1\r\nHost: x\r\n\r\n" * 3 + "GET /nothing HTTP/1.1\r\nHost: x\r\n"
    answers = await said(web_port(house), f"{request}Connection: close\r\n\r\n".encode())
    assert answers.count(EDITOR.encode()) == 3, "in order, over one connection"
    assert answers.rpartition(EDITOR.encode())[2].startswith(b"HTTP/1.1 404 ")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"])
@pytest.mark.parametrize("path", ["/", f"/{SCRIPT}", "/nothing"])
async def test_a_page_can_only_be_read(house: House, method: str, path: str) -> None:
    answer = await web(house).request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "path",
    [
        "/../config.json",
        "/assets/../../config.json",
        "/assets/%2e%2e/%2e%2e/config.json",
        "/%2e%2e%2fconfig.json",
        "/..%2fconfig.json",
        "/assets/..\\..\\config.json",
        "/assets%00",
        "/index.html%00.js",
        "//etc/passwd",
        "/etc/passwd",
        "/.stamp",
        "/link.txt",
        "/linked/secret.txt",
        f"/{SCRIPT}.br",
        f"/{SCRIPT}.gz",
        f"/{SCRIPT}/",
        "/assets",
        "/assets/",
        "/index.html/",
        "/INDEX.HTML",
        "/ui/",
        "/ui",
        "/servers",
        "/apix",
        "/API/servers",
        "/%61pi%2fx",
        "/config.json",
        f"/{'x' * 5000}",
        "/%ff%fe",
    ],
)
async def test_what_is_no_file_of_the_page_is_not_there(folder: str, path: str) -> None:
    page = os.path.join(folder, "page")
    os.makedirs(os.path.join(folder, "outside"))
    Path(folder, "outside", "secret.txt").write_text("secret")
    build(page)
    os.symlink("../config.json", os.path.join(page, "link.txt"))
    os.symlink("../outside", os.path.join(page, "linked"))
    async with with_page(folder) as house:
        request = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        answer = await said(web_port(house), request.encode())
        assert answer.startswith(b"HTTP/1.1 404 "), answer[:200]
        assert b"This endpoint does not exist!" in answer


async def test_a_page_that_is_built_anew_is_served_without_a_restart(house: House) -> None:
    assert "Holdfast" in (await web(house).get("/")).text
    page = os.path.join(house.folder, "page")
    build(page, INDEX.replace("Holdfast", "The new one"))
    Path(page, "assets", "fresh-12345678.js").write_text("fresh")
    await eventually(lambda: web(house).get("/"), lambda answer: "The new one" in answer.text)
    assert (await web(house).get("/assets/fresh-12345678.js")).text == "fresh"


async def test_a_page_that_was_not_built_says_so_and_the_api_works(
    folder: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with with_page(folder, built=False) as house:
        answer = await web(house).get("/")
        assert (answer.status_code, answer.headers["content-type"]) == (503, "text/plain; charset=utf-8")
        assert "its web page was not built" in answer.text
        assert (await web(house).get(f"/{SCRIPT}")).status_code == 404
        assert (await web(house, house.token).get("/api/servers")).json() == {"servers": {"app": 1}}
        await house.configure()
        assert caplog.text.count("the web page was not built: ") == 1
        build(os.path.join(folder, "page"))
        await eventually(lambda: web(house).get("/"), lambda seen: seen.status_code == 200)


async def test_a_flood_of_files_costs_no_thread(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await web(house).get(f"/{SCRIPT}")
    request = f"GET /{SCRIPT} HTTP/1.1\r\nHost: x\r\n\r\n" * 500 + "GET /x HTTP/1.1\r\nConnection: close\r\n"
    with monkeypatch.context() as patch:
        patch.setattr(WebPage, "_look", None)  # where the threads are
        answer = await said(web_port(house), f"{request}Host: x\r\n\r\n".encode())
    assert answer.count(CODE.encode()) == 500


def test_what_is_too_large_or_no_file_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    build(str(tmp_path))
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setattr("daemon.webfiles.MOST_FILE", 50_000)
    found = read_files(str(tmp_path))
    assert set(found) == {"/index.html", f"/{SCRIPT}", f"/{FONT}", "/favicon.svg", "/site.webmanifest"}
    assert "it is too large" in caplog.text
    assert f"{tmp_path}/pipe is no part of the web page" in caplog.text
