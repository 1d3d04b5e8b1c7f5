"""Anthropic itself, and every relay that serves its Messages API under an address of its own."""

from typing import Final

from providers import support
from providers.vendor import CredentialFields, Vendor
from providers.wires.anthropic import auth, faults, reply, request

MODELS: Final = (
    "claude-opus-5-5",
    "claude-sonnet-5-5",
    "claude-haiku-5-5",
    "claude-opus-5",
    "claude-sonnet-5",
    "claude-fable-5",
    "claude-fable-5-1",
    "claude-fable-5-2",
    "claude-mythos-5",
    "claude-mythos-5-1",
    "claude-mythos-5-2",
    "claude-opus-4-8",
    "claude-opus-4-7",
    "claude-opus-4-6",
    "claude-sonnet-4-6",
    "claude-opus-4-5",
    "claude-opus-4-5-20251101",
    "claude-sonnet-4-5",
    "claude-sonnet-4-5-20250929",
    "claude-haiku-4-5",
    "claude-haiku-4-5-20251001",
)
"""Source: https://platform.claude.com/docs/en/about-claude/models/overview, checked 2026-08."""


def _inlines(url: str) -> bool:
    """Whether the vendor cannot fetch the image itself.

    Source: https://platform.claude.com/docs/en/api/messages (URL sources), checked 2026-08; that nothing but https is
    fetched is unverified.
    """
    return url[:7].lower() == "http://"


VENDOR: Vendor = Vendor(
    name="claude",
    docs="https://platform.claude.com/docs/en/api/messages",
    base_url="https://api.anthropic.com/v1/messages",
    encode=request.encode,
    decode=reply.decode,
    fault=faults.fault,
    sign=auth.sign,
    title="Anthropic Claude",
    supports=support.all_but(support.JSON_OBJECT),
    credentials=CredentialFields(
        note="a key begins with sk-ant-api and is made at https://platform.claude.com/settings/keys"
    ),
    services=("anthropic",),
    models=MODELS,
    inlines=_inlines,
    options=frozenset({"anthropic_version", "anthropic_beta", "auth", "max_tokens"}),
)
