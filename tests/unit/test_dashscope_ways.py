"""Which endpoint is asked: the address, the model's name, what the vendor said, and what is remembered of it."""

from collections.abc import Mapping

import pytest

from providers.errors import ErrorKind, ProviderError
from providers.types import Json, WireRequest
from providers.vendor import choose, load_vendors
from tests.unit.dashing import HOST, ROWS, asked, body, encoded, to

TEXT = f"{HOST}/api/v1/services/aigc/text-generation/generation"
MULTIMODAL = f"{HOST}/api/v1/services/aigc/multimodal-generation/generation"
IMAGE = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://a.example/b.jpg"}}]}]
WRONG_URL = ROWS["dashscope"].fault(400, {}, b'{"code":"InvalidParameter","message":"url error, please check url!"}')
STREAM_ONLY = ROWS["dashscope"].fault(
    400, {}, b'{"code":"InvalidParameter","message":"This model only support stream mode, please enable the stream"}'
)
VENDORS = load_vendors()


@pytest.mark.parametrize(
    ("model", "url"),
    [
        *((name, TEXT) for name in ("qwen-plus", "qwen3-max", "qwen3-coder-plus", "deepseek-v4-pro", "glm-5.1")),
        *((name, TEXT) for name in ("qwen3.7-max", "kimi-k2.7-code", "qwen-long", "qwq-plus")),
        *((name, MULTIMODAL) for name in ("qwen-vl-max", "qwen3-vl-plus", "qwen3.8-omni-flash", "qvq-max", "QVQ-Max")),
        *((name, MULTIMODAL) for name in ("qwen-vl-ocr", "qwen3.5-plus", "qwen3.6-x", "qwen3.7-plus", "qwen3.8-max")),
        *((name, MULTIMODAL) for name in ("kimi-k2.5", "qwen3-asr-flash", "qwen2-audio-instruct", "kimi/kimi-k2.6")),
    ],
)
def test_names(model: str, url: str) -> None:
    """Broken: a model is asked first at the endpoint where it does not live."""
    assert encoded(model).url == url


def test_images_and_addresses_settle_it() -> None:
    """Broken: an image is sent as text, or the endpoint that an operator named is not the one asked."""
    assert encoded("qwen-plus", IMAGE).url == MULTIMODAL
    assert encoded("qwen-plus", destination=to("qwen-plus", MULTIMODAL)).url == MULTIMODAL
    assert encoded("qwen-vl-max", destination=to("qwen-vl-max", TEXT)).url == TEXT
    for wire in (encoded("qwen-plus", IMAGE), encoded("qwen-vl-max", destination=to("qwen-vl-max", TEXT))):
        assert wire.instead and wire.instead(WRONG_URL) is None


def after(wire: WireRequest | None, error: ProviderError) -> WireRequest | None:
    assert wire is not None and wire.instead is not None
    return wire.instead(error)


@pytest.mark.parametrize(("model", "first", "second"), [("qwen3.7-max", TEXT, MULTIMODAL), ("x-vl", MULTIMODAL, TEXT)])
def test_the_other_endpoint(model: str, first: str, second: str) -> None:
    """Broken: a model that its name does not place is not found, or its message goes there in the wrong form."""
    wire = encoded(model)
    other = after(wire, WRONG_URL)
    assert other is not None
    assert (wire.url, wire.memo, other.url) == (first, None, second)
    content = [{"text": "hi"}] if second == MULTIMODAL else "hi"
    assert body(other)["input"]["messages"] == [{"role": "user", "content": content}]
    assert ("result_format" in body(other)["parameters"]) is (second == TEXT)
    assert after(other, WRONG_URL) is None


@pytest.mark.parametrize(
    "message",
    [
        "This model only support stream mode, please enable the stream parameter to access the model.",
        "parameter.enable_thinking must be set to false for non-streaming calls",
        "parameter.enable_thinking only support stream call",
        "current user api does not support http call",
    ],
)
@pytest.mark.parametrize("row", ["dashscope", "dashscope-openai"])
def test_a_stream_instead(message: str, row: str) -> None:
    """Broken: a model that streams only, which its name does not tell, gives nothing to clients that do not."""
    wire = ROWS[row].encode(asked("new-model"), to("new-model", ROWS[row].base_url))
    refusal = ProviderError(ErrorKind.INVALID_REQUEST, message)
    other = after(wire, refusal)
    assert other is not None
    if row == "dashscope":
        assert other.headers["X-DashScope-SSE"] == "enable"
        assert after(other, refusal) is None
    else:
        assert (body(other)["stream"], body(other)["stream_options"]) == (True, {"include_usage": True})
        assert other.instead is None
    assert after(wire, ProviderError(ErrorKind.INVALID_REQUEST, "temperature is out of range")) is None


def test_both_in_turn_and_remembered() -> None:
    """Broken: a stream-only model at the unexpected endpoint is never reached, or is looked for every time."""
    notes: dict[str, Json] = {}
    there = to("new-model", recall=notes.get)
    wire = ROWS["dashscope"].encode(asked("new-model"), there)
    last = after(after(wire, WRONG_URL), STREAM_ONLY)
    assert last is not None and isinstance(last.memo, Mapping)
    assert (last.url, "X-DashScope-SSE" in last.headers) == (MULTIMODAL, True)
    assert after(last, WRONG_URL) is None and after(last, STREAM_ONLY) is None
    notes.update(last.memo)
    again = ROWS["dashscope"].encode(asked("new-model"), there)
    assert (again.url, again.body, again.memo) == (last.url, last.body, None)
    other_model = ROWS["dashscope"].encode(asked("other"), to("other", recall=notes.get))
    assert (other_model.url, "X-DashScope-SSE" in other_model.headers) == (TEXT, False)


def test_a_streaming_client_teaches_no_stream() -> None:
    """Broken: a model found at the other endpoint by a client that streams is streamed for all others too."""
    wire = encoded("new-model", stream=True)
    other = after(wire, WRONG_URL)
    assert other is not None and other.memo
    assert list(other.memo.values()) == [{"multimodal": True, "stream": False}]


@pytest.mark.parametrize(
    ("service", "url", "row", "asks"),
    [
        ("dashscope", "", "dashscope", TEXT),
        ("aliyun", "", "dashscope", TEXT),
        ("dashscope", "https://h.example", "dashscope", TEXT.replace(HOST, "https://h.example")),
        ("dashscope", "https://h.example/", "dashscope", TEXT.replace(HOST, "https://h.example")),
        ("dashscope", f"{HOST}/api/v1", "dashscope", TEXT),
        ("dashscope", f"{HOST}/api/v1/", "dashscope", TEXT),
        ("dashscope", "https://h.example/proxy", "dashscope", TEXT.replace(HOST, "https://h.example/proxy")),
        ("dashscope", "https://h.example/proxy/api/v1", "dashscope", TEXT.replace(HOST, "https://h.example/proxy")),
        ("dashscope", f"{TEXT}?a=b", "dashscope", f"{TEXT}?a=b"),
        ("dashscope", f"{HOST}/api/v1/services/aigc/text-generation/", "dashscope", TEXT),
        ("bailian", TEXT, "dashscope", TEXT),
        ("dashscope", MULTIMODAL, "dashscope", MULTIMODAL),
        ("dashscope", f"{HOST}/compatible-mode/v1", "dashscope-openai", f"{HOST}/compatible-mode/v1/chat/completions"),
        (
            "openai",
            f"{HOST}/compatible-mode/v1/chat/completions",
            "dashscope-openai",
            f"{HOST}/compatible-mode/v1/chat/completions",
        ),
        ("openai", HOST, "dashscope-openai", f"{HOST}/compatible-mode/v1/chat/completions"),
        (
            "openai",
            "https://ws.cn-beijing.maas.aliyuncs.com/compatible-mode/v1",
            "dashscope-openai",
            "https://ws.cn-beijing.maas.aliyuncs.com/compatible-mode/v1/chat/completions",
        ),
        (
            "dashscope",
            "https://coding.dashscope.aliyuncs.com/v1",
            "dashscope-openai",
            "https://coding.dashscope.aliyuncs.com/v1/chat/completions",
        ),
        ("dashscope", f"{HOST}/apps/anthropic", "dashscope-anthropic", f"{HOST}/apps/anthropic/v1/messages"),
        ("aliyun", f"{HOST}/apps/anthropic/v1/messages", "dashscope-anthropic", f"{HOST}/apps/anthropic/v1/messages"),
        ("bailian", "", "bailian", f"{HOST}/api/v1/apps/m/completion"),
        ("bailian", HOST, "bailian", f"{HOST}/api/v1/apps/m/completion"),
        ("bailian", f"{HOST}/api/v1", "bailian", f"{HOST}/api/v1/apps/m/completion"),
        ("bailian", f"{HOST}/api/v1/apps/", "bailian", f"{HOST}/api/v1/apps/m/completion"),
        ("dashscope", f"{HOST}/api/v1/apps", "bailian", f"{HOST}/api/v1/apps/m/completion"),
        ("bailian", f"{HOST}/api/v1/apps/{{app_id}}/completion", "bailian", f"{HOST}/api/v1/apps/m/completion"),
        ("bailian", f"{HOST}/api/v1/apps/YOUR_APP_ID/completion", "bailian", f"{HOST}/api/v1/apps/m/completion"),
        ("bailian", f"{HOST}/api/v1/apps/0f3a/completion?x=1", "bailian", f"{HOST}/api/v1/apps/0f3a/completion?x=1"),
        ("bailian", f"{HOST}/api/v1/apps/0f3a", "bailian", f"{HOST}/api/v1/apps/0f3a/completion"),
        ("bailian", f"{HOST}/compatible-mode/v1", "dashscope-openai", f"{HOST}/compatible-mode/v1/chat/completions"),
    ],
)
def test_addresses(service: str, url: str, row: str, asks: str) -> None:
    """Broken: a form of server_url chooses another protocol, or leads elsewhere."""
    found = choose(VENDORS, service, "", url, frozenset({"api_key"}))
    assert found is not None and found.name == row
    assert found.encode(asked("m"), to("m", url or found.base_url)).url == asks
