"""Functions in OpenAI's older spelling."""

from providers.wires.openai import legacy


def test_a_round_of_functions() -> None:
    """A legacy call and its result no longer belong together."""
    call = legacy.message({"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}})
    result = legacy.message({"role": "function", "name": "f", "content": None})
    assert call["tool_calls"] == [
        {"id": "call_f", "type": "function", "function": {"name": "f", "arguments": "{}"}},
    ]
    assert "function_call" not in call
    assert result == {"role": "tool", "tool_call_id": "call_f", "content": ""}


def test_other_messages_stay() -> None:
    """Messages of today are changed, or a developer's word is not system text."""
    message = {"role": "user", "content": "x", "function_call": None}
    assert legacy.message(message) is message
    assert legacy.message({"role": "developer", "content": "x"}) == {"role": "system", "content": "x"}
    both = {"role": "assistant", "content": "", "tool_calls": [{"id": "1"}], "function_call": {"name": "f"}}
    assert legacy.message(both) is both


def test_refusals_in_the_history() -> None:
    """What an assistant refused is lost, and an empty turn left, with vendors that know text only."""
    refused = {"role": "assistant", "content": None, "refusal": "No."}
    assert legacy.message(refused) == {"role": "assistant", "content": "No."}
    part = {"role": "assistant", "content": [{"type": "text", "text": "a"}, {"type": "refusal", "refusal": "No."}]}
    assert legacy.message(part)["content"] == [{"type": "text", "text": "a"}, {"type": "text", "text": "No."}]
    spoken = {"role": "assistant", "content": "a", "refusal": None}
    assert legacy.message(spoken) is spoken


def test_parameters() -> None:
    """Functions do not become tools, or tools are overwritten by them."""
    function = {"name": "f", "parameters": {}}
    tool = {"type": "function", "function": function}
    assert legacy.params({"functions": [function, "odd"], "function_call": "auto", "n": None}) == {
        "tools": [tool],
        "tool_choice": "auto",
    }
    named = legacy.params({"functions": [function], "function_call": {"name": "f"}})
    assert named["tool_choice"] == {"type": "function", "function": {"name": "f"}}
    assert legacy.params({"functions": [function], "tools": []}) == {"tools": []}
    assert legacy.params({"function_call": "auto", "seed": 1}) == {"seed": 1}
