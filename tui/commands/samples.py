"""`palate samples`: what a run's policy answered to the same prompts while it learned."""

from __future__ import annotations

from typing import Any

import click

from db.run_rows import SampleRow
from tui.commands.session import Options, as_json, emit, say, show
from tui.visible import visible


@click.command()
@click.argument("run", type=int, metavar="RUN")
@as_json
@click.pass_obj
def samples(options: Options, run: int, as_json: bool) -> None:
    """The answers of a run to the same held-out prompts at every evaluation; step 0 is where it started."""
    with options.reading() as view:
        view.run(run)
        rows = view.run_samples(run)
    if as_json:
        for row in rows:
            emit(sample_record(run, row))
        return
    if not rows:
        say(f"Run {run} took no samples. `palate settings samples 3` lets the next one take them.")
    for row in rows:
        show(visible(sample_words(row)))


def sample_record(run: int, row: SampleRow) -> dict[str, Any]:
    """A sample as a record."""
    asked = [dict(message) for message in row.messages]
    told = {"prompt": row.prompt, "messages": asked, "text": row.text, "tokens": row.tokens, "cut": row.cut}
    return {"event": "sample", "run": run, "step": row.step, **told}


def sample_words(row: SampleRow) -> str:
    """A sample for a person: its step, what was asked, and the answer below."""
    return f"step {row.step} · {row.question}\n{row.text}{' …' if row.cut else ''}\n"
