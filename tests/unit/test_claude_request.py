"""Parameters of a request on the Messages wire: renamed, clamped, dropped or refused as each model demands."""

import orjson
import pytest

from providers.errors import ErrorKind, ProviderError
from providers.types import ChatRequest, Destination, Json, Secret
from providers.vendors.claude import VENDOR
from tests.unit.claude import ADAPTIVE, BOTH, BUDGET, NEWEST, OLD, USER, encoded, sent


@pytest.mark.parametrize(
    ("model", "limit"),
    [
        (BUDGET, 8192),
        (ADAPTIVE, 16_384),
        ("claude-3-haiku-20240307", 4096),
        ("some-model-of-a-relay", 4096),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", 8192),
        ("claude-3-5-sonnet-latest", 8192),
    ],
)
def test_default_limit(model: str, limit: int) -> None:
    """A client that names no limit gets a request that the API refuses, or one that cuts its answers short."""
    assert sent(model) == ({"max_tokens": limit}, ())


@pytest.mark.parametrize(
    ("model", "params", "limit", "changes"),
    [
        (BUDGET, {"max_tokens": 100}, 100, ()),
        (BUDGET, {"max_tokens": 7, "max_completion_tokens": 9}, 9, ()),
        (BUDGET, {"max_tokens": None}, 8192, ()),
        (BUDGET, {"max_tokens": 100_000}, 64_000, ("clamped max_tokens to 64000",)),
        ("claude-opus-4-1", {"max_tokens": 64_000}, 32_000, ("clamped max_tokens to 32000",)),
        (ADAPTIVE, {"max_tokens": 200_000}, 128_000, ("clamped max_tokens to 128000",)),
        ("some-model-of-a-relay", {"max_tokens": 1_000_000}, 1_000_000, ()),
    ],
)
def test_limit(model: str, params: Json, limit: int, changes: tuple[str, ...]) -> None:
    """The client's limit is lost, or goes up larger than the model allows."""
    body, told = sent(model, **params)
    assert (body["max_tokens"], told) == (limit, changes)


def test_configured_limit_is_the_default() -> None:
    """The operator's max_tokens has no effect, or overrules the client."""
    assert orjson.loads(encoded(BUDGET, {}, max_tokens=777).body)["max_tokens"] == 777
    assert orjson.loads(encoded(BUDGET, {"max_tokens": 5}, max_tokens=777).body)["max_tokens"] == 5


def test_very_long_answers_are_streamed() -> None:
    """A plain request for an answer of many minutes waits on a silent connection."""
    assert "stream" not in sent(ADAPTIVE, max_tokens=21_333)[0]
    assert sent(ADAPTIVE, max_tokens=21_334)[0]["stream"] is True


@pytest.mark.parametrize(
    ("model", "params", "kept", "changes"),
    [
        (BUDGET, {"temperature": 1.5}, {"temperature": 1.0}, ("clamped temperature to 1",)),
        (BUDGET, {"temperature": 0}, {"temperature": 0}, ()),
        (BUDGET, {"top_p": 0.3, "top_k": 5}, {"top_p": 0.3, "top_k": 5}, ()),
        (BUDGET, {"top_p": 1.2}, {"top_p": 1.0}, ("clamped top_p to 1",)),
        (BUDGET, {"temperature": 0.4, "top_p": 0.3}, {"temperature": 0.4}, ("dropped top_p",)),
        (BUDGET, {"temperature": 0.4, "top_p": 1}, {"temperature": 0.4}, ()),
        (BUDGET, {"temperature": 1, "top_p": 0.3}, {"top_p": 0.3}, ()),
        (
            BUDGET,
            {"temperature": 1.5, "top_p": 0.3},
            {"temperature": 1.0},
            ("clamped temperature to 1", "dropped top_p"),
        ),
        (BOTH, {"temperature": 0.4, "top_p": 0.3}, {"temperature": 0.4}, ("dropped top_p",)),
        (OLD, {"temperature": 0.4, "top_p": 0.3}, {"temperature": 0.4, "top_p": 0.3}, ()),
        ("claude-opus-4-7", {"temperature": 0.4}, {}, ("dropped temperature",)),
        (ADAPTIVE, {"temperature": 1, "top_p": 1}, {}, ()),
        (NEWEST, {"top_k": 3, "top_p": 0.1}, {}, ("dropped top_p", "dropped top_k")),
        ("claude-fable-5", {"temperature": 0}, {}, ("dropped temperature",)),
        ("claude-mythos-preview", {"temperature": 0}, {}, ("dropped temperature",)),
        (BUDGET, {"stop": "END"}, {"stop_sequences": ["END"]}, ()),
        (BUDGET, {"stop": ["a", " \n", ""]}, {"stop_sequences": ["a"]}, ("dropped stop (blank ones)",)),
        (BUDGET, {"stop": []}, {}, ()),
        (BUDGET, {"user": "u-1"}, {"metadata": {"user_id": "u-1"}}, ()),
        (BUDGET, {"user": "u-1", "safety_identifier": "s"}, {"metadata": {"user_id": "s"}}, ()),
        (BUDGET, {"seed": 3, "logprobs": True}, {}, ("dropped seed", "dropped logprobs")),
        (BUDGET, {"presence_penalty": 0, "logit_bias": {}, "store": False, "logprobs": False}, {}, ()),
        (BUDGET, {"modalities": ["text"], "service_tier": "auto", "metadata": {}, "audio": None}, {}, ()),
        (BUDGET, {"metadata": {"a": "b"}, "prediction": {}}, {}, ("dropped metadata", "dropped prediction")),
        (BUDGET, {"stream_options": {"include_usage": True}, "n": 1}, {}, ()),
        (BUDGET, {"cache_control": {"type": "ephemeral"}}, {"cache_control": {"type": "ephemeral"}}, ()),
    ],
)
def test_parameter(model: str, params: Json, kept: Json, changes: tuple[str, ...]) -> None:
    """A parameter goes up that the model refuses, or is lost without a word."""
    body, told = sent(model, max_tokens=10, **params)
    del body["max_tokens"]
    assert (body, told) == (kept, changes)


@pytest.mark.parametrize("user", ["a.b@example.com", "+49 (170) 123-4567", "x" * 300])
def test_personal_user_is_hashed(user: str) -> None:
    """An e-mail address, a phone number or an overlong id goes up as the user's id, and the API refuses it."""
    body, told = sent(BUDGET, user=user)
    assert len(body["metadata"]["user_id"]) == 64
    assert told == ("hashed user",)
    assert sent(BUDGET, user=user)[0] == body


def test_more_than_one_answer() -> None:
    """More than one answer is asked of an API that gives one."""
    with pytest.raises(ProviderError) as raised:
        sent(BUDGET, n=2)
    assert (raised.value.kind, raised.value.param) == (ErrorKind.UNSUPPORTED, "n")


def test_headers_and_options() -> None:
    """The key, the version or a beta feature goes up in the wrong header."""
    plain = VENDOR.sign(encoded(BUDGET, {}), {"api_key": Secret("test-key")}, 0.0)
    assert plain.headers == {
        "content-type": "application/json",
        "anthropic-version": "2023-06-01",
        "x-api-key": "test-key",
    }
    options = {"auth": "bearer", "anthropic_version": "2099-01-01", "anthropic_beta": ["a", "b"]}
    relay = VENDOR.sign(encoded(BUDGET, {}, **options), {"api_key": Secret("test-key")}, 0.0)
    assert relay.headers == {
        "content-type": "application/json",
        "anthropic-version": "2099-01-01",
        "anthropic-beta": "a,b",
        "authorization": "Bearer test-key",
    }
    assert encoded(BUDGET, {}, anthropic_beta="x").headers["anthropic-beta"] == "x"


@pytest.mark.parametrize(
    ("server_url", "url"),
    [
        ("https://relay.example", "https://relay.example/v1/messages"),
        ("https://relay.example/v1/", "https://relay.example/v1/messages"),
        ("https://relay.example/anthropic", "https://relay.example/anthropic/v1/messages"),
        ("https://relay.example/v1/messages/", "https://relay.example/v1/messages"),
        ("https://relay.example/x/v1/messages?beta=true", "https://relay.example/x/v1/messages?beta=true"),
        ("http://127.0.0.1:8080/v1?beta=true", "http://127.0.0.1:8080/v1/messages?beta=true"),
    ],
)
def test_address(server_url: str, url: str) -> None:
    """An operator's server_url leads elsewhere than to the Messages endpoint."""
    assert VENDOR.encode(ChatRequest(BUDGET, USER, False, {}), Destination(BUDGET, server_url)).url == url
