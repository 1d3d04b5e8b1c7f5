"""Names to targets: redirects, strategies, rights, and what is listed."""

import random
from collections import Counter
from typing import Any

import pytest

from app import routing
from app.errors import ApiError
from app.identity import ANYBODY, Caller
from app.runtime import Runtime
from providers.types import ChatRequest
from tests.unit.toy import keyed, runtime, upstream


def made(strategy: str = "first", **settings: Any) -> Runtime:
    return runtime(
        upstream(
            "a", models=("m", "x"), credentials=keyed("k1", "k2"), model_redirect={"nick": "m"}, model_map={"m": "ep-1"}
        ),
        upstream("b", models=("m",)),
        upstream("off", models=("m", "gone"), enabled=False),
        load_balancing=strategy,
        **settings,
    )


def asked(model: str = "m", text: str = "hi", system: str = "s", more: str = "") -> ChatRequest:
    messages = [{"role": "system", "content": system}, {"role": "user", "content": text}]
    return ChatRequest(model, [*messages, *([{"role": "user", "content": more}] if more else [])], False, {})


def labels(runtime_: Runtime, request: ChatRequest | None = None, caller: Caller = ANYBODY) -> list[str]:
    return [target.label for target in routing.chat_route(request or asked(), caller, runtime_)[0]]


def test_entries_times_credentials_in_order() -> None:
    """Broken: a credential is left out, or a disabled entry is asked."""
    assert labels(made()) == ["a#1", "a#2", "b"]


def test_redirect_then_map() -> None:
    """Broken: the vendor is sent the name that the client used."""
    ((first, *_),) = routing.chat_route(asked("nick"), ANYBODY, made())
    assert (first.name, first.to.model) == ("nick", "ep-1")
    assert labels(made(), asked("nick")) == ["a#1", "a#2"]


def test_round_robin_takes_turns() -> None:
    """Broken: one target does all the work."""
    runtime_ = made("round_robin")
    assert Counter(labels(runtime_)[0] for _ in range(9)) == {"a#1": 3, "a#2": 3, "b": 3}


def test_random_reaches_all() -> None:
    """Broken: chance leaves a target out, or a failover list is incomplete."""
    runtime_ = made("random")
    assert {labels(runtime_)[0] for _ in range(100)} == {"a#1", "a#2", "b"}
    assert sorted(labels(runtime_)) == ["a#1", "a#2", "b"]


def test_hash_is_sticky_and_spreads() -> None:
    """Broken: one conversation changes its target between turns, or all conversations share one."""
    runtime_ = made("hash")
    assert labels(runtime_, asked(text="a")) == labels(runtime_, asked(text="a", more="next turn"))
    assert len({labels(runtime_, asked(text=str(number)))[0] for number in range(50)}) == 3
    by_caller = {labels(runtime_, asked(), Caller(str(number)))[0] for number in range(50)}
    assert len(by_caller) == 3


def test_hash_moves_few_when_a_target_goes() -> None:
    """Broken: adding or removing one target moves every conversation."""
    (targets,) = routing.chat_route(asked(), ANYBODY, made())
    rng = random.Random(1)
    moved = 0
    for number in range(300):
        before = routing.order(targets, "hash", rng, 0, str(number))[0]
        after = routing.order(targets[:2], "hash", rng, 0, str(number))[0]
        moved += before is not after
    assert moved == sum(routing.order(targets, "hash", rng, 0, str(n))[0] is targets[2] for n in range(300))


@pytest.mark.parametrize(
    ("redirects", "called", "name"),
    [
        ({}, "m", "m"),
        ({"gpt-4": "m"}, "gpt-4", "m"),
        ({"all": "x", "gpt-4": "m"}, "gpt-4", "x"),
        ({"all": "all"}, "gpt-4", "random"),
        ({"gpt-4": "random"}, "gpt-4", "random"),
    ],
)
def test_global_redirects(redirects: dict[str, str], called: str, name: str) -> None:
    """Broken: ``all`` does not win, or does not mean random where it should."""
    assert routing.resolve(called, redirects) == name


def test_random_model_is_any_model() -> None:
    """Broken: ``random`` misses models, or gives one the caller may not use."""
    runtime_ = made()
    names = {routing.chat_route(asked("random"), ANYBODY, runtime_)[0][0].name for _ in range(200)}
    assert names == {"m", "x", "nick"}
    only_x = Caller("c", frozenset({"x"}))
    assert {target.name for target in routing.chat_route(asked("random"), only_x, runtime_)[0]} == {"x"}
    assert routing.chat_route(asked("anything"), ANYBODY, made(model_redirect={"all": "all"}))


@pytest.mark.parametrize(
    ("called", "models", "names"),
    [
        ("random", {"random"}, {"m", "x", "nick"}),
        ("gpt-4", {"gpt-4"}, {"m", "x", "nick"}),
        ("gpt-4", {"gpt-4", "x"}, {"x"}),
    ],
)
def test_key_that_opens_any_model_by_one_name(called: str, models: set[str], names: set[str]) -> None:
    """Broken: a key for ``random``, or for a name that leads there, opens nothing."""
    caller = Caller("c", frozenset(models))
    (targets,) = routing.chat_route(asked(called), caller, made(model_redirect={"gpt-4": "random"}))
    assert {target.name for target in targets} == names
    with pytest.raises(ApiError):
        routing.chat_route(asked("random"), Caller("c", frozenset({"gpt-4"})), made(model_redirect={"gpt-4": "random"}))


@pytest.mark.parametrize(("model", "models"), [("none", None), ("gone", None), ("m", {"x"}), ("random", {"zzz"})])
def test_unknown_or_forbidden(model: str, models: set[str] | None) -> None:
    """Broken: an unknown, disabled or forbidden model is served, or the two are told apart."""
    with pytest.raises(ApiError) as caught:
        labels(made(), asked(model), Caller("c", frozenset(models) if models else None))
    assert (caught.value.status, caught.value.code, caught.value.param) == (404, "model_not_found", "model")


def test_nothing_enabled_says_what_to_do() -> None:
    """Broken: an empty gateway leaves its operator guessing."""
    with pytest.raises(ApiError, match="'services'") as caught:
        labels(runtime(upstream("a", enabled=False)))
    assert caught.value.status == 503


def test_listing() -> None:
    """Broken: a name that works is not listed, or one that the key may not use is."""
    runtime_ = made(model_redirect={"gpt-4": "m", "lost": "nowhere"})
    names = [name for name, _ in routing.visible_models(ANYBODY, runtime_)]
    assert names == ["e", "gpt-4", "m", "nick", "random", "x"]
    anything = routing.visible_models(ANYBODY, made(model_redirect={"gpt-4": "random"}))
    assert ("gpt-4", "simple-one-api") in anything
    some = [name for name, _ in routing.visible_models(Caller("c", frozenset({"m"})), runtime_)]
    assert some == ["m", "random"]


def test_embeddings_have_their_own_names() -> None:
    """Broken: an embedding model is offered for chat, or the reverse."""
    runtime_ = made()
    assert [target.label for target in routing.embedding_route("e", ANYBODY, runtime_)[0]] == ["a#1", "a#2", "b"]
    with pytest.raises(ApiError):
        routing.embedding_route("m", ANYBODY, runtime_)


@pytest.mark.parametrize(
    ("redirects", "called", "label"),
    [({"all": "m"}, "bge", "a"), ({"all": "all"}, "bge", "a"), ({"all": "e"}, "bge", "b"), ({"bge": "e"}, "bge", "b")],
)
def test_redirects_of_chats_leave_embeddings_alone(redirects: dict[str, str], called: str, label: str) -> None:
    """Broken: who sends all chats to one model loses embeddings, or one may not be redirected to another."""
    entries = upstream("a", embedding_models=("bge",)), upstream("b", embedding_models=("e",))
    ((target,),) = routing.embedding_route(called, ANYBODY, runtime(*entries, model_redirect=redirects))
    assert target.label == label


def test_fallbacks_of_a_model_that_all_are_redirected_to() -> None:
    """Broken: a fallback is redirected too, and so leads back to the model that it stands in for."""
    tiers = routing.chat_route(asked("any"), ANYBODY, made(model_redirect={"all": "m"}, fallbacks={"m": ("x",)}))
    assert [[target.name for target in tier] for tier in tiers] == [["m", "m", "m"], ["x", "x"]]


def test_alias_of_an_embedding_model() -> None:
    """Broken: a client that always asks for the same embedding model is not served, or a chat is sent to one."""
    entry = upstream("a", models=("m",), embedding_models=("bge",), model_redirect={"ada-002": "bge", "lost": "gone"})
    runtime_ = runtime(entry)
    (target,) = routing.embedding_route("ada-002", ANYBODY, runtime_)[0]
    assert (target.name, target.to.model) == ("ada-002", "bge")
    assert sorted(runtime_.chat) == ["lost", "m"]
    assert [name for name, _ in routing.visible_models(ANYBODY, runtime_)] == ["ada-002", "bge", "lost", "m", "random"]


def test_flatten_follows_the_operators_list() -> None:
    """Broken: the list of vision models is not honoured, or its absence flattens everything."""
    listed = runtime(upstream("a", models=("gpt-4o-mini", "m")), multi_content_models=("gpt-4o*", "glm-4v"))
    assert listed.chat["gpt-4o-mini"][0].to.flatten is False
    assert listed.chat["m"][0].to.flatten is True
    # The Go program's own list held beside the operator's.
    unlisted = runtime(upstream("a", models=("gemini-2.5-pro", "glm-4v", "m")), multi_content_models=("glm-4v",)).chat
    assert [unlisted[name][0].to.flatten for name in ("gemini-2.5-pro", "glm-4v", "m")] == [None, False, True]
    assert made().chat["m"][0].to.flatten is None
