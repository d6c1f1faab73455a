"""The person's own keys: what the file says counts, what cannot count is told with its line."""

import re
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.fake_workbench import FakeWorkbench
from tests.screens import text_of
from tests.waiting import until
from tui.app import PalateApp
from tui.cli import main
from tui.keymap import KeyFile, default_file, read_key_file
from tui.screens.key_registry import declared_keys, normal_key
from tui.screens.pairs.label import LabelScreen

DECLARED = declared_keys(PalateApp)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.toml"


def read(file: Path, text: str) -> KeyFile:
    file.write_text(text)
    return read_key_file(file, DECLARED, normal_key)


# -- what is declared --------------------------------------------------------------------------------------------


def test_every_key_has_a_name_and_a_sentence() -> None:
    assert len(DECLARED) > 80
    for each in DECLARED:
        assert re.fullmatch(r"[a-z-]+\.[a-z-]+", each.id), each
        assert each.help.endswith("."), each
        assert all(normal_key(key) == key for key in each.keys), each


def test_keys_of_label_count_wherever_a_pair_is_judged() -> None:
    (left,) = [each for each in DECLARED if each.id == "label.left"]
    assert left.keys == ("1", "left")
    assert {"LabelScreen", "TrialScreen", "VerdictScreen"} <= left.screens


@pytest.mark.parametrize(
    ("written", "name"),
    [
        *(("!", "exclamation_mark"), ("+", "plus"), (",", "comma")),
        *((name, name) for name in ("a", "A", "ctrl+k", "shift+left", "space", "f5", "left_square_bracket")),
    ],
)
def test_names_of_keys(written: str, name: str) -> None:
    assert normal_key(written) == name


@pytest.mark.parametrize("written", ["", "lefft", "crtl+k", "ctrl+", "1 2", "ab"])
def test_what_is_no_key(written: str) -> None:
    assert normal_key(written) is None


# -- the file ----------------------------------------------------------------------------------------------------


def test_no_file_changes_nothing(file: Path) -> None:
    assert read_key_file(file, DECLARED, normal_key) == KeyFile({})


def test_one_key_or_several(file: Path) -> None:
    found = read(file, '[label]\nleft = "h"\nmuch-left = ["H", "!"]\n')
    assert found == KeyFile({"label.left": ("h",), "label.much-left": ("H", "exclamation_mark")})


def test_two_acts_may_change_places(file: Path) -> None:
    found = read(file, 'label.left = ["2", "left"]\nlabel.right = ["1", "right"]\n')
    assert found.keys == {"label.left": ("2", "left"), "label.right": ("1", "right")}
    assert found.problems == ()


def test_what_cannot_be_used_is_told_with_its_line_and_the_rest_counts(file: Path) -> None:
    text = """[label]
tie = "1"
skip = "space bar"
nonsense = "k"
undo = 3
both-bad = "v"
[app]
quit = "ctrl+x"
"""
    found = read(file, text)
    assert found.keys == {"label.both-bad": ("v",), "app.quit": ("ctrl+x",)}
    assert found.problems == (
        "Line 3: 'space bar' is no key. Write a character, or a name such as left or ctrl+k.",
        "Line 4: there is no action 'label.nonsense'. `palate keys` lists the actions.",
        "Line 5: the value is no key. Write a key in quotes, or a list of keys in quotes.",
        "Line 2: '1' is label.left on the same screen. Choose another key for label.tie, or move label.left as well.",
    )


def test_a_key_that_works_everywhere_is_not_taken_by_a_screen(file: Path) -> None:
    found = read(file, 'label.left = "q"\n')
    assert found.keys == {}
    assert found.problems[0].startswith("Line 1: 'q' is app.quit on the same screen.")


def test_the_same_key_on_different_screens_is_no_clash(file: Path) -> None:
    assert read(file, 'train.start = "1"\n').problems == ()


@pytest.mark.parametrize("text", ["label.left = h", "\x00", "[label"])
def test_a_file_that_is_no_toml_is_told(file: Path, text: str) -> None:
    found = read(file, text)
    assert found.keys == {}
    assert "cannot be read" in found.problems[0]


def test_the_default_file_changes_nothing_and_with_every_mark_taken_away_neither(file: Path) -> None:
    text = default_file(DECLARED)
    assert read(file, text) == KeyFile({})
    marked = re.sub(r"(?m)^# (?=[a-z-]+ = )", "", text)
    assert len(tomllib.loads(marked)["label"]) > 20
    found = read(file, marked)
    assert found.problems == ()
    assert dict(found.keys) == {each.id: each.keys for each in DECLARED}


# -- the app -----------------------------------------------------------------------------------------------------


async def test_moved_keys_judge_and_stand_in_the_key_line(file: Path) -> None:
    file.write_text('label.left = "h"\nlabel.right = ["1", "l"]\nlabel.skip = "h"\n'.replace('"h"', '"f"', 1))
    workbench = FakeWorkbench(3)
    app = PalateApp(workbench, file)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, LabelScreen) and app.screen.can_judge)
        assert "f left" in text_of(app)
        assert "h skip" in text_of(app)
        await pilot.press("2", "1")
        await until(pilot, lambda: len(workbench.judged_with) == 1)
        screen = app.screen
        assert isinstance(screen, LabelScreen)
        await until(pilot, lambda: screen.pair is not None and screen.pair.id == 2 and screen.can_judge)
        await pilot.press("f")
        await until(pilot, lambda: len(workbench.judged_with) == 2)
    assert [each["side"] for each in workbench.judged_with] == ["right", "left"]


async def test_what_cannot_be_used_is_told_at_the_start(file: Path) -> None:
    file.write_text('label.left = "x"\n')
    app = PalateApp(FakeWorkbench(1), file)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: len(app._notifications) == 1)
        (notice,) = app._notifications
        assert "Line 1: 'x' is label.both-bad" in notice.message


# -- the command -------------------------------------------------------------------------------------------------


def test_the_command_prints_the_table_and_writes_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    runner = CliRunner()
    shown = runner.invoke(main, ["keys"])
    assert shown.exit_code == 0
    assert re.search(r"label\.undo +u +Take back the last verdict", shown.output)
    assert "--write" in shown.output
    path = tmp_path / "palate" / "keys.toml"
    assert str(path) in shown.output
    assert runner.invoke(main, ["keys", "--write"]).exit_code == 0
    assert "# undo = " in path.read_text()
    again = runner.invoke(main, ["keys", "--write"])
    assert again.exit_code == 1
    assert "exists already" in again.output
    path.write_text('label.undo = "backspace"\nlabel.tie = "1"\n')
    shown = runner.invoke(main, ["keys"])
    assert re.search(r"label\.undo \* +backspace", shown.output)
    assert "Line 2: '1' is label.left" in shown.output
    assert '"changed": true' in runner.invoke(main, ["keys", "--json"]).output
