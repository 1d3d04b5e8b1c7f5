"""Rows for protocols that this version does not speak yet, so that their entries load and say so when asked."""

from collections.abc import Callable
from typing import NoReturn

from providers.errors import ErrorKind, ProviderError
from providers.types import ChatRequest, Destination
from providers.vendor import CredentialFields, Vendor
from providers.wires.openai.dialect import Dialect
from providers.wires.openai.row import row


def unspoken(
    name: str,
    docs: str,
    base_url: str,
    protocol: str,
    credentials: CredentialFields,
    *,
    pick: Callable[[str, frozenset[str]], str] | None = None,
    models: tuple[str, ...] = (),
    options: frozenset[str] = frozenset(),
    services: tuple[str, ...] = (),
) -> Vendor:
    """A row that refuses every request with UNSUPPORTED, naming ``protocol``; ``pick`` may lead to one that answers."""

    def encode(_request: ChatRequest, _to: Destination) -> NoReturn:
        raise ProviderError(ErrorKind.UNSUPPORTED, f"this version does not speak {protocol} yet", param="model")

    plain = row(name, docs, base_url, Dialect())
    return Vendor(
        name=name,
        docs=docs,
        base_url=base_url,
        encode=encode,
        decode=plain.decode,
        fault=plain.fault,
        credentials=credentials,
        services=services,
        pick=pick,
        models=models,
        options=options,
        spoken=False,
    )
