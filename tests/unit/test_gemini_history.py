"""Messages as contents: roles by turns, calls and their answers, media, and the signatures that clients drop."""

from typing import Any

import pytest

from providers.errors import ErrorKind, ProviderError
from providers.types import Json
from tests.unit.gemini import FLASH, GEMINI, NEW, VERTEX, body, call, encoded, tool

CALL = {"functionCall": {"name": "f", "args": {}}}
PNG = "iVBORw0KGgo="


def contents(*messages: Json, model: str = FLASH, **more: Any) -> tuple[list[Json], tuple[str, ...]]:
    wire = encoded(model, list(messages), **more)
    return body(wire)["contents"], wire.changes


def user(content: Any) -> Json:
    return {"role": "user", "content": content}


def assistant(content: Any = None, *calls: Json) -> Json:
    return {"role": "assistant", "content": content, **({"tool_calls": list(calls)} if calls else {})}


def said(role: str, *texts: str) -> Json:
    return {"role": role, "parts": [{"text": text} for text in texts]}


def response(output: Any, name: str = "f", **identity: str) -> Json:
    told = output if isinstance(output, dict) else {"output": output}
    return {"functionResponse": {**identity, "name": name, "response": told}}


@pytest.mark.parametrize(
    ("messages", "expected", "changes"),
    [
        ([user("a"), user("b")], [said("user", "a", "b")], ()),
        ([user("a"), assistant("x"), assistant("y")], [said("user", "a"), said("model", "x", "y")], ()),
        ([assistant("x"), user("a")], [said("user", " "), said("model", "x"), said("user", "a")],
         ("added a user message at the start",)),
        ([{"role": "system", "content": "s"}], [said("user", " ")], ("added a user message at the start",)),
        ([user(""), assistant(""), user("a")], [said("user", "a")], ()),
        ([user("a"), assistant([{"type": "text", "text": "x"}, {"type": "refusal", "refusal": "no"}])],
         [said("user", "a"), said("model", "x", "no")], ()),
        ([{**user("a"), "name": "n"}], [said("user", "a")], ("dropped messages[].name",)),
    ],
)  # fmt: skip
def test_turns(messages: list[Json], expected: list[Json], changes: tuple[str, ...]) -> None:
    """Broken: a history as clients send it breaks the API's rules, or loses a text."""
    assert contents(*messages) == (expected, changes)


def test_system_text() -> None:
    """Broken: system texts get into the talk, or out of their order."""
    wire = encoded(messages=[user("a"), {"role": "developer", "content": "d"}, {"role": "system", "content": "s"}])
    assert body(wire)["systemInstruction"] == {"parts": [{"text": "d"}, {"text": "s"}]}
    assert wire.changes == ("moved system messages to the front",)
    with pytest.raises(ProviderError, match="a system message can hold text only"):
        encoded(messages=[{"role": "system", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}])


def test_calls_and_results() -> None:
    """Broken: results reach the model in another order, number or entry than its calls."""
    found, changes = contents(
        user("q"),
        assistant("so", call("a", arguments='{"x": 1}'), call("b")),
        tool("b", '{"temp": 18}'),
        tool("a", [{"type": "text", "text": "sun"}]),
        user("go on"),
    )
    assert found == [
        said("user", "q"),
        {"role": "model", "parts": [{"text": "so"}, {"functionCall": {"name": "f", "args": {"x": 1}}}, CALL]},
        {"role": "user", "parts": [response("sun"), response({"temp": 18}), {"text": "go on"}]},
    ]
    assert changes == ()


@pytest.mark.parametrize(
    ("arguments", "args", "change"),
    [
        ("", {}, None),
        ("[1]", {"value": [1]}, "wrapped tool arguments that are no JSON object"),
        ("{oh", {"input": "{oh"}, "wrapped tool arguments that are no JSON"),
    ],
)
def test_odd_arguments(arguments: str, args: Json, change: str | None) -> None:
    """Broken: arguments that are no object are refused by the API, or are lost."""
    found, changes = contents(user("q"), assistant(None, call(arguments=arguments)), tool("c1", "1"))
    assert found[1]["parts"] == [{"functionCall": {"name": "f", "args": args}}]
    assert changes == ((change,) if change else ())


def test_odd_results() -> None:
    """Broken: failed, missing, repeated or stray results are refused by the API or vanish in silence."""
    found, _ = contents(user("q"), assistant(None, call()), tool("c1", "no", is_error=True))
    assert found[2]["parts"] == [response({"error": "no"})]
    found, changes = contents(user("q"), assistant(None, call()), user("never mind"))
    assert found[2]["parts"] == [response("(no result)"), {"text": "never mind"}]
    assert changes == ("added results for tool calls that have none",)
    found, changes = contents(user("q"), assistant(None, call()))
    assert found[2]["parts"] == [response("(no result)")]
    found, changes = contents(user("q"), tool("gone", "1"))
    assert found == [said("user", "q", "1")]
    assert changes == ("turned a tool result without its call into text",)
    found, changes = contents(user("q"), assistant(None, call()), tool("c1", "1"), tool("c1", "2"))
    assert (found[2]["parts"], changes) == ([response("1")], ("dropped tool results beyond the first of a call",))


def test_older_spelling() -> None:
    """Broken: functions in OpenAI's older spelling are not understood."""
    told = {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}}
    wire = encoded(messages=[user("q"), told, {"role": "function", "name": "f", "content": "1"}],
                   params={"functions": [{"name": "f"}]})  # fmt: skip
    assert body(wire)["contents"][1:] == [
        {"role": "model", "parts": [CALL]},
        {"role": "user", "parts": [response("1")]},
    ]
    assert body(wire)["tools"] == [{"functionDeclarations": [{"name": "f"}]}]


def test_results_with_images() -> None:
    """Broken: an image in a tool's result is lost, or stands before the results."""
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
    found, changes = contents(user("q"), assistant(None, call()), tool("c1", [{"type": "text", "text": "1"}, image]))
    assert found[2]["parts"] == [response("1"), {"inlineData": {"mimeType": "image/png", "data": PNG}}]
    assert changes == ("moved media out of tool results, behind them",)


def part(kind: str, **fields: Any) -> Json:
    return {"type": kind, kind: fields}


@pytest.mark.parametrize(
    ("given", "mime", "data"),
    [
        (part("image_url", url=f"data:image/jpg;base64,{PNG}"), "image/jpeg", PNG),
        (part("image_url", url=f"data:;base64,{PNG}"), "image/png", PNG),
        (part("image_url", url="data:image/webp;base64,A A\nAA"), "image/webp", "AAAA"),
        (part("input_audio", data="AAAA", format="wav"), "audio/wav", "AAAA"),
        (part("input_audio", data="data:audio/ogg;base64,AAAA"), "audio/ogg", "AAAA"),
        (part("file", file_data="data:application/pdf;base64,AAAA", filename="a.pdf"), "application/pdf", "AAAA"),
        (part("file", file_data="AAAA", filename="a.csv"), "text/csv", "AAAA"),
        (part("file", file_data="JVBERi0x"), "application/pdf", "JVBERi0x"),
        (part("file", file_data="data:application/octet-stream;base64,AAAA", filename="b.mp4"), "video/mp4", "AAAA"),
        (part("video_url", url="data:video/mp4;base64,AAAA"), "video/mp4", "AAAA"),
    ],
)
def test_media_as_bytes(given: Json, mime: str, data: str) -> None:
    """Broken: media go up under another type, or damaged."""
    found, _ = contents(user([{"type": "text", "text": "look"}, given]))
    assert found[0]["parts"] == [{"text": "look"}, {"inlineData": {"mimeType": mime, "data": data}}]


@pytest.mark.parametrize(
    ("model", "detail", "level", "changes"),
    [
        (NEW, "low", "LOW", ()),
        (NEW, "high", "HIGH", ()),
        (NEW, "auto", "", ()),
        (NEW, None, "", ()),
        (NEW, "any", "", ("dropped image_url.detail",)),
        (FLASH, "auto", "", ()),
        (FLASH, "low", "", ("dropped image_url.detail",)),
    ],
)
def test_detail_of_images(model: str, detail: str | None, level: str, changes: tuple[str, ...]) -> None:
    """Broken: the newest models do not hear how closely to look at an image, or others refuse a field they lack."""
    image = part("image_url", url=f"data:image/png;base64,{PNG}", detail=detail)
    found, told = contents(user([{"type": "text", "text": "look"}, image]), model=model)
    sent: Json = {"mediaResolution": {"level": f"MEDIA_RESOLUTION_{level}"}} if level else {}
    assert found[0]["parts"][1] == {"inlineData": {"mimeType": "image/png", "data": PNG}, **sent}
    assert told == changes


FILES = "https://generativelanguage.googleapis.com/v1beta/files/abc"


@pytest.mark.parametrize(
    ("given", "vertex", "file", "changes"),
    [
        (part("video_url", url="https://youtu.be/x"), False, ("video/mp4", "https://youtu.be/x"),
         ("assumed video/mp4 for an address that does not tell its type",)),
        (part("file", file_id=FILES, format="text/plain"), False, ("text/plain", FILES), ()),
        (part("file", file_id="gs://b/a.pdf"), True, ("application/pdf", "gs://b/a.pdf"), ()),
        (part("image_url", url="gs://b/a.png"), True, ("image/png", "gs://b/a.png"), ()),
        (part("image_url", url="https://a.example/b.webp?x"), True, ("image/webp", "https://a.example/b.webp?x"), ()),
        (part("image_url", url="gs://b/a", mime_type="image/heic"), True, ("image/heic", "gs://b/a"), ()),
    ],
)  # fmt: skip
def test_media_by_address(given: Json, vertex: bool, file: tuple[str, str], changes: tuple[str, ...]) -> None:
    """Broken: an address that the vendor fetches goes up without its type, or not at all."""
    found, told = contents(user([given]), vertex=vertex)
    assert found[0]["parts"] == [{"fileData": {"mimeType": file[0], "fileUri": file[1]}}, {"text": " "}]
    assert told == changes


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (part("image_url", url="https://a.example/b.png"), "the vendor does not fetch this address"),
        (part("image_url", url="gs://b/a.png"), "the vendor does not fetch this address"),
        (part("image_url", url="data:image/gif;base64,R0lGODlh"), "not as image/gif"),
        (part("image_url", url="data:image/png"), "its data: URL is malformed"),
        (part("image_url", url="data:;base64,AAAA"), "does not tell its media type"),
        (part("file", file_id="file-123"), "a file must come as file_data"),
        (part("input_audio", format="wav"), "input_audio.data"),
        ({"type": "video_url", "video_url": {}}, "video_url.url: expected a text"),
        ({"type": "odd"}, "not a part of type odd"),
    ],
)
def test_refused_media(given: Json, words: str) -> None:
    """Broken: what cannot go up is dropped, or its place is not told."""
    with pytest.raises(ProviderError, match=r"messages\[1\]\.content\[1\]") as raised:
        contents(user("a"), user([{"type": "text", "text": "look"}, given]))
    assert words in raised.value.message
    assert (raised.value.kind, raised.value.param) == (ErrorKind.UNSUPPORTED, "messages")


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("https://a.example/b.png", True),
        ("http://a.example/b.png", True),
        (FILES, False),
        ("https://www.youtube.com/watch?v=x", False),
    ],
)
def test_images_fetched_by_the_gateway(url: str, wanted: bool) -> None:
    """Broken: the gateway fetches what only the vendor can, or leaves an image to a vendor that does not fetch it."""
    assert callable(GEMINI.inlines)
    assert GEMINI.inlines(url) is wanted
    assert VERTEX.inlines is True


def test_images_of_the_model() -> None:
    """Broken: an image that the model made is missing when a client wants it changed."""
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
    found, _ = contents(user("draw"), {**assistant("here"), "images": [image]}, user("bluer"))
    assert found[1]["parts"] == [{"text": "here"}, {"inlineData": {"mimeType": "image/png", "data": PNG}}]


def test_texts_for_text_models() -> None:
    """Broken: an operator's word on content arrays has no effect."""
    two = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert contents(user(two))[0] == [said("user", "a", "b")]
