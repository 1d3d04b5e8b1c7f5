"""Tokens signed with RSA: compared with a published signature, with OpenSSL's keys, and with keys that are none."""

import base64
import hashlib
import subprocess
from pathlib import Path

import orjson
import pytest

from providers import jwt
from tests.unit.gemini import vector

CASE = vector("vertexai", "auth")[0]
PEM = CASE["private_key_pem"]


def test_vector() -> None:
    """Broken: a token is not, byte for byte, the one that any signer makes of the same claims."""
    assert jwt.rs256(CASE["header"], CASE["claims"], jwt.private_key(PEM)) == CASE["jwt"]


@pytest.mark.parametrize("form", ["escaped", "blanks", "one line"])
def test_forms_of_a_key(form: str) -> None:
    """Broken: a key is refused in a form that JSON, environments or editors give it."""
    forms = {
        "escaped": PEM.replace("\n", "\\n"),
        "blanks": "\r\n".join(f"  {line}" for line in PEM.splitlines()),
        "one line": PEM.replace("\n", " "),
    }
    assert jwt.rs256(CASE["header"], CASE["claims"], jwt.private_key(forms[form])) == CASE["jwt"]


@pytest.mark.parametrize("bits", [1024, 2048])
def test_keys_of_openssl(bits: int, tmp_path: Path) -> None:
    """Broken: a key in the older form (PKCS#1), or of another size, makes a signature that does not verify."""
    path, data = tmp_path / "key.pem", tmp_path / "data"
    subprocess.run(["openssl", "genrsa", "-traditional", "-out", path, str(bits)], check=True, capture_output=True)
    assert "BEGIN RSA PRIVATE KEY" in path.read_text()
    head, claims, signature = jwt.rs256({"alg": "RS256"}, {"a": "天"}, jwt.private_key(path.read_text())).split(".")
    data.write_text(f"{head}.{claims}")
    (tmp_path / "signature").write_bytes(base64.urlsafe_b64decode(signature + "=="))
    command = ["openssl", "dgst", "-sha256", "-prverify", path, "-signature", tmp_path / "signature", data]
    assert subprocess.run(command, check=True, capture_output=True).stdout.strip() == b"Verified OK"
    assert orjson.loads(base64.urlsafe_b64decode(claims + "==")) == {"a": "天"}


def pem(der: bytes) -> str:
    return f"-----BEGIN PRIVATE KEY-----\n{base64.b64encode(der).decode()}\n-----END PRIVATE KEY-----\n"


EC = bytes.fromhex("302e020100300506032b657004220420") + hashlib.sha256(b"x").digest()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no PEM text"),
        ("not a key", "no PEM text"),
        ("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----", "no PEM text"),
        ("-----BEGIN PRIVATE KEY-----\nA\n-----END PRIVATE KEY-----", "damaged"),
        (pem(b"\x30\x82\x10\x00\x02"), "no whole RSA private key"),
        (pem(b""), "no whole RSA private key"),
        (pem(b"\x04\x01\x00"), "no whole RSA private key"),
        (pem(EC), "another kind than RSA"),
        (PEM.replace(PEM[200:204], "AAAA"), "no whole RSA private key"),
    ],
)
def test_what_is_no_key(text: str, words: str) -> None:
    """Broken: a text that is no key raises something else, signs, or is told in the message."""
    with pytest.raises(ValueError, match=words) as raised:
        jwt.rs256({}, {}, jwt.private_key(text))
    assert PEM[100:120] not in str(raised.value)


def test_key_is_not_shown() -> None:
    """Broken: a log that holds the key's object holds the key."""
    key = jwt.private_key(PEM)
    assert str(key.private_numbers().p) not in repr(key)
