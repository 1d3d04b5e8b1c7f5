"""Ollama. What is spoken is its OpenAI surface; addresses of its native protocol lead there."""

from urllib.parse import urlsplit, urlunsplit

from providers.vendor import Vendor
from providers.wires.openai.dialect import Dialect
from providers.wires.openai.row import KEY_IF_ANY, row
from providers.wires.unspoken import unspoken

DOCS = "https://docs.ollama.com/openai"


def surface_url(server_url: str, _model: str) -> str:
    """The base of the OpenAI surface: the part before ``/api`` and ``/v1``; ``http`` where no scheme is given."""
    scheme, host, path, query, _ = urlsplit(server_url if "://" in server_url else f"http://{server_url}")
    before, found, _ = f"{path}/".partition("/api/")
    return urlunsplit((scheme, host, f"{before}/v1" if found else path, query, ""))


DIALECT = Dialect(url=surface_url, drop=frozenset({"logit_bias", "n", "user"}), models_by_account=True)

VENDORS: tuple[Vendor, ...] = (
    unspoken(
        "ollama",
        "https://docs.ollama.com/api",
        "http://127.0.0.1:11434/api/chat",
        "Ollama's native protocol",
        KEY_IF_ANY,
        pick=lambda _server_url, _fields: "ollama-openai",
    ),
    row(
        "ollama-openai",
        DOCS,
        "http://127.0.0.1:11434/v1",
        DIALECT,
        credentials=KEY_IF_ANY,
        hosts=("ollama.com",),
        models=("llama3.2", "qwen3", "gemma3", "gpt-oss"),
        embedding_models=("nomic-embed-text",),
    ),
)
