"""A notice in the form that each kind of target wants, whatever a program has printed."""

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from daemon.notice import MOST_TEXT, Kind, Notice, bounded, clean, cleaned
from daemon.noticesettings import TargetSettings, Way
from daemon.noticetext import MOST_MESSAGE, letter
from daemon.placeholders import WORDS, Template
from supervisor import Exit

CRASH = Notice(
    Kind.CRASHED,
    "mc-1",
    at=1_790_000_000.0,
    run=2,
    reason="exited with code 1 after 3.5 s",
    exit=Exit(code=1, ran=3.5),
    lines=("one", "two"),
    restarts=2,
    next=4.0,
    id="msg_1",
)

NASTY = st.text(alphabet=st.sampled_from("a`@{}\\<>*_~|#\"'\n\r\t\x00\x1b[]()é😀\u202e\ud800:/"), max_size=80)


def target(way: Way, **more: object) -> TargetSettings:
    return replace(TargetSettings("ops", way), **more)  # type: ignore[arg-type]


def told(way: Way, notice: Notice, **more: object) -> dict[str, object]:
    found: dict[str, object] = json.loads(letter(target(way, **more), notice, "box").body)
    return found


def embed(notice: Notice, **more: object) -> dict[str, str]:
    found = told(Way.DISCORD, notice, **more)
    assert found["allowed_mentions"] == {"parse": []}
    embeds = found["embeds"]
    assert isinstance(embeds, list)
    (one,) = embeds
    assert len(one["title"]) <= 256
    assert len(one["description"]) <= 4096
    return dict(one)


def test_a_webhook_gets_everything_as_json() -> None:
    assert told(Way.WEBHOOK, CRASH) == {
        "type": "crashed",
        "id": "msg_1",
        "timestamp": "2026-09-21T14:13:20Z",
        "title": "mc-1 crashed",
        "message": "exited with code 1 after 3.5 s\none\ntwo",
        "data": {
            "server": "mc-1",
            "servers": ["mc-1"],
            "at": 1_790_000_000.0,
            "run": 2,
            "reason": "exited with code 1 after 3.5 s",
            "exit": {"code": 1, "signal": None, "ran": 3.5, "note": ""},
            "lines": ["one", "two"],
            "restarts": 2,
            "next": 4.0,
            "folder": "",
            "repeated": {},
            "host": "box",
        },
    }


def test_discord_gets_the_lines_as_code_and_may_mention_nobody() -> None:
    notice = replace(CRASH, lines=("@everyone ```", "<@123> **x**"), reason="*it* fell @here")
    text = embed(notice)["description"]
    assert text.startswith("\\*it\\* fell \\@here\n```\n@everyone `\u200b`\u200b`\n")
    assert text.count("```") == 2


def test_ntfy_gets_title_priority_and_tags() -> None:
    found = told(Way.NTFY, CRASH)
    assert found == {
        "title": "mc-1 crashed",
        "message": "exited with code 1 after 3.5 s\none\ntwo",
        "priority": 4,
        "tags": ["boom"],
    }


def test_texts_of_the_config_take_the_place_of_ours() -> None:
    more = {"title": Template("{kind}!"), "message": Template("{server} {exit} {time} {host} {lines}")}
    found = told(Way.WEBHOOK, CRASH, **more)
    assert found["title"] == "crashed!"
    assert found["message"] == "mc-1 1 2026-09-21T14:13:20Z box one\ntwo"


def test_a_command_gets_the_same_words() -> None:
    words = letter(target(Way.COMMAND), CRASH, "box").words
    assert words["server"] == "mc-1"
    assert words["lines"] == "one\ntwo"
    assert words["id"] == "msg_1"


def test_what_was_not_told_is_said() -> None:
    again = replace(CRASH, repeated={"crashed": 4})
    assert str(told(Way.WEBHOOK, again)["message"]).endswith("\n(and 4 more times)")
    back = replace(CRASH, kind=Kind.RECOVERED, repeated={"crashed": 4})
    assert "(crashed 4 more times)" in embed(back)["description"]


def test_too_much_output_loses_its_oldest_lines() -> None:
    lines = tuple(f"line {number} {'x' * 90}" for number in range(150))
    notice = replace(CRASH, lines=lines)
    for text in (embed(notice)["description"], str(told(Way.NTFY, notice)["message"])):
        assert "exited with code 1" in text
        assert "line 149 " in text
        assert "line 0 " not in text


def test_one_line_that_is_too_long_for_all_does_no_harm() -> None:
    notice = replace(CRASH, reason="", lines=(), server="x" * 255)
    message = Template("{server}" * 40)
    assert len(embed(notice, message=message)["description"]) == MOST_MESSAGE
    sent = str(told(Way.NTFY, replace(notice, server="é" * 255), message=message)["message"])
    assert MOST_MESSAGE - 2 <= len(sent.encode()) <= MOST_MESSAGE


@given(st.lists(NASTY, max_size=10), NASTY, NASTY)
def test_whatever_a_program_says_it_stays_where_it_belongs(
    lines: list[str], reason: str, server: str
) -> None:
    notice = clean(Notice(Kind.CRASHED, server, reason=reason, lines=tuple(lines)))
    description = embed(notice)["description"]
    assert description.count("```") in (0, 2)
    if notice.lines:
        before = description.partition("```")[0]
        assert "@" not in before.replace("\\@", "")
    everything = Template("".join(f"{{{word}}}" for word in WORDS))
    for way in Way:
        told(way, notice)
        told(way, notice, title=everything, message=everything)


def test_escape_sequences_and_controls_are_removed() -> None:
    assert cleaned("\x1b[31mred\x1b[0m \x1b]0;title\x07\x1b(Bx\x08\x00\u202ey\x9b2Jz") == "red xyz"


def test_of_a_progress_bar_only_the_last_state_is_seen() -> None:
    assert bounded(("10 %\r50 %\r100 %\r\n", "done")) == ("100 %", "done")


@given(st.lists(st.text(max_size=3000), max_size=300))
def test_lines_are_bounded_and_the_last_ones_are_kept(lines: list[str]) -> None:
    kept = bounded(lines)
    assert sum(len(line) + 1 for line in kept) <= MOST_TEXT
    assert not any(set(line) & set("\x1b\x00\n\r") for line in kept)


@given(
    st.builds(
        Notice,
        st.sampled_from(Kind),
        st.text(),
        at=st.floats(0, 4e9),
        reason=st.text(),
        restarts=st.integers(0, 99),
    )
)
def test_a_notice_comes_back_from_its_record(notice: Notice) -> None:
    assert Notice.from_dict(json.loads(json.dumps(notice.to_dict()))) == notice
    assert Notice.from_dict(json.loads(json.dumps(CRASH.to_dict()))) == CRASH
