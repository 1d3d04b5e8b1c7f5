"""The gateway in front of an Azure resource that checks what it is sent, with the official client."""

import base64

import openai
import pytest

from tests.e2e.answers import LONG, TOOLS, after_tool_call, ask, both, broken, failure, fifty_at_once, question, text_of
from tests.e2e.azure import REFUSALS
from tests.fakevendor.azure import ANSWER, POLICY, PROMPT, SAFE, THOUGHT, Azure

pytestmark = pytest.mark.e2e
pytest_plugins = ["tests.e2e.azure_gateway"]

IMAGE = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(50)).decode()
SCHEMA = {"name": "city", "schema": {"type": "object", "properties": {"city": {"type": "string"}}}}


@pytest.fixture
def client(azure_client: openai.OpenAI) -> openai.OpenAI:
    return azure_client


@pytest.mark.parametrize("model", ["gpt-4o", "my dep", "old", "mapped", "v1", "app", "token", "apim"])
def test_plain_and_stream(client: openai.OpenAI, azure: Azure, model: str) -> None:
    """Broken: a surface or a credential is not asked as it must be, or an oddity of a stream reaches the client."""
    for found in both(client, model, [{"role": "developer", "content": "Kurz."}, {"role": "user", "content": LONG}]):
        assert (found["text"], found["reason"]) == (LONG, "stop")
        assert found["tokens"] == ((0, 0, 0) if model == "old" and len(azure.seen) == 2 else (4, 5, 9))
    for told in azure.headers:
        assert ("api-key" in told) is (model not in ("app", "token", "apim"))


def test_chunks_and_documents_are_clean(client: openai.OpenAI) -> None:
    """Broken: filter results reach clients that do not expect them, or an event without choices opens the stream."""
    raw = ask(client, "gpt-4o", "x").to_dict()
    chunks = [chunk.to_dict() for chunk in ask(client, "gpt-4o", "x", stream=True)]
    for told in (raw, *chunks):
        assert "filter" not in str(told)
        assert (told["id"], told["created"], told["model"]) == ("chatcmpl-CB3G19", 1756750165, "gpt-4o")
        assert len(told["choices"]) == 1


def test_filter_results_are_kept_where_wanted(client: openai.OpenAI) -> None:
    """Broken: an operator who wants what the filters said gets nothing, or not where Azure's own clients look."""
    told = ask(client, "kept", "x").to_dict()
    assert told["prompt_filter_results"] == PROMPT
    assert told["choices"][0]["content_filter_results"] == SAFE
    chunks = [chunk.to_dict() for chunk in ask(client, "kept", "x", stream=True)]
    assert chunks[0]["prompt_filter_results"] == PROMPT
    results = [choice.get("content_filter_results") for chunk in chunks for choice in chunk["choices"]]
    assert SAFE in results
    assert text_of(ask(client, "kept", LONG, stream=True)) == LONG


def test_argument_that_an_old_version_refuses(client: openai.OpenAI, azure: Azure) -> None:
    """Broken: an argument an old version does not know fails the request, is lost in silence, or is tried for ever."""
    for round_ in range(2):
        raw = client.chat.completions.with_raw_response.create(
            model="old", messages=[{"role": "user", "content": "x"}], metadata={"a": "b"}, parallel_tool_calls=False
        )
        changes = raw.headers["x-gateway-changes"].split("; ")
        assert sorted(changes) == ["dropped metadata", "dropped parallel_tool_calls"]
        assert len(azure.refused) == 2, f"round {round_}: what was refused is remembered"


def test_deployment_that_reasons(client: openai.OpenAI, azure: Azure) -> None:
    """Broken: a deployment whose name does not tell its model refuses everybody who sets a limit or a temperature."""
    for model, refusals in (("gpt-5-mini", 0), ("o-like", 0), ("prod", 2)):
        azure.refused.clear()
        reply = ask(client, model, "x" * 9, max_tokens=5, temperature=0.2)
        assert (reply.choices[0].message.content, reply.choices[0].finish_reason) == ("xxxxx", "length")
        assert reply.usage.completion_tokens_details.reasoning_tokens == 3
        assert azure.seen[-1][1]["max_completion_tokens"] == 5
        assert len(azure.refused) == refusals
    with pytest.raises(openai.BadRequestError) as raised:
        ask(client, "strict", "x", temperature=0.2, top_p=0.5)
    assert raised.value.code == "unsupported_parameter"


def test_what_changes_the_answers_form_stays_an_error(client: openai.OpenAI, azure: Azure) -> None:
    """Broken: who asks for a schema gets prose, because an old version knows no schemas."""
    raised = failure(client, "old", response_format={"type": "json_schema", "json_schema": SCHEMA})
    assert (raised.status_code, raised.param) == (400, "response_format")
    assert len(azure.refused) == 2


def test_name_with_dots(client: openai.OpenAI, azure: Azure) -> None:
    """Broken: a model's own name does not find its deployment, whose name can hold no dots; or every time by trial."""
    for _ in range(3):
        assert ask(client, "gpt-3.5-turbo", "x").choices[0].message.content == "x"
    assert len(azure.refused) == 1
    assert {path.split("/")[3] for path, _ in azure.seen} == {"gpt-35-turbo"}


def test_model_of_another_maker(client: openai.OpenAI, azure: Azure) -> None:
    """Broken: models beside OpenAI's are asked at another address, or their thoughts are lost."""
    for found in both(client, "r1", "你好"):
        assert (found["text"], found["reasoning"]) == ("你好", THOUGHT)
    assert azure.seen[0][1]["model"] == "DeepSeek-R1"
    assert "extra-parameters" not in azure.headers[0]
    ask(client, "r1", "x", extra_body={"top_k": 5})
    assert azure.headers[-1]["extra-parameters"] == "pass-through"


@pytest.mark.parametrize("model", ["gpt-4o", "old", "v1"])
def test_tool_round_trip(client: openai.OpenAI, model: str) -> None:
    """Broken: the official client cannot call a tool and hand back its result."""
    assert list(after_tool_call(client, model)) == ["晴，28度"] * 4


def test_parallel_tools(client: openai.OpenAI) -> None:
    """Broken: two calls of one answer run into each other."""
    asked = {"role": "user", "content": "两地天气？"}
    for found in both(client, "gpt-4o", [asked], tools=TOOLS):
        assert [call[0] for call in found["calls"]] == ["call_0", "call_1"]
        assert all(call[2] == {"city": "北京🌏"} for call in found["calls"])


def test_images(client: openai.OpenAI) -> None:
    """Broken: an image does not arrive as it was sent."""
    parts = [{"type": "text", "text": "看："}, {"type": "image_url", "image_url": {"url": IMAGE}}]
    for found in both(client, "gpt-4o", [{"role": "user", "content": parts}]):
        assert found["text"] == "看：[image/png 58]"


def test_json(client: openai.OpenAI, azure: Azure) -> None:
    """Broken: the form of an answer is not asked for."""
    for wanted in ({"type": "json_object"}, {"type": "json_schema", "json_schema": SCHEMA}):
        for found in both(client, "gpt-4o", "as JSON", response_format=wanted):
            assert found["text"] == ANSWER
        assert azure.seen[-1][1]["response_format"] == wanted


def test_embeddings(client: openai.OpenAI, azure: Azure) -> None:
    """Broken: vectors come in another order, or the deployment is asked at another address."""
    reply = client.embeddings.create(model="text-embedding-3-small", input=["a", "bcd"], dimensions=2)
    assert [row.embedding for row in reply.data] == [[1.0, 0.5], [3.0, 0.5]]
    assert reply.usage.prompt_tokens == 2
    path, body = azure.seen[0]
    assert path == "/openai/deployments/text-embedding-3-small/embeddings?api-version=2024-10-21"
    assert body == {"input": ["a", "bcd"], "encoding_format": "float", "dimensions": 2}


def test_filters(client: openai.OpenAI) -> None:
    """Broken: a filtered prompt is not told as one, or a filtered answer looks like a whole one."""
    raised = failure(client, "gpt-4o", "FILTERED")
    assert (raised.status_code, raised.code, raised.param) == (400, "content_filter", "prompt")
    assert POLICY in raised.message
    found = list(both(client, "gpt-4o", "OUTPUT"))
    assert [one["reason"] for one in found] == ["content_filter"] * 2
    assert [one["text"] for one in found] == ["", "He"]


@pytest.mark.parametrize("number", range(len(REFUSALS)))
def test_errors(client: openai.OpenAI, number: int) -> None:
    """Broken: an error reaches the client as another one, or without the vendor's words."""
    _, asked, seen, told = REFUSALS[number]
    for stream in (False, True):
        with pytest.raises(openai.APIStatusError) as raised:
            ask(client, f"refusal-{number}-{stream}", asked, stream=stream)
        assert (raised.value.status_code, raised.value.code) == seen
        assert told in raised.value.message
        if seen[0] == 429:
            assert raised.value.response.headers["retry-after"] == "24"


def test_broken_streams(client: openai.OpenAI) -> None:
    """Broken: a stream that fails or is cut looks like a whole answer, or its words are lost."""
    assert broken(client, "gpt-4o", "BREAK 4 500 The server had an error") == (
        "BREAK 4 500 Th",
        "The server had an error",
    )
    text, message = broken(client, "gpt-4o", "CUT 3 and no more")
    assert text == "CUT 3 a"
    assert "broke off" in message


def test_an_error_in_the_first_event(client: openai.OpenAI) -> None:
    """Broken: an error that comes with status 200 is no error until the stream has begun."""
    with pytest.raises(openai.InternalServerError, match="went wrong"):
        ask(client, "gpt-4o", "BREAK 0 500 went wrong", stream=True)


def test_fifty_at_once(client: openai.OpenAI) -> None:
    """Broken: answers of parallel requests get mixed, or one of them is refused."""
    assert fifty_at_once(client, "gpt-4o") == [question(n) for n in range(50)]


def test_one_token_for_many(client: openai.OpenAI, azure: Azure) -> None:
    """Broken: every request of an application asks the directory for a token of its own."""
    before = azure.tokens
    assert fifty_at_once(client, "app") == [question(n) for n in range(50)]
    assert azure.tokens - before <= 1
