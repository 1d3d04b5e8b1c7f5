"""A vendor that speaks the OpenAI wire over real sockets and misbehaves on demand.

It runs as a process of its own (``python -m tests.fakevendor``). The model name in a request chooses the answer:
``ok`` is a good one, ``fault:<name>?<param>=<value>`` one of the catalogue, and any name at all can be given scripted
bytes through the control address ``POST /_script``. ``control.py`` is the side that tests use.
"""
