"""llama.cpp's server as the package xllamacpp carries it, for machines without a `llama-server` program.

    pip install xllamacpp                                    # in an environment of its own
    python -m tests.benchmarks.llama_server -m BASE.gguf --port 8124 --alias base --lora ADAPTER.gguf

It is the same server in C++, with the same calls; the flags are the few of `llama-server` that the served loop uses.
"""

import argparse
import signal
from collections.abc import Sequence
from typing import Any


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("-m", dest="model", required=True, help="the model")
    flags.add_argument("--lora", action="append", default=[], help="an adapter; may be given several times")
    flags.add_argument("--host", default="127.0.0.1")
    flags.add_argument("--port", type=int, default=8080)
    flags.add_argument("--alias", default="base", help="the model's name in requests")
    flags.add_argument("-c", dest="context", type=int, default=4096, help="tokens of all slots together")
    flags.add_argument("-np", dest="slots", type=int, default=1, help="requests at a time")
    flags.add_argument("-t", dest="threads", type=int, default=1)
    return flags


def main(line: Sequence[str] | None = None) -> None:
    """Serve until a signal ends it."""
    given = parser().parse_args(line)
    import xllamacpp  # type: ignore[import-not-found]

    parameters = xllamacpp.CommonParams()
    parameters.model.path, parameters.model_alias = given.model, {given.alias}
    parameters.hostnames, parameters.port = [given.host], given.port
    parameters.n_ctx, parameters.n_parallel = given.context, given.slots
    parameters.cpuparams.n_threads = given.threads
    parameters.lora_adapters = [_adapter(xllamacpp.CommonAdapterLoraInfo(), each) for each in given.lora]
    server = xllamacpp.Server(parameters)
    print(f"llama.cpp of xllamacpp {xllamacpp.__version__} listens at {server.listening_address}", flush=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})


def _adapter(info: Any, path: str) -> Any:
    info.path, info.scale = path, 1.0
    return info


if __name__ == "__main__":
    main()
