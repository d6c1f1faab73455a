"""What is read of a workspace: every adapter's files once, however many there are."""

from pathlib import Path

import pytest

from adapters import registry as registry_module
from adapters.registry import Registry
from tests.peft_folders import lora_folder
from tests.still_workbench import StillWorkbench


def publish(registry: Registry, name: str, parent: str | None) -> str:
    """An adapter that goes on from `parent`; its id."""
    origin = {"base_source": "tiny", "base_fingerprint": "f" * 64, "pairs_fingerprint": "e" * 64}
    published = registry.publish(lora_folder(registry.staging()), name=name, parent=parent, run=1, pairs=3, **origin)
    return published.manifest.id


def test_adapters_are_listed_with_their_lines_from_one_reading_of_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench = StillWorkbench(tmp_path / "space")
    try:
        parent: str | None = None
        for number in range(1, 6):
            parent = publish(workbench.workspace.registry, f"taste-{number}", parent)
        read: list[Path] = []
        real = registry_module.read_manifest
        monkeypatch.setattr(registry_module, "read_manifest", lambda folder: (read.append(folder), real(folder))[1])
        views = {view.name: view for view in workbench.adapters()}
        assert len(read) == 5
        assert views["taste-3"].lineage == ("taste-1", "taste-2", "taste-3")
        assert (views["taste-3"].parent_name, views["taste-1"].parent_name) == ("taste-2", None)
    finally:
        workbench.close()
