"""Who comes by the Unix socket: what the kernel says he is, and what the config lets him do."""

import grp
import json
import os
import pwd

import pytest

from daemon.config import parse_config
from daemon.localusers import LocalUsers
from daemon.permissions import FULL, NOTHING

STRANGER, GROUP = 54321, 54322


def users(text: object, group: str | None = None) -> LocalUsers:
    config = parse_config(json.dumps(text).encode(), "config.json", "/")
    found = LocalUsers()
    found.configure(config.unix_socket.people, group, config.roles)
    return found


def test_root_and_the_daemons_own_user_may_everything_whatever_is_said() -> None:
    told = users({"unixSocket": {"users": {"0": [], str(os.geteuid()): []}}})
    assert told.rights(0, {0}) == FULL
    assert told.rights(os.geteuid(), {0}) == FULL


def test_a_stranger_may_nothing_and_a_member_of_the_sockets_group_everything() -> None:
    gid = os.getegid()
    told = users({}, grp.getgrgid(gid).gr_name)
    assert told.rights(STRANGER, {GROUP}) == NOTHING
    assert told.rights(STRANGER, {GROUP, gid}) == FULL
    assert users({}).rights(STRANGER, {gid}) == NOTHING


def test_what_is_said_of_a_user_counts_before_what_is_said_of_his_groups() -> None:
    gid = os.getegid()
    told = users(
        {
            "roles": {"viewer": ["server.view"], "operator": ["server.*"]},
            "unixSocket": {
                "users": {str(STRANGER): ["viewer"], "54400": {"grants": ["audit.view"]}},
                "groups": {
                    str(GROUP): ["operator"],
                    "54323": {"roles": ["viewer"], "grants": ["audit.view"]},
                },
            },
        },
        grp.getgrgid(gid).gr_name,
    )
    assert not told.rights(STRANGER, {GROUP, gid}).may("server.control", "x")
    assert told.rights(STRANGER, {GROUP, gid}).may("server.view", "x")
    assert told.rights(54400, {gid}).may("audit.view")
    both = told.rights(1, {GROUP, 54323, gid})
    assert both.may("server.control", "x")
    assert both.may("audit.view")
    assert not both.may("accounts.view")


def test_a_user_whose_rights_change_is_the_same_with_others() -> None:
    told = users({"unixSocket": {"users": {str(STRANGER): {"grants": ["server.view"]}}}})
    user = told.find(STRANGER, {GROUP})
    standing = user.standing
    assert told.find(STRANGER, {GROUP}) is user
    config = parse_config(b"{}", "config.json", "/")
    told.configure(config.unix_socket.people, None, config.roles)
    assert standing.over.is_set()
    assert user.standing.rights == NOTHING


def test_names_of_users_and_groups_are_looked_up_and_unknown_ones_are_told() -> None:
    me = pwd.getpwuid(os.geteuid()).pw_name
    text = {
        "roles": {"r": ["*"]},
        "unixSocket": {"users": {me: ["r"], "nobody-here": ["r"]}, "groups": {"nor-here": ["s"]}},
    }
    config = parse_config(json.dumps(text).encode(), "config.json", "/")
    assert [*config.unix_socket.people.users] == [os.geteuid()]
    told = "\n".join(config.warnings)
    for words in ("there is no user nobody-here", "there is no group nor-here", "there is no role s"):
        assert words in told


@pytest.mark.parametrize("gid", [1, 12345])
def test_an_owner_of_keys_is_judged_by_his_groups_as_they_are_now(gid: int) -> None:
    told = users({"unixSocket": {"users": {"54321": {"grants": ["server.view"]}}}})
    assert told.owner_rights("@local:54321").may("server.view", "x")
    assert told.owner_rights(f"@local:{gid + 70000}") == NOTHING
    assert told.owner_rights("@local") == NOTHING
    assert told.owner_rights("@local:x") == NOTHING


def test_a_mistyped_key_of_the_socket_gives_its_group_nothing() -> None:
    gid = os.getegid()
    told = users({"unixSocket": {"usrs": {"54321": ["viewer"]}}}, grp.getgrgid(gid).gr_name)
    assert told.rights(STRANGER, {gid}) == NOTHING
    assert told.rights(0, {gid}) == FULL
