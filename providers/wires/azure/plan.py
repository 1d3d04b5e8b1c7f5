"""What a request is going to be: at which address, for which deployment, and by the rules of which model.

A deployment's name is the operator's own and need not tell its model, so every name that is known is looked at.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from providers.types import Destination
from providers.wires.azure.urls import DEPLOYMENTS, MODELS, V1, Place, place
from providers.wires.openai.dialect import NEVER, Dialect

DEVELOPER_SINCE: Final = "2024-12-01"
"""Before this api-version no model knew the role ``developer``.

Source: https://learn.microsoft.com/azure/ai-foundry/openai/how-to/reasoning, checked 2026-08.
"""

_REASONING: Final = re.compile(r"(?i)(?<![a-z0-9])(?:(o[1-9])(?![a-z0-9])|gpt-?([5-9])(?:\.?(\d))?(?![0-9]))(.*)")
_ANY_REASONING: Final = "o1"
"""Stands for a model that only the operator's word shows to be one that reasons."""

_ANY_OTHER: Final = "-"


@dataclass(frozen=True, slots=True)
class Plan:
    """``deployment`` is what the address or the body names, ``model`` the name by which the rules of models go.

    ``note`` is a remark for the access line, empty where there is nothing to remark.
    """

    place: Place
    deployment: str
    model: str
    dialect: Dialect
    version: str
    may_lose_dots: bool = False
    note: str = ""

    def url(self, operation: str) -> str:
        """The address of ``operation`` (``chat/completions``)."""
        return self.place.endpoint(operation, self.deployment, self.version)

    @property
    def without_dots(self) -> "Plan | None":
        """The same for the deployment's name without dots, None where the operator chose the name."""
        if not self.may_lose_dots:
            return None
        return replace(self, deployment=self.deployment.replace(".", ""), may_lose_dots=False)


def plan(asked: str, to: Destination, dialects: Mapping[str, Dialect]) -> Plan:
    """The plan for a model that the client called ``asked``; ``dialects`` holds one for each surface.

    A deployment that the address names is used for every model, but for one that the entry's own maps lead elsewhere.
    """
    where, asked = place(to.server_url), to.alias or asked
    mapped = asked != to.model
    fixed = bool(where.deployment) and not mapped
    deployment = where.deployment if fixed else to.model
    version = str(to.options.get("api_version") or "")
    model = _model((deployment, to.model, asked), to.options.get("reasoning_models"))
    note = ""
    if where.deployment not in ("", deployment):
        note = f"deployment {deployment} instead of {where.deployment} in server_url"
    return Plan(
        where,
        deployment,
        model,
        _dialect(dialects[where.surface], where, where.version or version),
        version,
        may_lose_dots=not mapped and not fixed and where.surface != MODELS and "." in deployment,
        note=note,
    )


def _model(names: Iterable[str], told: Any) -> str:
    """The name by which the rules go: the operator's word first, else the first name that tells a reasoning model."""
    names = tuple(names)
    hints = told if isinstance(told, dict) else {}
    word = next((hints[name] for name in names if name in hints), None)
    if word is False:
        return _ANY_OTHER
    found = next((found for name in names if (found := _REASONING.search(name))), None)
    if found is None:
        return names[0] if word is None else _ANY_REASONING
    small, number, minor, rest = found.groups()
    return f"{small}{rest}" if small else f"gpt-{number}{f'.{minor}' if minor else ''}{rest}"


def _dialect(dialect: Dialect, where: Place, version: str) -> Dialect:
    old = where.surface == DEPLOYMENTS and version < DEVELOPER_SINCE
    return replace(dialect, developer_models=NEVER) if old and where.surface != V1 else dialect
