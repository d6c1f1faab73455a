"""Models from the Hugging Face Hub: safetensors, tokenizer and configuration, nothing else. No torch here.

`python -m engine.sources.hub ID [--code]` is the child process that downloads. A model that was downloaded before comes
from the Hub's own cache without a look at the network, so a workspace keeps the weights that it began with.
"""

import json
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from threading import Lock
from typing import Any

from engine.errors import DownloadError, ModelError
from engine.events import Event, SourceReady
from engine.sources.child_process import ChildFailed, report, run_child, say
from engine.sources.folder import check_folder, has_tokenizer

_PATTERNS = ["*.safetensors", "*.json", "*.txt", "*.model", "*.jinja", "*.tiktoken"]
_IGNORED = ["*/*", "consolidated*"]  # other formats and second copies of the same weights
_ACT = "Check the spelling on huggingface.co, or give a folder or a GGUF file."


class _Failure(StrEnum):
    """Why a model could not be downloaded, as the child process writes it."""

    UNKNOWN = "unknown"
    GATED = "gated"
    UNSAFE = "unsafe"
    ADAPTER = "adapter"
    OFFLINE = "offline"


_SENTENCES = {
    _Failure.UNKNOWN: "The Hub has no model {id}, or it is private. {act}",
    _Failure.GATED: "The Hub gives {id} only to those who accept its licence. Accept it on huggingface.co/{id}, run "
    "`hf auth login`, and start again.",
    _Failure.UNSAFE: "{id} has no safetensors weights, and Palate reads no others. Choose a model that has them.",
    _Failure.ADAPTER: "{id} holds an adapter, not a model. Start with its base model, then `palate adapters add`.",
}
_OFFLINE = (
    "{id} is not on this machine, and the Hub cannot be reached ({detail}). Connect to the network and start again "
    "(Palate keeps what it has downloaded so far), or give a folder or a GGUF file."
)


def prepare_hub(hub_id: str, *, code: bool = False) -> Iterator[Event]:
    """Find or download a Hub model; the last event is `SourceReady`. `code` takes its Python files as well.

    Raises:
        ModelError: the Hub has no such model, or has it in no form that Palate reads.
        DownloadError: the Hub cannot be reached.
    """
    location = _cached(hub_id, code)
    if location is None:
        command = ["-m", "engine.sources.hub", hub_id, *(["--code"] if code else [])]
        try:
            lines = yield from run_child(command, stage=f"Downloading {hub_id}")
        except ChildFailed as error:
            raise DownloadError(_OFFLINE.format(id=hub_id, detail=error.last_line)) from error
        location = _answer(hub_id, lines)
    yield SourceReady(hub_id, location)


def _answer(hub_id: str, lines: tuple[str, ...]) -> str:
    """The folder that the child process named in its last line; its error is raised."""
    answer = json.loads(lines[-1])
    if "folder" in answer:
        return str(answer["folder"])
    failure = _Failure(answer["error"])
    if failure is _Failure.OFFLINE:
        raise DownloadError(_OFFLINE.format(id=hub_id, detail=answer["detail"]))
    raise ModelError(_SENTENCES[failure].format(id=hub_id, act=_ACT))


def _patterns(code: bool) -> list[str]:
    return [*_PATTERNS, *(["*.py"] if code else [])]


def _cached(hub_id: str, code: bool) -> str | None:
    """The folder of a model that is complete in the Hub's cache, or None.

    The cache knows which files a model has only after a download of all of them. Other tools fetch single files, and so
    does `palate doctor`, so the folder itself is checked as well.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        folder = snapshot_download(
            hub_id, local_files_only=True, allow_patterns=_patterns(code), ignore_patterns=_IGNORED
        )
        check_folder(Path(folder))
    except (LocalEntryNotFoundError, ModelError):
        return None
    return str(folder) if has_tokenizer(Path(folder)) else None


# -- the child process -------------------------------------------------------------------------------------------------


def download(hub_id: str, *, code: bool) -> dict[str, str]:
    """Download the model's files. Returns their folder, or the failure and its detail."""
    import httpx2
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import GatedRepoError, LocalEntryNotFoundError, RepositoryNotFoundError

    try:
        if refused := _refused(hub_id):
            return {"error": refused}
        folder = snapshot_download(
            hub_id, tqdm_class=_bar_class(), allow_patterns=_patterns(code), ignore_patterns=_IGNORED
        )
        return {"folder": str(folder)}
    except GatedRepoError:
        return {"error": _Failure.GATED}
    except RepositoryNotFoundError:
        return {"error": _Failure.UNKNOWN}
    except (LocalEntryNotFoundError, httpx2.HTTPError, OSError) as error:
        return {"error": _Failure.OFFLINE, "detail": str(error).strip().splitlines()[0]}


def _refused(hub_id: str) -> _Failure | None:
    """Why Palate cannot use this repository, found before a byte of its weights is fetched; None where it can."""
    from huggingface_hub import HfApi

    names = {entry.rfilename for entry in HfApi().model_info(hub_id).siblings or ()}
    if "config.json" not in names and "adapter_config.json" in names:
        return _Failure.ADAPTER
    if not any(name.endswith(".safetensors") and "/" not in name for name in names):
        return _Failure.UNSAFE
    return None


def _bar_class() -> type:
    """A progress bar that reports the bytes written to disk to the parent and draws nothing.

    Several threads fetch files. A lock keeps their counts in order; a late count would make the progress go back.
    """
    from tqdm import tqdm  # type: ignore[import-untyped]

    lock = Lock()

    class Bar(tqdm):  # type: ignore[misc]
        def __init__(self, *arguments: Any, **options: Any) -> None:
            self.counts_bytes = str(options.get("desc", "")).startswith("Reconstructing")
            self.count = 0
            super().__init__(*arguments, **{**options, "disable": True})

        def update(self, n: float | None = 1) -> None:
            with lock:
                self.count += int(n or 0)
                if self.counts_bytes:
                    report(self.count, int(self.total or 0))

    return Bar


if __name__ == "__main__":
    say(json.dumps(download(sys.argv[1], code="--code" in sys.argv[2:])))
