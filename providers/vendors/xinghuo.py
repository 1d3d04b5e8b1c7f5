"""iFlytek's Spark over HTTP, with an APIPassword or a pair of key and secret. Its WebSocket is not spoken yet."""

from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

from providers import auth
from providers.errors import ErrorKind
from providers.types import Json, Secret, WireRequest
from providers.vendor import CredentialFields, Vendor
from providers.wires.openai.dialect import Dialect, ModelRule, Range, models
from providers.wires.openai.row import row
from providers.wires.unspoken import unspoken

DOCS = "https://www.xfyun.cn/doc/spark/HTTP%E8%B0%83%E7%94%A8%E6%96%87%E6%A1%A3.html"
BASE_URL = "https://spark-api-open.xf-yun.com/v1"
MODELS = (
    "spark-lite",
    "spark-v2.0",
    "spark-pro",
    "spark-max",
    "spark-max-32k",
    "spark-pro-128k",
    "4.0Ultra",
    "spark-x",
)
CREDENTIALS = CredentialFields(
    required=(("api_key",), ("appid", "api_key", "api_secret")),
    optional=("api_secret", "domain"),
    note="api_key is the console's APIPassword (one per model), or the APIKey beside api_secret",
)

_NAMES = {
    **dict.fromkeys(("spark-lite", "general"), "lite"),
    "spark-v2.0": "generalv2",
    "spark-pro": "generalv3",
    "spark-pro-128k": "pro-128k",
    **dict.fromkeys(("spark-max", "spark3.5-max"), "generalv3.5"),
    **dict.fromkeys(("spark-max-32k", "spark-max32k"), "max-32k"),
    **dict.fromkeys(("spark-4.0-ultra", "spark4.0-ultra", "4.0ultra"), "4.0Ultra"),
    **dict.fromkeys(("spark-x1", "x1"), "spark-x"),
}
"""The names clients use for the vendor's domains. Source: DOCS, checked 2026-08."""


def domain(model: str) -> str:
    """The vendor's own name of a model."""
    return _NAMES.get(model.lower(), model)


def model_url(server_url: str, model: str) -> str:
    """The base for a model: the reasoning model lives under another version on the vendor's own host."""
    scheme, host, path, query, _ = urlsplit(server_url)
    if model == "spark-x" and host == "spark-api-open.xf-yun.com":
        path = path.replace("/v1", "/v2") or "/v2"
    return urlunsplit((scheme, host, path, query, ""))


def sign(request: WireRequest, credential: Mapping[str, Secret], now: float) -> WireRequest:
    """The request with the APIPassword as bearer, or ``key:secret`` where the credential has both."""
    key, secret = credential.get("api_key"), credential.get("api_secret")
    if not key or not secret:
        return auth.bearer(request, credential, now)
    return auth.with_headers(request, authorization=f"Bearer {key.reveal()}:{secret.reveal()}")


def _pick(server_url: str, _fields: frozenset[str]) -> str:
    return "xinghuo" if server_url.startswith(("ws://", "wss://")) else "xinghuo-http"


def _adjust(body: Json, _losses: list[str]) -> None:
    # It knows no stop texts; the gateway cuts the answer at them.
    body.pop("stop", None)
    if body.get("tools"):
        # Without it the answer's tool_calls is one object instead of a list.
        body["tool_calls_switch"] = True


def _limit(most: int) -> Mapping[str, Range]:
    return {"max_tokens": Range(1, most)}


DIALECT = Dialect(
    url=model_url,
    name=domain,
    drop=frozenset({"n", "seed", "logprobs", "top_logprobs", "parallel_tool_calls", "logit_bias"}),
    clamp={"temperature": Range(0, 2), "top_p": Range(0, 1, at_low=0.01), "top_k": Range(1, 6)},
    rules=(
        ModelRule(models(r"4\.0Ultra|max-32k"), clamp=_limit(32_768)),
        ModelRule(models(r"generalv3"), clamp=_limit(8192)),
        ModelRule(models(r"lite|generalv2|pro-128k"), clamp=_limit(4096)),
        ModelRule(models(r"(lite|generalv2|generalv3|pro-128k)$"), drop=frozenset({"tools", "tool_choice"})),
        ModelRule(models(r"spark-x2\.5"), drop=frozenset({"temperature", "top_p"})),
    ),
    json_schema=False,
    stream_options=False,
    cut_stops=True,
    fold_system=models(r"(lite|generalv2|generalv3|pro-128k)$"),
    merge_system=True,
    text_models=models(""),
    adjust=_adjust,
    # Source: https://www.xfyun.cn/doc/spark/Web.html, checked 2026-08.
    codes={
        **dict.fromkeys(("10003", "10004", "10005", "10163"), ErrorKind.INVALID_REQUEST),
        **dict.fromkeys(("10006", "10007", "11202", "11203"), ErrorKind.RATE_LIMITED),
        **dict.fromkeys(("10008", "10110", "10223"), ErrorKind.OVERLOADED),
        **dict.fromkeys(("10013", "10014", "10019", "10021", "10022"), ErrorKind.CONTENT_FILTER),
        **dict.fromkeys(("10015", "10016"), ErrorKind.UPSTREAM_AUTH),
        **dict.fromkeys(
            ("10000", "10001", "10002", "10009", "10010", "10011", "10012", "10222"), ErrorKind.SERVER_ERROR
        ),
        "10018": ErrorKind.TIMEOUT,
        "10404": ErrorKind.MODEL_NOT_FOUND,
        "10907": ErrorKind.CONTEXT_LENGTH,
        "11200": ErrorKind.UPSTREAM_AUTH,
        "11201": ErrorKind.QUOTA,
    },
)

VENDORS: tuple[Vendor, ...] = (
    unspoken(
        "xinghuo",
        "https://www.xfyun.cn/doc/spark/Web.html",
        BASE_URL,
        "Spark's WebSocket",
        CREDENTIALS,
        pick=_pick,
        models=MODELS,
        services=("spark",),
    ),
    row(
        "xinghuo-http",
        DOCS,
        BASE_URL,
        DIALECT,
        sign=sign,
        embeds=False,
        credentials=CREDENTIALS,
        hosts=("spark-api-open.xf-yun.com", "maas-api.cn-huabei-1.xf-yun.com"),
        models=MODELS,
    ),
)
