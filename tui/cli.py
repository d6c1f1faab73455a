"""The command `palate`: alone it opens the app; with a command's name it does the same work without a screen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from tui.commands.lazy import LazyCommand, LazyGroup
from tui.commands.options import Options, command_runner
from tui.errors import InputError
from tui.ipc.endings import CommandEnd, close_with, command_end, flush_output
from tui.terminal.launcher import Line
from tui.terminal.logs import guard_stderr, write_every_character

WORDS = "palate.words"
LONGEST_MODEL = 4096
"""Characters of a model's name, which may be a path; the longest path that Linux opens."""


class PalateGroup(LazyGroup):
    """Every command ends here: with its exit code and, where an error ended it, a sentence instead of a traceback."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[WORDS] = tuple(args)
        return super().parse_args(ctx, args)

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, **more: Any) -> NoReturn:  # type: ignore[override]
        """Run the command line and end the process, as click's own does in its standalone mode."""
        try:
            code = super().main(args, prog_name, **{**more, "standalone_mode": False})  # an int where click ends
            flush_output()
            ending = CommandEnd(code if isinstance(code, int) else 0)
        except BaseException as error:  # noqa: BLE001  what ends a command is printed, and never as a traceback
            ending = command_end(error)
        close_with(ending)


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
@click.option("--trust-remote-code", is_flag=True, help="Run Python code that comes with the model. Default: off.")
@click.option("--seed", type=click.IntRange(min=0), help="Seed of answers and sides. Default: the workspace's own.")
@click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal.")
@click.option("--watch", is_flag=True, help="Watch the process that has the workspace open, live.")
@click.option("--take-over", is_flag=True, help="Let that process write a checkpoint and leave, and continue there.")
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
    from tui.compute.loaded_model import ModelChoice  # neither help nor the version needs this import
    from tui.workspace.workspace import default_folder

    if len(model or "") > LONGEST_MODEL:
        raise InputError(f"--model has {len(model or ''):,} characters, which no name and no path has. Shorten it.")
    folder = (workspace or default_folder()).expanduser()
    options = Options(folder, ModelChoice(model or "", dtype, device, trust_remote_code), seed, ctx.meta[WORDS])
    line = ctx.obj if isinstance(ctx.obj, Line) else None
    if ctx.obj is not line:  # HostedOptions: a client's command
        ctx.obj = ctx.obj.beside(options)
        if ctx.invoked_subcommand is None:
            raise InputError("The app cannot be opened in another process. Name a command.")
        return
    guard_stderr()
    write_every_character()
    ctx.obj = options
    if ctx.invoked_subcommand is None:
        from tui.run_app import run_app  # Textual is imported only when a screen is wanted

        raise SystemExit(
            run_app(options, line, command_runner(ctx.command), mouse=not no_mouse, watch=watch, take_over=take_over)
        )
    if watch or take_over:
        raise InputError("--watch and --take-over open the app. Leave the command out.")


COMMANDS = {
    "prompts": ("prompts:prompts", "List the prompt sets, or add a file to one."),
    "generate": ("queue:generate", "Write comparisons into the queue, two answers each."),
    "queue": ("queue:queue", "List the comparisons without a verdict: id, prompt and both answers."),
    "judge": ("queue:judge", "Store the verdict on comparison ID."),
    "ask": (
        "ask:ask",
        "Ask two policies QUESTION; their answers become a pair to judge. Without QUESTION: a conversation.",
    ),
    "judges": (
        "judges:judges",
        "List the judges: how far each agrees with you, and whether it may decide a trial.",
    ),
    "demo": (
        "demo:demo",
        "Play the whole loop in about five minutes, with a program that judges. Your own workspace is not touched.",
    ),
    "data": (
        "data:data",
        "List the verdicts in force, newest first, that hold every word and meet every filter of QUERY.",
    ),
    "settings": (
        "settings:settings",
        "Show the settings of the queue, its sources and its sampling, or change one: NAME VALUE.",
    ),
    "agreement": (
        "preferences:agreement",
        "Show how often you agreed with yourself on pairs that were shown again, sides swapped, and with others.",
    ),
    "likes": (
        "preferences:likes",
        "Show your preferences: left or right, longer, lists, slips, and the pairs that the adapter in use misranks.",
    ),
    "servers": ("servers:servers", "List the servers that may answer in place of the model here."),
    "forget": (
        "forget:forget",
        "Forget a prompt, by its number, or a prompt set: its texts leave the workspace for good.",
    ),
    "import": (
        "interchange:import_command",
        "Import judged pairs: a .jsonl, .json, .csv, .tsv or .parquet file, also packed (.gz, .xz, .bz2, .zst), a "
        "folder that `datasets` reads, a data set of the Hugging Face Hub (user/name), or - for standard input.",
    ),
    "export": (
        "interchange:export_command",
        "Write judged pairs to FILE, or to stdout for `-`, in a format that other tools read:",
    ),
    "join": (
        "join:join",
        "Take the judged pairs and verdicts of another workspace along, by who gave them; the other is only read.",
    ),
    "settle": (
        "join:settle",
        "List the pairs on which others said otherwise than you, or settle one: the verdict that you agreed on.",
    ),
    "tags": ("tags:tags", "List the reasons that `.` offers after a verdict, and how many verdicts have each."),
    "train": ("train:train", "Train an adapter on your preference pairs."),
    "presets": (
        "presets:presets",
        "List the presets, which are named settings of a run: Palate's and your own.",
    ),
    "pairs": ("presets:pairs", "List your sets of pairs for training, and how many pairs each holds now."),
    "samples": (
        "runs:samples",
        "Show a run's answers to the same held-out prompts at every evaluation; step 0 is before training.",
    ),
    "compare": (
        "compare:compare",
        "Show the answers of two policies to held-out prompts, or the result of a trial of them.",
    ),
    "runs": (
        "runs:runs",
        "List the runs, newest first; a QUERY such as 'lr>=1e-4 status:finished -note:test' filters them.",
    ),
    "adapters": ("adapters:adapters", "List the adapters, newest first."),
    "backup": (
        "backup:backup",
        "Copy the database to FILE, or into the workspace's folder `backups`, and check the copy.",
    ),
    "restore": (
        "backup:restore",
        "Put the backup FILE in the place of the workspace's database, and keep the files that were there.",
    ),
    "keys": ("keys:keys", "List every key by its name, and the file that changes them."),
    "completion": (
        "completion:completion",
        "Print the script that completes commands, flags and values in a shell.",
    ),
    "status": (
        "status:status",
        "Show what Palate and the machine do now: queue, run, use, memory, temperature, power and tokens a second.",
    ),
    "doctor": (
        "doctor:doctor",
        "Check machine, model, workspace and terminal; exit with 1 when you have to do something.",
    ),
}
"""A command's name → its place, "module:attribute" below `tui.commands`, and the sentence that the list of commands
shows. A test compares both with the commands themselves."""

for name, (place, sentence) in COMMANDS.items():
    main.add_command(LazyCommand(name, f"tui.commands.{place}", sentence))
