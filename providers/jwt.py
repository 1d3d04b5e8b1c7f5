"""JSON Web Tokens signed with an RSA key (RS256), as services want them in exchange for an access token.

The library of ciphers is loaded when the first key is read: few gateways have one.
Source: https://www.rfc-editor.org/rfc/rfc7515, checked 2026-08.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import orjson

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_PEM: Final = re.compile(
    r"-----BEGIN (RSA )?PRIVATE KEY-----(?P<body>[A-Za-z0-9+/=\s]+)-----END (RSA )?PRIVATE KEY-----"
)


def rs256(header: Mapping[str, Any], claims: Mapping[str, Any], key: "RSAPrivateKey") -> str:
    """The signed token. ``header`` should say ``"alg": "RS256"``; both parts are written in the order given."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415 - see above
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415

    told = b".".join(_b64url(orjson.dumps(part)) for part in (header, claims))
    return b".".join((told, _b64url(key.sign(told, PKCS1v15(), SHA256())))).decode()


def private_key(pem: str) -> "RSAPrivateKey":
    """The key in a PEM text, PKCS#8 or PKCS#1. Its newlines may be escaped, as JSON and environments have them.

    Raises ValueError, which tells nothing of the key.
    """
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_der_private_key  # noqa: PLC0415

    found = _PEM.search(pem.replace("\\n", "\n"))
    if not found:
        raise ValueError("it is no PEM text with an unencrypted RSA private key")
    try:
        der = base64.b64decode("".join(found["body"].split()), validate=True)
    except binascii.Error:
        raise ValueError("its base64 text is damaged") from None
    try:
        key = load_der_private_key(der, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("it is no whole RSA private key") from None
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("it is a private key of another kind than RSA")
    return key


def _b64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
