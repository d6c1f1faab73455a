"""Forgetting through the coordinator, by command and by key: what it says before, what it takes, what remains."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from adapters.registry import Registry
from db.backup import back_up
from db.blind_trials import note_comparison
from db.checkpoints import set_checkpoint
from db.errors import NotAllowed, NotFound
from db.runs import set_run_adapter
from tests.peft_folders import lora_folder
from tests.run_workspace import workbench_with_runs
from tests.still_workbench import StillWorkbench
from tui.cli import main
from tui.errors import InputError, WorkbenchError
from tui.export.adapter_service import export_adapter
from tui.export.forgetting import forget_words, remains_words
from tui.training.recovery import checkpoint_folder
from tui.workspace.export_list import note_export

PROMPT = "Question 1?"
NOTE = "a quince of a note"


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[StillWorkbench]:
    with workbench_with_runs(tmp_path / "space") as workbench:
        workbench.workspace.write(note_comparison, 1, NOTE).result()
        yield workbench


@pytest.fixture
def asked(workbench: StillWorkbench) -> str:
    """The number of the private prompt."""
    query = "SELECT id FROM prompts WHERE messages LIKE ?"
    return str(workbench.workspace.connection.execute(query, (f"%{PROMPT}%",)).fetchone()[0])


def adapter_of_run(workbench: StillWorkbench, folder: Path) -> str:
    registry: Registry = workbench.workspace.registry
    adapter = registry.add(lora_folder(folder / "peft"), "taste-a", "smollm2", "f")
    workbench.workspace.write(set_run_adapter, 1, adapter.manifest.id).result()
    return adapter.manifest.id


def test_what_still_holds_the_texts_or_learned_from_them_is_named(
    workbench: StillWorkbench, asked: str, tmp_path: Path
) -> None:
    space = workbench.folder
    adapter_of_run(workbench, tmp_path)
    before, after = space / "backups" / "palate-before-version-9.db", space / "backups" / "later.db"
    back_up(space / "palate.db", before)
    workbench.export_pairs(tmp_path / "pairs.jsonl")
    export_adapter(workbench, "taste-a", tmp_path / "out")
    note_export(space, tmp_path / "gone.jsonl", "pairs")
    (space / "logs").mkdir(exist_ok=True)
    (space / "logs" / "one.log").write_text(f"failed at {PROMPT} again")
    (space / "logs" / "two.log").write_text("nothing")
    plan = workbench.forgetting.plan(asked)
    remains = workbench.forgetting.forget(plan)
    assert remains == plan.remains
    assert remains.backups == (str(before),)
    assert remains.exports == (str(tmp_path / "pairs.jsonl"), str(tmp_path / "out"))
    assert remains.adapters == ("taste-a",)
    assert remains.logs == (str(space / "logs" / "one.log"),)
    assert len(remains_words(remains)) == 4
    back_up(space / "palate.db", after)
    assert all(str(after) not in sentence for sentence in remains_words(remains))


def test_interrupted_runs_lose_their_checkpoints_and_are_told_before(workbench: StillWorkbench, asked: str) -> None:
    folder = checkpoint_folder(workbench.workspace, 6)
    folder.mkdir(parents=True)
    (folder / "checkpoint.pt").write_bytes(b"tokens")
    workbench.workspace.write(set_checkpoint, 6, step=12, path=str(folder), size=6).result()
    plan = workbench.forgetting.plan(asked)
    assert any("cannot be resumed, and lose their checkpoints: 6." in each for each in forget_words(plan))
    workbench.forgetting.forget(plan)
    assert not folder.exists()
    with pytest.raises(WorkbenchError, match="whose texts were forgotten"):
        workbench.trainer.resume(6)


@pytest.mark.parametrize(("text", "stays"), [(f"> {PROMPT}\nfirst 1", False), ("another text", True)])
def test_what_was_copied_last_leaves_where_it_holds_one_of_the_texts(
    workbench: StillWorkbench, asked: str, text: str, stays: bool
) -> None:
    copied = workbench.folder / "copied.txt"
    copied.write_text(text)
    workbench.forgetting.forget(workbench.forgetting.plan(asked))
    assert copied.exists() is stays


def test_a_whole_set_is_forgotten_and_recorded(workbench: StillWorkbench) -> None:
    name = workbench.prompt_sets()[-1].name
    workbench.forgetting.forget(workbench.forgetting.plan(name))
    row = workbench.workspace.connection.execute("SELECT s.name FROM forgettings f JOIN prompt_sets s").fetchone()
    assert row is not None
    with pytest.raises(NotAllowed, match="nothing to forget"):
        workbench.forgetting.plan(name)


def test_a_name_that_means_nothing_or_two_things_is_refused(workbench: StillWorkbench, asked: str) -> None:
    with pytest.raises(InputError, match="no prompt set 'nothing'"):
        workbench.forgetting.plan("nothing")
    with pytest.raises(NotFound, match="no prompt 99999"):
        workbench.forgetting.plan("99999")
    workbench.prompts.new_set(asked, held_out=False).result()
    with pytest.raises(InputError, match="Rename the set"):
        workbench.forgetting.plan(asked)


# -- the command -----------------------------------------------------------------------------------------------


@pytest.fixture
def palate(tmp_path: Path) -> Callable[..., Result]:
    with workbench_with_runs(tmp_path / "space") as workbench:
        workbench.workspace.write(note_comparison, 1, NOTE).result()
    return lambda *words: CliRunner().invoke(main, ["--workspace", str(tmp_path / "space"), *words])


def prompt_number(palate: Callable[..., Result]) -> str:
    found = [json.loads(line) for line in palate("data", NOTE, "--json").stdout.splitlines()]
    sets = {json.loads(line)["set"] for line in palate("prompts", "--json").stdout.splitlines()}
    shown = [palate("prompts", "show", name, PROMPT, "--json").stdout for name in sets]
    rows = [json.loads(line) for each in shown for line in each.splitlines()]
    assert len(found) == 1
    return str(next(row["id"] for row in rows if row["line"] == PROMPT))


def test_the_command_asks_first_and_then_leaves_no_byte(palate: Callable[..., Result], tmp_path: Path) -> None:
    number = prompt_number(palate)
    before = palate("forget", number)
    assert before.exit_code == 0
    assert "1 prompt with 2 answers: their texts and all notes" in before.output
    assert "Nothing has changed. Give --yes to do it." in before.output
    assert b"quince" in (tmp_path / "space" / "palate.db").read_bytes()
    done = palate("forget", number, "--yes")
    assert done.exit_code == 0, done.output
    assert f"Forgotten: prompt {number}." in done.output
    for file in (tmp_path / "space").glob("palate.db*"):
        content = file.read_bytes().lower()
        assert not [word for word in (b"question 1?", b"quince", b"first 1", b"second 1") if word in content], file
    again = palate("forget", number, "--yes")
    assert again.exit_code == 1
    assert "There is nothing to forget" in again.output


def test_the_command_s_records(palate: Callable[..., Result]) -> None:
    number = prompt_number(palate)
    asked, done = (json.loads(palate("forget", number, "--json", *more).stdout) for more in ((), ("--yes",)))
    assert (asked["event"], asked["done"], done["done"]) == ("forgotten", False, True)
    assert asked["prompts"] == done["prompts"] == [int(number)]
    assert {"backups", "exports", "adapters", "logs"} == set(done["remains"])
