"""A vendor's row out of a dialect: the wire's functions bound to one set of values."""

from functools import partial
from typing import Final

from providers import auth
from providers.vendor import CredentialFields, Embedder, Inlines, Sign, Vendor
from providers.wires.openai import embeddings, faults, reply, request
from providers.wires.openai.dialect import Dialect

WIRE: Final = "openai"
OPTIONS: Final = frozenset({"split_think"})
"""Further fields of an entry: ``split_think`` (true or false) takes thoughts in tags out of the text."""

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
) -> Vendor:
    """A vendor that speaks this wire as ``dialect`` says; ``embeds`` tells whether it offers embeddings."""
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
    )


def _embedder(dialect: Dialect) -> Embedder:
    return Embedder(partial(embeddings.encode, dialect=dialect), partial(embeddings.decode, dialect=dialect))
