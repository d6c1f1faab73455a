"""A process that owns a workspace and judges on demand: `python -m tests.verdict_owner FOLDER [migrate]`.

It prints one line for each line of its stdin. `judge` answers with the id of a stored verdict, `close` ends it as a
person would; the others go through a way of reading and answer `done`. An error is answered by its class and words.
With `migrate` it knows one migration more, as a later Palate would.
"""

import argparse
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from click.testing import CliRunner

from db.backup import back_up
from db.connection import open_database, quick_check, read_only
from db.errors import DatabaseError
from db.migrations.runner import MIGRATIONS
from db.verdicts import add_verdict, history
from tests.flags import flags_of, path
from tui.workspace.workspace import Workspace, own_workspace, read_workspace


class Owner:
    """The workspace, and what can be asked of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "palate.db"
        self.workspace: Workspace = own_workspace(folder)

    def judge(self) -> str:
        given = {"comparison": 1, "verdict": "a", "layout": "side", "seconds": 2.5}
        return str(self.workspace.write(add_verdict, **given).result().id)

    def read(self) -> None:
        """As every worker of the app: a connection of the thread's own, closed with it."""

        def look() -> None:
            history(self.workspace.connection, 1)
            self.workspace.readers.release()

        thread = threading.Thread(target=look)
        thread.start()
        thread.join()

    def alone(self) -> None:
        with closing(read_only(self.database)) as connection:
            history(connection, 1)

    def check(self) -> None:
        workspace = read_workspace(self.folder)
        assert quick_check(workspace.connection) == "ok"
        workspace.close()

    def open(self) -> None:
        open_database(self.database)

    def backup(self) -> None:
        back_up(self.database, self.folder / "backups" / "copy.db")

    def command(self, *words: str) -> None:
        from tui.cli import main  # takes a second

        done = CliRunner().invoke(main, ["--workspace", str(self.folder), *words])
        assert done.exit_code == 0, done.output

    def look(self) -> None:
        assert self.workspace.writer is not None
        self.workspace.writer.check_files()


def own_and_answer(folder: Path) -> None:
    owner = Owner(folder)
    say("ready")
    for line in sys.stdin:
        word, *rest = line.split()
        act: Callable[..., str | None] = owner.workspace.close if word == "close" else getattr(owner, word)
        try:
            say(act(*rest) or "done")
        except DatabaseError as error:
            say(f"{type(error).__name__}: {error}")


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = flags_of(__doc__)
    flags.add_argument("folder", type=path, help="the workspace")
    flags.add_argument("--migrate", action="store_true", help="know a migration more than the workspace has")
    return flags


def main(line: Sequence[str] | None = None) -> None:
    """Read the command line and own the workspace."""
    options = parser().parse_args(line)
    if options.migrate:
        MIGRATIONS["999_later"] = ["ALTER TABLE runs ADD COLUMN colour TEXT"]
    own_and_answer(options.folder)


if __name__ == "__main__":
    main()
