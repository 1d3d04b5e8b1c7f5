"""Throwaway RSA keys for tests, made by the openssl command, and a check of RS256 signatures that is not ours."""

import base64
import hashlib
import json
import subprocess
from dataclasses import dataclass
from functools import cache
from typing import Any

PUBLIC_EXPONENT = 65537
_SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")


@dataclass(frozen=True, slots=True)
class Key:
    """A private key as PEM text (PKCS#8), and the modulus of its public one."""

    pem: str
    modulus: int


@cache
def key() -> Key:
    """A key of 2048 bits, the same one within a process."""
    command = ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
    pem = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    command = ["openssl", "rsa", "-noout", "-modulus"]
    told = subprocess.run(command, input=pem, check=True, capture_output=True, text=True).stdout
    return Key(pem, int(told.partition("=")[2], 16))


def verified(token: str, modulus: int) -> tuple[Any, Any] | None:
    """Header and claims of a JSON web token, None where its signature is not by the key with that modulus."""
    signed, _, signature = token.rpartition(".")
    size = (modulus.bit_length() + 7) // 8
    tail = _SHA256_INFO + hashlib.sha256(signed.encode()).digest()
    expected = b"\x00\x01" + b"\xff" * (size - len(tail) - 3) + b"\x00" + tail
    given = int.from_bytes(decoded(signature), "big")
    if pow(given, PUBLIC_EXPONENT, modulus) != int.from_bytes(expected, "big"):
        return None
    header, claims = (json.loads(decoded(part)) for part in signed.split("."))
    return header, claims


def decoded(text: str) -> bytes:
    """The bytes of unpadded base64url text."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
