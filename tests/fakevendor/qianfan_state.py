"""What the small Qianfan knows: its credentials, the tokens it gave, what it was asked and what it refused."""

import secrets
import threading
import time

V2_KEY = "bce-v3/ALTAK-fake/0123456789abcdef"
PAIR = {"api_key": "fake-client-id", "secret_key": "fake-client-secret"}
IAM_PAIR = {"access_key": "ALTAKfakeaccess", "secret_key": "fakeiamsecret"}


class Qianfan:
    """The state: tokens with their ends, counts of exchanges, and faults. ``lifetime_s`` is that of new tokens."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.lifetime_s = 2_592_000.0
        self.says_s: float | None = None
        self.exchange_takes_s = 0.0
        self.tokens: dict[str, float] = {}
        self.exchanges = 0
        self.at_once = 0
        self.most_at_once = 0
        self.chats = 0
        self.stale = 0
        self.faults: list[str] = []
        self.appids: set[str | None] = set()
        self.embedded: list[int] = []
        self.url = ""

    def revoke(self) -> None:
        """From now on no token given so far is valid."""
        with self.lock:
            self.tokens = dict.fromkeys(self.tokens, 0.0)

    def new_token(self, prefix: str) -> tuple[str, float]:
        """A token and its lifetime in seconds; counts how many exchanges are under way at once."""
        with self.lock:
            self.exchanges += 1
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        time.sleep(self.exchange_takes_s)
        token = prefix + secrets.token_hex(12)
        with self.lock:
            self.at_once -= 1
            self.tokens[token] = time.time() + self.lifetime_s
        return token, self.lifetime_s if self.says_s is None else self.says_s

    def token_code(self, token: str) -> int:
        """0 for a valid token, else the vendor's number for an unknown or an expired one."""
        with self.lock:
            ends = self.tokens.get(token)
            self.stale += ends is None or ends < time.time()
        if ends is None:
            return 110
        return 0 if ends > time.time() else 111
