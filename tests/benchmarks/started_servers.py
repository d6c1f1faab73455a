"""Real servers on the default model, started on this machine: vLLM, and llama.cpp's."""

import shlex
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from engine.sources.default_model import default_folder
from tests.starting import Child, environment, fork

VLLM_PORT, LLAMA_PORT = 8123, 8124
STARTS_WITHIN_S = 900


def _start(words: list[str], log: Path, url: str, env: dict[str, str]) -> Child:
    """Start a program, and wait until it answers; it writes into `log`."""
    runner = f"import os; os.execv({words[0]!r}, {words!r})"
    with log.open("w") as out:
        server = Child(words, fork(["-c", runner], [out.fileno()] * 3, env=env))
    end = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < end:
        assert server.poll() is None, log.read_text()[-4000:]
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=5):
                return server
        except (urllib.error.URLError, OSError):
            time.sleep(1)
    raise AssertionError(f"{words[0]} did not come up: {log.read_text()[-4000:]}")


def _end(server: Child) -> None:
    server.send_signal(signal.SIGTERM)
    server.wait(120)


@contextmanager
def vllm(program: Path, log: Path) -> Iterator[str]:
    """Serve the default model by vLLM on this machine; gives the server's address."""
    served = {"--served-model-name": "base", "--host": "127.0.0.1", "--port": str(VLLM_PORT), "--dtype": "bfloat16"}
    lora = {"--max-loras": "2", "--max-lora-rank": "16", "--max-model-len": "1024"}
    flags = [word for pair in (served | lora).items() for word in pair]
    words = [str(program), "serve", str(default_folder()), "--enable-lora", "--enforce-eager", *flags]
    env = environment(VLLM_ALLOW_RUNTIME_LORA_UPDATING="1", VLLM_CPU_KVCACHE_SPACE="1", HF_HUB_OFFLINE="1")
    url = f"http://127.0.0.1:{VLLM_PORT}"
    server = _start(words, log, url, env)
    try:
        yield f"{url}/v1"
    finally:
        _end(server)


class LlamaServer:
    """llama.cpp's server on the default model in float16, started again with each adapter; for a `with` block."""

    def __init__(self, command: str, folder: Path) -> None:
        """`command` is a program, with words before its flags where it needs some."""
        self._command, self._folder = shlex.split(command), folder
        self._model = folder / "base.gguf"
        self._child: Child | None = None
        self.url = f"http://127.0.0.1:{LLAMA_PORT}/v1"

    def __enter__(self) -> "LlamaServer":
        write_base_gguf(self._model)
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop()

    def start(self, *adapters: Path) -> None:
        """Serve with these adapters from now on."""
        self._stop()
        lora = [word for each in adapters for word in ("--lora", str(each))]
        place = ["--host", "127.0.0.1", "--port", str(LLAMA_PORT), "--alias", "base", "-c", "4096", "-np", "2"]
        words = [*self._command, "-m", str(self._model), *place, *lora]
        log = self._folder / f"llama-{len(list(self._folder.glob('llama-*.log')))}.log"
        self._child = _start(words, log, self.url.removesuffix("/v1"), environment())

    def _stop(self) -> None:
        if self._child is not None:
            _end(self._child)
            self._child = None


def write_base_gguf(target: Path) -> None:
    """The default model as a GGUF file in float16, by Palate's own writer."""
    from transformers import AutoModelForCausalLM, AutoTokenizer  # slow to import

    from engine.export.gguf_metadata import metadata_of
    from engine.export.gguf_writer import write_gguf

    model = AutoModelForCausalLM.from_pretrained(default_folder(), dtype="float32")
    metadata = metadata_of(model.config, AutoTokenizer.from_pretrained(default_folder()))
    for _ in write_gguf(model, target, metadata, name="base", kind="float16"):
        pass
