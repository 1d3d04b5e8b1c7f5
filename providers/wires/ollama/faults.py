"""Errors: a text under ``error``, whose status and words tell what happened.

Source: https://docs.ollama.com/api/errors and the server's routes.go, checked 2026-08. The cloud's are unverified.
"""

import re
from collections.abc import Mapping
from typing import Final

from providers.errors import ErrorKind as Kind
from providers.errors import ProviderError, not_here
from providers.wires.openai import faults as common
from providers.wires.openai import shapes
from providers.wires.openai.dialect import Dialect

_DIALECT: Final = Dialect(models_by_account=True)
_MISSING: Final = re.compile(r"model ['\"]?(?P<name>[^'\"\s,]+)['\"]? (?:was )?not found")
_NO_PAGE: Final = "page not found"
_NO_ADDRESS: Final = "server_url leads to no address of an Ollama server"
_NO_KEY: Final = "this server asks for an api_key; those of its cloud are made at https://ollama.com/settings/keys"


def fault(status: int, headers: Mapping[str, str], body: bytes, dialect: Dialect = _DIALECT) -> ProviderError:
    """The error that a reply with a failing status is; what the operator can do about it stands in brackets."""
    error = common.fault(status, headers, body, dialect)
    if status == 404 and _NO_PAGE in error.message:
        return ProviderError(Kind.INVALID_REQUEST, f"{error.message} ({_NO_ADDRESS})", status=404)
    found = _MISSING.search(error.message)
    if found and status in (400, 404):
        return _not_pulled(error.message, found["name"])
    if status == 401 and error.kind is Kind.UPSTREAM_AUTH:
        error.message = f"{error.message} ({_NO_KEY})"
    if status in (502, 503):
        return ProviderError(Kind.OVERLOADED, error.message, type="server_error", retry_after_s=error.retry_after_s)
    return error


def in_reply(body: bytes) -> ProviderError:
    """The error that a line of a reply is whose status was a success; all that such a line holds is a text."""
    error = fault(shapes.parse(body).status or 500, {}, body)
    error.status = None
    return error


def of_text(body: bytes) -> ProviderError:
    """The error that a reply is which is no JSON."""
    return common.of_text(body, _DIALECT)


def _not_pulled(message: str, name: str) -> ProviderError:
    """A model that this server lacks; the next one may have it."""
    return not_here(f"{message} (on the server, run: ollama pull {name})")
