"""Turn a GGUF file into a folder of safetensors, once, in the user's cache. No torch at import.

`python -m engine.sources.gguf_conversion FILE FOLDER` is the child process that converts; the process that imports this
module keeps the cache. A finished folder gets its name by a rename, so every folder under such a name is whole.

Quantised weights are unpacked to float32, which holds them exactly: bfloat16 would move SmolLM2's logits by up to
0.2. The default model takes 538 MB of disk instead of 269 and loads in 0.2 s. Files above `BFLOAT16_FROM` bytes are
unpacked to bfloat16, because in float32 they would fill a disk.
"""

import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import platformdirs
from filelock import FileLock, Timeout

from engine.errors import ModelError
from engine.events import Event, Notice, NoticeLevel, Progress, SourceReady
from engine.sources.child_process import ChildFailed, report, run_child

BFLOAT16_FROM = 1_500_000_000
_PART = ".part-"  # names of unfinished folders begin so; the holder of the lock may remove them
_CHUNK = 8 * 2**20
_STEPS = 3  # of a conversion: read the tokenizer, unpack the weights, write them


def models_folder() -> Path:
    """The folder of converted models, readable by the owner alone; made where there is none.

    Raises:
        ModelError: the folder cannot be made.
    """
    folder = _models_path()
    with cache_errors_in_words():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _models_path() -> Path:
    return Path(platformdirs.user_cache_dir("palate")) / "models"


@contextmanager
def cache_errors_in_words() -> Iterator[None]:
    """Raise what a full or failing disk raises while the cache is written as a `ModelError` in words."""
    try:
        yield
    except OSError as error:
        raise ModelError(
            f"The folder for models, {_models_path()}, cannot be written: {error.strerror or error}. "
            "Free some space, or set XDG_CACHE_HOME to a folder that has space and can be written."
        ) from error


def converted_folder(file_name: str, sha256: str) -> Path:
    """The folder for the converted model of a GGUF file with this content, whether it is there or not."""
    return models_folder() / f"{Path(file_name).stem}-{sha256[:16]}"


@contextmanager
def unfinished_folder() -> Iterator[Path]:
    """A new folder in the cache that is removed at the end, also after an error. The caller holds the cache lock."""
    with cache_errors_in_words():
        folder = Path(tempfile.mkdtemp(prefix=_PART, dir=models_folder()))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def with_cache_lock(work: Callable[[], Iterator[Event]]) -> Iterator[Event]:
    """Do `work` while no other process prepares a model, after removing what a killed process left unfinished."""
    lock = FileLock(models_folder() / ".lock", mode=0o600, thread_local=False)
    reported = False
    while not _acquired(lock):
        if not reported:
            yield Notice(NoticeLevel.INFO, "Another Palate is preparing a model; waiting for it to finish.")
        reported = True
        time.sleep(0.2)
    try:
        for left in models_folder().glob(_PART + "*"):
            shutil.rmtree(left, ignore_errors=True)
        yield from work()
    finally:
        lock.release()


def _acquired(lock: FileLock) -> bool:
    with cache_errors_in_words():
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return False
    return True


def prepare_gguf(file: Path, *, source: str) -> Iterator[Event]:
    """Convert `file` into the cache unless it is there; the last event is `SourceReady`.

    Raises:
        ModelError: the file is no GGUF file, transformers cannot read its model, or the cache cannot be written.
    """
    check_gguf(file)
    sha256 = yield from _hash(file)
    folder = converted_folder(file.name, sha256)
    if not folder.is_dir():
        yield from with_cache_lock(lambda: convert_into(file, folder, source=source))
    yield SourceReady(source, str(folder))


def check_gguf(file: Path) -> None:
    """Raise `ModelError` unless `file` can be read and begins as GGUF files do."""
    try:
        with file.open("rb") as opened:
            magic = opened.read(4)
    except OSError as error:
        raise ModelError(f"{file} cannot be read: {error.strerror}. Check the path and its permissions.") from error
    if magic != b"GGUF":
        size = file.stat().st_size
        raise ModelError(
            f"{file} is no GGUF file: its {size:,} bytes begin with {magic!r} instead of b'GGUF'. "
            "Download it again, or give a folder or a Hub id."
        )


def convert_into(file: Path, folder: Path, *, source: str) -> Iterator[Event]:
    """Convert `file` into `folder`, which appears only once it is complete. The caller holds the cache lock."""
    if folder.is_dir():  # another process was faster
        return
    if file.stat().st_size > BFLOAT16_FROM:
        yield Notice(
            NoticeLevel.INFO, f"{file.name} is large: its weights are unpacked to bfloat16 instead of float32."
        )
    with unfinished_folder() as part:
        try:
            yield from run_child(
                ["-m", "engine.sources.gguf_conversion", str(file), str(part)],
                stage=f"Converting {file.name}",
                unit="steps",
            )
        except ChildFailed as error:
            raise ModelError(
                f"The model in {source} cannot be converted: {error.last_line} "
                "Give a GGUF file of an architecture that transformers reads, a folder or a Hub id."
            ) from error
        with cache_errors_in_words():
            part.rename(folder)


def _hash(file: Path) -> Generator[Event, None, str]:
    """The file's SHA-256 as hex digits, with progress."""
    digest, done, total = hashlib.sha256(), 0, file.stat().st_size
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            digest.update(chunk)
            done += len(chunk)
            yield Progress(f"Checking {file.name}", done, total)
    return digest.hexdigest()


# -- the child process -------------------------------------------------------------------------------------------------


def convert(file: Path, folder: Path) -> None:
    """Read the GGUF file with transformers and write model, tokenizer and chat template as a model folder."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    report(0, _STEPS)
    where: dict[str, Any] = {"gguf_file": file.name, "local_files_only": True}
    AutoTokenizer.from_pretrained(file.parent, **where).save_pretrained(folder)
    report(1, _STEPS)
    dtype = torch.bfloat16 if file.stat().st_size > BFLOAT16_FROM else torch.float32
    model = AutoModelForCausalLM.from_pretrained(
        file.parent, dtype=dtype, quantization_config=GgufConfig(dequantize=True), **where
    )
    report(2, _STEPS)
    if "quantization_config" in model.config.to_dict():
        del model.config.quantization_config  # the weights are plain now
    model.hf_quantizer = None
    model.save_pretrained(folder)
    for written in folder.iterdir():
        os.chmod(written, 0o600)
    report(3, _STEPS)


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
