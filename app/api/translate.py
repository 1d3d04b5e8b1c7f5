"""Translation the way its clients ask for it: DeepLX's address with one text, and DeepL's with several.

Shapes: https://github.com/OwO-Network/DeepLX and https://developers.deepl.com/docs/api-reference/translate
"""

import time
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import parse_qs

import orjson
from flask import Blueprint, Response, g, request

from app import parse, render, translation
from app.api.body import read_body
from app.api.events import event_stream
from app.api.headers import reply_headers
from app.call import Call
from app.errors import ApiError
from app.translation import Wanted
from config.model import Translation

blueprint = Blueprint("translate", __name__)

_FORM: Final = "application/x-www-form-urlencoded"


@blueprint.post("/translate")
@blueprint.post("/v1/translate")
def translate_one() -> Response:
    """One text, whole or as a stream of pieces."""
    call, settings, wanted = _asked()
    if len(wanted.texts) != 1:
        raise ApiError(400, "'text' must be one text here; /v2/translate takes several", param="text")
    call.trace.stream = wanted.stream
    if wanted.stream:
        return _streamed(wanted, settings, call)
    (text,) = translation.all_of(wanted, settings, call)
    return _json(_deeplx(text, wanted), call)


@blueprint.post("/v2/translate")
@blueprint.post("/v1/v2/translate")
def translate_several() -> Response:
    """Several texts at once, as JSON or as a form."""
    call, settings, wanted = _asked()
    if wanted.stream:
        raise ApiError(400, "'stream' works at /v1/translate only", param="stream")
    source = wanted.source.upper()
    found = translation.all_of(wanted, settings, call)
    return _json({"translations": [{"detected_source_language": source, "text": text} for text in found]}, call)


def _asked() -> tuple[Call, Translation, Wanted]:
    call: Call = g.call
    settings = call.runtime.settings.translation
    if not settings.enable:
        raise ApiError(404, "translation is switched off in this gateway's config ('translation.enable')")
    body = read_body()
    # curl calls a body a form unless told otherwise.
    is_form = request.mimetype == _FORM and not body.lstrip().startswith(b"{")
    wanted = translation.wanted(_form(body) if is_form else parse.json_object(body), settings.model)
    call.trace.model = wanted.model
    return call, settings, wanted


def _form(body: bytes) -> dict[str, Any]:
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values if name == "text" else values[-1] for name, values in fields.items()}


def _deeplx(text: str, wanted: Wanted) -> dict[str, Any]:
    return {
        "code": 200,
        "data": text,
        "alternatives": [],
        "source_lang": wanted.source.upper(),
        "target_lang": wanted.target.upper(),
        "method": "Pro",
    }


def _json(document: dict[str, Any], call: Call) -> Response:
    return Response(orjson.dumps(document), headers=reply_headers(call.trace), mimetype="application/json")


def _streamed(wanted: Wanted, settings: Translation, call: Call) -> Response:
    found, reply = translation.pieces(wanted, settings, call)
    return event_stream(_events(found, wanted, call.runtime.settings.keepalive_s), reply, call.trace)


def _events(found: Iterator[str | None], wanted: Wanted, keepalive_s: float) -> Iterator[bytes]:
    """One event per piece, each of the shape of a whole answer; a comment where a model thinks for long before one."""
    spoke = time.monotonic()
    for piece in found:
        if piece:
            yield b"data: " + orjson.dumps(_deeplx(piece, wanted)) + b"\n\n"
        elif piece is None or time.monotonic() - spoke >= keepalive_s:
            yield render.KEEPALIVE
        else:
            continue
        spoke = time.monotonic()
