"""`palate backup`, `palate restore` and `palate doctor --check`, beside a living owner and after damage."""

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from adapters.registry import Registry
from db.backup import back_up
from db.backup_files import AUTOMATIC, BACKUPS, automatic_backups
from db.checkpoints import set_checkpoint
from db.connection import quick_check, read_only
from db.runs import set_run_adapter
from db.verdicts import add_verdict
from tests.db_workspace import compared, workspace
from tests.peft_folders import lora_folder
from tests.run_workspace import fill_runs
from tui.cli import main
from tui.compute.loaded_model import ModelChoice
from tui.events import WorkbenchEvent, WorkbenchNotice
from tui.workbench import Workbench
from tui.workspace.backups import AutomaticBackups, is_due
from tui.workspace.settings_store import change_setting
from tui.workspace.workspace import Workspace, own_workspace

GIVEN = {"comparison": 1, "verdict": "a", "layout": "side", "seconds": 2.5}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "space"
    folder.mkdir()
    with workspace(folder) as conn:
        compared(conn, "Why is the sky blue?")
        add_verdict(conn, **GIVEN)
    return folder


@pytest.fixture
def owned(folder: Path) -> Iterator[Workspace]:
    space = own_workspace(folder)
    yield space
    space.close()


def palate(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["--workspace", str(folder), *words])


def findings(folder: Path) -> list[tuple[str, str, str]]:
    """Area, state and text of everything that is not as it should be."""
    done = palate(folder, "doctor", "--check", "--json")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    found = [(each["area"], each["state"], each["text"]) for each in records if each["state"] != "ok"]
    assert (done.exit_code == 1) == any(state == "bad" for _, state, _ in found)
    return found


def count_verdicts(database: Path) -> int:
    with closing(read_only(database)) as conn:
        assert quick_check(conn) == "ok"
        return int(conn.execute("SELECT count(*) FROM verdicts").fetchone()[0])


# -- backup and restore ----------------------------------------------------------------------------------------


def test_a_backup_beside_an_owner_that_judges_is_one_state_and_stops_nobody(owned: Workspace, tmp_path: Path) -> None:
    """Every verdict that was acknowledged before the backup is in it, and the owner goes on judging."""
    ended, given = threading.Event(), [1]

    def judge() -> None:
        while not ended.is_set():
            owned.write(add_verdict, **GIVEN).result()
            given.append(given[-1] + 1)

    judging = threading.Thread(target=judge)
    judging.start()
    try:
        for number in range(5):
            before = given[-1]
            target = tmp_path / f"copy-{number}.db"
            assert palate(owned.folder, "backup", str(target)).exit_code == 0
            assert before <= count_verdicts(target) <= given[-1] + 1
    finally:
        ended.set()
        judging.join()
    assert count_verdicts(owned.folder / "palate.db") == given[-1]


def test_a_backup_writes_over_nothing_unless_it_is_asked_to(folder: Path, tmp_path: Path) -> None:
    there = tmp_path / "notes.txt"
    there.write_text("mine")
    assert "exists already" in palate(folder, "backup", str(there)).output
    assert there.read_text() == "mine"
    for target in (folder / "palate.db", tmp_path, tmp_path / "nowhere" / "copy.db"):
        assert palate(folder, "backup", "--overwrite", str(target)).exit_code == 1
    assert palate(folder, "backup", "--overwrite", str(there)).exit_code == 0
    assert count_verdicts(there) == 1


def test_a_restore_is_refused_while_an_owner_is_alive(owned: Workspace) -> None:
    assert palate(owned.folder, "backup").exit_code == 0
    (backup,) = (owned.folder / BACKUPS).glob("*.db")
    refused = palate(owned.folder, "restore", str(backup))
    assert refused.exit_code == 1
    assert "is in use by process" in refused.output
    assert not list((owned.folder / BACKUPS).glob("replaced-*"))
    owned.write(add_verdict, **GIVEN).result()


def test_a_backup_is_restored_by_its_name_alone_and_the_records_name_what_was_kept(folder: Path) -> None:
    made = json.loads(palate(folder, "backup", "--json").stdout)
    (folder / "palate.db").write_bytes(b"nothing of use")
    done = palate(folder, "restore", Path(made["path"]).name, "--json")
    record = json.loads(done.stdout)
    assert (record["verdicts"], record["backup"]) == (1, made["path"])
    assert (Path(record["aside"]) / "palate.db").read_bytes() == b"nothing of use"
    assert palate(folder, "restore", "no-such.db").exit_code == 1


# -- automatic backups -----------------------------------------------------------------------------------------


def test_a_backup_is_due_after_a_day_and_the_setting_says_how_many_are_kept(owned: Workspace) -> None:
    folder, now = owned.folder, datetime.now(UTC)
    assert is_due(folder, now)
    (folder / BACKUPS).mkdir(exist_ok=True)
    for days in (4, 3, 2):
        assert is_due(folder, now)
        name = f"{AUTOMATIC}{now - timedelta(days=days):%Y%m%dT%H%M%SZ}.db"
        back_up(folder / "palate.db", folder / BACKUPS / name)
    change_setting(owned, "backups_kept", "2")
    before = automatic_backups(folder)
    automatic = AutomaticBackups(owned, first_after_s=0)
    while automatic_backups(folder)[:2] != [before[-1], automatic_backups(folder)[-1]]:
        assert automatic._thread.is_alive()
    automatic.close()
    assert len(automatic_backups(folder)) == 2
    assert not is_due(folder, datetime.now(UTC))
    assert count_verdicts(automatic_backups(folder)[-1]) == 1


def test_a_backup_of_a_day_to_come_puts_off_no_other_one(owned: Workspace) -> None:
    folder, now = owned.folder, datetime.now(UTC)
    name = f"{AUTOMATIC}{now + timedelta(days=900):%Y%m%dT%H%M%SZ}.db"
    back_up(folder / "palate.db", folder / BACKUPS / name)
    assert is_due(folder, now)


def test_no_automatic_backup_takes_the_room_that_verdicts_need(
    owned: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = (owned.folder / "palate.db").stat().st_size
    usage = shutil.disk_usage(owned.folder)
    monkeypatch.setattr("tui.workspace.backups.shutil.disk_usage", lambda _: usage._replace(free=2 * size))
    assert not is_due(owned.folder, datetime.now(UTC))


# -- doctor --check --------------------------------------------------------------------------------------------


@pytest.fixture
def trained(folder: Path, tmp_path: Path) -> Path:
    """A workspace with runs, an adapter of run 1, and a checkpoint of run 6, which was interrupted."""
    with workspace(folder) as conn:
        conn.execute("BEGIN")
        fill_runs(conn)
        conn.execute("COMMIT")
        adapter = Registry(folder / "adapters").add(lora_folder(tmp_path / "peft"), "taste-a", "smollm2", "f")
        conn.execute("UPDATE runs SET adapter = NULL")
        set_run_adapter(conn, 1, adapter.manifest.id)
        set_checkpoint(conn, 6, step=3, path=str(folder / "checkpoints" / "run-6"), size=1)
    (folder / "checkpoints" / "run-6").mkdir(parents=True)
    (folder / "checkpoints" / "run-6" / "checkpoint.pt").touch()
    assert palate(folder, "backup").exit_code == 0
    assert findings(folder) == []
    return folder


def test_an_adapter_whose_folder_is_gone_is_named_until_its_folder_is_back(trained: Path, tmp_path: Path) -> None:
    (adapter,) = Registry(trained / "adapters").list()
    shutil.copytree(adapter.folder, tmp_path / "kept")
    shutil.rmtree(adapter.folder)
    ((area, state, text),) = findings(trained)
    assert (area, state) == ("adapter", "bad")
    assert f"The adapter {adapter.manifest.id} of run 1 is gone" in text
    shutil.copytree(tmp_path / "kept", adapter.folder)
    assert findings(trained) == []


def test_weights_that_are_not_those_of_the_manifest_are_named(trained: Path) -> None:
    (adapter,) = Registry(trained / "adapters").list()
    weights = adapter.folder / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x7f")
    ((area, state, text),) = findings(trained)
    assert (area, state) == ("adapter", "bad")
    assert "checksum" in text


def test_checkpoints_without_a_run_and_runs_without_their_checkpoint_are_named(trained: Path) -> None:
    (trained / "checkpoints" / "run-6").rename(trained / "checkpoints" / "run-77")
    lost, orphan = sorted(findings(trained), key=lambda each: each[1])
    assert lost[:2] == ("checkpoint", "bad")
    assert lost[2].startswith("Run 6 cannot be resumed")
    assert orphan[:2] == ("checkpoint", "note")
    assert "run-77" in orphan[2]


def test_a_damaged_database_is_named_with_the_backup_to_restore(trained: Path) -> None:
    (backup,) = (trained / BACKUPS).glob("*.db")
    database = trained / "palate.db"
    whole = database.read_bytes()
    for spoilt in (whole[: len(whole) // 2], b"not a database" + whole[14:], b"", None):
        database.unlink(missing_ok=True)
        if spoilt is not None:
            database.write_bytes(spoilt)
        assert any(
            area == "database" and state == "bad" and f"`palate restore {backup}`" in text
            for area, state, text in findings(trained)
        ), spoilt and spoilt[:20]


def test_a_row_that_refers_to_nothing_is_named(trained: Path) -> None:
    with workspace(trained) as conn:
        conn.execute("PRAGMA foreign_keys = OFF")
        conn.execute(
            "INSERT INTO checkpoints (run, step, path, bytes, created) SELECT 999, 1, 'x', 1, created FROM checkpoints"
        )
    found = [text for area, _, text in findings(trained) if area == "database"]
    assert any("of checkpoints refers to no row of runs" in text for text in found)


def test_a_copy_that_an_earlier_owner_saved_is_named_until_its_verdicts_are_back(folder: Path) -> None:
    """It is pointed out at the next start too."""
    saved = folder / BACKUPS / "palate-saved-20260101T000000Z.db"
    before = (folder / "palate.db").read_bytes()
    with workspace(folder) as conn:
        add_verdict(conn, **GIVEN)
    back_up(folder / "palate.db", saved)
    assert findings(folder) == []
    (folder / "palate.db").write_bytes(before)
    assert [(area, state) for area, state, _ in findings(folder)] == [("saved copy", "bad")]
    assert [each.title for each in notices_of_start(folder)] == ["Verdicts that are not in this database"]
    assert palate(folder, "restore", str(saved)).exit_code == 0
    assert [area for area, _, _ in findings(folder)] == ["leftover"]
    assert notices_of_start(folder) == []


def notices_of_start(folder: Path) -> list[WorkbenchNotice]:
    workbench = Workbench(folder, ModelChoice("smollm2-135m-instruct"))
    heard: list[WorkbenchEvent] = []
    workbench.subscribe(heard.append)
    workbench.start(fill_queue=False, load_model=False)
    workbench.close()
    return [each for each in heard if isinstance(each, WorkbenchNotice)]
