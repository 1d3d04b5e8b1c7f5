"""What a Dify app refuses in a request, in the vendor's codes."""

from typing import Any

Refusal = tuple[int, str, str]

CHAT = {"inputs", "query", "response_mode", "conversation_id", "user", "files", "auto_generate_name"}
TEXT = {"inputs", "response_mode", "user", "files"}
_REMOTE = {"type", "transfer_method", "url"}
_LOCAL = {"type", "transfer_method", "upload_file_id"}
_TYPES = {"image", "document", "audio", "video", "custom"}


def refusal(mode: str, path: str, body: Any, uploaded: dict[str, str]) -> Refusal | None:
    """The first thing that an app of this mode has against a body sent to this path; ``uploaded`` is id to user."""
    wrong = _wrong_route(mode, path)
    if wrong:
        return 400, wrong, "Please check if your app mode matches the right API route."
    fault = _shape(mode, body) or _files(body, uploaded)
    if fault:
        return 400, "invalid_param", fault
    if mode == "agent-chat" and body["response_mode"] == "blocking":
        return 400, "invalid_param", "Agent Chat App does not support blocking mode"
    return None


def _wrong_route(mode: str, path: str) -> str:
    routes = {"completion": "/completion-messages", "workflow": "/workflows/run"}
    if path == routes.get(mode, "/chat-messages"):
        return ""
    return next((f"not_{kind}_app" for kind, route in routes.items() if path == route), "not_chat_app")


def _shape(mode: str, body: Any) -> str:
    required = {"completion": TEXT, "workflow": TEXT - {"files"}}.get(mode, CHAT)
    unknown, missing = body.keys() - required - {"files"}, required - body.keys()
    if unknown or missing:
        return f"unknown {sorted(unknown)} or missing {sorted(missing)}"
    if not isinstance(body["inputs"], dict):
        return "inputs must be an object"
    if body["response_mode"] not in ("blocking", "streaming") or not body["user"]:
        return "response_mode or user is wrong"
    if required is CHAT and not (isinstance(body["query"], str) and body["query"].strip()):
        return "query must not be empty"
    if required is not CHAT and not body["inputs"].get("topic"):
        return "topic is required in input form"
    return ""


def _files(body: Any, uploaded: dict[str, str]) -> str:
    for file in body.get("files", ()):
        local = file.get("transfer_method") == "local_file"
        if file.keys() != (_LOCAL if local else _REMOTE) or file["type"] not in _TYPES:
            return f"a file is malformed: {sorted(file)}"
        if local and uploaded.get(file["upload_file_id"]) != body["user"]:
            return f"Invalid upload file id: {file['upload_file_id']}"
        if not local and not file["url"].startswith(("https://", "http://")):
            return "a file's url is none"
    return ""
