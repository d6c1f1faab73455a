"""From the name of a model to a folder that can be loaded. No torch here.

A source is `smollm2-135m-instruct` (the default), a Hub id such as `Qwen/Qwen3-0.6B`, a folder, or a GGUF file.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from engine.errors import ModelError
from engine.events import Event, SourceReady
from engine.sources.default_model import DEFAULT_SOURCE, prepare_default
from engine.sources.folder import check_folder
from engine.sources.gguf_conversion import prepare_gguf
from engine.sources.hub import prepare_hub

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")


def prepare_source(source: str, *, trust_remote_code: bool = False) -> Iterator[Event]:
    """Make a source loadable. Yields `Progress` and `Notice` events, and last `SourceReady` with the folder.

    Closing the generator ends a download or a conversion and leaves no unfinished folder.

    Raises:
        ModelError: there is no such model, or Palate does not read its form.
        DownloadError: the model could not be downloaded.
    """
    path = Path(source).expanduser()
    if source == DEFAULT_SOURCE:
        yield from prepare_default()
    elif path.is_dir():
        check_folder(path)
        yield SourceReady(source, str(path.resolve()))
    elif path.is_file() or path.suffix.lower() == ".gguf":
        yield from prepare_gguf(path.resolve(), source=source)
    elif _HUB_ID.fullmatch(source) and not source.startswith("."):
        yield from prepare_hub(source, code=trust_remote_code)
    else:
        raise ModelError(
            f"There is no model {source!r}: no folder or file has this path, and this is no Hub id (OWNER/NAME). "
            f"Check the spelling, or start without --model for {DEFAULT_SOURCE}."
        )
