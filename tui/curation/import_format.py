"""The outcome of an import or export in words."""

from collections.abc import Iterator

from db.interchange.records import DECISIVE, PairRecord
from db.interchange.writing import Exported
from db.prompt_rows import Imported, LeftOutLines
from tui.curation.import_tally import Preview
from tui.snapshots import ImportProgress
from tui.text.format import count
from tui.text.sanitize import visible_line

_KINDS = (
    ("ties", "tie"),
    ("both_bad", "both bad"),
    ("both_good", "both good"),
    ("skipped", "skipped"),
    ("discarded", "discarded"),
    ("not_judged", "to judge"),
)


def taken_words(imported: Imported) -> str:
    """The stored pairs: "31 preference pairs, 2 ties and 1 to judge"; kinds that do not occur are left out."""
    parts = [count(imported.pairs, "preference pair")]
    for name, word in _KINDS:
        if number := getattr(imported, name):
            parts.append(count(number, word) if word == "tie" else f"{number:,} {word}")
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def summary_words(imported: Imported) -> list[str]:
    """What was left out and why, what was read otherwise, and where the rejected rows are."""
    words = [left_out_words(each, imported.unit) for each in imported.left_out]
    words += [remark_words(each, imported.unit) for each in imported.remarks]
    if imported.ranked:
        words.append(f"{count(imported.ranked, 'row')} with several answers; the pairs of each belong to one question")
    return [*words, *rejects_words(imported)]


def rejects_words(imported: Imported) -> list[str]:
    """Where the rejected rows are; nothing where there are none."""
    if imported.rejects is None:
        return []
    return [f"The rows that could not be used are in {imported.rejects}; correct them and import that file"]


def preview_words(preview: Preview) -> Iterator[str]:
    """A preview, line by line: format, counts by reason, and the first pairs as they would be read."""
    found = preview.found
    part = "" if preview.whole else f"of the first {preview.rows:,} rows, "
    yield f"{found.format}: {part}{taken_words(found)}"
    for words in summary_words(found):
        yield f"  {words}"
    for pair in preview.examples:
        yield ""
        yield from example_words(pair)


def example_words(pair: PairRecord, width: int = 100) -> Iterator[str]:
    """A pair as it would be read: its turns, its answers and its verdict, each on a line of at most `width` cells."""
    names = {"a": ("chosen", "rejected"), "b": ("rejected", "chosen")}.get(pair.verdict or "", ("answer", "answer"))
    verdict = "" if pair.verdict in DECISIVE else f", {pair.verdict or 'not judged'}"
    yield f"line {pair.at:,}{verdict}"
    lines = [(each["role"], each["content"]) for each in pair.messages]
    for name, text in (*lines, (names[0], pair.a), (names[1], pair.b)):
        yield f"  {name:<10}{visible_line(text, width - 12)}"
    for remark in pair.remarks:
        yield f"  {visible_line(remark, width - 2)}"


def left_out_words(left_out: LeftOutLines, unit: str = "line") -> str:
    """The number of lines left out for a reason, with the first of them: "3 left out (lines 4, 7, 9): …"."""
    return f"{left_out.count:,} left out ({_places(left_out, unit)}): {left_out.reason}"


def remark_words(lines: LeftOutLines, unit: str = "line") -> str:
    """The number of lines that were not taken word for word: "4 read otherwise (lines 1, 2, 3, …): …"."""
    return f"{lines.count:,} read otherwise ({_places(lines, unit)}): {lines.reason}"


def _places(lines: LeftOutLines, unit: str) -> str:
    word = unit if lines.count == 1 else {"entry": "entries"}.get(unit, f"{unit}s")
    more = ", …" if lines.count > len(lines.lines) else ""
    return f"{word} {', '.join(f'{line:,}' for line in lines.lines)}{more}"


def exported_words(exported: Exported) -> list[str]:
    """The pairs that the format could not hold, one line for each reason."""
    return [f"{number:,} left out: {reason}" for reason, number in exported.left_out.items()]


def import_progress_words(progress: ImportProgress) -> str:
    """The progress of an import in one line."""
    if progress.phase == "reading":
        return "checking the file" + (f", {_percent(progress)}" if progress.total else "")
    if progress.phase == "storing":
        return f"{progress.done:,} of {progress.total:,} stored, {_percent(progress)}"
    return "taking back what was stored"


def _percent(progress: ImportProgress) -> str:
    return f"{100 * progress.done // max(progress.total or 0, 1)} %"
