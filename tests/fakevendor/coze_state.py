"""What the small Coze knows: its tokens and what each may do, its chats, its files, and what it was asked."""

import secrets
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.fakevendor.coze_rules import Refusal

BOT, HIDDEN_BOT = "7379462189365198898", "7379462189365190000"
EVERYTHING = frozenset({"chat", "getChat", "listMessage", "submitToolChat", "uploadFile"})
PAT, OTHER_PAT, CHAT_PAT = "pat_of-the-first-account", "pat_of-the-second-account", "pat_that-may-only-chat"
STUDIO_PAT = "pat_of-the-open-source-edition"
RIGHTS = {
    STUDIO_PAT: ("studio", EVERYTHING),
    PAT: ("first", EVERYTHING),
    OTHER_PAT: ("second", EVERYTHING),
    CHAT_PAT: ("third", frozenset({"chat"})),
}
CLIENT, KEY_ID = "1112223334445", "kid-of-the-fake-app"


@dataclass(slots=True)
class Chat:
    """One chat; ``left`` is how often it is still to be asked after until it is done."""

    id: str
    conversation: str
    account: str
    text: str
    status: str = "in_progress"
    left: int = 0
    asked_at: float = 0.0
    calls: tuple[str, ...] = ()
    code: int = 0


@dataclass(slots=True)
class Coze:
    """``tokens`` are those given in exchange, each with its end; ``says_s`` and ``lives_s`` are the spans of new ones.

    ``counts`` counts calls by path, ``refused`` those with a token that is no longer good.
    """

    modulus: int = 0
    url: str = ""
    clock_s: float = 0.0
    says_s: float = 900.0
    lives_s: float = 900.0
    exchange_takes_s: float = 0.0
    tokens: dict[str, float] = field(default_factory=dict)
    exchanged: int = 0
    at_once: int = 0
    most_at_once: int = 0
    refused: int = 0
    jtis: set[str] = field(default_factory=set)
    chats: dict[str, Chat] = field(default_factory=dict)
    files: dict[str, tuple[str, str, bytes]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    seen: list[Any] = field(default_factory=list)
    faults: list[Refusal] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def revoke(self) -> None:
        """From now on no token given so far is good."""
        with self.lock:
            self.tokens = dict.fromkeys(self.tokens, 0.0)

    def new_token(self) -> tuple[str, int]:
        """A token and its end as told; counts how many exchanges are under way at once."""
        with self.lock:
            self.exchanged += 1
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        time.sleep(self.exchange_takes_s)
        token, now = f"czs_{secrets.token_hex(16)}", time.time()
        with self.lock:
            self.at_once -= 1
            self.tokens[token] = now + self.lives_s
        return token, int(now + self.says_s)

    def holder(self, token: str) -> tuple[str, frozenset[str]] | Refusal:
        """The account of a token and its rights, or why it is refused."""
        if token in RIGHTS:
            return RIGHTS[token]
        if token not in self.tokens:
            return 401, 4100, "authentication is invalid"
        if self.tokens[token] < time.time():
            with self.lock:
                self.refused += 1
            return 401, 700012006, "access token invalid"
        return "app", EVERYTHING

    def begin(self, account: str, text: str) -> Chat:
        """A new chat in a new conversation."""
        with self.lock:
            number = 7382159487131697000 + len(self.chats)
            chat = Chat(str(number), str(number + 10**6), account, text, left=9 * (text == "wait"))
            self.chats[chat.id] = chat
        return chat
