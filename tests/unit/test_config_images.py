"""``images`` of a config: defaults, units, and hosts that are none."""

import json
from typing import Any

import pytest

from config.load import ConfigError, loads
from config.model import Images
from tests.unit.rows import ROWS


def read(**told: Any) -> Images:
    text = json.dumps({"services": {}, "images": told})
    return loads(text, "c.json", {}, ROWS).images


def test_values() -> None:
    """Broken: a setting is lost, or counted in another unit than it says."""
    assert read() == Images()
    assert read(fetch=False) == Images(fetch=False)
    told = read(
        max_mb=0.5, max_total_mb=3, max_count=2, timeout_seconds=1.5, allow_hosts=["MinIO:9000", "[fd00::1]:80"]
    )
    assert told == Images(
        max_bytes=2**19,
        max_total_bytes=3 * 2**20,
        max_count=2,
        timeout_s=1.5,
        allow_hosts=("minio:9000", "[fd00::1]:80"),
    )


@pytest.mark.parametrize("host", ["http://minio", "minio/a", "minio:x", "::1", "a b", "u@minio", "minio:"])
def test_hosts_that_are_none(host: str) -> None:
    """Broken: what never matches a host is taken without a word."""
    with pytest.raises(ConfigError) as refused:
        read(allow_hosts=["good.example", host])
    fault = str(refused.value.faults[0])
    assert "images.allow_hosts[1]: this is not host or host:port" in fault
    assert ("scheme" in fault) == ("/" in host)


@pytest.mark.parametrize("wrong", [{"max_mb": 0}, {"timeout_seconds": -1}, {"max_count": 0.5}, {"allow_hosts": "x"}])
def test_values_out_of_range(wrong: dict[str, Any]) -> None:
    """Broken: a limit that means nothing is taken."""
    with pytest.raises(ConfigError):
        read(**wrong)
