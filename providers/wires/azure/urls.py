"""Addresses: which of the service's surfaces an operator's ``server_url`` means, and the endpoints of each.

Sources: https://learn.microsoft.com/azure/ai-foundry/openai/reference,
https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle,
https://learn.microsoft.com/rest/api/aifoundry/modelinference, and the path rules of the openai package's Azure client
3.54; checked 2026-08.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

DEPLOYMENTS: Final = "deployments"
V1: Final = "v1"
MODELS: Final = "models"

API_VERSION: Final = "2024-10-21"
"""The last dated version that is not a preview."""

MODELS_VERSION: Final = "2024-05-01-preview"

_V1_VERSIONS: Final = frozenset({"v1", "latest", "preview"})
"""All that the v1 surface knows beside no version at all; a dated one is a leftover of another surface."""

_DEPLOYMENT: Final = re.compile(r"(?P<base>.*?/deployments)/(?P<name>[^/]+)")
_V1: Final = re.compile(r"(?P<base>(?:.*/openai|.*?)/v1)(?=/|$)")
_MODELS: Final = re.compile(r"(?P<base>.*(?<!/openai)/models)(?=/(?:chat/completions|embeddings)?$|$)")
_REST: Final = re.compile(r"(/openai)?(/deployments)?(/(chat/completions|completions|embeddings|responses|models))?/*$")


@dataclass(frozen=True, slots=True)
class Place:
    """One configured address. ``surface`` is DEPLOYMENTS, V1 or MODELS; ``base`` the URL that operations are put to.

    ``deployment`` is the one that the address names, else empty; ``version`` is the api-version in it, else empty;
    ``query`` is the rest of its query.
    """

    surface: str
    base: str
    deployment: str = ""
    version: str = ""
    query: tuple[tuple[str, str], ...] = ()

    def endpoint(self, operation: str, deployment: str, version: str) -> str:
        """The URL of ``operation`` (``chat/completions``). ``version`` is the operator's, for an address without."""
        named = f"/{quote(deployment, safe='')}" if self.surface == DEPLOYMENTS else ""
        version = self._version(version)
        query = (*self.query, ("api-version", version)) if version else self.query
        asked = f"?{urlencode(query, quote_via=quote)}" if query else ""
        return f"{self.base}{named}/{operation}{asked}"

    def _version(self, configured: str) -> str:
        chosen = self.version or configured
        if self.surface == V1:
            return chosen if chosen in _V1_VERSIONS else ""
        return chosen or (API_VERSION if self.surface == DEPLOYMENTS else MODELS_VERSION)


@lru_cache(maxsize=256)
def place(server_url: str) -> Place:
    """The surface that ``server_url`` means, told by its path: a resource, a deployment, ``/openai/v1`` or ``/models``.

    Each of them with or without an operation, a slash or a query at its end. A path in front, as API Management has
    it, stays.
    """
    scheme, host, path, query, _ = urlsplit(server_url)
    told = parse_qsl(query, keep_blank_values=True)
    version = next((value for name, value in told if name.casefold() == "api-version"), "")
    rest = tuple((name, value) for name, value in told if name.casefold() != "api-version")
    surface, base, deployment = _parts(path)
    return Place(surface, urlunsplit((scheme, host, base, "", "")), deployment, version, rest)


def _parts(path: str) -> tuple[str, str, str]:
    """The surface, the path up to it, and the deployment that the path names."""
    path = re.sub(r"/{2,}", "/", path)
    if found := _DEPLOYMENT.match(path):
        return DEPLOYMENTS, found["base"], unquote(found["name"])
    if found := _V1.match(path):
        return V1, found["base"], ""
    if found := _MODELS.match(path):
        return MODELS, found["base"], ""
    return DEPLOYMENTS, f"{_REST.sub('', path)}/openai/deployments", ""
