"""Notes on the Label screen: the effect of the last key, and why there is no pair."""

from collections.abc import Sequence

from textual.content import Content

from db.pair_rows import ComparisonRow, VerdictRow
from tui.snapshots import LoadState, WorkbenchStatus
from tui.text.format import UNDECIDED_WORDS, when
from tui.text.sanitize import visible, visible_line
from tui.workspace.bundled_prompts import BUNDLED_SET, DEFAULT_MODEL


def saved_words(verdict: str, side: str | None, strength: int, *, stacked: bool) -> Content:
    """The verdict of the last key, for the line above the next pair."""
    names = {"left": "first", "right": "second"} if stacked else {"left": "left", "right": "right"}
    words = UNDECIDED_WORDS | {"skip": "skipped, comes back later"}
    said = f"{names[side]} {'much ' if strength > 1 else ''}better" if side else words[verdict]
    return Content.assemble(("✓ ", "$success"), (f"saved: {said}", "$quiet"))


def said_words(pair: ComparisonRow, verdict: VerdictRow, *, stacked: bool) -> str:
    """A verdict in words that fit the present places of the answers."""
    return letter_words(pair, verdict.verdict, verdict.strength, stacked=stacked)


def letter_words(pair: ComparisonRow, verdict: str, strength: int = 1, *, stacked: bool) -> str:
    """The same for a verdict by its letter or word."""
    if verdict not in ("a", "b"):
        return (UNDECIDED_WORDS | {"tie": "a tie"})[verdict]
    first, second = ("first", "second") if stacked else ("left", "right")
    side = first if verdict == pair.first_letter else second
    return f"{side} {'much ' if strength > 1 else ''}better"


def judged_words(pair: ComparisonRow, note: str, *, named: bool) -> str:
    """The earlier verdict on a pair, in words that fit the present places of its answers.

    `note` is the note on the verdict. `named` means that the answers were shown with names before, so that a verdict
    is not blind.
    """
    parts = [_said_before(pair, pair.standing, note)] if pair.standing else []
    parts += ["names were shown: not blind"] if named else []
    return " · ".join(parts)


def _said_before(pair: ComparisonRow, verdict: VerdictRow, note: str) -> str:
    if verdict.verdict in ("a", "b"):
        place = "first" if verdict.verdict == pair.first_letter else "second"
        said = f"{place} {'much ' if verdict.strength > 1 else ''}better"
    else:
        said = (UNDECIDED_WORDS | {"tie": "a tie"})[verdict.verdict]
    noted = f" · {visible_line(note, 30)}" if note else ""
    return f"you said {when(verdict.at)}: {said}{noted} · a verdict key changes it"


def undone_words(pair: ComparisonRow, undone: ComparisonRow | None) -> str:
    """What was taken back, where `pair` is shown again and `undone` had the verdict.

    The two differ where a person's own text, or a ranking, stood beside the pair.
    """
    what = "verdict"
    if undone is not None and undone.id != pair.id:
        what = "text" if undone.ranking is None else "ranking"
    if pair.undecided:
        return f"open again: your {what} was taken back"
    if what == "verdict":
        return "your verdict was taken back, and the one before it counts again"
    return f"your {what} was taken back; this pair keeps its verdict"


def empty_note(status: WorkbenchStatus, sets: Sequence[str] = ()) -> Content:
    """Why there is no pair, and what happens next or which key to press. `sets` are the prompt sets for labelling."""
    title, sentence = _why_empty(status)
    lines = [sentence]
    if status.model_state not in (LoadState.READY, LoadState.FAILED):
        lines += ["", *_first_words(status, sets)]
    words = "\n".join(visible(line) for line in lines)
    return Content.assemble((visible(title), "bold"), "\n\n", (words, "$quiet"))


def _first_words(status: WorkbenchStatus, sets: Sequence[str]) -> list[str]:
    """What will answer, whose questions these are, and which keys change either, a line each."""
    model = visible_line(status.model_name, 40)
    answers = f"{model} answers."
    if status.model_name == DEFAULT_MODEL:
        answers = f"{model} shows the loop; it writes nonsense now and then."
    own = [visible_line(each, 20) for each in sets if each != BUNDLED_SET]
    asked = f"The questions are yours: {', '.join(own[:2])}{' …' if len(own) > 2 else ''}."
    if not own:
        asked = "The 200 questions on science are Palate's own."
    return [answers, asked, ", chooses another model · D and then p adds questions of your own"]


def _why_empty(status: WorkbenchStatus) -> tuple[str, str]:
    model = visible_line(status.model_name, 40)
    if status.model_state is LoadState.FAILED:
        return status.error or ("The model cannot be loaded", "Start Palate with another one: palate --model NAME")
    if status.model_state not in (LoadState.READY, LoadState.UNUSED):
        return status.model_detail or f"Loading {model}…", "The first pair appears here as soon as it is written."
    if status.queue_problem is not None and not status.writing:
        return status.queue_problem
    if status.prompts_left == 0 and not status.writing:
        return "No prompts left", "Every prompt is answered and judged. Add some: press D, then i."
    return "Writing the next answers…", "They appear here by themselves; nothing to press."
