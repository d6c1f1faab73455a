"""README's tables made from the code: `python -m tests.readme` writes them, a test holds README against them."""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from textual.binding import Binding
from textual.keys import format_key

from engine.config import Setting, TrainConfig, settings_of
from tests.flags import flags_of
from tui.app import PalateApp
from tui.screens.pairs.label import LabelScreen
from tui.screens.runs.adapter_files import FILE_KEYS
from tui.screens.runs.overlay import RunOverlayScreen
from tui.screens.runs.run import RunScreen
from tui.screens.runs.runs import RunsScreen
from tui.widgets.lists.line_list import LineList
from tui.workspace.settings_store import PARTS

README = Path(__file__).parent.parent / "README.md"


def _keys(binding: Binding) -> str:
    return " ".join(f"`{_name(key.strip())}`" for key in binding.key.split(","))


def _name(key: str) -> str:
    return "+".join(format_key(part) for part in key.split("+"))


def label_keys() -> str:
    """The Label screen's keys, their names in the key file and what they do, then those that work everywhere."""
    bindings = [each for each in [*LabelScreen.BINDINGS, *PalateApp.BINDINGS] if isinstance(each, Binding)]
    rows = [f"| {_keys(each)} | {each.id} | {each.tooltip} |" for each in bindings]
    return "\n".join(["| key | name | |", "| --- | --- | --- |", *rows])


def runs_keys() -> str:
    """The keys of the table of runs, of one run's page and of runs laid over one another, each once.

    README tells beside its commands what takes an adapter out of the workspace or removes it.
    """
    nodes = (RunsScreen, LineList, RunScreen, RunOverlayScreen)
    bindings = [each for node in nodes for each in node.BINDINGS if isinstance(each, Binding) and each not in FILE_KEYS]
    rows = {str(each.id): f"| {_keys(each)} | {each.id} | {each.tooltip} |" for each in reversed(bindings)}
    return "\n".join(["| key | name | |", "| --- | --- | --- |", *reversed(rows.values())])


def _default(each: Setting) -> str:
    if each.default is None:
        return "none"
    return f"{each.default:g}" if each.kind is float else str(each.default)


def train_settings() -> str:
    """The settings of a run with default, range and sentence."""
    rows = [_row(each, each.flag) for each in settings_of(TrainConfig)]
    return "\n".join(["| flag | default | allowed | |", "| --- | --- | --- | --- |", *rows])


def queue_settings() -> str:
    """What `palate settings` keeps: the queue, then who answers, then the sampling."""
    rows = [_row(each, each.name) for config in PARTS.values() for each in settings_of(config)]
    return "\n".join(["| setting | default | allowed | |", "| --- | --- | --- | --- |", *rows])


def _row(each: Setting, name: str) -> str:
    return f"| `{name}` | {_default(each)} | {each.range or 'any'} | {each.help} |"


BLOCKS = {
    "keys:label": label_keys,
    "keys:runs": runs_keys,
    "settings:queue": queue_settings,
    "settings:train": train_settings,
}


def with_blocks(text: str) -> str:
    """`text` with every marked block made anew."""
    for name, make in BLOCKS.items():
        kind = name.split(":")[0]
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{kind} -->)", re.DOTALL)
        text = pattern.sub(lambda found, make=make: f"{found[1]}{make()}\n{found[2]}", text)
    return text


def parser() -> argparse.ArgumentParser:
    """No flags but `--help`."""
    return flags_of(__doc__)


def main(line: Sequence[str] | None = None) -> None:
    """Write the tables."""
    parser().parse_args(line)
    README.write_text(with_blocks(README.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
