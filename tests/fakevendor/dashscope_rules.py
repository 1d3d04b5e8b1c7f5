"""What the small DashScope refuses, checked after its public reference and nothing of ours.

Every function returns (HTTP status, code, message) of the refusal, or None.
"""

from collections.abc import Mapping
from typing import Any, Final

Refusal = tuple[int, str, str] | None

TEXT, MULTIMODAL = "text-generation", "multimodal-generation"
HOMES: Final = {
    "qwen-plus": TEXT,
    "qwen3-32b": TEXT,
    "qwq-plus": TEXT,
    "farui-plus": TEXT,
    "qwen-vl-max": MULTIMODAL,
    "qwen3.7-max": MULTIMODAL,
    "qwen9-muse": MULTIMODAL,
}
STREAM_ONLY: Final = ("qwq-plus", "qwen9-muse")
THINKING_BY_DEFAULT: Final = ("qwen3-32b", "qwq-plus", "qwen9-muse")

_PARAMETERS: Final = {
    *("result_format", "incremental_output", "temperature", "top_p", "top_k", "max_tokens", "seed", "stop", "n"),
    *("presence_penalty", "repetition_penalty", "logprobs", "top_logprobs", "response_format", "tools", "tool_choice"),
    *("parallel_tool_calls", "enable_search", "search_options", "enable_thinking", "thinking_budget"),
}
_APP_PARAMETERS: Final = {
    *("incremental_output", "has_thoughts", "flow_stream_mode", "rag_options", "workspace"),
    *("temperature", "top_p", "top_k", "seed"),
}
_APP_INPUT: Final = {"prompt", "messages", "session_id", "biz_params", "image_list", "file_list", "memory_id"}
_MESSAGE: Final = {"role", "content", "tool_calls", "tool_call_id", "name", "reasoning_content", "partial"}
_LINKS: Final = ("https://", "http://", "data:image/", "data:audio/", "oss://")


def _bad(message: str) -> Refusal:
    return 400, "InvalidParameter", message


def key(headers: Mapping[str, str], keys: Mapping[str, str]) -> Refusal:
    """Whether the key, a bearer, is one of ``keys``, which map to the workspaces they may use besides their own."""
    given = headers.get("authorization", "")
    if not given.startswith("Bearer ") or given.removeprefix("Bearer ") not in keys:
        return 401, "InvalidApiKey", "Invalid API-key provided."
    space = headers.get("x-dashscope-workspace")
    if space is not None and space != keys[given.removeprefix("Bearer ")]:
        return 403, "Workspace.AccessDenied", "Workspace access denied."
    return None


def headers_agree(headers: Mapping[str, str], parameters: Any) -> Refusal:
    """Whether the headers ask for one thing, and the body not for another."""
    streams = headers.get("x-dashscope-sse") == "enable"
    if headers.get("content-type") != "application/json":
        return _bad("content-type must be application/json")
    if headers.get("accept") != ("text/event-stream" if streams else "application/json"):
        return _bad("accept does not fit X-DashScope-SSE")
    if not isinstance(parameters, dict):
        return 400, "BadRequest.EmptyParameters", 'Required parameter "parameters" missing from request.'
    if "incremental_output" in parameters and not streams:
        return _bad("incremental_output without a stream")
    return None


def generation(kind: str, headers: Mapping[str, str], body: Any) -> Refusal:
    """Whether a body is one for an endpoint, of a model that lives there."""
    if body.keys() != {"model", "input", "parameters"} or body["input"].keys() != {"messages"}:
        return 400, "BadRequest.EmptyInput", f"Required input parameter missing from request, or unknown: {[*body]}"
    if HOMES.get(body["model"]) != kind:
        return _bad("url error, please check url!")
    parameters, streams = body["parameters"], headers.get("x-dashscope-sse") == "enable"
    refusal = headers_agree(headers, parameters) or _ranges(parameters, _PARAMETERS)
    if not refusal and body["model"] in STREAM_ONLY and not streams:
        refusal = _bad("This model only support stream mode, please enable the stream parameter to access the model.")
    return refusal or _thinking(body, streams) or _tools(parameters) or _messages(body["input"]["messages"], kind)


def _ranges(parameters: Mapping[str, Any], known: set[str]) -> Refusal:
    if parameters.keys() - known:
        return _bad(f"unknown parameters {sorted(parameters.keys() - known)}")
    for name, fits in {
        "temperature": lambda value: 0 <= value < 2,
        "top_p": lambda value: 0 < value <= 1,
        "presence_penalty": lambda value: -2 <= value <= 2,
        "seed": lambda value: value >= 0,
        "n": lambda value: 1 <= value <= (1 if parameters.get("tools") else 4),
        "result_format": lambda value: value == "message",
    }.items():
        if name in parameters and not fits(parameters[name]):
            return _bad(f"{name} is out of range")
    return None


def _thinking(body: Any, streams: bool) -> Refusal:
    parameters = body["parameters"]
    if not parameters.get("enable_thinking", body["model"] in THINKING_BY_DEFAULT):
        return None
    if not streams:
        return _bad("parameter.enable_thinking must be set to false for non-streaming calls")
    if parameters.get("incremental_output") is not True:
        return _bad('The incremental_output parameter must be "true" when enable_thinking is true')
    return None


def _tools(parameters: Mapping[str, Any]) -> Refusal:
    if "tools" in parameters and parameters.get("result_format") != "message":
        return _bad("tools need result_format message")
    choice = parameters.get("tool_choice", "auto")
    fine = choice in ("auto", "none") or (isinstance(choice, dict) and choice.get("type") == "function")
    return None if fine else _bad("tool_choice is not supported")


def _messages(messages: Any, kind: str) -> Refusal:
    called: set[str] = set()
    for message in messages:
        if message.keys() - _MESSAGE or message["role"] not in ("system", "user", "assistant", "tool"):
            return _bad(f"unknown role or field in {sorted(message)}")
        if message["role"] == "tool" and message["tool_call_id"] not in called:
            return _bad("a result of no call")
        called |= {call["id"] for call in message.get("tool_calls", ())}
        content = message["content"]
        if kind == TEXT and not isinstance(content, str):
            return _bad("content must be a string")
        if kind == MULTIMODAL and not (isinstance(content, list) and all(map(_part, content))):
            return _bad("content must be a list of parts")
    return None


def _part(part: Any) -> bool:
    (name,) = part.keys() & {"text", "image", "audio", "video"} or [""]
    value = part.get(name)
    return name == "text" or (isinstance(value, str) and value.startswith(_LINKS)) or isinstance(value, list)


def application(headers: Mapping[str, str], body: Any) -> Refusal:
    """Whether a body is one for an application."""
    if (
        body.keys() - {"model", "input", "parameters", "debug"}
        or body.get("model")
        or body["input"].keys() - _APP_INPUT
    ):
        return _bad(f"unknown members in {sorted(body)}, {sorted(body['input'])}")
    if ("prompt" in body["input"]) is ("messages" in body["input"]):
        return _bad('Either "prompt" or "messages" must exist and cannot both be none')
    for message in body["input"].get("messages", ()):
        if message.keys() != {"role", "content"} or not isinstance(message["content"], str):
            return _bad("messages hold role and content")
    return headers_agree(headers, body["parameters"]) or _ranges(body["parameters"], _APP_PARAMETERS)


def embeddings(headers: Mapping[str, str], body: Any) -> Refusal:
    """Whether a body is one for text embeddings."""
    old = body["model"] in ("text-embedding-v1", "text-embedding-v2")
    texts, parameters = body["input"]["texts"], body["parameters"]
    if parameters.keys() - {"dimension", "text_type", "output_type", "instruct"} or (old and "dimension" in parameters):
        return _bad(f"unknown parameters {sorted(parameters)}")
    if not 1 <= len(texts) <= (25 if old else 10) or not all(isinstance(text, str) for text in texts):
        return _bad("batch size is invalid, it should not be larger than 10.")
    return headers_agree(headers, parameters)


def compatible(body: Any) -> Refusal:
    """Whether a body is one for compatible mode."""
    if body["model"] not in HOMES:
        return 404, "model_not_found", f"The model `{body['model']}` does not exist"
    if not 0 <= body.get("temperature", 1) < 2 or not 0 < body.get("top_p", 0.5) < 1:
        return _bad("temperature or top_p is out of range")
    if "stream_options" in body and not body.get("stream"):
        return _bad("stream_options without stream")
    if body["model"] in STREAM_ONLY and not body.get("stream"):
        message = "This model only support stream mode, please enable the stream parameter to access the model. "
        return 400, "invalid_parameter_error", message
    return None


def anthropic(headers: Mapping[str, str]) -> Refusal:
    """Whether the headers are those of a Messages API."""
    return None if headers.get("anthropic-version") == "2023-06-01" else _bad("anthropic-version is missing")
