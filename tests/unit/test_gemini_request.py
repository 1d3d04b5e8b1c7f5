"""Parameters, addresses and options of a request to Gemini."""

from typing import Any

import pytest

from providers.errors import ErrorKind, ProviderError
from providers.types import ChatRequest, Destination, Json, Secret
from providers.vendor import choose
from tests.unit.gemini import FLASH, GEMINI, NEW, OLD, PRO, USER, VENDORS, body, encoded, sent

BASE = "https://generativelanguage.googleapis.com"
SCHEMA = {"type": "object", "properties": {"a": {"type": ["string", "null"]}}, "additionalProperties": False}


def asked(schema: Any) -> Json:
    return {"type": "json_schema", "json_schema": {"name": "r", "schema": schema, "strict": True}}


@pytest.mark.parametrize(
    ("server_url", "model", "path"),
    [
        (BASE, "m", f"{BASE}/v1beta/models/m:generateContent"),
        (f"{BASE}/", "m", f"{BASE}/v1beta/models/m:generateContent"),
        (f"{BASE}/v1", "m", f"{BASE}/v1/models/m:generateContent"),
        (f"{BASE}/v1alpha/", "m", f"{BASE}/v1alpha/models/m:generateContent"),
        (f"{BASE}/v1beta/models", "models/m", f"{BASE}/v1beta/models/m:generateContent"),
        (f"{BASE}/v1beta/models/", "tunedModels/t-1", f"{BASE}/v1beta/tunedModels/t-1:generateContent"),
        (f"{BASE}/v1beta/models?key=k&x=1", "m", f"{BASE}/v1beta/models/m:generateContent?x=1"),
        ("https://proxy.example/google", "m", "https://proxy.example/google/v1beta/models/m:generateContent"),
        (BASE, "a/b?c", f"{BASE}/v1beta/models/a%2Fb%3Fc:generateContent"),
    ],
)
def test_addresses(server_url: str, model: str, path: str) -> None:
    """Broken: an operator's address leads elsewhere, a key stays in it, or a model's name reaches into the path."""
    assert GEMINI.encode(ChatRequest(model, USER, False, {}), Destination(model, server_url)).url == path


def test_stream_address() -> None:
    """Broken: a stream comes as one JSON array, because nobody asked for events."""
    wire = encoded(stream=True)
    assert wire.url == f"{BASE}/v1beta/models/{FLASH}:streamGenerateContent?alt=sse"
    assert "stream" not in body(wire)


@pytest.mark.parametrize(
    ("server_url", "row"),
    [
        ("", "gemini"),
        (f"{BASE}/v1beta/models", "gemini"),
        (f"{BASE}/v1beta/openai", "gemini-openai"),
        (f"{BASE}/v1beta/openai/", "gemini-openai"),
        (f"{BASE}/v1beta/openai/chat/completions", "gemini-openai"),
        ("https://openai.example/v1beta", "gemini"),
        ("https://proxy.example/openai/v1beta/models", "gemini"),
    ],
)
def test_openai_surface_by_address(server_url: str, row: str) -> None:
    """Broken: the vendor's OpenAI surface cannot be reached any more, or is taken for the native protocol."""
    found = choose(VENDORS, "gemini", "", server_url, frozenset({"api_key"}))
    assert found is not None
    assert found.name == row
    if row == "gemini-openai":
        url = found.encode(ChatRequest("m", USER, False, {}), Destination("m", server_url)).url
        assert url == f"{BASE}/v1beta/openai/chat/completions"


def test_key_is_in_a_header_only() -> None:
    """Broken: the key stands in the address, which proxies and logs keep."""
    wire = GEMINI.sign(encoded(), {"api_key": Secret("k-1")}, 0.0)
    assert wire.headers["x-goog-api-key"] == "k-1"
    assert "k-1" not in wire.url


def test_parameters() -> None:
    """Broken: a parameter gets lost, or goes up under a name that the API refuses."""
    found, changes = sent(
        FLASH, temperature=0, top_p=1, top_k=5, max_completion_tokens=9, max_tokens=8, n=2, stop=["a", ""], seed=3,
        presence_penalty=0.5, frequency_penalty=0, logprobs=True, top_logprobs=2, modalities=["text", "image"],
    )  # fmt: skip
    assert found == {
        "temperature": 0, "topP": 1, "topK": 5, "maxOutputTokens": 9, "candidateCount": 2, "stopSequences": ["a"],
        "seed": 3, "presencePenalty": 0.5, "responseLogprobs": True, "logprobs": 2,
        "responseModalities": ["TEXT", "IMAGE"],
    }  # fmt: skip
    assert changes == ()


@pytest.mark.parametrize(
    ("params", "config", "changes"),
    [
        ({"temperature": 3}, {"temperature": 2}, ("clamped temperature to 2",)),
        ({"top_p": 1.5}, {"topP": 1}, ("clamped top_p to 1",)),
        ({"seed": 2**31 + 5}, {"seed": -(2**31) + 5}, (f"folded seed to {-(2**31) + 5}",)),
        ({"n": 1, "stop": None, "user": "u"}, {}, ("dropped user",)),
        ({"parallel_tool_calls": True, "logprobs": False, "stream_options": {}, "service_tier": "auto"}, {}, ()),
        ({"parallel_tool_calls": False, "store": True}, {}, ("dropped parallel_tool_calls", "dropped store")),
        ({"modalities": ["text"], "response_format": {"type": "text"}}, {}, ()),
    ],
)  # fmt: skip
def test_losses(params: Json, config: Json, changes: tuple[str, ...]) -> None:
    """Broken: what the API does not take is sent, or left out without a word."""
    assert sent(FLASH, **params) == (config, changes)


def test_penalties_of_the_newest() -> None:
    """Broken: the newest models answer 400 to a penalty."""
    found, changes = sent(NEW, presence_penalty=1, frequency_penalty=0)
    assert (found, changes) == ({}, ("dropped presence_penalty",))


def test_more_stops_than_the_api_takes() -> None:
    """Broken: a sixth stop text is refused by the API, or is not heeded."""
    wire = encoded(params={"stop": list("abcdefg")})
    assert body(wire)["generationConfig"] == {"stopSequences": list("abcde")}
    assert wire.stops == ("f", "g")


def test_sound_is_refused() -> None:
    """Broken: a client that asks for sound gets text and no word of why."""
    with pytest.raises(ProviderError, match="not audio") as raised:
        sent(FLASH, modalities=["text", "audio"])
    assert (raised.value.kind, raised.value.param) == (ErrorKind.UNSUPPORTED, "modalities")


@pytest.mark.parametrize(
    ("model", "effort", "config"),
    [
        (FLASH, "none", {"thinkingBudget": 0, "includeThoughts": False}),
        (PRO, "none", {"thinkingBudget": 128, "includeThoughts": False}),
        (FLASH, "minimal", {"thinkingBudget": 1, "includeThoughts": True}),
        (PRO, "minimal", {"thinkingBudget": 128, "includeThoughts": True}),
        ("gemini-2.5-flash-lite", "minimal", {"thinkingBudget": 512, "includeThoughts": True}),
        (FLASH, "low", {"thinkingBudget": 1024, "includeThoughts": True}),
        (FLASH, "medium", {"thinkingBudget": 2048, "includeThoughts": True}),
        (PRO, "high", {"thinkingBudget": 4096, "includeThoughts": True}),
        (FLASH, "xhigh", {"thinkingBudget": 4096, "includeThoughts": True}),
        (NEW, "none", {"thinkingLevel": "MINIMAL", "includeThoughts": False}),
        ("gemini-3.1-pro-preview", "none", {"thinkingLevel": "LOW", "includeThoughts": False}),
        ("gemini-3.1-pro-preview", "minimal", {"thinkingLevel": "LOW", "includeThoughts": True}),
        ("gemini-3.1-ultra", "minimal", {"thinkingLevel": "LOW", "includeThoughts": True}),
        ("gemini-3.5-flash-lite", "minimal", {"thinkingLevel": "MINIMAL", "includeThoughts": True}),
        ("gemini-3-pro-preview", "medium", {"thinkingLevel": "HIGH", "includeThoughts": True}),
        ("gemini-3.1-pro-preview", "medium", {"thinkingLevel": "MEDIUM", "includeThoughts": True}),
        ("gemini-flash-latest", "low", {"thinkingLevel": "LOW", "includeThoughts": True}),
        ("models/gemini-3.8-flash", "max", {"thinkingLevel": "HIGH", "includeThoughts": True}),
    ],
)
def test_efforts(model: str, effort: str, config: Json) -> None:
    """Broken: an effort goes up as a budget or level that the model refuses."""
    assert sent(model, reasoning_effort=effort)[0] == {"thinkingConfig": config}


@pytest.mark.parametrize(
    "model", [OLD, "gemini-1.5-pro", "gemini-pro", "gemini-2.5-flash-image", "1234567890", "other"]
)
def test_models_without_thinking(model: str) -> None:
    """Broken: models that do not think answer 400 to any effort."""
    assert sent(model, reasoning_effort="high") == ({}, ("dropped reasoning_effort",))
    assert sent(model, reasoning_effort="none") == ({}, ())


@pytest.mark.parametrize(
    ("model", "effort", "change"),
    [
        (PRO, "none", "raised reasoning_effort to the least there is: this model always thinks"),
        ("gemini-3-pro-preview", "minimal", "raised reasoning_effort to low"),
        ("gemini-3-pro-preview", "medium", "raised reasoning_effort to high"),
        (FLASH, "max", "clamped reasoning_effort to high"),
        (FLASH, "huge", "dropped reasoning_effort"),
    ],
)
def test_changed_efforts_are_told(model: str, effort: str, change: str) -> None:
    """Broken: another effort than the one asked for is used in silence."""
    assert sent(model, reasoning_effort=effort)[1] == (change,)


def test_native_fields() -> None:
    """Broken: what a client says in the vendor's own words does not arrive, or what is unknown is lost in silence."""
    google = {
        "thinking_config": {"thinking_budget": 7, "include_thoughts": True},
        "cachedContent": "cachedContents/1",
        "safety_settings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "OFF"}],
        "odd": 1,
    }
    wire = encoded(params={"extra_body": {"google": google}, "reasoning_effort": "low"})
    found = body(wire)
    assert found["generationConfig"]["thinkingConfig"] == {"thinkingBudget": 7, "includeThoughts": True}
    assert found["cachedContent"] == "cachedContents/1"
    assert found["safetySettings"] == [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "OFF"}]
    assert wire.changes == ("dropped extra_body.google.odd",)


@pytest.mark.parametrize(
    "configured", ["BLOCK_NONE", {"harassment": "BLOCK_NONE"}, {"HARM_CATEGORY_HARASSMENT": "BLOCK_NONE"}]
)
def test_safety_settings_of_an_entry(configured: Any) -> None:
    """Broken: safety settings of the config do not go up, or go up though nobody asked for any."""
    found = body(encoded(safety_settings=configured))["safetySettings"]
    assert {"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"} in found
    assert len(found) == (4 if isinstance(configured, str) else 1)
    assert "safetySettings" not in body(encoded())


def test_sampling_dropped_by_the_entry() -> None:
    """Broken: an operator cannot keep temperature from models that refuse it."""
    for told in (True, [NEW]):
        wire = encoded(NEW, params={"temperature": 0.5, "top_p": 1, "seed": 1}, drop_sampling=told)
        assert (body(wire)["generationConfig"], wire.changes) == ({"seed": 1}, ("dropped temperature",))
    assert body(encoded(params={"temperature": 0.5}, drop_sampling=[NEW]))["generationConfig"] == {"temperature": 0.5}


def test_answer_formats() -> None:
    """Broken: a schema goes up in a form that the model does not read."""
    json = {"responseMimeType": "application/json"}
    assert sent(FLASH, response_format={"type": "json_object"}) == (json, ())
    assert sent(FLASH, response_format=asked(SCHEMA)) == ({**json, "responseJsonSchema": SCHEMA}, ())
    reduced = {"type": "object", "properties": {"a": {"type": "string", "nullable": True}}}
    told = ("reduced response_format: without additionalProperties",)
    assert sent(OLD, response_format=asked(SCHEMA)) == ({**json, "responseSchema": reduced}, told)
    assert sent(FLASH, response_format=asked({})) == (json, ())


def test_format_beside_functions() -> None:
    """Broken: generations that refuse JSON beside functions are asked for both."""
    tools = [{"type": "function", "function": {"name": "f"}}]
    params = {"tools": tools, "response_format": {"type": "json_object"}}
    old, new = encoded(FLASH, params=params), encoded(NEW, params=params)
    assert "generationConfig" not in body(old)
    assert old.changes == ("dropped response_format (this model does not take it together with functions)",)
    assert body(new)["generationConfig"] == {"responseMimeType": "application/json"}


def test_the_entry_is_not_changed() -> None:
    """Broken: encoding one request changes what the next one holds."""
    messages: list[Json] = [{"role": "user", "content": [{"type": "text", "text": "a"}]}]
    params: Json = {"response_format": asked(SCHEMA), "tools": [{"type": "function", "function": {"name": "f"}}]}
    before = repr((messages, params))
    encoded(OLD, messages, params)
    assert repr((messages, params)) == before
