"""The WSGI entry point: ``wsgi:app``. gevent patches the standard library before anything else is imported."""

from gevent import monkey

monkey.patch_all()

import os  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

import gevent  # noqa: E402

from app import resolver  # noqa: E402
from app.factory import create_app  # noqa: E402
from app.ledger import place  # noqa: E402
from app.reload import Watcher, stamp_of  # noqa: E402
from app.runtime import Holder, build  # noqa: E402
from config import lastgood  # noqa: E402
from providers.vendor import load_vendors  # noqa: E402

path, vendors = os.environ.get("SIMPLE_ONE_API_CONFIG", "config.json"), load_vendors()
stamp = stamp_of(Path(path))
settings = lastgood.load_or_last(
    path, lambda faults: sys.stderr.write(f"the last good config stays in force:\n{faults}\n")
)
resolver.install()
holder = Holder(build(settings, vendors, ledger=place.open_for(settings)))
app = create_app(holder)
gevent.spawn(Watcher(Path(path), holder, vendors, stamp).run)
