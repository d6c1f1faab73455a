"""Judges pairs over a real SSH connection to this machine, by keys alone, with every key of the Label screen.

    python -m tests.ssh_label --pairs 100

Needs Debian's openssh-server (or any sshd) and an ssh client; starts a server of its own on the loopback, with
throw-away keys. The model is the default one unless another is named.
"""

import argparse
import json
import shlex
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from tests.flags import add_model, flags_of
from tests.label_pairs import fill
from tests.label_round import EDITOR, play, said, undeclared
from tests.real_terminal import Terminal, environment
from tests.ssh_server import ssh_server, why_no_ssh
from tui.compute.loaded_model import ModelChoice

SPARE = 20
"""More pairs than are judged, so that nothing is written meanwhile but what is asked for."""
EITHER = "a or b"
"""The verdict on new answers: their sides are drawn by chance."""


def label_over_ssh(
    folder: Path, pairs: int, *, model: str, ssh: bool = True, size: tuple[int, int] = (80, 24), words: int = 150
) -> dict[str, object]:
    """Judge `pairs` prepared pairs over SSH (or on a bare pseudo-terminal, forked), check every verdict, and give
    figures."""
    space, editor = folder / "space", folder / "editor"
    fill(space, pairs + SPARE, words=words)
    editor.write_text(EDITOR)
    editor.chmod(0o700)
    palate = [sys.executable, "-m", "tui", "--workspace", str(space), "--model", model, "--dtype", "float32"]
    root = Path(__file__).parents[1]
    with ExitStack() as stack:
        if ssh:
            server = folder / "sshd"
            server.mkdir()
            there = (
                f"cd {shlex.quote(str(root))} && VISUAL= EDITOR={editor} OMP_NUM_THREADS=1 exec {shlex.join(palate)}"
            )
            command = [*stack.enter_context(ssh_server(server)), there]
        else:
            command = palate
        env = environment(VISUAL="", EDITOR=str(editor))
        terminal = stack.enter_context(Terminal(command, size=size, env=env, cwd=root, forked=not ssh))
        played = play(terminal, pairs, size=size)
        status = terminal.wait()
        written = len(terminal.written)
    new = pairs + SPARE + 2
    judged = [(at, EITHER if at == new and word in ("a", "b") else word) for at, word in said(space / "palate.db")]
    return {
        "way": "ssh" if ssh else "pseudo-terminal",
        "exit_status": status,
        "pairs_judged": len({comparison for comparison, verdict in judged if verdict != "skip"}),
        "verdict_rows": judged,
        "keys_not_pressed": sorted(undeclared(played)),
        "seconds_from_key_to_next_pair": round(median(played.waits_s), 3),
        "bytes": written,
    }


def expected(pairs: int) -> list[tuple[int, str]]:
    """What a round must have stored: comparison and verdict, row by row. The answers a stand on the left."""
    rows = [(at, word) for at, word in enumerate(["a", "b", "a", "b", "a", "b", "a", "b", "tie", "both_bad"], start=1)]
    rows += [(11, "skip"), (11, "undo"), (11, "skip"), (12, "discard"), (13, "a"), (14, "b")]
    edit, new = pairs + SPARE + 1, pairs + SPARE + 2
    rows += [(15, "skip"), (edit, "b"), (16, "skip"), (new, EITHER)]
    return [*rows, (17, "both_good"), *((at, "ab"[at % 2]) for at in range(18, pairs + 1))]


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = flags_of(__doc__)
    flags.add_argument("--pairs", type=int, default=100, help="24 at least")
    add_model(flags, ModelChoice().source)
    flags.add_argument("--no-ssh", action="store_true", help="on a bare pseudo-terminal instead")
    return flags


def main(line: Sequence[str] | None = None) -> int:
    """Play a round and tell."""
    options = parser().parse_args(line)
    if not options.no_ssh and (why := why_no_ssh()):
        sys.stderr.write(f"{why}\n")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        told = label_over_ssh(Path(folder), options.pairs, model=options.model, ssh=not options.no_ssh)
    rows = told.pop("verdict_rows")
    sys.stdout.write(f"{json.dumps(told)}\n")
    return 0 if rows == expected(options.pairs) and not told["keys_not_pressed"] else 1


if __name__ == "__main__":
    sys.exit(main())
