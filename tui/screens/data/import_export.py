"""Files in and out of the Data screen: which kind, which format, where, and what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

from textual.content import Content

from db.interchange.formats import FORMATS, Format, format_of
from db.interchange.sources import Source, source_of
from db.interchange.writing import check_ending
from tui.curation.import_format import exported_words, left_out_words, taken_words
from tui.errors import KNOWN_ERRORS
from tui.screens.base import PalateScreen
from tui.screens.dialog import AskText, Choose, path_of
from tui.screens.picker import Pick
from tui.snapshots import TakenPrompts
from tui.text.format import count

_KINDS = (("p", "prompts for labelling"), ("h", "prompts held out for trials"), ("v", "judged pairs"))
_STOP = (("s", "stop it; nothing of it is kept"),)
_WHERE = "A file (.jsonl, .json, .csv, .parquet{}), a folder with a data set, or user/name on the Hub."


class PickFormat(Pick):
    """The formats in a list, the likeliest first. The answer is a format's name."""

    def __init__(self, title: str, sentence: str, first: Format) -> None:
        formats = [first, *(each for each in FORMATS.values() if each is not first)]
        rows = [(each.name, Content.assemble(f"{each.name:<16} ", (each.words, "$quiet"))) for each in formats]
        super().__init__(title, sentence, rows)


# -- in --------------------------------------------------------------------------------------------------------


async def import_file(screen: PalateScreen) -> None:
    """Ask for a file and take it in; or, while an import goes on, whether it shall end."""
    app, imports = screen.app, screen.workbench.imports
    if imports.going_on:
        if await app.push_screen_wait(Choose("Import", "An import goes on.", _STOP)):
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
        source = source_of(str(path_of(text)))
        if kind == "v":
            await _take_pairs(screen, source)
        else:
            await _take_prompts(screen, source, held_out=kind == "h")
    except (*KNOWN_ERRORS, OSError) as error:
        screen.palate.tell_error(error)
    finally:
        screen.screen_shown()
        screen.refresh_status()


async def _take_prompts(screen: PalateScreen, source: Source, *, held_out: bool) -> None:
    adding = await asyncio.to_thread(screen.workbench.add_prompts, source, set_name=source.stem, held_out=held_out)
    screen.palate.tell("Imported", added_sentence(await asyncio.wrap_future(adding)))


async def _take_pairs(screen: PalateScreen, source: Source) -> None:
    """Look which format it is, let that be changed, and store everything beside the loop."""
    found = await asyncio.to_thread(format_of, source)
    asked = PickFormat("Import", f"{source.stem} looks like {found.name}. Take it as:", found)
    name = await screen.app.push_screen_wait(asked)
    if name is None:
        return
    imported = await asyncio.wrap_future(screen.workbench.imports.start(source, format=name))
    words = [f"{taken_words(imported)} in the set {imported.set_name!r}", *map(left_out_words, imported.left_out)]
    screen.palate.tell("Imported", _sentences(words))


# -- out -------------------------------------------------------------------------------------------------------


async def export_file(screen: PalateScreen) -> None:
    """Ask for the format and the place, and write every judged pair."""
    sentence = f"{count(screen.workbench.counts().decisive, 'preference pair')}. Write them as:"
    name = await screen.app.push_screen_wait(PickFormat("Export", sentence, FORMATS["trl"]))
    if name is None:
        return
    format = FORMATS[name]
    sentence = f"{format.words}, as {' '.join(format.endings)}."
    text = await screen.app.push_screen_wait(AskText("Export", sentence, value=f"preferences{format.endings[0]}"))
    if text is None:
        return
    path = path_of(text)
    try:
        check_ending(path, format)
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
        (taken.skipped, "empty"),
        (taken.in_other_set, "left out, because they are on the other side of the held-out wall"),
    ):
        if number:
            parts.append(f"{number:,} {words}")
    return "; ".join(parts) + "."
