"""The page of jobs: what is at work, and what has ended."""

import os

from playwright.sync_api import expect

from .axe import accessible
from .shots import shot
from .site import Site
from .visitor import Visitor, fits


def test_jobs_are_seen_while_they_are_at_work_and_are_stopped(home: Site, visit: Visitor) -> None:
    with open(home.path("programs", "app", "large"), "wb") as file:
        file.write(os.urandom(64 << 20))  # bzip2 takes its time for it
    page = visit("#/jobs")
    expect(page.get_by_text("No jobs.")).to_be_visible()
    accessible(page)
    answer = home.local.post(
        "/server/app/compress",
        params={"path": "a.tar.bz2", "archiveType": "tar", "compress": "bzip2", "async": "true"},
        json=["large"],
    )
    assert answer.is_success, answer.text
    job = page.get_by_role("listitem").filter(has_text="/a.tar.bz2")
    expect(job.get_by_text("running")).to_be_visible()
    expect(job.get_by_role("progressbar")).to_be_visible()
    expect(page.get_by_role("link", name="Jobs 1")).to_be_visible()
    accessible(page)
    fits(page)
    shot(page, "jobs")
    job.get_by_role("button", name="Cancel: Archive /a.tar.bz2").click()
    expect(job.get_by_text("cancelled")).to_be_visible()
    assert not os.path.exists(home.path("programs", "app", "a.tar.bz2"))
    assert home.local.post("/server/chat/folder", params={"path": "new"}).is_success
    assert home.local.delete("/server/chat/file", params={"path": "new", "trash": "false"}).is_success
    expect(page.get_by_role("listitem").filter(has_text="/new")).to_be_visible()
    page.get_by_role("combobox", name="Server").select_option("chat")
    expect(job).not_to_be_attached()
    expect(page.get_by_role("listitem").filter(has_text="/new").get_by_text("done")).to_be_visible()
    accessible(page)
