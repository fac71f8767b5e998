"""`POST /config/check`: what a text would be and change, and that nothing comes of it."""

import json
from typing import cast

from .guest import guest, said
from .house import House, Json, program, read

IDLE: Json = {**program("echo"), "enabled": False}


async def check(house: House, text: str) -> Json:
    return said(await house.local.post("/config/check", content=text))


async def test_what_would_change_is_told_and_nothing_changes(house: House) -> None:
    await house.until("app", state="running")
    before, config = read(f"{house.folder}/config.json"), house.parts.reloader.config
    changed = {**program("echo"), "environment": {"TOKEN": "geheim"}}
    report = await check(house, house.text(app=changed, other=IDLE))
    assert (report["valid"], report["error"], report["detail"]) == (True, None, None)
    changes = cast("Json", report["changes"])
    assert (changes["added"], changes["changed"], changes["removed"]) == (["other"], ["app"], [])
    assert changes["restartNeeded"] == ["app"]
    assert report["servers"] == ["app", "other"]
    assert "geheim" not in json.dumps(report)
    assert any("servers.other" in one for one in cast("list[str]", report["differences"]))
    assert read(f"{house.folder}/config.json") == before
    assert house.parts.reloader.config is config
    assert not [line for line in house.audit() if str(line["action"]).startswith("config")]


async def test_a_mistake_has_its_place_and_what_was_expected(house: House) -> None:
    report = await check(house, '{\n  "port": 70000\n}')
    detail = cast("Json", report["detail"])
    assert (detail["line"], detail["column"], detail["key"]) == (2, 11, "port")
    assert detail["expected"] == "a whole number from 0 to 65535"
    broken = cast("Json", (await check(house, '{\n  "port": \n'))["detail"])
    assert cast("int", broken["line"]) >= 2


async def test_a_key_that_is_mistyped_is_told_with_what_was_meant(house: House) -> None:
    report = await check(house, house.text(app={**IDLE, "stopGrase": 5}))
    (remark,) = [one for one in cast("list[Json]", report["remarks"]) if one["key"]]
    assert remark["key"] == "servers.app.stopGrase"
    assert str(remark["message"]).endswith("did you mean stopGrace?")
    assert cast("int", remark["line"]) > 1
    assert [
        str(one["message"]) in told
        for one, told in zip(
            cast("list[Json]", report["remarks"]), cast("list[str]", report["warnings"]), strict=True
        )
    ]


async def test_it_is_for_who_may_edit_the_config(house: House) -> None:
    some = await guest(house, "config.view")
    assert (await some.post("/config/check", content="{}")).status_code == 403
    assert (await house.remote.post("/config/check", content=b" " * ((1 << 20) + 1))).status_code == 413
