"""What grants permit, limit, and let be given away."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.permissions import FULL, NOTHING, PERMISSIONS, Grant, Rights, rights_of
from daemon.privileges import InvalidPrivileges, grant_to_data, read_grants
from filemgr import RelPath

A, B = RelPath.parse("/a"), RelPath.parse("/a/b")


def rights(*grants: object) -> Rights:
    return rights_of(read_grants(list(grants)))


def _on(permission: str, **limits: str) -> dict[str, str]:
    return {"permissions": permission, **limits}


def test_a_permission_is_had_by_its_name_its_group_or_all() -> None:
    for pattern in ("server.files.view", "server.files.*", "server.*", "*"):
        assert rights(pattern).may("server.files.view", "x")
    for pattern in ("server.files.upload", "server.console.*", "accounts.*"):
        assert not rights(pattern).may("server.files.view", "x")


def test_nobody_may_anything_and_full_rights_everything() -> None:
    for name in PERMISSIONS:
        assert FULL.may(name)
        assert FULL.may(name, "x")
        assert not NOTHING.may(name)
        assert not NOTHING.may_somewhere(name)


def test_a_grant_for_some_servers_is_about_these_and_nothing_else() -> None:
    some = rights({"permissions": ["*"], "servers": ["mc-*", "bot", "[x]"]})
    assert some.may("server.control", "mc-1")
    assert some.may("server.control", "bot")
    assert some.may("server.control", "[x]"), "a name counts as it is written, too"
    assert not some.may("server.control", "bott")
    assert not some.may("server.control", "MC-1")
    assert not some.may("accounts.view")
    assert not some.may("server.control"), "not on all of them"
    assert some.may_somewhere("server.control")


def test_octynes_way_to_name_a_permission_is_understood() -> None:
    assert rights("server<my app>.console.view") == rights(
        {"permissions": "server.console.view", "servers": "my app"}
    )


def test_folders_limit_files_and_the_widest_grant_counts() -> None:
    limited = rights({"permissions": "server.*", "paths": ["/a", "/c"]})
    assert limited.may("server.console.view", "x")
    assert limited.fences("server.files.view", "x") == (A, RelPath.parse("/c"))
    assert rights("*").fences("server.files.view", "x") is None
    both = rights({"permissions": "server.files.*", "paths": ["/a"]}, "server.files.view")
    assert both.fences("server.files.view", "x") is None
    assert both.fences("server.files.modify", "x") == (A,)


def test_who_acts_for_another_may_only_what_both_may() -> None:
    key = rights({"permissions": "server.*", "paths": ["/a/b", "/d"]}).within(
        rights({"permissions": "*", "servers": "x", "paths": ["/a"]})
    )
    assert key.fences("server.files.view", "x") == (B,)
    assert not key.may("server.view", "y")
    assert not key.may("accounts.view")
    assert FULL.within(NOTHING).may("server.view", "x") is False


def test_only_what_is_listed_may_be_typed() -> None:
    listed = rights("server.view", {"permissions": "server.console.*", "input": ["say *", "list"]})
    assert listed.typing_list("x") == ["say *", "list"]
    for line in ("say hello", "say *", "list", "say  (a|b)"):
        assert listed.may_type("x", line)
    for line in ("say", "list ", "stop", "LIST", "say hi\nstop", ""):
        assert not listed.may_type("x", line)
    assert rights("*").typing_list("x") is None


@pytest.mark.parametrize(
    "data",
    [
        "server.view",
        ["server.veiw"],
        ["server"],
        [""],
        [7],
        [{"permissions": "server.view", "server": "x"}],
        [{"permissions": []}, {}],
        [{"permissions": "server.view", "paths": ["../x"]}],
        [{"permissions": "server.console.write", "input": ["a\nb"]}],
        [{"permissions": ["server.view"] * 2000}],
        ["x" * 5000],
        ["\ud800"],
    ],
)
def test_what_is_no_grant_is_refused_with_a_reason(data: object) -> None:
    with pytest.raises(InvalidPrivileges) as caught:
        read_grants(data)
    assert str(caught.value)


@pytest.mark.parametrize(
    ("mine", "theirs", "covered"),
    [
        (["*"], ["*"], True),
        (["*"], ["accounts.*", "server<x>.view"], True),
        (["server.*"], ["*"], False),
        (["server.*"], ["server.files.*"], True),
        (["server.files.view"], ["server.files.*"], False),
        ([_on("server.*", servers="mc-*")], ["server.view"], False),
        ([_on("server.*", servers="mc-*")], ["server<mc-1>.view"], True),
        ([_on("server.*", servers="mc-*")], [_on("server.view", servers="mc-*")], True),
        ([_on("server.*", servers="mc-?")], [_on("server.view", servers="mc-*")], False),
        ([_on("server.*", paths="/a")], [_on("server.files.view", paths="/a/b")], True),
        ([_on("server.*", paths="/a")], [_on("server.files.view", paths="/ab")], False),
        ([_on("server.*", paths="/a")], ["server.files.view"], False),
        ([_on("server.*", input="say *")], ["server.console.write"], False),
        ([_on("server.*", input="say *")], [_on("server.*", input="say *")], True),
        ([], [], True),
        ([], ["server.view"], False),
    ],
)  # fmt: skip
def test_nobody_gives_what_he_does_not_have(mine: list[object], theirs: list[object], covered: bool) -> None:
    assert rights(*mine).cover(rights(*theirs)) is covered


grants = st.builds(
    Grant,
    st.lists(st.sampled_from([*PERMISSIONS, "*", "server.*", "server.files.*"]), min_size=1, max_size=3).map(
        tuple
    ),
    st.none() | st.lists(st.sampled_from(["a", "b", "a*", "*"]), max_size=2).map(tuple),
    st.none() | st.lists(st.sampled_from([RelPath(), A, B]), max_size=2).map(tuple),
    st.none() | st.lists(st.sampled_from(["*", "say *", "list"]), max_size=2).map(tuple),
)
sets = st.lists(grants, max_size=3).map(rights_of)


@given(sets, sets, st.sampled_from(sorted(PERMISSIONS)), st.sampled_from(["a", "ab", "b", None]))
def test_who_covers_somebody_may_all_that_he_may(
    mine: Rights, theirs: Rights, permission: str, server: str | None
) -> None:
    if mine.cover(theirs):
        assert mine.may(permission, server) or not theirs.may(permission, server)
        if server and theirs.may(permission, server):
            fences, inner = mine.fences(permission, server), theirs.fences(permission, server)
            assert fences is None or (
                inner is not None and all(any(one.is_within(f) for f in fences) for one in inner)
            )
            for line in ("list", "say x", "stop"):
                assert mine.may_type(server, line) or not theirs.may_type(server, line)


@given(sets, sets, st.sampled_from(sorted(PERMISSIONS)), st.sampled_from(["a", "ab", "b", None]))
def test_what_both_permit_is_what_each_permits(
    one: Rights, other: Rights, permission: str, server: str | None
) -> None:
    both = one.within(other)
    assert both.may(permission, server) == (one.may(permission, server) and other.may(permission, server))
    assert one.cover(both)
    assert other.cover(both)


@given(grants)
def test_a_grant_that_is_written_and_read_is_the_same(grant: Grant) -> None:
    (again,) = read_grants([grant_to_data(grant)])
    assert again == grant
