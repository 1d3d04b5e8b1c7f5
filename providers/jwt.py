"""JSON Web Tokens signed with an RSA key (RS256), as services want them in exchange for an access token.

In plain Python, since a token is signed about once an hour and nothing else here needs a library of ciphers. The
arithmetic takes a time that depends on the key: do not sign what an attacker chooses and times.
Source: https://www.rfc-editor.org/rfc/rfc7515 (JWS), https://www.rfc-editor.org/rfc/rfc8017 (RSA), checked 2026-08.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

_PEM: Final = re.compile(
    r"-----BEGIN (RSA )?PRIVATE KEY-----(?P<body>[A-Za-z0-9+/=\s]+)-----END (RSA )?PRIVATE KEY-----"
)
_SHA256_INFO: Final = bytes.fromhex("3031300d060960864801650304020105000420")
_RSA_OID: Final = bytes.fromhex("2a864886f70d010101")
_INTEGER: Final = 0x02
_OCTETS: Final = 0x04
_OID: Final = 0x06
_SEQUENCE: Final = 0x30
_LEAST_BITS: Final = 1024


@dataclass(frozen=True, slots=True, repr=False)
class RSAKey:
    """The numbers of a private key; it has no ``repr``, so that no log can hold one."""

    modulus: int
    public: int
    prime1: int
    prime2: int
    exponent1: int
    exponent2: int
    coefficient: int


def rs256(header: Mapping[str, Any], claims: Mapping[str, Any], key: RSAKey) -> str:
    """The signed token. ``header`` should say ``"alg": "RS256"``; both parts are written in the order given."""
    told = b".".join(_b64url(orjson.dumps(part)) for part in (header, claims))
    return b".".join((told, _b64url(_signature(told, key)))).decode()


def private_key(pem: str) -> RSAKey:
    """The key in a PEM text, PKCS#8 or PKCS#1. Its newlines may be escaped, as JSON and environments have them.

    Raises ValueError, which tells nothing of the key.
    """
    found = _PEM.search(pem.replace("\\n", "\n"))
    if not found:
        raise ValueError("it is no PEM text with an unencrypted RSA private key")
    try:
        numbers = _numbers(base64.b64decode("".join(found["body"].split()), validate=True))
    except (binascii.Error, IndexError):
        raise ValueError("its base64 text is damaged") from None
    key = RSAKey(numbers[1], numbers[2], *numbers[4:9])
    if key.modulus.bit_length() < _LEAST_BITS or key.modulus != key.prime1 * key.prime2:
        raise ValueError("it is no whole RSA private key")
    return key


def _numbers(der: bytes) -> list[int]:
    """The nine integers of an RSAPrivateKey, which PKCS#8 wraps in an octet string behind the key's kind."""
    fields = _fields(_content(der, _SEQUENCE))
    if len(fields) >= 3 and fields[2][0] == _OCTETS:
        kind = _fields(fields[1][1])
        if not kind or kind[0] != (_OID, _RSA_OID):
            raise ValueError("it is a private key of another kind than RSA")
        fields = _fields(_content(fields[2][1], _SEQUENCE))
    if len(fields) < 9 or any(tag != _INTEGER for tag, _ in fields[:9]):
        raise ValueError("it is no RSA private key")
    return [int.from_bytes(value, "big") for _, value in fields[:9]]


def _content(der: bytes, tag: int) -> bytes:
    fields = _fields(der)
    if not fields or fields[0][0] != tag:
        raise ValueError("it is no RSA private key")
    return fields[0][1]


def _fields(der: bytes) -> list[tuple[int, bytes]]:
    """The (tag, value) pairs that stand side by side in a DER text. Raises IndexError where it is cut."""
    found: list[tuple[int, bytes]] = []
    place = 0
    while place < len(der):
        tag, length, place = der[place], der[place + 1], place + 2
        if length & 0x80:
            size = length & 0x7F
            length, place = int.from_bytes(der[place : place + size], "big"), place + size
        if place + length > len(der):
            raise IndexError
        found.append((tag, der[place : place + length]))
        place += length
    return found


def _signature(told: bytes, key: RSAKey) -> bytes:
    """RSASSA-PKCS1-v1_5 with SHA-256, by the Chinese remainder theorem. Checked, since a wrong one tells the key."""
    size = (key.modulus.bit_length() + 7) // 8
    digest = _SHA256_INFO + hashlib.sha256(told).digest()
    message = int.from_bytes(b"\x00\x01" + b"\xff" * (size - len(digest) - 3) + b"\x00" + digest, "big")
    one = pow(message, key.exponent1, key.prime1)
    two = pow(message, key.exponent2, key.prime2)
    signature = two + (key.coefficient * (one - two)) % key.prime1 * key.prime2
    if pow(signature, key.public, key.modulus) != message:
        raise ValueError("its numbers do not belong together")
    return signature.to_bytes(size, "big")


def _b64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
