"""The command `palate`: without a word it opens the app; every other word is the same product without a screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tui.commands.later import LaterCommand, LazyGroup
from tui.commands.options import Options, command_runner
from tui.errors import KNOWN_ERRORS, InputError, title_of
from tui.ipc.console import OwnerLeaves, say
from tui.terminal.launcher import Line
from tui.terminal.logs import guard_stderr
from tui.text.sanitize import visible

WORDS = "palate.words"


class PalateGroup(LazyGroup):
    """Shows every error that Palate raises on purpose as a title and a sentence, without a traceback."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[WORDS] = tuple(args)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KNOWN_ERRORS as error:
            raise click.ClickException(visible(f"{title_of(error)}. {error}")) from error
        except click.ClickException as error:
            error.message = visible(error.message)  # type: ignore[misc]  # it may quote a file's name
            raise
        except OwnerLeaves as error:
            say(str(error))
            raise SystemExit(1) from error


@click.group(cls=PalateGroup, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="palate", message="palate %(version)s")
@click.option(
    "--workspace",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of database and adapters. Default: the user's data folder.",
)
@click.option(
    "--model", metavar="ID|FOLDER|FILE.gguf", help="Base model. Default: the one used last, at first SmolLM2-135M."
)
@click.option(
    "--dtype",
    type=click.Choice(["auto", "bfloat16", "float16", "float32", "4bit"]),
    default="auto",
    help="Number format of the weights.",
)
@click.option("--device", default="auto", metavar="auto|cpu|cuda|mps", help="Where the model computes.")
@click.option("--trust-remote-code", is_flag=True, help="Run code that a model brings along. Off unless asked for.")
@click.option("--seed", type=click.IntRange(min=0), help="Seed of answers and sides. Default: the workspace's own.")
@click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal.")
@click.option("--watch", is_flag=True, help="Where another process has the workspace open: look on, live.")
@click.option("--take-over", is_flag=True, help="Let that one write a checkpoint and leave, and go on exactly there.")
@click.pass_context
def main(
    ctx: click.Context,
    workspace: Path | None,
    model: str | None,
    dtype: str,
    device: str,
    trust_remote_code: bool,
    seed: int | None,
    no_mouse: bool,
    watch: bool,
    take_over: bool,
) -> None:
    """Teach a language model your taste: judge pairs, train with DPO, see whether it worked.

    Without a command, opens the app.
    """
    from tui.compute.loaded_model import ModelChoice  # neither help nor the version needs what a workspace is made of
    from tui.workspace.workspace import default_folder

    folder = (workspace or default_folder()).expanduser()
    asked = Options(folder, ModelChoice(model or "", dtype, device, trust_remote_code), seed, ctx.meta[WORDS])
    line = ctx.obj if isinstance(ctx.obj, Line) else None
    if ctx.obj is not line:  # HostedOptions: the command of a visitor
        ctx.obj = ctx.obj.beside(asked)
        if ctx.invoked_subcommand is None:
            raise InputError("The app cannot be opened in another process. Name a command.")
        return
    guard_stderr()
    ctx.obj = asked
    if ctx.invoked_subcommand is None:
        from tui.run_app import run_app  # Textual is imported only when a screen is wanted

        raise SystemExit(
            run_app(asked, line, command_runner(ctx.command), mouse=not no_mouse, watch=watch, take_over=take_over)
        )
    if watch or take_over:
        raise InputError("--watch and --take-over open the app. Leave the command out.")


COMMANDS = {
    "prompts": ("prompts:prompts", "Prompt sets: list them, or add a file to one."),
    "generate": ("queue:generate", "Write comparisons into the queue, two answers each."),
    "queue": ("queue:queue", "Comparisons without a verdict: id, prompt and both answers."),
    "judge": ("queue:judge", "Store the verdict on comparison ID."),
    "data": (
        "data:data",
        "Verdicts that stand, newest first, that have every word and meet every filter of QUERY.",
    ),
    "settings": (
        "settings:settings",
        "Show the settings of the queue, its sources and its sampling, or change one: NAME VALUE.",
    ),
    "agreement": (
        "preferences:agreement",
        "How often you agreed with yourself on pairs that came again, sides swapped.",
    ),
    "likes": (
        "preferences:likes",
        "What your choices say: left or right, longer, lists, slips, and what the adapter in use gets wrong.",
    ),
    "import": (
        "interchange:import_command",
        "Take in judged pairs: a .jsonl, .json, .csv or .parquet file, a folder that `datasets` reads, or a data set "
        "of the Hugging Face Hub (user/name).",
    ),
    "export": (
        "interchange:export_command",
        "Write judged pairs to FILE, or to stdout for `-`, in the format of another tool:",
    ),
    "train": ("train:train", "Train an adapter on the preference pairs that stand."),
    "presets": ("presets:presets", "Settings of a run under a name: those that come with Palate, and your own."),
    "pairs": ("presets:pairs", "The sets of pairs that you keep for training, with how many pairs each has now."),
    "samples": (
        "runs:samples",
        "The answers of a run to the same held-out prompts at every evaluation; step 0 is where it started.",
    ),
    "compare": (
        "compare:compare",
        "Show what two policies answer to held-out questions, or what a trial of them says.",
    ),
    "runs": (
        "runs:runs",
        "Every run, newest first; a QUERY such as 'lr>=1e-4 status:finished -note:test' asks for some of them.",
    ),
    "adapters": ("adapters:adapters", "Every adapter, newest first."),
    "keys": ("keys:keys", "Show every key by its name, and where keys are changed."),
    "completion": ("completion:completion", "What a shell sources to complete commands, flags and their values."),
    "doctor": (
        "doctor:doctor",
        "Look at machine, model, workspace and terminal; exits with 1 when something has to be done.",
    ),
}
"""A command → where it is, below `tui.commands`, and the sentence that the list of commands shows; a test holds them
against the commands themselves."""

for name, (place, sentence) in COMMANDS.items():
    main.add_command(LaterCommand(name, f"tui.commands.{place}", sentence))
