"""The loop on a real server: pairs from its base, a run here, pairs from the adapter there, a trial, a wrong adapter.

    python -m tests.benchmarks.served_loop --vllm /path/to/vllm
    python -m tests.benchmarks.served_loop --url http://127.0.0.1:8123/v1

The first starts vLLM on the default model, the second uses a server that is up. docs/SERVERS.md says how
vLLM is installed without a GPU. A server of --url has to serve the default model as `base`, load adapters, and see this
machine's disk.
"""

import argparse
import json
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file

from engine.sources.default_model import DEFAULT_SOURCE, default_folder
from tests.flags import add_json, add_keep, flags_of, path, workspace_folder
from tests.starting import Child, environment, fork

PORT = 8123
STARTS_WITHIN_S = 900
JUDGE = (
    "import json, sys; pair = json.load(sys.stdin); first, second = (len(pair[each]) for each in ('first', 'second')); "
    "print('first' if first < second else 'second' if second < first else 'tie')"
)
"""A judge that likes the shorter answer."""
RUN = ("--epochs", "1", "--max-steps", "4", "--batch-size", "2", "--learning-rate", "1e-3", "--scoring", "plain")


@dataclass(frozen=True)
class Loop:
    """Its results: pairs from base and adapter, the probe's figures in nats, the trial's counts, and the refusal."""

    from_base: int
    from_tuned: int
    served: float
    here: float
    share: float
    wins: int
    ties: int
    losses: int
    refusal: str


@contextmanager
def vllm(program: Path, log: Path) -> Iterator[str]:
    """Serve the default model by vLLM on this machine; gives the server's address."""
    served = {"--served-model-name": "base", "--host": "127.0.0.1", "--port": str(PORT), "--dtype": "bfloat16"}
    lora = {"--max-loras": "2", "--max-lora-rank": "16", "--max-model-len": "1024"}
    flags = [word for pair in (served | lora).items() for word in pair]
    words = [str(program), "serve", str(default_folder()), "--enable-lora", "--enforce-eager", *flags]
    runner = f"import os; os.execv({words[0]!r}, {words!r})"
    env = environment(VLLM_ALLOW_RUNTIME_LORA_UPDATING="1", VLLM_CPU_KVCACHE_SPACE="1", HF_HUB_OFFLINE="1")
    with log.open("w") as out:
        server = Child(words, fork(["-c", runner], [out.fileno()] * 3, env=env))
    try:
        _wait_for(f"http://127.0.0.1:{PORT}", server, log)
        yield f"http://127.0.0.1:{PORT}/v1"
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(120)


def _wait_for(url: str, server: Child, log: Path) -> None:
    end = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < end:
        assert server.poll() is None, log.read_text()[-4000:]
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(1)
    raise AssertionError(f"vLLM did not come up: {log.read_text()[-4000:]}")


def run_loop(url: str, folder: Path) -> Loop:
    """Go through the loop in the workspace `folder`, which is new, with commands alone."""
    palate = Commands(folder)
    palate.tell("servers", "add", "box", url, "--model", "base")
    from_base = _label(palate, "base@box")
    palate.tell("train", *RUN)
    probe = palate.records("servers", "publish", "box", "taste-1", "--json")[0]
    from_tuned = _label(palate, "taste-1@box")
    judge = shlex.join([sys.executable, "-c", JUDGE])
    policies = ("--adapter", "taste-1@box", "--against", "base@box", "--num-questions", "20")
    trial = palate.records("compare", "--judge", judge, *policies, "--max-new-tokens", "64", "--json")[-1]
    counts = {name: trial[name] for name in ("wins", "ties", "losses")}
    refusal = _wrong_adapter(palate, url, str(probe["name"]))
    figures = {name: float(probe[name]) for name in ("served", "here", "share")}
    return Loop(from_base, from_tuned, **figures, **counts, refusal=refusal)


def _label(palate: "Commands", policy: str) -> int:
    """Ten pairs from this policy, each decided for the shorter answer."""
    pairs = palate.records("generate", "--pairs", "10", "--policy", policy, "--max-new-tokens", "64", "--json")
    for each in pairs:
        palate.tell("judge", str(each["id"]), "a" if len(each["a"]) <= len(each["b"]) else "b")
    return len(pairs)


def _wrong_adapter(palate: "Commands", url: str, name: str) -> str:
    """Put the opposite of the adapter under its name on the server; returns what Palate says of it."""
    (adapter,) = [each for each in palate.records("adapters", "--json") if each["name"] == "taste-1"]
    wrong = palate.folder / "wrong"
    shutil.copytree(adapter["folder"], wrong)
    weights = load_file(wrong / "adapter_model.safetensors")
    turned = {key: (-each if "lora_B" in key else each).contiguous() for key, each in weights.items()}
    save_file(turned, wrong / "adapter_model.safetensors")
    _post(f"{url}/unload_lora_adapter", {"lora_name": name})
    _post(f"{url}/load_lora_adapter", {"lora_name": name, "lora_path": str(wrong)})
    return palate.refused("servers", "publish", "box", "taste-1")


def _post(url: str, body: dict[str, Any]) -> None:
    asked = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked, timeout=300) as reply:
        reply.read()


class Commands:
    """`palate` in one workspace."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def records(self, *words: str) -> list[dict[str, Any]]:
        """Run a command, and return the JSON lines that it prints."""
        return [json.loads(line) for line in self.tell(*words).splitlines()]

    def tell(self, *words: str) -> str:
        """Run a command, and return what it prints."""
        done = self._run(*words)
        assert done.returncode == 0, f"palate {shlex.join(words)}: {done.stderr[-2000:]}"
        return done.stdout

    def refused(self, *words: str) -> str:
        """Run a command that must fail, and return what it says."""
        done = self._run(*words)
        assert done.returncode != 0, done.stdout
        return done.stderr

    def _run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        line = [
            sys.executable,
            "-m",
            "tui",
            "--workspace",
            str(self.folder / "space"),
            "--model",
            DEFAULT_SOURCE,
            *words,
        ]
        return subprocess.run(line, capture_output=True, text=True, check=False)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = flags_of(__doc__)
    made.add_argument("--vllm", type=path, metavar="PROGRAM", help="start this vLLM; default: the one of PATH")
    made.add_argument("--url", help="use the server at this address")
    add_keep(made)
    add_json(made)
    return made


def main(line: Sequence[str] | None = None) -> None:
    """Go through the loop, and say what came of it."""
    given = parser().parse_args(line)
    program = given.vllm or shutil.which("vllm")
    if given.url is None and program is None:
        raise SystemExit("There is no vLLM. Name one with --vllm, or a server with --url; docs/SERVERS.md says more.")
    with workspace_folder(given.keep) as folder:
        if given.url is not None:
            loop = run_loop(given.url, folder)
        else:
            with vllm(Path(program), folder / "vllm.log") as url:
                loop = run_loop(url, folder)
    if given.json:
        print(json.dumps(asdict(loop)))
        return
    for name, value in asdict(loop).items():
        print(f"{name:<12}{value}")


if __name__ == "__main__":
    main()
