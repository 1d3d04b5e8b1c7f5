"""Volcengine's Ark (Doubao): the wire under ``/api/v3``, and bots beside it. Pairs of access keys are not taken."""

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit, urlunsplit

from providers.vendor import CredentialFields, Vendor
from providers.wires.openai.dialect import EITHER, Dialect, ModelRule, models
from providers.wires.openai.row import row
from providers.wires.openai.urls import base_path
from providers.wires.unspoken import unspoken

DOCS = "https://www.volcengine.com/docs/82379/1494384"
BASE_URL = "https://ark.cn-beijing.volces.com/api/v3"
ROOT = "/api/v3"
CREDENTIALS = CredentialFields(
    required=(("api_key",), ("access_key", "secret_key")),
    note="an api_key of the Ark console; access_key and secret_key belong to the account",
)


def model_url(server_url: str, model: str) -> str:
    """The base for a model: bots have a path of their own. Source: DOCS, checked 2026-08."""
    scheme, host, path, query, _ = urlsplit(server_url)
    base = base_path(path, ROOT)
    wants_bots = model.startswith("bot-") and not base.endswith("/bots")
    return urlunsplit((scheme, host, f"{base}/bots" if wants_bots else base, query, ""))


def bots_url(server_url: str, _model: str) -> str:
    """The base for bots, whatever their name."""
    return model_url(server_url, "bot-")


def _pick(_server_url: str, fields: frozenset[str]) -> str:
    return "huoshan-keypair" if "access_key" in fields and "api_key" not in fields else "huoshan"


def _pick_bots(_server_url: str, fields: frozenset[str]) -> str:
    return "huoshan-keypair" if "access_key" in fields and "api_key" not in fields else "huoshanbot"


def _dialect(url: Callable[[str, str], str]) -> Dialect:
    return Dialect(
        root=ROOT,
        url=url,
        max_tokens=EITHER,
        drop=frozenset({"n", "seed"}),
        rules=(ModelRule(models(r"doubao-seed|.*thinking|deepseek-r1"), drop=frozenset({"stop"})),),
        keep_5xx=False,
        models_by_account=True,
    )


VENDORS: tuple[Vendor, ...] = (
    replace(
        row(
            "huoshan",
            DOCS,
            BASE_URL,
            _dialect(model_url),
            credentials=CREDENTIALS,
            services=("ark", "doubao", "volcengine"),
            hosts=("ark.cn-beijing.volces.com", "ark.ap-southeast.bytepluses.com", ".volces.com", ".bytepluses.com"),
            models=(
                *("Doubao-pro-4k", "Doubao-pro-32k", "Doubao-pro-128k"),
                *("Doubao-lite-4k", "Doubao-lite-32k", "Doubao-lite-128k"),
                *("doubao-seed-2-1-pro-260915", "doubao-seed-2-1-lite-260915", "doubao-1-5-pro-32k-250115"),
            ),
            embedding_models=("doubao-embedding-large-text-250515", "doubao-embedding-text-240715"),
        ),
        pick=_pick,
    ),
    # Without a wire, so that its host does not lead to the row above.
    replace(
        row("huoshanbot", DOCS, BASE_URL, _dialect(bots_url), embeds=False, credentials=CREDENTIALS),
        pick=_pick_bots,
        wire="",
    ),
    unspoken("huoshan-keypair", DOCS, BASE_URL, "Ark's exchange of access keys", CREDENTIALS),
)
