"""What the person does by commands, beside the open app or without one."""

import json
import shlex
import sqlite3
import sys
from contextlib import closing
from typing import Final

from tests.hostile import EVIL
from tests.soak.app import Difference
from tests.soak.person import Act, Person

JUDGE: Final = 'import json, sys; a = json.load(sys.stdin); print("first" if len(a["first"]) > 5 else "second")'
TOGETHER: Final = 9


def judge_by_command(person: Person) -> None:
    """A command that ended well has stored its verdict."""
    open_pairs = [json.loads(line) for line in person.palate("queue", "--json", "--limit", "3").splitlines()]
    for pair in open_pairs[:1]:
        number = pair["id"]
        person.palate("judge", str(number), "tie", "--json")
        rows = person.truth.new_rows()
        if [(row["comparison"], row["verdict"]) for row in rows] != [(number, "tie")]:
            raise Difference(f"palate judge {number} tie stored {rows}")


def take_in(person: Person) -> None:
    """An import is seen whole."""
    file = person.space.parent / "more.jsonl"
    count = person.chance.randint(1, 30)
    mark = person.chance.getrandbits(60)
    rows = [{"prompt": f"{EVIL} {mark} {at}", "chosen": f"{EVIL} yes", "rejected": f"no {at}"} for at in range(count)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    person.palate("import", str(file))
    stored = person.truth.new_rows()
    if len(stored) != count or {row["source"] for row in stored} != {"import"}:
        raise Difference(f"an import of {count} stored {len(stored)}")


def take_out(person: Person) -> None:
    """An export holds every pair with a better answer."""
    file = person.space.parent / "out.jsonl"
    file.unlink(missing_ok=True)
    person.palate("export", str(file))
    (wanted,) = person.truth.ask(
        "SELECT count(*) FROM comparisons WHERE trial IS NULL AND repeats IS NULL AND withdrawn = 0 "
        "AND standing_verdict IN ('a', 'b')"
    )[0]
    found = len(file.read_text().splitlines())
    if found != wanted:
        raise Difference(f"an export has {found} pairs, the database {wanted}")


def back_up(person: Person) -> None:
    """A backup beside everything is sound and holds every verdict that was acknowledged before it."""
    file = person.space.parent / "copy.db"
    file.unlink(missing_ok=True)
    before = len(person.truth.rows)
    person.palate("backup", str(file))
    with closing(sqlite3.connect(file)) as copy:
        found = copy.execute("SELECT count(*) FROM verdicts").fetchone()[0]
        sound = copy.execute("PRAGMA integrity_check").fetchone()[0]
    if found < before or sound != "ok":
        raise Difference(f"a backup has {found} verdicts of {before}, and is {sound}")


def read(person: Person) -> None:
    """Commands that only read."""
    for words in person.chance.sample(READING, 4):
        for line in person.palate(*words, "--json").splitlines():
            json.loads(line)


def generate(person: Person) -> None:
    """Pairs that a command asks for."""
    person.palate("generate", "--pairs", "2")


def change_a_setting(person: Person) -> None:
    """A setting is changed beside the app."""
    depth = str(person.chance.randint(8, 14))
    person.palate("settings", "depth", depth)
    if (told := json.loads(person.palate("settings", "depth", "--json"))["value"]) != int(depth):
        raise Difference(f"depth was set to {depth} and is {told}")


def together(person: Person) -> None:
    """Commands that write, all at once, are all served."""
    begun = [person.begin("settings", "depth", str(8 + at % 7)) for at in range(TOGETHER)]
    ended = [(each.communicate(timeout=300), each.returncode) for each in begun]
    if wrong := [(said, code) for said, code in ended if code]:
        raise Difference(f"{len(wrong)} of {TOGETHER} commands at once failed: {wrong[0]}")


def trial(person: Person) -> None:
    """A blind trial that a program judges, once there is an adapter."""
    if person.truth.weights:
        file = person.space.parent / "judge.py"
        file.write_text(JUDGE)
        command = f"{shlex.quote(sys.executable)} {shlex.quote(str(file))}"
        person.palate("compare", "--judge", command, "--num-questions", "3", "--max-new-tokens", "8", "--json")
        if {row["source"] for row in person.truth.new_rows()} - {"model"}:
            raise Difference(f"a trial of a program stored {person.truth.new_rows()}")


READING: Final = (
    ("queue",), ("data", "verdict:better"), ("runs",), ("adapters",), ("prompts",), ("agreement",), ("likes",),
    ("settings",),
)  # fmt: skip
ACTS: Final[tuple[tuple[int, Act], ...]] = (
    (4, judge_by_command), (4, take_in), (3, take_out), (2, back_up), (3, read), (2, generate), (2, change_a_setting),
    (2, together), (3, trial),
)  # fmt: skip
