"""The columns that a person said of a file, remembered for the next file with the same names."""

from collections.abc import Mapping
from itertools import islice
from sqlite3 import Connection
from typing import Any

from db.interchange.columns import NO_COLUMNS, Columns, columns_of
from db.interchange.sources import Source
from db.settings import get_setting, update_settings

_KEY = "import_columns"
_SAMPLE = 50


def known_columns(conn: Connection) -> dict[str, str]:
    """The shape of every file whose columns were said, and these columns as `columns_of` reads them."""
    kept: dict[str, str] = get_setting(conn, _KEY, {})
    return kept


def remember_columns(conn: Connection, source: Source) -> None:
    """Keep the columns of a source for the next file of its shape."""
    shape, said = _shape_of(source.with_columns(NO_COLUMNS)), source.columns.words()

    def change(kept: dict[str, dict[str, Any]]) -> None:
        kept[_KEY][shape] = said

    update_settings(conn, [_KEY], change)


def remembered(known: Mapping[str, str], source: Source) -> Columns:
    """The columns of an earlier file with the same names as this one; none where there was no such file."""
    return columns_of(known.get(_shape_of(source), ""))


def _shape_of(source: Source) -> str:
    """The names of the first rows."""
    names: set[str] = set()
    for row in islice(source.rows(), _SAMPLE):
        names.update(row.value if isinstance(row.value, dict) else ())
    return ",".join(sorted(names))
