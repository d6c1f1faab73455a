"""The form of a new run: its pairs, where it starts from, its name, and every setting."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from adapters.names import clean_name, name_key
from engine.config import TrainConfig, settings_of
from engine.errors import SettingError
from tui.analysis.report_format import givers_words
from tui.errors import InputError
from tui.snapshots import AdapterView, TrainPreview
from tui.text.format import count, plain
from tui.text.sanitize import visible, visible_line
from tui.training.pair_sets import ALL_PAIRS, PairSet, parse_day
from tui.training.preflight_format import preflight_facts, preflight_warnings
from tui.training.presets import AUTO, ORIGINAL, Preset, auto_preset, changes_of, changes_words, preset_of
from tui.training.preview import STEM
from tui.training.row_words import in_row_words
from tui.training.study import FOLDS, MORE, SHARES, Study, searched, study_words
from tui.widgets.form.form import Form, RowHelp, setting_row
from tui.widgets.form.rows import ActionRow, ChoiceRow, FormRow, OpenRow
from tui.widgets.form.text_row import TextRow
from tui.widgets.update_static import update_static

if TYPE_CHECKING:
    from engine.estimates.preflight import Preflight


class NameRow(TextRow):
    """The name of the adapter that a run makes. Only `enter` opens it, since a digit need not start a name."""

    STARTS = ""

    def __init__(self) -> None:
        self._taken: dict[str, str] = {}
        super().__init__("name", "name", "The name of this run's adapter.", self._check, STEM)

    def _check(self, text: str) -> str:
        name = clean_name(text)
        if name_key(name) in self._taken:
            raise InputError(f"{name} is another adapter's name. Choose another name.")
        return name

    def set_taken(self, names: Sequence[str]) -> None:
        """Set the names of adapters, which a new one cannot have."""
        self._taken = {name_key(name): name for name in names}


class TrainSetup(Vertical):
    """The plan in words, the form, and the sentence of the row under the cursor."""

    def __init__(self) -> None:
        super().__init__()
        self._preview: TrainPreview | None = None
        self._presets: Sequence[Preset] = ()
        self._auto: Callable[[int], Preset] = auto_preset
        self._start: str | None = None
        """The name of the preset that runs start from; None before it is known."""
        self._started: Mapping[str, Any] | None = ORIGINAL.changes
        """The settings that the form took last from that preset; None once it has those of another one or of a run."""
        self._found: Preflight | str | None = None
        self._config = TrainConfig()
        self._wanted: str | None = None
        self._givers: list[tuple[str, ...]] = []

    def compose(self) -> ComposeResult:
        """Plan, rows, sentence."""
        yield Static("", id="plan", markup=False)
        yield Form(
            ActionRow("start", "Start the run", "Train an adapter on your preference pairs with the settings below."),
            ActionRow("search", "Search the settings", SEARCH_HELP),
            ActionRow("outlook", "How many more?", OUTLOOK_HELP),
            OpenRow("preset", "preset", _PRESET_HELP),
            ChoiceRow("from", "start from", _FROM_HELP, [(None, "base model")]),
            NameRow(),
            TextRow("pairs_since", "pairs since", _SINCE_HELP, parse_day, None),
            ChoiceRow("pairs_of", "pairs of", _OF_HELP, [(None, "every prompt set")]),
            ChoiceRow(
                "pairs_judged", "pairs judged", _JUDGED_HELP, [(False, "either way"), (True, "much better only")]
            ),
            ChoiceRow("pairs_by", "verdicts of", _BY_HELP, [((), "you")]),
            *(setting_row(each) for each in settings_of(TrainConfig)),
            id="train-form",
        )
        yield RowHelp()

    @property
    def form(self) -> Form:
        """The rows."""
        return self.query_one(Form)

    @property
    def counted(self) -> int:
        """How many pairs with a better answer the run would have, 0 before they were counted."""
        if self._preview is None:
            return 0
        return self._preview.pairs if self._preview.decided is None else self._preview.decided

    @property
    def start_from(self) -> str | None:
        """The id of the adapter that the run continues; None starts from the base model."""
        row = self.form.row("from")
        return row.value if isinstance(row, ChoiceRow) else None

    @property
    def pairs(self) -> PairSet:
        """The set of pairs in the rows."""
        since, prompt_set, strong, givers = (self.form.row(f"pairs_{each}") for each in ("since", "of", "judged", "by"))
        assert isinstance(since, TextRow)
        assert isinstance(prompt_set, ChoiceRow)
        assert isinstance(strong, ChoiceRow)
        assert isinstance(givers, ChoiceRow)
        return PairSet(
            since=since.value, prompt_set=prompt_set.value, strong=strong.value, verdicts_of=tuple(givers.value)
        )

    def take_pairs(self, chosen: PairSet) -> None:
        """Set the rows to these pairs."""
        self._offer_givers([*self._givers, chosen.verdicts_of])
        for key, value in (
            ("since", chosen.since),
            ("of", chosen.prompt_set),
            ("judged", chosen.strong),
            ("by", chosen.verdicts_of),
        ):
            self._take(self.form.row(f"pairs_{key}"), value)

    def take_config(self, config: TrainConfig) -> None:
        """Set the rows to these settings."""
        changes = changes_of(config)
        self._started = changes if changes == self._first().changes else None
        for name, row in self._setting_rows().items():
            self._take(row, getattr(config, name))

    @staticmethod
    def _take(row: FormRow, value: object) -> None:
        if isinstance(row, ChoiceRow):
            row.take(value)
        elif isinstance(row, TextRow) and (value != row.value or row.error):
            row.take(plain(value))

    @property
    def run_name(self) -> str | None:
        """The name in its row; None while no free name is proposed and none was typed: the run gets a free one."""
        row = self.form.row("name")
        assert isinstance(row, NameRow)
        return str(row.value) if row.changed or row.value != STEM else None

    def config(self) -> TrainConfig:
        """The settings in the rows; an invalid row gives its last valid value.

        If values do not go together, their row says so, and the last valid settings are returned.
        """
        values = {name: row.value for name, row in self._setting_rows().items()}
        try:
            self._config = TrainConfig(**values)
        except SettingError as error:
            self._blame(str(error))
        else:
            self._blame("")
        return self._config

    def _setting_rows(self) -> dict[str, TextRow | ChoiceRow]:
        rows = {row.key: row for row in self.form.rows if isinstance(row, TextRow | ChoiceRow)}
        return {each.name: rows[each.name] for each in settings_of(TrainConfig)}

    def _blame(self, words: str) -> bool:
        """Show an error in the row whose flag begins it, with the rows' names, and in no other row. Was there one?"""
        blamed, flags = False, {each.name: each.flag for each in settings_of(TrainConfig)}
        for name, row in self._setting_rows().items():
            is_meant = words.startswith(f"{flags[name]} ")
            row.set_clash(in_row_words(words) if is_meant else None)
            blamed = blamed or is_meant
        return blamed

    def show_adapters(self, adapters: Sequence[AdapterView]) -> None:
        """Offer to start from the adapter in use, or from the one that a person chose."""
        choices: list[tuple[str | None, str]] = [(None, "base model")]
        offered = [view for view in adapters if view.fits and (view.in_use or view.id == self._wanted)]
        choices += [(view.id, visible_line(view.name, 24)) for view in offered]
        row, name = self.form.row("from"), self.form.row("name")
        assert isinstance(row, ChoiceRow)
        assert isinstance(name, NameRow)
        row.set_choices(choices)
        name.set_taken([view.name for view in adapters])

    def show_sets(self, names: Sequence[str]) -> None:
        """Offer the pairs of these prompt sets."""
        row = self.form.row("pairs_of")
        assert isinstance(row, ChoiceRow)
        row.set_choices([(None, "every prompt set"), *((name, visible_line(name, 24)) for name in names)])

    def show_givers(self, labels: Sequence[str]) -> None:
        """Offer the verdicts of these people and judges (labels of `GiverRow`, the owner left out)."""
        self._givers = [(each,) for each in labels] + [("me", each) for each in labels]
        self._givers += [("me", *labels)] if len(labels) > 1 else []
        self._offer_givers([*self._givers, self.pairs.verdicts_of])

    def _offer_givers(self, offered: Sequence[tuple[str, ...]]) -> None:
        row = self.form.row("pairs_by")
        assert isinstance(row, ChoiceRow)
        row.set_choices(
            [(each, visible_line(givers_words(each or ("me",)), 44)) for each in dict.fromkeys([(), *offered])]
        )

    def set_presets(self, presets: Sequence[Preset], auto: Callable[[int], Preset], start: str) -> None:
        """Set the available presets, "auto" by the number of pairs, and the name of the one that runs start from."""
        self._presets, self._auto, self._start = presets, auto, start

    @property
    def awaits_count(self) -> bool:
        """Whether runs start from a preset that depends on the number of pairs, which is not known yet."""
        return self._start is None or (self._start == AUTO and self._preview is None)

    def follow_start(self) -> None:
        """Take each setting that runs on so many pairs start from, where the form has the one that it took before."""
        first = self._first()
        if self._start is None or self._started is None or self._started == first.changes:
            return
        before = replace(TrainConfig(), **self._started)
        for name, row in self._setting_rows().items():
            if row.value == getattr(before, name):
                self._take(row, getattr(first.config, name))
        self._started = first.changes

    def _first(self) -> Preset:
        return self._auto(self.counted) if self._start == AUTO else ORIGINAL

    def show_preset(self, config: TrainConfig) -> None:
        """Show the preset with these settings, and the differences from the defaults."""
        row = self.form.row("preset")
        assert isinstance(row, OpenRow)
        changes = changes_of(config)
        auto = self._auto(self.counted)  # the number of pairs has changed since the presets were set
        preset = preset_of(changes, [auto if each.name == AUTO else each for each in self._presets])
        words = f"{changes_words(changes)}" if changes else "every setting has its default"
        row.set_value(preset.name if preset else "settings of your own", words, changed=bool(changes))

    def start_from_adapter(self, adapter: AdapterView, adapters: Sequence[AdapterView]) -> None:
        """Let the next run start from this adapter, whether it is in use or not."""
        self._wanted = adapter.id
        self.show_adapters(adapters)
        row = self.form.row("from")
        assert isinstance(row, ChoiceRow)
        row.take(adapter.id)

    def show_preflight(self, found: Preflight | str) -> None:
        """Show the preflight of the run, or why there is none."""
        if isinstance(found, str):
            self._blame(found)
        self._found = found
        self._draw_plan()

    def show_preview(self, preview: TrainPreview) -> None:
        """Show the preview of the run, or why it cannot start now, and offer its name."""
        self._preview = preview
        name = self.form.row("name")
        assert isinstance(name, NameRow)
        name.set_default(preview.name)
        self._draw_plan()
        wrong = self.form.wrong()
        error = f"{wrong.label} is not right" if wrong else "not possible yet" if preview.problem else None
        row = self.form.row("start")
        assert isinstance(row, ActionRow)
        row.set_remark("enter or S", error=error)

    def show_studies(self, search: Study | None, outlook: Study | None) -> None:
        """Show beside their rows how far the latest search and outlook are, and below the form what came out."""
        for key, study, help_ in (("search", search, SEARCH_HELP), ("outlook", outlook, OUTLOOK_HELP)):
            row = self.form.row(key)
            assert isinstance(row, ActionRow)
            row.help = help_
            if study is not None and study.words:
                enter = "begins another" if study.ended else "continues it; with other settings it begins another"
                row.help = f"{study.words} Enter {enter}."
            row.set_remark(_NOT_BEGUN[key] if study is None else study_words(study))

    def show_starting(self) -> None:
        """Show that the run is about to begin."""
        row = self.form.row("start")
        assert isinstance(row, ActionRow)
        row.set_remark("reading the pairs…")

    def _draw_plan(self) -> None:
        if self._preview is not None and self.is_attached:  # a result may arrive while the app is leaving
            for plan in self.query("#plan").results(Static):
                update_static(plan, plan_words(self._preview, self._found, self.pairs))

    @on(FormRow.Focused)
    def show_sentence(self, message: FormRow.Focused) -> None:
        """Show the sentence of the row under the cursor."""
        self.query_one(RowHelp).show(message.row)


SEARCH_HELP: Final = (
    f"Try {len(searched(TrainConfig()))} learning rates, betas and epochs on {FOLDS} parts of your pairs each, then "
    "train with the best. x leaves it; enter continues it."
)
OUTLOOK_HELP: Final = (
    f"What {MORE} more verdicts would bring, from {len(SHARES) * FOLDS} runs on parts of your pairs. "
    "x leaves it; enter continues it."
)
_NOT_BEGUN: Final = {
    "search": f"{len(searched(TrainConfig())) * FOLDS} runs on parts, one on all",
    "outlook": f"{len(SHARES) * FOLDS} runs on parts",
}
_PRESET_HELP: Final = (
    "Named settings: enter or p shows them all, to take one, or to save, rename or remove your own.\n"
    "The differences from the defaults are shown beside the name."
)
_SINCE_HELP: Final = (
    "Only pairs with a verdict from this day on.\nDefault none: of every day · a day as 2026-03-02. "
    "w shows the sets of pairs that you saved."
)
_OF_HELP: Final = (
    "Only pairs on the prompts of this set.\nDefault every prompt set. w shows the sets of pairs that you saved."
)
_JUDGED_HELP: Final = (
    "Every verdict that decides, or only those where one answer was much better.\n"
    "Default either way. w shows the sets of pairs that you saved."
)
_BY_HELP: Final = (
    "Whose verdicts are learned from: yours, or those of another person or a judge; of several, the first who judged "
    "a pair\ndecides it. Default you. w shows the sets of pairs that you saved."
)
_FROM_HELP: Final = (
    "The base model, or the adapter in use, which then continues to learn.\n"
    "The base with all pairs is the safer choice: the run then learns no pair twice."
)


def _shares_words(preview: TrainPreview) -> str:
    if preview.train_pairs is None or preview.eval_pairs is None or preview.steps is None:
        return "counting what a run trains on…"
    return (
        f"{preview.train_pairs:,} to train on, {preview.eval_pairs:,} to measure on"
        f" · {count(preview.steps, 'step')} in {count(preview.epochs, 'epoch')}"
    )


def plan_words(preview: TrainPreview, found: Preflight | str | None = None, chosen: PairSet = ALL_PAIRS) -> Content:
    """Pairs and steps, then the preflight, and last the reason if the run cannot start."""
    lines = [
        Content.assemble(
            (count(preview.pairs, "preference pair"), "bold"),
            "" if chosen.everything else f", {visible(chosen.words())}",
            f" · {_shares_words(preview)}",
            f" · {preview.kept_back:,} kept out" if preview.kept_back else "",
        )
    ]
    if isinstance(found, str):
        lines.append(Content.styled(visible(in_row_words(found)), "$warning"))
    elif found is not None:
        lines.append(Content.styled(preflight_facts(found), "$quiet"))
        lines += [Content.styled(visible(in_row_words(each)), "$warning") for each in preflight_warnings(found)]
    if preview.problem is not None:
        lines.append(Content.styled(visible(preview.problem), "$warning"))
    return Content("\n").join(lines)
