"""Chat and embeddings requests as OpenAI takes them: tools, images, sound, files, odd letters, long histories."""

from typing import Any, Final

from hypothesis import strategies as st

from tests.fuzz import values

PNG: Final = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
    "rkJggg=="
)
URLS: Final = (
    *(PNG, PNG, "https://example.com/a.png?x=1&y=ü", "http://[::1]/a.png", "HTTPS://EXAMPLE.COM/a b.jpg", "//x/y"),
    *("data:image/png;base64,", "data:image/svg+xml;utf8,<svg/>", "data:;base64,AAAA", "data:image/jpeg;base64,?", ""),
    *("https://[bad/a.png", "file:///etc/passwd", "data:", "https://example.com:99999/"),
)
MODELS: Final = (
    *("gpt-4o", "deepseek-reasoner", "org/family/large", "qwen-vl-max", "ernie-4.5-8k", "o3-mini", "claude-sonnet-4-5"),
    *("模型", "a b", "a?b#c", "../x", "glm-4v", "gemini-2.5-flash", "qvq-max", "abab6.5s-chat", "spark-x", "m\r\nX: y"),
)

texts: Final = st.one_of(st.text(max_size=40), st.sampled_from(values.WORDS))
some_names: Final = st.one_of(st.sampled_from(["f", "get_weather", "a.b-c", "工具", "x" * 80]), st.text(max_size=8))
ids: Final = st.one_of(st.sampled_from(["call_1", "call_2", ""]), st.text(max_size=8))
arguments: Final = st.one_of(st.sampled_from(['{"a":1}', "{}", "", "{", "[]", "null", '"x"']), texts)


def _maybe(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


def _schema(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    kinds = st.sampled_from(["object", "array", "string", "integer", "null", "odd"])
    return _maybe(
        **{
            "type": st.one_of(kinds, st.lists(kinds, max_size=2)),
            "properties": st.dictionaries(some_names, inner, max_size=3),
            "required": st.lists(some_names, max_size=2),
            "items": inner,
            "anyOf": st.lists(inner, max_size=2),
            "allOf": st.lists(inner, max_size=2),
            "$ref": st.sampled_from(["#", "#/properties/f", "#/$defs/nowhere", "https://example.com/x", ""]),
            "$defs": st.dictionaries(some_names, inner, max_size=1),
            "additionalProperties": st.booleans() | inner,
            "enum": st.lists(values.leaves, max_size=3),
            "const": values.leaves,
            "format": texts,
            "description": texts,
            "pattern": texts,
            "default": values.leaves,
        }
    )


schemas: Final = st.one_of(
    st.none(),
    st.just({}),
    st.just({"type": "object", "properties": {"a": {"type": ["string", "null"]}}, "required": ["a"]}),
    st.just({"type": "object", "$defs": {"t": {"$ref": "#/$defs/t"}}, "properties": {"t": {"$ref": "#/$defs/t"}}}),
    st.recursive(st.builds(dict), _schema, max_leaves=4),
)


parts: Final[st.SearchStrategy[dict[str, Any]]] = st.one_of(
    st.fixed_dictionaries({"type": st.just("text"), "text": texts}),
    st.fixed_dictionaries(
        {
            "type": st.just("image_url"),
            "image_url": st.fixed_dictionaries(
                {"url": st.sampled_from(URLS)}, optional={"detail": st.sampled_from(["low", "high", "auto", "odd"])}
            ),
        }
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("input_audio"),
            "input_audio": _maybe(data=st.sampled_from(["AAAA", "?", ""]), format=st.sampled_from(["wav", "mp3", ""])),
        }
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("file"),
            "file": _maybe(file_data=st.sampled_from(URLS), file_id=ids, filename=texts),
        }
    ),
    st.fixed_dictionaries({"type": st.sampled_from(["refusal", "video_url", "odd"])}, optional={"refusal": texts}),
)
contents: Final = st.one_of(texts, st.lists(parts, max_size=3))
calls: Final = st.one_of(
    st.fixed_dictionaries(
        {"id": ids, "function": st.fixed_dictionaries({"name": some_names, "arguments": arguments})},
        optional={"type": st.sampled_from(["function", None]), "index": st.integers(0, 3)},
    ),
    st.fixed_dictionaries({"id": ids, "type": st.just("custom"), "custom": _maybe(name=some_names, input=texts)}),
)
messages: Final[st.SearchStrategy[dict[str, Any]]] = st.one_of(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["user", "user", "system", "developer"]), "content": contents},
        optional={"name": some_names},
    ),
    st.fixed_dictionaries(
        {"role": st.just("assistant")},
        optional={
            "content": st.one_of(st.none(), contents),
            "tool_calls": st.one_of(st.none(), st.lists(calls, max_size=3)),
            "reasoning_content": texts,
            "refusal": st.none() | texts,
            "name": some_names,
            "prefix": st.booleans(),
        },
    ),
    st.fixed_dictionaries({"role": st.just("tool"), "content": contents, "tool_call_id": ids}),
    st.fixed_dictionaries({"role": st.just("function")}, optional={"content": st.none() | texts, "name": some_names}),
)
functions: Final = st.fixed_dictionaries(
    {"name": some_names},
    optional={"description": st.none() | texts, "parameters": schemas, "strict": st.none() | st.booleans()},
)
tools: Final = st.one_of(
    st.fixed_dictionaries({"type": st.just("function"), "function": functions}),
    st.fixed_dictionaries({"type": st.sampled_from(["custom", "web_search", "mcp"])}, optional={"name": some_names}),
)
choices: Final = st.one_of(
    st.sampled_from(["auto", "none", "required", "odd"]),
    st.fixed_dictionaries({"type": st.just("function"), "function": st.fixed_dictionaries({"name": some_names})}),
    st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["allowed_tools", "custom"]),
            "allowed_tools": _maybe(
                mode=values.leaves, tools=st.none() | st.lists(st.dictionaries(values.names, values.json, max_size=2))
            ),
        },
    ),
)
formats: Final = st.one_of(
    st.fixed_dictionaries({"type": st.sampled_from(["text", "json_object", "odd"])}),
    st.fixed_dictionaries(
        {"type": st.just("json_schema")},
        optional={
            "json_schema": st.one_of(
                st.none(), _maybe(name=some_names, schema=schemas, strict=st.booleans(), description=texts)
            )
        },
    ),
)
params: Final = _maybe(
    temperature=st.one_of(st.none(), st.integers(0, 3), st.floats(0, 1e6)),
    top_p=st.floats(0, 2),
    max_tokens=st.one_of(st.none(), st.integers(1, 2**40)),
    max_completion_tokens=st.integers(1, 2**40),
    n=st.integers(1, 200),
    seed=st.integers(-(2**63), 2**63 - 1),
    stop=st.one_of(st.none(), texts, st.lists(texts, max_size=20)),
    presence_penalty=st.floats(-5, 5),
    frequency_penalty=st.floats(-5, 5),
    logprobs=st.booleans(),
    top_logprobs=st.integers(0, 40),
    logit_bias=st.dictionaries(texts, values.leaves, max_size=2),
    tools=st.one_of(st.none(), st.lists(tools, max_size=3)),
    tool_choice=st.one_of(st.none(), choices),
    parallel_tool_calls=st.booleans(),
    response_format=st.one_of(st.none(), formats),
    user=texts,
    reasoning_effort=st.sampled_from(["none", "minimal", "low", "medium", "high", "odd", ""]),
    functions=st.lists(functions, max_size=2),
    function_call=st.one_of(st.sampled_from(["auto", "none"]), st.fixed_dictionaries({"name": some_names})),
    metadata=st.dictionaries(texts, values.json, max_size=2),
    modalities=st.lists(st.sampled_from(["text", "audio", "image", "odd"]), max_size=3),
    audio=st.dictionaries(st.sampled_from(["voice", "format"]), values.json, max_size=2),
    thinking=values.json,
    enable_thinking=values.json,
    extra_body=values.json,
    web_search_options=values.json,
    top_k=values.json,
    safety_identifier=values.json,
)


@st.composite
def chats(draw: st.DrawFn) -> dict[str, Any]:
    """A chat request's body as JSON."""
    document = {
        "model": draw(st.sampled_from(MODELS).map(str.strip)),
        "messages": draw(st.lists(messages, min_size=1, max_size=6)),
        **draw(params),
    }
    if draw(st.booleans()):
        document["stream"] = draw(st.booleans())
    if document.get("stream") and draw(st.booleans()):
        document["stream_options"] = draw(st.one_of(st.just({"include_usage": True}), st.just({}), st.none()))
    return document


inputs: Final[st.SearchStrategy[Any]] = st.one_of(
    st.lists(texts, min_size=1, max_size=5),
    st.lists(st.lists(st.integers(0, 2**31), min_size=1, max_size=3), min_size=1, max_size=3),
)
embedding_params: Final = _maybe(
    dimensions=values.json,
    encoding_format=st.sampled_from(["float", "base64"]),
    user=texts,
    input_type=values.json,
    texts=values.json,
)
