"""What the small Qianfan knows: its credentials, the tokens it gave, what it was asked and what it refused."""

import secrets
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

V2_KEY = "bce-v3/ALTAK-fake/0123456789abcdef"
SECRET = "fake-client-secret"
IAM_SECRET = "fakeiamsecret"


def pair(name: str) -> dict[str, str]:
    """A good V1 credential; each name is another application."""
    return {"api_key": f"fake-client-{name}", "secret_key": SECRET}


def iam_pair(name: str) -> dict[str, str]:
    """A good key pair of the cloud account; each name is another one."""
    return {"access_key": f"ALTAKfake{name}", "secret_key": IAM_SECRET}


@dataclass(slots=True)
class Given:
    """A token: whose it is, and when it ends."""

    owner: str
    ends_s: float


@dataclass(slots=True)
class Owner:
    """One credential's fortune: how long its tokens live, what the vendor says of that, and how long exchanges take.

    ``exchanges`` counts those, ``most_at_once`` how many were under way together, ``stale`` the requests that came with
    a token that is no longer good, ``chats`` the good ones; before the one numbered ``spoil_at`` is taken ``spoil`` is
    called.
    """

    lifetime_s: float = 2_592_000.0
    says_s: float | None = None
    exchange_takes_s: float = 0.0
    exchanges: int = 0
    at_once: int = 0
    most_at_once: int = 0
    stale: int = 0
    chats: int = 0
    spoil_at: int = 0
    spoil: Callable[[], None] | None = None


@dataclass(slots=True)
class Qianfan:
    """The state. ``owners`` holds each credential's by its key id; ``faults`` what was refused in bodies."""

    url: str = ""
    lock: threading.RLock = field(default_factory=threading.RLock)
    owners: defaultdict[str, Owner] = field(default_factory=lambda: defaultdict(Owner))
    tokens: dict[str, Given] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    appids: Counter[str | None] = field(default_factory=Counter)
    embedded: list[int] = field(default_factory=list)

    def revoke(self, owner: str, forget: bool = False) -> None:
        """From now on no token given to ``owner`` so far is valid, or even known."""
        with self.lock:
            for token, given in list(self.tokens.items()):
                if given.owner == owner and forget:
                    del self.tokens[token]
                elif given.owner == owner:
                    given.ends_s = 0.0

    def new_token(self, prefix: str, name: str) -> tuple[str, float]:
        """A token for a credential, and the lifetime it is said to have, in seconds."""
        owner = self.owners[name]
        with self.lock:
            owner.exchanges += 1
            owner.at_once += 1
            owner.most_at_once = max(owner.most_at_once, owner.at_once)
        time.sleep(owner.exchange_takes_s)
        token = prefix + secrets.token_hex(12)
        with self.lock:
            owner.at_once -= 1
            self.tokens[token] = Given(name, time.time() + owner.lifetime_s)
        return token, owner.lifetime_s if owner.says_s is None else owner.says_s

    def token_code(self, token: str) -> int:
        """0 for a valid token, else the vendor's number for an unknown or an expired one. Counts it as a request."""
        with self.lock:
            given = self.tokens.get(token)
            if given is None:
                return 110
            owner = self.owners[given.owner]
            owner.chats += 1
            if owner.spoil and owner.chats == owner.spoil_at:
                owner.spoil()
            if token not in self.tokens or given.ends_s < time.time():
                owner.stale += 1
                return 111 if token in self.tokens else 110
            return 0
