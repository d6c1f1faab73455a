"""`palate prompts grow`: more prompts like those of a set, each with a yes or a no."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from db.prompt_rows import AddedPrompts
from tui.commands.options import EventStream, Options
from tui.commands.output import as_json
from tui.curation.prompt_sets import added_words
from tui.events import PromptsGrown
from tui.ipc.console import console, emit, say, show
from tui.text.format import count
from tui.text.sanitize import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tui.generation.prompt_growth import GrowthRequest
    from tui.workbench import Workbench

_MOST = 20


@click.command("grow")
@click.argument("name", metavar="SET")
@click.option("--server", metavar="NAME", help="The server that writes them. Default: the base model here.")
@click.option("--number", default=10, type=click.IntRange(1, _MOST), show_default=True, help="How many to ask for.")
@click.option("--field", help="Only examples of this field, which the new ones get as well.")
@as_json
@click.pass_obj
def grow(options: Options, name: str, server: str | None, number: int, field: str | None, as_json: bool) -> None:
    """Ask a model for prompts like those of a set, and add those to which you say yes.

    With --json, or without a terminal, they are only listed. Held-out prompts are shown to no model, and a prompt that
    is nearly the same as one that is there, held out or not, is left out.
    """
    from tui.generation.prompt_growth import GrowthRequest

    with _workbench(options, server) as workbench:
        grown = _ask(workbench, GrowthRequest(name, number, server, field))
        if as_json:
            for text in grown.texts:
                emit({"event": "suggestion", "set": name, "text": text, "field": field})
            emit({"event": "grown", "set": name, "suggested": len(grown.texts), "left_out": grown.left_out})
        else:
            _choose(workbench, grown)


@contextmanager
def _workbench(options: Options, server: str | None) -> Iterator[Workbench]:
    """The workspace; its model is loaded only where no server writes."""
    if server is None:
        with options.working() as workbench:
            yield workbench
        return
    with options.owning() as workbench:
        workbench.start(fill_queue=False, load_model=False)
        yield workbench


def _ask(workbench: Workbench, request: GrowthRequest) -> PromptsGrown:
    with EventStream(workbench) as heard:
        job = workbench.growth.ask(request)
        try:
            grown = [each for each in heard.until(job) if isinstance(each, PromptsGrown)]
        finally:
            workbench.growth.end(job, request)  # such as after ctrl+C
    return grown[-1]


def _choose(workbench: Workbench, grown: PromptsGrown) -> None:
    """Show each prompt and add it where the person says yes."""
    set_id, added = workbench.prompts.find_set(grown.set_name).id, 0
    for place, text in enumerate(grown.texts, 1):
        show(f"{place}/{len(grown.texts)}  {visible(text)}")
        answer = console().ask("      add it? y n q: ", "ynq")
        if answer == "q":
            break
        if answer == "y":
            done: AddedPrompts = workbench.prompts.add(set_id, text, field=grown.field).result()
            added += done.added
            if not done.added:
                say(added_words(done, grown.set_name))
    left = f" {grown.left_out:,} left out: they are there already, or nearly." if grown.left_out else ""
    say(f"{count(added, 'prompt')} added to {grown.set_name!r}.{left}")
