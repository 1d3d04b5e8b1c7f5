"""iFlytek's Spark (讯飞星火): its signed WebSocket, and its OpenAI-style HTTP endpoint.

Which of the two speaks for an entry is decided by its address and, where it has none, by its credential.
"""

from dataclasses import replace
from functools import partial
from typing import Final

from providers import framing, support
from providers.types import Timeouts
from providers.vendor import CredentialFields, Vendor
from providers.wires.openai.row import row
from providers.wires.xinghuo import auth, faults, http, reply, request
from providers.wires.xinghuo.models import HTTP_HOST, HTTP_URL, OFFERED, SOCKET_URL

_OPTIONS: Final = frozenset({"web_search", "patch_id"})

TIMEOUTS: Final = Timeouts(first_event_s=180.0, idle_s=180.0)
"""Models that reason may think for minutes before they say anything, streamed or not, on both protocols."""


def pick(server_url: str, fields: frozenset[str]) -> str:
    """The row for an entry: by its address, else the WebSocket where the credential names an application."""
    if server_url:
        return "xinghuo" if server_url.lower().startswith(("ws://", "wss://")) else "xinghuo-http"
    return "xinghuo" if "appid" in fields else "xinghuo-http"


SOCKET: Final = Vendor(
    name="xinghuo",
    docs="https://www.xfyun.cn/doc/spark/Web.html",
    base_url=SOCKET_URL,
    encode=request.encode,
    decode=reply.decode_frames,
    fault=faults.refusal,
    frame=framing.frames,
    sign=auth.sign_socket,
    title="iFlytek Spark",
    title_zh="讯飞星火",
    supports=support.all_but(
        *(support.PARALLEL_TOOLS, support.TOOL_REQUIRED, support.TOOL_NAMED),
        *(support.IMAGES, support.JSON_OBJECT, support.JSON_SCHEMA, support.LENGTH),
    ),
    credentials=CredentialFields(
        required=(("appid", "api_key", "api_secret"),),
        optional=("domain",),
        note="the WebSocket takes APPID, APIKey and APISecret of one application of the console; "
        "an APIPassword alone, in api_key, speaks HTTP",
    ),
    services=("spark",),
    pick=pick,
    models=OFFERED,
    options=_OPTIONS,
    transport="websocket",
    timeouts=TIMEOUTS,
)

_WIRE: Final = row(
    "xinghuo-http",
    "https://www.xfyun.cn/doc/spark/HTTP%E8%B0%83%E7%94%A8%E6%96%87%E6%A1%A3.html",
    HTTP_URL,
    http.DIALECT,
    sign=auth.sign_http,
    embeds=False,
    credentials=CredentialFields(
        optional=("api_secret", "domain", "appid"),
        note="api_key is the console's APIPassword (one per model), or the APIKey beside its api_secret; "
        "the WebSocket needs appid, api_key and api_secret",
    ),
    hosts=(HTTP_HOST, "spark-api-open-preview.xf-yun.com", "maas-api.cn-huabei-1.xf-yun.com"),
    models=OFFERED,
    title="iFlytek Spark, HTTP",
    title_zh="讯飞星火（HTTP）",
    # Images are refused, and answers have no finish reason.
    lacks=frozenset({support.IMAGES, support.LENGTH}),
)

HTTP: Final = replace(
    _WIRE,
    encode=http.encode,
    decode=partial(reply.decode_http, dialect=http.DIALECT),
    fault=faults.fault,
    options=_WIRE.options | {"web_search"},
    timeouts=TIMEOUTS,
)

VENDORS: tuple[Vendor, ...] = (SOCKET, HTTP)
