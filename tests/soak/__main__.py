"""Uses Palate as a person does, with a tiny model on a pseudo-terminal, and checks after each act what must be true.

    python -m tests.soak --minutes 20 --seed 3

A seed always gives the same acts in the same order; how far they come depends on the machine. The first difference
between what must be true and what is ends the soak: it is printed with the seed, the act's number and the last acts.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from tests.flags import flags_of
from tests.leaving import end, make_workspace, owner, palate
from tests.small_disk import small_disk
from tests.soak import commands, ends, keys, runs
from tests.soak.app import Difference
from tests.soak.person import Act, Person
from tests.soak.truth import Truth

ACTS: Final[tuple[tuple[int, Act], ...]] = (*keys.ACTS, *commands.ACTS, *ends.ACTS, *runs.ACTS)
DISK_MEGABYTES: Final = 256
QUESTIONS: Final = 3_000
"""More than a person judges in an hour of a soak; with fewer its queue ran dry."""
SETTINGS: Final = (("ask_again", "0"), ("samples", "1"), ("sample_tokens", "8"))


def soak(folder: Path, seed: int, *, seconds: float, acts: int = 1_000_000, full_disk: bool = True) -> Person:
    """Use a workspace below `folder` for so long.

    Raises:
        Difference: something that must be true is not, with the acts before it.
    """
    with ExitStack() as stack:
        if full_disk:
            folder = stack.enter_context(small_disk(folder / "disk", DISK_MEGABYTES))
        person = move_in(folder, seed, full_disk)
        stack.callback(end, owner(person.space))
        until, number = time.monotonic() + seconds, 0
        try:
            while number < acts and time.monotonic() < until:
                number += 1
                do_next(person)
            person.leave()
        except BaseException as error:
            told = f"seed {seed}, act {number}: {' '.join(person.last)}"
            raise Difference(f"{told}: {type(error).__name__}: {error}\n{logged(person.space)}") from error
        finally:
            if person.app is not None:
                end(person.app.owner or None)
                person.app.close()
    return person


def logged(space: Path) -> str:
    """The ends of the logs, where a difference may have its cause."""
    files = sorted((space / "logs").glob("*.log"))
    return "\n".join(f"{file.name}: {file.read_text(errors='replace')[-2000:]}" for file in files)


def move_in(folder: Path, seed: int, full_disk: bool) -> Person:
    """A new workspace with some verdicts, and a person at it."""
    space = folder / "space"
    make_workspace(space)
    for name, value in SETTINGS:
        palate(space, "settings", name, value)
    questions = folder / "questions.txt"
    questions.write_text("".join(f"What is the answer to question {number}?\n" for number in range(QUESTIONS)))
    palate(space, "prompts", "add", str(questions), "--set", "questions")
    return Person(space, random.Random(seed), Truth(space), folder if full_disk else None)


def do_next(person: Person) -> None:
    """One act, and what must be true after it."""
    weights, all_acts = zip(*ACTS, strict=True)
    (act,) = person.chance.choices(all_acts, weights)
    person.does(act)
    person.check()


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = flags_of(__doc__)
    flags.add_argument("--minutes", type=float, default=60.0, help="how long")
    flags.add_argument("--seed", type=int, default=1, help="which acts")
    flags.add_argument("--no-full-disk", action="store_true", help="where no small disk can be mounted")
    return flags


def main(line: Sequence[str] | None = None) -> int:
    """Soak, and print what was done."""
    given = parser().parse_args(line)
    with tempfile.TemporaryDirectory() as folder:
        try:
            person = soak(Path(folder), given.seed, seconds=60 * given.minutes, full_disk=not given.no_full_disk)
        except Difference as difference:
            sys.stdout.write(f"{difference}\n")
            return 1
    did = ", ".join(f"{name} {count}" for name, count in person.done.most_common())
    stored, more = f"{len(person.truth.rows)} verdict rows, {len(person.truth.weights)} runs", person.most
    held = f"at most {more.megabytes:.0f} MB, {more.files} files, {more.threads} threads more than at the first pair"
    line_ = (
        f"seed {given.seed}, {given.minutes:g} min: {person.done.total()} acts, 0 differences; {stored}; {held} ({did})"
    )
    sys.stdout.write(f"{line_}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
