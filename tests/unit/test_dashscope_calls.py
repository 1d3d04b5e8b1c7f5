"""Tool calls in replies: in pieces, whole again in every event, several at once, and with parts left out."""

from typing import Any

import orjson
import pytest

from providers.types import ToolCallDelta
from tests.unit.dashing import deltas, folded, frame, sse


def call(arguments: Any, index: int | None = 0, name: str | None = None, id: str = "") -> Any:  # noqa: A002
    """One item of ``tool_calls`` as this vendor sends it: the id empty but in the first."""
    function = {"arguments": arguments, **({} if name is None else {"name": name})}
    return {"id": id, "type": "function", "function": function, **({} if index is None else {"index": index})}


def calling(*items: Any, finish: str = "null") -> Any:
    return frame({"tool_calls": list(items)}, finish)


CALLS = {
    "in pieces": [
        calling(call("", name="get_weather", id="call_1")),
        calling(call('{"city": ')),
        calling(call('"杭州"}')),
        calling(finish="tool_calls"),
    ],
    "with the name in pieces": [
        calling(call("", name="get_", id="call_1")),
        calling(call("", name="weather")),
        calling(call('{"city": "杭州"}', name="")),
        calling(finish="tool_calls"),
    ],
    "whole again in every event": [
        calling(call('{"ci', name="get_weather", id="call_1")),
        calling(call('{"city": "杭', name="get_weather", id="call_1")),
        calling(call('{"city": "杭州"}', name="get_weather", id="call_1")),
        calling(call('{"city": "杭州"}', name="get_weather", id="call_1"), finish="tool_calls"),
    ],
    "in pieces and whole again": [
        calling(call('{"city', name="get_weather", id="call_1")),
        calling(call('": "杭州"}')),
        calling(call('{"city": "杭州"}', name="get_weather", id="call_1"), finish="tool_calls"),
    ],
    "at once, as an object, without an index": [
        calling(call({"city": "杭州"}, None, "get_weather", "call_1"), finish="stop"),
    ],
    "without an index": [
        calling(call('{"city"', None, "get_weather", "call_1")),
        calling(call(': "杭州"}', None)),
        calling(finish="tool_calls"),
    ],
}


@pytest.mark.parametrize("name", CALLS)
def test_calls(name: str) -> None:
    """Broken: a call is cut, doubled or told without its id or name, or its end is not that of a call."""
    told = folded(sse(*CALLS[name]))["choices"][0]
    (made,) = told["message"]["tool_calls"]
    assert (made["id"], made["function"]["name"]) == ("call_1", "get_weather")
    assert orjson.loads(made["function"]["arguments"]) == {"city": "杭州"}
    assert (told["finish_reason"], told["message"]["content"]) == ("tool_calls", None)
    fragments = [fragment for delta in deltas([sse(*CALLS[name])]) for fragment in delta.tool_calls]
    assert [(f.id, f.name) for f in fragments if f.id or f.name] == [("call_1", "get_weather")]


def test_arguments_that_hold_themselves() -> None:
    """Broken: pieces of nested arguments that look like a repetition are swallowed."""
    pieces = ['{"a"', ": ", '{"a": ', "2}}"]
    data = sse(calling(call("", name="f", id="c")), *(calling(call(piece)) for piece in pieces), calling(finish="stop"))
    made = folded(data)["choices"][0]["message"]["tool_calls"][0]["function"]
    assert made["arguments"] == "".join(pieces)


def test_two_calls() -> None:
    """Broken: parallel calls get mixed, with or without indices, or share an id."""
    indexed = sse(
        calling(call("{", 0, "f", "a")), calling(call("}", 0)), calling(call("{}", 1, "g", "b"), finish="tool_calls")
    )
    unnumbered = sse(calling(call("{}", None, "f", "a"), call("{}", None, "g", "b"), finish="tool_calls"))
    same_index = sse(calling(call("{}", 0, "f", "a"), call("{}", 0, "g", "b"), finish="tool_calls"))
    for data in (indexed, unnumbered, same_index):
        made = folded(data)["choices"][0]["message"]["tool_calls"]
        told = [(one["id"], one["function"]["name"], one["function"]["arguments"]) for one in made]
        assert told == [("a", "f", "{}"), ("b", "g", "{}")]


def test_ids_that_are_missing() -> None:
    """Broken: a call has an empty id, with which no client can answer it, or none in a stream."""
    data = sse(calling(call("{}", 0, "f"), call("{}", 1, "f"), finish="tool_calls"))
    ids = {made["id"] for made in folded(data)["choices"][0]["message"]["tool_calls"]}
    assert len(ids) == 2 and all(identity.startswith("call_") for identity in ids)
    assert [delta.tool_calls for delta in deltas([data]) if delta.tool_calls] == [
        (ToolCallDelta(0, None, "f", "{}"), ToolCallDelta(1, None, "f", "{}"))
    ]


def test_call_without_arguments() -> None:
    """Broken: a call that needs no arguments never reaches the client."""
    data = sse(calling(call("", 0, "now", "c")), calling(finish="tool_calls"))
    assert folded(data)["choices"][0]["message"]["tool_calls"][0]["function"] == {"name": "now", "arguments": ""}
