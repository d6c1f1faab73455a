"""The Label screen: judging the pairs of the queue, with everything a person may want to do to one of them."""

import asyncio
from typing import Any, ClassVar

from db.rows import ComparisonRow, VerdictRow
from tui.errors import KNOWN_ERRORS
from tui.screens.dialog import AskText, Choose
from tui.screens.editing import edit_text
from tui.screens.judge import JudgeScreen, judge_key
from tui.visible import visible_line
from tui.words import when


class LabelScreen(JudgeScreen):
    """Judge what the queue holds; note, edit, discard, and go back to what was judged before."""

    MODE = "label"
    BINDINGS: ClassVar = [
        *JudgeScreen.BINDINGS,
        judge_key("X", "say('discard')", "discard", "Throw the pair away: never asked, never trained on.", show=False),
        judge_key("e", "edit", "edit", "Write an answer better in your editor; it becomes the chosen one."),
        judge_key("c", "note", "note", "Keep a note with your verdict on this pair.", show=False),
        judge_key("p", "earlier", "earlier", "The pair that was judged before this one.", show=False),
        judge_key("n", "later", "later", "The pair that was judged after this one, at last the open one.", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._note: tuple[int, str] = (0, "")

    def said_beside(self, pair: ComparisonRow) -> dict[str, Any]:
        """The note, if one was written for this pair."""
        return {"note": self._note_of(pair)} if self._note_of(pair) else {}

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only the keys that do something now."""
        if action in ("note", "edit") and self._pair is None:
            return None
        return super().check_action(action, parameters)

    # -- a note --------------------------------------------------------------------------------------------------

    def _note_of(self, pair: ComparisonRow) -> str:
        if self._note[0] == pair.id:
            return self._note[1]
        return pair.standing.note if pair.standing else ""

    def action_note(self) -> None:
        """Ask for the words; they are stored with the verdict."""
        pair = self._pair
        if pair is not None:
            ask = AskText("Note", "Kept with your verdict on this pair.", value=self._note_of(pair))
            self.app.push_screen(ask, lambda text: self._keep_note(pair, text))

    def _keep_note(self, pair: ComparisonRow, text: str | None) -> None:
        if text is not None:
            self._note = pair.id, text
            self.view.note(f"note: {visible_line(text, 50)}")

    # -- pairs that were judged ----------------------------------------------------------------------------------

    def action_earlier(self) -> None:
        """Open the pair whose verdict came before that of the one on the screen, or the newest verdict."""
        standing = self._pair.standing if self._pair else None
        self._go_to(self.workbench.judged_before(standing.id if standing else None), "there is no earlier verdict")

    def action_later(self) -> None:
        """Open the pair whose verdict came after, and behind the last one the pair that is open."""
        standing = self._pair.standing if self._pair else None
        later = self.workbench.judged_after(standing.id) if standing else None
        if standing is not None and later is None:
            self._show_next()
        else:
            self._go_to(later, "this is the open pair; p goes to earlier ones")

    def _go_to(self, pair: ComparisonRow | None, otherwise: str) -> None:
        if self._committing:
            return
        if pair is None or pair.standing is None:
            self.view.note(otherwise)
        else:
            self._show(pair, judged_words(pair, pair.standing))

    # -- an answer written better --------------------------------------------------------------------------------

    def action_edit(self) -> None:
        """Ask which answer, unless one is marked; then open it in the editor."""
        pair, refusal = self._pair, self._refusal(self.palate.key_pressed_at)
        if pair is None or refusal is not None:
            self.view.note(refusal or "")
        elif self.view.marked in ("first", "second"):
            self._edit(pair, self.view.marked)
        else:
            choose = Choose("Edit", "Which answer do you want to write better?", (("1", "first"), ("2", "second")))
            self.app.push_screen(choose, lambda key: self._edit(pair, {"1": "first", "2": "second"}.get(key or "")))

    def _edit(self, pair: ComparisonRow, name: str | None) -> None:
        if name is not None:
            self.run_worker(self._write_better(pair, name), name="edit")

    async def _write_better(self, pair: ComparisonRow, name: str) -> None:
        """Let the person edit an answer; what they wrote is chosen over it, and the pair itself counts as skipped."""
        letter = pair.first_letter if name == "first" else pair.second_letter
        original = pair.a if letter == "a" else pair.b
        try:
            text = await edit_text(self.palate, original.text)
        except (*KNOWN_ERRORS, OSError) as error:
            self.palate.tell_error(error)
            return
        if not text.strip() or text == original.text:
            self.view.note("nothing was changed" if text.strip() else "an empty answer is not kept")
            return
        self._committing = True
        edit = self.workbench.edit_answer
        if await self._stored(lambda: asyncio.wrap_future(edit(pair.id, original.id, text))):
            self._show_next(after=pair.id, note="saved: your text is better than the answer")


def judged_words(pair: ComparisonRow, verdict: VerdictRow) -> str:
    """What was said of a pair that is looked at again, in the words of where its answers stand now."""
    if verdict.verdict in ("a", "b"):
        place = "first" if verdict.verdict == pair.first_letter else "second"
        said = f"{place} {'much ' if verdict.strength > 1 else ''}better"
    else:
        said = {"tie": "a tie", "both_bad": "both bad", "skip": "skipped", "discard": "discarded"}[verdict.verdict]
    note = f" · {visible_line(verdict.note, 30)}" if verdict.note else ""
    return f"you said {when(verdict.at)}: {said}{note} · a verdict key changes it"
