"""gunicorn's settings, for ``gunicorn -c python:config.gunicorn wsgi:app``. Every name that gunicorn knows is one.

The address and the log level come from the gateway's config file, ``$SIMPLE_ONE_API_CONFIG`` or ``config.json``; a
faulty file ends the start with its faults.
"""

import os
import shutil
from typing import Any

from config import lastgood, ledgerfile, listen, master, patience
from config.load import ConfigError, load, loads, text


def _workers(given: str) -> int:
    if not given.isdecimal() or int(given) < 1:
        raise ValueError(f"SIMPLE_ONE_API_WORKERS is {given!r}, but must be a whole number above 0")
    return int(given)


_path = os.environ.get("SIMPLE_ONE_API_CONFIG", "config.json")
_text = text(_path)
_settings = loads(_text, _path)
lastgood.share()
lastgood.keep(_text)
ledgerfile.share()

bind = listen.notation(*listen.address(_settings))
loglevel = {"warn": "warning"}.get(_settings.log_level, _settings.log_level)
accesslog = None  # the gateway writes its own access lines

# Workers keep limits together, but not a vendor's notes, tokens and breakers: more of them are for more cores.
workers = _workers(os.environ.get("SIMPLE_ONE_API_WORKERS") or str(_settings.workers))
worker_class = "config.worker.Worker"
worker_connections = patience.connections(patience.raised_files())  # idle ones count too, and browsers keep many
preload_app = False  # gevent patches each worker before the gateway is imported; a preloaded one could not be patched

timeout = 60  # seconds without a heartbeat of the worker's loop, not of a request
graceful_timeout = 330  # a stream under way may end in peace; the service file's TimeoutStopSec is longer
# How long a client may let us wait: between two requests, for one with its headers, for 64 KiB of a body, and for
# taking what is sent (config/worker.py).
keepalive = 75  # longer than nginx keeps an idle upstream connection (60 s), so that nginx is the one to close

forwarded_allow_ips = "127.0.0.1,::1,::ffff:127.0.0.1"
limit_request_line = 4094
control_socket_disable = True  # its default place is the home directory, which a service does not have


def when_ready(server: Any) -> None:
    """Make SIGHUP spare the running workers when the config file is broken: new ones could not start."""
    master.change(server, _faults)


def _faults() -> str:
    try:
        load(_path)
    except ConfigError as faults:
        return str(faults)
    return ""


def pre_exec(server: Any) -> None:
    """Let the master that is to replace this one (USR2) and the workers of both count together."""
    ledgerfile.hand_on(server.cfg.env_orig)


def on_exit(server: Any) -> None:
    """Remove the config that ``app/local.py`` wrote for a start without one."""
    del server
    if own := os.environ.get("SIMPLE_ONE_API_OWN_CONFIG"):
        shutil.rmtree(own, ignore_errors=True)
