"""The page of the accounts: who may what is said by a form, and told in words."""

import json

import httpx
from playwright.sync_api import Locator, Page, expect

from .axe import accessible
from .faults import Faults
from .houses import one_house, same_home
from .people import let_in, person
from .shots import shot
from .site import Site
from .visitor import Visitor, fits

ROLES = {"viewer": ["server.view"], "everything": ["*"]}


house = one_house(roles=ROLES)
home = same_home


def account(house: Site, name: str) -> dict[str, object]:
    told = house.local.get("/accounts?extrainfo=true").json()["accounts"][name]
    return {"roles": told["roles"], "grants": told["grants"], "disabled": told["disabled"]}


def can_log_in(house: Site, name: str, password: str) -> bool:
    headers = {"Username": name, "Password": password}
    return httpx.post(f"{house.address}api/login", headers=headers, trust_env=False).is_success


def entry(page: Page, name: str) -> Locator:
    return page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=name))


def more(page: Page, name: str, item: str) -> None:
    page.get_by_role("button", name=f"More for {name}").click()
    page.get_by_role("menuitem", name=item).click()


def test_an_account_is_made_by_the_form_and_its_password_is_shown_once(house: Site, visit: Visitor) -> None:
    page = visit("#/accounts")
    page.get_by_role("button", name="New account").click()
    form = page.get_by_role("dialog", name="New account")
    form.get_by_label("Name", exact=True).fill("eve")
    form.get_by_role("button", name="Make one").click()
    form.get_by_label("viewer").check()
    form.get_by_role("button", name="Add a grant").click()
    form.get_by_label("on all servers, and beyond them").uncheck()
    expect(form.get_by_role("button", name="Make the account")).to_be_disabled()
    form.get_by_role("group", name="Servers that there are").get_by_role("button", name="app").click()
    form.get_by_label("start, stop, kill and pause it").check()
    form.get_by_role("group", name="Grant 1").get_by_text("Files", exact=True).click()
    form.get_by_label("all of “Files”").check()
    form.get_by_label("in all of their folders").uncheck()
    form.get_by_label("Folders", exact=True).fill("/world, /plugins")
    expect(form.get_by_text("On app: start and stop and everything with files").last).to_be_visible()
    accessible(page)
    shot(page, "account-form")
    form.get_by_role("button", name="Make the account").click()
    made = page.get_by_role("dialog", name="eve is made")
    password = made.get_by_label("Password", exact=True).inner_text()
    made.get_by_role("button", name="Close").last.click()
    assert account(house, "eve") == {
        "roles": ["viewer"],
        "grants": [
            {
                "permissions": ["server.control", "server.files.*"],
                "servers": ["app"],
                "paths": ["/world", "/plugins"],
            }
        ],
        "disabled": False,
    }
    assert can_log_in(house, "eve", password)
    expect(page.get_by_text("files only in /world and /plugins")).to_be_visible()
    accessible(page)
    shot(page, "accounts")


def test_what_the_form_does_not_change_stays_as_it_is(house: Site, visit: Visitor, faults: Faults) -> None:
    faults.allow("status of 400")
    grants = [
        "audit.view",
        {"permissions": ["server.console.*"], "servers": ["mc-*"], "input": ["say *"]},
    ]
    person(house, "frank", "frank's password", *grants)
    page = visit("#/accounts")
    entry(page, "frank").get_by_role("button", name="Rights").click()
    form = page.get_by_role("dialog", name="What frank may do")
    expect(form.get_by_role("button", name="Save")).to_be_disabled()
    form.get_by_role("group", name="Grant 1").get_by_text("Sessions", exact=True).click()
    form.get_by_label("see the sessions of others").check()
    form.get_by_role("button", name="As JSON").click()
    text = form.get_by_label("Grants as JSON")
    assert json.loads(text.input_value()) == ["audit.view", "sessions.view", grants[1]]
    text.fill('[{"permissions": ["server.fly"]}]')
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert")).to_contain_text("server.fly")
    text.fill("no list")
    expect(form.get_by_role("button", name="Save")).to_be_disabled()
    text.fill(json.dumps(["sessions.view", grants[1]]))
    form.get_by_role("button", name="Save").click()
    expect(form).to_have_count(0)
    assert account(house, "frank")["grants"] == ["sessions.view", grants[1]]


def test_an_account_is_renamed_disabled_enabled_and_deleted(
    house: Site, visit: Visitor, faults: Faults
) -> None:
    faults.allow("status of 400")
    person(house, "gina", "gina's password", "server.view")
    page = visit("#/accounts", phone=True)
    more(page, "gina", "Rename")
    dialog = page.get_by_role("dialog", name="Rename gina")
    dialog.get_by_label("New name").fill("ann")
    dialog.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", name="ann")).to_be_visible()
    more(page, "ann", "Change password")
    dialog = page.get_by_role("dialog", name="Password of ann")
    dialog.get_by_label("New password").fill("short")
    dialog.get_by_role("button", name="Change password").click()
    expect(dialog.get_by_role("alert")).to_contain_text("at least 8 characters")
    dialog.get_by_label("New password").fill("another password")
    dialog.get_by_role("button", name="Change password").click()
    expect(dialog.get_by_label("Password", exact=True)).to_have_text("another password")
    dialog.get_by_role("button", name="Close").last.click()
    assert can_log_in(house, "ann", "another password")
    more(page, "ann", "Disable")
    page.get_by_role("dialog", name="Disable ann?").get_by_role("button", name="Disable").click()
    expect(page.get_by_text("disabled", exact=True)).to_be_visible()
    assert not can_log_in(house, "ann", "another password")
    fits(page)
    accessible(page)
    shot(page, "accounts-phone")
    more(page, "ann", "Enable")
    expect(page.get_by_text("disabled", exact=True)).to_have_count(0)
    more(page, "ann", "Delete")
    question = page.get_by_role("dialog", name="Delete ann?")
    expect(question).to_contain_text("its 0 sessions, its 0 API keys and its shares")
    question.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="ann")).to_have_count(0)
    assert not {"gina", "ann"} & set(house.local.get("/accounts").json())


def test_nobody_locks_himself_out_without_being_told(house: Site, visit: Visitor) -> None:
    page = visit("#/accounts")
    more(page, "admin", "Disable")
    question = page.get_by_role("dialog", name="Disable admin?")
    expect(question).to_contain_text("your own account")
    expect(question).to_contain_text("No other account may change accounts")
    question.get_by_role("button", name="Cancel").click()
    entry(page, "admin").get_by_role("button", name="Rights").click()
    form = page.get_by_role("dialog", name="What admin may do")
    grant = form.get_by_role("group", name="Grant 1")
    grant.get_by_label("everything", exact=True).uncheck()
    expect(form.get_by_role("button", name="Save")).to_be_disabled()
    grant.get_by_label("see a server, how it is and why").check()
    form.get_by_role("button", name="Save").click()
    question = page.get_by_role("dialog", name="Give up the right to change accounts?")
    question.get_by_role("button", name="Cancel").click()
    expect(form).to_be_visible()
    assert account(house, "admin")["grants"] == ["*"]


def test_one_can_give_no_more_than_one_has(house: Site, visit: Visitor, faults: Faults) -> None:
    faults.allow("status of 401")
    person(
        house, "chief", "chief's password", "accounts.*", {"permissions": ["server.*"], "servers": ["app"]}
    )
    person(house, "hugo", "hugo's password", "accounts.view")
    page = visit(logged_in=False)
    let_in(house, page.context, "chief", "chief's password")
    page.goto(f"{house.address}#/accounts")
    page.reload()
    above = entry(page, "admin")
    expect(above.get_by_role("button", name="Rights")).to_be_disabled()
    expect(above).to_contain_text("may do more than you")
    entry(page, "hugo").get_by_role("button", name="Rights").click()
    form = page.get_by_role("dialog", name="What hugo may do")
    expect(form.get_by_text("There are no roles that you could give")).to_be_visible()
    form.get_by_role("button", name="Add a grant").click()
    added = form.get_by_role("group", name="Grant 2")
    expect(added.get_by_label("start, stop, kill and pause it")).to_be_disabled()
    added.get_by_label("on all servers, and beyond them").uncheck()
    added.get_by_label("Servers", exact=True).fill("app")
    added.get_by_label("start, stop, kill and pause it").check()
    form.get_by_role("button", name="Save").click()
    expect(form).to_have_count(0)
    assert account(house, "hugo")["grants"] == [
        "accounts.view",
        {"permissions": ["server.control"], "servers": ["app"]},
    ]
