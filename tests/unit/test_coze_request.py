"""Chats as Coze's v3 wants them: turns, system text, losses, the vendor's own fields, stream or polling, addresses."""

from typing import Any

import orjson
import pytest

from providers.errors import ErrorKind, ProviderError
from providers.types import Secret
from providers.wires.coze import faults, turns, urls
from tests.unit.cozing import BOT, URL, body, to, told, user, wire

SYSTEM = {"role": "system", "content": "Be brief."}
ANSWER = {"role": "assistant", "content": "ok"}


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([SYSTEM, user("a")], [("user", "Be brief.\na")]),
        ([SYSTEM], [("user", "Be brief.")]),
        ([user("a"), SYSTEM], [("user", "a"), ("user", "Be brief.")]),
        ([SYSTEM, ANSWER, user("a")], [("assistant", "ok"), ("user", "Be brief.\na")]),
        ([SYSTEM, {"role": "developer", "content": "Sing."}, user("a")], [("user", "Be brief.\nSing.\na")]),
        ([user([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}])], [("user", "a\nb")]),
        ([user("a"), ANSWER], [("user", "a"), ("assistant", "ok"), ("user", turns.CONTINUE)]),
        ([user("a"), {"role": "assistant", "content": None}, user("b")], [("user", "a"), ("user", "b")]),
        ([user("a"), user("b")], [("user", "a"), ("user", "b")]),
        (
            [user("a"), {"role": "assistant", "content": None, "refusal": "No."}, user("b")],
            [("user", "a"), ("assistant", "No."), ("user", "b")],
        ),
    ],
)
def test_turns(messages: list[Any], expected: list[tuple[str, str]]) -> None:
    """Broken: a turn or system text is lost, put elsewhere, or the last message is not the user's."""
    assert told(*messages) == expected


def test_names_of_speakers() -> None:
    """Broken: who speaks is lost in silence."""
    assert wire({**user("a"), "name": "Ada"}).changes == ("dropped messages[].name",)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (["i", "a"], [{"type": "image", "file_url": "https://x/i"}, {"type": "text", "text": "Be brief.\na"}]),
        (["a", "i"], [{"type": "text", "text": "Be brief.\na"}, {"type": "image", "file_url": "https://x/i"}]),
        (["i"], [{"type": "text", "text": "Be brief."}, {"type": "image", "file_url": "https://x/i"}]),
        (["a", "i", "b"], [{"type": "text", "text": "Be brief.\na\nb"}, {"type": "image", "file_url": "https://x/i"}]),
    ],
)
def test_items(parts: list[str], expected: list[Any]) -> None:
    """Broken: a picture is lost or loses its place, or a message has more than one text."""
    image = {"type": "image_url", "image_url": {"url": "https://x/i"}}
    content = [image if part == "i" else {"type": "text", "text": part} for part in parts]
    assert told(SYSTEM, user(content)) == [("user", expected)]


def test_the_oldest_messages_go_first() -> None:
    """Broken: a long conversation is refused, or loses system text or its end without a word."""
    long = [SYSTEM, *(user(str(n)) if n % 2 == 0 else {**ANSWER, "content": str(n)} for n in range(121))]
    made = wire(*long)
    entries = orjson.loads(made.body)["additional_messages"]
    assert (len(entries), entries[-1]["content"]) == (turns.MOST, "120")
    assert [entry["content"] for entry in entries[:2]] == ["21", "Be brief.\n22"]
    assert made.changes == ("dropped messages (the oldest 21: 100 are taken)",)
    assert len(body(*long[:101])["additional_messages"]) == turns.MOST
    assert len(body(*long[:101], ANSWER)["additional_messages"]) == turns.MOST
    assert len(body(*long[1:], SYSTEM)["additional_messages"]) == turns.MOST


def test_tools_of_the_history_in_words() -> None:
    """Broken: calls that no chat is known for make the vendor refuse the history."""
    calls = [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
    result = {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": "sunny"}]}
    history = [user("a"), {"role": "assistant", "content": "wait", "tool_calls": calls}, result]
    assert told(*history) == [("user", "a"), ("assistant", "wait\nf({})"), ("user", "f returned: sunny")]
    assert wire(*history).changes == ("told tool calls in words", "told tool results in words")
    legacy = {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}}
    assert told(user("a"), legacy, {"role": "function", "name": "f", "content": "x"})[-1] == ("user", "f returned: x")


def test_parameters() -> None:
    """Broken: a field of the vendor's own is lost, one that a bot does not take goes up, or goes without a word."""
    made = wire(
        user("a"),
        temperature=0.2,
        max_tokens=5,
        tools=[{"type": "function", "function": {"name": "f"}}],
        seed=1,
        top_p=1,
        stop=["x"],
        metadata={"k": "v"},
        custom_variables={"n": "1"},
        bot_version="1",
        safety_identifier="u2",
        auto_save_history=False,
    )
    assert made.changes == tuple(
        f"dropped {n}" for n in ("temperature", "max_tokens", "tools", "seed", "auto_save_history")
    )
    assert made.stops == ("x",)
    found = orjson.loads(made.body)
    found.pop("additional_messages")
    assert found == {
        "bot_id": BOT,
        "user_id": "u2",
        "auto_save_history": True,
        "stream": True,
        "meta_data": {"k": "v"},
        "custom_variables": {"n": "1"},
        "bot_version": "1",
    }
    assert wire(user("a"), tools=[{"type": "function", "function": {"name": "f"}}], tool_choice="none").changes == ()
    assert body(user("a"))["user_id"] == "12345678"


def test_conversations() -> None:
    """Broken: a conversation's id goes into the body, where the vendor does not look."""
    made = wire(user("a"), conversation_id="73 8")
    assert made.url == f"{URL}?conversation_id=73%208"
    assert b"conversation" not in made.body
    assert wire(user("a")).url == URL


@pytest.mark.parametrize(
    ("messages", "more", "param"),
    [
        ([user("a")], {"n": 2}, "n"),
        ([user([{"type": "video_url", "video_url": {"url": "https://x"}}])], {}, "messages[0].content[0]"),
        ([user([{"type": "image_url", "image_url": {"url": "/etc/passwd"}}])], {}, "messages[0].content[0]"),
        (
            [user([{"type": "image_url", "image_url": {"url": "data:image/png;base64,?"}}])],
            {},
            "messages[0].content[0]",
        ),
        ([user([{"type": "file", "file": {"filename": "x"}}])], {}, "messages[0].content[0]"),
        (
            [{"role": "system", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}],
            {},
            "messages[0].content[0]",
        ),
    ],
)
def test_refused(messages: list[Any], more: dict[str, Any], param: str) -> None:
    """Broken: what a bot cannot be told is left out, or refused without its place."""
    with pytest.raises(ProviderError) as refused:
        wire(*messages, **more)
    assert (refused.value.kind, refused.value.param) == (ErrorKind.UNSUPPORTED, param)


def test_text_only() -> None:
    """Broken: a picture goes to a model of which the operator says that it takes text only."""
    with pytest.raises(ProviderError, match="takes text only"):
        wire(user([{"type": "image_url", "image_url": {"url": "https://x/i"}}]), at=to(flatten=True))
    assert told(user([{"type": "text", "text": "a"}]), at=to(flatten=True)) == [("user", "a")]


def test_polling_is_asked_for_and_given_up() -> None:
    """Broken: an entry's word on polling has no effect, or a token that may not poll never streams."""
    poll = to(options={"poll": True})
    assert [body(user("a"), at=at, stream=stream)["stream"] for at in (to(), poll) for stream in (False, True)] == [
        True,
        True,
        False,
        True,
    ]
    made = wire(user("a"), at=poll)
    assert made.instead is not None
    assert made.instead(ProviderError(ErrorKind.UPSTREAM_AUTH, "told")) is None
    other = made.instead(faults.fault(403, {}, b'{"code":4101,"msg":"no right"}'))
    assert other is not None and other.memo is not None
    assert other.instead is not None and other.instead(faults.fault(403, {}, b'{"code":4101,"msg":"no"}')) is None
    assert orjson.loads(other.body)["stream"] is True
    assert body(user("a"), at=to(dict(other.memo), options={"poll": True}))["stream"] is True
    stranger = to(dict(other.memo), {"token": Secret("pat_other")}, options={"poll": True})
    assert body(user("a"), at=stranger)["stream"] is False


def test_users_messages_only() -> None:
    """Broken: a self-hosted server that takes no assistant's messages refuses every second turn, or is asked again."""
    image = {"type": "image_url", "image_url": {"url": "https://x/i"}}
    talk = [SYSTEM, user([{"type": "text", "text": "a"}, image]), ANSWER, user("b")]
    made = wire(*talk, at=to(options={"poll": True}))
    refusal = faults.in_document({"code": 103100001, "msg": "role not match"})
    assert made.instead is not None and refusal is not None
    other = made.instead(refusal)
    assert other is not None and other.memo is not None and other.instead is not None
    ((_, items),) = told(*talk, at=to(dict(other.memo)))
    expected = "The conversation so far:\nUser: Be brief.\na\nAssistant: ok\n\nb"
    assert items == [{"type": "text", "text": expected}, {"type": "image", "file_url": "https://x/i"}]
    assert orjson.loads(other.body)["stream"] is False
    assert other.instead(refusal) is None
    assert told(user("a"), at=to(dict(other.memo))) == [("user", "a")]


@pytest.mark.parametrize(
    "written",
    ["https://h:8/p", "https://h:8/p/", "https://h:8/p/v3/chat", "https://h:8/p/v3", "https://h:8/p/v1/files/upload"],
)
def test_addresses(written: str) -> None:
    """Broken: an address of a self-hosted server leads elsewhere than to its host and prefix."""
    assert urls.endpoint(written, urls.CHAT) == "https://h:8/p/v3/chat"
    assert urls.endpoint(f"{written}?k=v", urls.RETRIEVE) == "https://h:8/p/v3/chat/retrieve?k=v"
    assert urls.chat_v2(written) == "https://h:8/p/open_api/v2/chat"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("https://api.coze.com/open_api/v2/chat", "https://api.coze.com/open_api/v2/chat"),
        ("https://api.coze.com/open_api/v2/chat/", "https://api.coze.com/open_api/v2/chat"),
        ("http://h/x/v2/chat?a=b", "http://h/x/v2/chat?a=b"),
        ("http://h/v2/chat", "http://h/v2/chat"),
    ],
)
def test_addresses_of_v2(written: str, meant: str) -> None:
    """Broken: an address of v2 is changed."""
    assert urls.means_v2(written)
    assert urls.chat_v2(written) == meant
