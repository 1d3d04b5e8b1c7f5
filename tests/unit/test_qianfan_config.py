"""What ``check`` says of credentials for Qianfan, whose two protocols want different ones."""

import pytest

from tests.unit.credential_faults import settings, told

V1 = {"server_url": "https://aip.baidubce.com"}
V2 = {"server_url": "https://qianfan.baidubce.com/v2"}
PAIR = {"api_key": "k", "secret_key": "s"}
IAM = {"access_key": "ALTAKx", "secret_key": "s"}
V2_KEY = {"api_key": "bce-v3/ALTAK-x/secretpart"}


@pytest.mark.parametrize(
    ("credentials", "entry", "words"),
    [
        ({}, {}, ['missing field "api_key"', "access_key + secret_key"]),
        ({"secret_key": "s"}, {}, ['missing field "api_key"']),
        ({"api_key": "", "secret_key": "s"}, {}, ["credentials.api_key: is empty"]),
        ({"api_key": "k", "secret_kye": "s"}, {}, ['"secret_kye" (did you mean "secret_key"?)']),
        ({"apikey": "k", "secret_key": "s"}, {}, ['"apikey" (did you mean "api_key"?)']),
        ({"access_key": "a"}, {}, ['missing field "secret_key"']),
        ({"acces_key": "a", "secret_key": "s"}, {}, ['"acces_key" (did you mean "access_key"?)']),
        ({**PAIR, "adress": "x"}, {}, ['"adress" (did you mean "address"?)']),
        ({**PAIR, "app_id": "x"}, {}, ['"app_id" (did you mean "appid"?)']),
        ({"api_key": "k"}, V1, ['missing field "secret_key"']),
        ({"secret_key": "s"}, V1, ['missing field "api_key"']),
        ({"api_key": "k", "secret_key": " "}, V1, ["credentials.secret_key: is empty"]),
        ({"access_key": "a"}, V1, ['missing field "secret_key"']),
        ({}, V2, ['missing field "api_key"']),
        ({"appid": "x"}, V2, ['missing field "api_key"']),
        ({"api_kye": "k"}, V2, ['"api_kye" (did you mean "api_key"?)']),
    ],
)
def test_faults(credentials: dict[str, str], entry: dict[str, str], words: list[str]) -> None:
    """Broken: a credential that lacks a field, or misspells one, is not told by the field's name."""
    (fault,) = told("qianfan", credentials, **entry)
    assert all(word in fault for word in words), fault


@pytest.mark.parametrize(
    ("credentials", "entry", "row", "note"),
    [
        (PAIR, {}, "qianfan", ""),
        ({**PAIR, "addresss": "mine"}, {}, "qianfan", ""),
        (PAIR, V1, "qianfan", ""),
        (IAM, V1, "qianfan", ""),
        (IAM, {}, "qianfan-v2", ""),
        (V2_KEY, {}, "qianfan-v2", ""),
        ({**V2_KEY, "appid": "app-1"}, V2, "qianfan-v2", ""),
        ({"api_key": "k"}, V2, "qianfan-v2", ""),
        ({"api_key": "k"}, {}, "qianfan-v2", "V1 needs secret_key as well"),
        ({**V2_KEY, "secret_key": "s"}, {}, "qianfan-v2", "secret_key has no effect"),
        (PAIR, V2, "qianfan-v2", "looks like a pair of V1"),
        ({**V2_KEY, "secret_key": "s"}, V1, "qianfan", "is a V2 key"),
    ],
)
def test_good_ones(credentials: dict[str, str], entry: dict[str, str], row: str, note: str) -> None:
    """Broken: a good credential is complained of, one in the wrong place goes unnoticed, or a key is told."""
    found = settings("qianfan", credentials, **entry)
    assert found.upstreams[0].vendor == row
    assert len(found.notes) == bool(note)
    assert all(note in str(one) and "secretpart" not in str(one) for one in found.notes)


def test_default_models() -> None:
    """Broken: an entry without models, as old files have it, no longer offers the names it offered."""
    old = ("yi_34b_chat", "ERNIE-Speed-8K", "ERNIE-Speed-128K", "ERNIE-Lite-8K", "ERNIE-Lite-8K-0922", "ERNIE-Tiny-8K")
    assert settings("qianfan", PAIR, models=[]).upstreams[0].models == old
