"""The vendor's own SDK as an oracle: for the bodies that go up, for the fake vendor's replies, and for signatures."""

import warnings
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from providers import jwt
from providers.types import Json
from tests.fakevendor.gemini import API_KEY, Google, running
from tests.fakevendor.gemini_replies import THOUGHT
from tests.unit.gemini import FLASH, NEW, OLD, PRO, body, call, encoded, tool, vector
from tests.unit.test_gemini_history import FILES, PNG, assistant, part, user
from tests.unit.test_gemini_request import SCHEMA, asked

pytest.importorskip("google.genai")

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from google import genai
    from google.auth import crypt
    from google.genai import errors, types

PARAMETERS: Json = {
    "type": "object",
    "properties": {
        "city": {"type": ["string", "null"], "format": "uri"},
        "size": {"enum": [1, 2], "minimum": 1},
        "either": {"oneOf": [{"type": "string", "maxLength": 3}, {"type": "array", "items": {"const": "a"}}]},
        "self": {"$ref": "#"},
    },
    "required": ["city"],
    "additionalProperties": False,
}
FUNCTION: Json = {"type": "function", "function": {"name": "f", "description": "d", "parameters": PARAMETERS}}
HISTORY = [
    {"role": "system", "content": "Be brief."},
    user([part("image_url", url=f"data:image/png;base64,{PNG}"), part("file", file_id=FILES, format="text/plain")]),
    assistant(
        "so",
        call("a", arguments='{"x": {"y": [1]}}'),
        call("b", extra_content={"google": {"thought_signature": "U0lH"}}),
    ),
    tool("a", '{"temp": 1}'),
    tool("b", [{"type": "text", "text": "no"}], is_error=True),
    user([part("input_audio", data="AAAA", format="wav")]),
]
GOOGLE_FIELDS = {"google": {"safety_settings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "OFF"}]}}
ALL: Json = {
    "temperature": 1, "top_p": 0.5, "top_k": 3, "n": 2, "stop": "x", "seed": 1, "presence_penalty": 0.1,
    "frequency_penalty": 0.1, "logprobs": True, "top_logprobs": 2, "max_tokens": 5, "modalities": ["text", "image"],
    "extra_body": GOOGLE_FIELDS,
}  # fmt: skip
CASES: list[tuple[str, list[Json], Json]] = [
    (FLASH, HISTORY, {**ALL, "tools": [FUNCTION], "tool_choice": "required"}),
    (NEW, HISTORY, {"tools": [FUNCTION], "tool_choice": FUNCTION, "reasoning_effort": "low"}),
    (NEW, [user("x")], {"response_format": asked(SCHEMA), "reasoning_effort": "none"}),
    (OLD, [user("x")], {"response_format": asked(PARAMETERS)}),
    (PRO, [user("x")], {"reasoning_effort": "high", "tools": [{"type": "google_search"}, {"type": "url_context"}]}),
]
FIELDS: dict[str, Any] = {
    "systemInstruction": types.Content,
    "contents": list[types.Content],
    "tools": list[types.Tool],
    "toolConfig": types.ToolConfig,
    "generationConfig": types.GenerationConfig,
    "safetySettings": list[types.SafetySetting],
}
pydantic = pytest.importorskip("pydantic")


def check_body(found: Json) -> None:
    """Fail unless the SDK's own types, which forbid what they do not know, hold the whole body."""
    assert found.keys() <= FIELDS.keys()
    for name, value in found.items():
        read = pydantic.TypeAdapter(FIELDS[name]).validate_python(value)
        items = read if isinstance(read, list) else [read]
        told = [item.model_dump(mode="json", by_alias=True, exclude_none=True) for item in items]
        wanted = value if isinstance(value, list) else [value]
        assert [same(one) for one in told] == [same(one) for one in wanted]


def same(value: Any) -> Any:
    """A value as both spell it: the SDK writes types in capitals and base64 in the alphabet for addresses."""
    if isinstance(value, dict):
        return {name: same(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [same(inner) for inner in value]
    return value.lower().replace("-", "+").replace("_", "/") if isinstance(value, str) else value


@pytest.mark.parametrize(("model", "messages", "params"), CASES)
def test_bodies_fit_the_types(model: str, messages: list[Json], params: Json) -> None:
    """Broken: a body goes up with a field, a part or a value that the API's own types do not know."""
    for vertex in (False, True):
        check_body(body(encoded(model, messages, params, vertex=vertex)))


def test_bodies_of_the_vectors_fit_the_types() -> None:
    """Broken: what the vectors demand of a body is not what the API's own types know."""
    for case in vector("gemini", "chat"):
        told = dict(case["openai_request"])
        model, messages = told.pop("model"), told.pop("messages")
        check_body(body(encoded(model, messages, told)))


def test_replies_of_the_vectors_fit_the_types() -> None:
    """Broken: a reply that the tests decode is none that the API would send."""
    seen = 0
    for case in [*vector("gemini", "chat"), *vector("vertexai", "chat")]:
        told = [orjson.loads(entry[6:]) for entry in case.get("vendor_stream", ()) if entry.startswith("data: ")]
        if "vendor_response" in case and "claude" not in case["openai_request"]["model"]:
            told.append(case["vendor_response"]["body"])
        for document in told:
            check_reply(document)
            seen += 1
    assert seen > 10


def check_reply(document: Json) -> None:
    # What the SDK does not know of a reply it may not drop: the tests would rest on something that is not there.
    read = types.GenerateContentResponse.model_validate(document)
    told = read.model_dump(mode="json", by_alias=True, exclude_none=True)
    assert same(told.get("candidates", [])) == same(document.get("candidates", []))


@pytest.fixture(scope="module")
def google() -> Iterator[Google]:
    key = jwt.private_key(vector("vertexai", "auth")[0]["private_key_pem"])
    with running(key.private_numbers().public_numbers.n, "") as server:
        yield server


def test_client_takes_what_the_fake_answers(google: Google) -> None:
    """Broken: the fake vendor of the tests asks or answers otherwise than the vendor's own client expects."""
    function = types.FunctionDeclaration(name="f", parameters_json_schema=None)
    config = types.GenerateContentConfig(
        tools=[types.Tool(function_declarations=[function])],
        thinking_config=types.ThinkingConfig(thinking_level=types.ThinkingLevel.LOW, include_thoughts=True),
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
    )
    options = types.HttpOptions(base_url=google.url, api_version="v1beta")
    question: Any = "The weather in Paris and Rome?"
    with genai.Client(api_key=API_KEY, http_options=options) as client:
        whole = client.models.generate_content(model=NEW, contents=question, config=config)
        events = list(client.models.generate_content_stream(model=NEW, contents=question, config=config))
        parts = [one for event in events for one in event.candidates[0].content.parts]
        for found in (whole.candidates[0].content.parts, parts):
            assert "".join(one.text or "" for one in found if one.thought) == THOUGHT
            assert [one.function_call.args for one in found if one.function_call] == [
                {"city": "Paris"},
                {"city": "Rome"},
            ]
        assert whole.usage_metadata.thoughts_token_count == events[-1].usage_metadata.thoughts_token_count == 7
        check_second_turn(client, whole.candidates[0].content, question, config)
        vectors = client.models.embed_content(model="gemini-embedding-001", contents=["a", "bb"]).embeddings
        assert [one.values for one in vectors] == [[1.0] * 3, [2.0] * 3]
        assert len(google.faults) == 1, "only the signature that was left out"
        with pytest.raises(errors.ClientError, match="slow"):
            client.models.generate_content(model=NEW, contents="FAIL 429 RESOURCE_EXHAUSTED slow")
    for sent in google.sent:
        check_reply(sent)


def check_second_turn(client: Any, turn: Any, question: str, config: Any) -> None:
    """Fail unless the fake takes a history from the vendor's own client, and refuses it without its signature."""
    answers = [
        types.Part(
            function_response=types.FunctionResponse(id=one.function_call.id, name="f", response={"output": "1"})
        )
        for one in turn.parts
        if one.function_call
    ]
    asked_ = types.Content(role="user", parts=[types.Part(text=question)])
    history = [asked_, turn, types.Content(role="user", parts=answers)]
    assert "Results: 1; 1." in client.models.generate_content(model=NEW, contents=history, config=config).text
    for one in turn.parts:
        one.thought_signature = None
    with pytest.raises(errors.ClientError, match="missing a thought_signature"):
        client.models.generate_content(model=NEW, contents=history, config=config)


def test_signature() -> None:
    """Broken: the vendor's own library signs otherwise."""
    case = vector("vertexai", "auth")[0]
    signer = crypt.RSASigner.from_string(case["private_key_pem"], case["header"]["kid"])
    head, claims, _ = case["jwt"].split(".")
    theirs = signer.sign(f"{head}.{claims}".encode())
    ours = jwt.rs256(case["header"], case["claims"], jwt.private_key(case["private_key_pem"]))
    assert jwt._b64url(theirs).decode() == ours.rpartition(".")[2]
