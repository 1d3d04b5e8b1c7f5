"""What the small Coze says: chats, events with the noise that bots make, lists of messages, and v2's answers."""

import json
from collections.abc import Iterator
from typing import Any

from tests.fakevendor.coze_state import BOT, Chat
from tests.fakevendor.echo import pieces

USAGE = {"token_count": 9, "output_count": 5, "input_count": 4}
NO_USAGE = dict.fromkeys(USAGE, 0)
THOUGHT = "\n用户问好"
NOISE = json.dumps({"msg_type": "generate_answer_finish", "data": ""})
FOLLOW_UP = "Anything else?"


def chat_object(chat: Chat) -> dict[str, Any]:
    code = chat.code if chat.status == "failed" else 0
    return {
        "id": chat.id,
        "conversation_id": chat.conversation,
        "bot_id": BOT,
        "created_at": 1718609571,
        "last_error": {"code": code, "msg": f"told of {code}" if code else ""},
        "status": chat.status,
        "usage": USAGE if chat.status == "completed" else NO_USAGE,
    }


def requirement(chat: Chat) -> dict[str, Any]:
    """What a chat that stops for tools asks for."""
    calls = [
        {"id": one, "type": "function", "function": {"name": "get_weather", "arguments": json.dumps({"city": city})}}
        for one, city in zip(chat.calls, ("Beijing", "Paris"), strict=True)
    ]
    return {"required_action": {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": calls}}}


def message(chat: Chat, kind: str, content: str, number: int = 1, **more: str) -> dict[str, Any]:
    about = {"id": f"{chat.id}{number}", "conversation_id": chat.conversation, "bot_id": BOT, "chat_id": chat.id}
    return {**about, "role": "assistant", "type": kind, "content": content, "content_type": "text", **more}


def event(name: str, data: Any) -> str:
    return f"event:{name}\ndata:{json.dumps(data, ensure_ascii=False)}\n\n"


def streamed(chat: Chat) -> Iterator[str]:
    """A chat as events, up to the end that its text asks for."""
    yield event("conversation.chat.created", {**chat_object(chat), "status": "created"})
    yield event("conversation.chat.in_progress", {**chat_object(chat), "status": "in_progress"})
    if chat.status == "requires_action":
        call = message(chat, "function_call", json.dumps({"name": "get_weather", "arguments": {}}), 3)
        yield event("conversation.message.completed", call)
        yield event("conversation.chat.requires_action", {**chat_object(chat), **requirement(chat)})
        yield event("done", "[DONE]")
        return
    if chat.text == "think":
        yield event("conversation.message.delta", message(chat, "answer", "", reasoning_content=THOUGHT))
    yield event("conversation.message.completed", message(chat, "knowledge", "found"))
    for piece in pieces(chat.text):
        yield event("conversation.message.delta", message(chat, "answer", piece))
    if chat.text.startswith("error:"):
        yield event("error", {"code": int(chat.text[6:]), "msg": f"told of {chat.text[6:]}"})
        return
    if chat.status == "failed":
        yield event("conversation.chat.failed", chat_object(chat))
        yield event("done", "[DONE]")
    elif chat.text != "cut":
        yield event("conversation.message.completed", message(chat, "answer", chat.text))
        yield event("conversation.message.completed", message(chat, "verbose", NOISE, 4))
        yield event("conversation.message.completed", message(chat, "follow_up", FOLLOW_UP, 5))
        yield event("conversation.chat.completed", chat_object(chat))
        yield event("done", "[DONE]")


def listed(chat: Chat) -> list[dict[str, Any]]:
    """A finished chat's messages, the answer in two of them."""
    half = len(chat.text) // 2
    thought = {"reasoning_content": THOUGHT} if chat.text == "think" else {}
    return [
        message(chat, "verbose", NOISE, 4),
        message(chat, "answer", chat.text[:half], 1, **thought),
        message(chat, "follow_up", FOLLOW_UP, 5),
        message(chat, "answer", chat.text[half:], 2),
    ]


def streamed_v2(text: str) -> Iterator[str]:
    for index, piece in enumerate(pieces(text)):
        said = {"role": "assistant", "type": "answer", "content": piece, "content_type": "text"}
        yield _v2({"event": "message", "message": said, "is_finish": False, "index": index, "conversation_id": "123"})
    if text.startswith("late:"):
        yield _v2({"event": "error", "error_information": {"code": int(text[5:]), "msg": f"told of {text[5:]}"}})
    elif text != "cut":
        noise = {"role": "assistant", "type": "follow_up", "content": FOLLOW_UP, "content_type": "text"}
        yield _v2({"event": "message", "message": noise, "is_finish": True, "index": 9, "conversation_id": "123"})
        yield _v2({"event": "done"})


def _v2(doc: dict[str, Any]) -> str:
    return f"data:{json.dumps(doc, ensure_ascii=False)}\n\n"


def whole_v2(text: str) -> dict[str, Any]:
    kinds = (("verbose", NOISE), ("answer", text), ("follow_up", FOLLOW_UP))
    messages = [{"role": "assistant", "type": k, "content": c, "content_type": "text"} for k, c in kinds]
    return {"messages": messages, "conversation_id": "123", "code": 0, "msg": "success"}
