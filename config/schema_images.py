"""The shape of ``images``: what the gateway may fetch, and how much of it."""

import re
from typing import Any, Final

from marshmallow import ValidationError, post_load

from config.fields import Data, Flag, Names, Number, Whole, with_hint
from config.model import Images
from config.shape import Shape, doc

_HOST: Final = re.compile(r"(\[[0-9a-f:.]+\]|[^\s/:@\[\]]+)(:[0-9]{1,5})?")
_MIB: Final = 2**20


class Hosts(Names):
    """A list of hosts, each with or without a port, in lower case, IPv6 addresses in brackets."""

    kind = "list of hosts"

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> Any:
        hosts = [host.lower() for host in super()._deserialize(value, attr, data, **kwargs)]
        faults = {index: _fault(host).messages for index, host in enumerate(hosts) if not _HOST.fullmatch(host)}
        if faults:
            raise ValidationError(dict(faults))
        return tuple(hosts)


def _fault(host: str) -> ValidationError:
    hint = 'for example "images.example.com", "minio:9000" or "[fd00::1]:9000"'
    return with_hint("this is not host or host:port", "leave out the scheme and the path" if "/" in host else hint)


class ImagesSchema(Shape):
    """``images``: images by address, fetched for vendors that take bytes only."""

    target = Images
    fetch = Flag(metadata=doc("Whether addresses are fetched; otherwise they are handed on, and most likely refused."))
    max_mb = Number(
        above=0,
        attribute="max_bytes",
        metadata=doc("Largest image.", "MiB", default=f"{Images().max_bytes / _MIB:g}"),
    )
    max_total_mb = Number(
        above=0,
        attribute="max_total_bytes",
        metadata=doc("All images of a request together.", "MiB", default=f"{Images().max_total_bytes / _MIB:g}"),
    )
    max_count = Whole(least=1, metadata=doc("Most images of a request.", "images"))
    timeout_seconds = Number(
        above=0, attribute="timeout_s", metadata=doc("Time for all images of a request together.", "seconds")
    )
    allow_hosts = Hosts(
        metadata=doc(
            "Hosts of your own, `host` or `host:port`, that may have private addresses, and the port that is named."
        )
    )

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Any:
        """Images, with sizes in bytes."""
        for name in {"max_bytes", "max_total_bytes"} & data.keys():
            data[name] = int(data[name] * _MIB)
        return Images(**data)
