"""Coze's two sites, coze.cn and coze.com, and what speaks like them: a bot is the model, v2 by its address only."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from providers import auth, support
from providers.types import Secret, WireRequest
from providers.vendor import CredentialFields, Exchange, Preparation, Vendor
from providers.wires.coze import faults, files, reply, request, tokens, tools, urls, v2


def pick(server_url: str, _fields: frozenset[str], site: str) -> str:
    """The name of the row of ``site`` for an address."""
    return f"{site}-v2" if urls.means_v2(server_url) else site


def advise(_server_url: str, fields: frozenset[str]) -> str:
    """A sentence on a credential that has no effect, or cannot work."""
    if {"api_key", "token"} <= fields:
        return "token has no effect beside api_key"
    if fields & {"api_key", "token"} and fields & set(tokens.APP):
        return f"{', '.join(tokens.APP[:2])} and {tokens.APP[2]} have no effect beside a token"
    return ""


def sign(wire: WireRequest, credential: Mapping[str, Secret], _now: float) -> WireRequest:
    """The request with its token, given or got in exchange."""
    token = credential.get("api_key") or credential.get("token")
    return auth.with_headers(wire, authorization=f"Bearer {token.reveal()}") if token else wire


CREDENTIALS: Final = CredentialFields(
    required=(("token",), ("api_key",), tokens.APP),
    note="a token of the bot's own site (pat_…), or the three parts of an OAuth app of the type JWT",
    advise=advise,
    examine=tokens.examine,
)


def _site(
    name: str, host: str, docs: str, titles: tuple[str, str], services: tuple[str, ...] = ()
) -> tuple[Vendor, Vendor]:
    """The rows of one site, v3 and v2."""
    current = Vendor(
        name=name,
        docs=docs,
        base_url=f"https://{host}{urls.CHAT}",
        encode=request.encode,
        decode=reply.decode,
        fault=faults.fault,
        sign=sign,
        credentials=CREDENTIALS,
        services=services,
        hosts=(host,),
        wire="coze",
        pick=partial(pick, site=name),
        options=request.OPTIONS,
        exchange=Exchange(partial(tokens.request, site=host), tokens.parse, tokens.AHEAD_S),
        prepare=Preparation(files.requests, files.parse),
        owns=tools.owns,
        supports=frozenset({support.STREAM, support.IMAGES, support.REASONING, support.STOP, support.USAGE}),
        title=titles[0],
        title_zh=titles[1],
    )
    older = replace(
        current,
        name=f"{name}-v2",
        base_url=f"https://{host}{urls.CHAT_V2}",
        encode=v2.encode,
        decode=v2.decode,
        services=(),
        hosts=(),
        wire="",
        pick=None,
        options=frozenset(),
        prepare=None,
        owns=None,
        supports=frozenset({support.STREAM, support.STOP}),
        title=f"{titles[0]}, chat v2",
        title_zh=f"{titles[1]}，旧版 v2",
    )
    return current, older


VENDORS: Final[tuple[Vendor, ...]] = (
    *_site(
        "cozecn",
        "api.coze.cn",
        "https://www.coze.cn/open/docs/developer_guides/chat_v3",
        ("Coze, coze.cn", "扣子 coze.cn"),
        services=("coze",),
    ),
    *_site(
        "cozecom",
        "api.coze.com",
        "https://www.coze.com/open/docs/developer_guides/chat_v3",
        ("Coze, coze.com", "扣子 coze.com"),
    ),
)
