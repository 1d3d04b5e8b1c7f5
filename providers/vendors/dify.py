"""Dify, in its cloud and self-hosted: apps by their own keys. One key is one app; the model's name is only a name."""

from providers import support
from providers.vendor import CredentialFields, Vendor
from providers.wires.dify import faults, reply, request

_KNOWLEDGE = "knowledge"


def advise(_server_url: str, fields: frozenset[str]) -> str:
    """A sentence on a key that opens no app."""
    told = "this api_key begins with dataset-: it opens the knowledge base; an app's own key begins with app-"
    return told if _KNOWLEDGE in fields else ""


VENDOR = Vendor(
    name="dify",
    docs="https://docs.dify.ai/api-reference/chat",
    base_url="https://api.dify.ai/v1/chat-messages",
    encode=request.encode,
    decode=reply.decode,
    fault=faults.fault,
    title="Dify, apps",
    title_zh="Dify 应用",
    supports=frozenset({support.STREAM, support.IMAGES, support.REASONING, support.STOP, support.USAGE}),
    credentials=CredentialFields(
        note="the key of one app (app-…), made on the app's page under API Access",
        looks={_KNOWLEDGE: ("api_key", "dataset-")},
        advise=advise,
    ),
    options=request.OPTIONS,
    prepare=request.PREPARATION,
)
