"""The shape of an entry of ``services.<service>``, of its limits and of proxies, and the values they become.

An ``Entry`` is what the file says; ``config/services.py`` makes an upstream of it, with what its vendor's row says.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from marshmallow import fields, post_load

from config import proxy
from config.fields import Anything, Choice, Data, Flag, Map, Names, Number, Text, Url, Whole
from config.model import Limits, Proxy
from config.shape import ProxyAddress, Shape, doc
from config.sharing import Zone
from providers.types import Timeouts

STRATEGIES: Final = {word: word for word in ("disabled", "default", "all", "force_all", "environment")}
PROXY_TYPES: Final = {"http": "http", "socks5": "socks5", "socks5h": "socks5"}

_BY_MODEL: Final = "limits by model are not kept here"


def _limit(text: str, unit: str, **more: Any) -> dict[str, Any]:
    return doc(text, unit, zero="no limit", **more)


class LimitSchema(Shape):
    """``limit`` and ``embedding_limit`` of an entry, ``limit`` of a credential. All limits given hold at once."""

    target = Limits
    qps = Number(above=0, metadata=_limit("Requests started in any second; may be a fraction.", "per second"))
    qpm = Number(
        above=0, metadata=_limit("Requests started in any minute; may be a fraction.", "per minute", default="none")
    )
    rpm = Number(above=0, metadata=_limit("Another name of `qpm`; of two numbers the smaller holds.", "per minute"))
    rpd = Number(above=0, metadata=_limit("Requests started in any 24 hours, or in a day of `rpd_zone`.", "per day"))
    rpd_zone = Zone(
        attribute="day_zone",
        metadata=doc("Time zone in whose days the vendor counts `rpd`, such as `America/Los_Angeles` or `+08:00`."),
    )
    tpm = Number(
        above=0, metadata=_limit("Tokens in any minute, of prompts and answers together.", "tokens per minute")
    )
    concurrency = Whole(least=1, metadata=_limit("Requests under way at the same time.", "requests"))
    timeout = Number(
        above=0,
        attribute="queue_s",
        metadata=doc("The longest wait for one's turn; then the client gets 429.", "seconds", zero="the default"),
    )
    queue = Whole(
        least=0,
        attribute="queue_length",
        metadata=doc("Most requests that wait for their turn; further ones get 429 at once.", "requests"),
    )

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Any:
        """Limits, with the smaller one of ``qpm`` and ``rpm``."""
        per_minute = [data.pop(key) for key in ("qpm", "rpm") if key in data]
        return Limits(**data, rpm=min(per_minute, default=None))


class ProxySchema(Shape):
    """``proxy``, at the top or in an entry, where it is that entry's own."""

    target = Proxy
    strategy = Choice(
        STRATEGIES,
        metadata=doc(
            "Which entries use the proxy: none, those with `use_proxy: true`, all but those with `use_proxy: false`, "
            "all; `environment` is `all` with the addresses of HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY."
        ),
    )
    type = Choice(PROXY_TYPES, metadata=doc("The kind of proxy; when absent, whichever has an address, HTTP first."))
    http_proxy = ProxyAddress("http", attribute="http_url", metadata=doc("Proxy for `http://` and `ws://` upstreams."))
    https_proxy = ProxyAddress(
        "http",
        attribute="https_url",
        metadata=doc("Proxy for `https://` and `wss://` upstreams. Where one of the two is absent the other serves."),
    )
    socks5_proxy = ProxyAddress(
        "socks5h",
        attribute="socks5_url",
        metadata=doc("SOCKS5 proxy, with or without `socks5://` and `user:password@`; it resolves the host names."),
    )
    timeout = Number(
        above=0,
        attribute="connect_s",
        metadata=doc("Time to connect, for upstreams behind this proxy.", "seconds", zero="the default"),
    )


class BesidesSchema(Shape):
    """What stands beside the vendor's own fields in `credentials` and in each element of `credential_list`."""

    target = dict
    limit = fields.Nested(
        LimitSchema, metadata=doc("Limits of this credential; those of the entry hold too.", default="none")
    )
    enabled = Flag(metadata=doc("Whether this credential is used.", default="true"))
    id = Anything(metadata=doc("A remark of yours.", default="-"))
    name = Anything(metadata=doc("A remark of yours.", default="-"))
    model_limits = Anything(metadata=doc("Accepted and ignored.", idle=_BY_MODEL, default="-"))


class OwnProxy(fields.Nested):
    """An entry's own proxy: a URL or a proxy object."""

    kind = "URL or object"
    text_too = True

    def _deserialize(self, value: Any, attr: str | None, data: Data, partial: Any = None, **kwargs: Any) -> Any:
        if isinstance(value, str):
            return proxy.one(ProxyAddress("http").deserialize(value))
        return super()._deserialize(value, attr, data, partial, **kwargs)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as its file tells it; None and empty where it tells nothing."""

    id: str = ""
    provider: str = ""
    enabled: bool = True
    models: tuple[str, ...] = ()
    embedding_models: tuple[str, ...] = ()
    credentials: Mapping[str, Any] = field(default_factory=dict, repr=False)
    credential_list: list[Any] = field(default_factory=list, repr=False)
    server_url: str = ""
    auth_url: str | None = None
    model_map: Mapping[str, str] = field(default_factory=dict)
    model_redirect: Mapping[str, str] = field(default_factory=dict)
    limit: Limits = Limits()  # noqa: RUF009 - frozen
    embedding_limit: Limits = Limits()  # noqa: RUF009 - frozen
    use_proxy: bool | None = None
    proxy: Proxy | None = None
    timeout: float | None = None
    connect_timeout: float | None = None
    first_event_timeout: float | None = None
    on_unsupported: str = "drop"
    reasoning_models: Mapping[str, Any] = field(default_factory=dict)


_PATIENCE: Final = Timeouts()
_INSIDE: Final = ("api_key", "api_secret", "token", "secret_key", "secret_id", "appid", "access_key", "group_id")


class EntrySchema(Shape):
    """``services.<service>[]``: where an upstream is, what it offers, and how hard it may be used."""

    target = Entry
    id = Text(metadata=doc("Stable name of the entry, in logs and headers.", default="`<service>-<number>`"))
    provider = Text(metadata=doc("Vendor whose rules hold, where service and host do not tell.", default="by service"))
    enabled = Flag(metadata=doc("Whether requests go to it."))
    models = Names(metadata=doc("Models offered.", default="the vendor's list", meant=("model", "model_list")))
    embedding_models = Names(
        metadata=doc("Models offered for embeddings.", default="the vendor's, when `models` is empty too")
    )
    credentials = Anything(dict, "object", metadata=doc("One credential; the fields are the vendor's.", inside=_INSIDE))
    credential_list = Anything(
        list,
        "list of objects",
        metadata=doc("Several credentials, each with its own `limit` if wanted. Wins over `credentials`."),
    )
    server_url = Url(
        metadata=doc(
            "Base address or full endpoint of the upstream.",
            default="the vendor's",
            meant=("url", "base_url", "api_base", "api_url", "endpoint", "host", "address"),
        )
    )
    auth_url = Url(metadata=doc("Address of the vendor's token exchange.", default="the vendor's"))
    model_map = Map(
        Text(),
        "map of names",
        metadata=doc("Name → the vendor's own name (an endpoint, a deployment, a bot); applied last."),
    )
    model_redirect = Map(Text(), "map of names", metadata=doc("Alias → one of `models`; aliases are offered too."))
    limit = fields.Nested(LimitSchema, metadata=doc("Limits of chat requests."))
    embedding_limit = fields.Nested(LimitSchema, metadata=doc("Limits of embedding requests."))
    use_proxy = Flag(
        metadata=doc("Whether the global proxy serves this entry; what absent means is up to its strategy.")
    )
    proxy = OwnProxy(
        ProxySchema, metadata=doc("The entry's own proxy, wins over the global one.", meant=("proxy_url", "http_proxy"))
    )
    timeout = Number(
        above=0,
        metadata=doc(
            "Longest silence of the upstream: no byte for so long.",
            "seconds",
            zero="the default",
            default=f"{_PATIENCE.idle_s:g}",
        ),
    )
    connect_timeout = Number(
        above=0,
        metadata=doc(
            "Longest wait for a connection.", "seconds", zero="the default", default=f"{_PATIENCE.connect_s:g}"
        ),
    )
    first_event_timeout = Number(
        above=0,
        metadata=doc(
            "Longest wait for the first byte of an answer.",
            "seconds",
            zero="the default",
            default=f"{_PATIENCE.first_event_s:g}, or `timeout` if that is more",
        ),
    )
    on_unsupported = Choice(
        {"drop": "drop", "refuse": "refuse"},
        metadata=doc("Parameters the vendor cannot take: leave them out and say so in a header, or answer 400."),
    )
    reasoning_models = Anything(
        dict,
        "object",
        metadata=doc("Model → hints on its reasoning, or false; has an effect where a vendor's page says so."),
    )
    model_limits = Anything(metadata=doc("Accepted and ignored.", idle=_BY_MODEL, default="-"))
    upstream_protocol = Anything(
        metadata=doc("Accepted and ignored.", idle="the vendor and server_url tell the protocol", default="-")
    )
