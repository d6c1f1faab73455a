"""README and docs say what the code does: their tables, their commands and their links."""

import importlib
import re
import shlex
from contextlib import suppress
from pathlib import Path

import click
import pytest

from tests.documents import BLOCKS, KEYS, ROOT, command_tree, keys, made_anew
from tui.cli import main
from tui.screens.base import PalateScreen
from tui.screens.key_registry import bindings_of, key_classes


def without_blocks(text: str) -> str:
    """`text` without what stands between fences."""
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


FILES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PAGES = {file.name: file.read_text(encoding="utf-8") for file in FILES}
COMMANDS = sorted(
    {
        line
        for text in PAGES.values()
        for line in re.findall(r"^ {4,8}(palate(?: .*?)?)(?:\s+#.*)?$", without_blocks(text), flags=re.MULTILINE)
    }
)
GENERATED = {"commands.md", "keys.md", "settings.md"}
WRITTEN = {name: without_blocks(text) for name, text in PAGES.items() if name not in GENERATED | {"LOG.md"}}
WRITTEN["CONTRIBUTING.md"] = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
IN_TEXT = sorted(
    {
        " ".join(line.split())
        for text in WRITTEN.values()
        for line in re.findall(r"`((?:palate|make|pytest|(?:\.venv/bin/)?python -m (?:tests|pytest))\b[^`]*)`", text)
    }
    | {
        line.strip()
        for text in WRITTEN.values()
        for line in re.findall(r"^ {4,8}(make \S+|python -m tests\.[^#\n]*)", text, flags=re.MULTILINE)
    }
)
"""What stands in the text between backticks or as an example: commands of Palate, of make and of the tests."""
PLACES = {"RUN": "1", "NAME": "trl"}
"""Words that stand for a value which is checked as it is read."""
LINKS = sorted(
    (page, link)
    for page, text in PAGES.items()
    for link in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", without_blocks(text))
)


@pytest.mark.parametrize("file", sorted({place for place, _ in BLOCKS.values()}))
def test_a_generated_part_is_that_of_the_code(file: str) -> None:
    marks = [name for name, (place, _) in BLOCKS.items() if place == file]
    text = (ROOT / file).read_text(encoding="utf-8")
    assert all(f"<!-- {name} -->" in text for name in marks)
    assert made_anew(file) == text, "run `python -m tests.documents`"


def test_a_table_names_each_key_by_itself() -> None:
    made = keys()
    assert [pair for pair in ("↑↓", "←→") if pair in made] == []
    assert "| `←` | curve.left |" in made


def test_the_page_of_keys_has_every_screen_with_keys_of_its_own() -> None:
    listed = {binding.id for nodes in KEYS.values() for node in nodes for binding in bindings_of(node)}
    missing = {
        (node.__name__, binding.id)
        for node in key_classes()
        if issubclass(node, PalateScreen)
        for binding in bindings_of(node)
        if binding.id and binding.id not in listed
    }
    assert not missing


@pytest.mark.parametrize("line", COMMANDS)
def test_a_shown_command_can_be_parsed(line: str) -> None:
    parse(line)


@pytest.mark.parametrize("line", [each for each in IN_TEXT if each.startswith("palate")])
def test_a_command_that_the_text_names_can_be_parsed(line: str) -> None:
    """The text may name a command without its arguments."""
    with suppress(click.MissingParameter, click.BadOptionUsage):
        parse(" ".join(PLACES.get(word, word) for word in line.split(" ")))


@pytest.mark.parametrize("line", [each for each in IN_TEXT if each.startswith("make")])
def test_what_make_is_called_with_is_a_target(line: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{re.escape(shlex.split(line)[1])}:", makefile, flags=re.MULTILINE)


@pytest.mark.parametrize("line", [each for each in IN_TEXT if "-m tests" in each])
def test_a_script_that_the_text_names_takes_those_words(line: str) -> None:
    name, *words = shlex.split(line)[2:]
    is_package = (ROOT / name.replace(".", "/")).is_dir()
    parser = importlib.import_module(f"{name}.__main__" if is_package else name).parser()
    if words and "--help" not in words:
        parser.parse_args(["1" if word == "N" else word for word in words])


@pytest.mark.parametrize("line", [each for each in IN_TEXT if "pytest" in each])
def test_a_test_that_the_text_names_is_there(line: str) -> None:
    paths = [word for word in shlex.split(line) if word.startswith("tests/")]
    assert [each for each in paths if not (ROOT / each).exists()] == []


def parse(line: str) -> None:
    """Read a command line of Palate as it would read it, and do nothing."""
    words = shlex.split(line)[1:]
    context = main.make_context("palate", list(words), resilient_parsing=False)
    rest = [*context._protected_args, *context.args]
    command: click.Command = main
    while rest and isinstance(command, click.Group):
        name, found, words = command.resolve_command(context, rest)
        assert found is not None, f"the docs show {line!r}, but there is no command {rest[0]!r}"
        command = found
        context = command.make_context(name, words, parent=context, resilient_parsing=False)
        rest = [*getattr(context, "_protected_args", []), *context.args]


def test_every_command_is_on_the_page_of_commands() -> None:
    tree = command_tree(main, click.Context(main, info_name="palate"))
    assert [here.command_path for _, here in tree if f"# {here.command_path}\n" not in PAGES["commands.md"]] == []


@pytest.mark.parametrize(("page", "link"), LINKS)
def test_what_is_linked_is_there(page: str, link: str) -> None:
    folder: Path = ROOT if page == "README.md" else ROOT / "docs"
    assert (folder / link).exists()
