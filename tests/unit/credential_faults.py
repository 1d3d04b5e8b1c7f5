"""What ``check`` says of credentials, for the tests of vendors."""

import json
from typing import Any

import pytest

from config.load import ConfigError, loads
from config.model import Settings
from providers.vendor import load_vendors

VENDORS = load_vendors()


def settings(service: str, credentials: Any, **entry: Any) -> Settings:
    """The settings of a config with one entry. Raises ConfigError."""
    written = {"enabled": True, "models": ["m"], "credentials": credentials, **entry}
    return loads(json.dumps({"services": {service: [written]}}), "c.json", {}, VENDORS)


def told(service: str, credentials: Any, **entry: Any) -> list[str]:
    """The faults of a config with one entry, each without its place in the file. Fails where there are none."""
    with pytest.raises(ConfigError) as refused:
        settings(service, credentials, **entry)
    return [str(fault).partition(" ")[2] for fault in refused.value.faults]
