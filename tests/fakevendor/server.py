"""The server: accepts, hands requests to the control addresses or to the catalogue, and keeps the journal."""

import base64
import ssl
from collections.abc import Callable
from itertools import count
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import orjson
from gevent import socket
from gevent.server import StreamServer

from tests.fakevendor import catalogue, check, replies
from tests.fakevendor.connection import Connection, Request
from tests.fakevendor.journal import Entry, Journal
from tests.fakevendor.wire import Answer, End, Step, document

_BACKLOG: Final = 1024


class Server:
    """The state of one fake vendor: its journal and the scripts that tests have left."""

    def __init__(self) -> None:
        self.journal = Journal()
        self.scripts: dict[str, list[Step]] = {}
        self._accepted = count(1)
        self._control: dict[tuple[str, str], Callable[[Request], Answer]] = {
            ("GET", "/_log"): self._log,
            ("GET", "/_mark"): self._mark,
            ("POST", "/_script"): self._script,
            ("POST", "/_reset"): self._reset,
        }

    def accept(self, sock: socket.socket, _address: object) -> None:
        """Serve one connection to its end."""
        Connection(sock, next(self._accepted), self.respond).serve()

    def respond(self, request: Request, connection: int) -> tuple[Answer, Entry | None]:
        """The answer, and its journal entry unless the request was for a control address."""
        control = self._control.get((request.method, urlsplit(request.path).path))
        if control:
            return control(request), None
        entry = self._enter(request, connection)
        refusal = check.refusal(request.headers, urlsplit(request.path).path, entry.body)
        if refusal:
            entry.refused = refusal[1]["error"]["message"]
            return document(refusal[1], refusal[0]), entry
        return self._answer(request, entry), entry

    def _enter(self, request: Request, connection: int) -> Entry:
        try:
            body = orjson.loads(request.body) if request.body else None
        except orjson.JSONDecodeError:
            body = request.body.decode("utf-8", "replace")
        entry = Entry(
            self.journal.next_number(),
            request.arrived_s,
            connection,
            request.method,
            request.path,
            request.headers,
            body,
            model=str(body.get("model", "")) if isinstance(body, dict) else "",
            key=check.bearer(request.headers),
        )
        self.journal.entries.append(entry)
        return entry

    def _answer(self, request: Request, entry: Entry) -> Answer:
        path = urlsplit(request.path).path
        if entry.model in self.scripts:
            return self.scripts[entry.model]
        if path.endswith("/models") and request.method == "GET":
            return document(replies.models())
        if path.endswith("/embeddings"):
            return catalogue.embeddings(entry.model, entry.key, entry.body)
        if path.endswith("/chat/completions") and request.method == "POST":
            return catalogue.answer(entry.model, entry.key, entry.body)
        return document(replies.error(f"unknown address {path}", code="unknown_url"), 404)

    def _log(self, request: Request) -> Answer:
        query = parse_qs(urlsplit(request.path).query)
        return document(self.journal.since(int(query.get("since", ["0"])[0])))

    def _mark(self, _request: Request) -> Answer:
        return document(self.journal.count)

    def _script(self, request: Request) -> Answer:
        order = orjson.loads(request.body)
        self.scripts[order["model"]] = list(_steps(order))
        return document({"ok": True})

    def _reset(self, _request: Request) -> Answer:
        self.journal.entries.clear()
        self.scripts.clear()
        return document({"ok": True})


def _steps(order: dict[str, Any]) -> list[Step]:
    """``steps`` is a list of [base64, seconds to wait afterwards]; ``end`` the name of an End, or ``open``."""
    steps: list[Step] = []
    for encoded, wait_s in order["steps"]:
        steps.append(base64.b64decode(encoded))
        if wait_s:
            steps.append(float(wait_s))
    return steps if order["end"] == "open" else [*steps, End(order["end"])]


def listen(port: int, certificate: str = "", private_key: str = "") -> StreamServer:
    """A started server on 127.0.0.1, with TLS when it is given a certificate; ``server_port`` tells its port."""
    context: dict[str, ssl.SSLContext] = {}
    if certificate:
        context["ssl_context"] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context["ssl_context"].load_cert_chain(certificate, private_key)
    server = StreamServer(("127.0.0.1", port), Server().accept, backlog=_BACKLOG, **context)
    server.start()
    return server
