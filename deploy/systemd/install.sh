#!/usr/bin/env bash
# Installs this checkout as a systemd service, or brings an installed one up to date: run it again after `git pull`.
set -euo pipefail
umask 022

usage() {
  cat <<'EOF'
usage: sudo deploy/systemd/install.sh [--dry-run] [--uninstall [--purge]]

  --dry-run     print what would be done and do nothing
  --uninstall   stop the service and remove it and /opt/simple-one-api; the config and the user stay
  --purge       with --uninstall: remove /etc/simple-one-api, /var/lib/simple-one-api and the user too

  PYTHON=python3.12   the Python to build with, 3.10 or newer (default python3)
  DESTDIR=/some/root  install below that directory, without touching users or systemd (to try this script)
EOF
}

name=simple-one-api
root=${DESTDIR:-}
venv=$root/opt/$name
etc=$root/etc/$name
unit=$root/etc/systemd/system/$name.service
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
python=${PYTHON:-python3}
build=/tmp/$name-build
dry_run=no action=install purge=no

for argument in "$@"; do
  case $argument in
    --dry-run) dry_run=yes ;;
    --uninstall) action=uninstall ;;
    --purge) purge=yes ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && exit 2 ;;
  esac
done
if [ "$purge" = yes ] && [ "$action" = install ]; then
  usage >&2
  exit 2
fi

# Prints a command, and runs it unless this is a dry run.
run() {
  printf '+ %s\n' "$*"
  [ "$dry_run" = yes ] || "$@"
}

# Runs a command of a living system: not below DESTDIR.
live() {
  if [ -z "$root" ]; then run "$@"; fi
}

# The same for systemctl, where systemd is what runs the system.
systemd() {
  if [ "$dry_run" = yes ] || [ -d /run/systemd/system ]; then
    live systemctl "$@"
  elif [ -z "$root" ]; then
    echo "systemd does not run this system; skipped: systemctl $*"
  fi
}

# Builds from a copy, so that nothing is written into the checkout by root.
install_code() {
  if [ "$dry_run" = no ]; then
    build=$(mktemp -d)
    trap 'rm -rf "$build"' EXIT
  fi
  run cp -r "$source"/{setup.py,setup.cfg,README.md,LICENSE,wsgi.py,app,config,providers} "$build"
  [ -x "$venv/bin/python" ] || run "$python" -m venv "$venv"
  run "$venv/bin/python" -m pip --disable-pip-version-check install --quiet --use-pep517 "$build"
  # pip leaves an installed package of the same version alone, and a checkout may change without its version doing so
  run "$venv/bin/python" -m pip --disable-pip-version-check install --quiet --use-pep517 --force-reinstall --no-deps \
    "$build"
}

install_config() {
  run install -d -m 0750 "$etc"
  if [ -e "$etc/config.json" ]; then
    echo "keeping $etc/config.json"
  elif [ -e "$source/config.json" ]; then
    run install -m 0640 "$source/config.json" "$etc/config.json"
  else
    run write_starter
  fi
  live chown root:"$name" "$etc" "$etc/config.json"
  live chmod 0640 "$etc/config.json"
}

write_starter() {
  printf '{\n  "server_port": "127.0.0.1:9090",\n  "services": {}\n}\n' >"$etc/config.json"
  chmod 0640 "$etc/config.json"
}

# The service sees no home directories, so its Python must not be in one.
check_python() {
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    { echo "Python 3.10 or newer is needed: PYTHON=python3.12 $0" >&2 && exit 1; }
  case $("$python" -c 'import sys; print(sys.base_prefix)') in
    /home/* | /root/*)
      echo "$python is in a home directory, where the service cannot reach it: PYTHON=/usr/bin/python3 $0" >&2
      [ "$dry_run" = yes ] || [ -n "$root" ] || exit 1
      ;;
  esac
}

install_all() {
  check_python
  id "$name" >/dev/null 2>&1 ||
    live useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$name"
  run mkdir -p "$(dirname "$venv")" "$(dirname "$unit")"
  install_code
  install_config
  run install -m 0644 "$source/deploy/systemd/$name.service" "$unit"
  run "$venv/bin/$name" check "$etc/config.json" ||
    { echo "mend $etc/config.json, then run this again" >&2 && exit 1; }
  systemd daemon-reload
  systemd enable "$name"
  systemd reload-or-restart "$name" # a running one starts fresh workers with the new code, and loses no stream
  echo "installed. Config: $etc/config.json (a change takes effect by itself). Logs: journalctl -u $name -f"
}

uninstall() {
  systemd disable --now "$name" || true
  run rm -f "$unit"
  systemd daemon-reload
  run rm -rf "$venv"
  if [ "$purge" = yes ]; then
    run rm -rf "$etc" /var/lib/simple-one-api
    ! id "$name" >/dev/null 2>&1 || live userdel "$name"
  else
    echo "kept: $etc and the user $name (--purge removes them)"
  fi
}

if [ "$dry_run" = no ] && [ -z "$root" ] && [ "$(id -u)" != 0 ]; then
  echo "run it with sudo, or look first: $0 --dry-run" >&2
  exit 1
fi
if [ "$action" = install ]; then install_all; else uninstall; fi
