"""A vendor's row out of a dialect: the wire's functions bound to one set of values."""

from functools import partial
from typing import Final

from providers import auth, support
from providers.vendor import CredentialFields, Embedder, Inlines, Sign, Vendor
from providers.wires.openai import embeddings, faults, reply, request
from providers.wires.openai.dialect import Dialect

WIRE: Final = "openai"
OPTIONS: Final = frozenset({"split_think"})
"""Further fields of an entry: ``split_think`` (true or false) takes thoughts in tags out of the text."""

_NEEDS: Final = {
    support.TOOLS: ("tools",),
    support.PARALLEL_TOOLS: ("tools",),
    # Where only the word is unknown, the tools are left out instead.
    support.TOOL_NONE: ("tools",),
    support.TOOL_REQUIRED: ("tools", "tool_choice"),
    support.TOOL_NAMED: ("tools", "tool_choice"),
    support.JSON_OBJECT: ("response_format",),
    support.JSON_SCHEMA: ("response_format",),
    support.STOP: ("stop",),
}
"""Words of support and the parameters they go up in."""

KEY: Final = CredentialFields()
KEY_IF_ANY: Final = CredentialFields(required=((),), optional=("api_key",))


def row(
    name: str,
    docs: str,
    base_url: str,
    dialect: Dialect,
    *,
    sign: Sign = auth.bearer,
    embeds: bool = True,
    credentials: CredentialFields = KEY,
    services: tuple[str, ...] = (),
    hosts: tuple[str, ...] = (),
    models: tuple[str, ...] = (),
    embedding_models: tuple[str, ...] = (),
    inlines: Inlines = False,
    title: str = "",
    title_zh: str = "",
    lacks: frozenset[str] = frozenset(),
) -> Vendor:
    """A vendor that speaks this wire as ``dialect`` says; ``embeds`` tells whether it offers embeddings.

    ``lacks`` are words of support that the dialect lets pass and the vendor does not offer.
    """
    return Vendor(
        name=name,
        docs=docs,
        base_url=base_url,
        encode=partial(request.encode, dialect=dialect),
        decode=partial(reply.decode, dialect=dialect),
        fault=partial(faults.fault, dialect=dialect),
        sign=sign,
        embed=_embedder(dialect) if embeds else None,
        credentials=credentials,
        services=services,
        hosts=hosts,
        wire=WIRE,
        models=models,
        embedding_models=embedding_models,
        options=OPTIONS,
        inlines=inlines,
        supports=supported(dialect) - lacks,
        title=title,
        title_zh=title_zh,
    )


def supported(dialect: Dialect) -> frozenset[str]:
    """What a speaker can do by its dialect: all words but for those whose parameter never gets through."""
    lacking = {word for word, names in _NEEDS.items() if not all(_takes(dialect, name) for name in names)}
    kinds = {"required": support.TOOL_REQUIRED, "named": support.TOOL_NAMED}
    lacking |= {word for kind, word in kinds.items() if kind not in dialect.tool_choices}
    return support.all_but(lacking, () if dialect.json_schema else (support.JSON_SCHEMA,))


def _takes(dialect: Dialect, name: str) -> bool:
    name = dialect.rename.get(name, name)
    return name not in dialect.drop and (dialect.only is None or name in dialect.only)


def _embedder(dialect: Dialect) -> Embedder:
    return Embedder(partial(embeddings.encode, dialect=dialect), partial(embeddings.decode, dialect=dialect))
