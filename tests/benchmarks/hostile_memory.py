"""Peak memory of what comes from outside and is too much: servers, judges, files and adapters, by the real bounds.

    python -m tests.benchmarks.hostile_memory [CASE …]

Each case runs in a process of its own and prints how much its memory grew over what the process held before, how long
it took, and the words in which it was refused.
"""

import argparse
import gzip
import json
import resource
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from tests.flags import flags_of

GIGABYTE: Final = 1 << 30


def server(name: str) -> None:
    """A server that sends something without an end."""
    from tests.engine.chat_servers.test_client import ask
    from tests.engine.chat_servers.test_replies import KILOBYTE, TALK, THOUGHTS, endless
    from tests.serving import misbehaving

    habits = {
        "line": endless(b"data: ", KILOBYTE),
        "answer": endless(b"", TALK),
        "thoughts": endless(b"", THOUGHTS),
        "keep-alives": endless(b"", b": keep-alive\n\n" * 1000),
        "body": endless(b"{", KILOBYTE, "application/json"),
    }
    with misbehaving(habits[name]) as url:
        begin()
        ask(url)


def flooding_judge(folder: Path) -> None:
    """A judging program that writes without an end."""
    from tests.fake_workbench import comparison
    from tui.judges.program import ExternalJudge

    program = folder / "judge.py"
    program.write_text("while True: print('x' * 65536)")
    begin()
    ExternalJudge(shlex.join([sys.executable, str(program)])).judge(comparison(1))


def long_line(folder: Path, *, packed: bool) -> None:
    """A file of a gigabyte without a line break, also packed into a megabyte."""
    from tui.workbench import Workbench

    file = folder / ("line.jsonl.gz" if packed else "line.jsonl")
    with gzip.open(file, "wb") if packed else file.open("wb") as writing:
        writing.write(b'{"prompt": "')
        for _ in range(GIGABYTE >> 20):
            writing.write(b"x" * (1 << 20))
    workbench = Workbench(folder / "space")
    begin()
    try:
        from db.interchange.sources import Source

        workbench.imports.read(Source(file))
    finally:
        workbench.close()


def adapter(folder: Path, *, pattern: bool) -> None:
    """An adapter with a pattern of layers that never ends, or with a configuration of a gigabyte."""
    from adapters.registry import Registry
    from engine.adapter_check import AdapterCheck
    from engine.model import load_base
    from tests.engine.test_foreign_adapter import CONFIG, saved
    from tests.tiny import save_tiny

    def checked(copy: Path, came_from: Path) -> list[str]:
        check = AdapterCheck(base, copy, came_from)
        return [*(str(each) for each in check.steps()), *check.notes]

    base = load_base(str(save_tiny(folder / "tiny")), source="tiny", dtype="float32", device="cpu")
    theirs = saved(folder / "theirs")
    if pattern:
        settings = json.loads((theirs / CONFIG).read_text())
        (theirs / CONFIG).write_text(json.dumps({**settings, "target_modules": r"((\w|\.|\w\w)+)+\d\d"}))
    else:
        with (theirs / CONFIG).open("r+b") as file:
            file.truncate(GIGABYTE)
    begin()
    Registry(folder / "adapters").add(theirs, "theirs", base.source, base.fingerprint, check=checked)


CASES: Final[dict[str, Callable[[Path], None]]] = {
    "a server's line": lambda _: server("line"),
    "a server's answer": lambda _: server("answer"),
    "a server's thoughts": lambda _: server("thoughts"),
    "a server's keep-alives": lambda _: server("keep-alives"),
    "a server's body": lambda _: server("body"),
    "a judge's output": flooding_judge,
    "a line of a gigabyte": lambda folder: long_line(folder, packed=False),
    "the same, packed": lambda folder: long_line(folder, packed=True),
    "an adapter's pattern": lambda folder: adapter(folder, pattern=True),
    "an adapter's configuration of a gigabyte": lambda folder: adapter(folder, pattern=False),
}
_begun: list[tuple[float, float]] = []


def begin() -> None:
    """From here on memory and time are the case's."""
    _begun.append((_peak_mb(), time.monotonic()))


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run_case(name: str) -> dict[str, object]:
    """One case, in this process."""
    words = "it was not refused"
    with tempfile.TemporaryDirectory() as folder:
        try:
            CASES[name](Path(folder))
        except Exception as error:
            words = f"{type(error).__name__}: {error}"
            if not _begun:
                raise
    before, at = _begun[-1]
    return {
        "case": name,
        "more_mb": round(_peak_mb() - before),
        "seconds": round(time.monotonic() - at, 1),
        "said": words,
    }


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = flags_of(__doc__)
    flags.add_argument("cases", nargs="*", choices=[[], *CASES], metavar="CASE", help="default: all")
    flags.add_argument("--here", action="store_true", help="in this process")
    return flags


def main(line: Sequence[str] | None = None) -> None:
    """Run the cases and print a line of JSON for each."""
    given = parser().parse_args(line)
    for name in given.cases or CASES:
        if given.here:
            sys.stdout.write(json.dumps(run_case(name)) + "\n")
        else:
            subprocess.run([sys.executable, "-m", "tests.benchmarks.hostile_memory", name, "--here"], check=True)


if __name__ == "__main__":
    main()
