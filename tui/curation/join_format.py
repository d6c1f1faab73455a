"""A join in words, for the command and the screen. No Textual here."""

from collections.abc import Iterator

from tui.curation.joining import Joined, JoinPreview
from tui.text.format import count


def join_preview_words(found: JoinPreview) -> str:
    """What a join would bring."""
    words = f"{found.common:,} of them are here, {found.new:,} would come along"
    if others := found.pairs - found.common - found.new:
        words += f", {others:,} would not"
    return f"{found.person} judged {count(found.pairs, 'pair')}: {words}. Your verdicts stay as they are."


def joined_words(done: Joined) -> Iterator[str]:
    """What a join brought, line by line."""
    counts = done.counts
    pairs = f"{count(counts.pairs, 'pair')} of {done.person}: {counts.common:,} were here, {counts.new:,} came along"
    yield f"{pairs}; {count(counts.verdicts, 'verdict')} came in, {counts.known:,} were known."
    if counts.undone:
        yield f"{count(counts.undone, 'verdict')} taken back there {'is' if counts.undone == 1 else 'are'} taken back."
    for reason, number in counts.left_out.items():
        if number:
            yield f"{number:,} left out: {reason}."


def label_words(label: str) -> str:
    """A label of `GiverRow` in words."""
    return label.removeprefix("person:").replace("judge:", "judge ", 1)
