"""`scripts/webui.py`: when it builds, what it fetches for that, and what is left when it cannot."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from .checkout import Checkout


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    checkout = Checkout(tmp_path / "checkout")
    yield checkout
    checkout.end()


def test_a_page_is_built_when_its_sources_have_changed_and_not_otherwise(checkout: Checkout) -> None:
    assert checkout.webui("build").returncode == 0
    assert (checkout.shown(), checkout.calls()) == ("one", ["ci --ignore-scripts --omit=dev", "build"])
    again = checkout.webui("build")
    assert (again.returncode, again.stderr, len(checkout.calls())) == (0, "", 2)
    checkout.source.write_text("two")
    assert checkout.webui("build").returncode == 0
    assert (checkout.shown(), checkout.calls()[2:]) == ("two", ["build"])
    (checkout.folder / "webui" / "package-lock.json").write_text("{ }")
    assert checkout.webui("build").returncode == 0
    assert checkout.calls()[3:] == ["ci --ignore-scripts --omit=dev", "build"]
    assert checkout.left_over() == []


def test_a_page_that_was_removed_is_built_again(checkout: Checkout) -> None:
    checkout.webui("build")
    (checkout.page / "index.html").unlink()
    assert checkout.webui("build").returncode == 0
    assert checkout.shown() == "one"


def test_what_was_fetched_for_testing_will_do_for_building_but_not_the_other_way_round(
    checkout: Checkout,
) -> None:
    checkout.webui("build")
    assert checkout.webui("check", "test").stdout.splitlines() == ["the test was run"]
    assert checkout.calls()[2:] == ["ci --ignore-scripts --include=dev", "check", "test"]
    checkout.source.write_text("two")
    assert checkout.webui("install", "build").returncode == 0
    assert checkout.calls()[5:] == ["build"]


def test_a_build_that_fails_leaves_the_old_page_and_says_why(checkout: Checkout) -> None:
    (checkout.programs / "fail-build").write_text("line 7: nonsense\n")
    failed = checkout.webui("build")
    assert (failed.returncode, checkout.page.exists()) == (1, False)
    assert "the web page could not be built and there is none for now" in failed.stderr
    (checkout.programs / "fail-build").unlink()
    checkout.webui("build")
    checkout.source.write_text("two")
    (checkout.programs / "fail-build").write_text("line 7: nonsense\n")
    failed = checkout.webui("build")
    assert (failed.returncode, checkout.shown()) == (1, "one")
    assert "could not be built and the one that was built before stays" in failed.stderr
    assert "`npm run build` ended with 3:\nline 7: nonsense" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_who_is_offline_is_told_so_in_one_sentence(checkout: Checkout) -> None:
    fault = "npm error code ENOTFOUND\nnpm error network request to … failed\n" * 20
    (checkout.programs / "fail-ci").write_text(fault)
    failed = checkout.webui("build")
    assert failed.returncode == 1
    assert failed.stderr.endswith(": npm cannot reach its registry (ENOTFOUND)\n")
    assert len(failed.stderr.splitlines()) == 3
    assert checkout.webui("check").returncode == 1


def test_types_that_are_wrong_and_tests_that_fail_make_it_fail(checkout: Checkout) -> None:
    for verb in ("check", "test"):
        (checkout.programs / f"fail-{verb}").write_text(f"the {verb} says no\n")
        failed = checkout.webui(verb)
        assert failed.returncode == 1
        assert f"the {verb} says no" in failed.stdout + failed.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_build_that_is_stopped_leaves_the_old_page_and_no_npm(
    checkout: Checkout, number: int, code: int
) -> None:
    checkout.webui("build")
    checkout.source.write_text("two")
    checkout.hold("build")
    process = checkout.start("build")
    pipe = checkout.reached("build")
    process.send_signal(number)
    # It ends when all have ended who could still write to it.
    assert "Traceback" not in process.communicate(timeout=60)[1]
    os.close(pipe)
    assert (process.returncode, checkout.shown(), checkout.left_over()) == (code, "one", [])


def test_two_builds_at_once_are_one(checkout: Checkout) -> None:
    checkout.hold("build")
    first = checkout.start("build")
    pipe = checkout.reached("build")
    second = checkout.start("build")
    assert second.stderr is not None
    waiting = second.stderr.readline()
    os.close(pipe)
    for process in (first, second):
        process.communicate(timeout=60)
    assert waiting == "Holdfast: waiting for another script to finish with the web page\n"
    assert (first.returncode, second.returncode) == (0, 0)
    assert checkout.calls() == ["ci --ignore-scripts --omit=dev", "build"]


def test_there_is_a_page_at_every_moment_while_it_is_built_anew(checkout: Checkout) -> None:
    checkout.webui("build")
    enough = threading.Event()
    missing: list[OSError] = []

    def look() -> None:
        while not enough.is_set():
            try:
                checkout.page.stat()
            except OSError as error:
                missing.append(error)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        for number in range(5):
            checkout.source.write_text(f"{number}")
            assert checkout.webui("build").returncode == 0
    finally:
        enough.set()
        looking.join()
    assert (checkout.shown(), missing) == ("4", [])


@pytest.mark.parametrize(("version", "fits"), [("v20.18.3", False), ("v20.19.0", True), ("v22.11.0", False)])
def test_a_node_that_is_too_old_is_not_used(checkout: Checkout, version: str, fits: bool) -> None:
    checkout.node(version)
    # Without site-packages, so that there is no other one.
    built = checkout.webui("build", python=(sys.executable, "-E", "-s", "-S", "-B"))
    assert (built.returncode == 0) == fits
    assert ("there is no Node.js" in built.stderr) != fits


def test_npm_writes_nothing_outside_of_the_checkout_and_asks_whom_it_always_asks(checkout: Checkout) -> None:
    checkout.environment |= {
        "npm_config_registry": "http://127.0.0.1:1/",
        "NPM_CONFIG_CACHE": "/nowhere",
        "npm_config_prefix": "/nowhere",
        "NPM_CONFIG_GLOBAL": "true",
        "NODE_ENV": "development",
    }
    assert checkout.webui("build").returncode == 0
    environment = (checkout.programs / "environment").read_text().splitlines()
    assert "npm_config_registry=http://127.0.0.1:1/" in environment
    assert "NODE_ENV=production" in environment
    assert f"npm_config_cache={checkout.folder / 'webui' / '.npm'}" in environment
    assert not [line for line in environment if "nowhere" in line or "GLOBAL" in line]


def test_who_cannot_have_the_page_leaves_it_out(checkout: Checkout) -> None:
    checkout.environment["HOLDFAST_WITHOUT_PAGE"] = "1"
    left = checkout.webui("build")
    assert (left.returncode, left.stderr) == (
        0,
        "Holdfast: the web page is left alone, as HOLDFAST_WITHOUT_PAGE is set\n",
    )
    assert (checkout.calls(), checkout.page.exists()) == ([], False)
