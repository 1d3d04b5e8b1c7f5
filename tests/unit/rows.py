"""Vendor rows for the config's tests: as many kinds of vendor as a config can tell apart, and no protocol."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from providers.errors import ErrorKind, ProviderError
from providers.types import ChatRequest, Delta, Destination, Event, WireRequest
from providers.vendor import CredentialFields, Vendor


def _encode(_request: ChatRequest, to: Destination) -> WireRequest:
    return WireRequest("POST", to.server_url, {}, b"")


def _decode(_events: Iterator[Event]) -> Iterator[Delta]:
    yield Delta(finish_reason="stop")


def _fault(_status: int, _headers: Mapping[str, str], _body: bytes) -> ProviderError:
    return ProviderError(ErrorKind.SERVER_ERROR, "")


def _row(name: str, base_url: str, *required: tuple[str, ...], **more: object) -> Vendor:
    optional = more.pop("optional", ())
    note = more.pop("note", "")
    fields = CredentialFields(required or (("api_key",),), optional, note)  # type: ignore[arg-type]
    return Vendor(name, "", base_url, _encode, _decode, _fault, credentials=fields, **more)  # type: ignore[arg-type]


def _pick(server_url: str, fields: frozenset[str]) -> str:
    socket = server_url.startswith("ws") or (not server_url and "appid" in fields)
    return "xinghuo" if socket else "xinghuo-http"


_ALL = (
    _row(
        "openai",
        "https://api.openai.com/v1",
        wire="openai",
        hosts=("api.openai.com",),
        unknown_host="compatible",
        models=("gpt-4o", "gpt-4o-mini"),
        embedding_models=("text-embedding-3-small",),
    ),
    _row("compatible", "", (), optional=("api_key",), wire="openai"),
    _row(
        "deepseek",
        "https://api.deepseek.com",
        wire="openai",
        hosts=("api.deepseek.com",),
        models=("deepseek-chat", "deepseek-coder"),
    ),
    _row("zhipu", "https://open.bigmodel.cn/api/paas/v4", wire="openai", services=("glm",)),
    _row("azure", "", options=frozenset({"api_version"})),
    _row("ollama", "http://127.0.0.1:11434/api/chat", (), optional=("api_key",)),
    _row("qianfan", "https://aip.baidubce.com", ("api_key", "secret_key"), optional=("address",)),
    _row("hunyuan", "https://hunyuan.tencentcloudapi.com", ("api_key",), ("secret_id", "secret_key")),
    _row(
        "xinghuo", "wss://spark-api.xf-yun.com", ("appid", "api_key", "api_secret"), pick=_pick, models=("spark-lite",)
    ),
    _row(
        "xinghuo-http",
        "https://spark-api-open.xf-yun.com/v1",
        optional=("api_secret",),
        note="api_key is the console's APIPassword",
    ),
    _row("claude", "https://api.anthropic.com/v1/messages", options=frozenset({"anthropic_beta"})),
    _row("vertexai", "https://aiplatform.googleapis.com", ("project_id", "location", "json_file")),
)

ROWS: Mapping[str, Vendor] = MappingProxyType({row.name: row for row in _ALL})
