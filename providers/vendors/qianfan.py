"""Baidu's Qianfan: V2, which is the OpenAI wire with a bearer key, and the older V1, a protocol of its own with tokens.

Which of the two speaks for an entry is decided by its address and, where that does not tell, by its credential.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from providers import auth, support
from providers.types import Secret, WireRequest
from providers.vendor import CredentialFields, Embedder, Exchange, Vendor
from providers.wires.openai.row import row
from providers.wires.qianfan import bce, embeddings, faults, reply, request, tokens, urls, v2, v2_reply

MODELS = ("yi_34b_chat", "ERNIE-Speed-8K", "ERNIE-Speed-128K", "ERNIE-Lite-8K", "ERNIE-Lite-8K-0922", "ERNIE-Tiny-8K")
NEW_MODELS = ("ernie-5.1", "ernie-5.0", "ernie-x1.1", "ernie-4.5-turbo-128k", "ernie-4.0-8k", "ernie-speed-pro-128k")

V2_KEY = "V2 key"
_PAIR = ("api_key", "secret_key")
_IAM_PAIR = ("access_key", "secret_key")
_NOTE = "a V2 key (bce-v3/…) stands alone in api_key; V1 takes an application's api_key and secret_key"


def pick(server_url: str, fields: frozenset[str]) -> str:
    """The row for an entry: by its address, else V1 where there is a secret_key beside a key of V1."""
    told = urls.means_v2(server_url)
    pair = "secret_key" in fields and fields.isdisjoint({V2_KEY, "access_key"})
    return "qianfan" if told is False or (told is None and pair) else "qianfan-v2"


def advise(server_url: str, fields: frozenset[str]) -> str:
    """A sentence on a key in the wrong place: V2's where V1 is spoken, or the reverse."""
    told = urls.means_v2(server_url)
    if V2_KEY in fields and told is False:
        return f"this api_key is a V2 key, and server_url is V1's: {tokens.V1_HINT}"
    if V2_KEY in fields:
        return "a V2 key stands alone: secret_key has no effect" if "secret_key" in fields else ""
    if told and fields.issuperset(_PAIR):
        return f"this looks like a pair of V1, and server_url is V2's: {v2.HINT}"
    if told is None and "api_key" in fields and "secret_key" not in fields:
        return "api_key alone is taken for a V2 key, but those usually begin with bce-v3/; V1 needs secret_key as well"
    return ""


CREDENTIALS = CredentialFields(
    required=(("api_key",), _IAM_PAIR),
    optional=("secret_key", "address", "addresss", "appid"),
    note=_NOTE,
    looks={V2_KEY: ("api_key", "bce-v3/")},
    advise=advise,
)


def sign_v1(wire: WireRequest, credential: Mapping[str, Secret], now: float) -> WireRequest:
    """The request with the access token in its query, or signed with a key pair of the cloud account."""
    token = credential.get("token")
    if token:
        return auth.with_query(wire, access_token=token.reveal())
    if not credential.get("access_key"):
        return wire
    pair = credential["access_key"].reveal(), credential["secret_key"].reveal()
    return auth.with_headers(wire, **bce.signed_headers(wire.method, wire.url, *pair, now))


V1 = Vendor(
    name="qianfan",
    docs="https://cloud.baidu.com/doc/WENXINWORKSHOP/s/clntwmv7t",
    base_url="https://aip.baidubce.com",
    encode=request.encode,
    decode=reply.decode,
    fault=faults.fault,
    sign=sign_v1,
    title="Baidu Qianfan (ERNIE)",
    title_zh="百度千帆（文心）",
    supports=support.all_but(
        support.PARALLEL_TOOLS, support.TOOL_REQUIRED, support.IMAGES, support.JSON_SCHEMA, support.REASONING
    ),
    embed=Embedder(embeddings.encode, embeddings.decode, embeddings.batch),
    credentials=replace(CREDENTIALS, required=(_PAIR, _IAM_PAIR)),
    pick=pick,
    models=MODELS,
    embedding_models=("Embedding-V1", "bge-large-zh", "bge-large-en", "tao-8k"),
    exchange=Exchange(tokens.oauth_request, tokens.oauth_token, tokens.AHEAD_S),
)

V2 = replace(
    row(
        "qianfan-v2",
        "https://cloud.baidu.com/doc/qianfan-api/s/3m7of64lb",
        "https://qianfan.baidubce.com/v2",
        v2.DIALECT,
        sign=v2.sign,
        credentials=CREDENTIALS,
        hosts=("qianfan.baidubce.com",),
        models=MODELS + NEW_MODELS,
        embedding_models=("embedding-v1", "bge-large-zh", "bge-large-en", "tao-8k"),
        title="Baidu Qianfan (ERNIE), V2",
        title_zh="百度千帆（文心）V2",
    ),
    encode=partial(v2.encode, dialect=v2.DIALECT),
    decode=partial(v2_reply.decode, dialect=v2.DIALECT),
    fault=v2.fault,
    embed=v2.EMBEDDER,
    exchange=Exchange(tokens.bearer_request, tokens.bearer_token, tokens.AHEAD_S),
)

VENDORS: tuple[Vendor, ...] = (V1, V2)
