"""README says what the code does: its tables, its commands and its files."""

import re
import shlex

import click
import pytest

from tests.readme import BLOCKS, README, with_blocks
from tui.cli import main

TEXT = README.read_text(encoding="utf-8")
COMMANDS = re.findall(r"^    (palate .*?)(?:\s+#.*)?$", TEXT, flags=re.MULTILINE)


def test_the_tables_are_those_of_the_code() -> None:
    assert all(f"<!-- {name} -->" in TEXT for name in BLOCKS)
    assert with_blocks(TEXT) == TEXT, "run `python -m tests.readme`"


def test_a_table_names_each_key_by_itself() -> None:
    made = BLOCKS["keys:label"]() + BLOCKS["keys:runs"]()
    assert [pair for pair in ("↑↓", "←→") if pair in made] == []
    assert "| `←` | curve.left |" in made


def test_every_command_is_shown() -> None:
    shown = {shlex.split(line)[1] for line in COMMANDS}
    assert shown >= set(main.commands) - {"import"}
    assert "palate import" in TEXT


@pytest.mark.parametrize("line", COMMANDS)
def test_a_shown_command_can_be_parsed(line: str) -> None:
    words = shlex.split(line)[1:]
    context = main.make_context("palate", list(words), resilient_parsing=False)
    rest = [*context._protected_args, *context.args]
    command: click.Command = main
    while rest and isinstance(command, click.Group):
        name, found, words = command.resolve_command(context, rest)
        assert found is not None, f"README shows {line!r}, but there is no command {rest[0]!r}"
        command = found
        context = command.make_context(name, words, parent=context, resilient_parsing=False)
        rest = [*getattr(context, "_protected_args", []), *context.args]


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#:]+)\)", TEXT))
def test_what_is_linked_is_there(link: str) -> None:
    assert (README.parent / link).exists()
