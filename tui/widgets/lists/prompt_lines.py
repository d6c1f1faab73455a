"""Prompt sets and prompts as lines of lists."""

from collections.abc import Iterable

from textual.content import Content

from db.prompt_rows import PromptListRow, SetCounts
from tui.text.format import count
from tui.text.sanitize import visible_line

_LONGEST_NAME = 24
"""Longer names are cut, so that the counts are in sight at 80 columns."""


def set_lines(sets: Iterable[SetCounts]) -> list[tuple[str, Content]]:
    """A key and a line for each set, in columns."""
    rows = list(sets)
    width = max((len(visible_line(each.row.name, _LONGEST_NAME)) for each in rows), default=0)
    return [(str(each.row.id), set_line(each, width)) for each in rows]


def set_line(each: SetCounts, width: int) -> Content:
    """A set with its counts, in columns."""
    kind = "held out" if each.row.held_out else "labelling"
    used = f"{each.in_trials:>6,} in trials" if each.row.held_out else f"{each.judged:>6,} judged {each.open:>6,} open"
    counts = f"  {kind:<9} {each.row.prompts:>6,} prompts {used}"
    return Content.assemble(f"{visible_line(each.row.name, _LONGEST_NAME):<{width}}", (counts, "$quiet"))


def prompt_line(row: PromptListRow) -> Content:
    """The state of a prompt, and its first line with its field."""
    if row.trials:
        state = count(row.trials, "trial")
    elif row.judged:
        state = f"{row.judged:,} judged"
    else:
        state = "waiting" if row.asked else "open"
    field = f"  {visible_line(row.field, 32)}" if row.field else ""
    return Content.assemble((f"{state:<11}", "$quiet"), visible_line(row.line, 400), (field, "$quiet"))
