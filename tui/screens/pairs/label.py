"""The Label screen: judging the pairs of the queue, with everything a person may want to do to one of them."""

import asyncio
import time
from dataclasses import replace
from typing import ClassVar

from textual.content import Content

from db.pair_rows import ComparisonRow
from tui.errors import KNOWN_ERRORS
from tui.events import AnswersGrowing, WorkbenchEvent
from tui.generation.regenerate import may_skip
from tui.screens.dialog import AskText, Choose
from tui.screens.external_editor import Edited, edit_text
from tui.screens.pairs.actions import ask_note, note_of
from tui.screens.pairs.judge import VERDICT_KEYS, JudgeScreen
from tui.screens.pairs.pair_screen import LOOKING_KEYS, pair_key
from tui.text.sanitize import visible_line
from tui.widgets.pair.verdict_notes import judged_words

_NEED_A_PAIR = ("note", "edit", "new_answers")


class LabelScreen(JudgeScreen):
    """Judge what the queue holds; note, edit, discard, ask for other answers, go back to what was judged before."""

    MODE = "label"
    WATCHABLE = False
    BINDINGS: ClassVar = [
        *VERDICT_KEYS,
        pair_key("s", "say('skip')", "skip", "skip", "Not now: the pair comes back later.", writes=True),
        pair_key("u", "undo", "undo", "undo", "Take back the last verdict and open its pair again.", writes=True),
        pair_key(
            "e",
            "edit",
            "edit",
            "edit",
            "Write an answer better in your editor; it becomes the chosen one.",
            writes=True,
        ),
        pair_key("c", "note", "note", "note", "Keep a note with this pair.", writes=True),
        pair_key(
            "g",
            "new_answers",
            "new-answers",
            "new answers",
            "Two new answers for this prompt; this pair is skipped.",
            writes=True,
        ),
        *LOOKING_KEYS,
        pair_key("p", "earlier", "earlier", "earlier", "The pair that was judged before this one."),
        pair_key("n", "later", "later", "later", "The pair that was judged after this one, at last the open one."),
        pair_key("G", "go_to", "go-to", "go to", "Go to a pair by its prompt's number or by words of it."),
        pair_key(
            "X",
            "say('discard')",
            "discard",
            "discard",
            "Throw the pair away: never asked, never trained on.",
            writes=True,
        ),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._left: ComparisonRow | None = None
        """The pair whose prompt is being answered anew on this screen."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only the keys that do something now."""
        if action in _NEED_A_PAIR and self._pair is None:
            return None
        return super().check_action(action, parameters)

    # -- a note --------------------------------------------------------------------------------------------------

    def action_note(self) -> None:
        """Ask for the words; they are kept with the pair at once, judged or not."""
        pair = self._pair
        if pair is not None:
            ask_note(self, pair.id, lambda text: self._noted(pair, text))

    def _noted(self, pair: ComparisonRow, text: str) -> None:
        if self._pair is not None and self._pair.id == pair.id:
            self.view.note(f"note: {visible_line(text, 50)}" if text else "no note")

    # -- other pairs ---------------------------------------------------------------------------------------------

    def action_earlier(self) -> None:
        """Open the pair whose verdict came before that of the one on the screen, or the newest verdict."""
        standing = self._pair.standing if self._pair else None
        self._go_to(self.workbench.judged_before(standing.id if standing else None), "there is no earlier verdict")

    def action_later(self) -> None:
        """Open the pair whose verdict came after, and behind the last one the pair that is open."""
        if self._left is not None:
            self._show_next(note="the new answers come first, once they are written")
            return
        standing = self._pair.standing if self._pair else None
        later = self.workbench.judged_after(standing.id) if standing else None
        if standing is not None and later is None:
            self._show_next()
        else:
            self._go_to(later, "this is the open pair; p goes to earlier ones")

    def action_go_to(self) -> None:
        """Ask for a number or for words."""
        ask = AskText("Go to", "The number of a prompt in this set, or words of a prompt that has a pair.")
        self.app.push_screen(ask, self._found)

    def _found(self, text: str | None) -> None:
        if text is not None:
            words = visible_line(text, 40)
            self._go_to(self.workbench.find_pair(text, self._pair), f"no pair of a prompt with “{words}”")

    def _go_to(self, pair: ComparisonRow | None, otherwise: str) -> None:
        """Show this pair, with what was said of it."""
        if self._committing:
            return
        if pair is None:
            self.view.note(otherwise)
        else:
            note = note_of(self.workbench, pair)
            self._show(pair, judged_words(pair, note, named=self.workbench.names_known(pair.id)))

    # -- new answers ---------------------------------------------------------------------------------------------

    def action_new_answers(self) -> None:
        """Skip this pair and have its prompt answered anew, here and now."""
        pair, refusal = self._pair, self._refusal(self.palate.key_pressed_at)
        if pair is None or refusal is not None:
            self.view.note(refusal or "")
        else:
            self._committing = True
            self.run_worker(self._answer_anew(pair), name="new answers")

    async def _answer_anew(self, pair: ComparisonRow) -> None:
        """Show the new answers while they are written, and their pair when it is there."""
        if not await self._stored(lambda: self._set_aside(pair)):
            return
        job = self.workbench.new_answers.write(pair.prompt)
        self._pair = self._painted_at = self._growing = None
        self._left = pair
        self._clock.reset()
        self._grow(AnswersGrowing(pair.prompt, ("", "")))
        self.refresh_status()
        done = asyncio.shield(asyncio.wrap_future(job.done))  # leaving the screen does not take the job away
        await asyncio.gather(done, return_exceptions=True)  # what went wrong is told by the workbench
        if self._left is pair:
            self._show_next(after=pair.id)

    async def _set_aside(self, pair: ComparisonRow) -> None:
        """The pair counts as skipped, unless more was said of it; nothing of that when no answers can be written."""
        self.workbench.new_answers.check()
        if may_skip(pair):
            seconds = round(self._clock.seconds(time.monotonic()), 3)
            given = {"side": None, "layout": self.layout_word, "seconds": seconds}
            await asyncio.wrap_future(self.workbench.judge(pair.id, "skip", **given))

    def action_undo(self) -> None:
        """While new answers are written: back to the pair that they are to replace."""
        if self._left is not None and not may_skip(self._left):
            self._go_to(self.workbench.comparison(self._left.id), "")
        else:
            super().action_undo()

    def from_workbench(self, published: WorkbenchEvent) -> None:
        """While new answers are written, nothing else is shown."""
        if self._left is None:
            super().from_workbench(published)
        elif not (isinstance(published, AnswersGrowing) and self.is_current):
            return
        elif published.prompt.id == self._left.prompt.id:
            self._grow(published if published.texts else replace(published, texts=("", "")))

    def screen_shown(self) -> None:
        """New answers go on growing where they were."""
        if self._left is None:
            super().screen_shown()

    def _show(self, pair: ComparisonRow | None, note: str | Content = "") -> None:
        """Nothing is waited for when another pair is shown."""
        self._left = None
        super()._show(pair, note)

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
            self._committing = True  # no key that was meant for the editor judges
            self.run_worker(self._write_better(pair, name), name="edit")

    async def _write_better(self, pair: ComparisonRow, name: str) -> None:
        """Let the person edit an answer; what they wrote is chosen over it, and an open pair counts as skipped."""
        original = pair.first if name == "first" else pair.second
        try:
            edited = await edit_text(self.app, original.text)
        except (*KNOWN_ERRORS, OSError) as error:
            self.palate.tell_error(error)
            return
        finally:
            self._committing = False
            self._read_again()
        if not edited.text.strip() or edited.text == original.text:
            edited.forget()
            self.view.note("nothing was changed" if edited.text.strip() else "an empty answer is not kept")
        else:
            await self._keep_edit(pair, original.id, edited)

    async def _keep_edit(self, pair: ComparisonRow, original: int, edited: Edited) -> None:
        self._committing = True
        edit = self.workbench.edit_answer
        if await self._stored(lambda: asyncio.wrap_future(edit(pair.id, original, edited.text))):
            edited.forget()
            self._show_next(after=pair.id, note="saved: your text is better than the answer")
        else:
            self.palate.tell("Your text is kept", f"It is in {edited.file}.", severity="warning")
