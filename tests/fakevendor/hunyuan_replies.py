"""What the small Hunyuan answers in its native words: an echo of the last message, or a call of the first tool."""

from collections.abc import Iterator
from typing import Any

from tests.fakevendor import echo

NOTE = "以上内容为AI生成，不代表开发者立场，请勿删除或修改本标记"
FIRST = "先查一下。"


def head() -> dict[str, Any]:
    return {"Note": NOTE, "Created": 1700549760, "Id": "148b89ef-14e1-489f-8e70-b767e5b27d56"}


def usage(completion: int) -> dict[str, int]:
    return {"PromptTokens": 4, "CompletionTokens": completion, "TotalTokens": 4 + completion}


def calls(body: Any) -> bool:
    """Whether the answer is a call: tools are there, wanted, and their result is not yet."""
    return bool(body.get("Tools")) and body["Messages"][-1]["Role"] == "user" and body.get("ToolChoice") != "none"


def said(body: Any) -> str:
    """The last message's text and what is seen of its images, up to and with a stop text, as this vendor does."""
    last = body["Messages"][-1]
    if calls(body):
        return FIRST
    parts = last.get("Contents") or [{"Type": "text", "Text": last["Content"]}]
    told = [part["Text"] if part["Type"] == "text" else echo.seen(part["ImageUrl"]["Url"]) for part in parts]
    return echo.until("".join(told), body.get("Stop"))


def plain(body: Any) -> dict[str, Any]:
    """The inside of an envelope. The call has no Id, as in the vendor's own example."""
    message: dict[str, Any] = {"Role": "assistant", "Content": said(body)}
    if calls(body):
        called = {"Name": body["Tools"][0]["Function"]["Name"], "Arguments": echo.ARGUMENTS}
        message["ToolCalls"] = [{"Type": "function", "Function": called, "Index": 0}]
    choice = {"Index": 0, "Message": message, "FinishReason": "tool_calls" if calls(body) else "stop"}
    return {**head(), "RequestId": "r", "Choices": [choice], "Usage": usage(9)}


def blocks(body: Any) -> Iterator[dict[str, Any]]:
    """The blocks of a stream: no envelope, empty finish reasons, usage that counts up; a text after the calls."""
    for number, (delta, word) in enumerate(_deltas(body)):
        choice = {"FinishReason": word, "Delta": {"Role": "assistant", "Content": "", **delta}}
        yield {**head(), "Choices": [choice], "Usage": usage(number)}


def _deltas(body: Any) -> Iterator[tuple[dict[str, Any], str]]:
    if calls(body):
        name = body["Tools"][0]["Function"]["Name"]
        for number, piece in enumerate(("", *echo.pieces(echo.ARGUMENTS))):
            function = {"Name": "" if number else name, "Arguments": piece}
            yield {"ToolCalls": [{"Id": echo.CALL_ID, "Type": "function", "Function": function}]}, ""
    for piece in echo.pieces(said(body)):
        yield {"Content": piece}, ""
    yield {}, "tool_calls" if calls(body) else "stop"
