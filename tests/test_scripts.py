"""Every script and benchmark below tests/ reads its command line in one way, and takes no flag for a folder's name."""

import argparse
import ast
import importlib
from pathlib import Path
from types import ModuleType

import pytest

from tests.flags import path, workspace_folder

ROOT = Path(__file__).parents[1]
ENTRY = 'if __name__ == "__main__":'
STARTED_BY_TESTS = {"tests.fork_server", "tests.gate"}
"""What no person starts: one is given a descriptor by its parent, the other is `palate` itself with a gate in it."""
SCRIPTS = sorted(
    file.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
    for file in (ROOT / "tests").rglob("*.py")
    if f"\n{ENTRY}\n    " in file.read_text(encoding="utf-8") and f"tests.{file.stem}" not in STARTED_BY_TESTS
)
ODD = "-x"
"""What a misspelt flag looks like."""


@pytest.fixture(params=SCRIPTS)
def script(request: pytest.FixtureRequest) -> ModuleType:
    return importlib.import_module(request.param)


def places(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """What of a command line names a folder or a file."""
    return [each for each in parser._actions if each.type in (path, Path)]


def line_with(parser: argparse.ArgumentParser, odd: argparse.Action) -> list[str]:
    """A command line that is right but for one folder."""
    flag = [f"{odd.option_strings[0]}={ODD}"] if odd.option_strings else []
    positional = [each for each in parser._actions if not each.option_strings]
    return [*flag, "--", *(ODD if each is odd else "1" for each in positional)]


def test_scripts_are_found() -> None:
    assert {"tests.screenshots", "tests.hostile_tour", "tests.benchmarks.data_speed"} <= set(SCRIPTS)
    assert len(SCRIPTS) > 15


def test_help_is_shown_and_nothing_is_done(script: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        script.main(["--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("usage:")


def test_a_folder_that_begins_with_a_minus_is_refused(script: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    parser = script.parser()
    for each in places(parser):
        with pytest.raises(SystemExit) as ended:
            parser.parse_args(line_with(parser, each))
        assert ended.value.code == 2
        assert f"{ODD} begins with a minus" in capsys.readouterr().err


def test_a_flag_that_is_not_there_is_refused(script: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        script.main([ODD])
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_no_script_reads_its_words_by_itself() -> None:
    for name in SCRIPTS:
        tree = ast.parse((ROOT / f"{name.replace('.', '/')}.py").read_text(encoding="utf-8"))
        read = [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "argv"]
        assert read == [], name


def test_the_folder_of_keep_is_made_and_stays(tmp_path: Path) -> None:
    kept = tmp_path / "made" / "here"
    with workspace_folder(kept) as folder:
        assert folder == kept
    assert kept.is_dir()
    with workspace_folder(None) as folder:
        assert folder.is_dir()
    assert not folder.exists()
