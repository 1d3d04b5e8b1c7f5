"""A file as a multipart form (RFC 7578)."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from providers.types import WireRequest


@dataclass(frozen=True, slots=True)
class FormFile:
    """The file of a form. ``media_type`` empty stands for bytes of any kind."""

    name: str
    media_type: str
    data: bytes


def upload(url: str, file: FormFile, fields: Mapping[str, str]) -> WireRequest:
    """The request that sends ``file`` in the form's field ``file``, with further text fields before it.

    Its boundary is made from the content, which therefore does not hold it, and the same content gives the same bytes.
    """
    boundary = hashlib.sha256(file.data + "\0".join(fields.values()).encode()).hexdigest()
    media_type = file.media_type or "application/octet-stream"
    parts = [(f'name="{name}"', "", value.encode()) for name, value in fields.items()]
    parts.append((f'name="file"; filename="{_quoted(file.name)}"', f"Content-Type: {media_type}\r\n", file.data))
    body = b"".join(
        b"--%b\r\nContent-Disposition: form-data; %b\r\n%b\r\n%b\r\n"
        % (boundary.encode(), head.encode(), more.encode(), value)
        for head, more, value in parts
    )
    headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
    return WireRequest("POST", url, headers, body + f"--{boundary}--\r\n".encode())


def _quoted(name: str) -> str:
    return name.replace("\\", "_").replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
