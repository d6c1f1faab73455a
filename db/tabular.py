"""Records of CSV and Parquet files, through the `datasets` library."""

import tempfile
from pathlib import Path
from typing import Any

from db.errors import InterchangeError

TABULAR = (".csv", ".parquet")


def read_rows(path: Path) -> list[tuple[int, dict[str, Any]]]:
    """Every row as an object of its columns, by its number from 1; empty cells are left out.

    The library's own copy of the file goes into a folder that is deleted again, so nothing stays in a cache.

    Raises:
        InterchangeError: the file cannot be read or is not of the kind that its ending says.
    """
    from datasets import Dataset, disable_progress_bars  # takes a second, which only such a file should cost
    from datasets.exceptions import DatasetsError

    if not path.is_file():
        raise InterchangeError(f"{path} cannot be read: there is no such file. Check the name and the permissions.")
    disable_progress_bars()
    read = Dataset.from_csv if path.suffix.lower() == ".csv" else Dataset.from_parquet
    try:
        with tempfile.TemporaryDirectory(prefix="palate-import-") as cache:
            rows = read(str(path), cache_dir=cache, keep_in_memory=True).to_list()
    except (DatasetsError, ValueError, OSError) as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        raise InterchangeError(
            f"{path} cannot be read as {path.suffix[1:]}: {reason}. Nothing was taken from this file."
        ) from error
    return [(at, {name: value for name, value in row.items() if value is not None}) for at, row in enumerate(rows, 1)]
