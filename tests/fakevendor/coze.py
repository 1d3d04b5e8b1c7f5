"""A small Coze that checks what it is sent and echoes the last message. In threads of a test.

``fail:<code>`` in it is a refusal, ``late:<code>`` a chat that fails in mid-stream, ``error:<code>`` an error event
there, ``cut`` a stream that breaks off, ``think`` an answer with thoughts, ``wait`` a chat that is never done, and
``weather`` one that stops for two tools of the client's.
"""

import io
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from werkzeug.formparser import parse_form_data

from tests.fakevendor import coze_rules as rules
from tests.fakevendor.coze_replies import chat_object, listed, requirement, streamed, streamed_v2, whole_v2
from tests.fakevendor.coze_state import (
    BOT,
    CHAT_PAT,
    CLIENT,
    HIDDEN_BOT,
    KEY_ID,
    OTHER_PAT,
    PAT,
    STUDIO_PAT,
    Chat,
    Coze,
)
from tests.fakevendor.small import SmallHandler, serving

__all__ = ["BOT", "CHAT_PAT", "CLIENT", "HIDDEN_BOT", "KEY_ID", "OTHER_PAT", "PAT", "STUDIO_PAT", "Coze", "running"]

_RIGHTS = {
    "/v3/chat": "chat",
    "/v3/chat/retrieve": "getChat",
    "/v3/chat/message/list": "listMessage",
    "/v3/chat/submit_tool_outputs": "submitToolChat",
    "/v3/chat/cancel": "chat",
    "/v1/files/upload": "uploadFile",
    "/open_api/v2/chat": "chat",
}


class Handler(SmallHandler):
    """One request: checked, then answered."""

    coze: Coze

    def respond(self) -> None:
        raw, url = self.raw_body(), urlsplit(self.path)
        token = self.fields.get("authorization", "").removeprefix("Bearer ")
        with self.coze.lock:
            self.coze.counts[url.path] += 1
        if url.path == "/api/permission/oauth2/token":
            return self.exchange(token, json.loads(raw))
        holder = self.coze.holder(token)
        if len(holder) == 3:
            return self.refuse(*holder)
        account, rights = holder
        if _RIGHTS.get(url.path) not in rights:
            return self.refuse(200, 4101, "The token you entered does not have the required permissions")
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        kind = "GET" if url.path.endswith(("/retrieve", "/list")) else "POST"
        if self.command != kind:
            return self.fault(200, 4000, f"{self.command} {url.path}")
        if url.path == "/v1/files/upload":
            return self.upload(account, raw)
        if url.path == "/open_api/v2/chat":
            return self.chat_v2(json.loads(raw))
        if url.path == "/v3/chat":
            return self.chat(account, json.loads(raw), query)
        return self.about_chat(url.path, account, json.loads(raw) if raw else {}, query)

    def exchange(self, token: str, body: Any) -> None:
        now = time.time() + self.coze.clock_s
        wrong = rules.assertion(token, self.coze.modulus, now, KEY_ID, CLIENT) or rules.exchange(body)
        if not wrong and rules.rsakeys.verified(token, self.coze.modulus)[1]["jti"] in self.coze.jtis:
            wrong = "the assertion was used before"
        if wrong:
            return self.document({"error_code": "invalid_client", "error_message": wrong}, 400)
        self.coze.jtis.add(rules.rsakeys.verified(token, self.coze.modulus)[1]["jti"])
        value, end = self.coze.new_token()
        return self.document({"access_token": value, "expires_in": end, "token_type": "Bearer"})

    def upload(self, account: str, raw: bytes) -> None:
        environ = {
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": self.headers["content-type"],
            "CONTENT_LENGTH": str(len(raw)),
            "wsgi.input": io.BytesIO(raw),
        }
        _, _, files = parse_form_data(environ)
        one = files["file"]
        data = one.read()
        one.close()
        if data == b"refuse me":
            return self.refuse(200, 4000, "the file is not taken")
        with self.coze.lock:
            identity = f"7369495981102021{len(self.coze.files):03}"
            self.coze.files[identity] = (account, one.filename or "", data)
        about = {"id": identity, "bytes": len(data), "created_at": 1, "file_name": one.filename}
        return self.document({"code": 0, "msg": "", "data": about})

    def chat(self, account: str, body: Any, query: dict[str, str]) -> None:
        with self.coze.lock:
            self.coze.seen.append({**body, **query})
        own = {identity for identity, (owner, *_) in self.coze.files.items() if owner == account}
        refusal = rules.chat(body, own)
        if refusal:
            return self.fault(*refusal)
        if account == "studio" and any(message["role"] == "assistant" for message in body["additional_messages"]):
            return self.refuse(200, 103100001, "role not match")
        if body["bot_id"] != BOT:
            known = body["bot_id"] == HIDDEN_BOT
            return self.refuse(200, 4015 if known else 4006, "bot not published" if known else "invalid bot")
        text = said(body["additional_messages"][-1], self.coze)
        if text.startswith("fail:"):
            return self.refuse(200, int(text[5:]), f"told of {text[5:]}")
        chat = self.coze.begin(account, text)
        if text.startswith("late:"):
            chat.code = int(text[5:])
        if text == "weather":
            chat.calls = (f"call-{chat.id}-1", f"call-{chat.id}-2")
        return self.go_on(chat, stream=body["stream"])

    def go_on(self, chat: Chat, *, stream: bool) -> None:
        if not stream:
            return self.document({"code": 0, "msg": "", "data": chat_object(chat), "detail": {"logid": "2025"}})
        chat.status = "failed" if chat.code else "requires_action" if chat.calls else "completed"
        return self.events(streamed(chat))

    def about_chat(self, path: str, account: str, body: Any, query: dict[str, str]) -> None:
        ids = body if path.endswith("/cancel") else query
        chat = self.coze.chats.get(ids.get("chat_id", ""))
        if not chat or (chat.conversation, chat.account) != (ids.get("conversation_id"), account):
            return self.refuse(200, 4001, "the chat does not exist")
        if path.endswith("/retrieve"):
            return self.retrieve(chat)
        if path.endswith("/list"):
            if chat.status != "completed":
                return self.fault(200, 4000, "the chat is not done")
            return self.document({"code": 0, "msg": "", "data": listed(chat)})
        if path.endswith("/cancel"):
            chat.status = "canceled"
            return self.document({"code": 0, "msg": "", "data": chat_object(chat)})
        outputs = body.get("tool_outputs", [])
        if chat.status != "requires_action" or [one["tool_call_id"] for one in outputs] != list(chat.calls):
            return self.fault(200, 4000, f"{outputs} for a chat that is {chat.status} and wants {chat.calls}")
        if body.keys() != {"tool_outputs", "stream"} or any(one.keys() != _OUTPUT for one in outputs):
            return self.fault(200, 4000, f"members of tool outputs: {body}")
        chat.text, chat.status, chat.calls = " ".join(one["output"] for one in outputs), "in_progress", ()
        return self.go_on(chat, stream=body["stream"])

    def retrieve(self, chat: Chat) -> None:
        now = time.monotonic()
        if now - chat.asked_at < 0.9:
            self.coze.faults.append((200, 4000, "asked after a chat more than once a second"))
        chat.asked_at = now
        if chat.left == 0 and chat.status == "in_progress":
            chat.status = "failed" if chat.code else "requires_action" if chat.calls else "completed"
        chat.left = max(0, chat.left - 1)
        data = {**chat_object(chat), **(requirement(chat) if chat.status == "requires_action" else {})}
        self.document({"code": 0, "msg": "", "data": data})

    def chat_v2(self, body: Any) -> None:
        self.coze.seen.append(body)
        refusal = rules.chat_v2(body)
        if refusal:
            return self.fault(*refusal)
        if body["query"].startswith("fail:"):
            return self.refuse(200, int(body["query"][5:]), f"told of {body['query'][5:]}")
        if body["stream"]:
            return self.events(streamed_v2(body["query"]))
        return self.document(whole_v2(body["query"]))

    def fault(self, status: int, code: int, message: str) -> None:
        self.coze.faults.append((status, code, message))
        self.refuse(status, code, message)

    def refuse(self, status: int, code: int, message: str) -> None:
        self.document({"code": code, "msg": message, "detail": {"logid": "20260102030405ABCDEF"}}, status)


_OUTPUT = {"tool_call_id", "output"}


def said(message: Any, coze: Coze) -> str:
    """What the bot sees of a message: its text, and of each file its kind and size, or its address."""
    if message["content_type"] == "text":
        return str(message["content"])
    return "".join(
        item.get("text") or f"[{item['type']} {item.get('file_url') or len(coze.files[item['file_id']][2])}]"
        for item in json.loads(message["content"])
    )


@contextmanager
def running(modulus: int = 0) -> Iterator[Coze]:
    """A started Coze, which ends with the block; ``modulus`` is of the public key of its app."""
    coze = Coze(modulus)
    with serving(Handler, coze=coze) as url:
        coze.url = url
        yield coze
