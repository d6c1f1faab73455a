"""Runs that are left, killed, taken over and resumed, beside the same run in a copy of the workspace."""

import shutil
from typing import Final

from tests.leaving import run_row, until
from tests.soak import ends, keys
from tests.soak.app import Difference
from tests.soak.person import Act, Person
from tests.soak.truth import Truth

SHORT: Final = ("--max-steps", "12", "--checkpoint-every", "4")
MOST_PAIRS: Final = 120
"""With more pairs a run by key, which takes all of them three times, would last too long."""
MEANWHILE: Final[tuple[Act, ...]] = (
    keys.judge, keys.tour, keys.edit, ends.kill, ends.hang_up, ends.terminate, ends.take_over, ends.watch,
)  # fmt: skip


def run(person: Person) -> None:
    """A run ends with the weights that the same run has in a copy that nothing happened to."""
    person.label()
    person.truth.absorb()
    copy = person.space.parent / "copy"
    person.truth.copy_to(copy)
    number = (person.truth.ask("SELECT ifnull(max(id), 0) + 1 FROM runs")[0])[0]
    by_key = len(person.truth.rows) <= MOST_PAIRS
    line = ("train", *(() if by_key else SHORT))
    command = None if by_key else person.begin(*line)
    if by_key:
        app = person.at
        app.press("T", "the Train screen", lambda text: "learning rate" in text or "another run" in text)
        if "another run" in app.text():
            app.press("n", "the settings", lambda text: "learning rate" in text)
        app.press("S", "the run", lambda _: run_row(person.space, number), 60)
    until(lambda: run_row(person.space, number))
    for act in person.chance.sample(MEANWHILE, person.chance.randint(0, 3)):
        person.does(act, "_beside_a_run")
        person.truth.check()
    if command is not None:
        command.communicate(timeout=300)
    finish(person, number)
    compare(person, number, Person(copy, person.chance, Truth(copy)), line)
    shutil.rmtree(copy)


def finish(person: Person, number: int) -> None:
    """Wait for the run's end; where it was interrupted, resume it."""
    until(lambda: not ends.is_running(person, number))
    if (run_row(person.space, number) or {})["status"] == "interrupted":
        person.done["resumed"] += 1
        person.palate("train", "--resume", str(number))
    row = run_row(person.space, number)
    if row is None or row["status"] != "finished":
        raise Difference(f"run {number} is {row}")


def compare(person: Person, number: int, other: Person, line: tuple[str, ...]) -> None:
    """The same run elsewhere gives the same bytes."""
    other.palate(*line)
    for each in (person, other):
        each.truth.absorb()
    here, there = person.truth.weights.get(number), other.truth.weights.get(number)
    if here is None or here != there:
        raise Difference(f"run {number} has the weights {here}, and undisturbed {there}")


ACTS: Final[tuple[tuple[int, Act], ...]] = ((4, run),)
