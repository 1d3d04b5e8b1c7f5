"""What ``check`` says of credentials for MiniMax, whose oldest protocol wants a group as well."""

import pytest

from tests.unit.credential_faults import settings, told

PRO = {"server_url": "https://api.minimax.chat/v1/text/chatcompletion_pro"}
GROUPED = {"server_url": "https://api.minimax.chat/v1/text/chatcompletion_pro?GroupId=7"}
V2 = {"server_url": "https://api.minimaxi.com/v1/text/chatcompletion_v2"}
OPENAI = {"server_url": "https://api.minimaxi.com/v1"}
KEY = {"api_key": "k"}
BOTH = {"api_key": "k", "group_id": "1"}


@pytest.mark.parametrize(
    ("credentials", "entry", "words"),
    [
        ({}, {}, ['missing field "api_key"']),
        ({"group_id": "1"}, {}, ['missing field "api_key"']),
        ({"api_key": ""}, {}, ["credentials.api_key: is empty"]),
        ({"apikey": "k"}, {}, ['"apikey" (did you mean "api_key"?)']),
        (KEY, PRO, ['missing field "group_id"', "the account's group"]),
        ({"group_id": "1"}, PRO, ['missing field "api_key"']),
        ({}, PRO, ['missing fields "api_key", "group_id"']),
        ({"api_key": "k", "group_id": ""}, PRO, ["credentials.group_id: is empty"]),
        ({"api_key": "k", "groupid": "1"}, PRO, ['"groupid" (did you mean "group_id"?)']),
        ({"api_key": "k", "GroupId": "1"}, PRO, ['"GroupId" (did you mean "group_id"?)']),
        ({"api_key": "k", "gruop_id": "1"}, V2, ['"gruop_id" (did you mean "group_id"?)']),
        ({"group_id": "1"}, V2, ['missing field "api_key"']),
        ({"group_id": "1"}, OPENAI, ['missing field "api_key"']),
        ({"group_id": "1"}, GROUPED, ['missing field "api_key"']),
    ],
)
def test_faults(credentials: dict[str, str], entry: dict[str, str], words: list[str]) -> None:
    """Broken: a credential that lacks a field, or misspells one, is not told by the field's name."""
    (fault,) = told("minimax", credentials, **entry)
    assert all(word in fault for word in words), fault


@pytest.mark.parametrize(
    ("credentials", "entry", "row"),
    [
        (BOTH, {}, "minimax"),
        (KEY, {}, "minimax"),
        ({"api_key": "k", "group_id": 1782658868262748274}, PRO, "minimax-pro"),
        (KEY, GROUPED, "minimax-pro-grouped"),
        (KEY, V2, "minimax-v2"),
        (BOTH, V2, "minimax-v2"),
        (KEY, OPENAI, "minimax-openai"),
    ],
)
def test_good_ones(credentials: dict[str, object], entry: dict[str, str], row: str) -> None:
    """Broken: a good credential, a group that is a number too, is complained of, or speaks another protocol."""
    found = settings("minimax", credentials, **entry)
    assert (found.upstreams[0].vendor, list(found.notes)) == (row, [])
    group = found.upstreams[0].credentials[0].fields.get("group_id")
    assert (group.reveal() if group else None) == (str(credentials["group_id"]) if "group_id" in credentials else None)


def test_default_models() -> None:
    """Broken: an entry without models, as old files have it, no longer offers the names it offered."""
    offered = settings("minimax", BOTH, models=[]).upstreams[0].models
    assert {"abab6.5", "abab6.5s", "abab6.5t", "abab6.5g", "abab5.5s", "MiniMax-M3"} <= set(offered)
