"""Settings of the limits that gateways keep together: where they count, and when a vendor's day begins."""

import re
from datetime import timedelta, timezone, tzinfo
from importlib.util import find_spec
from pathlib import PurePosixPath
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from config import urls
from config.fields import Data, Text, with_hint
from providers.types import Secret

REDIS: Final = {"redis": "redis", "rediss": "rediss", "valkey": "redis", "valkeys": "rediss"}
_OFFSET: Final = re.compile(r"([+-])([01]\d):?([0-5]\d)")


class SharedState(Text):
    """Where limits are counted: a Redis or Valkey, or a file. A secret, as it may hold a password."""

    kind = "URL"

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        scheme, _, rest = text.partition(":")
        if scheme.lower() == "file":
            return Secret(_file(rest))
        if scheme.lower() != "unix":
            text = _redis(text)
        if find_spec("redis") is None:
            raise with_hint('the package "redis" is not installed', "pip install 'simple-one-api[redis]'")
        return Secret(text)


def _file(rest: str) -> str:
    path = rest.removeprefix("//")
    if not PurePosixPath(path).is_absolute():
        raise with_hint("the file's path is not absolute", "for example file:/run/simple-one-api/limits")
    return f"file:{path}"


def _redis(text: str) -> str:
    try:
        parts = urls.checked(text, (*REDIS, "unix", "file"))
    except urls.AddressError as error:
        hint = "for example redis://127.0.0.1:6379/0" if "scheme" in error.message else error.hint
        raise with_hint(error.message, hint) from None
    return parts._replace(scheme=REDIS[parts.scheme]).geturl()


class Zone(Text):
    """A time zone: a name of the IANA database, or hours and minutes east of UTC."""

    kind = "time zone"

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        found = _zone(text)
        if found is None:
            raise with_hint("unknown time zone", 'for example "America/Los_Angeles" or "+08:00"')
        return found


def _zone(text: str) -> tzinfo | None:
    offset = _OFFSET.fullmatch(text)
    if offset:
        sign, hours, minutes = offset.groups()
        east = timedelta(hours=int(hours), minutes=int(minutes))
        return timezone(-east if sign == "-" else east)
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
