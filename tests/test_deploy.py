"""The files that put the gateway into service: checked by the programs that will read them."""

import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
UNIT = ROOT / "deploy/systemd/simple-one-api.service"
INSTALL = ROOT / "deploy/systemd/install.sh"
NGINX_CONF = ROOT / "deploy/nginx/simple-one-api.conf"
SBIN = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def program(name: str) -> str:
    """Its path; the test is skipped where it is not installed."""
    found = shutil.which(name, path=SBIN)
    if not found:
        pytest.skip(f"{name} is not installed")
    return found


def run(*command: str | Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*map(str, command)], capture_output=True, text=True, timeout=60, check=False, env={**os.environ, **environ}
    )


def graceful_timeout_s() -> int:
    source = (ROOT / "config/gunicorn.py").read_text()
    return int(re.findall(r"^graceful_timeout = (\d+)", source, re.MULTILINE)[0])


@pytest.mark.parametrize("script", [INSTALL, ROOT / ".ci/run"], ids=lambda path: path.name)
def test_shell_scripts(script: Path) -> None:
    """Broken: a shell script has a fault that shellcheck sees, or cannot be run."""
    done = run(program("shellcheck"), script)
    assert done.returncode == 0, done.stdout
    assert os.access(script, os.X_OK)


def test_unit_is_understood(tmp_path: Path) -> None:
    """Broken: systemd does not understand a line of the unit."""
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/simple-one-api/bin/simple-one-api", "/bin/true"))
    done = run(program("systemd-analyze"), "verify", unit)
    assert (done.returncode, done.stderr) == (0, "")


def test_unit_is_hardened() -> None:
    """Broken: the service may do more on its host than it needs (exposure above 2.0)."""
    done = run(program("systemd-analyze"), "security", "--offline=yes", "--threshold=20", UNIT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_unit_waits_for_streams() -> None:
    """Broken: systemd kills the service while gunicorn still lets streams end."""
    stop_s = int(re.findall(r"^TimeoutStopSec=(\d+)", UNIT.read_text(), re.MULTILINE)[0])
    assert stop_s > graceful_timeout_s()


def test_install_dry_run() -> None:
    """Broken: --dry-run changes something, or leaves a step out."""
    done = run(INSTALL, "--dry-run", PYTHON="python3")
    assert done.returncode == 0, done.stderr
    commands = [line.removeprefix("+ ").split()[0] for line in done.stdout.splitlines() if line.startswith("+ ")]
    assert {"install", "cp", "chown", "systemctl"} <= set(commands)
    assert not Path("/tmp/simple-one-api-build").exists()  # noqa: S108 - the script's word for what it would make


def test_uninstall_below_destdir(tmp_path: Path) -> None:
    """Broken: --uninstall takes the operator's config along, or --purge leaves it."""
    (tmp_path / "opt/simple-one-api/bin").mkdir(parents=True)
    config = tmp_path / "etc/simple-one-api/config.json"
    config.parent.mkdir(parents=True)
    config.write_text("{}")
    assert run(INSTALL, "--uninstall", DESTDIR=str(tmp_path)).returncode == 0
    assert not (tmp_path / "opt/simple-one-api").exists()
    assert config.exists()
    assert run(INSTALL, "--uninstall", "--purge", DESTDIR=str(tmp_path)).returncode == 0
    assert not config.exists()


def test_install_refuses_what_it_does_not_know() -> None:
    """Broken: a mistyped option installs."""
    assert run(INSTALL, "--uninstal").returncode == 2
    assert run(INSTALL, "--purge").returncode == 2


def test_dockerfile_keeps_its_promises() -> None:
    """Broken: the image runs as root, gets no signals, or has no health check."""
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    last_user = [line.split()[1] for line in lines if line.startswith("USER ")][-1]
    assert last_user.split(":")[0] not in ("root", "0")
    assert any(line.startswith('ENTRYPOINT ["') for line in lines)
    assert any(line.startswith("HEALTHCHECK ") for line in lines)


def test_image_gets_no_secrets_and_all_sources() -> None:
    """Broken: a config with keys is sent to the image builder, or a file that the Dockerfile copies is not."""
    ignore = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignore
    allowed = {line[1:] for line in ignore if line.startswith("!")}
    copied = {
        name
        for line in (ROOT / "Dockerfile").read_text().splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for name in line.split()[1:-1]
    }
    assert copied == allowed


def test_compose_file() -> None:
    """Broken: the container may write, gain rights, or is killed while streams end."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    service = compose["services"]["simple-one-api"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["volumes"] == ["./conf:/etc/simple-one-api:ro", "state:/var/lib/simple-one-api"]
    assert "state" in compose["volumes"]
    assert int(service["stop_grace_period"].removesuffix("m")) * 60 > graceful_timeout_s()


class Upstream(BaseHTTPRequestHandler):
    """Streams one event, waits to be told, then streams the other. Tells what nginx sent it."""

    protocol_version = "HTTP/1.1"
    seen: dict[str, str] = {}  # noqa: RUF012 - one test uses it
    go_on = threading.Event()

    def do_POST(self) -> None:
        Upstream.seen = dict(self.headers)
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"9\r\ndata: 1\n\n\r\n")
        Upstream.go_on.wait(10)
        self.wfile.write(b"9\r\ndata: 2\n\n\r\n0\r\n\r\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def nginx(folder: Path, listen_port: int, upstream_port: int) -> Iterator[None]:
    """Run nginx with the shipped server block, its certificate and ports replaced."""
    binary = program("nginx")
    certificate = folder / "cert.pem"
    request = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=llm.example.com")
    made = run(program("openssl"), *request, "-keyout", folder / "key.pem", "-out", certificate)
    assert made.returncode == 0, made.stderr
    block = NGINX_CONF.read_text()
    block = re.sub(r"/etc/letsencrypt\S+fullchain\.pem", str(certificate), block)
    block = re.sub(r"/etc/letsencrypt\S+privkey\.pem", str(folder / "key.pem"), block)
    block = re.sub(r"^\s+listen \[::\].*\n", "", block, flags=re.MULTILINE)
    block = block.replace("listen 80;", f"listen 127.0.0.1:{free_port()};")
    block = block.replace("listen 443 ssl;", f"listen 127.0.0.1:{listen_port} ssl;")
    block = block.replace("127.0.0.1:9090", f"127.0.0.1:{upstream_port}")
    paths = "".join(
        f"{name}_temp_path {folder}/{name}; " for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    conf = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    conf.write_text(
        f"{user} pid {folder}/pid; error_log {folder}/error.log; daemon off; worker_processes 1;\n"
        f"events {{}}\nhttp {{ access_log off; {paths}\n{block}\n}}\n"
    )
    tested = run(binary, "-t", "-c", conf)
    assert tested.returncode == 0 and "[warn]" not in tested.stderr, tested.stderr
    with subprocess.Popen([binary, "-c", str(conf)], stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.terminate()


def connected(port: int, certificate: Path) -> http.client.HTTPSConnection:
    """A connection to a server that is starting."""
    trust = ssl.create_default_context(cafile=str(certificate))
    trust.check_hostname = False
    for _ in range(250):
        client = http.client.HTTPSConnection("127.0.0.1", port, timeout=10, context=trust)
        try:
            client.connect()
        except ConnectionRefusedError:
            time.sleep(0.02)
        else:
            return client
    raise AssertionError("nginx did not start")


def test_nginx_passes_streams_on_as_they_come(tmp_path: Path) -> None:
    """Broken: nginx refuses the file, holds tokens back, or does not tell the gateway whom it serves."""
    program("nginx")
    listen_port = free_port()
    with ThreadingHTTPServer(("127.0.0.1", 0), Upstream) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with nginx(tmp_path, listen_port, server.server_port):
            client = connected(listen_port, tmp_path / "cert.pem")
            client.request("POST", "/v1/chat/completions", b"x" * (20 * 2**20), {"Host": "llm.example.com"})
            reply = client.getresponse()
            assert reply.readline() == b"data: 1\n"
            Upstream.go_on.set()
            assert reply.read() == b"\ndata: 2\n\n"
            client.close()
        server.shutdown()
    assert Upstream.seen["Host"] == "llm.example.com"
    assert Upstream.seen["X-Forwarded-For"] == "127.0.0.1"
    assert Upstream.seen["X-Forwarded-Proto"] == "https"
    assert Upstream.seen["X-Request-Id"]
    assert "Connection" not in Upstream.seen
