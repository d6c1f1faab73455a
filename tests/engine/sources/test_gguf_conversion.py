"""GGUF files become safetensors folders in the cache, whole or not at all."""

import errno
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from filelock import FileLock

from engine.errors import ModelError
from engine.events import Event, Notice, NoticeLevel, Progress, SourceReady
from engine.model import load_base
from engine.sources import gguf_conversion
from engine.sources.default_model import prepare_default
from engine.sources.gguf_conversion import models_folder, prepare_gguf, with_cache_lock
from tests.tiny_gguf import save_tiny_gguf, tiny_original


@pytest.fixture(scope="module")
def gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_gguf(tmp_path_factory.mktemp("gguf") / "tiny.Q8_0.gguf")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / name))
    return tmp_path / "palate" / "models"


def folders(cache: Path) -> list[str]:
    return sorted(entry.name for entry in cache.iterdir() if entry.is_dir())


def test_a_gguf_file_is_converted_once_into_the_model_that_it_holds(cache: Path, gguf: Path) -> None:
    first = list(prepare_gguf(gguf, source="mine"))
    ready = first[-1]
    assert isinstance(ready, SourceReady)
    assert ready.source == "mine"
    steps = [event for event in first if isinstance(event, Progress) and event.unit == "steps"]
    assert [(event.done, event.total) for event in steps] == [(0, None), (0, 3), (1, 3), (2, 3), (3, 3)]
    assert [entry.name for entry in cache.iterdir() if entry.is_dir()] == [Path(ready.location).name]
    assert Path(ready.location).name.startswith("tiny.Q8_0-")
    assert {file.stat().st_mode & 0o777 for file in Path(ready.location).iterdir()} == {0o600}

    again = list(prepare_gguf(gguf, source="mine"))
    assert again[-1] == ready
    assert not any(isinstance(event, Progress) and event.unit == "steps" for event in again)

    base = load_base(ready.location, source="mine", dtype="float32", device="cpu")
    ids = torch.tensor([[1, 40, 50, 60, 70, 2, 90]])
    with torch.no_grad(), base.policy(None) as model:
        ours, original = model(ids).logits, tiny_original()(ids).logits
    assert (ours - original).abs().max() < 0.05 * original.abs().max()  # Q8_0 rounds to 1 part in 254
    assert base.has_chat_template
    assert 2 in base.stop_ids
    assert base.tokenizer("aé")["input_ids"] == [base.tokenizer.convert_tokens_to_ids(t) for t in ("a", "Ã", "©")]


@pytest.mark.usefixtures("cache")
def test_a_file_that_is_no_gguf_is_told_with_its_first_bytes(tmp_path: Path) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(b"PK\x03\x04 and more")
    with pytest.raises(ModelError, match=r"no GGUF file: its 13 bytes begin with b'PK"):
        list(prepare_gguf(file, source="x"))
    with pytest.raises(ModelError, match="cannot be read: No such file"):
        list(prepare_gguf(tmp_path / "none.gguf", source="x"))


def test_a_gguf_that_transformers_cannot_read_leaves_nothing(cache: Path, tmp_path: Path) -> None:
    file = tmp_path / "broken.gguf"
    file.write_bytes(b"GGUF" + b"\x03\x00\x00\x00" + b"\xff" * 64)
    with pytest.raises(ModelError, match="cannot be converted"):
        list(prepare_gguf(file, source="x"))
    assert folders(cache) == []


def test_closing_ends_the_conversion_and_leaves_nothing(cache: Path, gguf: Path) -> None:
    events = prepare_gguf(gguf, source="x")
    while True:
        event = next(events)
        if isinstance(event, Progress) and event.unit == "steps":
            break
    assert len(folders(cache)) == 1
    events.close()
    assert folders(cache) == []


def test_what_a_killed_process_left_is_removed(cache: Path) -> None:
    (models_folder() / ".part-old").mkdir()
    assert list(with_cache_lock(lambda: iter([]))) == []
    assert folders(cache) == []


@pytest.mark.usefixtures("cache")
def test_a_second_process_waits_for_the_first() -> None:
    holder = FileLock(models_folder() / ".lock")
    holder.acquire()
    worked: list[str] = []

    def work() -> Iterator[Event]:
        worked.append("done")
        yield Notice(NoticeLevel.INFO, "worked")

    events = with_cache_lock(work)
    first = next(events)
    assert isinstance(first, Notice)
    assert "waiting" in first.text
    assert worked == []
    holder.release()
    assert next(events) == Notice(NoticeLevel.INFO, "worked")


def test_large_files_are_kept_in_bfloat16(cache: Path, gguf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from safetensors import safe_open

    monkeypatch.setattr(gguf_conversion, "BFLOAT16_FROM", 1)
    folder = cache / "large"
    folder.mkdir(parents=True)
    gguf_conversion.convert(gguf, folder)
    with safe_open(folder / "model.safetensors", "pt") as weights:
        assert weights.get_tensor("model.norm.weight").dtype == torch.bfloat16


def test_a_cache_that_cannot_be_made_is_told_with_what_to_do(
    tmp_path: Path, gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / "file" / name))
    told = f"{re.escape(str(tmp_path / 'file' / 'palate' / 'models'))}, cannot be written: Not a dir.*XDG_CACHE_HOME"
    for prepare in (prepare_gguf(gguf, source="tiny"), prepare_default()):
        with pytest.raises(ModelError, match=told):
            list(prepare)


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize("refusing", ["tempfile.mkdtemp", "filelock.FileLock.acquire", "pathlib.Path.rename"])
def test_a_full_disk_under_the_cache_is_told_with_what_to_do(
    gguf: Path, monkeypatch: pytest.MonkeyPatch, refusing: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(refusing, refuse)
    monkeypatch.setattr(gguf_conversion, "run_child", lambda *_, **__: iter(()))
    with pytest.raises(ModelError, match=r"No space left on device\. Free some space, or set XDG_CACHE_HOME"):
        list(prepare_gguf(gguf, source="tiny"))


def test_the_cache_is_for_the_owner_alone(cache: Path) -> None:
    assert models_folder() == cache
    assert cache.stat().st_mode & 0o077 == 0


def test_preparing_needs_no_torch() -> None:
    code = "import sys, engine.sources.prepare; sys.exit(int(any(m in sys.modules for m in ('torch', 'transformers'))))"
    assert subprocess.run([sys.executable, "-c", code], check=False, env=os.environ).returncode == 0
