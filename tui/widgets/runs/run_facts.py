"""Everything about one run that is not a curve, in sections."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from textual.content import Content

from db.run_rows import RunLogRow, RunRow
from tui.runs.format import settings_in_order, took
from tui.runs.history import EpochMargins
from tui.runs.lineage import TreeLine
from tui.snapshots import AdapterView
from tui.text.format import count, plain, when
from tui.text.sanitize import visible, visible_line
from tui.training.pair_sets import pair_set_of
from tui.widgets.runs.live_run import notice_line

_LABEL: Final = 28
"""Room for the longest name of a setting."""
_PROMPT: Final = 38
"""Characters of a prompt on one line beside the curves at 120 columns."""


@dataclass(frozen=True)
class RunPage:
    """Everything about a run besides its curves.

    `general_text` is nats a token of the general text before and after the run, None where that is not known.
    """

    run: RunRow
    adapter: AdapterView | None
    parent: AdapterView | None
    log: Sequence[RunLogRow]
    margins: EpochMargins
    family: Sequence[TreeLine]
    general_text: tuple[float, float] | None = None


def facts_of(page: RunPage, machine: Sequence[Content] = ()) -> Content:
    """The sections, the most useful first; empty ones are left out. `machine` holds the lines of the machine."""
    warnings = [row for row in page.log if row.level != "info"]
    sections: tuple[tuple[str, Iterable[Content]], ...] = (
        ("warnings", [notice_line(row, whole=True) for row in warnings]),
        ("run", _run_facts(page.run, page.parent, page.general_text)),
        ("machine now" if page.run.status == "running" else "machine, over the run", machine),
        ("adapter", _adapter_facts(page.run, page.adapter)),
        ("lineage", _lineage(page.family)),
        ("pairs that stay wrong", _wrong_pairs(page.margins)),
        ("settings", _settings_facts(page.run)),
        ("log", [_log_line(row) for row in page.log] or [Content.styled("nothing to report", "$quiet")]),
        ("versions", [_fact(name, str(version)) for name, version in page.run.versions.items()]),
    )
    lines: list[Content] = []
    for title, facts in sections:
        shown = list(facts)
        if shown:
            lines += [Content.styled(title, "bold"), *shown, Content("")]
    return Content("\n").join(lines[:-1])


def _run_facts(run: RunRow, parent: AdapterView | None, general_text: tuple[float, float] | None) -> Iterable[Content]:
    yield _fact("started", when(run.started))
    yield _fact("took", took(run) + (" so far" if run.status == "running" else ""))
    yield _fact("pairs", f"{run.train_pairs:,} trained on, {run.eval_pairs:,} measured on")
    if general_text is not None:
        before, after = general_text
        yield _fact("general text", f"{before:.3f} → {after:.3f} nats/token")
    if run.pair_set is not None:
        yield _fact("asked for", pair_set_of(run.pair_set).words())
    yield _fact("base model", visible_line(run.base_name, 60))
    if run.parent_adapter is not None:
        yield _fact("started from", visible_line(parent.name if parent else run.parent_adapter, 60))
    if run.tags:
        yield _fact("tags", visible_line(" ".join(run.tags), 200))
    if run.note:
        yield _fact("note", visible(run.note))
    if run.archived:
        yield _fact("archived", "put away; a brings it back")


def _adapter_facts(run: RunRow, adapter: AdapterView | None) -> Iterable[Content]:
    if adapter is None:
        none = "The adapter is no longer in the workspace." if run.adapter else "none was saved"
        yield Content.styled("none yet" if run.status == "running" else none, "$quiet")
        return
    name = Content.assemble("  ", (visible_line(adapter.name, 40), "bold"), f" · {adapter.id}")
    yield name + Content.styled(" · in use", "$success") if adapter.in_use else name
    if not adapter.fits:
        yield Content.styled("It was made for another base model.", "$warning")
    yield Content.styled(f"  {visible(adapter.folder)}", "$quiet")


def _lineage(family: Sequence[TreeLine]) -> Iterable[Content]:
    for line in family:
        name = (visible_line(line.name, 40), "bold $accent" if line.here else "$quiet" if line.gone else "$foreground")
        words = Content.assemble(("  " + line.branch, "$line"), name, (" ◂" if line.here else "", "$accent"))
        if line.run is not None:
            words += Content.styled(f" · run {line.run}", "$quiet")
        if line.gone:
            words += Content.styled(" · no adapter", "$quiet")
        if line.in_use:
            words += Content.styled(" · in use", "$success")
        yield words


def _wrong_pairs(margins: EpochMargins) -> Iterable[Content]:
    if not margins.known:
        return
    if not margins.pairs:
        yield Content(f"  none: all {count(margins.known, 'pair')} are ranked as you chose")
        return
    yield Content(f"  {len(margins.pairs):,} of {count(margins.known, 'pair')} after {count(margins.epochs, 'epoch')}")
    yield Content.assemble("  ", ("w", "bold $accent"), " judges them again")
    for pair in margins.pairs:
        if not pair.prompt:
            break
        latest = " ".join("–" if margin is None else f"{margin:+.2f}" for margin in pair.margins[-3:])
        yield Content.assemble(f"  {latest}\n    ", (visible_line(pair.prompt, _PROMPT), "$quiet"))


def _settings_facts(run: RunRow) -> Iterable[Content]:
    for name, value, default, differs in settings_in_order(run):
        label, words = visible_line(name.replace("_", " ")), visible(plain(value))
        if differs:
            sign = Content.assemble(("≠ ", "$accent"), (label.ljust(_LABEL), "$foreground"), (words, "bold $accent"))
            yield sign + Content.styled(f" default {plain(default)}", "$quiet")
        else:
            yield Content.assemble("  ", (label.ljust(_LABEL), "$quiet"), words)


def _log_line(row: RunLogRow) -> Content:
    at = datetime.fromisoformat(row.at).astimezone()
    return Content.styled(f"{at:%H:%M:%S} ", "$quiet") + notice_line(row, whole=True)


def _fact(label: str, words: str) -> Content:
    return Content.assemble("  ", (visible_line(label).ljust(14), "$quiet"), visible(words))
