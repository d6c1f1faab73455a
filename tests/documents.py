"""The generated parts of docs/: `python -m tests.documents` writes them, and a test holds the files against the code.

Keys come from the screens' bindings, settings from their declarations, commands from click.
"""

import argparse
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import click
from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import format_key

from engine.config import Setting, TrainConfig, settings_of
from tests.flags import flags_of
from tui.app import PalateApp
from tui.cli import main as palate
from tui.commands.lazy import LazyCommand
from tui.screens.ask.ask import AskScreen
from tui.screens.compare.board import BoardScreen
from tui.screens.compare.compare import CompareScreen
from tui.screens.compare.judges import JudgesScreen
from tui.screens.compare.side_by_side import SideBySideScreen
from tui.screens.compare.trial import TrialScreen
from tui.screens.compare.trial_pair import TrialPairScreen
from tui.screens.compare.trial_result import TrialResultScreen
from tui.screens.compare.trial_setup import TrialSetupScreen
from tui.screens.data.data import DataScreen
from tui.screens.data.grow import GrowScreen
from tui.screens.data.preferences import PreferencesScreen
from tui.screens.data.prompts import PromptsScreen
from tui.screens.models import ModelsScreen
from tui.screens.pairs.label import LabelScreen
from tui.screens.pairs.ranking import RankingScreen
from tui.screens.pairs.review import ReviewScreen
from tui.screens.runs.overlay import RunOverlayScreen
from tui.screens.runs.run import RunScreen
from tui.screens.runs.runs import RunsScreen
from tui.screens.runs.samples import SamplesScreen
from tui.screens.runs.train import TrainScreen
from tui.screens.servers import ServersScreen
from tui.screens.settings import SettingsScreen
from tui.widgets.form.text_editor import TextEditor
from tui.widgets.lists.line_list import LineList
from tui.workspace.settings_store import PARTS

ROOT = Path(__file__).parent.parent
_COLUMNS = 100  # of the help of a command
KEYS: dict[str, tuple[type[DOMNode], ...]] = {
    "Everywhere": (PalateApp,),
    "Label": (LabelScreen,),
    "Four answers in order": (RankingScreen,),
    "A verdict read again": (ReviewScreen,),
    "Ask": (AskScreen, TextEditor),
    "Train": (TrainScreen,),
    "Runs": (RunsScreen, LineList),
    "One run": (RunScreen,),
    "Runs over one another": (RunOverlayScreen,),
    "What a run answered": (SamplesScreen,),
    "Compare": (CompareScreen,),
    "Side by side": (SideBySideScreen,),
    "A new trial": (TrialSetupScreen,),
    "A trial": (TrialScreen,),
    "A trial's result": (TrialResultScreen,),
    "A comparison of a trial, read again": (TrialPairScreen,),
    "The board": (BoardScreen,),
    "Data": (DataScreen,),
    "Prompts": (PromptsScreen,),
    "More prompts": (GrowScreen,),
    "What your choices say": (PreferencesScreen,),
    "Settings": (SettingsScreen,),
    "Models": (ModelsScreen,),
    "Servers": (ServersScreen,),
    "Judges": (JudgesScreen,),
}
"""The headings of keys.md with the screens and widgets whose keys they list."""


def keys() -> str:
    """A table for each screen: keys, the name in the file of keys, and what they do."""
    return "\n\n".join(f"## {heading}\n\n{_key_table(nodes)}" for heading, nodes in KEYS.items())


def _key_table(nodes: Iterable[type[DOMNode]]) -> str:
    bindings = [each for node in nodes for each in node.BINDINGS if isinstance(each, Binding)]
    rows = {f"{each.id}": f"| {_keys(each)} | {each.id} | {each.tooltip or each.description} |" for each in bindings}
    return "\n".join(["| key | name | |", "| --- | --- | --- |", *rows.values()])


def _keys(binding: Binding) -> str:
    return " ".join(f"`{_key_name(key.strip())}`" for key in binding.key.split(","))


def _key_name(key: str) -> str:
    return "+".join(format_key(part) for part in key.split("+"))


def train_settings() -> str:
    """The settings of a run with default, range and sentence."""
    return _setting_table("flag", ((each, each.flag) for each in settings_of(TrainConfig)))


def workspace_settings() -> str:
    """What `palate settings` keeps: the queue, then who answers, then the sampling."""
    return _setting_table("setting", ((each, each.name) for part in PARTS.values() for each in settings_of(part)))


def _setting_table(head: str, settings: Iterable[tuple[Setting, str]]) -> str:
    rows = [f"| `{name}` | {_default(each)} | {each.range or 'any'} | {each.help} |" for each, name in settings]
    return "\n".join([f"| {head} | default | allowed | |", "| --- | --- | --- | --- |", *rows])


def _default(each: Setting) -> str:
    if each.default is None:
        return "none"
    return f"{each.default:g}" if each.kind is float else str(each.default)


def commands() -> str:
    """A section for each command: its usage, its words of help and its flags."""
    context = click.Context(palate, info_name="palate", terminal_width=_COLUMNS, **palate.context_settings)
    return "\n\n".join(_command(each, here) for each, here in command_tree(palate, context))


def command_tree(command: click.Command, context: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    """A command and every command below it, each with its context."""
    yield command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            below = below.load() if isinstance(below, LazyCommand) else below
            yield from command_tree(below, click.Context(below, info_name=name, parent=context))


def _command(command: click.Command, context: click.Context) -> str:
    text = command.get_help(context).rstrip()
    text = re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)
    depth = "##" if context.parent is None or context.parent.parent is None else "###"
    return f"{depth} {context.command_path}\n\n```text\n{text}\n```"


BLOCKS: dict[str, tuple[str, Callable[[], str]]] = {
    "keys": ("docs/keys.md", keys),
    "commands": ("docs/commands.md", commands),
    "settings:train": ("docs/settings.md", train_settings),
    "settings:workspace": ("docs/settings.md", workspace_settings),
}
"""Each block's name, as its marks in the file have it, with the file and what makes it."""


def made_anew(file: str) -> str:
    """The text of a file with its blocks made anew."""
    text = (ROOT / file).read_text(encoding="utf-8")
    for name, (place, make) in BLOCKS.items():
        if place == file:
            block = f"<!-- {name} -->\n\n{make()}\n\n<!-- /{name} -->"
            text = re.sub(f"<!-- {name} -->.*?<!-- /{name} -->", lambda _, block=block: block, text, flags=re.DOTALL)
    return text


def parser() -> argparse.ArgumentParser:
    """No flags but `--help`."""
    return flags_of(__doc__)


def main(line: Sequence[str] | None = None) -> None:
    """Write the generated parts."""
    parser().parse_args(line)
    for file in sorted({place for place, _ in BLOCKS.values()}):
        (ROOT / file).write_text(made_anew(file), encoding="utf-8")


if __name__ == "__main__":
    main()
