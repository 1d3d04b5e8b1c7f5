"""Histories on the Messages wire: who speaks when, every call answered at once, parts as blocks."""

import base64
from typing import Any

import orjson
import pytest

from providers.errors import ErrorKind, ProviderError
from providers.types import ChatRequest, Destination, Json
from providers.vendors.claude import VENDOR

PREFILL, NO_PREFILL = "claude-sonnet-4-5", "claude-opus-4-6"
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(20)).decode()
GIF = base64.b64encode(b"GIF89a" + bytes(20)).decode()
WEBP = base64.b64encode(b"RIFF\x10\0\0\0WEBPVP8 " + bytes(20)).decode()
JPEG = base64.b64encode(b"\xff\xd8\xff\xe0" + bytes(20)).decode()
PDF = base64.b64encode(b"%PDF-1.7 " + bytes(20)).decode()
MARK = {"type": "ephemeral"}


def encoded(messages: list[Json], model: str = PREFILL, flatten: bool | None = None) -> tuple[Json, tuple[str, ...]]:
    wire = VENDOR.encode(ChatRequest(model, messages, False, {}), Destination(model, VENDOR.base_url, flatten=flatten))
    return orjson.loads(wire.body), wire.changes


def sent(messages: list[Json], model: str = PREFILL) -> tuple[list[Json], tuple[str, ...]]:
    body, changes = encoded(messages, model)
    return body["messages"], changes


def user(content: Any) -> Json:
    return {"role": "user", "content": content}


def said(content: Any) -> Json:
    return {"role": "assistant", "content": content}


def calls(*ids: str, content: Any = None, arguments: str = "{}") -> Json:
    told = [{"id": i, "type": "function", "function": {"name": "f", "arguments": arguments}} for i in ids]
    return {"role": "assistant", "content": content, "tool_calls": told}


def answer(call: str, content: Any) -> Json:
    return {"role": "tool", "tool_call_id": call, "content": content}


def text(value: str) -> Json:
    return {"type": "text", "text": value}


def use(call: str, arguments: Json | None = None) -> Json:
    return {"type": "tool_use", "id": call, "name": "f", "input": arguments or {}}


def result(call: str, content: Any) -> Json:
    return {"type": "tool_result", "tool_use_id": call, "content": content}


def part(url: str) -> Json:
    return {"type": "image_url", "image_url": {"url": url, "detail": "high"}}


def file(**fields: str) -> Json:
    return {"type": "file", "file": fields}


def test_system_text_stands_apart() -> None:
    """System text stays among the messages, where the API refuses it, or loses its order or its cache mark."""
    told = [{"role": "developer", "content": "A"}, user("x"), {"role": "system", "content": [text("B"), text(" ")]}]
    body, changes = encoded(told)
    assert (body["system"], body["messages"]) == ("A\n\nB", [user("x")])
    assert changes == ("moved system messages to the front",)
    marked = {"role": "system", "content": [text("A"), {**text("B"), "cache_control": MARK}]}
    assert encoded([marked, user("x")])[0]["system"] == [text("A"), {**text("B"), "cache_control": MARK}]
    whole = {"role": "system", "content": "A", "cache_control": MARK}
    assert encoded([whole, user("x")])[0]["system"] == [{**text("A"), "cache_control": MARK}]
    assert "system" not in encoded([{"role": "system", "content": ""}, user("x")])[0]


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([user("a"), user("b")], [user([text("a"), text("b")])]),
        ([user([text("a"), text(""), text(" \n")])], [user("a")]),
        ([user("a"), said("b"), said("c"), user("d")], [user("a"), said([text("b"), text("c")]), user("d")]),
        ([user("a"), said(""), user("b")], [user([text("a"), text("b")])]),
        ([user("a"), said(None), user("b")], [user([text("a"), text("b")])]),
        ([user(" ")], [user(".")]),
        ([user("a"), said("b"), user("")], [user("a"), said("b"), user(".")]),
        (
            [user([text("a"), {**text("b"), "cache_control": MARK}])],
            [user([text("a"), {**text("b"), "cache_control": MARK}])],
        ),
        ([{**user("a"), "cache_control": MARK}], [user([{**text("a"), "cache_control": MARK}])]),
        (
            [user("a"), {"role": "assistant", "content": None, "refusal": "no"}, user("b")],
            [user("a"), said("no"), user("b")],
        ),
        (
            [user("a"), said([{"type": "refusal", "refusal": "no"}]), user("b")],
            [user("a"), said("no"), user("b")],
        ),
    ],
)
def test_turns(messages: list[Json], expected: list[Json]) -> None:
    """Turns of one side stay apart, or empty text goes up, which the API refuses."""
    assert sent(messages) == (expected, ())


def test_names_of_speakers() -> None:
    """The name of a speaker, which the API does not know, goes up or is lost without a word."""
    named = {**answer("a", "1"), "name": "f"}
    assert sent([user("q"), calls("a"), named])[1] == ()
    assert sent([{**user("q"), "name": "Ann"}]) == ([user("q")], ("dropped messages[].name",))


def test_first_message_is_the_users() -> None:
    """A history that begins with the assistant is refused by the API."""
    assert sent([said("a"), user("b")]) == (
        [user("."), said("a"), user("b")],
        ("added a user message at the start",),
    )
    assert sent([{"role": "system", "content": "x"}]) == ([user("Continue.")], ("added a user message at the end",))


def test_prefill() -> None:
    """The beginning of an answer goes up to a model that takes none, or with blanks that the API refuses."""
    told = [user("a"), said("b \n")]
    assert sent(told) == ([user("a"), said("b")], ())
    assert sent([user("a"), said([{**text("b "), "cache_control": MARK}])])[0][1]["content"][0]["text"] == "b"
    expected = [user("a"), said("b \n"), user("Continue.")]
    assert sent(told, NO_PREFILL) == (expected, ("added a user message at the end",))


def test_calls_and_results() -> None:
    """Results are not the first thing after their calls, not all in one message, or not in the calls' order."""
    told = [
        user("q"),
        calls("a", "b", content="so", arguments='{"x": 1}'),
        user("and"),
        answer("b", "2"),
        answer("a", [text("1"), part(f"data:image/png;base64,{PNG}")]),
        user("more"),
    ]
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
    assert sent(told) == (
        [
            user("q"),
            said([text("so"), use("a", {"x": 1}), use("b", {"x": 1})]),
            user([result("a", [text("1"), image]), result("b", "2"), text("and"), text("more")]),
        ],
        (),
    )


def test_calls_told_in_several_messages() -> None:
    """A client that writes parallel calls into messages of their own gets a 400."""
    told = [user("q"), calls("a"), calls("b"), answer("a", "1"), answer("b", "2")]
    assert sent(told) == ([user("q"), said([use("a"), use("b")]), user([result("a", "1"), result("b", "2")])], ())


def test_missing_results_are_added() -> None:
    """A call without a result, as in a history that was cut, makes the API refuse the whole request."""
    added = ("added results for tool calls that have none",)
    told = [user("q"), calls("a", "b"), answer("a", "1"), said("x"), user("y")]
    assert sent(told) == (
        [
            user("q"),
            said([use("a"), use("b")]),
            user([result("a", "1"), result("b", "(no result)")]),
            said("x"),
            user("y"),
        ],
        added,
    )
    assert sent([user("q"), calls("a")]) == ([user("q"), said([use("a")]), user([result("a", "(no result)")])], added)


def test_results_without_their_call_become_text() -> None:
    """A result goes up whose call is not in the message before it, which the API refuses."""
    orphan = "turned a tool result without its call into text"
    assert sent([user("q"), answer("z", "7")]) == ([user([text("q"), text("7")])], (orphan,))
    late = [user("q"), calls("a"), answer("a", "1"), said("x"), answer("a", "again")]
    assert sent(late)[0][-1] == user("again")
    twice = [user("q"), calls("a"), answer("a", "1"), answer("a", "2")]
    assert sent(twice)[0][-1] == user([result("a", "1"), text("2")])


def test_ids_are_clean_and_unique() -> None:
    """An id with foreign letters, or one that stands twice in a history, makes the API refuse the request."""
    told = [user("q"), calls("f.x:0", "f_x_0"), answer("f.x:0", "1"), answer("f_x_0", "2")]
    again = [*told, calls("f.x:0"), answer("f.x:0", "3"), calls("", ""), answer("", "4"), answer("", "5")]
    messages, _ = sent(again)
    uses = [[b["id"] for b in m["content"]] for m in messages if m["role"] == "assistant"]
    results = [[(b["tool_use_id"], b["content"]) for b in m["content"]] for m in messages[2:] if m["role"] == "user"]
    assert uses == [["f_x_0", "f_x_0_2"], ["f_x_0_3"], ["call", "call_2"]]
    assert results == [[("f_x_0", "1"), ("f_x_0_2", "2")], [("f_x_0_3", "3")], [("call", "4"), ("call_2", "5")]]


@pytest.mark.parametrize(
    ("arguments", "expected", "lost"),
    [
        ("", {}, False),
        ('{"a": [1]}', {"a": [1]}, False),
        ("{broken", {}, True),
        ("[1, 2]", {"value": [1, 2]}, True),
        ("null", {}, True),
    ],
)
def test_arguments(arguments: str, expected: Json, lost: bool) -> None:
    """The input of a call is not an object, which the API refuses, or was lost without a word."""
    messages, changes = sent([user("q"), calls("a", arguments=arguments), answer("a", "1")])
    assert messages[1]["content"][0]["input"] == expected
    assert bool(changes) is lost


def test_empty_and_failed_results() -> None:
    """An empty result goes up as an empty block, or a failure as a success."""
    told = [user("q"), calls("a", "b"), answer("a", ""), {**answer("b", "E"), "is_error": True, "cache_control": MARK}]
    assert sent(told)[0][2]["content"] == [
        {"type": "tool_result", "tool_use_id": "a"},
        {**result("b", "E"), "is_error": True, "cache_control": MARK},
    ]


def test_older_function_calls() -> None:
    """A history with OpenAI's older function calls is refused, or loses them."""
    told = [
        user("q"),
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": '{"x":1}'}},
        {"role": "function", "name": "f", "content": "1"},
    ]
    assert sent(told) == ([user("q"), said([use("call_1", {"x": 1})]), user([result("call_1", "1")])], ())


@pytest.mark.parametrize("name", ["get.weather", "查询天气", "a_x2e_b", "with space", "x" * 128])
def test_names_come_back(name: str) -> None:
    """A tool whose name has letters the API refuses is called by a name that the client does not know."""
    tool = {"type": "function", "function": {"name": name}}
    wire = VENDOR.encode(
        ChatRequest(PREFILL, [user("q")], False, {"tools": [tool]}), Destination(PREFILL, VENDOR.base_url)
    )
    sent_name = orjson.loads(wire.body)["tools"][0]["name"]
    assert sent_name.isascii() and sent_name.replace("_", "").replace("-", "").isalnum() and len(sent_name) <= 128
    block = {"type": "tool_use", "id": "t", "name": sent_name, "input": {}}
    message = {"type": "message", "content": [block], "stop_reason": "tool_use", "usage": {}}
    deltas = list(VENDOR.decode(VENDOR.frame(iter([orjson.dumps(message)]))))
    assert [call.name for delta in deltas for call in delta.tool_calls if call.name] == [name]


def test_name_that_is_too_long() -> None:
    """A tool's name is cut and so belongs to no tool of the client."""
    with pytest.raises(ProviderError) as raised:
        sent([user("q"), {**calls("a"), "tool_calls": [{"id": "a", "function": {"name": "名" * 30, "arguments": ""}}]}])
    assert (raised.value.kind, raised.value.param) == (ErrorKind.UNSUPPORTED, "tools")


def base64_image(kind: str, data: str) -> Json:
    return {"type": "image", "source": {"type": "base64", "media_type": f"image/{kind}", "data": data}}


@pytest.mark.parametrize(
    ("given", "block"),
    [
        (part(f"data:image/png;base64,{PNG}"), base64_image("png", PNG)),
        (part(f"data:image/png;base64,{GIF}"), base64_image("gif", GIF)),
        (part(f"data:;base64,{WEBP}"), base64_image("webp", WEBP)),
        (part(f"DATA:image/jpg;charset=x;base64,{JPEG[:8]} \n{JPEG[8:]}"), base64_image("jpeg", JPEG)),
        (part("data:image/png;base64," + PNG.replace("=", "%3D").replace("/", "%2F")), base64_image("png", PNG)),
        (part("data:image/gif,GIF89a%00"), base64_image("gif", base64.b64encode(b"GIF89a\0").decode())),
        (
            part("https://example.com/a.jpg"),
            {"type": "image", "source": {"type": "url", "url": "https://example.com/a.jpg"}},
        ),
        (
            {**part("https://e.com/a"), "cache_control": MARK},
            {"type": "image", "source": {"type": "url", "url": "https://e.com/a"}, "cache_control": MARK},
        ),
        (base64_image("png", PNG), base64_image("png", PNG)),
        (
            file(file_data=f"data:application/pdf;base64,{PDF}", filename="a.pdf"),
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": PDF},
                "title": "a.pdf",
            },
        ),
        (
            file(file_data=PDF),
            {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": PDF}},
        ),
        (
            file(file_data="data:text/markdown;base64," + base64.b64encode("# 好".encode()).decode()),
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "# 好"}},
        ),
        (file(file_data=f"data:image/png;base64,{PNG}"), base64_image("png", PNG)),
        (
            file(file_data="https://example.com/a.pdf"),
            {"type": "document", "source": {"type": "url", "url": "https://example.com/a.pdf"}},
        ),
    ],
)
def test_part(given: Json, block: Json) -> None:
    """An image or document goes up in a form, or under a type, that the API refuses."""
    assert sent([user([text("look"), given])])[0] == [user([text("look"), block])]


@pytest.mark.parametrize(
    "given",
    [
        part("http://example.com/a.jpg"),
        part("ftp://example.com/a.jpg"),
        part("data:image/bmp;base64,Qk0="),
        part("data:image/png"),
        part("not an address"),
        file(file_id="file-1"),
        file(file_data="data:application/zip;base64,UEsDBA=="),
        file(file_data="data:text/plain;base64,A"),
        file(file_data="http://example.com/a.pdf"),
        {"type": "input_audio", "input_audio": {"data": "", "format": "wav"}},
        {"type": "video_url", "video_url": {"url": "https://example.com/a.mp4"}},
    ],
)
def test_part_that_cannot_be(given: Json) -> None:
    """A part that the API cannot take, or that only the gateway could fetch, vanishes or is fetched."""
    with pytest.raises(ProviderError) as raised:
        sent([user([text("look"), given])])
    assert (raised.value.kind, raised.value.param) == (ErrorKind.UNSUPPORTED, "messages")


@pytest.mark.parametrize("role", ["system", "assistant"])
def test_images_belong_to_the_user(role: str) -> None:
    """An image goes up where the API takes text only."""
    with pytest.raises(ProviderError) as raised:
        sent([{"role": role, "content": [part(f"data:image/png;base64,{PNG}")]}, user("x")])
    assert raised.value.kind is ErrorKind.UNSUPPORTED


def test_operator_wants_strings() -> None:
    """Content arrays go up though the operator's list says that this model takes none."""
    body, _ = encoded([user([text("a"), text("b")])], flatten=True)
    assert body["messages"] == [user("a\nb")]
    with pytest.raises(ProviderError) as raised:
        encoded([user([text("a"), part("https://example.com/a.jpg")])], flatten=True)
    assert raised.value.kind is ErrorKind.UNSUPPORTED


def test_request_is_not_changed() -> None:
    """Encoding changes the client's messages, which the next target is to get as they came."""
    told = [user([text("a"), text("b")]), calls("x.y"), {**answer("x.y", "1"), "cache_control": MARK}, said("b ")]
    params = {"tools": [{"type": "function", "function": {"name": "f"}}], "functions": [], "temperature": 3}
    before = orjson.dumps([told, params])
    VENDOR.encode(ChatRequest(PREFILL, told, False, params), Destination(PREFILL, VENDOR.base_url))
    assert orjson.dumps([told, params]) == before
