"""What the command line imports before anything is asked of it: held by names and numbers of modules, not by time."""

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import click
import pytest

from tui.cli import COMMANDS, main

ROOT = Path(__file__).parents[3]
HEAVY = {"torch", "transformers", "peft", "datasets", "openai", "textual", "rich", "scipy", "numpy", "tabulate"}
"""Libraries that no help needs."""
STORED = {
    "sqlite3",
    "sqlite_utils",
    "tui.workspace.workspace",
    "tui.workbench",
    "tui.compute.loaded_model",
    "tui.ipc.owner",
}
"""What only a command needs that opens a workspace."""
MOST_FOR_THE_LIST = 220
"""Modules, those of Python itself included; click alone brings about 60 along."""
MOST_FOR_A_COMMAND = 400
BORROWED = {"train": {"tui.commands.presets", "tui.commands.runs"}}
"""Commands that use a part of another one."""

CHILDREN = """
import json, os, sys
def modules_of(words):
    told, telling = os.pipe()
    if os.fork() == 0:
        os.close(told)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        from tui.cli import main
        try:
            main(words, prog_name="palate")
        except SystemExit as end:
            record = {"code": end.code, "modules": sorted(sys.modules)}
        with open(telling, "w") as pipe:
            json.dump(record, pipe)
        os._exit(0)
    os.close(telling)
    with open(told) as pipe:
        return json.load(pipe)
print(json.dumps([modules_of(words) for words in json.loads(sys.argv[1])]))
"""
"""Runs command lines, each in a child that has imported nothing yet."""


class Ended(NamedTuple):
    """A command line that ended, with what it had imported by then."""

    code: int
    modules: frozenset[str]


@pytest.fixture(scope="module")
def ended() -> dict[str, Ended]:
    """The first word of a command line → how it ended."""
    lines = [["--help"], ["--version"], *([name, "--help"] for name in main.commands)]
    done = subprocess.run(
        [sys.executable, "-c", CHILDREN, json.dumps(lines)], capture_output=True, text=True, cwd=ROOT, check=True
    )
    records = json.loads(done.stdout)
    return {line[0]: Ended(each["code"], frozenset(each["modules"])) for line, each in zip(lines, records, strict=True)}


@pytest.mark.parametrize("word", ["--help", "--version"])
def test_the_list_of_commands_imports_no_command(ended: dict[str, Ended], word: str) -> None:
    code, modules = ended[word]
    assert code == 0
    assert modules & (HEAVY | STORED) == set()
    assert modules & homes() == set()
    assert len(modules) < MOST_FOR_THE_LIST


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_imports_that_command_alone(ended: dict[str, Ended], name: str) -> None:
    code, modules = ended[name]
    assert code == 0
    assert modules & (HEAVY | {"tui.workbench", "tui.ipc.owner"}) == set()
    assert modules & homes() - BORROWED.get(name, set()) == {home_of(name)}
    assert len(modules) < MOST_FOR_A_COMMAND


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_what_the_command_says(name: str) -> None:
    context = click.Context(main)
    found, command, rest = main.resolve_command(context, [name, "word"])
    assert command is not None
    assert (found, command.name, rest) == (name, name, ["word"])
    for limit in (45, 1000):
        assert main.commands[name].get_short_help_str(limit) == command.get_short_help_str(limit)


def test_a_command_that_is_not_there_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(click.UsageError) as refused:
        main.resolve_command(click.Context(main), ["trian"])
    assert "'train'" in refused.value.format_message()


def home_of(name: str) -> str:
    """The module of a command."""
    return f"tui.commands.{COMMANDS[name][0].partition(':')[0]}"


def homes() -> set[str]:
    """The modules of all commands."""
    return {home_of(name) for name in COMMANDS}
