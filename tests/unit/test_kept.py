"""What outlasts a reload: live objects under the key of what they stand for."""

from dataclasses import replace

from app import runtime as runtimes
from app.kept import Kept
from app.runtime import Runtime
from config.model import Limits
from tests.unit.toy import TOY, keyed, runtime, upstream


def after(before: Runtime, *names_and_keys: tuple[str, str], limits: Limits | None = None) -> Runtime:
    """The runtime that follows ``before`` when the config holds these entries."""
    limits = limits or Limits(qps=2)
    entries = [upstream(name, limits=limits, credentials=keyed(key)) for name, key in names_and_keys]
    return runtimes.build(replace(before.settings, upstreams=tuple(entries)), {"toy": TOY}, before)


def test_objects_are_taken_over_once() -> None:
    """Broken: an object is made anew, lives on for ever, or stands for something else."""
    first = Kept()
    one = first.get(list, "a", 1)
    assert first.get(list, "a", 1) is one
    second = Kept(first)
    assert second.get(list, "a", 1) is one and second.get(list, "a", 2) is not one
    second.forget_before()
    assert Kept(second).get(list, "a", 1) is one
    third = Kept(Kept(second))
    assert third.get(list, "a", 1) is not one
    assert third.numbered("k") != third.numbered("k")


def test_reordering_keeps_state() -> None:
    """Broken: limits, breakers, connections or notes are lost because entries changed places or one was added."""
    before = runtime(
        upstream("toy-1", limits=Limits(qps=2), credentials=keyed("key-aa")),
        upstream("toy-2", limits=Limits(qps=2), credentials=keyed("key-bb")),
    )
    now = after(before, ("toy-1", "key-new"), ("toy-2", "key-bb"), ("toy-3", "key-aa"))
    old = {target.to.credential["api_key"].reveal(): target for target in before.chat["m"]}
    new = {target.to.credential["api_key"].reveal(): target for target in now.chat["m"]}
    for key in ("key-aa", "key-bb"):
        assert new[key].limiters == old[key].limiters and new[key].limiters
        assert new[key].breaker is old[key].breaker
        assert new[key].transport is old[key].transport
    assert new["key-new"].limiters[0] not in [*old["key-aa"].limiters, *old["key-bb"].limiters]
    assert (now.memory, now.line, now.turns) == (before.memory, before.line, before.turns)


def test_entries_that_look_alike_stay_apart() -> None:
    """Broken: two entries with the same address and credential share their limits."""
    same = {"limits": Limits(qps=2), "credentials": keyed("key-aa")}
    made = runtime(upstream("toy-1", **same), upstream("toy-2", **same))
    first, second = made.chat["m"]
    assert first.limiters[0] is not second.limiters[0] and first.breaker is not second.breaker


def test_changed_limits_are_in_force() -> None:
    """Broken: a changed limit has no effect."""
    before = runtime(upstream("toy-1", limits=Limits(qps=2), credentials=keyed("key-aa")))
    now = after(before, ("toy-1", "key-aa"), limits=Limits(qps=5))
    assert now.chat["m"][0].limiters[0].limits.qps == 5
