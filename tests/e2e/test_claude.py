"""The gateway in front of a Messages API that checks what it is sent, the official OpenAI client in front of it."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Any

import openai
import pytest

from tests.e2e.claude import CITY, OLD, SONNET, Connect, added, ask, both
from tests.fakevendor.claude import Claude
from tests.fakevendor.claude_replies import LONG

pytestmark = pytest.mark.e2e
pytest_plugins = ["tests.e2e.claude_gateway"]

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(50)).decode()
SCHEMA: Any = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": CITY}}


def test_plain_and_stream(connect: Connect, claude: Claude) -> None:
    """Text, usage or the system text do not come through, or the parameters are refused."""
    client = connect()
    messages = [{"role": "system", "content": "Kurz."}, {"role": "user", "content": "Grüß dich 你好"}]
    for found in both(client, messages, temperature=2, top_p=0.5, seed=1, user="u-1", stop=["END"], n=1):
        assert found["text"] == "You said: Grüß dich 你好 (system: Kurz.)"
        assert found["finish_reason"] == "stop"
        usage = found["usage"]
        assert (usage["prompt_tokens"], usage["total_tokens"]) == (35, 35 + usage["completion_tokens"])
        assert usage["prompt_tokens_details"] == {"cached_tokens": 20, "cache_write_tokens": 5}
    assert claude.headers[0]["x-api-key"] == "test-key"
    assert "authorization" not in claude.headers[0]


def test_long_text(connect: Connect, claude: Claude) -> None:
    """A long Chinese text arrives with a letter broken or a piece lost, or waits on a silent connection."""
    client = connect()
    for found in both(client, "LONG"):
        assert found["text"] == LONG
    assert ask(client, "LONG", max_tokens=30_000).choices[0].message.content == LONG
    assert [body.get("stream", False) for body in claude.served] == [False, True, True]


def test_what_was_changed_is_told(connect: Connect) -> None:
    """A parameter that was dropped is dropped in silence, or an operator who wants a 400 for it gets none."""
    raw = connect().chat.completions.with_raw_response.create(
        model=SONNET, messages=[{"role": "user", "content": "x"}], seed=1, temperature=2
    )
    assert raw.headers["x-gateway-changes"] == "dropped seed; clamped temperature to 1"
    with pytest.raises(openai.BadRequestError) as raised:
        ask(connect(on_unsupported="refuse"), "x", seed=1)
    assert raised.value.param == "seed"


def test_bearer_relay(connect: Connect, claude: Claude) -> None:
    """A relay that takes tokens and a version of its own is not spoken to in its way."""
    url = claude.url.removesuffix("/v1") + "/v1/messages?beta=true"
    client = connect(server_url=url, auth="bearer", anthropic_version="2026-10-21", anthropic_beta=["a", "b"])
    assert ask(client, "x").choices[0].message.content == "You said: x"
    headers = claude.headers[0]
    assert headers["authorization"] == "Bearer test-key"
    assert (headers["anthropic-version"], headers["anthropic-beta"]) == ("2026-10-21", "a,b")
    assert "x-api-key" not in headers


def test_images(connect: Connect) -> None:
    """An image does not reach the model, or one is fetched from where only the gateway can go."""
    client = connect()

    def look(url: str) -> Any:
        parts = [{"type": "text", "text": "Look"}, {"type": "image_url", "image_url": {"url": url}}]
        return ask(client, [{"role": "user", "content": parts}])

    assert look(f"data:image/jpeg;base64,{PNG}").choices[0].message.content == "You said: Look [image/png]"
    assert "[https://example.com/a.png]" in look("https://example.com/a.png").choices[0].message.content
    with pytest.raises(openai.BadRequestError) as raised:
        look("http://127.0.0.1/a.png")
    assert (raised.value.code, raised.value.param) == ("image_fetch_failed", "messages[0].content[1].image_url.url")


def test_schema(connect: Connect) -> None:
    """An answer with a schema comes as a tool call, as prose, or not at all."""
    client = connect()
    for model in (SONNET, OLD):
        for found in both(client, "Paris?", model, response_format=SCHEMA):
            assert json.loads(found["text"])["city"] == "Paris"
            assert (found["finish_reason"], found["calls"]) == ("stop", [])


def test_stop_and_length(connect: Connect) -> None:
    """Why an answer ended is told as another reason."""
    client = connect()
    for found in both(client, "one two three", stop=["two"]):
        assert (found["text"], found["finish_reason"]) == ("You said: one ", "stop")
    for found in both(client, "one two three", max_tokens=3):
        assert (found["text"], found["finish_reason"]) == ("You said: one", "length")


ERRORS: list[tuple[int, str, str, int, str | None]] = [
    (400, "invalid_request_error", "top_k: too small", 400, None),
    (400, "invalid_request_error", "prompt is too long: 9 tokens > 8 maximum", 400, "context_length_exceeded"),
    (400, "invalid_request_error", "Your credit balance is too low", 429, "insufficient_quota"),
    (401, "authentication_error", "invalid x-api-key", 502, "upstream_auth"),
    (402, "billing_error", "billing", 429, "insufficient_quota"),
    (403, "permission_error", "forbidden", 502, "upstream_auth"),
    (404, "not_found_error", "model: xyz", 404, "model_not_found"),
    (409, "conflict_error", "conflict", 409, None),
    (413, "request_too_large", "Request exceeds the maximum size", 413, None),
    (429, "rate_limit_error", "Slow down", 429, "rate_limit_exceeded"),
    (500, "api_error", "Internal server error", 500, None),
    (504, "timeout_error", "Timed out", 504, "timeout"),
    (529, "overloaded_error", "Overloaded", 503, "server_is_overloaded"),
]


def test_errors(connect: Connect) -> None:
    """An error of the vendor reaches the client as another one, or without the vendor's words."""
    client = connect()
    for status, kind, message, seen, code in ERRORS:
        for stream in (False, True):
            with pytest.raises(openai.APIStatusError) as raised:
                ask(client, f"FAIL {status} {kind} {message}", stream=stream)
            body: Any = raised.value.body
            assert (raised.value.status_code, body["code"], body["message"]) == (seen, code, message)
            if status in (429, 529):
                assert raised.value.response.headers["retry-after"] == "7"


def test_wrong_key(connect: Connect, claude: Claude) -> None:
    """The vendor's word on the operator's key does not reach the client, or looks like one on the client's own."""
    client = connect(credentials={"api_key": "wrong-key"})
    with pytest.raises(openai.InternalServerError) as raised:
        ask(client, "x")
    assert (raised.value.status_code, raised.value.code) == (502, "upstream_auth")
    assert "invalid x-api-key" in raised.value.message
    claude.faults.clear()


def test_stream_that_breaks(connect: Connect) -> None:
    """A stream that fails or is cut in its middle looks like a whole answer."""
    client = connect()
    for after, (word, message) in product((2, 4, 5), (("BREAK", "Overloaded"), ("CUT", "broke off"))):
        with pytest.raises(openai.APIError, match=message):
            list(ask(client, f"{word} {after}", stream=True))


def test_fifty_at_once(connect: Connect) -> None:
    """Answers are mixed up or lost when many come at once."""
    client = connect()

    def one(number: int) -> bool:
        text = f"number {number} of fifty 天气"
        if number % 2:
            return bool(ask(client, text).choices[0].message.content == f"You said: {text}")
        return added(list(ask(client, text, stream=True, stream_options={"include_usage": True})))["text"].endswith(
            text
        )

    with ThreadPoolExecutor(50) as pool:
        assert all(pool.map(one, range(50)))
