"""Parameters renamed, clamped and dropped, and every loss said aloud."""

from typing import Any

import pytest

from providers.types import Json
from providers.wires.openai.dialect import EITHER, KEEP, MAX_COMPLETION_TOKENS, Dialect, ModelRule, Range, models
from providers.wires.openai.params import adapt


def adapted(dialect: Dialect, **params: Any) -> tuple[Json, list[str]]:
    """What is sent beside the envelope, and what was lost."""
    body: Json = {"model": "m-1", "messages": [{"role": "user", "content": "x"}], **params}
    losses: list[str] = []
    adapt(body, dialect, losses)
    del body["model"], body["messages"]
    return body, losses


def test_unknown_fields_pass_and_nulls_do_not() -> None:
    """A vendor's own fields are lost, or it gets nulls it refuses."""
    assert adapted(Dialect(), top_k=5, chat_template_kwargs={"a": 1}, stop=None) == (
        {"top_k": 5, "chat_template_kwargs": {"a": 1}},
        [],
    )


@pytest.mark.parametrize(
    ("how", "given", "sent"),
    [
        (KEEP, {"max_tokens": 1, "max_completion_tokens": 2}, {"max_tokens": 1, "max_completion_tokens": 2}),
        ("max_tokens", {"max_completion_tokens": 2}, {"max_tokens": 2}),
        ("max_tokens", {"max_tokens": 1, "max_completion_tokens": 2}, {"max_tokens": 2}),
        ("max_tokens", {"max_tokens": 1}, {"max_tokens": 1}),
        (MAX_COMPLETION_TOKENS, {"max_tokens": 1}, {"max_completion_tokens": 1}),
        (MAX_COMPLETION_TOKENS, {"max_tokens": 1, "max_completion_tokens": 2}, {"max_completion_tokens": 2}),
        (EITHER, {"max_tokens": 1}, {"max_tokens": 1}),
        (EITHER, {"max_tokens": 1, "max_completion_tokens": 2}, {"max_completion_tokens": 2}),
    ],
)
def test_name_of_the_token_limit(how: str, given: Json, sent: Json) -> None:
    """A limit of the answer's length goes up under a name the vendor refuses, or twice."""
    assert adapted(Dialect(max_tokens=how), **given) == (sent, [])


def test_strict_models_get_the_long_name() -> None:
    """A model that refuses max_tokens gets it because its vendor usually takes it."""
    dialect = Dialect(max_tokens=KEEP, completion_models=models("m-1"))
    assert adapted(dialect, max_tokens=1)[0] == {"max_completion_tokens": 1}


def test_renames_are_no_loss() -> None:
    """A parameter keeps a name the vendor does not know, or wins over the vendor's own."""
    dialect = Dialect(rename={"seed": "random_seed"})
    assert adapted(dialect, seed=5) == ({"random_seed": 5}, [])
    assert adapted(dialect, seed=5, random_seed=6) == ({"random_seed": 6}, [])


def test_drops_are_told_unless_they_change_nothing() -> None:
    """A dropped parameter goes unsaid, or one that said what happens anyway is called a loss."""
    dialect = Dialect(drop=frozenset({"n", "logprobs", "logit_bias", "x"}))
    assert adapted(dialect, n=2, logprobs=False, logit_bias={}, x=1, y=2) == ({"y": 2}, ["dropped n", "dropped x"])


def test_whitelist() -> None:
    """A strict vendor gets a field it answers with a 422."""
    dialect = Dialect(only=frozenset({"temperature"}))
    assert adapted(dialect, temperature=1, user="u") == ({"temperature": 1}, ["dropped user"])


@pytest.mark.parametrize(
    ("bounds", "value", "clamped"),
    [
        (Range(0, 1), 1.5, 1),
        (Range(0, 1), -1, 0),
        (Range(0, 1), 0.5, 0.5),
        (Range(0, 1), 1, 1),
        (Range(0, 2, at_high=1.99), 2, 1.99),
        (Range(0, 2, at_high=1.99), 3, 1.99),
        (Range(0, 2, at_high=1.99), 1.995, 1.995),
        (Range(0, 1, at_low=0.01), 0, 0.01),
        (Range(0, 1, at_low=0.01), 0.005, 0.005),
        (Range(), 99, 99),
    ],
)
def test_clamps(bounds: Range, value: float, clamped: float) -> None:
    """A number outside the vendor's range goes up, or one inside is changed, or the change goes unsaid."""
    sent, losses = adapted(Dialect(clamp={"temperature": bounds}), temperature=value)
    assert sent == {"temperature": clamped}
    assert losses == ([] if value == clamped else [f"clamped temperature to {clamped}"])


def test_only_numbers_are_clamped() -> None:
    """A value of another type breaks the request."""
    assert adapted(Dialect(clamp={"a": Range(0, 1), "b": Range(0, 1)}), a=True, b="9") == ({"a": True, "b": "9"}, [])


def test_rules_by_model() -> None:
    """A rule holds for another model, or is not lifted by the parameter that lifts it."""
    rule = ModelRule(models("M-1"), drop=frozenset({"top_p"}), clamp={"seed": Range(0, 9)}, unless=("effort", "none"))
    assert adapted(Dialect(rules=(rule,)), top_p=0.5, seed=10)[0] == {"seed": 9}
    assert adapted(Dialect(rules=(rule,)), top_p=0.5, effort="none")[0] == {"top_p": 0.5, "effort": "none"}
    other = ModelRule(models("m-2"), drop=frozenset({"top_p"}))
    assert adapted(Dialect(rules=(other,)), top_p=0.5)[0] == {"top_p": 0.5}


NAMED = {"type": "function", "function": {"name": "f"}}
TOOLS = [{"type": "function", "function": {"name": "f"}}]


@pytest.mark.parametrize(
    ("kinds", "choice", "sent", "losses"),
    [
        ("auto none required named", "required", {"tools": TOOLS, "tool_choice": "any"}, []),
        ("auto none required named", NAMED, {"tools": TOOLS, "tool_choice": NAMED}, []),
        ("auto", "auto", {"tools": TOOLS, "tool_choice": "auto"}, []),
        ("auto", "required", {"tools": TOOLS}, ["dropped tool_choice"]),
        ("auto", NAMED, {"tools": TOOLS}, ["dropped tool_choice"]),
        ("auto", "none", {}, []),
        ("", "auto", {"tools": TOOLS}, []),
    ],
)
def test_tool_choice(kinds: str, choice: Any, sent: Json, losses: list[str]) -> None:
    """A vendor gets a choice it refuses, calls tools that were forbidden, or the change goes unsaid."""
    dialect = Dialect(tool_choices=frozenset(kinds.split()), required_word="any")
    assert adapted(dialect, tools=TOOLS, tool_choice=choice) == (sent, losses)


def test_nothing_about_tools_stays_without_them() -> None:
    """A vendor that refuses arguments about tools where there are none gets one."""
    dialect = Dialect(tool_choices=frozenset({"auto"}))
    assert adapted(dialect, tools=TOOLS, tool_choice="none", parallel_tool_calls=False) == ({}, [])


SCHEMA = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}


@pytest.mark.parametrize("system", ["S", None, [{"type": "text", "text": "S"}]])
def test_schema_in_words(system: Any) -> None:
    """A vendor without schemas gets one it refuses, or the model never learns of it."""
    messages: list[Json] = [{"role": "user", "content": "x"}]
    if system:
        messages.insert(0, {"role": "system", "content": system})
    body: Json = {"model": "m", "messages": messages, "response_format": SCHEMA}
    losses: list[str] = []
    adapt(body, Dialect(json_schema=False), losses)
    assert body["response_format"] == {"type": "json_object"}
    assert '{"type":"object"}' in body["messages"][0]["content"]
    assert losses == ["replaced response_format json_schema by json_object"]
    assert messages[-1] == {"role": "user", "content": "x"}


@pytest.mark.parametrize("wanted", [{"type": "json_object"}, {"type": "text"}])
def test_other_formats_stay(wanted: Json) -> None:
    """A response format that the vendor knows is changed."""
    assert adapted(Dialect(json_schema=False), response_format=wanted)[0] == {"response_format": wanted}


def test_usage_is_asked_for_only_on_streams_that_know_it() -> None:
    """A vendor gets stream options it refuses."""
    options = {"include_usage": True}
    assert adapted(Dialect(), stream=True, stream_options=options)[0]["stream_options"] == options
    assert "stream_options" not in adapted(Dialect(stream_options=False), stream=True, stream_options=options)[0]
    assert "stream_options" not in adapted(Dialect(), stream_options=options)[0]


def test_models_that_only_stream() -> None:
    """A model that only streams is asked for a whole answer, or its counts are not asked for."""
    dialect = Dialect(stream_only=models("m-1"))
    assert adapted(dialect) == ({"stream": True, "stream_options": {"include_usage": True}}, [])
    assert adapted(dialect, stream=True)[0] == {"stream": True}


def test_models_that_think_only_in_streams() -> None:
    """A model that cannot think without a stream answers with a 400."""
    dialect = Dialect(hybrid_thinking=models("m-1"))
    assert adapted(dialect)[0] == {"enable_thinking": False}
    assert adapted(dialect, stream=True)[0] == {"stream": True}
    assert adapted(dialect, enable_thinking=True)[0]["stream"] is True


def test_adjust_has_the_last_word() -> None:
    """What a row's own function does is undone."""

    def adjust(body: Json, losses: list[str]) -> None:
        body["x"] = 1
        losses.append("dropped y")

    assert adapted(Dialect(adjust=adjust)) == ({"x": 1}, ["dropped y"])
