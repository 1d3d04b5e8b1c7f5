"""Volcengine's Ark (Doubao): the OpenAI wire under ``/api/v3``, bots beside it, and access keys in place of a key."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial

from providers import auth
from providers.errors import ErrorKind, ProviderError
from providers.types import Delta, Event, Secret, Timeouts, WireRequest
from providers.vendor import CredentialFields, Vendor
from providers.wires.huoshan import urls
from providers.wires.huoshan.embeddings import embedder
from providers.wires.huoshan.references import annotated
from providers.wires.huoshan.tokens import EXCHANGE
from providers.wires.openai import faults, reply
from providers.wires.openai.dialect import EITHER, Dialect, ModelRule, Range, models
from providers.wires.openai.row import row

DOCS = "https://www.volcengine.com/docs/82379/1494384"
BASE_URL = "https://ark.cn-beijing.volces.com/api/v3"

TIMEOUTS = Timeouts(idle_s=600.0)
"""A thinking model's whole answer is silent until it is ready; so long the vendor's own SDK waits.

Source: volcengine-python-sdk 4.0.20 (``volcenginesdkarkruntime/_constants.py``), checked 2026-08.
"""

_ACCESS_KEY = "access key"


def advise(_server_url: str, fields: frozenset[str]) -> str:
    """A sentence on an access key's id in the place of an API key, and on a pair that an API key makes useless."""
    if _ACCESS_KEY in fields:
        return "this api_key looks like the id of an access key: name it access_key and add its secret_key"
    if "api_key" in fields and not fields.isdisjoint({"access_key", "secret_key"}):
        return "api_key is used; access_key and secret_key have no effect beside it"
    return ""


CREDENTIALS = CredentialFields(
    required=(("api_key",), ("access_key", "secret_key")),
    optional=("region", "session_token"),
    note="an api_key of the Ark console; access_key and secret_key belong to the account",
    looks={_ACCESS_KEY: ("api_key", "AKLT")},
    advise=advise,
)

CODES = {
    "InvalidParameter": ErrorKind.INVALID_REQUEST,
    "MissingParameter": ErrorKind.INVALID_REQUEST,
    "InputVideoSensitiveContentDetected": ErrorKind.CONTENT_FILTER,
    "OutputVideoSensitiveContentDetected": ErrorKind.CONTENT_FILTER,
    "InputAudioSensitiveContentDetected": ErrorKind.CONTENT_FILTER,
    "OutputAudioSensitiveContentDetected": ErrorKind.CONTENT_FILTER,
    "InvalidEndpointOrModel": ErrorKind.MODEL_NOT_FOUND,
    "InvalidEndpoint": ErrorKind.MODEL_NOT_FOUND,
    "InternalServiceError": ErrorKind.SERVER_ERROR,
}
"""Codes that only this vendor uses, or uses for one meaning only; the others stand in the wire's own table.

Source: https://www.volcengine.com/docs/82379/1299023, checked 2026-08. Those of video and audio are unverified.
"""

MODELS = (
    # Names of the first generation; they work only as aliases of endpoint ids.
    *("Doubao-pro-4k", "Doubao-pro-32k", "Doubao-pro-128k", "Doubao-lite-4k", "Doubao-lite-32k", "Doubao-lite-128k"),
    *("doubao-seed-2-1-pro-260915", "doubao-seed-2-1-lite-260915"),
    *("doubao-seed-2-1-pro-260628", "doubao-seed-2-1-turbo-260628"),
    *("doubao-seed-2-0-pro-260215", "doubao-seed-2-0-lite-260215", "doubao-seed-2-0-mini-260215"),
    *("doubao-seed-2-0-code-preview-260215", "doubao-seed-1-8-251228"),
    *("doubao-seed-1-6-250615", "doubao-seed-1-6-lite-251015", "doubao-1-5-pro-32k-250115"),
    *("deepseek-v3-2-251201", "glm-4-7-251222", "kimi-k2-thinking-251104"),
)
EMBEDDING_MODELS = (
    "doubao-embedding-large-text-250515",
    "doubao-embedding-large-text-240915",
    "doubao-embedding-text-240715",
)


def _dialect(url: Callable[[str, str], str]) -> Dialect:
    return Dialect(
        root=urls.ROOT,
        url=url,
        max_tokens=EITHER,
        drop=frozenset({"n", "seed"}),
        clamp={"temperature": Range(0, 2)},
        rules=(ModelRule(models(r"doubao-seed|.*thinking|deepseek-r1"), drop=frozenset({"stop"})),),
        codes=CODES,
        keep_5xx=False,
        models_by_account=True,
    )


def sign(request: WireRequest, credential: Mapping[str, Secret], now: float) -> WireRequest:
    """The request with the api_key as bearer, or else the key that a pair of access keys was exchanged for."""
    key = credential.get("api_key") or credential.get("token")
    return auth.bearer(request, {"api_key": key} if key else {}, now)


def _decode(events: Iterator[Event], dialect: Dialect) -> Iterator[Delta]:
    return annotated(events, partial(reply.decode, dialect=dialect))


def _fault(status: int, headers: Mapping[str, str], body: bytes, dialect: Dialect) -> ProviderError:
    """The error that a failing reply is; a key that is refused may be one from an exchange that has ended early."""
    error = faults.fault(status, headers, body, dialect)
    error.stale_token = status == 401
    return error


def _row(name: str, titles: tuple[str, str], dialect: Dialect, hosts: tuple[str, ...] = ()) -> Vendor:
    title, title_zh = titles
    common = partial(row, sign=sign, credentials=CREDENTIALS, hosts=hosts, title=title, title_zh=title_zh)
    return replace(
        common(name, DOCS, BASE_URL, dialect),
        decode=partial(_decode, dialect=dialect),
        fault=partial(_fault, dialect=dialect),
        embed=None,
        exchange=EXCHANGE,
        timeouts=TIMEOUTS,
    )


_DIALECT = _dialect(urls.chat)

VENDORS: tuple[Vendor, ...] = (
    replace(
        _row(
            "huoshan",
            ("Volcengine Ark (Doubao)", "火山方舟（豆包）"),
            _DIALECT,
            hosts=("ark.cn-beijing.volces.com", "ark.ap-southeast.bytepluses.com", ".volces.com", ".bytepluses.com"),
        ),
        embed=embedder(_DIALECT),
        services=("ark", "doubao", "volcengine"),
        models=MODELS,
        embedding_models=EMBEDDING_MODELS,
    ),
    # Without a wire, so that its host does not lead to the row above.
    replace(_row("huoshanbot", ("Volcengine Ark, bots", "火山方舟（智能体）"), _dialect(urls.bots)), wire=""),
)
