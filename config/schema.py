"""The shape of a config: every setting with its type, range, unit and meaning, and the value each object becomes.

Defaults stand in ``config/model.py``, in the dataclass that a schema fills. What depends on vendors or on other parts
of the file is checked elsewhere.
"""

from typing import Any, Final

from marshmallow import ValidationError, fields, post_load, validates_schema

from config.fields import Anything, Choice, Flag, Map, Names, Number, Text, Whole
from config.model import UNASKED_MULTI_CONTENT, CallerKey, CircuitBreaker, Failover, ParamsRange, Settings, Translation
from config.schema_entry import ProxySchema
from config.schema_images import ImagesSchema
from config.shape import ListenAddress, SecretText, Shape, doc
from config.sharing import SharedState

LOG_LEVELS: Final = {
    "debug": "debug",
    "info": "info",
    "warn": "warn",
    "error": "error",
    "dev": "debug",
    "prod": "info",
    "prodj": "info json",
}
LONG_LOG_LEVELS: Final = {
    "warning": "warn",
    "development": "debug",
    "production": "info",
    "prodjson": "info json",
    "productionjson": "info json",
}
LOAD_BALANCING: Final = {
    "first": "first",
    "random": "random",
    "round_robin": "round_robin",
    "hash": "hash",
    "rand": "random",
    "rr": "round_robin",
}
_UNBOUND: Final = 'no bounds; "max": 0 alone is one'


class RangeSchema(Shape):
    """A lower and an upper bound; either may be left out."""

    target = dict
    min = Number(least=0, metadata=doc("Lower values are raised to this one.", default="none"))
    max = Number(least=0, metadata=doc("Higher values are lowered to this one.", default="none"))

    @validates_schema
    def check_order(self, data: dict[str, Any], **_: Any) -> None:
        """Raise when the bounds are the wrong way round."""
        if data.get("min", 0) > data.get("max", float("inf")):
            raise ValidationError("min is above max", "min")

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Any:
        """(lower, upper), None where there is no bound."""
        return data.get("min"), data.get("max")


class ParamsRangeSchema(Shape):
    """``params_range.<model>``."""

    target = ParamsRange
    temperatureRange = fields.Nested(  # noqa: N815 - the file's own spelling
        RangeSchema, attribute="temperature", metadata=doc("Bounds of `temperature`.", zero=_UNBOUND)
    )
    topPRange = fields.Nested(  # noqa: N815
        RangeSchema, attribute="top_p", metadata=doc("Bounds of `top_p`.", zero=_UNBOUND)
    )
    maxTokens = Whole(  # noqa: N815
        least=1,
        attribute="max_tokens",
        metadata=doc("Upper bound of `max_tokens` and `max_completion_tokens`.", "tokens", zero="no limit"),
    )


class CircuitBreakerSchema(Shape):
    """``circuit_breaker``: when an upstream's model is left alone for a while."""

    target = CircuitBreaker
    enabled = Flag(metadata=doc("Whether failing upstreams are left out at all."))
    failure_threshold = Whole(
        least=1, metadata=doc("Failures in a row after which it is left out.", "failures", zero="the default")
    )
    recovery_timeout_seconds = Number(
        least=1,
        attribute="recovery_timeout_s",
        metadata=doc("How long until it is tried again.", "seconds", zero="the default"),
    )
    half_open_max_requests = Whole(
        least=1, metadata=doc("Trial requests at the same time after that.", "requests", zero="the default")
    )


class FailoverSchema(Shape):
    """``failover``: what is tried when an upstream fails before its first word."""

    target = Failover
    targets = Whole(least=1, metadata=doc("Most tries of one request.", "tries"))
    within_seconds = Number(
        least=0, attribute="within_s", metadata=doc("Time after the first try in which another may begin.", "seconds")
    )
    same_target_retry = Flag(
        metadata=doc("Whether the last target left is tried once more after a fault that may pass, a moment later.")
    )
    rest_keys = Flag(metadata=doc("Whether credentials that a vendor refused are left alone for a while."))


class TranslationSchema(Shape):
    """``translation``: the endpoints `/translate`, `/v1/translate` and `/v2/translate`."""

    target = Translation
    enable = Flag(metadata=doc("Whether the endpoints exist."))
    promptTemplate = Text(  # noqa: N815
        attribute="prompt_template",
        metadata=doc(
            "Prompt to translate with: its blanks are `{text}`, `{target_lang}` and `{source_lang}`, or `%s` twice for "
            "target language and text; empty = the built-in one.",
            aliases=("prompt_template",),
        ),
    )
    retry = Whole(least=0, metadata=doc("Further attempts when a translation fails.", "attempts"))
    concurrency = Whole(
        least=1, metadata=doc("Texts of one request translated at the same time.", "texts", zero="the default")
    )
    model = Text(metadata=doc("Model to translate with where a request names none."))


class CallerKeySchema(Shape):
    """``api_keys[]``: one more key that clients may send, and the models it opens."""

    target = CallerKey
    api_key = SecretText(
        required=True, attribute="key", error_messages={"required": "missing"}, metadata=doc("The key.", default="-")
    )
    supported_models = Map(
        Names(),
        "map of lists of names",
        attribute="models",
        metadata=doc("Models by free labels; `*` in any list opens all. Absent or empty opens none.", default="none"),
    )

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Any:
        """A key without its label, which its place in the list gives it."""
        models = {name for names in data.get("models", {}).values() for name in names}
        return CallerKey(data["key"], "", None if "*" in models else frozenset(models))


class SettingsSchema(Shape):
    """The top level. ``services`` and ``api_keys`` are read element by element, so that one fault hides no other."""

    target = Settings
    server_port = ListenAddress(
        attribute="bind", metadata=doc("Port, `:port` or `host:port` to listen on.", default="`:9090`", meant=("port",))
    )
    debug = Flag(metadata=doc("The most verbose log."))
    log_level = Choice(
        LOG_LEVELS,
        LONG_LOG_LEVELS,
        metadata=doc("`dev` is debug, `prod` is info, `prodj` is info as JSON lines; each may be written out."),
    )
    api_key = SecretText(metadata=doc("The key clients must send; all models.", default="none: open to everybody"))
    api_keys = Anything(
        list, "list of objects", metadata=doc("Further keys, with the models each opens.", default="none")
    )
    load_balancing = Choice(
        LOAD_BALANCING,
        metadata=doc(
            "Order in which the upstreams of a model are tried. `hash` keeps a caller's conversation on one upstream."
        ),
    )
    model_redirect = Map(
        Text(),
        "map of names",
        metadata=doc("Alias → model, for all services. Key `all` redirects every model; `all: all` means `random`."),
    )
    multi_content_models = Names(
        metadata=doc(
            "Models that take content arrays; `*` at the end matches a prefix. For all others arrays are made text, "
            f"but for {', '.join(f'`{name}`' for name in UNASKED_MULTI_CONTENT)}, which are left to the vendors.",
            default="left to the vendors",
        )
    )
    params_range = Map(
        fields.Nested(ParamsRangeSchema), "map of objects", metadata=doc("Bounds of parameters, by model name.")
    )
    circuit_breaker = fields.Nested(CircuitBreakerSchema, metadata=doc("When a failing upstream is left alone."))
    failover = fields.Nested(FailoverSchema, metadata=doc("What is tried when an upstream fails."))
    fallbacks = Map(
        Names(),
        "map of lists of names",
        metadata=doc("Model → models to answer in its stead when none of its own upstreams can."),
    )
    translation = fields.Nested(TranslationSchema, metadata=doc("The translate endpoints."))
    proxy = fields.Nested(ProxySchema, metadata=doc("Proxy for upstreams, and which of them use it."))
    images = fields.Nested(ImagesSchema, metadata=doc("Images by address, for vendors that take bytes only."))
    enable_web = Flag(metadata=doc("Accepted without effect: there is no web page."))
    services = Anything(
        dict,
        "map of lists of objects",
        required=True,
        error_messages={"required": "missing"},
        metadata=doc("Service → list of entries.", default="-", apart=True),
    )
    max_body_mb = Number(
        above=0,
        attribute="max_body_bytes",
        metadata=doc("Largest request body.", "MiB", default=f"{Settings().max_body_bytes / 2**20:g}"),
    )
    keepalive_seconds = Number(
        least=1,
        attribute="keepalive_s",
        metadata=doc("Silence of a stream after which a comment keeps the connection alive.", "seconds"),
    )
    workers = Whole(
        least=1,
        metadata=doc(
            "Worker processes; `$SIMPLE_ONE_API_WORKERS` wins over it. Limits hold for all of them.", "processes"
        ),
    )
    shared_state = SharedState(
        metadata=doc(
            "Where limits are counted with other gateways: `redis://…`, `rediss://…`, `unix:///…`, or `file:/…` on one "
            "host.",
            default="among the workers of this gateway",
        )
    )
    statistics = Anything(metadata=doc("Accepted and ignored.", idle="this version keeps no statistics", default="-"))

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Any:
        """Settings without upstreams, keys and notes, which are not this schema's to make."""
        given = {name: value for name, value in data.items() if name not in _ELSEWHERE}
        if "bind" in data:
            given["bind_host"], given["bind_port"] = data["bind"]
        if "log_level" in data:
            given["log_level"], _, json = data["log_level"].partition(" ")
            given["log_json"] = bool(json)
        if "max_body_bytes" in data:
            given["max_body_bytes"] = int(data["max_body_bytes"] * 2**20)
        given["multi_content_models"] = data.get("multi_content_models") or None
        master = (CallerKey(data["api_key"], "master"),) if "api_key" in data else ()
        return Settings(**given, caller_keys=master)


_ELSEWHERE: Final = ("services", "api_keys", "api_key", "bind", "statistics")
