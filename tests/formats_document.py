"""The table of docs/FORMATS.md made from the code: `python -m tests.formats_document` writes it."""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

from db.interchange.formats import FACTS, FORMATS, Format
from tests.flags import flags_of

DOCUMENT = Path(__file__).parent.parent / "docs" / "FORMATS.md"


def _row(format: Format) -> str:
    marks = ["✓" if fact in format.carries else "" for fact in FACTS]
    cells = [f"`{format.name}`", " ".join(end.removeprefix(".") for end in format.endings), *marks]
    return f"| {' | '.join(cells)} |".replace("|  ", "| ")


def table() -> str:
    """A row for each format, a column for each fact."""
    head = ["format", "files", *FACTS.values()]
    lines = [f"| {' | '.join(head)} |", "| --- | --- |" + " :-: |" * len(FACTS)]
    return "\n".join([*lines, *map(_row, FORMATS.values())])


def with_table(text: str) -> str:
    """`text` with the table made anew."""
    made = f"<!-- formats -->\n{table()}\n<!-- /formats -->"
    return re.sub(r"<!-- formats -->.*?<!-- /formats -->", lambda _: made, text, flags=re.DOTALL)


def parser() -> argparse.ArgumentParser:
    """No flags but `--help`."""
    return flags_of(__doc__)


def main(line: Sequence[str] | None = None) -> None:
    """Write the table."""
    parser().parse_args(line)
    DOCUMENT.write_text(with_table(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
