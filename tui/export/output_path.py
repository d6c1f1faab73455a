"""Output files and folders: written beside their target, and renamed to it once complete. No torch here."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from adapters.storage import seal, sync
from tui.errors import InputError
from tui.workspace.export_list import check_free

FOLDER_DTYPES = ("auto", "float32", "bfloat16", "float16")
GGUF_DTYPES = (*FOLDER_DTYPES, "q8_0")
"""Number formats of a merged model in a folder, and in a GGUF file."""
_WEIGHTS = re.compile(r"(adapter_)?model[\w.-]*\.safetensors")
_BESIDE_WEIGHTS = re.compile(
    r"(adapter_|generation_|tokenizer_)?config\.json|palate\.json|README\.md|\.gitattributes|model\.safetensors\.index\.json"
    r"|tokenizer\.(json|model)|special_tokens_map\.json|added_tokens\.json|vocab\.json|merges\.txt|chat_template\.\w+"
)
"""The files of a model or an adapter. A folder with weights and nothing else may be overwritten on request."""
_GGUF = b"GGUF"
"""What a GGUF file begins with."""
_PART = ".palate-part-"


def check_place(target: Path, *, overwrite: bool) -> None:
    """Raise `InputError` unless `target` can be written: its folder exists, and nothing is overwritten unasked."""
    if not target.name or not target.parent.is_dir():
        raise InputError(f"There is no folder {target.parent}. Create it first, or write elsewhere.")
    if not os.access(target.parent, os.W_OK):
        raise InputError(f"Palate may not write to {target.parent}. Change its permissions, or write elsewhere.")
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    check_free(target, overwrite=overwrite)
    if not _may_be_replaced(target):
        raise InputError(f"{target} holds more than a model or an adapter, so it is not overwritten. Write elsewhere.")


def _may_be_replaced(target: Path) -> bool:
    """Whether it is a folder with a model or an adapter and nothing else, or a GGUF file."""
    if target.is_dir():
        names = [each.name if each.is_file() else "" for each in target.iterdir()]
        ours = all(_WEIGHTS.fullmatch(name) or _BESIDE_WEIGHTS.fullmatch(name) for name in names)
        return ours and any(map(_WEIGHTS.fullmatch, names))
    if not target.is_file():  # opening a pipe would wait for its other end
        return False
    try:
        with target.open("rb") as file:
            return file.read(len(_GGUF)) == _GGUF
    except OSError:
        return False


@contextmanager
def placed(target: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """A path to write a file or a folder to, which becomes `target` at the end. After an error nothing remains.

    Raises:
        InputError: `target` cannot be written, or the disk refuses.
    """
    check_place(target, overwrite=overwrite)
    _clear_leftovers(target)
    part = target.parent / f".{target.name}{_PART}{os.getpid()}"
    try:
        with _disk_errors_in_words(target):
            part.mkdir(mode=0o700)
            yield part / target.name
            seal(part)
            _swap(part / target.name, target, part / "replaced")
            sync(target.parent)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _swap(written: Path, target: Path, aside: Path) -> None:
    """Rename `written` to `target`. An existing target is moved aside first, and restored after an error."""
    if target.exists():
        target.rename(aside)
    try:
        written.rename(target)
    except OSError:
        if aside.exists():
            aside.rename(target)
        raise


def _clear_leftovers(target: Path) -> None:
    """Delete partial output that a killed process left for this target."""
    pattern = re.compile(re.escape(f".{target.name}{_PART}") + r"(\d+)")
    for each in target.parent.iterdir():
        found = pattern.fullmatch(each.name)
        if found and (int(found[1]) == os.getpid() or not psutil.pid_exists(int(found[1]))):
            shutil.rmtree(each, ignore_errors=True)


@contextmanager
def _disk_errors_in_words(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"{target} cannot be written: {reason}. Free some space, or write elsewhere.") from error
