"""What the person does by keys: judging, editing, taking back, looking at every screen."""

from typing import Any, Final

from tests.soak.app import App, Difference
from tests.soak.person import Act, Person, shows_pair

VERDICTS: Final[dict[str, dict[str, Any]]] = {
    "1": {"side": "left", "strength": 1},
    "2": {"side": "right", "strength": 1},
    "!": {"side": "left", "strength": 2},
    "@": {"side": "right", "strength": 2},
    "0": {"verdict": "tie"},
    "x": {"verdict": "both_bad"},
    "+": {"verdict": "both_good"},
}
MODES: Final = (
    ("T", ("learning rate", "another run", "stop")), ("R", ("run▾", "o run")), ("C", ("Blind trial",)),
    ("D", ("/ find",)), ("L", ("╭─ 1 ─",)),
)  # fmt: skip
SIZES: Final = ((80, 24), (100, 30), (64, 18), (200, 60))


def judge(person: Person, key: str | None = None) -> None:
    """A verdict is on the disk once the screen counts it."""
    app = person.label()
    key = key or person.chance.choice(tuple(VERDICTS))
    before = app.counted() or 0
    pressed = 0
    while pressed < 60:
        if not person.truth.new_rows():
            app.send(key)
            pressed += 1
        if app.shows(lambda _: (app.counted() or 0) > before, 2.0):
            break
    acknowledged = app.counted() or 0
    rows = person.truth.new_rows()
    if acknowledged <= before or len(rows) < acknowledged - before or len(rows) > pressed:
        raise Difference(f"{acknowledged - before} verdicts are counted after {key!r}, {rows} are stored\n{app.text()}")
    for row in rows:
        wanted = {"source": "person", **VERDICTS[key]}
        if any(row[name] != value for name, value in wanted.items()):
            raise Difference(f"{key!r} stored {row}")


def judge_some(person: Person) -> None:
    """Several verdicts in turn."""
    for _ in range(person.chance.randint(2, 8)):
        judge(person)
        person.truth.absorb()


def skip(person: Person) -> None:
    """A skip or a discarded pair."""
    _stored(person, person.label(), person.chance.choice("sX"), ("skip", "discard"))


def undo(person: Person) -> None:
    """The last verdict is taken back by a row of its own."""
    judge(person)
    person.truth.absorb()
    _stored(person, person.label(), "u", ("undo",))


def _stored(person: Person, app: App, key: str, verdicts: tuple[str, ...]) -> None:
    for _ in range(60):
        app.send(key)
        if app.shows(lambda _: person.truth.new_rows(), 2.0):
            break
    rows = person.truth.new_rows()
    if not rows or any(row["verdict"] not in verdicts for row in rows):
        raise Difference(f"{key!r} stored {rows}\n{app.text()}")


def edit(person: Person) -> None:
    """An answer is written better in an editor that has the terminal."""
    app = person.label()
    app.press("e", "the question which answer", lambda text: "Which answer" in text)
    app.send("1")  # once: while the editor starts, another one would wait, and judge the next pair
    app.expect("the saved edit", lambda text: "your text is better" in text and person.truth.new_rows())
    rows = person.truth.new_rows()
    words = [row["verdict"] for row in rows]
    if words != ["skip", "b"] and not (words == ["b"] and _was_judged(person, rows[0])):
        raise Difference(f"an edit stored {words}")


def _was_judged(person: Person, edit: dict[str, Any]) -> bool:
    """Had the edited pair a verdict already? It shows for a moment after its verdict, and keeps that one."""
    words = """SELECT v.verdict FROM comparisons e, comparisons c JOIN verdicts v ON v.comparison = c.id
        WHERE e.id = ? AND c.id <> e.id AND e.a IN (c.a, c.b) AND v.verdict <> 'undo'"""
    return bool(person.truth.ask(words, edit["comparison"]))


def note(person: Person) -> None:
    """A note with the pair."""
    app = person.label()
    app.press("c", "the line for a note", lambda text: "Kept with this pair" in text)
    app.send("worth a word\r")
    app.expect("the note", lambda text: "worth a word" in text)


def new_answers(person: Person) -> None:
    """Two new answers for the prompt, and the pair counts as skipped."""
    app = person.label()
    _stored(person, app, "g", ("skip",))
    app.expect("the new pair", shows_pair)


def tour(person: Person) -> None:
    """Every mode in turn, some of them with their lists moved."""
    app = person.label()
    for _ in range(person.chance.randint(1, 12)):
        for key, words in MODES:
            app.press(key, f"the screen of {key}", lambda text, words=words: any(each in text for each in words))
            app.send(person.chance.choice(("j", "\x1b[B", "\x1b[6~", "\x1b[F", "")))


def look(person: Person) -> None:
    """Help, palette and settings, and back."""
    app = person.label()
    for key, words in (("?", "The left (first)"), ("\x10", "Search"), (",", "depth")):
        # Pressed again, the same key closes what it opened.
        app.press(key, f"what {key!r} opens", lambda text, words=words: words in text, again_after_s=20.0)
        app.escape()
        app.expect(f"the pair after {key!r}", lambda text, words=words: words not in text)


def search(person: Person) -> None:
    """The list of verdicts is narrowed to what a query finds."""
    app = person.label()
    app.press("D", "the verdicts", lambda text: "/ find" in text)
    app.press("/", "the line for words", lambda text: "words, or" in text)
    (wanted,) = person.truth.ask("SELECT count(*) FROM comparisons WHERE standing_verdict = 'tie'")[0]
    app.send("verdict:tie")
    found = f"{wanted:,} match" if wanted else "No verdict matches"
    app.expect(f"{wanted} ties", lambda text: found in text)
    app.escape()


def resize(person: Person) -> None:
    """Another size, and back."""
    app = person.label()
    for size in (*person.chance.sample(SIZES, 2), (120, 40)):
        app.resize(*size)
        app.expect(f"the screen at {size}", lambda text: " ready" in text)


def look_back(person: Person) -> None:
    """Through what was judged, and back to the open pair."""
    app = person.label()
    steps = person.chance.randint(1, 4)
    app.send("p" * steps)
    app.shows(lambda text: "judged" in text, 2.0)
    app.send("n" * (steps + 1))


ACTS: Final[tuple[tuple[int, Act], ...]] = (
    (20, judge_some), (3, skip), (5, undo), (4, edit), (3, note), (3, new_answers), (5, tour), (3, look), (4, search),
    (3, resize), (3, look_back),
)  # fmt: skip
