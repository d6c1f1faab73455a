"""The command `palate`: without a word it opens the app; every other word is the same product without a screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tui.commands.adapters import adapters
from tui.commands.compare import compare
from tui.commands.data import data
from tui.commands.doctor import doctor
from tui.commands.interchange import export_command, import_command
from tui.commands.keys import keys
from tui.commands.options import HostedOptions, Options, command_runner
from tui.commands.preferences import agreement, likes
from tui.commands.presets import pairs, presets
from tui.commands.prompts import prompts
from tui.commands.queue import generate, judge, queue
from tui.commands.runs import runs, samples
from tui.commands.settings import settings
from tui.commands.train import train
from tui.compute.loaded_model import ModelChoice
from tui.errors import KNOWN_ERRORS, InputError, title_of
from tui.ipc.console import OwnerLeaves, say
from tui.terminal.launcher import Line
from tui.terminal.logs import guard_stderr
from tui.text.sanitize import visible
from tui.workspace.workspace import default_folder

WORDS = "palate.words"


class PalateGroup(click.Group):
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
    folder = (workspace or default_folder()).expanduser()
    asked = Options(folder, ModelChoice(model or "", dtype, device, trust_remote_code), seed, ctx.meta[WORDS])
    if isinstance(ctx.obj, HostedOptions):
        ctx.obj = ctx.obj.beside(asked)
        if ctx.invoked_subcommand is None:
            raise InputError("The app cannot be opened in another process. Name a command.")
        return
    guard_stderr()
    line = ctx.obj if isinstance(ctx.obj, Line) else None
    ctx.obj = asked
    if ctx.invoked_subcommand is None:
        from tui.run_app import run_app  # Textual is imported only when a screen is wanted

        raise SystemExit(
            run_app(asked, line, command_runner(ctx.command), mouse=not no_mouse, watch=watch, take_over=take_over)
        )
    if watch or take_over:
        raise InputError("--watch and --take-over open the app. Leave the command out.")


for command in (
    prompts,
    generate,
    queue,
    judge,
    data,
    settings,
    agreement,
    likes,
    import_command,
    export_command,
    train,
    presets,
    pairs,
    samples,
    compare,
    runs,
    adapters,
    keys,
    doctor,
):
    main.add_command(command)
