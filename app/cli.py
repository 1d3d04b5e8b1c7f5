"""The command ``simple-one-api``: reads the arguments, checks the config, and becomes the server.

It replaces itself with gunicorn instead of running it here, because this process has imported the gateway, and with
it ``ssl`` and ``requests``, before gevent could patch them; gunicorn's workers must not inherit that.
"""

import argparse
import configparser
import os
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Final, NoReturn

from app import keyscli, local
from app.banner import banner, base_url, summary
from config import listen
from config.load import ConfigError, load
from config.model import Settings

ROOT: Final = Path(__file__).resolve().parents[1]
"""Where ``wsgi.py`` and the packages ``app`` and ``config`` are."""

LOADING: Final = "loading the local model …"

DEFAULT_FILES: Final = ("config.json", "config.yaml", "config.yml")

SERVE_HELP: Final = """\
Starts the gateway with a config file: FILE, else $SIMPLE_ONE_API_CONFIG, else config.json, config.yaml or config.yml in
this directory. With none of them it serves a small model that runs on this machine, on 127.0.0.1:9090 and without a
key."""

SERVE_EPILOG: Final = """\
other commands:
  simple-one-api check FILE...      check config files without starting anything
  simple-one-api keys [clear [ID]]  show the credentials that vendors refused, or let them go on

examples:
  simple-one-api                                    ./config.json, or the local model
  simple-one-api /etc/simple-one-api/config.json
  simple-one-api ./check                            a config file that is called "check"
  SIMPLE_ONE_API_WORKERS=2 simple-one-api

environment:
  SIMPLE_ONE_API_CONFIG    the config file when none is named
  SIMPLE_ONE_API_WORKERS   worker processes, else "workers" of the config, default 1. Limits hold for all of them
  SIMPLE_ONE_API_STATE_DIR where the state of refused credentials is kept; default $STATE_DIRECTORY, which systemd
                           sets, else ~/.local/state/simple-one-api
  GUNICORN_CMD_ARGS        further settings of the server, in gunicorn's own notation
  Names that the file mentions as ${NAME} are read from the environment too.

signals:
  TERM stop, letting running requests finish; INT stop at once; HUP start fresh workers, unless the file is broken

exit codes:
  0 stopped as asked; 1 a faulty config, or the address is taken; 2 wrong usage; 3, 4 the server could not start"""

CHECK_EPILOG: Final = """\
exit codes:
  0 every file would start; 1 at least one has faults; 2 wrong usage"""


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code, for what does not end in becoming the server."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if given[:1] == ["check"]:
            return check(_check_parser().parse_args(given[1:]).files)
        if given[:1] == ["keys"]:
            asked = keyscli.parser().parse_args(given[1:])
            return keyscli.run(find_config(asked.config, os.environ), asked.action, asked.id)
        return serve(_serve_parser().parse_args(given).file)
    except KeyboardInterrupt:
        return 130


def check(files: Sequence[str]) -> int:
    """0 when every file loads. Prints each one's faults, or its summary and notes."""
    verdicts = [_check_file(file) for file in files]
    return 0 if all(verdicts) else 1


def _check_file(file: str) -> bool:
    settings = _load(file)
    if settings is None:
        return False
    print(f"{file}: ok, {base_url(settings)}")
    for line in (*summary(settings), *(f"note: {note}" for note in settings.notes)):
        print(f"  {line}")
    return True


def serve(file: str | None) -> int:
    """1 when nothing was started; otherwise this process is the server from here on."""
    path = find_config(file, os.environ)
    own = None if path else begin_local()
    settings = _load(path or str(own))
    fault = settings and address_fault(settings)
    if settings is None or fault:
        print(fault or "nothing was started", file=sys.stderr)
        if own:
            shutil.rmtree(own.parent)
        return 1
    for line in banner(settings, version()):
        print(line)
    return become_server(settings.path, own)


def find_config(file: str | None, environ: Mapping[str, str]) -> str | None:
    """The config file to use, None when there is none. A file that was named is not looked for."""
    named = file or environ.get("SIMPLE_ONE_API_CONFIG")
    return named or next((name for name in DEFAULT_FILES if Path(name).exists()), None)


def begin_local() -> Path:
    """The config for a start without one, after the local model has loaded or was found missing."""
    print("no config.json here, so a small model on this machine will answer")
    print(LOADING, end="", flush=True)
    began = time.monotonic()
    begun = local.begin(_redraw if sys.stdout.isatty() else lambda elapsed_s: None)
    if begun.model:
        print(f" {time.monotonic() - began:.1f} s")
    else:
        print(f" {begun.reason}. The gateway starts, but has no upstream to ask.")
    print(f"for vendors of your own, copy a file of {ROOT / 'config' / 'samples'} to config.json and start again")
    return begun.config


def _redraw(elapsed_s: float) -> None:
    print(f"\r{LOADING} {elapsed_s:.1f} s\r{LOADING}", end="", flush=True)


def address_fault(settings: Settings) -> str | None:
    """Why the gateway cannot listen, None when it can. Sockets that systemd hands over are not looked at."""
    fault = None if os.environ.get("LISTEN_FDS") else listen.fault(*listen.address(settings))
    return f'cannot listen on {base_url(settings)}: {fault}; see "server_port" in {settings.path}' if fault else None


def become_server(config: str, own: Path | None) -> NoReturn:
    """Never returns: gunicorn takes this process over, with its pid, signals and systemd's notify socket.

    The working directory becomes the one that holds ``wsgi.py``, so that no ``app`` or ``config`` of the caller's
    directory is imported in its stead. A symlink to the config is kept as it is: whoever swaps it means a new config.
    ``own`` is a config that goes when the server does.
    """
    os.environ["SIMPLE_ONE_API_CONFIG"] = str(Path.cwd() / config)
    if own:
        os.environ["SIMPLE_ONE_API_OWN_CONFIG"] = str(own.parent)
    os.chdir(ROOT)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *server(), "-c", "python:config.gunicorn", "wsgi:app"])  # noqa: S606 - no shell


def server() -> list[str]:
    """How Python is to start gunicorn: by its script, since a new master after USR2 is started by the same words.

    Started as ``-m gunicorn`` that one would have gunicorn's own directory on its path, and take its ``http`` for
    Python's.
    """
    script = Path(sys.executable).with_name("gunicorn")
    return [str(script)] if script.exists() else ["-m", "gunicorn"]


def version() -> str:
    """The installed version, or that of the source tree this runs in."""
    try:
        return metadata.version("simple-one-api")
    except metadata.PackageNotFoundError:
        source = configparser.ConfigParser()
        source.read(ROOT / "setup.cfg", encoding="utf-8")
        return source.get("metadata", "version", fallback="unknown")


def _load(path: str) -> Settings | None:
    try:
        return load(path)
    except ConfigError as faults:
        print(faults, file=sys.stderr)
        return None


def _serve_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="simple-one-api",
        usage="simple-one-api [FILE]\n       simple-one-api check FILE...\n       simple-one-api keys [clear [ID]]",
        description=SERVE_HELP,
        epilog=SERVE_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", nargs="?", metavar="FILE", help="config file, JSON or YAML")
    parser.add_argument("--version", action="version", version=f"simple-one-api {version()}")
    return parser


def _check_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="simple-one-api check",
        description="Checks config files: prints all faults, or what the file would serve. Starts nothing.",
        epilog=CHECK_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="config file, JSON or YAML")
    return parser


if __name__ == "__main__":
    sys.exit(main())
