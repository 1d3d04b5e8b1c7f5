"""Google's Gemini: Google AI with an API key, its OpenAI surface, and Vertex AI with a service account."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from providers import auth, support
from providers.types import ChatRequest, Destination, Secret, WireRequest
from providers.vendor import CredentialFields, Embedder, Fault, Vendor
from providers.wires.gemini import accounts, compatible, embeddings, faults, reply, request, urls, vertex
from providers.wires.gemini.surface import GOOGLE_AI
from providers.wires.openai import reply as openai_reply
from providers.wires.openai import request as openai_request
from providers.wires.openai.dialect import Dialect
from providers.wires.openai.row import row

MODELS: Final = (
    *("gemini-3.8-flash", "gemini-3.7-flash", "gemini-3.6-flash", "gemini-3.5-flash", "gemini-3.5-flash-lite"),
    *("gemini-3.1-pro-preview", "gemini-3.1-flash-lite", "gemini-3-flash-preview", "gemini-3-pro-preview"),
    *("gemini-2.5-pro", "gemini-2.5-flash", "gemini-2.5-flash-lite", "gemini-2.5-flash-image"),
    *("gemini-pro-latest", "gemini-flash-latest", "gemini-flash-lite-latest"),
)
"""Source: https://ai.google.dev/gemini-api/docs/models, checked 2026-08."""

OLD_MODELS: Final = (
    *("gemini-2.0-flash", "gemini-1.5-pro", "gemini-1.5-flash", "gemini-1.0-pro", "gemini-pro", "gemini-pro-vision"),
)
"""Names that older files rely on. The vendor has shut them down: to be mapped to others."""

EMBEDDING_MODELS: Final = ("gemini-embedding-001", "text-embedding-004")
VERTEX_MODELS: Final = (*MODELS, *OLD_MODELS, "claude-opus-4-6", "claude-sonnet-4-5@20250929")
KEY: Final = CredentialFields(note="a key is made at https://aistudio.google.com/apikey")


def sign(wire: WireRequest, credential: Mapping[str, Secret], _now: float) -> WireRequest:
    """The request with its key in a header: an address is logged in many places."""
    return auth.with_headers(wire, x_goog_api_key=credential["api_key"].reveal())


def inlines(url: str) -> bool:
    """Whether an image is to be fetched here: all but files in the vendor's own store and its videos."""
    return not GOOGLE_AI.fetched.fullmatch(url)


def pick(server_url: str, _fields: frozenset[str]) -> str:
    """The row for an address: the vendor's OpenAI surface where the path says so."""
    return "gemini-openai" if urls.is_openai(server_url) else "gemini"


def pick_vertex(server_url: str, _fields: frozenset[str]) -> str:
    """The row for an address of Vertex AI, which has an OpenAI surface too."""
    path = urlsplit(server_url).path
    return "vertexai-openai" if "/endpoints/openapi" in path or path.endswith("/chat/completions") else "vertexai"


def surface_url(server_url: str, _model: str) -> str:
    """The base of the OpenAI surface for an origin, a version, or ``…/models`` as the native protocol has it."""
    scheme, host, path, query, _ = urlsplit(server_url)
    path = path.rstrip("/")
    if not urls.is_openai(server_url):
        path = (path.removesuffix("/models") or "/v1beta") + "/openai"
    return urlunsplit((scheme, host, path, query, ""))


def surface(own: Vendor, dialect: Dialect, fault: Fault) -> Vendor:
    """The row of an OpenAI surface: as ``own``, but for signatures, and errors of Google's own, read by ``fault``."""
    return replace(
        own,
        encode=partial(_encode, dialect=dialect),
        decode=partial(compatible.decode, own=own.decode),
        fault=partial(faults.either, googles=fault, others=own.fault),
    )


def _encode(asked: ChatRequest, to: Destination, dialect: Dialect) -> WireRequest:
    write, read = partial(openai_request.encode, dialect=dialect), partial(openai_reply.decode, dialect=dialect)
    return compatible.encode(asked, to, write, read)


DIALECT: Final = Dialect(
    root="/v1beta/openai",
    url=surface_url,
    # Unknown names are a 400 there; that these are unknown is unverified.
    drop=frozenset({"logit_bias", "store", "metadata", "service_tier", "user"}),
)

VERTEX_DIALECT: Final = replace(
    DIALECT, root="", url=None, name=lambda model: model if "/" in model else f"google/{model}"
)

ACCOUNT: Final = CredentialFields(
    required=(
        ("project_id", "location", "json_file"),
        ("project_id", "location", "client_email", "private_key"),
    ),
    optional=(
        *("model_id", "private_key_id", "token_uri", "type", "client_id", "auth_uri", "universe_domain"),
        *("auth_provider_x509_cert_url", "client_x509_cert_url"),
    ),
    note="json_file is the path of a service account's key, or its content",
    files=("json_file",),
    examine=accounts.examine,
)

VERTEX: Final = Vendor(
    name="vertexai",
    docs="https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference",
    base_url=vertex.GLOBAL,
    encode=vertex.encode,
    decode=reply.decode,
    fault=vertex.fault,
    sign=accounts.sign,
    embed=Embedder(embeddings.encode_vertex, embeddings.decode, embeddings.vertex_batch),
    credentials=ACCOUNT,
    services=("vertex",),
    pick=pick_vertex,
    models=VERTEX_MODELS,
    embedding_models=("gemini-embedding-001", "text-embedding-005"),
    options=frozenset({*request.OPTIONS, "anthropic_version", "anthropic_beta", "max_tokens"}),
    exchange=accounts.EXCHANGE,
    inlines=True,
    title="Google Vertex AI (Gemini, Claude)",
    title_zh="Google Vertex AI（Gemini、Claude）",
    supports=support.EVERYTHING,
)

VENDORS: tuple[Vendor, ...] = (
    Vendor(
        name="gemini",
        docs="https://ai.google.dev/api/generate-content",
        base_url="https://generativelanguage.googleapis.com/v1beta/models",
        encode=request.encode,
        decode=reply.decode,
        fault=faults.fault,
        sign=sign,
        embed=Embedder(embeddings.encode, embeddings.decode, embeddings.BATCH),
        credentials=KEY,
        services=("google",),
        pick=pick,
        models=(*MODELS, *OLD_MODELS),
        embedding_models=EMBEDDING_MODELS,
        options=request.OPTIONS,
        inlines=inlines,
        title="Google Gemini",
        supports=support.EVERYTHING,
    ),
    surface(
        row(
            "gemini-openai",
            "https://ai.google.dev/gemini-api/docs/openai",
            "https://generativelanguage.googleapis.com/v1beta/openai",
            DIALECT,
            hosts=("generativelanguage.googleapis.com",),
            models=(*MODELS, *OLD_MODELS),
            embedding_models=EMBEDDING_MODELS,
            title="Google Gemini, OpenAI surface",
            title_zh="Google Gemini（OpenAI 接口）",
        ),
        DIALECT,
        faults.fault,
    ),
    VERTEX,
    replace(
        surface(
            row(
                "vertexai-openai",
                "https://cloud.google.com/vertex-ai/generative-ai/docs/migrate/openai/overview",
                "",
                VERTEX_DIALECT,
                sign=accounts.sign,
                embeds=False,
                credentials=ACCOUNT,
                title="Google Vertex AI, OpenAI surface",
                title_zh="Google Vertex AI（OpenAI 接口）",
            ),
            VERTEX_DIALECT,
            vertex.fault,
        ),
        exchange=accounts.EXCHANGE,
    ),
)
