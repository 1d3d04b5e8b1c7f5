"""Zhipu GLM, in China and abroad (z.ai): the wire under ``/api/paas/v4``, open ranges, one way to choose tools."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

import orjson

from providers import auth
from providers.errors import ErrorKind
from providers.types import Json, Secret, WireRequest
from providers.vendor import CredentialFields, Vendor
from providers.wires.openai.dialect import Dialect, ModelRule, Range, models
from providers.wires.openai.row import row

TOKEN_LIFE_S: Final = 210
"""How long a signed token is good for. Source: zhipuai SDK 2.1, checked 2026-08."""


def sign(request: WireRequest, credential: Mapping[str, Secret], now: float) -> WireRequest:
    """The request with the key as bearer, or with a token signed by it where the credential says ``auth: jwt``."""
    how, key = credential.get("auth"), credential.get("api_key")
    if not how or how.reveal() != "jwt" or not key or "." not in key.reveal():
        return auth.bearer(request, credential, now)
    return auth.with_headers(request, authorization=f"Bearer {token(key.reveal(), now)}")


def token(key: str, now: float) -> str:
    """The JWT for a key of the form ``id.secret`` at ``now`` (Unix seconds); its times are milliseconds.

    Source: https://docs.bigmodel.cn/cn/api/introduction, checked 2026-08.
    """
    identity, _, secret = key.partition(".")
    now_ms = int(now * 1000)
    header = {"alg": "HS256", "sign_type": "SIGN"}
    payload = {"api_key": identity, "exp": now_ms + TOKEN_LIFE_S * 1000, "timestamp": now_ms}
    signing_input = f"{_segment(orjson.dumps(header))}.{_segment(orjson.dumps(payload))}"
    signature = hmac.new(secret.encode(), signing_input.encode(), hashlib.sha256).digest()
    return f"{signing_input}.{_segment(signature)}"


def _segment(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _adjust(body: Json, losses: list[str]) -> None:
    if body.get("temperature") == 0.01 and "clamped temperature to 0.01" in losses:
        # What the vendor's own SDK sends for a temperature of 0 or less.
        body["do_sample"] = False
    _one_stop(body, losses)
    user = body.pop("user", None)
    if isinstance(user, str) and 6 <= len(user) <= 128:
        body["user_id"] = user
    elif user is not None:
        losses.append("dropped user")
    messages: list[Json] = body["messages"]
    if all(message["role"] == "system" for message in messages):
        # Nothing but system text is refused with code 1214.
        body["messages"] = [*messages[:-1], {**messages[-1], "role": "user"}]
    if body["model"].startswith("glm-4v"):
        body["messages"] = [_bare_images(message) for message in body["messages"]]


def _one_stop(body: Json, losses: list[str]) -> None:
    stop = body.get("stop")
    if stop is None:
        return
    stops = [stop] if isinstance(stop, str) else stop
    body["stop"] = stops[:1]
    if len(stops) > 1:
        losses.append("dropped all but one of stop")


def _bare_images(message: Json) -> Json:
    """The message with inline images as bare base64, without ``data:…;base64,``, as the older vision models want."""
    content = message.get("content")
    if not isinstance(content, list):
        return message
    return {**message, "content": [_bare_image(part) for part in content]}


def _bare_image(part: Json) -> Json:
    url = (part.get("image_url") or {}).get("url", "")
    if not url.startswith("data:"):
        return part
    return {**part, "image_url": {**part["image_url"], "url": url.partition(",")[2]}}


_OPEN = Range(0, 1, at_low=0.01, at_high=0.99)

_UNKNOWN = frozenset(
    {
        *("n", "seed", "logprobs", "top_logprobs", "presence_penalty", "frequency_penalty", "logit_bias"),
        *("parallel_tool_calls", "service_tier", "store", "metadata"),
    }
)
"""OpenAI's parameters that its reference does not have."""

DIALECT = Dialect(
    root="/api/paas/v4",
    drop=_UNKNOWN,
    clamp={"temperature": _OPEN, "top_p": _OPEN},
    rules=(
        ModelRule(models(r"glm-4v$"), clamp={"max_tokens": Range(1, 1024)}),
        ModelRule(models(r"glm-4(-0520|-air|-airx|-flash)?$|glm-3"), clamp={"max_tokens": Range(1, 4095)}),
    ),
    tool_choices=frozenset({"auto"}),
    json_schema=False,
    stream_options=False,
    modern_only=True,
    merge_system=True,
    text_models=models(r"(?!.*\dv(-|$))"),
    adjust=_adjust,
    # Source: https://docs.bigmodel.cn/cn/api/api-code, checked 2026-08; the HTTP status of 1220 is unverified.
    codes={
        **dict.fromkeys(("1000", "1001", "1002", "1003", "1004", "1005"), ErrorKind.UPSTREAM_AUTH),
        **dict.fromkeys(("1110", "1111", "1112", "1114", "1115", "1116", "1117"), ErrorKind.UPSTREAM_AUTH),
        **dict.fromkeys(("1118", "1119", "1120", "1121", "1220"), ErrorKind.UPSTREAM_AUTH),
        **dict.fromkeys(("1113", "1304", "1308", "1309", "1310", "1311", "1313"), ErrorKind.QUOTA),
        **dict.fromkeys(("1200", "1234"), ErrorKind.SERVER_ERROR),
        **dict.fromkeys(("1210", "1213", "1214", "1215"), ErrorKind.INVALID_REQUEST),
        **dict.fromkeys(("1302", "1303", "1305", "1312"), ErrorKind.RATE_LIMITED),
        "1211": ErrorKind.MODEL_NOT_FOUND,
        "1261": ErrorKind.CONTEXT_LENGTH,
        "1301": ErrorKind.CONTENT_FILTER,
    },
)

VENDOR: Vendor = row(
    "zhipu",
    "https://docs.bigmodel.cn/api-reference",
    "https://open.bigmodel.cn/api/paas/v4",
    DIALECT,
    sign=sign,
    credentials=CredentialFields(
        optional=("auth",), note='"auth": "jwt" signs a token with the key instead of sending it'
    ),
    services=("glm", "bigmodel", "z.ai"),
    hosts=("open.bigmodel.cn", "api.z.ai"),
    models=(
        *("glm-3-turbo", "glm-4-0520", "glm-4", "glm-4-air", "glm-4-airx", "glm-4-flash", "glm-4v"),
        *("glm-4-plus", "glm-4.5", "glm-4.5-air", "glm-4.5-flash", "glm-4.6", "glm-4.7", "glm-5", "glm-5.1"),
    ),
    embedding_models=("embedding-3", "embedding-2"),
    title="Zhipu GLM",
    title_zh="智谱 GLM",
)
