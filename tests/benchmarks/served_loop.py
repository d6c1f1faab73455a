"""The loop on a real server: pairs from its base, a run here, pairs from the adapter there, a trial, a wrong adapter.

    python -m tests.benchmarks.served_loop --vllm /path/to/vllm
    python -m tests.benchmarks.served_loop --llama-server /path/to/llama-server
    python -m tests.benchmarks.served_loop --url http://127.0.0.1:8123/v1

The first two start a server on the default model, the third uses a vLLM that is up. docs/SERVERS.md says how both are
installed without a GPU. A server of --url has to serve the default model as `base`, load adapters, and see this
machine's disk.
"""

import argparse
import json
import shlex
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from safetensors.torch import load_file, save_file
from transformers import AutoConfig

from engine.export.gguf_writer import write_adapter_gguf
from engine.sources.default_model import DEFAULT_SOURCE, default_folder
from tests.benchmarks.started_servers import LlamaServer, vllm
from tests.flags import add_json, add_keep, flags_of, path, workspace_folder

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


class Serving(Protocol):
    """A server on which an adapter can be put."""

    url: str

    def offer(self, palate: "Commands") -> None:
        """Do what a person does before the adapter taste-1 can be published there."""

    def put_wrong(self, name: str, wrong: Path) -> None:
        """Put the adapter in the folder `wrong` there, under the name of taste-1."""


@dataclass(frozen=True)
class Vllm:
    """A vLLM that is up."""

    url: str

    def offer(self, palate: "Commands") -> None:
        """Nothing: Palate loads it by path."""

    def put_wrong(self, name: str, wrong: Path) -> None:
        """Unload the adapter, and load the other one."""
        _post(f"{self.url}/unload_lora_adapter", {"lora_name": name})
        _post(f"{self.url}/load_lora_adapter", {"lora_name": name, "lora_path": str(wrong)})


@dataclass(frozen=True)
class LlamaCpp:
    """llama.cpp's server, which is started again for every adapter."""

    server: LlamaServer

    @property
    def url(self) -> str:
        """Its address."""
        return self.server.url

    def offer(self, palate: "Commands") -> None:
        """Write the adapter's file, and start the server with it."""
        folder = palate.folder / "gguf"
        folder.mkdir()
        (told,) = palate.records("adapters", "gguf", "taste-1", str(folder), "--json")
        self.server.start(Path(told["path"]))

    def put_wrong(self, name: str, wrong: Path) -> None:
        """Start it with a file of that name that holds the other one."""
        file = wrong / f"{name}.gguf"
        write_adapter_gguf(AutoConfig.from_pretrained(default_folder()), wrong, file, name=name)
        self.server.start(file)


def run_loop(server: Serving, folder: Path) -> Loop:
    """Go through the loop in the workspace `folder`, which is new, with commands alone."""
    palate = Commands(folder)
    palate.tell("servers", "add", "box", server.url, "--model", "base")
    from_base = _label(palate, "base@box")
    palate.tell("train", *RUN)
    server.offer(palate)
    probe = palate.records("servers", "publish", "box", "taste-1", "--json")[0]
    from_tuned = _label(palate, "taste-1@box")
    judge = shlex.join([sys.executable, "-c", JUDGE])
    policies = ("--adapter", "taste-1@box", "--against", "base@box", "--num-questions", "20")
    trial = palate.records("compare", "--judge", judge, *policies, "--max-new-tokens", "64", "--json")[-1]
    counts = {name: trial[name] for name in ("wins", "ties", "losses")}
    server.put_wrong(str(probe["name"]), _opposite(palate))
    refusal = palate.refused("servers", "publish", "box", "taste-1")
    figures = {name: float(probe[name]) for name in ("served", "here", "share")}
    return Loop(from_base, from_tuned, **figures, **counts, refusal=refusal)


def _label(palate: "Commands", policy: str) -> int:
    """Ten pairs from this policy, each decided for the shorter answer."""
    pairs = palate.records("generate", "--pairs", "10", "--policy", policy, "--max-new-tokens", "64", "--json")
    for each in pairs:
        palate.tell("judge", str(each["id"]), "a" if len(each["a"]) <= len(each["b"]) else "b")
    return len(pairs)


def _opposite(palate: "Commands") -> Path:
    """The folder of an adapter that does the opposite of taste-1."""
    (adapter,) = [each for each in palate.records("adapters", "--json") if each["name"] == "taste-1"]
    wrong = palate.folder / "wrong"
    shutil.copytree(adapter["folder"], wrong)
    weights = load_file(wrong / "adapter_model.safetensors")
    turned = {key: (-each if "lora_B" in key else each).contiguous() for key, each in weights.items()}
    save_file(turned, wrong / "adapter_model.safetensors")
    return wrong


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
        place = ("--workspace", str(self.folder / "space"), "--model", DEFAULT_SOURCE)
        line = [sys.executable, "-m", "tui", *place, *words]
        return subprocess.run(line, capture_output=True, text=True, check=False)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = flags_of(__doc__)
    made.add_argument("--vllm", type=path, metavar="PROGRAM", help="start this vLLM; default: the one of PATH")
    made.add_argument("--llama-server", metavar="COMMAND", help="start this server of llama.cpp")
    made.add_argument("--url", help="use the vLLM at this address")
    add_keep(made)
    add_json(made)
    return made


def main(line: Sequence[str] | None = None) -> None:
    """Go through the loop, and say what came of it."""
    given = parser().parse_args(line)
    program = given.vllm or shutil.which("vllm")
    if given.url is None and given.llama_server is None and program is None:
        raise SystemExit("There is no server. Name one with --vllm, --llama-server or --url (docs/SERVERS.md).")
    with workspace_folder(given.keep) as folder:
        loop = _run_on(given, program, folder)
    if given.json:
        print(json.dumps(asdict(loop)))
        return
    for name, value in asdict(loop).items():
        print(f"{name:<12}{value}")


def _run_on(given: argparse.Namespace, program: str | None, folder: Path) -> Loop:
    if given.url is not None:
        return run_loop(Vllm(given.url), folder)
    if given.llama_server is not None:
        with LlamaServer(given.llama_server, folder) as server:
            return run_loop(LlamaCpp(server), folder)
    with vllm(Path(str(program)), folder / "vllm.log") as url:
        return run_loop(Vllm(url), folder)


if __name__ == "__main__":
    main()
