"""The test suite. It is a package so that its servers can be started with ``python -m``."""
