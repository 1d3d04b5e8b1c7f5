"""Baidu's AgentBuilder: published agents, asked by app id and secret key. Experimental: no reference could be read."""

from collections.abc import Mapping

from providers import auth, support
from providers.types import Secret, WireRequest
from providers.vendor import CredentialFields, Vendor
from providers.wires.agentbuilder import faults, reply, request


def sign(wire: WireRequest, credential: Mapping[str, Secret], _now: float) -> WireRequest:
    """The request with the secret key in its query, which is where this vendor wants it."""
    key = credential.get("secret_key")
    return auth.with_query(wire, secretKey=key.reveal()) if key else wire


VENDOR = Vendor(
    name="agentbuilder",
    docs="https://agents.baidu.com/docs",
    base_url="https://agentapi.baidu.com",
    encode=request.encode,
    decode=reply.decode,
    fault=faults.fault,
    sign=sign,
    title="Baidu AgentBuilder, published agents",
    title_zh="百度文心智能体平台",
    supports=frozenset({support.STREAM}),
    credentials=CredentialFields(
        required=(("secret_key",),),
        note="the agent's secret key; its app id is the model, so it stands in models or model_map",
    ),
)
