"""The WSGI entry point: ``wsgi:app``. gevent patches the standard library before anything else is imported."""

from gevent import monkey

monkey.patch_all()

import os  # noqa: E402

from app import create_app  # noqa: E402
from app.runtime import Holder, build  # noqa: E402
from config.load import load  # noqa: E402
from providers.vendor import load_vendors  # noqa: E402

app = create_app(Holder(build(load(os.environ.get("SIMPLE_ONE_API_CONFIG", "config.json")), load_vendors())))
