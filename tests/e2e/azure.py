"""What the end-to-end tests of Azure and their gateway share: names, credentials, and refusals to be seen."""

from tests.fakevendor.azure import LIMIT
from tests.fakevendor.azure_rules import CLIENT, KEYS, SECRET, TENANT

KEY = {"api_key": min(KEYS)}
NAMES = ["gpt-4o", "my dep", "gpt-3.5-turbo", "gpt-5-mini", "prod", "DeepSeek-R1"]
WRONG = {"api_key": "wrong-key-of-azure"}
APPLICATION = {"tenant_id": TENANT, "client_id": CLIENT, "client_secret": SECRET}
REFUSALS: list[tuple[dict[str, str], str, tuple[int, str | None], str]] = [
    (WRONG, "x", (502, "upstream_auth"), "Access denied due to invalid subscription key"),
    ({**APPLICATION, "client_secret": "wrong~secret"}, "x", (502, "upstream_auth"), "AADSTS7000215: Invalid client"),
    (KEY, "absent", (404, "model_not_found"), "The API deployment for this resource does not exist."),
    (KEY, "FAIL 403 Access denied due to Virtual Network", (502, "upstream_auth"), "Virtual Network"),
    (KEY, "FAIL 429 Really.", (429, "rate_limit_exceeded"), LIMIT),
    (KEY, "FAIL 424 failed dependency", (502, None), "failed dependency"),
    (KEY, "FAIL 503 busy", (503, None), "busy"),
    (KEY, "FAIL 500 The server had an error", (500, None), "The server had an error"),
    (KEY, "FAIL 404 Resource not found", (404, None), "check server_url and api_version"),
]
"""Credential, what is asked (of a deployment of that name, if it is one that is absent), and what the client sees."""
