"""Files in and out of the Data screen: which kind, which format, where, and what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from textual.content import Content

from db.prompt_rows import TakenPrompts
from tui.curation.files import PairFile, check_target, format_choices, named_source
from tui.curation.import_format import (
    exported_words,
    left_out_words,
    rejects_words,
    remark_words,
    summary_words,
    taken_words,
)
from tui.curation.import_source import UnknownFormat
from tui.curation.import_tally import Preview
from tui.curation.prompt_sets import PromptFile, similar_line, similar_words
from tui.errors import KNOWN_ERRORS
from tui.screens.base import PalateScreen
from tui.screens.data.import_preview import PREVIEWED, ShowPreview, in_key_words
from tui.screens.dialog import AskText, Choose, path_of
from tui.screens.picker import Pick
from tui.text.format import count
from tui.text.sanitize import visible_line

_KINDS = (("p", "prompts for labelling"), ("h", "prompts held out for trials"), ("v", "judged pairs"))
_SIMILAR_SHOWN = 5
_TOLD = 2
"""Remarks of a notice, which leaves room for the screen at 80 columns; the preview has them all."""
_STOP = (("s", "stop it; nothing of it is kept"),)
_WHERE = "A file (.jsonl, .json, .csv, .parquet{}), a folder with a data set, or user/name on the Hub."


class PickFormat(Pick):
    """The formats in a list, the likeliest first. The answer is a format's name."""

    def __init__(self, title: str, sentence: str, first: str, *, written: bool = True) -> None:
        formats = format_choices(first, written=written)
        rows = [(each.name, Content.assemble(f"{each.name:<22} ", (each.words, "$quiet"))) for each in formats]
        super().__init__(title, sentence, rows)


# -- in --------------------------------------------------------------------------------------------------------


async def import_file(screen: PalateScreen) -> None:
    """Ask for a file and import it; or, while an import is in progress, whether to stop it."""
    app, imports = screen.app, screen.workbench.imports
    if imports.going_on:
        if await app.push_screen_wait(Choose("Import", "An import is in progress.", _STOP)):
            imports.stop()
        return
    kind = await app.push_screen_wait(Choose("Import", "What does it hold?", _KINDS))
    if kind is None:
        return
    sentence = _WHERE.format("" if kind == "v" else ", or .txt with a prompt a line")
    text = await app.push_screen_wait(AskText("Import", sentence, placeholder="path or name"))
    if text is None:
        return
    try:
        if kind == "v":
            await _take_pairs(screen, str(path_of(text)))
        else:
            await _take_prompts(screen, str(path_of(text)), held_out=kind == "h")
    except (*KNOWN_ERRORS, OSError) as error:
        screen.palate.tell_error(error)
    finally:
        screen.screen_shown()
        screen.refresh_status()


async def _take_prompts(screen: PalateScreen, name: str, *, held_out: bool) -> None:
    source, prompts = named_source(name), screen.workbench.prompts
    file = await asyncio.to_thread(prompts.read_file, source, held_out=held_out)
    answer: str | None = "a"
    if file.near:
        answer = await screen.app.push_screen_wait(_similar_question(file))
    if answer is not None:
        adding = prompts.add_file(file, source.stem, distinct=answer == "d")
        screen.palate.tell("Imported", added_sentence(await asyncio.wrap_future(adding)))


def _similar_question(file: PromptFile) -> Choose:
    """What of the file is nearly the same as others, and whether to add it."""
    similar = file.read.similar
    lines = [visible_line(similar_line(each), 160) for each in similar[:_SIMILAR_SHOWN]]
    if len(similar) > len(lines):
        lines.append(f"… and {len(similar) - len(lines):,} more")
    words = "\n".join([*similar_words(similar), "", *lines])
    return Choose("Import", words, (("a", "add them all"), ("d", "leave those out that are nearly the same")))


async def _take_pairs(screen: PalateScreen, name: str) -> None:
    """Show how a file would be read, let format and columns be changed, and store it beside the loop."""
    file: PairFile | None = PairFile(name)
    while file is not None:
        answer, found = await _shown(screen, file)
        if answer in ("enter", "r"):
            await _store_pairs(screen, file, with_rejects=answer == "r")
            return
        file = await _changed(screen, file, answer, found)


async def _shown(screen: PalateScreen, file: PairFile) -> tuple[str | None, Preview | UnknownFormat]:
    """The key that answered the preview, and the preview; `c` without asking where the format is not known."""
    source = file.source()
    try:
        preview = await asyncio.to_thread(screen.workbench.import_preview, source, file.format, PREVIEWED)
    except UnknownFormat as error:
        return "c", error
    return await screen.app.push_screen_wait(ShowPreview(preview)), preview


async def _changed(
    screen: PalateScreen, file: PairFile, answer: str | None, found: Preview | UnknownFormat
) -> PairFile | None:
    """The file to be read in another format (`f`) or with other columns (`c`); None where the person goes back."""
    if answer == "f" and isinstance(found, Preview):
        likely = found.found.format
        asked = PickFormat("Import", f"{file.name} looks like {likely}.", likely, written=False)
        format = await screen.app.push_screen_wait(asked)
        return replace(file, format=format or file.format)
    if answer != "c":
        return None
    unknown = isinstance(found, UnknownFormat)
    usual = "Which column is which? One that need not be read: ignore=COLUMN."
    sentence = f"{in_key_words(str(found))} Name the columns:" if unknown else usual
    columns = await _ask_columns(screen, sentence, file.columns)
    return None if columns is None else replace(file, columns=columns)


async def _ask_columns(screen: PalateScreen, sentence: str, value: str) -> str | None:
    asked = AskText("Import", sentence, value=value, placeholder="prompt=q,chosen=good,rejected=bad")
    return await screen.app.push_screen_wait(asked)


async def _store_pairs(screen: PalateScreen, file: PairFile, *, with_rejects: bool) -> None:
    rejects = None
    source = file.source()
    if with_rejects:
        sentence = "Write the rows that cannot be used to this file, to correct and import them:"
        text = await screen.app.push_screen_wait(AskText("Import", sentence, value=f"{source.stem}.rejects.jsonl"))
        rejects = None if text is None else path_of(text).absolute()
        if rejects is None or (rejects.exists() and not await _replace(screen, rejects)):
            return
    imported = await asyncio.wrap_future(screen.workbench.imports.start(source, format=file.format, rejects=rejects))
    rejected = rejects_words(imported)
    said = [each for each in summary_words(imported) if each not in rejected]
    words = [f"{taken_words(imported)} in the set {imported.set_name!r}", *map(in_key_words, said[:_TOLD])]
    if len(said) > _TOLD:
        words.append(f"{count(len(said) - _TOLD, 'more remark')}, as the preview showed")
    words += rejected
    screen.palate.tell("Imported", _sentences(words))


# -- out -------------------------------------------------------------------------------------------------------


async def export_file(screen: PalateScreen) -> None:
    """Ask for the format and the place, and write every judged pair."""
    sentence = f"{count(screen.workbench.counts().decisive, 'preference pair')}. Write them as:"
    name = await screen.app.push_screen_wait(PickFormat("Export", sentence, "trl"))
    if name is None:
        return
    format = format_choices(name)[0]
    sentence = f"{format.words}, as {' '.join(format.endings)}."
    text = await screen.app.push_screen_wait(AskText("Export", sentence, value=f"preferences{format.endings[0]}"))
    if text is None:
        return
    path = path_of(text)
    try:
        check_target(path, name)
        if not path.exists() or await _replace(screen, path):
            done = await asyncio.to_thread(screen.workbench.export_pairs, path, name)
            words = [f"{count(done.pairs, 'pair')} in {path.absolute()}", *exported_words(done)]
            screen.palate.tell("Exported", _sentences(words))
    except (*KNOWN_ERRORS, OSError) as error:
        screen.palate.tell_error(error)


async def _replace(screen: PalateScreen, path: Path) -> bool:
    question = Choose("Export", f"{path} is there already.", (("r", "replace it"),))
    return await screen.app.push_screen_wait(question) is not None


# -- words -----------------------------------------------------------------------------------------------------


def _sentences(words: Iterable[str]) -> str:
    return " ".join(f"{each}." for each in words)


def added_sentence(taken: TakenPrompts) -> str:
    """What became of a file of prompts."""
    parts = [f"{count(taken.added, 'prompt')} in the set {taken.set_name!r}"]
    for number, words in (
        (taken.duplicates, "known already"),
        (taken.in_other_set, "left out, because they are in a set of the other kind (labelling or held out)"),
    ):
        if number:
            parts.append(f"{number:,} {words}")
    parts += [*map(left_out_words, taken.left_out), *map(remark_words, taken.remarks)]
    return "; ".join(parts) + "."
