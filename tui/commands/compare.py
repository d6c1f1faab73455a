"""`palate compare`: base and tuned answers to held-out questions, side by side."""

import click

from db.rows import ComparisonRow
from engine.config import SamplingConfig
from tui.commands.session import Heard, Options, as_json, build_config, config_options, emit, say
from tui.published import TrialChanged
from tui.visible import visible


@click.command()
@click.option("--adapter", metavar="NAME", help="The tuned policy. Default: the adapter in use.")
@click.option("--num-questions", default=3, type=click.IntRange(min=1), show_default=True, help="Held-out questions.")
@config_options(SamplingConfig)
@as_json
@click.pass_obj
def compare(options: Options, adapter: str | None, num_questions: int, as_json: bool, **given: str | None) -> None:
    """Show what the base model and an adapter answer to held-out questions."""
    sampling = build_config(SamplingConfig, given)
    shown: set[int] = set()
    with options.working() as workbench:
        heard = Heard(workbench)
        trial = workbench.start_side_by_side(adapter=adapter, num_questions=num_questions, sampling=sampling)
        job = workbench.side_by_side.job
        assert job is not None
        tuned = workbench.trial(trial).model_b_name
        for published in heard.until(job):
            if isinstance(published, TrialChanged):
                for each in workbench.trial_comparisons(trial):
                    if each.id not in shown:
                        shown.add(each.id)
                        _show(each, tuned, as_json)
        status = workbench.trial(trial).status
    if status != "finished":
        say(f"The comparison ended early ({status}).")
        raise SystemExit(1)


def _show(comparison: ComparisonRow, tuned: str, as_json: bool) -> None:
    if as_json:
        emit(
            {
                "event": "answers",
                "comparison": comparison.id,
                "prompt": list(comparison.prompt.messages),
                "base": comparison.a.text,
                "tuned": comparison.b.text,
                "adapter": tuned,
                "base_cut": comparison.a.cut,
                "tuned_cut": comparison.b.cut,
            }
        )
        return
    rule = "─" * 72
    print(f"{rule}\n{visible(comparison.prompt.messages[-1]['content'])}\n")
    print(f"base\n{visible(comparison.a.text)}\n")
    print(f"{tuned}\n{visible(comparison.b.text)}\n", flush=True)
