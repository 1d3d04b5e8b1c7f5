"""Tool calls put right: places, ids, names and arguments that vendors leave out, repeat or send in another type."""

from typing import Any

import pytest

from providers.types import ToolCallDelta
from providers.wires.openai.toolcalls import ToolCalls


def call(name: str | None = None, arguments: Any = None, **more: Any) -> dict[str, Any]:
    return {"function": {"name": name, "arguments": arguments}, **more}


def read(*payloads: Any) -> list[ToolCallDelta]:
    calls = ToolCalls()
    return [fragment for payload in payloads for fragment in calls.read(payload)]


def test_missing_index_goes_by_id() -> None:
    """Calls without a number run together, or a fragment without an id begins a call."""
    fragments = read([call("f", "{", id="a")], [call(None, "}")], [call("g", "{}", id="b")], [call(None, "!", id="a")])
    assert [(f.index, f.id, f.arguments) for f in fragments] == [
        (0, "a", "{"),
        (0, None, "}"),
        (1, "b", "{}"),
        (0, None, "!"),
    ]


def test_parallel_calls_that_all_say_zero() -> None:
    """Parallel calls that a vendor numbers 0 become one call with nonsense arguments."""
    together = read([call("f", "{}", id="a", index=0), call("f", "{}", id="b", index=0)])
    apart = read([call("f", "{}", id="a", index=0)], [call("f", "{}", id="b", index=0)])
    nameless = read([call("f", "{}", index=0), call("f", "{}", index=0)], [call("g", "{}", index=0)])
    assert [f.index for f in together] == [0, 1]
    assert [f.index for f in apart] == [0, 1]
    assert [f.index for f in nameless] == [0, 1, 2]


def test_calls_that_only_their_arguments_tell_apart() -> None:
    """Calls of one function that come whole, one after another and without ids, become one with nonsense arguments."""
    for index in (0, None):
        apart = read([call("f", '{"a":1}', index=index)], [call("f", {"a": 2}, id="", index=index)])
        assert [(f.index, f.arguments) for f in apart] == [(0, '{"a":1}'), (1, '{"a": 2}')]
    repeated = read([call("f", "", index=0)], [call("f", '{"a":', index=0)], [call("f", "1}", index=0)])
    assert [f.index for f in repeated] == [0, 0, 0]


def test_places_begin_at_zero() -> None:
    """A vendor that counts from 1 leaves a hole at the client."""
    assert [f.index for f in read([call("f", "", id="a", index=1)], [call("g", "", id="b", index=2)])] == [0, 1]


@pytest.mark.parametrize("identity", [None, "", "null"])
def test_missing_id_is_left_to_the_renderer(identity: Any) -> None:
    """A call's id is empty at the client, or the word null."""
    (fragment,) = read([call("f", "{}", id=identity, index=0)])
    assert (fragment.id, fragment.name) == (None, "f")


def test_repeated_names_and_ids_are_said_once() -> None:
    """A client that joins fragments gets the name twice."""
    first, second = read([call("f", "{", id="a", index=0)], [call("f", "}", id="a", index=0)])
    assert (first.name, second.name, second.id) == ("f", None, None)


def test_id_that_changes_without_a_name_goes_on() -> None:
    """A vendor that makes a new id for every fragment splits one call into many."""
    fragments = read([call("f", "{", id="a", index=0)], [call("", "}", id="b", index=0)])
    assert [f.index for f in fragments] == [0, 0]


def test_late_name_is_told() -> None:
    """A name that comes after its id is lost."""
    fragments = read([call(None, "", id="a", index=0)], [call("f", "{}", index=0)])
    assert [(f.name, f.arguments) for f in fragments] == [("", ""), ("f", "{}")]


@pytest.mark.parametrize(
    ("arguments", "text"), [({"city": "你"}, '{"city": "你"}'), (None, ""), ([1], "[1]"), ("{}", "{}")]
)
def test_arguments_are_text(arguments: Any, text: str) -> None:
    """Arguments reach the client in another type than text."""
    assert read([call("f", arguments, id="a")])[0].arguments == text


def test_one_call_that_is_no_list() -> None:
    """A single call outside a list is lost."""
    assert read(call("f", "{}", id="a"))[0].name == "f"


def test_empty_fragments_are_dropped() -> None:
    """Fragments that say nothing reach the client."""
    assert read([call("f", "{}", id="a", index=0)], [call(None, "", index=0)], [], ["?"], [None]) == read(
        [call("f", "{}", id="a", index=0)]
    )


def test_custom_tools() -> None:
    """A call of a custom tool loses its name or its input."""
    (fragment,) = read([{"id": "a", "type": "custom", "custom": {"name": "run", "input": "ls"}}])
    assert (fragment.name, fragment.arguments) == ("run", "ls")
    assert fragment.custom
