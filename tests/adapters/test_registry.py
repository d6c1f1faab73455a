import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from adapters import storage
from adapters.errors import (
    AdapterDamaged,
    AdapterFormatError,
    AdapterMisfit,
    AdapterNameError,
    AdapterNotFound,
    AdapterNotWritten,
)
from adapters.manifest import Adapter
from adapters.registry import Registry
from tests.peft_folders import BASE_SHAPES, lora_folder

FINGERPRINT = "f" * 64


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "adapters")


def publish(registry: Registry, name: str, parent: str | None = None, **settings: Any) -> Adapter:
    return registry.publish(
        lora_folder(registry.staging(), **settings),
        name=name,
        base_source="tiny-base",
        base_fingerprint=FINGERPRINT,
        parent=parent,
        run=4,
        pairs=31,
        pairs_fingerprint="e" * 64,
    )


def names(registry: Registry) -> list[str]:
    return [each.manifest.name for each in registry.list()]


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


def test_a_workspace_without_adapters_has_none(registry: Registry) -> None:
    assert registry.list() == ()
    assert registry.damaged() == ()
    assert registry.clear_leftovers() == 0
    assert not registry.root.exists()


def test_a_published_adapter_is_found_by_id_and_name_by_a_new_registry(registry: Registry) -> None:
    made = publish(registry, "Taste-1")
    again = Registry(registry.root)
    assert again.list() == (made,)
    assert again.get(made.manifest.id) == again.get("taste-1") == made
    assert made.folder == registry.root / made.manifest.id
    assert (made.manifest.run, made.manifest.pairs, made.manifest.parent) == (4, 31, None)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", made.manifest.created)


def test_the_staging_folder_s_name_becomes_the_id_and_suits_peft(registry: Registry) -> None:
    staging = registry.staging()
    lora_folder(staging)
    made = registry.publish(
        registry.staging_of(str(staging)),
        name="x",
        base_source="b",
        base_fingerprint="f",
        parent=None,
        run=None,
        pairs=0,
        pairs_fingerprint=None,
    )
    assert made.manifest.id == staging.name
    assert re.fullmatch("a[0-9a-f]{8}", staging.name)
    assert not staging.exists()


def test_everything_belongs_to_the_owner_alone(registry: Registry) -> None:
    before = os.umask(0)
    try:
        made = publish(registry, "taste-1")
    finally:
        os.umask(before)
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in [registry.root, *registry.root.rglob("*")]}
    folders = {registry.root.name, ".staging", made.manifest.id}
    assert {name: mode for name, mode in modes.items() if name in folders} == dict.fromkeys(folders, 0o700)
    assert {mode for name, mode in modes.items() if name not in folders} == {0o600}


def test_adapters_are_listed_in_the_order_they_were_made(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter(["2026-01-03", "2026-01-01", "2026-01-02"])
    monkeypatch.setattr("adapters.registry._now", lambda: next(times))
    for name in ("third", "first", "second"):
        publish(registry, name)
    assert names(registry) == ["first", "second", "third"]


def test_a_name_is_used_once_in_whatever_case(registry: Registry) -> None:
    publish(registry, "Taste-1")
    with pytest.raises(AdapterNameError, match="'Taste-1' already"):
        publish(registry, "taste-1")
    assert registry.check_name(" taste-2 ") == "taste-2"
    assert registry.free_name("taste") == "taste-2"


def test_only_a_staging_folder_can_be_published(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(AdapterFormatError, match="is not a folder of staging"):
        registry.staging_of(lora_folder(tmp_path / "a01234567"))
    made = publish(registry, "taste-1")
    with pytest.raises(AdapterFormatError, match="is not a folder of staging"):
        registry.staging_of(made.folder)


def test_an_empty_staging_folder_is_not_published(registry: Registry) -> None:
    with pytest.raises(AdapterFormatError, match=r"has no adapter_config\.json"):
        registry.publish(
            registry.staging(),
            name="x",
            base_source="b",
            base_fingerprint="f",
            parent=None,
            run=None,
            pairs=0,
            pairs_fingerprint=None,
        )
    assert registry.list() == ()


def test_a_full_disk_is_told_and_leaves_no_adapter(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(path: Path) -> None:
        raise OSError(28, "No space left on device", str(path))

    staging = lora_folder(registry.staging())
    monkeypatch.setattr(storage, "sync", no_space)
    with pytest.raises(AdapterNotWritten, match=r"No space left on device\. Free some space"):
        registry.publish(
            staging,
            name="x",
            base_source="b",
            base_fingerprint="f",
            parent=None,
            run=None,
            pairs=0,
            pairs_fingerprint=None,
        )
    assert registry.list() == ()
    assert registry.damaged() == ()


KILLED_BEFORE_ITS_RENAME = """
import os, signal, sys
from pathlib import Path
import adapters.registry as module
from tests.peft_folders import lora_folder
module.move_into_place = lambda *where: os.kill(os.getpid(), signal.SIGKILL)
registry = module.Registry(Path(sys.argv[1]))
registry.add(lora_folder(Path(sys.argv[1]).parent / "from"), "taste-2", "b", "f")
"""


def test_a_publish_that_is_killed_leaves_only_what_can_be_cleared(registry: Registry) -> None:
    made = publish(registry, "taste-1")
    command = [sys.executable, "-c", KILLED_BEFORE_ITS_RENAME, str(registry.root)]
    assert subprocess.run(command, check=False, cwd=Path(__file__).parents[2]).returncode == -9
    assert registry.list() == (made,)
    assert registry.damaged() == ()
    assert registry.clear_leftovers() == 1
    assert list((registry.root / ".staging").iterdir()) == []
    assert registry.list() == (made,)


def test_a_removal_that_is_interrupted_is_finished_by_clearing(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = publish(registry, "taste-1")

    def interrupted(_: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", interrupted)
        with pytest.raises(KeyboardInterrupt):
            registry.remove(made.manifest.id)
    assert registry.list() == ()
    assert registry.damaged() == ()
    assert registry.clear_leftovers() == 1


def test_a_folder_is_copied_in_with_its_note_and_left_as_it_was(registry: Registry, tmp_path: Path) -> None:
    source = lora_folder(tmp_path / "from")
    (source / "optimizer.pt").write_bytes(b"not wanted")
    before = files_of(source)
    made = registry.add(source, "theirs", "smollm2-135m-instruct", FINGERPRINT, base_shapes=BASE_SHAPES)
    assert files_of(source) == before
    assert set(files_of(made.folder)) == {"adapter_config.json", "adapter_model.safetensors", "palate.json"}
    assert (made.manifest.parent, made.manifest.run, made.manifest.pairs) == (None, None, 0)
    assert "maker/tiny-base" in made.manifest.note
    registry.verify(made.manifest.id)


def test_a_folder_of_links_is_copied_as_files(registry: Registry, tmp_path: Path) -> None:
    lora_folder(tmp_path / "blobs")
    (tmp_path / "snapshot").mkdir()
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        (tmp_path / "snapshot" / name).symlink_to(tmp_path / "blobs" / name)
    made = registry.add(tmp_path / "snapshot", "theirs", "b", "f")
    shutil.rmtree(tmp_path / "blobs")
    registry.verify(made.manifest.id)


def test_what_does_not_fit_is_not_added(registry: Registry, tmp_path: Path) -> None:
    shapes = BASE_SHAPES | {"model.layers.0.self_attn.q_proj.weight": (6, 5)}
    with pytest.raises(AdapterMisfit, match="made for maker/tiny-base"):
        registry.add(lora_folder(tmp_path / "from"), "theirs", "b", "f", base_shapes=shapes)
    assert registry.list() == ()
    assert not registry.root.exists()


def test_a_new_name_keeps_everything_else(registry: Registry) -> None:
    made, other = publish(registry, "taste-1"), publish(registry, "taste-2")
    assert registry.rename(made.manifest.id, "Taste-1").manifest.name == "Taste-1"
    renamed = registry.rename(made.manifest.id, "favourite")
    assert (renamed.folder, renamed.manifest.checksum) == (made.folder, made.manifest.checksum)
    assert Registry(registry.root).get("favourite") == renamed
    with pytest.raises(AdapterNameError, match="already"):
        registry.rename(other.manifest.id, "FAVOURITE")


def test_the_lineage_starts_at_the_root(registry: Registry) -> None:
    root = publish(registry, "taste-1")
    child = publish(registry, "taste-2", root.manifest.id)
    grandchild = publish(registry, "taste-3", child.manifest.id)
    assert registry.lineage(grandchild.manifest.id) == (root, child, grandchild)
    assert registry.lineage(root.manifest.id) == (root,)
    assert registry.children(root.manifest.id) == (child,)


def test_removing_a_parent_keeps_its_children_whole(registry: Registry) -> None:
    root = publish(registry, "taste-1")
    child = publish(registry, "taste-2", root.manifest.id)
    before = files_of(child.folder)
    registry.remove("taste-1")
    assert not root.folder.exists()
    assert registry.list() == (child,)
    assert registry.lineage(child.manifest.id) == (child,)
    assert files_of(child.folder) == before
    registry.verify(child.manifest.id)


def test_adapters_that_descend_from_themselves_are_told(registry: Registry) -> None:
    root = publish(registry, "taste-1")
    child = publish(registry, "taste-2", root.manifest.id)
    manifest = json.loads((root.folder / "palate.json").read_text())
    (root.folder / "palate.json").write_text(json.dumps(manifest | {"parent": child.manifest.id}))
    with pytest.raises(AdapterDamaged, match="descends from itself"):
        registry.lineage(child.manifest.id)


def test_changed_weights_are_noticed(registry: Registry) -> None:
    made = publish(registry, "taste-1")
    weights = made.folder / "adapter_model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert registry.list() == (made,)
    with pytest.raises(AdapterDamaged, match="Restore"):
        registry.verify(made.manifest.id)


def test_damaged_folders_are_told_apart_and_never_stop_the_list(registry: Registry) -> None:
    whole = publish(registry, "taste-1")
    torn = publish(registry, "taste-2").folder
    (torn / "palate.json").write_text('{"id": "a0')
    empty = registry.root / "a00000000"
    empty.mkdir()
    gutted = publish(registry, "taste-3").folder
    (gutted / "adapter_model.safetensors").unlink()
    copied = registry.root / "copy of taste-1"
    shutil.copytree(whole.folder, copied)
    linked = registry.root / "linked"
    linked.symlink_to(whole.folder)
    (registry.root / "a file").write_text("no folder")
    assert registry.list() == (whole,)
    reasons = dict(registry.damaged())
    assert set(reasons) == {torn, empty, gutted, copied, linked}
    assert "cannot be read" in reasons[torn]
    assert "has no palate.json" in reasons[empty]
    assert "has no adapter_model.safetensors" in reasons[gutted]
    assert whole.manifest.id in reasons[copied]
    assert "is a link" in reasons[linked]
    with pytest.raises(AdapterDamaged, match=r"has no palate\.json"):
        registry.get("a00000000")


def test_an_unknown_name_says_which_there_are(registry: Registry) -> None:
    with pytest.raises(AdapterNotFound, match="There are: none yet"):
        registry.get("taste-9")
    publish(registry, "taste-1")
    with pytest.raises(AdapterNotFound, match="There are: taste-1"):
        registry.get("taste-9")
    with pytest.raises(AdapterNotFound):
        registry.get("../taste-1")
    with pytest.raises(AdapterNotFound):
        registry.get("a99999999")
