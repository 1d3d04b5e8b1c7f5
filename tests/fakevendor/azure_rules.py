"""What a small Azure resource refuses, and in which words: from the service's reference, not from the gateway."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

KEYS = {"0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"}
TOKEN = "eyJ0eXAiOiJKV1QifQ.application.signature"
TENANT, CLIENT, SECRET = "11111111-aaaa", "22222222-bbbb", "the~client.secret"
SCOPE = "https://cognitiveservices.azure.com/.default"
DEPLOYMENTS = {
    "gpt-4o": "chat",
    "my dep": "chat",
    "gpt-35-turbo": "chat",
    "gpt-5-mini": "reasoning",
    "prod": "reasoning",
    "DeepSeek-R1": "foreign",
    "text-embedding-3-small": "embeddings",
}
VERSIONS = {"2024-02-01", "2024-10-21", "2025-04-01-preview"}
STANDARD = {
    *("model", "messages", "stream", "temperature", "top_p", "n", "stop", "max_tokens", "presence_penalty", "tools"),
    *("frequency_penalty", "logit_bias", "user", "seed", "logprobs", "top_logprobs", "response_format", "tool_choice"),
    *("functions", "function_call", "data_sources"),
}
SINCE = {
    "stream_options": "2024-09-01",
    "parallel_tool_calls": "2024-08-01",
    "max_completion_tokens": "2024-09-01",
    "reasoning_effort": "2024-12-01",
    "metadata": "2025-01-01",
    "store": "2025-01-01",
}
FOREIGN = {
    *("model", "messages", "stream", "temperature", "top_p", "stop", "max_tokens", "presence_penalty", "tools"),
    *("frequency_penalty", "seed", "response_format", "tool_choice"),
}
SAMPLING = {"temperature", "top_p", "presence_penalty", "frequency_penalty", "logprobs", "top_logprobs", "logit_bias"}
MESSAGE = {
    "system": {"role", "content", "name"},
    "developer": {"role", "content", "name"},
    "user": {"role", "content", "name"},
    "assistant": {"role", "content", "name", "tool_calls", "function_call", "refusal"},
    "tool": {"role", "content", "tool_call_id"},
}


class Refused(Exception):  # noqa: N818 - what the service did
    """A refusal: its status, its body, and further headers."""

    def __init__(self, status: int, body: Mapping[str, Any], **headers: str) -> None:
        super().__init__(json.dumps(body))
        self.status, self.body, self.headers = status, body, headers


def resource(status: int, code: str, message: str, **headers: str) -> Refused:
    """An error of the resource: a code and a message, no type."""
    return Refused(status, {"error": {"code": code, "message": message}}, **headers)


def model(message: str, code: str | None = None, param: str | None = None) -> Refused:
    """An error of the model, in OpenAI's shape."""
    error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    return Refused(400, {"error": error})


@dataclass(frozen=True, slots=True)
class Call:
    """One request that was understood: what is deployed, how it is to answer, and by which version."""

    operation: str
    deployment: str
    kind: str
    version: str


def read(path: str, headers: Mapping[str, str], body: Any) -> Call:
    """The call that a request is. Raises Refused."""
    url = urlsplit(path)
    version = parse_qs(url.query).get("api-version", [""])[0]
    deployed = re.fullmatch(r"/openai/deployments/([^/]+)/(chat/completions|embeddings)", url.path)
    plain = re.fullmatch(r"(/openai/v1|/models)/(chat/completions|embeddings)", url.path)
    check_key(headers)
    if deployed and version in VERSIONS:
        name, operation = unquote(deployed[1]), deployed[2]
    elif plain and version == ("2024-05-01-preview" if plain[1] == "/models" else ""):
        name, operation, version = body.get("model"), plain[2], "9999"
        if not name:
            raise model("you must provide a model parameter")
    else:
        raise resource(404, "404", "Resource not found")
    if name not in DEPLOYMENTS:
        raise resource(404, "DeploymentNotFound", "The API deployment for this resource does not exist.")
    kind = DEPLOYMENTS[name]
    if (operation == "embeddings") is not (kind == "embeddings"):
        raise resource(400, "OperationNotSupported", f"The chatCompletion operation does not work with {name}.")
    if kind == "foreign" and (body.keys() - FOREIGN) and headers.get("extra-parameters") != "pass-through":
        raise resource(400, "Invalid input", "Extra inputs are not permitted")
    return Call(operation, name, kind, version)


def check_key(headers: Mapping[str, str]) -> None:
    given = [name for name in ("api-key", "authorization", "ocp-apim-subscription-key") if headers.get(name)]
    if len(given) > 1:
        raise resource(400, "400", f"more than one credential: {given}")
    if not given:
        raise Refused(401, {"statusCode": 401, "message": "Access denied due to missing subscription key."})
    told = headers[given[0]]
    if not (told == f"Bearer {TOKEN}" if given[0] == "authorization" else told in KEYS):
        raise resource(401, "401", "Access denied due to invalid subscription key or wrong API endpoint.")


def check_chat(call: Call, body: Any) -> None:
    """Raise Refused unless the deployment takes the body."""
    known = STANDARD | {name for name, since in SINCE.items() if call.version >= since}
    for name, value in body.items():
        if name not in known and call.kind != "foreign":
            raise model(f"Unrecognized request argument supplied: {name}")
        if value is None:
            raise model(f"None is not of type for '{name}'", param=name)
    if call.kind == "reasoning":
        check_reasoning(body)
    if "stream_options" in body and not body.get("stream"):
        raise model("The 'stream_options' parameter is only allowed when 'stream' is enabled.", param="stream_options")
    for place, message in enumerate(body["messages"]):
        check_message(call, message, f"messages.{place}")
    told = json.dumps(body["messages"], ensure_ascii=False).lower()
    kind = body.get("response_format", {}).get("type")
    if kind == "json_object" and "json" not in told:
        raise model("'messages' must contain the word 'json' in some form, to use 'response_format'.", param="messages")
    if kind == "json_schema" and call.version < "2024-08-01":
        raise model(
            "Invalid parameter: 'response_format' of type 'json_schema' is not supported.", None, "response_format"
        )
    check_answers(body["messages"])


def check_reasoning(body: Any) -> None:
    if "max_tokens" in body:
        raise model(
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens'.",
            "unsupported_parameter",
            "max_tokens",
        )
    for name in sorted(SAMPLING & body.keys()):
        if name == "temperature":
            told = (
                "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is"
            )
            raise model(f"{told} supported.", "unsupported_value", name)
        raise model(f"Unsupported parameter: '{name}' is not supported with this model.", "unsupported_parameter", name)


def check_message(call: Call, message: Any, where: str) -> None:
    role = message["role"]
    if role not in MESSAGE or (role == "developer" and (call.version < "2024-12-01" or call.kind != "reasoning")):
        raise model(f"Invalid value: '{role}'. - '{where}.role'", "invalid_value", f"{where}.role")
    odd = sorted(message.keys() - MESSAGE[role])
    if odd:
        raise model(f"Additional properties are not allowed ('{odd[0]}' was unexpected) - '{where}'")
    parts = message["content"] if isinstance(message["content"], list) else []
    if role == "tool" and any(part["type"] != "text" for part in parts):
        raise model("Image URLs are only allowed for messages with role 'user'.")


def check_answers(messages: Any) -> None:
    """Raise Refused unless every tool call is answered at once, and nothing else is."""
    waiting: set[str] = set()
    for message in messages:
        if message["role"] == "tool":
            if message["tool_call_id"] not in waiting:
                raise model("messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.")
            waiting.discard(message["tool_call_id"])
        elif waiting:
            raise model("An assistant message with 'tool_calls' must be followed by tool messages.")
        waiting |= {call["id"] for call in message.get("tool_calls", ())}


def check_application(path: str, form: Mapping[str, list[str]]) -> None:
    """Raise Refused unless the directory would give the application a token."""
    told = {name: values[0] for name, values in form.items()}
    wanted = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET, "scope": SCOPE}
    if path != f"/{TENANT}/oauth2/v2.0/token":
        raise Refused(404, {"error": "invalid_tenant", "error_description": "AADSTS90002: Tenant not found."})
    if told != wanted:
        text = "AADSTS7000215: Invalid client secret provided."
        raise Refused(401, {"error": "invalid_client", "error_description": text})
