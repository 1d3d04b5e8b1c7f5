"""What the small Ark knows: its credentials, the keys it gave, what it was asked and what it refused."""

import secrets
import threading
import time
from dataclasses import dataclass, field

from tests.fakevendor.huoshan_rules import Refusal

API_KEY = "ark-fake-api-key"
PAIR = {"access_key": "AKLTfakeaccesskey", "secret_key": "ZmFrZXNlY3JldGtleQ=="}
REFERENCE = {"url": "https://news.example/1", "title": "新闻", "site_name": "N"}
THOUGHT = "\n用户问好"


@dataclass(slots=True)
class Ark:
    """``keys`` are the keys given, each with its model and its end; ``says_s`` and ``lifetime_s`` those of new ones."""

    url: str = ""
    clock_s: float = 0.0
    lifetime_s: float = 604_800.0
    says_s: float | None = None
    exchange_takes_s: float = 0.0
    exchange_fails: bool = False
    keys: dict[str, tuple[str, float]] = field(default_factory=dict)
    exchanged: list[str] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    stale: int = 0
    chats: int = 0
    faults: list[Refusal] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def revoke(self) -> None:
        """From now on no key given so far is valid."""
        with self.lock:
            self.keys = {key: (model, 0.0) for key, (model, _) in self.keys.items()}

    def new_key(self, model: str) -> tuple[str, int]:
        """A key for the model and its end as told; counts how many exchanges are under way at once."""
        with self.lock:
            self.exchanged.append(model)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        time.sleep(self.exchange_takes_s)
        key, now = secrets.token_hex(16), time.time()
        with self.lock:
            self.at_once -= 1
            self.keys[key] = (model, now + self.lifetime_s)
        return key, int(now + (self.lifetime_s if self.says_s is None else self.says_s))

    def refuses(self, key: str, model: str) -> bool:
        """Whether the key is not good for the model."""
        if key == API_KEY:
            return False
        good_for, end = self.keys.get(key, ("", 0.0))
        refused = good_for != model or end < time.time()
        with self.lock:
            self.stale += refused
        return refused
