"""What a small Coze holds against a request: members, roles, types, ids, and signed assertions."""

import json
from collections.abc import Collection
from typing import Any

from tests import rsakeys

Refusal = tuple[int, int, str]
"""Status, code and message."""

_MEMBERS = {"bot_id", "user_id", "additional_messages", "stream", "auto_save_history"}
_OPTIONAL = {"meta_data", "custom_variables", "parameters", "bot_version", "publish_status", "extra_params"}
_KINDS = {"user": "question", "assistant": "answer"}
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def bad(message: str) -> Refusal:
    return 200, 4000, message


def chat(body: Any, files: Collection[str]) -> Refusal | None:
    """What is wrong with the body of a chat."""
    if not _MEMBERS <= body.keys() <= _MEMBERS | _OPTIONAL:
        return bad(f"unknown or missing members: {sorted(body)}")
    if not body["user_id"] or not isinstance(body["stream"], bool):
        return bad("user_id or stream is wrong")
    if body["auto_save_history"] is not True:
        return 200, 4007, "auto_save_history must be true"
    messages = body["additional_messages"]
    if not 1 <= len(messages) <= 100:
        return 200, 4004, f"{len(messages)} additional_messages"
    if messages[-1]["role"] != "user":
        return bad("the last message is not the user's")
    return next((fault for message in messages if (fault := _message(message, files))), None)


def _message(message: Any, files: Collection[str]) -> Refusal | None:
    if message.keys() != {"role", "type", "content", "content_type"} or not isinstance(message["content"], str):
        return bad(f"a message has {sorted(message)}")
    if _KINDS.get(message["role"]) != message["type"]:
        return bad(f"{message['role']} with type {message['type']}")
    if message["content_type"] == "text":
        return None if message["content"] else bad("a message is empty")
    if message["content_type"] != "object_string" or message["role"] != "user":
        return bad(f"content_type {message['content_type']} of {message['role']}")
    items = json.loads(message["content"])
    if sum(item["type"] == "text" for item in items) > 1:
        return bad("more than one text")
    return next((fault for item in items if (fault := _item(item, files))), None)


def _item(item: Any, files: Collection[str]) -> Refusal | None:
    if item["type"] == "text":
        return None if item.keys() == {"type", "text"} else bad("a text has other members")
    if item["type"] not in ("image", "file", "audio") or len(item) != 2:
        return bad(f"an item has type {item['type']} and {sorted(item)}")
    if "file_id" in item:
        return None if item["file_id"] in files else bad(f"file {item['file_id']} is unknown")
    return None if item.get("file_url", "").startswith(("http://", "https://")) else bad("file_url is no address")


def chat_v2(body: Any) -> Refusal | None:
    """What is wrong with the body of v2's chat."""
    if body.keys() != {"conversation_id", "bot_id", "user", "query", "chat_history", "stream"}:
        return bad(f"members of v2: {sorted(body)}")
    for entry in body["chat_history"]:
        typed = {"type"} if entry["role"] == "assistant" else set()
        if entry.keys() != {"role", "content", "content_type", *typed} or entry["role"] not in _KINDS:
            return bad(f"an entry of the history has {sorted(entry)}")
    return None if body["query"] and body["user"] else bad("query or user is empty")


def assertion(token: str, modulus: int, now: float, kid: str, client: str) -> str:
    """What is wrong with a signed assertion; empty when nothing is."""
    try:
        told = rsakeys.verified(token, modulus)
    except ValueError:
        return "the assertion is no JSON web token"
    if told is None:
        return "the signature of the assertion is not the app's"
    header, claims = told
    if header != {"alg": "RS256", "typ": "JWT", "kid": kid}:
        return f"unknown key {header.get('kid')}"
    if claims.keys() != {"iss", "aud", "iat", "exp", "jti"} or claims["iss"] != client:
        return f"unknown client {claims.get('iss')}"
    if claims["aud"] != "api.coze.cn":
        return f"the assertion is for {claims['aud']}"
    if not now - 600 < claims["iat"] <= now + 5 or claims["exp"] != claims["iat"] + 3600:
        return "the assertion is not for this time"
    return ""


def exchange(body: Any) -> str:
    """What is wrong with the body of an exchange; empty when nothing is."""
    return "" if body == {"duration_seconds": 900, "grant_type": _GRANT, "scope": None} else f"grant {body}"
