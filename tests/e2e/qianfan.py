"""Names of models and wrong credentials that the tests in front of the small Qianfan share."""

from tests.fakevendor.qianfan_state import V2_KEY, iam_pair, pair

V1, V1_IAM, V2, V2_IAM = "ERNIE-Speed-8K", "v1-iam", "ernie-4.5-turbo-128k", "v2-iam"
OWNERS = ("first", "revoked", "forgotten", "short", "hopeless")
"""Models of V1 whose credential no other test uses."""

WRONG: dict[str, tuple[bool, dict[str, str], str]] = {
    "v1-wrong-id": (False, {"api_key": "wrong", "secret_key": "s"}, "unknown client id"),
    "v1-with-v2-key": (False, {"api_key": V2_KEY, "secret_key": "s"}, "a key that begins with bce-v3/ is one of V2"),
    "v1-wrong-secret": (False, {**pair("x"), "secret_key": "wrong"}, "Client authentication failed"),
    "v1-wrong-access": (False, {"access_key": "ALTAKwrong", "secret_key": "s"}, "IAM Certification failed: unknown"),
    "v1-wrong-signature": (False, {**iam_pair("x"), "secret_key": "wrong"}, "the signature does not match"),
    "v2-wrong-key": (True, {"api_key": "bce-v3/wrong"}, "invalid iam token"),
    "v2-with-v1-pair": (True, pair("x"), "a pair of api_key and secret_key belongs to V1"),
    "v2-wrong-signature": (True, {**iam_pair("x"), "secret_key": "wrong"}, "the signature does not match"),
}
"""Model to (whether it is V2's, its credential, what the vendor or the gateway says of it)."""
