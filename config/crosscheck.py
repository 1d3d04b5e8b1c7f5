"""What one part of a config says of another: redirects and maps that lead somewhere, keys that are told apart.

Only names that no enabled entry offers are looked for; whether a vendor knows a model is not for a file to tell.
"""

from collections.abc import Iterable
from typing import Final

from config import callers
from config.faults import Report, dotted, printable
from config.keys import did_you_mean
from config.model import Settings, Upstream
from config.services import Found

RANDOM: Final = "random"
ALL: Final = "all"


def check_entry(one: Found, report: Report) -> None:
    """Note redirects and maps of one entry that do nothing, and an entry that offers nothing."""
    upstream = one.upstream
    own = {*upstream.models, *upstream.embedding_models}
    if upstream.enabled and not own:
        report.note(one.path, "offers no model, so nothing reaches it", "list some in models")
    for alias, model in upstream.model_redirect.items():
        if model not in own:
            hint = did_you_mean(model, own)
            report.note((*one.path, "model_redirect", alias), f'"{printable(model)}" is not among the models', hint)
    reachable = own | set(upstream.model_redirect.values())
    for name in upstream.model_map:
        if name not in reachable:
            hint = did_you_mean(name, reachable) or "list it in models"
            report.note((*one.path, "model_map", name), "no request arrives under this name", hint)


def check_settings(settings: Settings, found_ones: Iterable[Found], report: Report) -> None:
    """Report global redirects to nowhere; note keys and ranges for models that nobody offers."""
    everywhere = {name: one.path for one in found_ones for name in offered(one.upstream)}
    enabled = {name for upstream in settings.upstreams if upstream.enabled for name in offered(upstream)}
    if not enabled:
        report.note(("services",), "no service is enabled: every request will be answered with an error")
        return
    for alias, model in settings.model_redirect.items():
        if model not in enabled and not _leads_anywhere(alias, model):
            message, place = f'no enabled service offers "{printable(model)}"', ("model_redirect", alias)
            if model in everywhere:
                report.note(place, message, f"only {dotted(everywhere[model])} offers it, which is not enabled")
            else:
                report.fault(place, message, did_you_mean(model, enabled))
    callable_names = enabled | settings.model_redirect.keys() | {RANDOM}
    for name, instead in settings.fallbacks.items():
        for model in (name, *instead):
            if model not in enabled | {RANDOM}:
                hint = did_you_mean(model, enabled)
                report.fault(("fallbacks", name), f'no enabled service offers "{printable(model)}"', hint)
    for name in settings.params_range:
        if name not in callable_names:
            report.note(("params_range",), f'no enabled service offers "{printable(name)}"', key=name)
    callers.note_models(settings.caller_keys, callable_names, report)


def _leads_anywhere(alias: str, model: str) -> bool:
    return model == RANDOM or (alias == ALL and model == ALL)


def offered(upstream: Upstream) -> set[str]:
    """Every name that clients may call an upstream's models by."""
    return {*upstream.models, *upstream.embedding_models, *upstream.model_redirect}
