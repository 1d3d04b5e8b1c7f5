"""A certificate that nobody trusts, made when a test needs one."""

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Certificate:
    """PEM files of a self-signed certificate for 127.0.0.1, and a context that trusts it."""

    path: Path
    private_key: Path

    @property
    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.path))


def make(folder: Path) -> Certificate:
    """A fresh one, good for a day."""
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
    files = ["-keyout", str(made.private_key), "-out", str(made.path)]
    subprocess.run([*command, *names, *files], check=True, capture_output=True)
    return made
