"""`palate ask`: one question to two policies, or a conversation on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from db.conversations import ASKED_SET
from db.prompt_rows import Message, Messages
from engine.config import SamplingConfig, settings_of
from tui.asking.choice import AskChoice, kept_choice
from tui.commands.config_options import build_config, config_options
from tui.commands.options import EventStream, Options, load_model
from tui.commands.output import as_json, overwrite_option
from tui.errors import InputError
from tui.events import AskedGrowing
from tui.ipc.console import CallerPath, console, emit, say, show
from tui.terminal.input_lines import is_typed, lines_of_input
from tui.text.format import count, when
from tui.text.sanitize import visible, visible_line
from tui.text.word_wrap import WordWrap, columns_of, wrapped
from tui.workspace.export_list import check_free

if TYPE_CHECKING:
    from db.pair_rows import ComparisonRow
    from tui.asking.asking import Asked
    from tui.reader import WorkspaceReader
    from tui.workbench import Workbench

VERDICT_LINES: Mapping[str, tuple[str, int]] = {
    "1": ("first", 1),
    "2": ("second", 1),
    "!": ("first", 2),
    "@": ("second", 2),
    "0": ("tie", 1),
    "x": ("both_bad", 1),
    "+": ("both_good", 1),
}
"""What a line of one such key says of the pair, in a conversation."""
_ABOUT_PAIR = ("u", "again", "names")
"""Lines about the pair that is not its verdict."""
_HELP = (
    "1, 2, 0, x or + on a line of its own judges; u takes it back; again asks once more; new begins another "
    "conversation; names shows who wrote what; anything else is your next turn. ctrl+D leaves."
)


@click.command()
@click.argument("question", required=False)
@click.option("--policy", metavar="NAME", help="Base, in-use or an adapter, or NAME@SERVER. Default: as in the app.")
@click.option(
    "--against", metavar="NAME", help="The other policy. Default: as in the app, at first the adapter in use."
)
@click.option("--names/--blind", default=None, help="Show who wrote which answer, or not. Default: as in the app.")
@click.option("--after", type=int, metavar="PROMPT", help="Go on from this prompt, with the answer that was chosen.")
@click.option("--set", "set_name", default=ASKED_SET, show_default=True, metavar="NAME", help="The set of new prompts.")
@click.option("--list", "listed", is_flag=True, help="List the conversations that hold the words of QUESTION.")
@click.option(
    "--export", "target", type=CallerPath(), metavar="FILE", help="Write the conversation of --after as prompts."
)
@overwrite_option
@config_options(SamplingConfig)
@as_json
@click.pass_obj
def ask(options: Options, /, **flags: Any) -> None:
    """Ask two policies QUESTION; their answers become a pair to judge. Without QUESTION: a conversation."""
    if flags["listed"]:
        with options.reading() as view:
            _list(view, flags["question"] or "", flags["as_json"])
    elif flags["target"] is not None:
        with options.reading() as view:
            _export(view, flags["after"], flags["target"], overwrite=flags["overwrite"])
    elif flags["question"] is not None:
        _one_question(options, flags)
    else:
        _converse(options, flags)


# -- one question ----------------------------------------------------------------------------------------------


def _one_question(options: Options, flags: Mapping[str, Any]) -> None:
    text = flags["question"].strip()
    if not text:
        raise InputError("An empty question asks nothing. Write one.")
    with options.owning() as workbench, options.serving_clients(workbench):
        talk = _Talk(workbench, _choice(workbench, flags), flags)
        talk.load()
        talk.begin_after(flags["after"])
        if not talk.ask(text):
            raise SystemExit(1)
        talk.say_how_to_judge()


def _choice(workbench: Workbench, flags: Mapping[str, Any]) -> AskChoice:
    """The choice of the app, changed by these flags."""
    kept = kept_choice(workbench.workspace.setting)
    choice = replace(kept, first=flags["policy"] or kept.first, second=flags["against"] or kept.second)
    given = {each.name: flags[each.name] for each in settings_of(SamplingConfig) if flags[each.name] is not None}
    if given:
        build_config(SamplingConfig, given)  # a value that cannot be used is refused under its flag
        choice = replace(choice, sampling=" ".join(f"{name}={value}" for name, value in given.items()))
    return choice if flags["names"] is None else replace(choice, named=flags["names"])


class _Talk:
    """One conversation: what was asked last, and its pair."""

    def __init__(self, workbench: Workbench, choice: AskChoice, flags: Mapping[str, Any]) -> None:
        self.workbench = workbench
        self.pair: ComparisonRow | None = None
        self._choice, self._as_json, self._set = choice, flags["as_json"], flags["set_name"]
        self._messages: Messages = ()

    def load(self) -> None:
        """Load the model, if one of the policies needs it."""
        if self._choice.needs_model():
            load_model(self.workbench)
        else:
            self.workbench.start(fill_queue=False, load_model=False)

    def begin_after(self, prompt: int | None) -> None:
        """Go on from a prompt that was asked, or from nothing."""
        self.pair, self._messages = None, ()
        if prompt is not None:
            conversations = self.workbench.conversations
            row = conversations.prompt(prompt)
            self.pair, same = conversations.pair(prompt), conversations.only_answer(prompt)
            if self.pair is None and same is None:
                raise InputError(f"Prompt {row.id} has no answer to continue from. Ask it once more.")
            if self.pair is None:  # both answers were the same one
                self._messages = (*row.messages, Message(role="assistant", content=same or ""))

    def ask(self, text: str) -> bool:
        """Ask the next question and print both answers; False where there is no answer."""
        if self.pair is not None:
            pair = self.workbench.comparison(self.pair.id)
            self._messages = self.workbench.conversations.continued(pair, pair.first.text)
        return self._answer((*self._messages, Message(role="user", content=text)))

    def again(self) -> bool:
        """Have the last question answered once more."""
        return self.pair is not None and self._answer(self.pair.prompt.messages)

    def _answer(self, messages: Messages) -> bool:
        with EventStream(self.workbench) as heard:
            asked = self.workbench.asking.ask(messages, self._choice, set_name=self._set)
            answers = _Answers(asked, stream=not self._as_json)
            for published in heard.until(asked.job, end_with=self.workbench.scheduler):
                if isinstance(published, AskedGrowing) and published.number == asked.number:
                    answers.grow(published.texts)
        ended = asked.ended
        assert ended is not None
        if ended.problem:
            say(f"There is no answer. {ended.problem}")
            return False
        answers.grow(asked.shown())
        answers.close()
        self.pair = None if ended.comparison is None else self.workbench.comparison(ended.comparison)
        if self.pair is None:
            self._messages = (*messages, Message(role="assistant", content=asked.shown()[0]))
        if self._as_json:
            emit(_record(asked, self.pair))
        elif self.pair is None:
            say("Both answers are the same, so there is nothing to judge.")
        return True

    def say_how_to_judge(self) -> None:
        """Say with which commands the pair is judged and the conversation continued."""
        if self.pair is not None and not self._as_json:
            number, first, second = self.pair.id, self.pair.first_letter, self.pair.second_letter
            how = (
                f"Pair {number}: `palate judge {number} {first}` for the first answer, {second} for the second. "
                f"`palate ask --after {self.pair.prompt.id} …` continues it."
            )
            say(wrapped(how, console().columns))


class _Answers:
    """Prints two answers as they grow: the first one at once, the second when the first is complete."""

    def __init__(self, asked: Asked, *, stream: bool) -> None:
        self._asked, self._stream = asked, stream
        self._written = [0, 0]
        self._wrap = WordWrap(None)
        self._at = -1

    def grow(self, texts: tuple[str, str]) -> None:
        """Print what is new."""
        if not self._stream:
            return
        for place in (0, 1):
            complete = self._asked.left_to_right[place] in self._asked.done
            if place == self._at + 1 and (place == 0 or self._is_complete(0)):
                self._head(place)
            if place == self._at:
                shown = visible(texts[place])
                console().out(self._wrap.take(shown[self._written[place] :]))
                self._written[place] = len(shown)
            if place == self._at and not complete:
                return

    def _is_complete(self, place: int) -> bool:
        return len(self._asked.done) == 2 or self._asked.left_to_right[place] in self._asked.done

    def _head(self, place: int) -> None:
        policies = self._asked.question.policies
        name = f" · {visible_line(policies.names[self._asked.left_to_right[place]], 40)}" if policies.named else ""
        head = f"[{place + 1}]{name} "
        console().out(f"{self._wrap.end()}{chr(10) * 2 if place else ''}{head}")
        self._wrap = WordWrap(console().columns, columns_of(head))
        self._at = place

    def close(self) -> None:
        """End the last line."""
        if self._stream:
            console().out(f"{self._wrap.end()}\n")


def _record(asked: Asked, pair: ComparisonRow | None) -> dict[str, Any]:
    """Both answers as they would be shown, with the letters that judge them. Names only where they may be seen."""
    assert asked.ended is not None
    first, second = asked.shown()
    record: dict[str, Any] = {"event": "answers", "prompt_id": asked.ended.prompt, "comparison": asked.ended.comparison}
    record |= {"prompt": list(asked.question.messages), "first": first, "second": second}
    if pair is not None:
        record |= {"first_is": pair.first_letter, "second_is": pair.second_letter}
    if not asked.question.policies.hidden:
        names = [asked.question.policies.names[side] for side in asked.left_to_right]
        record |= {"policies": names}
    return record


# -- a conversation --------------------------------------------------------------------------------------------


def _converse(options: Options, flags: Mapping[str, Any]) -> None:
    if console().folder is not None:
        raise InputError(
            "Palate is open elsewhere, and a conversation needs the terminal of that process. Press A there, or give "
            'each question by itself: palate ask "…", then palate ask --after PROMPT "…".'
        )
    with options.owning() as workbench, options.serving_clients(workbench):
        talk = _Talk(workbench, _choice(workbench, flags), flags)
        talk.load()
        talk.begin_after(flags["after"])
        typed = is_typed()
        if typed:
            say(wrapped(_HELP, console().columns))
        for line in lines_of_input():
            # The next line of a pipe is about an answer that is not there; a person sees that and asks once more.
            if not _take_line(talk, line) and not typed:
                raise SystemExit(1)


def _take_line(talk: _Talk, line: str) -> bool:
    """Do what a line says; False where its question got no answer."""
    if line == "new":
        talk.begin_after(None)
        say("A new conversation.")
    elif line not in VERDICT_LINES and line not in _ABOUT_PAIR:
        return talk.ask(line)
    elif talk.pair is None:
        say(f"There is no pair to which “{line}” applies. Write a question.")
    elif line == "again":
        return talk.again()
    else:
        _about_pair(talk.workbench, talk.pair, line)
    return True


def _about_pair(workbench: Workbench, pair: ComparisonRow, line: str) -> None:
    if line == "u":
        taken = workbench.labelling.undo(prompt=pair.prompt.id).result()
        say("There is no verdict to take back." if taken is None else "Your verdict was taken back.")
    elif line == "names":
        workbench.labelling.names_were_shown(pair.id).result()
        first, second = (visible_line(each.model_name or "a model", 40) for each in (pair.first, pair.second))
        say(f"1 is by {first}, 2 by {second}.")
    else:
        said, strength = VERDICT_LINES[line]
        verdict = {"first": pair.first_letter, "second": pair.second_letter}.get(said, said)
        side = {"first": "left", "second": "right"}.get(said)
        stored = workbench.labelling.judge(pair.id, verdict, strength=strength, side=side, layout="stacked").result()
        say(f"Saved{'' if stored.blind else ', not blind'}.")


# -- past ones -------------------------------------------------------------------------------------------------


def _list(view: WorkspaceReader, words: str, as_json: bool) -> None:
    found = view.conversations.find(words)
    for each in found:
        if as_json:
            emit({"prompt": each.prompt.id, "at": each.at, "turns": each.turns, "messages": list(each.prompt.messages)})
        else:
            title, turns = visible_line(each.title, 60), count(each.turns, "turn")
            show(f"{each.prompt.id:>6}  {title:<60}  {turns:<9} {when(each.at)}")
    if not found:
        say("No conversation has these words." if words else 'No question was asked yet. `palate ask "…"` asks one.')


def _export(view: WorkspaceReader, prompt: int | None, target: Path, *, overwrite: bool) -> None:
    if prompt is None:
        raise InputError("--export writes the conversation of --after PROMPT; `palate ask --list` lists them.")
    check_free(target, overwrite=overwrite)
    turns = view.conversations.export(view.conversations.prompt(prompt), target)
    say(f"{count(turns, 'prompt')} in {target}.")
