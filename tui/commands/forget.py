"""`palate forget`: take a prompt or a prompt set out of the workspace for good."""

from __future__ import annotations

from dataclasses import asdict

import click

from tui.commands.options import Options
from tui.commands.output import as_json
from tui.export.forgetting import ForgetPlan, Forgetting, forget_words, remains_words
from tui.ipc.console import emit, say


@click.command()
@click.argument("what", metavar="PROMPT|SET")
@click.option("--yes", is_flag=True, help="Do it, instead of only showing what it would take away.")
@as_json
@click.pass_obj
def forget(options: Options, what: str, yes: bool, as_json: bool) -> None:
    """Forget a prompt, by its number, or a prompt set: its texts leave the workspace for good.

    Prompts, answers, notes and their words leave the database and its log. Counts, verdicts and hashes stay. Without
    --yes, only show what would be taken away and where the texts remain. `palate prompts show SET` lists the numbers.
    """
    if not yes:
        with options.reading() as view:
            plan = Forgetting(view.workspace).plan(what)
        _show(plan, as_json)
        return
    with options.owning() as workbench:
        plan = workbench.forgetting.plan(what)
        remains = workbench.forgetting.forget(plan)
    if as_json:
        emit({"event": "forgotten", "done": True, **asdict(plan.found), "remains": asdict(remains)})
        return
    say(f"Forgotten: {plan.name}.")
    for sentence in remains_words(remains):
        say(sentence)


def _show(plan: ForgetPlan, as_json: bool) -> None:
    if as_json:
        emit({"event": "forgotten", "done": False, **asdict(plan.found), "remains": asdict(plan.remains)})
    for sentence in forget_words(plan):
        say(sentence)
    say("Nothing has changed. Give --yes to do it.")
