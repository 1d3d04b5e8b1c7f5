"""A chat request as a chat of v3, or as the results that a chat of v3 waits for.

A plain answer is asked for as a stream too and put together here: the vendor gives no whole ones, only a chat to be
asked after, which takes several calls and further permissions. ``poll: true`` in the entry asks for that way; a token
that may not ask after its chats is remembered and streams all the same. So is a server that takes users' messages only,
as the open-source edition does: it gets the conversation in one.
Source: https://www.coze.cn/open/docs/developer_guides/chat_v3, checked 2026-08.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

import orjson

from providers import auth
from providers.errors import ProviderError
from providers.types import ChatRequest, Delta, Destination, Event, Json, WireRequest
from providers.wires.coze import faults, files, params, polls, reply, tools, turns, urls

OPTIONS: Final = frozenset({"poll"})
_HEADERS: Final = {"content-type": "application/json"}
_FIELDS: Final = (*params.PASSED, params.CONVERSATION, "metadata")
_STREAM_ONLY: Final = "stream-only"
_USERS_ONLY: Final = "users-only"


@dataclass(frozen=True, slots=True)
class _Way:
    """How a chat is begun: by stream, and with the users' messages only, which hold the others' then.

    ``learnt`` is what the vendor's refusals of other ways taught, worth remembering if this one works.
    """

    stream: bool
    users_only: bool
    learnt: Mapping[str, Json] = field(default_factory=dict)


def encode(request: ChatRequest, to: Destination) -> WireRequest:
    """The request for the bot ``to.model``. Raises UNSUPPORTED for what a bot cannot be told."""
    waiting = tools.answered(request.messages, to)
    stream = request.stream or not to.options.get("poll") or to.recall(_key(_STREAM_ONLY, to)) is not None
    if waiting:
        return _outputs(request, to, waiting, stream)
    return _chat(request, to, _Way(stream, to.recall(_key(_USERS_ONLY, to)) is not None))


def _key(what: str, to: Destination) -> str:
    return f"coze:{what}:{tools.owner(to)}"


def _chat(request: ChatRequest, to: Destination, way: _Way) -> WireRequest:
    told = params.current(request.params)
    losses = params.losses(told, _FIELDS)
    uploads = None if to.flatten else files.Uploads.of(request.messages, to)
    said = turns.told(request.messages, uploads, losses)
    body: Json = {
        "bot_id": to.model,
        "user_id": params.user(told),
        "additional_messages": [turns.entry(turn) for turn in (turns.joined(said) if way.users_only else said)],
        "stream": way.stream,
        # False would forbid both asking after the chat and bringing it results of tools.
        "auto_save_history": True,
        **({"meta_data": told["metadata"]} if told.get("metadata") else {}),
        **{name: told[name] for name in params.PASSED if name in told},
    }
    wire = WireRequest(
        "POST",
        urls.endpoint(to.server_url, urls.CHAT),
        _HEADERS,
        orjson.dumps(body),
        tuple(losses),
        params.stops(told),
        decode=_reader(to),
        instead=partial(_instead, request, to, way),
        memo={**(uploads.known if uploads else {}), **way.learnt},
    )
    conversation = told.get(params.CONVERSATION)
    return auth.with_query(wire, conversation_id=str(conversation)) if conversation else wire


def _outputs(request: ChatRequest, to: Destination, waiting: Json, stream: bool) -> WireRequest:
    """The results for the chat that waits for them."""
    told = params.current(request.params)
    body = {"tool_outputs": tools.outputs(request.messages), "stream": stream}
    wire = WireRequest(
        "POST",
        urls.endpoint(to.server_url, urls.TOOL_OUTPUTS),
        _HEADERS,
        orjson.dumps(body),
        tuple(params.losses(told, _FIELDS)),
        params.stops(told),
        decode=_reader(to),
    )
    return auth.with_query(wire, conversation_id=waiting["conversation"], chat_id=waiting["chat"])


def _reader(to: Destination) -> Callable[[Iterator[Event]], Iterator[Delta]]:
    """What reads a reply, be it a stream or a chat to be asked after."""
    return partial(reply.decode, place=polls.Place(to.server_url, tools.owner(to)))


def _instead(request: ChatRequest, to: Destination, way: _Way, error: ProviderError) -> WireRequest | None:
    """The chat by the way that an error asks for: by stream, or in users' messages only."""
    if not way.stream and faults.lacks_right(error):
        other = replace(way, stream=True, learnt={**way.learnt, _key(_STREAM_ONLY, to): {}})
        return _chat(request, to, other)
    if not way.users_only and faults.takes_users_only(error):
        other = replace(way, users_only=True, learnt={**way.learnt, _key(_USERS_ONLY, to): {}})
        return _chat(request, to, other)
    return None
