"""What the small DashScope answers: an echo of the last message, or a call of the first tool, whole or in pieces."""

from collections.abc import Iterator
from typing import Any

from tests.fakevendor.dashscope_rules import THINKING_BY_DEFAULT

THOUGHTS = "用户问好，我该问好。"
ARGUMENTS = '{"city": "杭州市"}'
CALL_ID = "call_0bdcc155f2534f65a05cb1"
REFERENCE = {
    "index_id": "1",
    "title": "说明书",
    "doc_id": "f",
    "doc_name": "a.pdf",
    "doc_url": "https://docs.example/a",
}
REQUEST_ID = "25d58c29-c47b-9e8d-a0f1-d6c309ec58b1"
Json = dict[str, Any]
_HEAD = {"id": "chatcmpl-f37af769", "created": 1770343445}
_USAGE = {"prompt_tokens": 11, "completion_tokens": 4, "total_tokens": 15}


def counts(output_tokens: int) -> Json:
    return {"input_tokens": 11, "output_tokens": output_tokens, "total_tokens": 11 + output_tokens}


def said(message: Json) -> str:
    """A message's text, with a mark for each picture."""
    content = message["content"]
    if isinstance(content, str):
        return content
    return "".join(part["text"] if "text" in part else f"[image {len(part['image'])}]" for part in content)


def calls(body: Json) -> bool:
    """Whether the answer is a call: tools are there and their result is not yet."""
    return bool(body["parameters"].get("tools")) and body["input"]["messages"][-1]["role"] == "user"


def thinks(body: Json) -> bool:
    return bool(body["parameters"].get("enable_thinking", body["model"] in THINKING_BY_DEFAULT))


def pieces(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


def messages(body: Json, multimodal: bool) -> Iterator[Json]:
    """The pieces of an answer: the message's fields of each event, thoughts first. Parts at the multimodal endpoint."""
    text = said(body["input"]["messages"][-1])
    if thinks(body):
        for piece in pieces(THOUGHTS, 3):
            yield {"content": [] if multimodal else "", "reasoning_content": piece}
    if calls(body):
        name = body["parameters"]["tools"][0]["function"]["name"]
        yield {"content": "", "tool_calls": [_call(name, "", CALL_ID)]}
        for piece in pieces(ARGUMENTS, 5):
            yield {"content": "", "tool_calls": [_call("", piece, "")]}
        return
    for piece in pieces(text, 7):
        yield {"content": [{"text": piece}] if multimodal else piece}


def _call(name: str, arguments: str, identity: str) -> Json:
    function = {"name": name, "arguments": arguments}
    return {"index": 0, "id": identity, "type": "function", "function": function}


def events(body: Json, multimodal: bool) -> Iterator[Json]:
    """The payloads of a stream: usage in each, and the text again in each where pieces were not asked for."""
    whole = not body["parameters"].get("incremental_output")
    text, number = "", 0
    for number, message in enumerate(messages(body, multimodal), 1):
        text += said(message)
        yield _event({**message, "content": text} if whole else message, "null", number)
    last = text if whole else ([] if multimodal else "")
    yield _event({"content": last}, "tool_calls" if calls(body) else "stop", number + 1)


def _event(message: Json, finish: str, number: int) -> Json:
    choice = {"message": {"role": "assistant", **message}, "finish_reason": finish}
    return {"output": {"choices": [choice]}, "usage": counts(number), "request_id": REQUEST_ID}


def document(body: Json, multimodal: bool) -> Json:
    """The whole answer, old fields beside the new ones."""
    text = said(body["input"]["messages"][-1])
    message: Json = {"role": "assistant", "content": [{"text": text}] if multimodal else text}
    if calls(body):
        function = {"name": body["parameters"]["tools"][0]["function"]["name"], "arguments": ARGUMENTS}
        message = {"role": "assistant", "content": "", "tool_calls": [{"id": CALL_ID, "index": 0, "type": "function"}]}
        message["tool_calls"][0]["function"] = function
    choice = {"finish_reason": "tool_calls" if calls(body) else "stop", "message": message}
    output = {"text": None, "finish_reason": None, "choices": [choice]}
    return {"output": output, "usage": counts(4), "request_id": REQUEST_ID}


def app_events(body: Json) -> Iterator[Json]:
    """The payloads of an application's stream: an agent's, or a workflow's that speaks node by node."""
    text = asked(body)
    flows = body["parameters"].get("flow_stream_mode") == "message_format"
    if body["parameters"].get("has_thoughts"):
        for piece in pieces(THOUGHTS, 4):
            yield _output(thoughts=[{"action_type": "reasoning", "thought": piece}])
    for piece in pieces(text, 7):
        node = {"node_type": "End", "message": {"role": "assistant", "content": piece}}
        yield _output(workflow_message=node) if flows else _output(text=piece)
    last = _output("stop", text=text if flows else "", doc_references=[REFERENCE])
    yield {**last, "usage": {"models": [{"model_id": "qwen-max", "input_tokens": 121, "output_tokens": 37}]}}


def app_document(body: Json) -> Json:
    thoughts = [{"action_type": "reasoning", "thought": THOUGHTS}] if body["parameters"].get("has_thoughts") else []
    told = _output("stop", text=asked(body), thoughts=thoughts, doc_references=[REFERENCE])
    return {**told, "usage": {"models": [{"model_id": "qwen-max", "input_tokens": 121, "output_tokens": 37}]}}


def asked(body: Json) -> str:
    """What an application was asked, how much came before it, and with how many pictures."""
    given = body["input"]
    if "prompt" in given:
        return f"{given['prompt']}{'[image]' * len(given.get('image_list', ()))}"
    return f"{given['messages'][-1]['content']} (after {len(given['messages']) - 1})"


def _output(finish: str = "null", **fields: Any) -> Json:
    output = {"session_id": "a0606349b3c34c6fad7cf1d6454e0072", "finish_reason": finish, **fields}
    return {"output": output, "usage": {}, "request_id": REQUEST_ID}


def compatible(body: Json) -> Iterator[Json]:
    """The chunks of compatible mode; a call's later pieces have an empty id."""
    last = body["messages"][-1]
    head = {**_HEAD, "object": "chat.completion.chunk", "model": body["model"]}
    deltas: list[Json] = [{"role": "assistant", "content": ""}]
    called = body.get("tools") and last["role"] == "user"
    if called:
        name = body["tools"][0]["function"]["name"]
        deltas += [{"tool_calls": [_call(name, "", CALL_ID)]}]
        deltas += [{"tool_calls": [_call("", piece, "")]} for piece in pieces(ARGUMENTS, 5)]
    else:
        if body["model"] in THINKING_BY_DEFAULT:
            deltas += [{"content": None, "reasoning_content": THOUGHTS}]
        deltas += [{"content": piece} for piece in pieces(last["content"], 7)]
    for delta in deltas:
        yield {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}], "usage": None}
    finish = "tool_calls" if called else "stop"
    yield {**head, "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": finish}], "usage": None}
    if (body.get("stream_options") or {}).get("include_usage"):
        yield {**head, "choices": [], "usage": _USAGE}


def compatible_document(body: Json) -> Json:
    """The same as one document."""
    last = body["messages"][-1]
    message: Json = {"role": "assistant", "content": last["content"]}
    called = body.get("tools") and last["role"] == "user"
    if called:
        call = _call(body["tools"][0]["function"]["name"], ARGUMENTS, CALL_ID)
        message = {"role": "assistant", "content": "", "tool_calls": [call]}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if called else "stop"}
    return {**_HEAD, "object": "chat.completion", "model": body["model"], "choices": [choice], "usage": _USAGE}
