"""A process that owns a workspace with a tiny model loaded and its socket open, until a line comes on its stdin.

`python -m tests.owner_process FOLDER MODEL`: prints one JSON object when visitors may come. It leaves when it is told
to, or when a visitor takes over.
"""

import argparse
import json
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from tests.flags import flags_of, path
from tui.cli import main as palate
from tui.commands.options import Options, command_runner, load_model
from tui.compute.loaded_model import ModelChoice
from tui.ipc.owner import OwnerServer
from tui.ipc.ownership import own


def own_until_told(folder: Path, model: str) -> None:
    """Own the workspace until told otherwise."""
    workbench = own(Options(folder, ModelChoice(model, "float32", "cpu"), 3))
    load_model(workbench)
    told = threading.Event()
    said: list[str] = []

    def leave(why: str) -> None:
        said.append(why)
        told.set()

    host = OwnerServer(workbench, leave, command_runner(palate))
    say({"pid": os.getpid(), "door": str(host.server.path)})
    threading.Thread(target=lambda: (sys.stdin.readline(), told.set()), daemon=True).start()
    told.wait()
    host.close()
    workbench.close()
    say({"said": said})


def say(record: dict[str, object]) -> None:
    """Tell the test."""
    sys.stdout.write(json.dumps(record) + "\n")
    sys.stdout.flush()


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = flags_of(__doc__)
    flags.add_argument("folder", type=path, help="the workspace")
    flags.add_argument("model", type=path, help="the model's folder")
    return flags


def main(line: Sequence[str] | None = None) -> None:
    """Read the command line and own the workspace."""
    options = parser().parse_args(line)
    own_until_told(options.folder, str(options.model))


if __name__ == "__main__":
    main()
