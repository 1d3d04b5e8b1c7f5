"""A config file and the environment to ``Settings``, or one ConfigError that lists every fault.

The order: text → document (values and positions) → ``${…}`` → shapes → upstreams → crosscheck. Each step works on
what the steps before it could read, so that one run tells all. A fault anywhere means no Settings.
"""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from config import callers, crosscheck, document, services
from config.environment import Sources, substitute
from config.faults import ConfigError, Fault, Report
from config.model import Proxy, Settings
from config.schema import SettingsSchema
from config.schema_entry import ProxySchema
from config.tidy import read, tidy, without_stand_ins
from providers.vendor import Vendor, load_vendors

__all__ = ["ConfigError", "Fault", "load", "loads", "text"]

_SETTINGS: Final = SettingsSchema()
_PROXY: Final = ProxySchema()
_NO_PROXY: Final = ("", "disabled")
_ADDRESSES: Final = ("http_proxy", "https_proxy", "socks5_proxy")


def load(
    path: str | Path, environ: Mapping[str, str] = os.environ, vendors: Mapping[str, Vendor] | None = None
) -> Settings:
    """The settings in a JSON or YAML file. ``vendors`` are those of this version unless given.

    Raises ConfigError with all faults, also when the file cannot be read. Never writes or connects anywhere.
    """
    return loads(text(path), str(path), environ, vendors)


def text(path: str | Path) -> bytes:
    """What is in a config file. Raises ConfigError."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise ConfigError([Fault(str(path), 1, 1, "", f"cannot be read: {error.strerror}")]) from None


def loads(
    content: str | bytes,
    name: str = "config.json",
    environ: Mapping[str, str] = os.environ,
    vendors: Mapping[str, Vendor] | None = None,
) -> Settings:
    """The settings in a text; ``name`` stands in messages, its ending tells the format, its folder is that of files."""
    report = Report(name)
    value = document.read(content, name, report)
    if isinstance(value, dict):
        whole = substitute(value, Sources(environ, Path(name).parent, report))
        _check_key(value, whole, report)
        settings = _settings(whole, environ, vendors if vendors is not None else load_vendors(), report)
    if report.faults or not isinstance(value, dict):
        raise report.broken()
    notes = tuple(str(note) for note in report.sorted_notes())
    return replace(settings, path=name, notes=notes)


def _settings(
    value: dict[str, Any], environ: Mapping[str, str], vendors: Mapping[str, Vendor], report: Report
) -> Settings:
    """Settings as far as they can be read; worth something only when nothing was reported."""
    tidied = tidy(value, _SETTINGS, (), report)
    if "proxy" in tidied and str(tidied["proxy"].get("strategy", "")).strip().lower() in _NO_PROXY:
        tidied["proxy"] = without_stand_ins(tidied["proxy"], _PROXY, _ADDRESSES, ("proxy",), report)
    settings: Settings
    settings, wrong = read(_SETTINGS, tidied, (), report)
    _note_unused_proxy(settings.proxy, report)
    around = services.Surroundings(vendors, settings.proxy, environ, report)
    raw_services = {} if "services" in wrong else tidied["services"]
    found, sure = services.find(raw_services, around)
    raw_keys = tidied.get("api_keys", []) if "api_keys" not in wrong else []
    settings = replace(
        settings,
        upstreams=tuple(one.upstream for one in found),
        caller_keys=callers.keys(raw_keys, settings.caller_keys, report),
    )
    for one in found:
        crosscheck.check_entry(one, report)
    if sure:
        crosscheck.check_settings(settings, found, report)
    return settings


def _check_key(written: dict[str, Any], found: dict[str, Any], report: Report) -> None:
    """Report an ``api_key`` whose variable or file is empty: taken as absent it would open the gateway to everybody."""
    for name, text in written.items():
        if name.lower() == "api_key" and isinstance(text, str) and text.strip() and not found[name].strip():
            report.fault((name,), "is empty", "leave it out where everybody may call")


def _note_unused_proxy(proxy: Proxy, report: Report) -> None:
    if not proxy.strategy and (proxy.http_url or proxy.https_url or proxy.socks5_url):
        report.note(("proxy",), "no strategy, so no proxy is used", 'strategy "all" sends everything through it')
