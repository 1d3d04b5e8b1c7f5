"""The gateway in front of a Google that checks what it is sent, the official OpenAI client in front of it."""

import base64
import json
from typing import Any

import openai
import pytest

from tests.e2e.answers import CITY, ask, both, broken, failure, fifty_at_once, question
from tests.e2e.process import Gateway
from tests.fakevendor.gemini import CLAUDE, Google
from tests.fakevendor.gemini_replies import LONG, THOUGHT
from tests.fakevendor.gemini_rules import MODELS
from tests.unit.hosting import PNG as SERVED
from tests.unit.hosting import Host

pytestmark = pytest.mark.e2e
pytest_plugins = ["tests.e2e.gemini_gateway"]

FLASH, OLD, NEW = "gemini-2.5-flash", "gemini-2.0-flash", "gemini-3-flash-preview"
DOORS = ("", "vertex/")
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(50)).decode()
SCHEMA: Any = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": CITY}}


@pytest.mark.parametrize("door", DOORS)
def test_plain_and_stream(gemini: openai.OpenAI, google: Google, door: str) -> None:
    """Text, usage or the system text do not come through, or the parameters are refused."""
    messages = [{"role": "system", "content": "Kurz."}, {"role": "user", "content": "Grüß dich 你好"}]
    more: dict[str, Any] = {"temperature": 0.5, "top_p": 0.5, "seed": 2**40, "stop": ["END", ""], "user": "u"}
    for found in both(gemini, door + FLASH, messages, **more):
        assert found["text"] == "You said: Grüß dich 你好 (system: Kurz.)"
        assert (found["reason"], found["tokens"]) == ("stop", (12, 5, 17))
    assert [path.partition("?")[0].rpartition(":")[2] for path in google.paths] == [
        "generateContent",
        "streamGenerateContent",
    ]
    assert google.paths[0].startswith("/v1/projects/example-project/locations/us-central1/" if door else "/v1beta/")


def test_usage_details(gemini: openai.OpenAI) -> None:
    """Cached tokens or those of thoughts are lost, or thoughts are not counted as an answer's."""
    usage = ask(gemini, NEW, "Hello", reasoning_effort="low").usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (12, 12, 24)
    assert usage.prompt_tokens_details.cached_tokens == 4
    assert usage.completion_tokens_details.reasoning_tokens == 7


@pytest.mark.parametrize("door", DOORS)
def test_long_text(gemini: openai.OpenAI, door: str) -> None:
    """A long Chinese text arrives with a letter broken or a piece lost."""
    for found in both(gemini, door + FLASH, "LONG"):
        assert found["text"] == LONG


def test_reasoning(gemini: openai.OpenAI) -> None:
    """An effort is refused by one of the generations, or its reasoning does not reach the gemini."""
    for model in MODELS:
        for effort in ("none", "minimal", "low", "medium", "high", "xhigh"):
            found = ask(gemini, model, "Hello", reasoning_effort=effort).choices[0].message
            wanted = THOUGHT if effort != "none" and model != OLD else None
            assert getattr(found, "reasoning_content", None) == wanted, (model, effort)
            assert found.content == "You said: Hello"
    for found in both(gemini, FLASH, "Hello", reasoning_effort="low"):
        assert found["reasoning"] == THOUGHT


def test_what_was_changed_is_told(gemini: openai.OpenAI) -> None:
    """A parameter that was dropped, or a schema that was reduced, is so in silence."""
    parameters = {**CITY, "additionalProperties": False, "$schema": "x"}
    raw = gemini.chat.completions.with_raw_response.create(
        model=FLASH,
        messages=[{"role": "user", "content": "x"}],
        logit_bias={"1": 1},
        tools=[{"type": "function", "function": {"name": "f", "parameters": parameters}}],
    )
    assert raw.headers["x-gateway-changes"] == (
        "reduced tools[].function.parameters: without additionalProperties; dropped logit_bias"
    )


def test_images_and_files(gemini: openai.OpenAI) -> None:
    """An image or a document does not reach the model, or one that it refuses is passed on all the same."""

    def look(model: str, *parts: dict[str, Any]) -> Any:
        return ask(gemini, model, [{"role": "user", "content": list(parts)}]).choices[0].message.content

    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
    file = {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERi0=", "filename": "a.pdf"}}
    sound = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}}
    video = {"type": "video_url", "video_url": {"url": "https://www.youtube.com/watch?v=abc"}}
    for door in DOORS:
        answer = look(door + FLASH, {"type": "text", "text": "Look"}, image, file, sound, video)
        assert answer == (
            f"You said: Look [image/png {len(PNG)}] [application/pdf 8] [audio/mp3 4]"
            " [https://www.youtube.com/watch?v=abc]"
        )
        assert look(door + FLASH, image).startswith("You said:  [image/png")
    assert "[gs://b/a.png]" in look(f"vertex/{FLASH}", {"type": "image_url", "image_url": {"url": "gs://b/a.png"}})
    for url in ("data:image/gif;base64,R0lGODlh", "gs://b/a.png"):
        with pytest.raises(openai.BadRequestError) as raised:
            look(FLASH, {"type": "image_url", "image_url": {"url": url}})
        assert (raised.value.code, raised.value.param) == ("unsupported_parameter", "messages")
        assert "messages[0].content[0]" in raised.value.message


@pytest.mark.parametrize("door", DOORS)
def test_image_by_address(gemini: openai.OpenAI, host: Host, door: str) -> None:
    """An image by address is refused, or its address goes to an API that takes bytes only."""
    image = {"type": "image_url", "image_url": {"url": host.url("/a.png")}}
    answer = ask(gemini, door + FLASH, [{"role": "user", "content": [image]}]).choices[0].message.content
    assert answer == f"You said:  [image/png {len(base64.b64encode(SERVED))}]"


def test_schema(gemini: openai.OpenAI, google: Google) -> None:
    """An answer with a schema is refused, or asked for in a form that the model does not know."""
    for model, field in ((OLD, "responseSchema"), (FLASH, "responseJsonSchema"), (NEW, "responseJsonSchema")):
        for found in both(gemini, model, "Paris?", response_format=SCHEMA):
            assert json.loads(found["text"]) == {"city": "Paris"}
        assert field in google.served[-1]["generationConfig"]


def test_ends(gemini: openai.OpenAI) -> None:
    """Why an answer ended is told as another reason, or a blocked prompt is an error."""
    for found in both(gemini, FLASH, "Hello", max_tokens=2):
        assert (found["text"], found["reason"]) == ("", "length")
    for found in both(gemini, FLASH, "BLOCK"):
        assert (found["text"], found["reason"]) == ("", "content_filter")
    assert "SAFETY" in ask(gemini, FLASH, "BLOCK").choices[0].message.refusal
    stops = [f"stop{number}" for number in range(5)]
    for found in both(gemini, FLASH, "one two three", stop=[*stops, "two"]):
        assert (found["text"], found["reason"]) == ("You said: one ", "stop")


def test_empty_answers_are_asked_for_again(gemini: openai.OpenAI, google: Google) -> None:
    """An answer that is empty by mishap reaches the gemini, or keeps the gateway asking."""
    for stream, times, text in ((False, 1, "You said: EMPTY 1 a"), (True, 1, "You said: EMPTY 1 b"), (False, 2, "")):
        google.served.clear()
        order = f"EMPTY {times} {'b' if stream else 'a'}"
        found = ask(gemini, FLASH, order, stream=stream)
        told = "".join(chunk.choices[0].delta.content or "" for chunk in found) if stream else None
        assert (told if stream else found.choices[0].message.content) == text
        assert len(google.served) == 2


@pytest.mark.parametrize("door", DOORS)
def test_broken_streams(gemini: openai.OpenAI, door: str) -> None:
    """A stream that fails or is cut in its middle looks like a whole answer."""
    text, message = broken(gemini, door + FLASH, "BREAK 2 after that")
    assert (text, message) == ("You said: BREAK 2 afte", "The operation was cancelled.")
    if not door:
        text, message = broken(gemini, FLASH, "CUT 2 after that")
        assert text.startswith("You said: CUT")
        assert "broke off" in message


ERRORS: list[tuple[str, int, str | None]] = [
    ("400 INVALID_ARGUMENT something is odd", 400, None),
    ("400 INVALID_ARGUMENT The input token count (9) exceeds the maximum number of tokens allowed (8).", 400,
     "context_length_exceeded"),
    ("400 FAILED_PRECONDITION User location is not supported for the API use.", 502, "upstream_auth"),
    ("400 FAILED_PRECONDITION Please enable billing on your project", 429, "insufficient_quota"),
    ("403 PERMISSION_DENIED Your API key was reported as leaked.", 502, "upstream_auth"),
    ("404 NOT_FOUND models/x is not found", 404, "model_not_found"),
    ("400 INVALID_ARGUMENT Request payload size exceeds the limit: 20971520 bytes.", 413, None),
    ("429 RESOURCE_EXHAUSTED Resource has been exhausted", 429, "rate_limit_exceeded"),
    ("499 CANCELLED The operation was cancelled.", 502, None),
    ("500 INTERNAL An internal error has occurred.", 500, None),
    ("503 UNAVAILABLE The model is overloaded. Please try again later.", 503, "server_is_overloaded"),
    ("504 DEADLINE_EXCEEDED Deadline expired", 504, "timeout"),
]  # fmt: skip


@pytest.mark.parametrize("door", DOORS)
def test_errors(gemini: openai.OpenAI, google: Google, door: str) -> None:
    """An error of the vendor reaches the client as another one, or without the vendor's words."""
    for order, status, code in ERRORS:
        error = failure(gemini, door + FLASH, f"FAIL {order}")
        body: Any = error.body
        assert (error.status_code, error.code, body["message"]) == (status, code, order.split(" ", 2)[2]), order
        if status == 429 and code == "rate_limit_exceeded":
            assert error.response.headers["retry-after"] == "34"
    google.faults.clear()


def test_wrong_credentials(gemini: openai.OpenAI, google: Google, google_gateway: Gateway) -> None:
    """The vendor's word on the operator's key does not reach the gemini, or the key is told on the way."""
    for model, words in (("wrong", "API key not valid"), ("wrong-account", "invalid_grant: Invalid JWT")):
        error = failure(gemini, model)
        assert (error.status_code, error.code) == (502, "upstream_auth")
        assert words in error.message
        assert error.response.headers["x-should-retry"] == "false"
    for secret in ("bad-key-canary-71", "test-key", "ya29.", "PRIVATE KEY"):
        assert secret not in google_gateway.log
    google.faults.clear()


def test_token_is_exchanged_once(gemini: openai.OpenAI, google: Google) -> None:
    """Each request makes a token of its own, or one that the API has forgotten is used for ever."""
    ask(gemini, f"vertex/{FLASH}")
    known = len(google.tokens)
    assert fifty_at_once(gemini, f"vertex/{FLASH}") == [f"You said: {question(number)}" for number in range(50)]
    assert len(google.tokens) == known
    revoked, google.tokens[:] = google.tokens[-1], ["revoked"] * known
    assert revoked == f"ya29.{known - 1}"
    assert ask(gemini, f"vertex/{FLASH}").choices[0].message.content == "You said: 你好"
    assert len(google.tokens) == known + 1
    assert len(google.faults) == 1
    google.faults.clear()


def test_fifty_at_once(gemini: openai.OpenAI) -> None:
    """Answers are mixed up or lost when many come at once."""
    assert fifty_at_once(gemini, NEW) == [f"You said: {question(number)}" for number in range(50)]


def test_claude_at_vertex(gemini: openai.OpenAI, google: Google) -> None:
    """A model of Anthropic's is asked as one of Google's, or its errors are not understood."""
    for found in both(
        gemini, f"vertex/{CLAUDE}", [{"role": "system", "content": "S"}, {"role": "user", "content": "x"}]
    ):
        assert (found["text"], found["reason"]) == ("You said: x (system: S)", "stop")
        assert found["tokens"][0] == 35
    where = f"/v1/projects/example-project/locations/us-central1/publishers/anthropic/models/{CLAUDE}"
    assert google.paths == [f"{where}:rawPredict", f"{where}:streamRawPredict"]
    error = failure(gemini, f"vertex/{CLAUDE}", "FAIL")
    body: Any = error.body
    assert (error.status_code, body["message"]) == (400, "messages: too odd")


def test_embeddings(gemini: openai.OpenAI, google: Google) -> None:
    """Embeddings come in another order or size, or too many are asked for at once."""
    for model, tokens in (("gemini-embedding-001", 0), ("text-embedding-005", 240)):
        texts = ["a" * (number + 1) for number in range(120)]
        reply = gemini.embeddings.create(model=model, input=texts, dimensions=4)
        assert [row.embedding for row in reply.data] == [[float(number + 1)] * 4 for number in range(120)]
        assert reply.usage.prompt_tokens == tokens
    assert [len(body.get("requests", body.get("instances"))) for body in google.served] == [100, 20, 120]
