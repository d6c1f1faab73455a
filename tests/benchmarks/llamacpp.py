"""llama.cpp as a contender: a child that answers a question a line, `python -m tests.benchmarks.llamacpp GGUF THREADS`.

It needs the package xllamacpp, which carries llama.cpp built: `pip install xllamacpp`. Palate itself does not use it.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from tests.flags import flags_of, path


class LlamaCpp:
    """llama.cpp with a model loaded, in a process of its own, as people run it."""

    def __init__(self, gguf: Path) -> None:
        command = [sys.executable, "-m", "tests.benchmarks.llamacpp", str(gguf), str(torch.get_num_threads())]
        self._child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def answer(self, question: str, tokens: int, **sampling: float) -> None:
        """Write one answer of exactly so many tokens."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        asked = {"messages": [{"role": "user", "content": question}], "max_tokens": tokens, "ignore_eos": True}
        print(json.dumps({**asked, "cache_prompt": False, **sampling}), file=self._child.stdin, flush=True)
        line = self._child.stdout.readline()
        if not line:
            raise SystemExit("llama.cpp ended. Is the package xllamacpp installed, and the file a GGUF?")
        written = json.loads(line)
        if written != tokens:
            raise SystemExit(f"llama.cpp wrote {written} tokens instead of {tokens}.")

    def close(self) -> None:
        """End the child."""
        self._child.kill()
        self._child.wait()


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = flags_of(__doc__)
    flags.add_argument("gguf", type=path, help="the model")
    flags.add_argument("threads", type=int)
    return flags


def main(line: Sequence[str] | None = None) -> None:
    """Be the child."""
    options = parser().parse_args(line)
    import xllamacpp  # type: ignore[import-not-found]

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(options.gguf)
    parameters.n_parallel, parameters.n_ctx = 1, 2048
    for part in (parameters.cpuparams, parameters.cpuparams_batch):
        part.n_threads = options.threads
    server = xllamacpp.Server(parameters)
    for asked in sys.stdin:
        told = server.handle_chat_completions(json.loads(asked))
        print(told["usage"]["completion_tokens"], flush=True)


if __name__ == "__main__":
    main()
