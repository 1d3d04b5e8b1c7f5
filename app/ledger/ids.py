"""Names of accounts that are the same in every process, after every start and on every host. No secret is told."""

import hashlib
from collections.abc import Hashable


def name(*key: Hashable) -> str:
    """A digest of a key made of texts, numbers and tuples of them, such as the one a live object is kept under."""
    return hashlib.blake2b(repr(key).encode(), digest_size=16, person=b"limited").hexdigest()


def account(limited: str, kind: str) -> bytes:
    """The id of the account for one kind of limit of what is called ``limited``."""
    return hashlib.blake2b(f"{limited}\0{kind}".encode(), digest_size=16, person=b"account").digest()
