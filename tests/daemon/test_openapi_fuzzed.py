"""Schemathesis asks the daemon whatever its description allows, and much that it does not."""

import json
import subprocess
import sys
from pathlib import Path

import anyio

from .filehouse import FileHouse, filing
from .house import PASSWORD

ROOT = Path(__file__).parents[2]

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "ignored_auth",
    "unsupported_method",
    "missing_required_header",
    "use_after_free",
)

EXAMPLES = 8
"""Requests that are drawn for each route; those for each limit and each wrong type come on top."""

REACHED = 27
"""Routes at least that must have answered well at least once: else the run says little."""

SETTINGS = """
hooks = "{root}/tests/daemon/fence.py"
request-timeout = 20

[checks.missing_required_header]
expected-statuses = [400, 401, 403, 412]  # 412: tus wants it so

[dictionaries]
accounts = {{ values = ["ann", "bob"] }}
paths = {{ values = ["a.txt", "sub", "sub/b.txt", "link", "new", "/", "../x", "a.zip", "sub/.."] }}

[parameters]
"path.id" = "app"
"path.upload" = "{upload}"
"header.Username" = "admin"
"header.Password" = "{password}"
"query.follow" = "false"  # what follows has no end
"query.username" = {{ dictionary = "accounts", probability = 0.7 }}
"query.path" = {{ dictionary = "paths", probability = 0.7 }}
"body.src" = {{ dictionary = "paths", probability = 0.7 }}
"body.dest" = {{ dictionary = "paths", probability = 0.7 }}

[headers]
Authorization = "{token}"

[[operations]]
include-path = "/jobs/events"  # it has no end
enabled = false

[[operations]]
include-path = "/events"  # it has no end either
enabled = false

[[operations]]
include-path = "/live"  # nor has this
enabled = false

[[operations]]
include-path = "/logout"  # it ends the session, so it has one of its own
headers = {{ Authorization = "{leaving}" }}
"""


async def furnish(shelf: FileHouse) -> str:
    """Make what the settings name; return the id of an upload."""
    (shelf.files / "a.txt").write_text("hello\n" * 10)
    (shelf.files / "sub").mkdir()
    (shelf.files / "sub" / "b.txt").write_text("there")
    (shelf.files / "link").symlink_to("a.txt")
    for name in ("ann", "bob"):
        await shelf.house.parts.people.accounts.create(name, PASSWORD)
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "9", "Upload-Metadata": "filename bW9kLmphcg=="}
    answer = await shelf.house.remote.post("/server/app/uploads", headers=headers)
    return answer.headers["location"].rpartition("/")[2]


async def test_it_finds_no_500_and_no_answer_that_is_not_described(folder: str, tmp_path: Path) -> None:
    async with filing(folder) as shelf:
        upload = await furnish(shelf)
        house, config, report = shelf.house, tmp_path / "schemathesis.toml", tmp_path / "report.json"
        key = await house.remote.post("/keys", json={"name": "schemathesis"})  # no logout ends it
        own = {"token": key.json()["key"], "leaving": await house.log_in(), "password": PASSWORD}
        config.write_text(SETTINGS.format(root=ROOT, upload=upload, **own))
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "--no-color"]
        command += ["run", f"http://127.0.0.1:{house.port}/openapi.json", "--checks", ",".join(CHECKS)]
        command += ["--generation-deterministic", "--max-examples", str(EXAMPLES), "--continue-on-failure"]
        command += ["--report-json-path", str(report)]
        ran = await anyio.run_process(command, cwd=tmp_path, check=False, stderr=subprocess.STDOUT)
        assert ran.returncode == 0, ran.stdout.decode()
        found = json.loads(report.read_bytes())
        assert found["operations"]["tested"] == found["operations"]["selected"]
        left_out = found["operations"]["total"] - found["operations"]["selected"]
        assert left_out == SETTINGS.count("enabled = false")
        well = [
            name
            for name, phases in found["valid_rates"].items()
            if any(phase["accepted"] for phase in phases.values())
        ]
        assert len(well) >= REACHED, sorted(found["valid_rates"].keys() - set(well))
