"""A real nginx with the site that ``deploy/nginx`` ships, moved to free ports and a certificate of its own."""

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from ssl import SSLContext
from typing import Final

from tests.e2e import certificates
from tests.e2e.process import REPOSITORY, Gateway, free_port

BINARY: Final = Path("/usr/sbin/nginx")
SITE: Final = REPOSITORY / "deploy" / "nginx" / "simple-one-api.conf"


@dataclass(frozen=True, slots=True)
class Nginx:
    """Its two ports, and how its certificate is trusted."""

    plain_port: int
    tls_port: int
    context: SSLContext


@contextmanager
def in_front_of(gateway: Gateway, folder: Path) -> Iterator[Nginx]:
    """A running nginx that ends with the block."""
    certificate = certificates.make(folder)
    nginx = Nginx(free_port(), free_port(), certificate.context)
    (folder / "site.conf").write_text(moved(SITE.read_text(), gateway.port, nginx, certificate))
    (folder / "nginx.conf").write_text(main(folder))
    command = [str(BINARY), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait(folder / "pid", process, folder / "error.log")
            yield nginx
        finally:
            process.terminate()
            process.wait(10)


def moved(site: str, upstream_port: int, nginx: Nginx, certificate: certificates.Certificate) -> str:
    """The site as it is shipped, but for addresses and files; raises AssertionError where one is not found."""
    changes = (
        (r"listen \[::\]:\d+[^;]*;", ""),
        (r"listen 80;", f"listen 127.0.0.1:{nginx.plain_port};"),
        (r"listen 443 ssl", f"listen 127.0.0.1:{nginx.tls_port} ssl"),
        (r"server 127\.0\.0\.1:9090;", f"server 127.0.0.1:{upstream_port};"),
        (r"ssl_certificate [^;]+;", f"ssl_certificate {certificate.path};"),
        (r"ssl_certificate_key [^;]+;", f"ssl_certificate_key {certificate.private_key};"),
    )
    for pattern, replacement in changes:
        site, count = re.subn(pattern, replacement, site)
        assert count, f"{SITE} has no {pattern}"
    return site


def main(folder: Path) -> str:
    """The part around the site that a distribution brings."""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    user = "user root;" if os.geteuid() == 0 else ""
    http = f"http {{ access_log off; {paths} include {folder}/site.conf; }}"
    return f"daemon off; {user} pid {folder}/pid; worker_processes 1; events {{}} {http}\n"


def wait(pid: Path, process: subprocess.Popen[bytes], log: Path) -> None:
    """Returns when nginx listens, which it does before it writes its pid."""
    deadline_s = time.monotonic() + 10
    while not (pid.exists() and pid.read_text().strip()):
        assert process.poll() is None and time.monotonic() < deadline_s, log.read_text()
        time.sleep(0.02)
