"""What the fake vendor demands of a request, as a real one would: a key it knows and a body of the right shape."""

from typing import Any, Final

from tests.fakevendor import replies

KEY_PREFIX: Final = "good-key-"
_ROLES: Final = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "temperature": (int, float),
    "top_p": (int, float),
    "n": (int,),
    "max_tokens": (int,),
    "max_completion_tokens": (int,),
    "stop": (str, list),
    "stream": (bool,),
    "stream_options": (dict,),
    "tools": (list,),
}


def bearer(headers: dict[str, str]) -> str:
    """The key of a bearer header, or an empty string."""
    scheme, _, key = headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def refusal(headers: dict[str, str], path: str, body: Any) -> tuple[int, dict[str, Any]] | None:
    """Status and OpenAI error body when the request is wrong, else None."""
    if not bearer(headers).startswith(KEY_PREFIX):
        message = "Incorrect API key provided. You can find your API key in the vendor's console."
        return 401, replies.error(message, code="invalid_api_key")
    if path.endswith("/models"):
        return None
    wrong = _type_fault(headers, body) or (
        _embedding_fault(body) if path.endswith("/embeddings") else _chat_fault(body)
    )
    return (400, replies.error(wrong)) if wrong else None


def _type_fault(headers: dict[str, str], body: Any) -> str:
    if not headers.get("content-type", "").startswith("application/json"):
        return "content-type must be application/json"
    if not isinstance(body, dict):
        return "the body is not a JSON object"
    return "" if isinstance(body.get("model"), str) else "model must be a string"


def _embedding_fault(body: dict[str, Any]) -> str:
    return "" if isinstance(body.get("input"), str | list) and body["input"] else "input must be text or a list"


def _chat_fault(body: dict[str, Any]) -> str:
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        return "messages must be a list that is not empty"
    if any(not isinstance(message, dict) or message.get("role") not in _ROLES for message in messages):
        return "every message needs a known role"
    for name, types in _TYPES.items():
        value = body.get(name)
        if name in body and (not isinstance(value, types) or (isinstance(value, bool) and bool not in types)):
            return f"{name} has the wrong type"
    return ""
