"""Requests that go on with what another one began: only the credential that began it can, where it is still known."""

from app.routing import Tiers
from providers.types import ChatRequest


def first(request: ChatRequest, tiers: Tiers) -> Tiers:
    """``tiers`` with the targets that own what the request goes on with in front of all others, if there are any."""
    each = dict.fromkeys(target for tier in tiers for target in tier)
    owners = tuple(target for target in each if target.vendor.owns and target.vendor.owns(request, target.to))
    if not owners:
        return tiers
    others = (tuple(target for target in tier if target not in owners) for tier in tiers)
    return (owners, *filter(None, others))
