"""Accounts with limited rights, over HTTP: what they see, what they may, and what they cannot give away."""

import json
from pathlib import Path

import pytest

from daemon.permissions import PERMISSIONS

from .guest import GUEST, guest, said
from .house import House, program
from .viewer import V2

REFUSED = {"error": "You are not allowed to access this resource!", "kind": "not-permitted"}


async def test_servers_are_listed_as_far_as_they_may_be_seen(house: House) -> None:
    await house.configure(mc1=program("echo"), mc2=program("echo"), bot=program("echo"))
    some = await guest(house, {"permissions": "server.view", "servers": ["mc*"]})
    assert [*(said(await some.get("/servers")))["servers"]] == ["mc1", "mc2"]  # type: ignore[misc]
    detailed = said(await some.get("/servers?details=true"))["servers"]
    assert isinstance(detailed, dict)
    assert [*detailed] == ["mc1", "mc2"]
    assert detailed["mc1"]["pid"] == said(await some.get("/server/mc1"))["pid"]
    assert said(await some.get("/server/bot"), 403) == REFUSED
    assert said(await some.get("/server/nobody"), 403) == REFUSED, "what exists is not told"
    assert said(await some.get("/server/mc-none"), 404)
    none = await guest(house, "audit.view", name="auditor")
    assert said(await none.get("/servers"), 403) == REFUSED
    assert said(await none.get("/servers?details=true"), 403) == REFUSED
    assert (await some.post("/server/mc1", content="SIGNAL HUP")).status_code == 403


async def test_one_sees_what_one_may(house: House) -> None:
    await house.configure(mc=program("echo"), bot=program("echo"))
    some = await guest(house, "accounts.view", {"permissions": "server.console.*", "servers": "mc"})
    told = said(await some.get("/account"))
    assert told == {
        "name": "guest",
        "kind": "session",
        "secondFactor": False,
        "recoveryCodes": 0,
        "permissions": ["accounts.view"],
        "servers": {"mc": ["server.console.view", "server.console.write"]},
        "limits": {},
        "rights": [["accounts.view", {"permissions": ["server.console.*"], "servers": ["mc"]}]],
        "roles": {},
    }
    others = await guest(
        house,
        "shares.create",
        {"permissions": ["audit.view", "shares.view"], "servers": ["bot"]},
        name="other",
    )
    assert said(await others.get("/account"))["servers"] == {
        "bot": ["shares.create", "shares.view", "audit.view"]
    }, "what can be had for some servers; and no server is named for what is permitted everywhere"
    everything = said(await house.local.get("/account"))
    assert (everything["kind"], everything["name"]) == ("local", "@local")
    assert len(everything["permissions"]) == len(PERMISSIONS)  # type: ignore[arg-type]


async def test_one_sees_to_which_folders_and_lines_one_is_kept(house: House) -> None:
    await house.configure(mc=program("echo"), bot=program("echo"))
    some = await guest(
        house,
        {
            "permissions": ["server.files.view", "server.view"],
            "servers": "mc",
            "paths": ["plugins", "/world"],
        },
        {"permissions": "server.console.*", "servers": "mc", "input": ["say *"]},
        {"permissions": "server.*", "servers": "bot"},
    )
    told = said(await some.get("/account"))
    assert told["limits"] == {
        "mc": {"paths": {"server.files.view": ["/plugins", "/world"]}, "input": ["say *"]}
    }
    assert said(await house.local.get("/account"))["limits"] == {}


async def test_one_sees_the_roles_that_one_could_give(house: House) -> None:
    roles = {
        "all": ["*"],
        "builder": [{"permissions": ["server.*"], "servers": ["mc"]}],
        "viewer": ["server.view"],
    }
    answer = await house.local.patch("/config", json={**json.loads(house.text()), "roles": roles})
    assert answer.status_code == 200, answer.text
    some = await guest(house, {"permissions": "server.*", "servers": ["mc*"]})
    assert said(await some.get("/account"))["roles"] == {"builder": roles["builder"]}
    assert said(await house.local.get("/account"))["roles"] == roles


async def test_who_may_not_write_sees_a_console_that_says_so(house: House) -> None:
    await house.configure(app=program("echo"))
    await guest(house, "server.console.view")
    token = await house.log_in("guest")
    async with house.view("app", protocol=V2, token=token) as viewer:
        assert (await viewer.message())["readOnly"] is True
        await viewer.type("hello")
        await house.operate("app", "TERM")
        await viewer.until("has stopped")
        assert "hello" not in viewer.text


async def test_of_a_list_only_whole_lines_are_typed(house: House) -> None:
    await house.configure(app=program("echo"))
    await guest(house, "server.view", {"permissions": "server.console.*", "input": ["say *", "list"]})
    token = await house.log_in("guest")
    async with house.view("app", protocol=V2, token=token) as viewer:
        for line in ("stop", "say a\nstop", "say a\rstop", "list"):
            await viewer.type(line)
        while viewer.text.count("you may type only: say *, list") < 3 or "list" not in viewer.lines[-1]:
            await viewer.message()
    typed = [line for line in house.audit() if line.get("action") == "server.console.input"]
    assert [line["input"] for line in typed if line["result"] == "success"] == ["list"]
    assert {line["result"] for line in typed} == {"success", "denied"}


async def test_an_account_has_at_most_the_rights_of_who_makes_it(house: House) -> None:
    chief = await guest(house, "accounts.*", "server.*", name="chief")
    wish = {"username": "eve", "password": GUEST}
    assert (await chief.post("/accounts", json={**wish, "grants": ["config.edit"]})).status_code == 403
    assert (await chief.post("/accounts", json={**wish, "grants": ["*"]})).status_code == 403
    assert (await chief.post("/accounts", json=wish)).status_code == 200
    accounts = said(await chief.get("/accounts?extrainfo=true"))
    assert accounts["accounts"]["eve"]["grants"] == ["accounts.*", "server.*"]  # type: ignore[index]
    assert (await chief.get("/accounts")).json() == ["admin", "chief", "eve"]


@pytest.mark.parametrize(
    "wish",
    [
        {"username": "admin", "password": "another secret"},
        {"username": "admin", "disabled": True},
        {"username": "admin", "grants": []},
        {"username": "chief", "grants": ["*"]},
        {"username": "eve", "grants": ["*"]},
        {"username": "eve", "roles": ["all"]},
    ],
)
async def test_nobody_raises_himself_above_what_he_may(house: House, wish: dict[str, object]) -> None:
    text = json.loads(house.text())
    await house.local.patch("/config", json={**text, "roles": {"all": ["*"]}})
    chief = await guest(house, "accounts.*", "server.*", name="chief")
    await guest(house, "server.view", name="eve")
    before = Path(house.folder, "users.json").read_bytes()
    answer = await chief.patch("/accounts", json=wish)
    assert (answer.status_code, answer.json()["kind"]) == (403, "not-permitted")
    assert (await chief.delete("/accounts?username=admin")).status_code == 403
    assert (await chief.patch("/accounts?username=admin", json={"username": "nimda"})).status_code == 403
    assert Path(house.folder, "users.json").read_bytes() == before
    assert (
        await chief.patch("/accounts", json={"username": "eve", "grants": ["server.*"]})
    ).status_code == 200
    assert (await chief.delete("/accounts?username=eve")).status_code == 200


async def test_roles_are_sets_of_grants_that_the_config_may_change_at_any_time(house: House) -> None:
    text = json.loads(house.text(app=program("echo")))
    await house.local.patch("/config", json={**text, "roles": {"viewer": ["server.view"]}})
    eve = await guest(house, roles=["viewer"])
    assert (await eve.get("/servers")).status_code == 200
    assert (await eve.get("/accounts")).status_code == 403
    await house.local.patch("/config", json={**text, "roles": {"viewer": ["accounts.view"]}})
    assert (await eve.get("/servers")).status_code == 403
    assert (await eve.get("/accounts")).status_code == 200
    await house.local.patch("/config", json=text)
    assert (await eve.get("/accounts")).status_code == 403
    unknown = await house.local.post(
        "/accounts", json={"username": "x", "password": GUEST, "roles": ["viewer"]}
    )
    assert (said(unknown, 400))["error"] == "There is no role viewer!"


async def test_octynes_accounts_have_every_right_and_stay_as_they_are(house: House) -> None:
    users = Path(house.folder, "users.json")
    await house.local.post("/accounts", json={"username": "eve", "password": GUEST})
    assert all(isinstance(entry, str) for entry in json.loads(users.read_text()).values())
    eve = house.client(await house.log_in("eve"))
    assert len((said(await eve.get("/account")))["permissions"]) == len(PERMISSIONS)  # type: ignore[arg-type]
    await house.local.patch("/accounts", json={"username": "eve", "grants": ["server.view"]})
    entry = json.loads(users.read_text())["eve"]
    assert entry["grants"] == ["server.view"]
    await house.local.patch("/accounts", json={"username": "eve", "grants": ["*"]})
    assert isinstance(json.loads(users.read_text())["eve"], str)


async def test_a_grant_that_is_mistyped_by_hand_lets_nobody_in_and_is_told(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    await guest(house, "server.view")
    users = Path(house.folder, "users.json")
    users.write_text(users.read_text().replace("server.view", "server.veiw"))
    house.parts.people.accounts.refresh()
    assert "there is no permission server.veiw" in caplog.text
    assert (await house.local.get("/accounts")).json() == ["admin"]


async def test_ones_own_password_is_changed_by_who_knows_it(house: House) -> None:
    eve = await guest(house, "server.view")
    wrong = await eve.patch("/account", json={"oldPassword": "wrong", "password": "another secret"})
    assert (said(wrong, 403))["kind"] == "wrong-credentials"
    assert (await eve.get("/account")).status_code == 200
    assert (await eve.patch("/account", json={"oldPassword": GUEST, "password": "short"})).status_code == 400
    assert (
        await eve.patch("/account", json={"oldPassword": GUEST, "password": "a new secret"})
    ).status_code == 200
    assert (await eve.get("/account")).status_code == 401, "a new password ends all sessions"
    headers = {"Username": "guest", "Password": "a new secret"}
    assert (await house.nobody.get("/login", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "more",
    [{"grant": ["server.view"]}, {"grants": None}, {"Grants": []}, {"role": "viewer"}, {"Disabled": True}],
)
async def test_a_mistyped_limit_makes_no_administrator(house: House, more: dict[str, object]) -> None:
    wish = {"username": "eve", "password": GUEST}
    answer = await house.local.post("/accounts", json={**wish, **more})
    assert (answer.status_code, answer.json()["kind"]) == (400, "invalid-json")
    assert answer.json()["detail"]
    assert (await house.local.post("/keys", json={"name": "bot", **more})).status_code == 400
    users = Path(house.folder, "users.json")
    entries = json.loads(users.read_text())
    users.write_text(json.dumps({**entries, "eve": {"hash": entries["admin"], **more}}))
    house.parts.people.accounts.refresh()
    eve = house.client(await house.log_in("eve"))
    assert (await eve.get("/servers")).status_code in (401, 403)


async def test_an_account_can_be_made_disabled(house: House) -> None:
    wish = {"username": "eve", "password": GUEST, "disabled": True}
    said(await house.local.post("/accounts", json=wish))
    headers = {"Username": "eve", "Password": GUEST}
    assert (await house.nobody.get("/login", headers=headers)).status_code == 401
    (line,) = [one for one in house.audit() if one.get("action") == "auth.login"]
    assert (line["reason"], line["result"]) == ("disabled", "failed")


async def test_a_role_that_vanished_is_told_once(house: House, caplog: pytest.LogCaptureFixture) -> None:
    text = json.loads(house.text())
    await house.local.patch("/config", json={**text, "roles": {"viewer": ["server.view"]}})
    await guest(house, roles=["viewer"])
    for _ in range(2):
        await house.local.patch("/config", json=text)
    assert caplog.text.count("the account 'guest' has the role 'viewer', which is not in the config") == 1
