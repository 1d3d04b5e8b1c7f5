"""Where the gateway keeps what should outlast a restart: a directory of the service's, or of the user's.

``SIMPLE_ONE_API_STATE_DIR`` wins; then ``STATE_DIRECTORY``, which systemd sets for the service, and its usual place for
who looks at the service's config from outside; then the user's own, by the XDG Base Directory Specification.
"""

import hashlib
import os
from pathlib import Path
from typing import Final

SERVICE_CONFIG: Final = Path("/etc/simple-one-api")
SERVICE_STATE: Final = Path("/var/lib/simple-one-api")


def keys_file(config: str) -> Path | None:
    """The file with the state of keys under a config file; None where there is no lasting one."""
    if not config or os.environ.get("SIMPLE_ONE_API_OWN_CONFIG"):
        return None
    path = Path(os.path.abspath(config))  # noqa: PTH100 - ".." is taken out, and links stay what they are
    named = hashlib.blake2b(os.fsencode(path), digest_size=5).hexdigest()
    return directory(path) / f"keys-{named}.json"


def directory(config: Path) -> Path:
    """The directory for the state of a gateway under ``config``. It need not exist."""
    for name in ("SIMPLE_ONE_API_STATE_DIR", "STATE_DIRECTORY"):
        if given := os.environ.get(name):
            return Path(given)
    if config.is_relative_to(SERVICE_CONFIG) and SERVICE_STATE.is_dir():
        return SERVICE_STATE
    home = os.environ.get("XDG_STATE_HOME") or Path(os.environ.get("HOME") or "/nonexistent", ".local", "state")
    return Path(home) / "simple-one-api"
