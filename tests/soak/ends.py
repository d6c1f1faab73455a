"""How an app ends: left, killed, its link lost, taken over, its disk full; and what looks at it from outside."""

import json
import os
import re
import signal
from typing import Final

from tests.leaving import is_alive, run_row, state_of, until
from tests.small_disk import fill
from tests.soak.app import App, Difference
from tests.soak.keys import judge
from tests.soak.person import Act, Person

MANY: Final = 800
READY: Final = re.compile(r"(\d+) ready")
VERDICTS: Final = 3
"""So many are given while the disk is full."""


def leave(person: Person) -> None:
    """Left with q, and opened again."""
    person.leave()
    person.open()


def kill(person: Person) -> None:
    """Killed right after a verdict that was acknowledged."""
    judge(person)
    kill_now(person)
    person.open()


def kill_now(person: Person) -> None:
    """SIGKILL for the owner; the process that waits for it gives the terminal back."""
    os.kill(person.at.owner, signal.SIGKILL)
    person.ended(128 + signal.SIGKILL)
    person.truth.check_pages()


def hang_up(person: Person) -> None:
    """The link is lost right after a verdict; the app leaves cleanly, after a run that goes on."""
    judge(person)
    app = person.at
    pid = app.owner
    app.hang_up()
    until(lambda: not is_alive(pid))
    person.forget()
    person.truth.check_left()
    person.open()


def terminate(person: Person) -> None:
    """Told to end from outside."""
    os.kill(person.at.owner, signal.SIGTERM)
    person.ended(0)
    person.truth.check_left()
    person.open()


def take_over(person: Person) -> None:
    """A second palate takes the workspace over; the first one leaves and says so."""
    judge(person)
    first = person.at
    person.app = None
    second = person.open("--take-over")
    person.app = first
    person.ended(0)
    person.app = second


def watch(person: Person) -> None:
    """A second palate watches: it shows the same counts, and changes nothing."""
    first = person.label()
    person.truth.absorb()
    second = App(person.space, "--watch")
    second.expect("the watching app", lambda text: "watching" in text)
    for key in "TRCD":
        second.send(key)
        second.expect("its screen", lambda text: "watching" in text)
    second.send("1x0u")
    judge(person)
    wanted = person.truth.counted()
    second.expect(f"{wanted} verdicts", lambda _: second.counted() == wanted)
    if len(person.truth.new_rows()) != 1:
        raise Difference(f"an app that watches stored {person.truth.new_rows()}")
    second.send("q")
    if (code := second.wait()) or second.screen.harm:
        raise Difference(f"the app that watched ended with {code}, {second.screen.harm}")
    second.close()
    assert first is person.app


def stop(person: Person) -> None:
    """A command that needs a suspended owner says so; continued, the owner works on."""
    app = person.label()
    pid = app.owner
    os.kill(pid, signal.SIGSTOP)
    try:
        until(lambda: state_of(pid) == "T")
        with person.begin("settings", "depth", "12") as command:
            _, said = command.communicate(timeout=120)
    finally:
        os.killpg(os.getpgid(pid), signal.SIGCONT)  # to the whole job, as `fg` does
    if command.returncode != 1 or "is suspended" not in said:
        raise Difference(f"a command beside a suspended owner ended with {command.returncode}: {said}")
    # What was typed before the app has the terminal again was meant for the shell, and is dropped.
    app.press("?", "the help after going on", lambda text: "Keys" in text)
    app.escape()


def import_and_die(person: Person) -> None:
    """An import whose owner is killed is there whole or not at all."""
    person.label()
    person.truth.absorb()
    file, mark = person.space.parent / "many.jsonl", f"lost {person.chance.getrandbits(40)}"
    rows = ({"prompt": f"{mark} {at}", "chosen": f"yes {at}", "rejected": "no"} for at in range(MANY))
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with person.begin("import", str(file), "--set", mark) as command:
        for _ in range(person.chance.randint(0, 60)):
            if person.truth.new_rows():
                break
        kill_now(person)
        command.communicate(timeout=120)
    person.open()
    until(lambda: person.truth.ask("SELECT first_comparison FROM import_batch") in ([], [(None,)]) or whole(person))
    stored = person.truth.new_rows()
    if len(stored) not in (0, MANY) or (command.returncode == 0 and not stored):
        raise Difference(f"an import that was killed stored {len(stored)} of {MANY}, code {command.returncode}")
    if stored:
        person.palate("data", f'set:"{mark}"', "--take-out")


def whole(person: Person) -> bool:
    """Is the import there to the last row?"""
    return len(person.truth.new_rows()) == MANY


def fill_the_disk(person: Person) -> None:
    """On a full disk verdicts are stored all the same; with room again everything goes on."""
    if person.disk is None:
        return
    person.label().expect("pairs to judge", lambda text: int((READY.search(text) or "01")[1]) > VERDICTS)
    filling = fill(person.disk)
    try:
        for _ in range(VERDICTS):
            judge(person)
            person.truth.absorb()
        if person.chance.random() < 0.5:
            kill_now(person)
    finally:
        filling.unlink()
    if person.app is None:
        person.open()


def is_running(person: Person, run: int) -> bool:
    """Has the run not come to an end yet?"""
    return (run_row(person.space, run) or {"status": ""})["status"] == "running"


ACTS: Final[tuple[tuple[int, Act], ...]] = (
    (3, leave), (5, kill), (4, hang_up), (2, terminate), (3, take_over), (3, watch), (2, stop), (2, import_and_die),
    (2, fill_the_disk),
)  # fmt: skip
