"""What kind of image some bytes are, told by their beginning: the type a server states is not to be relied on. Pure."""

from typing import Final

KNOWN: Final = "PNG, JPEG, GIF, WebP, BMP, TIFF, HEIC or AVIF"

_SIGNATURES: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
)
_BRANDS: Final = {
    **dict.fromkeys((b"avif", b"avis"), "image/avif"),
    **dict.fromkeys((b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis"), "image/heic"),
    **dict.fromkeys((b"mif1", b"msf1"), "image/heif"),
}
"""Brands of the ISO container. Source: https://mp4ra.org/registered-types/brands, checked 2026-08."""

_BMP_HEADERS: Final = frozenset({12, 40, 52, 56, 64, 108, 124})
"""The sizes that the second header of a BMP may have: its two letters alone are found in texts too."""


def media_type(data: bytes) -> str:
    """The media type of an image, empty for anything but those ``KNOWN``; a beginning of 32 bytes tells it."""
    for signature, kind in _SIGNATURES:
        if data.startswith(signature):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:8] == b"ftyp":
        return _BRANDS.get(data[8:12], "")
    if data[:2] == b"BM" and int.from_bytes(data[14:18], "little") in _BMP_HEADERS:
        return "image/bmp"
    return ""
