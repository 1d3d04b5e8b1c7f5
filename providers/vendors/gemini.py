"""Google's Gemini with an API key. Spoken is its OpenAI surface; addresses of the native protocol lead there."""

from urllib.parse import urlsplit, urlunsplit

from providers.vendor import Vendor
from providers.wires.openai.dialect import Dialect
from providers.wires.openai.row import KEY, row
from providers.wires.unspoken import unspoken

DOCS = "https://ai.google.dev/gemini-api/docs/openai"
SURFACE = "/openai"


def surface_url(server_url: str, _model: str) -> str:
    """The base of the OpenAI surface for an origin, a version, or ``…/models`` as the native protocol has it."""
    scheme, host, path, query, _ = urlsplit(server_url)
    path = path.rstrip("/")
    if SURFACE not in path:
        path = (path.removesuffix("/models") or "/v1beta") + SURFACE
    return urlunsplit((scheme, host, path, query, ""))


DIALECT = Dialect(
    root="/v1beta/openai",
    url=surface_url,
    # Unknown names are a 400 there; that these are unknown is unverified.
    drop=frozenset({"logit_bias", "store", "metadata", "service_tier", "user"}),
)

VENDORS: tuple[Vendor, ...] = (
    unspoken(
        "gemini",
        "https://ai.google.dev/api/generate-content",
        "https://generativelanguage.googleapis.com/v1beta/models",
        "Gemini's native protocol",
        KEY,
        pick=lambda _server_url, _fields: "gemini-openai",
    ),
    row(
        "gemini-openai",
        DOCS,
        "https://generativelanguage.googleapis.com/v1beta/openai",
        DIALECT,
        hosts=("generativelanguage.googleapis.com",),
        models=(
            *("gemini-1.5-pro", "gemini-1.5-flash", "gemini-1.0-pro", "gemini-pro-vision"),
            *("gemini-3-pro-preview", "gemini-2.5-pro", "gemini-2.5-flash", "gemini-2.5-flash-lite"),
        ),
        embedding_models=("gemini-embedding-001", "text-embedding-004"),
    ),
)
