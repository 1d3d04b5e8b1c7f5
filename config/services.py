"""``services`` made upstreams: each entry read, given to its vendor's row, and completed with what the row says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Final

from config import credentials, proxy, urls
from config.faults import Path, Report, dotted, printable
from config.fields import found
from config.keys import nearest
from config.model import Proxy, Upstream
from config.schema_entry import Entry, EntrySchema
from config.tidy import read, tidy, without_stand_ins
from providers.types import Timeouts
from providers.vendor import Vendor, by_service, choose

_OPENAI_HINT: Final = 'if it speaks the OpenAI API, put it under "openai" with its server_url'
_ENTRY: Final = EntrySchema()
_NAMING: Final = frozenset({"enabled", "models", "embedding_models", "model_redirect"})
"""Fields that say which models are offered: with one of them wrong, nobody knows."""

_ADDRESSES: Final = ("server_url", "auth_url")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What entries are made upstreams with."""

    vendors: Mapping[str, Vendor]
    proxy: Proxy
    environ: Mapping[str, str]
    report: Report


@dataclass(frozen=True, slots=True)
class Found:
    """An upstream and where its entry stands. ``sure`` is False when what it offers could not be read."""

    path: Path
    upstream: Upstream
    sure: bool = True


def find(services: Mapping[str, Any], around: Surroundings) -> tuple[list[Found], bool]:
    """The upstreams of all services, and whether it is known what each of them offers."""
    found_ones: list[Found] = []
    sure = True
    for service, entries in services.items():
        path: Path = ("services", service)
        known = _known_service(service, entries, around)
        if entries is None:
            continue
        if not isinstance(entries, list):
            hint = "put the entry in [ ]" if isinstance(entries, dict) else ""
            around.report.fault(path, f"expected a list of entries, found {found(entries)}", hint)
            sure = False
            continue
        for index, raw in enumerate(entries):
            one = _found(raw, known or service, (*path, index), around)
            sure = sure and one is not None and one.sure
            found_ones.extend([one] if one else [])
    return _with_ids(found_ones, around.report), sure


def _known_service(service: str, entries: Any, around: Surroundings) -> str | None:
    """The service that this key stands for, the one it was meant for, or None. Reports all but the first."""
    known = _in_its_case(service, around.vendors)
    if known != service:
        around.report.note(("services",), f'"{service}" is read as "{known}"', key=service)
    if by_service(around.vendors, known):
        return known
    names = {name for row in around.vendors.values() for name in (row.name, *row.services)}
    guess = nearest(service, names)
    hint = f'did you mean "{guess}"?' if guess else _OPENAI_HINT
    tell = around.report.note if _all_disabled(entries) else around.report.fault
    tell(("services",), f'unknown service "{printable(service)}"', hint, key=service)
    return guess


def _in_its_case(service: str, vendors: Mapping[str, Vendor]) -> str:
    """The name of a service as it is written, where only the case of its letters is another."""
    lower = service.lower()
    return lower if by_service(vendors, lower) and not by_service(vendors, service) else service


def _all_disabled(entries: Any) -> bool:
    """Whether nothing of a service is in use."""
    listed = entries if isinstance(entries, list) else [entries]
    return bool(listed) and all(isinstance(entry, dict) and entry.get("enabled") is False for entry in listed)


def _found(raw: Any, service: str, path: Path, around: Surroundings) -> Found | None:
    report = around.report
    if not isinstance(raw, dict):
        report.fault(path, f"expected an object, found {found(raw)}")
        return None
    tidied = tidy(raw, _ENTRY, path, report, _all_options(around.vendors))
    if tidied.get("enabled") is False:
        tidied = without_stand_ins(tidied, _ENTRY, _ADDRESSES, path, report)
    entry, wrong = read(_ENTRY, tidied, path, report)
    if "enabled" not in tidied:
        report.note(path, '"enabled" is absent and taken as true')
    _note_limits(tidied, path, report)
    entry = replace(entry, provider=_in_its_case(entry.provider, around.vendors))
    row = choose(
        around.vendors, service, entry.provider, entry.server_url, credentials.field_names(entry, around.vendors)
    )
    if row is None:
        return Found(path, _offers(entry, service), not wrong & _NAMING)
    _note_row(entry, row, tidied, path, around)
    if not row.base_url and "server_url" not in tidied:
        _tell(entry, report)(path, "missing server_url", f"{row.name} has no address of its own")
    upstream = _upstream(entry, row, service, path, around)
    options = {name: tidied[name] for name in row.options if name in tidied}
    return Found(path, replace(upstream, options=options), not wrong & _NAMING)


def _all_options(vendors: Mapping[str, Vendor]) -> frozenset[str]:
    return frozenset(name for row in vendors.values() for name in row.options)


def _tell(entry: Entry, report: Report) -> Callable[..., None]:
    """What a disabled entry lacks is worth a note only."""
    return report.fault if entry.enabled else report.note


def _offers(entry: Entry, service: str) -> Upstream:
    """As much of an upstream as the entry alone tells."""
    return Upstream(
        id=entry.id,
        service=service,
        vendor="",
        enabled=entry.enabled,
        models=entry.models,
        embedding_models=entry.embedding_models,
        server_url=entry.server_url,
        auth_url=entry.auth_url,
        model_map=entry.model_map,
        model_redirect=entry.model_redirect,
        limits=entry.limit,
        embedding_limits=entry.embedding_limit,
        on_unsupported=entry.on_unsupported,
        reasoning_models=entry.reasoning_models,
    )


def _upstream(entry: Entry, row: Vendor, service: str, path: Path, around: Surroundings) -> Upstream:
    checked = credentials.check(entry, row, path, around.report)
    if not checked and entry.credential_list:
        around.report.note((*path, "credential_list"), "no credential is enabled, so the entry is not used")
    way = _way(entry, row, path, around)
    # An entry that names models of one kind offers no others of the vendor's: its operator chose.
    named = bool(entry.models or entry.embedding_models)
    return replace(
        _offers(entry, service),
        vendor=row.name,
        enabled=entry.enabled and bool(checked),
        models=entry.models or row.models or _family_models(service, around.vendors),
        embedding_models=entry.embedding_models if named else row.embedding_models,
        credentials=checked,
        server_url=entry.server_url or row.base_url,
        proxy_url=way.url,
        timeouts=_timeouts(entry, way, row.timeouts),
    )


def _family_models(service: str, vendors: Mapping[str, Vendor]) -> tuple[str, ...]:
    """The list of a service whose row picks among its own protocols, for a protocol without a list."""
    own = by_service(vendors, service)
    return own.models if own and own.pick else ()


def _timeouts(entry: Entry, way: proxy.Way, usual: Timeouts) -> Timeouts:
    """A long ``timeout`` covers the wait for the first byte too: a vendor may think before it says anything."""
    return Timeouts(
        connect_s=entry.connect_timeout or way.connect_s or usual.connect_s,
        first_event_s=entry.first_event_timeout or max(usual.first_event_s, entry.timeout or 0.0),
        idle_s=entry.timeout or usual.idle_s,
    )


def _way(entry: Entry, row: Vendor, path: Path, around: Surroundings) -> proxy.Way:
    if not entry.enabled:
        return proxy.DIRECT
    if entry.use_proxy and not entry.proxy and not around.proxy.strategy:
        around.report.note((*path, "use_proxy"), "has no effect", "proxy has no strategy")
    try:
        return proxy.way(around.proxy, entry.proxy, entry.use_proxy, entry.server_url or row.base_url, around.environ)
    except urls.AddressError as error:
        where = (*path, "proxy") if entry.proxy else ("proxy",)
        around.report.fault(where, error.message, error.hint)
        return proxy.DIRECT


def _note_row(entry: Entry, row: Vendor, tidied: dict[str, Any], path: Path, around: Surroundings) -> None:
    report = around.report
    if entry.provider and not by_service(around.vendors, entry.provider):
        report.note((*path, "provider"), f'no vendor is called "{printable(entry.provider)}"; {row.name} is used')
    for name in tidied:
        if name not in _ENTRY.fields and name not in row.options:
            report.note((*path, name), f"has no effect for {row.name}")


def _note_limits(tidied: dict[str, Any], path: Path, report: Report) -> None:
    for name in ("limit", "embedding_limit"):
        if {"qpm", "rpm"} <= tidied.get(name, {}).keys():
            report.note((*path, name), "qpm and rpm mean the same; the smaller one holds")


def _with_ids(found_ones: list[Found], report: Report) -> list[Found]:
    """The upstreams with an id each: their own, or the service and a number that nobody else has."""
    seen: dict[str, Path] = {}
    for one in found_ones:
        name = one.upstream.id
        if name in seen:
            report.fault((*one.path, "id"), f'duplicate id "{printable(name)}"', f"{dotted(seen[name])} has it too")
        elif name:
            seen[name] = one.path
    return [replace(one, upstream=replace(one.upstream, id=_id(one, seen))) for one in found_ones]


def _id(one: Found, taken: dict[str, Path]) -> str:
    if one.upstream.id:
        return one.upstream.id
    numbers = count(int(one.path[-1]) + 1)
    name = next(name for number in numbers if (name := f"{one.path[1]}-{number}") not in taken)
    taken[name] = one.path
    return name
