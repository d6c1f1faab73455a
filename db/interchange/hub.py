"""Rows through the `datasets` library: Parquet files, local folders, and data sets of the Hugging Face Hub.

Rows are streamed, so nothing is downloaded as a whole or cached. The library takes seconds to import, so it is imported
only for such a source.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from db.errors import InterchangeError
from db.interchange.checks import NOTHING_TAKEN


def parquet_rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a Parquet file.

    Raises:
        InterchangeError: the file cannot be read or is not a Parquet file.
    """
    if not path.is_file():
        raise InterchangeError(f"{path} cannot be read: there is no such file. Check the name and the permissions.")
    yield from _streamed(
        lambda load: load("parquet", data_files=str(path.absolute()), split="train", streaming=True),
        f"{path} cannot be read as parquet",
        NOTHING_TAKEN,
    )


def hub_rows(name: str, split: str, config: str | None) -> Iterator[dict[str, Any]]:
    """The rows of one split of a data set, from a local folder or from the Hub.

    Raises:
        InterchangeError: there is no such data set or split, or the Hub cannot be reached.
    """
    if Path(name) == Path("/"):
        raise InterchangeError(f"{name} is the folder of all files, and no data set. Name the data set's own folder.")
    local = Path(name).is_dir()
    advice = "Check its files." if local else "Check the name and the network, or download it and name its folder."
    yield from _streamed(
        lambda load: load(name, config, split=split, streaming=True),
        f"The data set {name} cannot be read" if local else f"The data set {name} cannot be read from the Hub",
        f"{advice} Nothing was taken from it.",
    )


def _streamed(opened: Callable[[Any], Any], problem: str, advice: str) -> Iterator[dict[str, Any]]:
    import httpx2  # the library's client for the Hub
    import pyarrow
    from datasets import disable_progress_bars, load_dataset
    from datasets.exceptions import DatasetsError

    disable_progress_bars()
    known = (DatasetsError, ValueError, OSError, RuntimeError, httpx2.HTTPError, pyarrow.ArrowException)
    try:
        for row in opened(load_dataset):
            yield {key: value for key, value in row.items() if value is not None}
    except InterchangeError:
        raise
    except known as error:
        first = str(error.__cause__ or error).strip().splitlines() or [type(error).__name__]
        raise InterchangeError(f"{problem}: {first[0].rstrip('.')}. {advice}") from error
