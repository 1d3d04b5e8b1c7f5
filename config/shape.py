"""How a setting is declared: the base of all schemas, what is said of a field, and kinds with a meaning of their own.

Of a field is said: ``help`` and ``unit``, which the reference table prints; ``default``, where the dataclass cannot
tell it; ``aliases``, further right names; ``meant``, names that people write in its place; ``inside``, names that
belong into it and not beside it; ``zero``, what 0 always
meant and so still means; ``idle``, why it does nothing here.
"""

from collections.abc import Callable
from typing import Any, ClassVar

from marshmallow import EXCLUDE, Schema, post_load

from config import proxy, urls
from config.fields import Data, Text, with_hint, wrong_type
from providers.types import Secret


class Shape(Schema):
    """A schema whose object becomes ``target(**fields)``; keys it does not know are left to ``config/tidy.py``."""

    class Meta:
        """Unknown keys have been reported before."""

        unknown = EXCLUDE

    target: ClassVar[Callable[..., Any]]

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Any:
        """The dataclass that this object becomes; fields the file leaves out keep their defaults."""
        return type(self).target(**data)


def doc(text: str, unit: str = "", **more: Any) -> dict[str, Any]:
    """What there is to say of a field."""
    return {"help": text, "unit": unit, **more}


class ProxyAddress(Text):
    """The address of a proxy, with or without its scheme; a secret, as it may hold a password."""

    kind = "address"

    def __init__(self, scheme: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scheme = scheme

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            return proxy.address(text, self.scheme)
        except urls.AddressError as error:
            password = "@" in text and "scheme" not in error.message
            hint = "percent-encode / ? # : @ in a password" if password else error.hint
            raise with_hint(error.message, hint) from None


class ListenAddress(Text):
    """(host, port) out of a text or a number."""

    kind = "text or number"

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, (int, str)):
            raise wrong_type("a port or host:port", value)
        try:
            return urls.bind_address(str(value))
        except urls.AddressError as error:
            raise with_hint(error.message, error.hint) from None


class SecretText(Text):
    """A text that nobody may read but those who compare or sign."""

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> Any:
        return Secret(super()._deserialize(value, attr, data, **kwargs))
