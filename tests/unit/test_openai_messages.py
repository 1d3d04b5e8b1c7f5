"""Messages one by one and in order, as strict vendors want them."""

from copy import deepcopy
from typing import Any

import orjson
import pytest

from providers.errors import ErrorKind, ProviderError
from providers.types import ChatRequest, Destination, Json
from providers.wires.openai.dialect import Dialect, models
from providers.wires.openai.request import encode

ANY = models("")
IMAGE = {"type": "image_url", "image_url": {"url": "https://x/y.png"}}


def text(*texts: str) -> list[Json]:
    return [{"type": "text", "text": each} for each in texts]


def user(content: Any = "x") -> Json:
    return {"role": "user", "content": content}


def said(content: Any = "a", **more: Any) -> Json:
    return {"role": "assistant", "content": content, **more}


def system(content: Any = "S") -> Json:
    return {"role": "system", "content": content}


def call(identity: str = "c1") -> Json:
    return {"id": identity, "type": "function", "function": {"name": "f", "arguments": "{}"}}


def result(identity: str = "c1") -> Json:
    return {"role": "tool", "tool_call_id": identity, "content": "1"}


def sent(messages: list[Json], dialect: Dialect | None = None, **to: Any) -> tuple[list[Json], tuple[str, ...]]:
    """The messages as they go up, and the losses. What the client sent must not be changed by it."""
    before = deepcopy(messages)
    destination = Destination("m", "https://a.example", **to)
    wire = encode(ChatRequest("m", messages, False, {}), destination, dialect or Dialect())
    assert messages == before
    return orjson.loads(wire.body)["messages"], wire.changes


def test_nothing_to_change_changes_nothing() -> None:
    """An ordinary conversation is altered on its way."""
    messages = [system(), user(), said(None, tool_calls=[call()]), result(), user([*text("a"), IMAGE])]
    assert sent(messages) == (messages, ())


def test_developer_is_system_elsewhere() -> None:
    """A vendor gets a role it refuses, or the one vendor that knows it does not get it."""
    messages = [{"role": "developer", "content": "S"}, user()]
    assert sent(messages)[0][0] == system()
    assert sent(messages, Dialect(developer_models=ANY))[0] == messages


def test_fields_of_answers_are_stripped() -> None:
    """History that clients replay as they got it is refused, or a real loss goes unsaid."""
    replayed = said("a", reasoning_content="r", reasoning="r", refusal=None, annotations=[], audio=None, tool_calls=[])
    assert sent([user(), replayed, user()]) == ([user(), said(), user()], ())
    assert sent([said("a", refusal="no"), said("a", refusal="no"), user()])[1] == ("dropped messages[].refusal",)


def test_null_fields_stay_where_they_are_taken() -> None:
    """The vendor whose shape this is gets something else than its own client sends."""
    messages = [said("a", refusal=None), user()]
    assert sent(messages, Dialect(strip=frozenset(), strip_nulls=False))[0] == messages


def test_reasoning_is_kept_on_turns_with_tool_calls() -> None:
    """A vendor that wants its reasoning back does not get it, or gets it where it is refused."""
    messages = [said("a", reasoning_content="old"), said(None, reasoning_content="r", tool_calls=[call()]), result()]
    kept, losses = sent(messages, Dialect(keep_reasoning=True))
    assert [m.get("reasoning_content") for m in kept] == [None, "r", None]
    assert losses == ()


def test_reasoning_that_the_client_dropped_is_put_back() -> None:
    """A client that knows no reasoning makes the vendor refuse the tools' results."""
    notes = {"c1": {"reasoning_content": "r"}}
    messages = [said(None, tool_calls=[call("c0"), call("c1")]), result("c0"), result("c1")]
    kept, _ = sent(messages, Dialect(keep_reasoning=True), recall=notes.get)
    assert kept[0]["reasoning_content"] == "r"
    assert "reasoning_content" not in sent(messages, Dialect(keep_reasoning=True))[0][0]


def test_details_of_reasoning_are_put_back() -> None:
    """Details of reasoning that the client dropped are lost, or take the place of those that it kept."""
    notes = {"c1": {"reasoning_details": [{"text": "r"}], "reasoning_content": "r"}}
    dropped, kept = said(None, tool_calls=[call("c1")]), said(None, tool_calls=[call("c1")], reasoning_details=[{}])
    details = Dialect(keep_details=True)
    assert sent([dropped, result("c1")], details, recall=notes.get)[0][0] == {
        **dropped,
        "reasoning_details": [{"text": "r"}],
    }
    assert sent([kept, result("c1"), said("a")], details, recall=notes.get)[0] == [kept, result("c1"), said("a")]


@pytest.mark.parametrize(("how", "content"), [("keep", None), ("empty", ""), ("drop", "absent")])
def test_null_content(how: str, content: Any) -> None:
    """A vendor gets a null content it refuses."""
    message = sent([said(None, tool_calls=[call()]), result()], Dialect(null_content=how))[0][0]
    assert message.get("content", "absent") == content


def test_text_arrays_become_strings_for_text_models() -> None:
    """A text-only model gets an array it refuses; one with images is changed though only the vendor can judge it."""
    messages = [user(text("a", "b")), user([*text("a"), IMAGE]), user()]
    flat = Dialect(text_models=ANY)
    assert sent(messages, flat)[0] == [user("a\nb"), messages[1], messages[2]]
    assert sent(messages, flat, flatten=False)[0] == messages
    assert sent(messages[:1], flatten=True)[0] == [user("a\nb")]


def test_images_for_a_text_model_of_the_operator() -> None:
    """An image is thrown away in silence where the operator said that the model takes text only."""
    with pytest.raises(ProviderError) as raised:
        sent([user([*text("a"), IMAGE])], flatten=True)
    assert (raised.value.kind, raised.value.param) == (ErrorKind.UNSUPPORTED, "messages")
    assert "image_url" in raised.value.message


def test_tool_call_ids_are_rewritten_alike() -> None:
    """A rewritten id stands only on one side, so the results belong to nothing."""
    dialect = Dialect(tool_call_id=lambda identity: identity.upper())
    kept, _ = sent([user(), said(None, tool_calls=[call("a"), call("b")]), result("a"), result("b")], dialect)
    assert [c["id"] for c in kept[1]["tool_calls"]] == ["A", "B"]
    assert [m["tool_call_id"] for m in kept[2:]] == ["A", "B"]


def test_silent_assistant_messages() -> None:
    """A vendor gets an empty assistant message it refuses, or one with tool calls is taken away."""
    messages = [user(), said(""), said(None, tool_calls=[call()]), result(), user()]
    kept, losses = sent(messages, Dialect(empty_assistant=False))
    assert kept == [messages[0], *messages[2:]]
    assert losses == ("dropped empty assistant messages",)


@pytest.mark.parametrize(
    ("messages", "folded"),
    [
        ([system("A"), user("x"), said(), system("B"), user("y")], [user("A\nB\n\nx"), said(), user("y")]),
        ([system("A"), user(text("x"))], [user(text("A", "x"))]),
        ([system(text("A"))], [user("A")]),
        ([user("x")], [user("x")]),
        ([said(), system("A"), user("x")], [said(), user("A\n\nx")]),
        ([{"role": "developer", "content": "A"}, user("x")], [user("A\n\nx")]),
    ],
)
def test_system_text_in_the_first_user_message(messages: list[Json], folded: list[Json]) -> None:
    """A model without a system role gets one, or its instructions are lost."""
    assert sent(messages, Dialect(fold_system=ANY))[0] == folded
    assert sent(messages, Dialect(fold_system=ANY, developer_models=ANY))[0] == folded


@pytest.mark.parametrize(
    ("messages", "merged", "losses"),
    [
        ([system("A"), user()], [system("A"), user()], ()),
        ([user()], [user()], ()),
        ([system("A"), user(), system("B")], [system("A\nB"), user()], ("merged system messages into the first",)),
        ([user(), system("A")], [system("A"), user()], ("merged system messages into the first",)),
    ],
)
def test_one_system_message(messages: list[Json], merged: list[Json], losses: tuple[str, ...]) -> None:
    """A vendor that takes one system message, the first, gets another arrangement."""
    assert sent(messages, Dialect(merge_system=True)) == (merged, losses)


@pytest.mark.parametrize(
    ("messages", "turns", "losses"),
    [
        ([user("a"), user("b")], [user("a\nb")], ("merged neighbouring messages of one role",)),
        ([said(), user()], [user()], ("dropped an assistant message before the first user message",)),
        ([user(), said()], [user(), said(), user("Continue.")], ("added a user message at the end",)),
        ([user(), said(None, tool_calls=[call()]), result(), result()], "same", ()),
        ([system(), user(), said("a"), user()], "same", ()),
        ([user(text("a")), user("b")], "same", ()),
        ([system()], [system(), user("Continue.")], ("added a user message at the end",)),
    ],
)
def test_turns(messages: list[Json], turns: Any, losses: tuple[str, ...]) -> None:
    """A vendor that wants user and assistant by turns gets another order, or tool results are run together."""
    assert sent(messages, Dialect(alternate=True)) == (messages if turns == "same" else turns, losses)
