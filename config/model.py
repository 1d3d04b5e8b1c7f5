"""What a checked config is: frozen values with their defaults and units, and nothing that reads or checks.

Every default of the product stands here, beside the meaning of its field.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any, Final

from providers.types import Secret, Timeouts

UNASKED_MULTI_CONTENT: Final = ("gpt-4o*", "gpt-4-turbo", "glm-4v", "gemini-*", "yi-vision")
"""Models that took content arrays in the Go program unasked: there, ``multi_content_models`` only added to these."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Upstream limits, all of them in force at once; None means unlimited. Rates may be fractions.

    ``queue_s`` is the longest wait for one's turn, after which the client gets 429, and ``queue_length`` how many
    requests may wait. ``rpd`` and ``tpm`` are per day and tokens per minute. ``day_zone`` tells when a day begins;
    without it ``rpd`` holds for any 24 hours.
    """

    qps: float | None = None
    rpm: float | None = None
    rpd: float | None = None
    tpm: float | None = None
    concurrency: int | None = None
    queue_s: float = 120.0
    queue_length: int = 1000
    day_zone: tzinfo | None = None


@dataclass(frozen=True, slots=True)
class Credential:
    """One credential of an upstream: the vendor's own field names, and limits of its own if it has any."""

    fields: Mapping[str, Secret]
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True)
class Upstream:
    """One entry of ``services.<service>``: where it is, what it offers, how it is spoken to and how hard.

    ``vendor`` is the name of the row that speaks for it, found by ``provider``, host and service. ``models`` are the
    names offered, the vendor's default list when the file names none. ``server_url`` is as configured, the vendor's
    own when absent. ``on_unsupported`` says what happens to parameters the vendor cannot take: ``drop`` names them
    in a response header, ``refuse`` answers 400. ``options`` are further fields the vendor's row asks for.
    """

    id: str
    service: str
    vendor: str
    enabled: bool = True
    models: tuple[str, ...] = ()
    embedding_models: tuple[str, ...] = ()
    credentials: tuple[Credential, ...] = (Credential({}),)
    server_url: str = ""
    auth_url: str | None = None
    model_map: Mapping[str, str] = field(default_factory=dict)
    model_redirect: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = Limits()
    embedding_limits: Limits = Limits()
    proxy_url: Secret | None = None
    timeouts: Timeouts = Timeouts()  # noqa: RUF009 - frozen
    on_unsupported: str = "drop"
    reasoning_models: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CallerKey:
    """A key that clients may send. ``label`` names it in access lines; ``models`` None means all models."""

    key: Secret
    label: str
    models: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class ParamsRange:
    """Clamps for one model, None where a bound is not set; ``max_tokens`` is an upper bound."""

    temperature: tuple[float | None, float | None] = (None, None)
    top_p: tuple[float | None, float | None] = (None, None)
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class CircuitBreaker:
    """When an upstream's model is left alone: after so many failures in a row, for so many seconds."""

    enabled: bool = True
    failure_threshold: int = 5
    recovery_timeout_s: float = 30.0
    half_open_max_requests: int = 1


@dataclass(frozen=True, slots=True)
class Failover:
    """What is tried when an upstream fails before its first word.

    ``targets`` is the most tries of a request, ``within_s`` the time after its first in which another may begin. That
    is longer than the longest silence allowed by default, so that a target that stays silent can be left for another.
    ``same_target_retry`` tries the last one left once more after a passing fault. ``rest_keys`` leaves credentials
    alone for a while that a vendor has refused.
    """

    targets: int = 20
    within_s: float = 150.0
    same_target_retry: bool = True
    rest_keys: bool = True


@dataclass(frozen=True, slots=True)
class Translation:
    """The translate endpoints: on unless switched off. ``model`` translates where a client names none."""

    enable: bool = True
    prompt_template: str = ""
    retry: int = 0
    concurrency: int = 5
    model: str = "random"


@dataclass(frozen=True, slots=True)
class Images:
    """Images that the gateway fetches for vendors that take no addresses. Sizes are those of the images' own bytes.

    ``max_bytes`` is for one image, ``max_total_bytes``, ``max_count`` and ``timeout_s`` for all of a request together.
    ``allow_hosts`` (``host`` or ``host:port``, lower case) may be anywhere, also where nobody else is called.
    """

    fetch: bool = True
    max_bytes: int = 10 * 2**20
    max_total_bytes: int = 20 * 2**20
    max_count: int = 16
    timeout_s: float = 10.0
    allow_hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proxy:
    """Proxy addresses as configured, and which upstreams go through them.

    ``strategy`` empty or ``disabled`` means no proxy. ``type`` empty means whichever kind has an address. Addresses
    carry their scheme: http, https or socks5h. ``connect_s`` None leaves the upstream's own timeout. What each
    upstream uses in the end stands in ``Upstream.proxy_url``.
    """

    strategy: str = ""
    type: str = ""
    http_url: Secret | None = None
    https_url: Secret | None = None
    socks5_url: Secret | None = None
    connect_s: float | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """A whole config. ``bind_host`` empty means every interface. ``path`` is the file it came from.

    ``multi_content_models`` None leaves content arrays to the vendors; a list flattens them for all other models
    (a trailing ``*`` matches a prefix). ``keepalive_s`` is the silence of a stream after which a comment is sent.
    ``shared_state`` is where limits are counted with other gateways, a Redis URL or ``file:`` and a path; None means
    among the workers of this one. ``notes`` are remarks for the operator, already fit to print.
    """

    path: str = ""
    bind_host: str = ""
    bind_port: int = 9090
    debug: bool = False
    log_level: str = "info"
    log_json: bool = False
    caller_keys: tuple[CallerKey, ...] = ()
    load_balancing: str = "random"
    model_redirect: Mapping[str, str] = field(default_factory=dict)
    multi_content_models: tuple[str, ...] | None = None
    params_range: Mapping[str, ParamsRange] = field(default_factory=dict)
    circuit_breaker: CircuitBreaker = CircuitBreaker()
    failover: Failover = Failover()
    fallbacks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    translation: Translation = Translation()
    proxy: Proxy = Proxy()
    images: Images = Images()
    enable_web: bool = False
    upstreams: tuple[Upstream, ...] = ()
    max_body_bytes: int = 20 * 2**20
    keepalive_s: float = 15.0
    workers: int = 1
    shared_state: Secret | None = None
    notes: tuple[str, ...] = ()

    @property
    def lowest_level(self) -> str:
        """The level from which on this gateway's own lines are written: ``log_level``, unless ``debug`` is on."""
        return "debug" if self.debug else self.log_level
