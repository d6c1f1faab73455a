"""The table and the sections of docs/FORMATS.md made from the code: `python -m tests.formats_document` writes them."""

import argparse
import json
import re
from collections.abc import Sequence
from pathlib import Path
from textwrap import fill

from db.interchange.format import FACTS, Format
from db.interchange.formats import FORMATS
from tests.flags import flags_of

DOCUMENT = Path(__file__).parent.parent / "docs" / "FORMATS.md"


def _row(format: Format) -> str:
    marks = ["✓" if fact in format.carries else "" for fact in FACTS]
    written = format.write_record is not None
    endings = " ".join(end.removeprefix(".") for end in format.endings) if written else "read only"
    cells = [f"`{format.name}`", endings, *(marks if written else [""] * len(FACTS))]
    return f"| {' | '.join(cells)} |".replace("|  ", "| ")


def table() -> str:
    """A row for each format, a column for each fact."""
    head = ["format", "files", *FACTS.values()]
    lines = [f"| {' | '.join(head)} |", "| --- | --- |" + " :-: |" * len(FACTS)]
    return "\n".join([*lines, *map(_row, FORMATS.values())])


def sections() -> str:
    """A section for each format: its name, shape, traps and an example."""
    return "\n".join(map(_section, FORMATS.values())).rstrip()


def _section(format: Format) -> str:
    rows = "\n".join(json.dumps(each, ensure_ascii=False) for each in format.examples)
    shape, traps = " ".join(format.shape.split()), " ".join(format.traps.split())
    words = fill(f"{format.words}. Shape: {shape}. {traps}", 120, break_long_words=False, break_on_hyphens=False)
    return f"### {format.name}\n\n{words}\n\n```json\n{rows}\n```\n"


def with_formats(text: str) -> str:
    """`text` with the table and the sections made anew."""
    for name, made in (("formats", table()), ("sections", sections())):
        block = f"<!-- {name} -->\n{made}\n<!-- /{name} -->"
        text = re.sub(f"<!-- {name} -->.*?<!-- /{name} -->", lambda _, block=block: block, text, flags=re.DOTALL)
    return text


def parser() -> argparse.ArgumentParser:
    """No flags but `--help`."""
    return flags_of(__doc__)


def main(line: Sequence[str] | None = None) -> None:
    """Write the table and the sections."""
    parser().parse_args(line)
    DOCUMENT.write_text(with_formats(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
