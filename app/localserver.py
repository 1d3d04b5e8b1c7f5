"""The process that runs the small local model: llama.cpp's own HTTP server on a loopback port of its choice.

It is started as a script by ``app/local.py`` and ends when its standard input does, which is when the gateway is
gone, however it went. Nothing of the gateway is imported here.
"""

import os
import sys

ERRORS_ONLY = 1
"""llama.cpp's verbosity: its information lines would bury the gateway's."""


def main(model_path: str, alias: str, slots: int, context_tokens: int) -> None:
    """Serves until standard input ends. Prints one line to standard output when ready: the server's base URL.

    ``context_tokens`` is what one request may use; the server's total is shared by ``slots`` requests at a time.
    """
    import xllamacpp  # noqa: PLC0415 - only here is it needed, and not everywhere is it installed

    params = xllamacpp.CommonParams()
    params.model.path = model_path
    params.model_alias = {alias}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_parallel = slots
    params.n_ctx = slots * context_tokens
    params.cpuparams.n_threads = threads(os.cpu_count() or 1)
    params.n_threads_http = slots + 4
    params.fit_params = False
    params.verbosity = ERRORS_ONLY
    params.warmup = False
    params.ui = False
    params.endpoint_slots = False
    params.cache_idle_slots = False
    params.cache_ram_mib = 0
    server = xllamacpp.Server(params)
    print(server.listening_address, flush=True)  # the line the parent waits for
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    sys.stdin.buffer.read()
    os._exit(0)


def threads(cpu_count: int) -> int:
    """How many threads compute: all of a small machine, eight of a large one, where more make this model slower."""
    return min(cpu_count, 8)


if __name__ == "__main__":
    # A script's own folder comes first in the search path, where app/queue.py would stand in for the library's.
    del sys.path[0]
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
