"""The gateway as a WSGI application: who calls, what they asked, where it goes, and what comes back."""

import re
from typing import Any

from flask import Flask, Response, g, request

from app import cors, telemetry
from app.api import chat, embeddings, models, ops, translate
from app.api.headers import attempts
from app.call import Call
from app.client import Client
from app.identity import ANYBODY
from app.render import new_id
from app.runtime import Holder
from app.telemetry import Trace

_PUBLIC = frozenset({"ops.home", "ops.healthz"})


class _Gateway(Flask):
    """Flask, and addresses that clients put together of ``…/`` or ``…/v1/`` and what begins with a slash are answered.

    Werkzeug would redirect them: curl does not follow, and behind TLS the new address begins with ``http://``.
    """

    def wsgi_app(self, environ: Any, start_response: Any) -> Any:
        """The answer to one request."""
        path = environ.get("PATH_INFO", "")
        if path.startswith("//") or "/v1//" in path:
            environ["PATH_INFO"] = re.sub("(?:^|(?<=/v1))/{2,}", "/", path)
        return super().wsgi_app(environ, start_response)


def create_app(holder: Holder) -> Flask:
    """The application. It reads ``holder.current`` once per request, so that a swap meets only later ones."""
    app = _Gateway(__name__, static_folder=None)
    app.url_map.strict_slashes = False
    settings = holder.current.settings
    telemetry.configure(settings.lowest_level, as_json=settings.log_json)
    for blueprint in (chat.blueprint, embeddings.blueprint, models.blueprint, ops.blueprint, translate.blueprint):
        app.register_blueprint(blueprint)

    @app.before_request
    def begin() -> Response | None:
        runtime = holder.current
        g.trace = trace = Trace(_request_id(), request.method, request.path)
        if request.method == "OPTIONS":
            return cors.preflight()
        trace.quiet = request.endpoint in _PUBLIC
        # DeepLX's clients put their token into the address.
        token = request.args.get("token", "") if request.blueprint == translate.blueprint.name else ""
        caller = ANYBODY if trace.quiet else runtime.callers.identify(request.headers, token)
        trace.caller = caller.label
        g.call = Call(runtime, caller, Client(request.environ.get("gunicorn.socket")), trace)
        return None

    @app.after_request
    def end(response: Response) -> Response:
        trace: Trace = g.trace
        trace.status = response.status_code
        response.headers["x-request-id"] = trace.request_id
        cors.allow(response)
        if not response.is_streamed:
            trace.sent(response.content_length or 0)
        response.call_on_close(trace.write)
        return response

    @app.errorhandler(Exception)
    def fail(error: Exception) -> Response:
        reply = g.trace.failed(error)
        headers = {**reply.headers, **attempts(g.trace)}
        return Response(reply.body, reply.status, headers, mimetype="application/json")

    return app


def _request_id() -> str:
    """The id a proxy in front gave, if it is a plain word, else a fresh one."""
    given = request.headers.get("X-Request-Id", "")
    plain = 0 < len(given) <= 128 and given.isascii() and given.replace("-", "").replace("_", "").isalnum()
    return given if plain else new_id("req_")
