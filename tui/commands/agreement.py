"""`palate agreement`: do you say the same of a pair that comes again?"""

from __future__ import annotations

from dataclasses import asdict

import click

from tui.agreement import in_words
from tui.commands.session import Options, as_json, emit


@click.command()
@as_json
@click.pass_obj
def agreement(options: Options, as_json: bool) -> None:
    """How often you agreed with yourself on pairs that came again, sides swapped."""
    with options.reading() as view:
        found = view.agreement()
    if as_json:
        emit(asdict(found))
    else:
        print(in_words(found))
