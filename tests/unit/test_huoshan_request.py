"""What Ark is asked: addresses, parameters, embeddings; and which row speaks for which entry."""

from typing import Any

import orjson
import pytest

from app import parse
from providers.errors import ErrorKind, ProviderError
from providers.types import Destination, EmbeddingRequest, Json, WireRequest
from providers.vendor import choose, load_vendors
from providers.vendors.huoshan import VENDORS, advise

ROWS = {row.name: row for row in VENDORS}
ROW, BOTS = ROWS["huoshan"], ROWS["huoshanbot"]
BASE = "https://ark.cn-beijing.volces.com/api/v3"
PIXEL = "data:image/png;base64,iVBORw0KGgo="


def encoded(model: str = "doubao-1-5-pro-32k-250115", row: Any = ROW, url: str = BASE, **params: Any) -> WireRequest:
    messages = params.pop("messages", [{"role": "user", "content": "hi"}])
    request = parse.chat(orjson.dumps({"model": model, "messages": messages, **params}))
    wire = row.encode(request, Destination(model, url))
    assert isinstance(wire, WireRequest)
    return wire


def body(wire: WireRequest) -> Json:
    return dict(orjson.loads(wire.body))


@pytest.mark.parametrize(
    ("server_url", "model", "url"),
    [
        (BASE, "ep-1", f"{BASE}/chat/completions"),
        (f"{BASE}/", "ep-1", f"{BASE}/chat/completions"),
        ("https://ark.cn-beijing.volces.com", "ep-1", f"{BASE}/chat/completions"),
        (f"{BASE}/chat/completions", "ep-1", f"{BASE}/chat/completions"),
        (f"{BASE}/embeddings/multimodal", "ep-1", f"{BASE}/chat/completions"),
        (BASE, "bot-1", f"{BASE}/bots/chat/completions"),
        (f"{BASE}/chat/completions", "bot-1", f"{BASE}/bots/chat/completions"),
        (f"{BASE}/bots", "my-bot", f"{BASE}/bots/chat/completions"),
        (f"{BASE}/bots/chat/completions", "bot-1", f"{BASE}/bots/chat/completions"),
        ("https://proxy.example/ark?a=b", "ep-1", "https://proxy.example/ark/chat/completions?a=b"),
        (
            "https://ark.cn-beijing.volces.com/api/coding/v3",
            "ark-code-latest",
            "https://ark.cn-beijing.volces.com/api/coding/v3/chat/completions",
        ),
        (
            "https://ark.ap-southeast.bytepluses.com/api/v3",
            "ep-1",
            "https://ark.ap-southeast.bytepluses.com/api/v3/chat/completions",
        ),
    ],
)
def test_addresses(server_url: str, model: str, url: str) -> None:
    """Broken: an operator's server_url leads elsewhere, or a bot is asked as a model."""
    assert encoded(model, url=server_url).url == url


@pytest.mark.parametrize("server_url", [BASE, f"{BASE}/bots", f"{BASE}/chat/completions", "http://127.0.0.1:9"])
def test_addresses_of_bots(server_url: str) -> None:
    """Broken: the service for bots asks for a model."""
    assert encoded("my-bot", BOTS, server_url).url.endswith("/api/v3/bots/chat/completions")


@pytest.mark.parametrize(
    ("service", "fields", "server_url", "row"),
    [
        ("huoshan", "api_key", "", "huoshan"),
        ("huoshan", "access_key secret_key", "", "huoshan"),
        ("ark", "api_key", "https://proxy.example", "huoshan"),
        ("huoshanbot", "api_key", BASE, "huoshanbot"),
        ("huoshanbot", "access_key secret_key", "", "huoshanbot"),
        ("openai", "api_key", f"{BASE}/chat/completions", "huoshan"),
        ("openai", "api_key", "https://ark.ap-southeast.bytepluses.com/api/v3", "huoshan"),
    ],
)
def test_rows(service: str, fields: str, server_url: str, row: str) -> None:
    """Broken: an entry is spoken to in another vendor's way."""
    found = choose(load_vendors(), service, "", server_url, frozenset(fields.split()))
    assert found is not None
    assert found.name == row


@pytest.mark.parametrize(
    ("params", "sent", "changes"),
    [
        ({"temperature": 1.5, "top_p": 0.7}, {"temperature": 1.5, "top_p": 0.7}, ()),
        ({"temperature": 3}, {"temperature": 2}, ("clamped temperature to 2",)),
        ({"max_tokens": 5}, {"max_tokens": 5}, ()),
        ({"max_completion_tokens": 5}, {"max_completion_tokens": 5}, ()),
        ({"max_tokens": 5, "max_completion_tokens": 6}, {"max_completion_tokens": 6}, ()),
        ({"seed": 1, "n": 2}, {}, ("dropped seed", "dropped n")),
        ({"n": 1, "seed": None}, {}, ()),
        ({"stop": ["a"], "frequency_penalty": 1}, {"stop": ["a"], "frequency_penalty": 1}, ()),
        ({"thinking": {"type": "disabled"}}, {"thinking": {"type": "disabled"}}, ()),
        ({"reasoning_effort": "minimal"}, {"reasoning_effort": "minimal"}, ()),
        ({"service_tier": "auto", "repetition_penalty": 1.1}, {"service_tier": "auto", "repetition_penalty": 1.1}, ()),
        ({"logprobs": True, "top_logprobs": 2}, {"logprobs": True, "top_logprobs": 2}, ()),
        ({"logit_bias": {"1": 2}, "user": "u"}, {"logit_bias": {"1": 2}, "user": "u"}, ()),
        ({"parallel_tool_calls": False}, {"parallel_tool_calls": False}, ()),
        ({"response_format": {"type": "json_object"}}, {"response_format": {"type": "json_object"}}, ()),
        ({"stream": True}, {"stream": True}, ()),
        (
            {"stream": True, "stream_options": {"include_usage": True}},
            {"stream": True, "stream_options": {"include_usage": True}},
            (),
        ),
    ],
)
@pytest.mark.parametrize("row", [ROW, BOTS], ids=["chat", "bots"])
def test_parameters(params: Json, sent: Json, changes: tuple[str, ...], row: Any) -> None:
    """Broken: a parameter is lost, is sent where the vendor refuses it, or is changed in silence."""
    wire = encoded(row=row, **params)
    told = body(wire)
    assert {name: told[name] for name in told if name not in ("model", "messages")} == sent
    assert wire.changes == changes


@pytest.mark.parametrize(
    "model", ["doubao-seed-2-1-pro-260915", "doubao-1-5-thinking-pro-250415", "kimi-k2-thinking-251104", "deepseek-r1"]
)
def test_thinking_models_take_no_stop(model: str) -> None:
    """Broken: a thinking model is sent what it refuses, or without a word of what was left out."""
    wire = encoded(model, stop="x")
    assert "stop" not in body(wire)
    assert wire.changes == ("dropped stop",)


def test_messages() -> None:
    """Broken: images, video, tool results or a prefix do not arrive, or a role is sent that Ark does not know."""
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    image = {"type": "image_url", "image_url": {"url": PIXEL, "detail": "high"}}
    messages: list[Json] = [
        {"role": "developer", "content": "S"},
        {
            "role": "user",
            "content": [image, {"type": "video_url", "video_url": {"url": "https://x/v.mp4", "fps": 1}}],
        },
        {"role": "assistant", "content": None, "tool_calls": [call], "reasoning_content": "hm"},
        {"role": "tool", "tool_call_id": "call_1", "content": "7"},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x/a.png"}}]},
        {"role": "assistant", "content": "The answer"},
    ]
    told = body(encoded("doubao-vision", messages=messages))["messages"]
    assert [m["role"] for m in told] == ["system", "user", "assistant", "tool", "user", "assistant"]
    assert told[1] == messages[1]
    assert told[2] == {"role": "assistant", "content": None, "tool_calls": [call]}
    assert told[3:] == messages[3:]


def embedded(inputs: Any, model: str, url: str = BASE, **params: Any) -> WireRequest:
    assert ROW.embed is not None
    return ROW.embed.encode(EmbeddingRequest(model, inputs, params), Destination(model, url))


def test_embeddings_of_text() -> None:
    """Broken: embeddings of text go to the wrong address or lose a parameter."""
    wire = embedded(["a", "b"], "doubao-embedding-large-text-250515", f"{BASE}/bots", dimensions=512, user="u")
    assert wire.url == f"{BASE}/embeddings"
    assert body(wire) == {
        "model": "doubao-embedding-large-text-250515",
        "input": ["a", "b"],
        "encoding_format": "float",
        "dimensions": 512,
        "user": "u",
    }


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ("你好", {"type": "text", "text": "你好"}),
        ("https://x/a.png", {"type": "text", "text": "https://x/a.png"}),
        (PIXEL, {"type": "image_url", "image_url": {"url": PIXEL}}),
        ("data:video/mp4;base64,AA==", {"type": "video_url", "video_url": {"url": "data:video/mp4;base64,AA=="}}),
    ],
)
def test_embeddings_of_models_that_see(given: str, part: Json) -> None:
    """Broken: a text or an image does not reach a multimodal model."""
    wire = embedded([given], "doubao-embedding-vision-250615", dimensions=1024, encoding_format="base64", user="u")
    assert wire.url == f"{BASE}/embeddings/multimodal"
    assert body(wire) == {
        "model": "doubao-embedding-vision-250615",
        "input": [part],
        "encoding_format": "float",
        "dimensions": 1024,
    }
    assert wire.changes == ("dropped user",)


def test_an_endpoint_id_that_sees() -> None:
    """Broken: a multimodal endpoint id, which its name does not tell, cannot be used."""
    url = f"{BASE}/embeddings/multimodal"
    assert body(embedded(["a"], "ep-1", url))["input"] == [{"type": "text", "text": "a"}]
    assert embedded(["a"], "ep-1", url).url == url
    assert ROW.embed is not None
    assert callable(ROW.embed.batch)
    assert ROW.embed.batch(Destination("ep-1", url)) == 1
    assert ROW.embed.batch(Destination("ep-1", BASE)) == 0


def test_tokens_for_a_model_that_sees() -> None:
    """Broken: token numbers go to a model that takes none."""
    with pytest.raises(ProviderError, match="texts and images") as raised:
        embedded([[1, 2]], "doubao-embedding-vision-250615")
    assert (raised.value.kind, raised.value.param) == (ErrorKind.UNSUPPORTED, "input")


def test_one_vector_that_is_no_list() -> None:
    """Broken: the single vector of a multimodal answer is not found."""
    assert ROW.embed is not None
    doc = {
        "object": "list",
        "data": {"object": "embedding", "embedding": [0.5, 1]},
        "usage": {"prompt_tokens": 3, "total_tokens": 3, "prompt_tokens_details": {"text_tokens": 1}},
    }
    reply = ROW.embed.decode(orjson.dumps(doc))
    assert (reply.vectors, reply.usage.prompt_tokens) == ([[0.5, 1.0]], 3)


def test_bots_embed_nothing() -> None:
    """Broken: bots are offered for embeddings."""
    assert BOTS.embed is None


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"api_key"}, ""),
        ({"access_key", "secret_key"}, ""),
        ({"api_key", "access key"}, "looks like the id of an access key"),
        ({"api_key", "secret_key"}, "have no effect"),
    ],
)
def test_advice(fields: set[str], told: str) -> None:
    """Broken: an operator is not told of a key in the wrong field."""
    found = advise("", frozenset(fields))
    assert told in found
    assert bool(found) is bool(told)
