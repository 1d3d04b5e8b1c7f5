"""What ``check`` says of credentials for Hunyuan, whose surfaces want different ones."""

import pytest

from tests.unit.credential_faults import settings, told

NATIVE = {"server_url": "https://hunyuan.tencentcloudapi.com"}
CONSOLE = {"server_url": "https://api.hunyuan.cloud.tencent.com/v1"}
TOKENHUB = {"server_url": "https://tokenhub.tencentmaas.com/v1"}
PAIR = {"secret_id": "AKIDx", "secret_key": "y"}
KEY = {"api_key": "sk-x"}


@pytest.mark.parametrize(
    ("credentials", "entry", "words"),
    [
        ({}, {}, ['missing fields "secret_id", "secret_key"', "an api_key"]),
        ({"secret_id": "a"}, {}, ['missing field "secret_key"']),
        ({"secret_key": "a"}, {}, ['missing field "secret_id"']),
        ({"secret_id": "a", "secret_key": ""}, {}, ["credentials.secret_key: is empty"]),
        ({"secret_id": " ", "secret_key": "a"}, {}, ["credentials.secret_id: is empty"]),
        ({"api_key": ""}, {}, ["credentials.api_key: is empty"]),
        ({"secretid": "a", "secretkey": "b"}, {}, ['did you mean "secret_id"?', 'did you mean "secret_key"?']),
        ({"SecretId": "a", "SecretKey": "b"}, {}, ['did you mean "secret_id"?', 'did you mean "secret_key"?']),
        ({"secret_id": "a", "secret_kye": "b"}, {}, ['"secret_kye" (did you mean "secret_key"?)']),
        ({"apikey": "a"}, {}, ['"apikey" (did you mean "api_key"?)']),
        ({**PAIR, "regoin": "r"}, {}, ['"regoin" (did you mean "region"?)']),
        ({**PAIR, "tokne": "t"}, {}, ['"tokne" (did you mean "token"?)']),
        (KEY, NATIVE, ['missing fields "secret_id", "secret_key"']),
        ({"secret_id": "a"}, NATIVE, ['missing field "secret_key"']),
        (PAIR, CONSOLE, ['missing field "api_key"']),
        (PAIR, TOKENHUB, ['missing field "api_key"']),
        ({"api_kye": "a"}, TOKENHUB, ['"api_kye" (did you mean "api_key"?)']),
    ],
)
def test_faults(credentials: dict[str, str], entry: dict[str, str], words: list[str]) -> None:
    """Broken: a credential that lacks a field, or misspells one, is not told by the field's name."""
    faults = told("hunyuan", credentials, **entry)
    assert len(faults) == max(1, sum("did you mean" in word for word in words)), faults
    assert all(any(word in fault for fault in faults) for word in words), faults


@pytest.mark.parametrize(
    ("credentials", "entry", "row"),
    [
        (PAIR, {}, "hunyuan"),
        (KEY, {}, "hunyuan-openai"),
        ({**PAIR, **KEY}, {}, "hunyuan"),
        ({**PAIR, **KEY}, CONSOLE, "hunyuan-openai"),
        ({**PAIR, "region": "ap-beijing", "token": "t"}, NATIVE, "hunyuan"),
        (KEY, TOKENHUB, "tokenhub"),
    ],
)
def test_good_ones(credentials: dict[str, str], entry: dict[str, str], row: str) -> None:
    """Broken: a good credential is complained of, or speaks to another surface."""
    found = settings("hunyuan", credentials, **entry)
    assert (found.upstreams[0].vendor, list(found.notes)) == (row, [])


def test_default_models() -> None:
    """Broken: an entry without models, as old files have it, no longer offers the names it offered."""
    offered = settings("hunyuan", PAIR, models=[]).upstreams[0].models
    assert {"hunyuan-lite", "hunyuan-standard", "hunyuan-standard-256K", "hunyuan-pro"} <= set(offered)
