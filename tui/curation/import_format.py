"""The outcome of an import or export in words."""

from db.interchange.writing import Exported
from db.prompt_rows import Imported, LeftOutLines
from tui.snapshots import ImportProgress
from tui.text.format import count

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


def left_out_words(left_out: LeftOutLines) -> str:
    """The number of lines left out for a reason, with the first of them: "3 left out (lines 4, 7, 9): …"."""
    lines = ", ".join(f"{line:,}" for line in left_out.lines)
    more = ", …" if left_out.count > len(left_out.lines) else ""
    return (
        f"{left_out.count:,} left out ({'line' if left_out.count == 1 else 'lines'} {lines}{more}): {left_out.reason}"
    )


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
