"""The contract a vendor fulfils, as one frozen value of functions, and the scan that finds all of them.

``encode``, ``decode`` and ``fault`` are pure: no socket, clock, randomness, environment or logging. To add a vendor,
write a module under ``vendors/`` with ``VENDOR`` or ``VENDORS``; there is no list to add it to.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import urlsplit

from providers import auth, framing
from providers.errors import ProviderError
from providers.types import (
    ChatRequest,
    Delta,
    Destination,
    EmbeddingReply,
    EmbeddingRequest,
    Event,
    Json,
    Secret,
    Timeouts,
    Token,
    WireRequest,
)

Encode = Callable[[ChatRequest, Destination], WireRequest]
Decode = Callable[[Iterator[Event]], Iterator[Delta]]
Frame = Callable[[Iterator[bytes]], Iterator[Event]]
Sign = Callable[[WireRequest, Mapping[str, Secret], float], WireRequest]
Fault = Callable[[int, Mapping[str, str], bytes], ProviderError]
Inlines = bool | Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class CredentialFields:
    """Which credential fields a vendor knows: ``required`` lists alternatives, each a set that suffices.

    ``required=((),)`` means that no credential is needed. Every name of an alternative and of ``optional`` is known;
    any other name in a config is a fault. ``note`` is one sentence that helps who left one out. ``looks`` tells kinds
    of keys apart by how they begin: a further name, which ``Vendor.pick`` and ``advise`` find among the fields, to
    (field, beginning). ``advise`` takes (server_url as configured, names of the fields) and returns one sentence on a
    key that is in the wrong place, empty where nothing looks wrong. ``files`` are fields that may name a file instead
    of holding its text: config reads it, and a text that begins with ``{`` is no name. ``examine`` takes the fields as
    they will be used and yields (field, what is wrong) for values that cannot work; it tells nothing of the values.
    """

    required: tuple[tuple[str, ...], ...] = (("api_key",),)
    optional: tuple[str, ...] = ()
    note: str = ""
    looks: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    advise: Callable[[str, frozenset[str]], str] | None = None
    files: tuple[str, ...] = ()
    examine: Callable[[Mapping[str, Secret]], Iterable[tuple[str, str]]] | None = None

    @property
    def known(self) -> frozenset[str]:
        """All field names the vendor understands."""
        return frozenset(name for names in self.required for name in names) | frozenset(self.optional)


@dataclass(frozen=True, slots=True)
class Embedder:
    """The same pair of functions for embeddings: ``decode`` reads one whole document, and raises ProviderError.

    ``batch`` is how many inputs the vendor takes at once, a function where that depends on the model; the gateway
    splits longer lists. 0 means any number. ``instead`` takes the error of a call and gives another way to ask for the
    whole list, or None; a chain of them must end.
    """

    encode: Callable[[EmbeddingRequest, Destination], WireRequest]
    decode: Callable[[bytes], EmbeddingReply]
    batch: int | Callable[[Destination], int] = 0
    instead: "Callable[[ProviderError], Embedder | None] | None" = None


@dataclass(frozen=True, slots=True)
class Exchange:
    """How a credential becomes a token: two pure halves around one call, which the gateway makes and caches.

    ``request`` takes (credential, auth_url or None for the vendor's own, now in Unix seconds) and returns None where
    this credential needs no exchange. ``parse`` takes (status, headers, body, now) and raises ProviderError. The token
    reaches ``sign`` as the credential field ``token``. One request renews it from ``ahead_s`` before it expires (a
    tenth of its life if that is less), while the others go on with the old one; in the last third of that time all
    wait for the new one. An error whose ``stale_token`` is set renews it at once. With ``per_model`` a token is good
    for one model only, and ``request`` finds the vendor's name of that model as the credential field ``model``.
    """

    request: Callable[[Mapping[str, Secret], str | None, float], WireRequest | None]
    parse: Callable[[int, Mapping[str, str], bytes, float], Token]
    ahead_s: float = 60.0
    per_model: bool = False


@dataclass(frozen=True, slots=True)
class Preparation:
    """Calls to make before the chat itself, such as uploads: ``requests`` are signed and sent in order.

    ``parse`` makes each answer (status, headers, body) the JSON object that ``encode`` finds in
    ``Destination.prepared``, or raises ProviderError.
    """

    requests: Callable[[ChatRequest, Destination], tuple[WireRequest, ...]]
    parse: Callable[[int, Mapping[str, str], bytes], Json]


@dataclass(frozen=True, slots=True)
class Vendor:
    """One wire protocol and all values that differ from its relatives.

    ``name`` is the key under ``services``; ``services`` lists further keys that mean the same. ``hosts`` are host
    names (or ``.suffixes``) by which this row is chosen when an entry stands under another service of the same
    ``wire``; ``unknown_host`` names the row for a host that nobody claims (empty: this row). ``pick`` chooses among a
    vendor's own protocols: (server_url, names of the credential fields) to the name of a row. ``base_url`` is used when
    an entry has no ``server_url``; empty means that it must have one. ``docs`` is the vendor's own reference.
    ``models`` and ``embedding_models`` are offered when an entry lists none. ``options`` are further fields that an
    entry of this vendor may hold; they reach ``Destination.options``. ``transport`` is ``http`` or ``websocket``.
    ``inlines`` is for vendors that take an image's bytes only: True, or a function that says so of one http(s) URL
    (not of, say, the vendor's own file addresses). ``encode`` then finds a ``data:<type>;base64,…`` URL in each
    ``image_url`` part in the URL's stead, fetched by the gateway; the type is one of png, jpeg, gif, webp, bmp, tiff,
    heic and avif. Where the operator has switched fetching off the URL stays, and ``encode`` must refuse it.
    ``owns`` tells that a request goes on with what this very credential began, so that it has to be tried first.
    ``timeouts`` hold where an entry says nothing, for vendors that are slow by nature.
    ``supports`` holds what the row can do, in the words of ``providers/support.py``. ``title`` is what it is, in a few
    words for tables, ``title_zh`` the same in Chinese where that differs.
    ``decode`` must end every reply with a ``finish_reason`` taken from the vendor's own field, or raise; events that
    run out before that are turned into an error by the gateway. Unknown event kinds are ignored.
    """

    name: str
    docs: str
    base_url: str
    encode: Encode
    decode: Decode
    fault: Fault
    frame: Frame = framing.sse
    sign: Sign = auth.bearer
    embed: Embedder | None = None
    credentials: CredentialFields = CredentialFields()
    services: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    unknown_host: str = ""
    wire: str = ""
    pick: Callable[[str, frozenset[str]], str] | None = None
    models: tuple[str, ...] = ()
    embedding_models: tuple[str, ...] = ()
    options: frozenset[str] = frozenset()
    transport: str = "http"
    exchange: Exchange | None = None
    prepare: Preparation | None = None
    owns: Callable[[ChatRequest, Destination], bool] | None = None
    inlines: Inlines = False
    timeouts: Timeouts = Timeouts()  # noqa: RUF009 - frozen
    supports: frozenset[str] = frozenset()
    title: str = ""
    title_zh: str = ""


def choose(
    vendors: Mapping[str, Vendor], service: str, provider: str, server_url: str, fields: frozenset[str]
) -> Vendor | None:
    """The row that speaks for one config entry, or None when ``service`` is nobody's.

    ``provider`` wins when it names a row other than the service's own; then the host among rows of the same wire;
    then the service. Whichever is found may pick another of its own protocols by URL and credential.
    """
    own = by_service(vendors, service)
    named = by_service(vendors, provider) if provider and provider != service else None
    row = named or (own and _by_host(vendors, own, server_url))
    if row and row.pick:
        return vendors[row.pick(server_url, fields)]
    return row


def by_service(vendors: Mapping[str, Vendor], service: str) -> Vendor | None:
    """The row that ``services.<service>`` stands for, or None."""
    return next((row for row in vendors.values() if service == row.name or service in row.services), None)


def _by_host(vendors: Mapping[str, Vendor], own: Vendor, server_url: str) -> Vendor:
    host = urlsplit(server_url).hostname
    if not host or not own.wire:
        return own
    claimed = [row for row in vendors.values() if row.wire == own.wire and claims(row, host)]
    if own in claimed or not claimed:
        return own if own in claimed or not own.unknown_host else vendors[own.unknown_host]
    return claimed[0]


def claims(row: Vendor, host: str) -> bool:
    """Whether ``host`` is one of the row's: equal to an entry of ``hosts``, or below one that starts with a dot."""
    return any(host == known or (known.startswith(".") and host.endswith(known)) for known in row.hosts)


def load_vendors() -> Mapping[str, Vendor]:
    """Every vendor found in ``providers/vendors``, by name, read-only.

    Raises RuntimeError on a module that offers none and on a name or service offered twice.
    """
    found: dict[str, Vendor] = {}
    for rows in by_module().values():
        for vendor in rows:
            _add(found, vendor)
    return MappingProxyType(found)


def by_module() -> Mapping[str, tuple[Vendor, ...]]:
    """The rows of each module in ``providers/vendors``, by its name. Raises RuntimeError where a module has none."""
    found: dict[str, tuple[Vendor, ...]] = {}
    package = importlib.import_module("providers.vendors")
    for module_info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"providers.vendors.{module_info.name}")
        rows = tuple(getattr(module, "VENDORS", None) or (getattr(module, "VENDOR", None),))
        if not all(isinstance(row, Vendor) for row in rows):
            raise RuntimeError(f"providers/vendors/{module_info.name}.py offers no VENDOR or VENDORS")
        found[module_info.name] = rows
    return MappingProxyType(found)


def _add(found: dict[str, Vendor], vendor: Vendor) -> None:
    taken = {service: row.name for row in found.values() for service in (row.name, *row.services)}
    for service in (vendor.name, *vendor.services):
        if service in taken:
            raise RuntimeError(f'vendor "{vendor.name}" and vendor "{taken[service]}" both claim "{service}"')
    found[vendor.name] = vendor
