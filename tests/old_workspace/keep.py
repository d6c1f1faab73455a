"""Keep a workspace as text: `python -m tests.old_workspace.keep WORKSPACE FINISHED tests/old_workspace/schema_N`.

WORKSPACE is what a killed `palate train` of the tiny model left: a run that says it is running, and its checkpoint.
FINISHED is a copy in which the same code resumed that run to its end. Both are read and not changed. All must have been
computed on one thread (OMP_NUM_THREADS=1), with --dtype float32 --device cpu, on the machine of this script.

The script restores what it wrote and compares it with WORKSPACE. Beside the text belongs export.jsonl, which the same
code writes: `palate --workspace COPY export export.jsonl`.
"""

import argparse
import hashlib
import json
import math
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import torch

from tests.flags import flags_of, path
from tests.old_workspace.restore import ENCODED, FACTS, SQL, encoded, filled, restore
from tests.old_workspace.sql_text import header_of, rows_of, schema_of, sql_of
from tests.tiny import VOCABULARY, tiny_model

WEIGHTS = "adapter_model.safetensors"
DATABASE = "palate.db"
LOCK = "palate.lock"
_TEXTS = {".json"}
_FIGURES = ("loss", "rewards/margins", "eval_loss")


def keep(workspace: Path, kept: Path, python: str | None) -> None:
    """Write every file of the workspace into `kept`/workspace as text, with placeholders for paths of this machine.

    `python` is the Python that started the judge of its blind trial; None where no program judged one.
    """
    with opened(workspace) as conn:
        sql, model = sql_of(conn), model_of(conn)
    places = {str(workspace): "{WORKSPACE}", str(model): "{MODEL}"} | ({python: "{PYTHON}"} if python else {})
    _write(kept / "workspace" / SQL, filled(sql, places))
    for source in sorted(workspace.rglob("*")):
        target = kept / "workspace" / source.relative_to(workspace)
        if not source.is_file() or source.name == LOCK or source.name.startswith(DATABASE):
            continue
        if source.suffix in _TEXTS:
            _write(target, filled(source.read_text(encoding="utf-8"), places))
        else:
            _write(target.with_name(target.name + ENCODED), encoded(source.read_bytes()))


def keep_facts(workspace: Path, finished: Path, kept: Path) -> None:
    """Write what tests hold the workspace against: counts of rows, and the end of its resumed run."""
    with opened(workspace) as conn:
        rows = {name: len(each) for name, each in rows_of(conn).items()}
        (run,) = conn.execute("SELECT id FROM runs WHERE status = 'running'").fetchone()
    with opened(finished) as conn:
        adapter = conn.execute("SELECT adapter FROM runs WHERE id = ?", (run,)).fetchone()[0]
        figures = {each: _figure(conn, run, each) for each in _FIGURES}
    empty = [str(each.relative_to(workspace)) for each in sorted(workspace.rglob("*")) if _is_empty(each)]
    machine = {"processor": processor(), "random_start": random_start()}
    facts = {"run": run, **machine, "empty_folders": empty, "rows": rows}
    lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in {**facts, "resumed": figures}.items()]
    _write(kept / FACTS, "{\n" + ",\n".join(lines) + "\n}\n")
    _write(kept / "resumed" / (WEIGHTS + ENCODED), encoded((finished / "adapters" / adapter / WEIGHTS).read_bytes()))


def processor() -> str:
    """SHA-256 (hex) of the tiny model's gradients on one thread: processors that give it compute alike to the last bit.

    Nothing of Palate computes here, so that a fault of Palate does not look like another processor.
    """
    model = tiny_model()
    tokens = torch.arange(300).remainder(VOCABULARY).reshape(2, 150)
    model(input_ids=tokens, labels=tokens).loss.backward()
    digest = hashlib.sha256()
    for parameter in model.parameters():
        assert parameter.grad is not None
        digest.update(parameter.grad.numpy().tobytes())
    return digest.hexdigest()


@contextmanager
def opened(workspace: Path) -> Iterator[sqlite3.Connection]:
    """The workspace's database, of which a copy is read: reading moves the write-ahead log into the database."""
    with tempfile.TemporaryDirectory() as beside:
        for file in workspace.glob(f"{DATABASE}*"):
            shutil.copy(file, beside)
        with closing(sqlite3.connect(Path(beside) / DATABASE)) as conn:
            yield conn


def random_start() -> str:
    """SHA-256 (hex) of weights drawn as PEFT draws an adapter's. They differ where torch has no AVX2.

    Palate then refuses the checkpoint, since it compares the weights that the run started from.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        weights = torch.nn.init.kaiming_uniform_(torch.empty(64, 32), a=math.sqrt(5))
    return hashlib.sha256(weights.numpy().tobytes()).hexdigest()


def model_of(conn: sqlite3.Connection) -> Path:
    """The folder of the base model that the workspace remembers."""
    return Path(json.loads(conn.execute("SELECT value FROM settings WHERE key = 'model'").fetchone()[0]))


def differences(workspace: Path, kept: Path, python: str | None) -> list[str]:
    """The names of files and tables that a workspace restored from `kept` does not have as `workspace` has them."""
    with opened(workspace) as was:
        before = {"header": header_of(was), "schema": schema_of(was), **rows_of(was)}
        model = model_of(was)
    with tempfile.TemporaryDirectory() as beside:
        folder = restore(kept, Path(beside) / "restored", model=model, python=python or "")
        files = [each for each in _files(workspace) | _files(folder) if not _same(workspace / each, folder / each)]
        with opened(folder) as conn:
            conn.execute("UPDATE checkpoints SET path = replace(path, ?, ?)", (str(folder), str(workspace)))
            now: dict[str, Any] = {"header": header_of(conn), "schema": schema_of(conn), **rows_of(conn)}
    return sorted(str(each) for each in files) + [name for name in before if before[name] != now.get(name)]


def _figure(conn: sqlite3.Connection, run: int, name: str) -> list[list[float]]:
    query = "SELECT step, value FROM metrics WHERE run = ? AND name = ? ORDER BY step"
    return [list(row) for row in conn.execute(query, (run, name))]


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())


def _files(workspace: Path) -> set[Path]:
    """The files below the workspace's folders, which are those beside its database."""
    return {each.relative_to(workspace) for each in workspace.glob("*/**/*") if each.is_file()}


def _same(one: Path, other: Path) -> bool:
    return one.is_file() and other.is_file() and one.read_bytes() == other.read_bytes()


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = flags_of(__doc__)
    flags.add_argument("workspace", type=path, help="what the killed process left")
    flags.add_argument("finished", type=path, help="its copy with the run resumed to its end")
    flags.add_argument("kept", type=path, help="the folder to write the text to")
    flags.add_argument("--python", metavar="PATH", help="the Python that started the judge of its blind trial")
    return flags


def main(line: Sequence[str] | None = None) -> None:
    """Keep a workspace and check the text."""
    options = parser().parse_args(line)
    torch.set_num_threads(1)
    workspace, kept, python = options.workspace.absolute(), options.kept, options.python
    shutil.rmtree(kept / "workspace", ignore_errors=True)
    keep(workspace, kept, python)
    keep_facts(workspace, options.finished, kept)
    other = differences(workspace, kept, python)
    if other:
        raise SystemExit(f"The text in {kept} does not give the same workspace: {', '.join(other)} differ.")


if __name__ == "__main__":
    main()
