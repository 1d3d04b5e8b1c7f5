"""Bailian's applications: what goes up beside the prompt, and agents' and workflows' answers."""

from typing import Any

import orjson
import pytest

from providers.errors import ErrorKind, ProviderError
from providers.types import Delta, Json
from tests.unit.dashing import HOST, body, deltas, folded, sse, to, whole
from tests.unit.dashing import encoded as encoded_for

APP = "0f3a7c1d2e4b4f5a9c8d7e6f5a4b3c2d"
REFERENCE = {
    "index_id": "1",
    "title": "说明书",
    "doc_id": "file_1",
    "doc_name": "guide.pdf",
    "doc_url": "https://docs.example/guide.pdf",
    "text": "…",
    "page_number": [3],
}
CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def encoded(messages: Any = "hi", **params: Any) -> Any:
    return encoded_for(APP, messages, "bailian", params.pop("destination", to(APP, f"{HOST}/api/v1/apps")), **params)


def event(finish: str = "null", **output: Any) -> Json:
    told = {"session_id": "s-1", "finish_reason": finish, **output}
    return {"output": told, "usage": {}, "request_id": "r-1"}


@pytest.mark.parametrize(
    ("messages", "asked"),
    [
        ("你好", {"prompt": "你好"}),
        (
            [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}],
            {"prompt": "a\nb"},
        ),
        (
            [{"role": "developer", "content": "s"}, {"role": "user", "content": "a"}],
            {"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "a"}]},
        ),
        (
            [
                {"role": "user", "content": "a"},
                {"role": "assistant", "content": None},
                {"role": "user", "content": "b"},
            ],
            {
                "messages": [
                    {"role": "user", "content": "a"},
                    {"role": "assistant", "content": ""},
                    {"role": "user", "content": "b"},
                ]
            },
        ),
        ([{"role": "system", "content": "s"}], {"messages": [{"role": "system", "content": "s"}]}),
    ],
)
def test_input(messages: Any, asked: Json) -> None:
    """Broken: history is lost, or a lone question goes up as one."""
    wire = encoded(messages)
    assert body(wire) == {"input": asked, "parameters": {}, "debug": {}}
    assert (wire.url, wire.changes) == (f"{HOST}/api/v1/apps/{APP}/completion", ())


def test_sessions_and_variables() -> None:
    """Broken: what an application takes beside the prompt is lost, or a session's history is sent once more."""
    talk = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}]
    given = {"session_id": "s-1", "biz_params": {"city": "杭州"}, "file_list": ["f"], "memory_id": "m"}
    assert body(encoded(talk, **given))["input"] == {"prompt": "c", **given}
    assert body(encoded(talk, biz_params={"x": 1}))["input"].keys() == {"messages", "biz_params"}


def test_images() -> None:
    """Broken: an image's address is lost, or bytes are sent where only addresses are read."""
    parts: Any = [
        {"type": "text", "text": "see"},
        {"type": "image_url", "image_url": {"url": "https://a.example/b.png"}},
    ]
    found = body(encoded([{"role": "user", "content": parts}], image_list=["https://a.example/a.png"]))["input"]
    assert found == {"prompt": "see", "image_list": ["https://a.example/a.png", "https://a.example/b.png"]}
    parts[1]["image_url"]["url"] = "data:image/png;base64,AAAA"
    with pytest.raises(ProviderError, match="addresses only") as raised:
        encoded([{"role": "user", "content": parts}])
    assert (raised.value.kind, raised.value.param) == (ErrorKind.UNSUPPORTED, "messages")


def test_parameters() -> None:
    """Broken: a parameter that an application knows is lost, one that it does not know is sent, or in silence."""
    wire = encoded(temperature=2, top_p=0, seed=-1, top_k=5, rag_options={"pipeline_ids": ["p"]}, user="u", n=2)
    assert body(wire)["parameters"] == {
        "temperature": 1.99,
        "top_p": 0.01,
        "top_k": 5,
        "rag_options": {"pipeline_ids": ["p"]},
    }
    assert set(wire.changes) == {
        "clamped temperature to 1.99",
        "clamped top_p to 0.01",
        "dropped seed",
        "dropped user",
        "dropped n",
    }
    assert encoded([{"role": "user", "content": "a", "name": "bob"}]).changes == ("dropped messages[].name",)
    assert encoded(tools=[CALL], max_tokens=5, response_format={"type": "json_object"}, presence_penalty=1).changes == (
        "dropped tools",
        "dropped max_tokens",
        "dropped response_format",
        "dropped presence_penalty",
    )


def test_streams_thoughts_and_stops() -> None:
    """Broken: a stream repeats its text, thoughts cannot be asked for, or a stop text is ignored in silence."""
    wire = encoded(stream=True, stop=["END"], stream_options={"include_usage": True})
    assert body(wire)["parameters"] == {"incremental_output": True}
    assert (wire.headers["X-DashScope-SSE"], wire.stops) == ("enable", ("END",))
    assert (encoded(stop="END").stops, encoded().stops) == (("END",), ())
    wire = encoded(reasoning_effort="low")
    assert (body(wire)["parameters"], len(wire.changes)) == ({"has_thoughts": True}, 1)
    assert body(encoded(reasoning_effort="none"))["parameters"] == {"has_thoughts": False}
    options = {"has_thoughts": True, "flow_stream_mode": "message_format"}
    entry = to(APP, f"{HOST}/api/v1/apps", options=options)
    assert body(encoded(destination=entry))["parameters"] == options
    assert body(encoded(destination=entry, has_thoughts=False))["parameters"] == {**options, "has_thoughts": False}


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "assistant", "content": None, "tool_calls": [CALL]}],
        [{"role": "user", "content": "a"}, {"role": "tool", "tool_call_id": "c", "content": "1"}],
        [{"role": "user", "content": [{"type": "file", "file": {"file_id": "f"}}]}],
    ],
)
def test_refusals(messages: Any) -> None:
    """Broken: a history that an application cannot read is sent to it, or bent in silence."""
    with pytest.raises(ProviderError) as raised:
        encoded(messages)
    assert (raised.value.kind, raised.value.param) == (ErrorKind.UNSUPPORTED, "messages")


AGENT = sse(
    event(thoughts=[{"action_type": "reasoning", "thought": "想"}]),
    event(thoughts=[{"action_type": "reasoning", "thought": "一想"}], doc_references=[REFERENCE]),
    event(thoughts=[{"action_type": "agentRag", "observation": "[…]"}]),
    event(text="你好"),
    event(text="你好", doc_references=[REFERENCE]),
    {
        **event("stop", text="", thoughts=[{"action_type": "reasoning", "thought": "想一想"}]),
        "usage": {"models": [{"input_tokens": 10, "output_tokens": 2}, {"input_tokens": 5, "output_tokens": 1}]},
    },
)


def test_stream_of_an_agent() -> None:
    """Broken: an agent's text, thoughts, sources, counts or session are lost, or told twice."""
    told = folded(AGENT, "bailian")
    message = told["choices"][0]["message"]
    assert (message["content"], message["reasoning_content"]) == ("你好你好", "想一想")
    (annotation,) = message["annotations"]
    cited = annotation["url_citation"]
    assert (cited["url"], cited["title"], cited["page_number"]) == (REFERENCE["doc_url"], "说明书", [3])
    assert (told["id"], told["session_id"]) == ("chatcmpl-r-1", "s-1")
    assert told["usage"] == {"prompt_tokens": 15, "completion_tokens": 3, "total_tokens": 18}
    for pieces in ([AGENT[n : n + 1] for n in range(len(AGENT))], AGENT.splitlines(keepends=True)):
        assert [delta.text for delta in deltas(pieces, "bailian") if delta.text] == ["你好", "你好"]
    cut = AGENT[: AGENT.index(b'"finish_reason":"stop"')]
    assert not any(delta.finish_reason for delta in deltas([cut], "bailian"))


def test_whole_answer() -> None:
    """Broken: a plain answer of an agent has no sources or thoughts, or breaks on fields that hold nothing."""
    doc = event("stop", text="好", thoughts=[{"actionType": "reasoning", "response": "嗯"}], doc_references=[REFERENCE])
    message = whole(doc, "bailian")["choices"][0]["message"]
    assert (message["content"], message["reasoning_content"]) == ("好", "嗯")
    assert len(message["annotations"]) == 1
    empty = event("stop", text="好", thoughts=None, doc_references=[None], workflow_message=None)
    assert whole({**empty, "usage": None}, "bailian")["choices"][0]["message"]["content"] == "好"
    nameless = whole(event("stop", text="", doc_references=[{"doc_name": "d"}]), "bailian")
    assert nameless["choices"][0]["message"]["annotations"][0]["url_citation"]["title"] == "d"


def node(text: str, finish: str = "null", **output: Any) -> Json:
    told = {"node_id": "End_7w1V", "node_type": "End", "message": {"role": "assistant", "content": text}}
    return event(finish, workflow_message=told, **output)


def test_stream_of_a_workflow() -> None:
    """Broken: the text of a workflow's nodes is lost, or comes once more with the last event."""
    data = sse(node("我是"), node("通义"), node(""), event("stop", text="我是通义"))
    told = folded(data, "bailian")["choices"][0]
    assert (told["message"]["content"], told["finish_reason"]) == ("我是通义", "stop")
    assert folded(sse(event("stop", text="我是通义")), "bailian")["choices"][0]["message"]["content"] == "我是通义"


def test_errors() -> None:
    """Broken: an application's failure passes for an answer, or comes without its words."""
    late = sse({"code": "AppProcessFailed", "message": "told"}, name="error", status=500)
    for data in (late, sse(event(text="a")) + late, orjson.dumps({"code": "AppProcessFailed", "message": "told"})):
        with pytest.raises(ProviderError, match="told") as raised:
            deltas([data], "bailian")
        assert raised.value.kind is ErrorKind.SERVER_ERROR


def test_the_end_is_told_once() -> None:
    """Broken: a second end, or text behind the first, reaches the client."""
    found = deltas([sse(event("stop", text="a"), event("stop", text="b"))], "bailian")
    assert [delta for delta in found if delta.text or delta.finish_reason] == [Delta(text="a", finish_reason="stop")]
