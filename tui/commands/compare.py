"""`palate compare`: two policies side by side, a trial that a program judges, past trials, and the board."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

import click

from db.interchange.trial_export import TrialFormat
from engine.config import SamplingConfig
from tui.commands.config_options import build_config, config_options
from tui.commands.givers import utf8_name
from tui.commands.judge_options import JUDGE_ENVIRONMENT, asker_of, judge_env
from tui.commands.options import EventStream, Options, load_model
from tui.commands.output import as_json, overwrite_option
from tui.commands.trial_results import show_board, show_past
from tui.errors import InputError
from tui.events import TrialChanged
from tui.ipc.console import CallerPath, console, emit, say, show
from tui.judges.judgement import NO_PERSON
from tui.text.format import whole_words
from tui.text.sanitize import visible
from tui.workspace.export_list import check_free
from tui.workspace.settings import BASE, IN_USE, SERVER, is_served

if TYPE_CHECKING:
    from db.pair_rows import ComparisonRow
    from tui.judges.asking import Asker
    from tui.judges.judgement import Judgement
    from tui.judges.program import ExternalJudge
    from tui.judges.records import JudgeView
    from tui.trials.blind import TrialPlan
    from tui.workbench import Workbench


_FORMATS = click.Choice(get_args(TrialFormat))


@click.command()
@click.option(
    "--adapter",
    metavar="POLICY",
    help="The policy to compare: an adapter, base, or these on a server (base@box). Default: the adapter in use.",
)
@click.option(
    "--against", default=BASE, metavar="POLICY", show_default=True, help="The policy that it is compared with."
)
@click.option(
    "--against-system",
    metavar="TEXT",
    callback=utf8_name,
    help="A system prompt for that policy alone, such as the one of `palate likes --as-prompt`.",
)
@click.option("--num-questions", default=3, type=click.IntRange(min=1), show_default=True, help="Number of prompts.")
@click.option("--samples", default=1, type=click.IntRange(min=1), show_default=True, help="Pairs a prompt (--judge).")
@click.option("--set", "set_name", metavar="NAME", help="A held-out prompt set (--judge). Default: all of them.")
@click.option(
    "--judge", metavar="NAME|COMMAND", help="Let a judge of `palate judges` or a program judge, blind, in both orders."
)
@judge_env
@click.option("--trial", type=int, metavar="ID", help="Show the result of a trial; with --judge, continue to judge it.")
@click.option("--board", is_flag=True, help="Show the strength of every policy over all trials.")
@click.option("--export", type=(_FORMATS, CallerPath()), metavar="FORMAT FILE", help="Write a trial to a file.")
@overwrite_option
@config_options(SamplingConfig)
@as_json
@click.pass_obj
def compare(options: Options, /, **flags: Any) -> None:
    """Show the answers of two policies to held-out prompts, or the result of a trial of them."""
    if flags["against_system"] is not None and not flags["against_system"].strip():
        raise InputError("--against-system is empty. Give the system prompt's text, or leave the flag out.")
    if flags["export"] is not None:
        check_free(flags["export"][1], overwrite=flags["overwrite"])
    match flags:
        case {"board": True}:
            with options.reading() as view:
                show_board(view, flags["as_json"])
        case {"judge": str(command), "trial": trial}:
            _judge(options, command, trial, flags)
        case {"trial": int(trial)}:
            with options.reading() as view:
                show_past(view, trial, flags["export"], flags["as_json"])
        case {"export": (_, _)}:
            raise InputError(
                "Only a judged trial can be exported. Name one with --trial ID, or let a program judge one: --judge."
            )
        case _:
            _side_by_side(options, flags)


def _sampling(flags: Mapping[str, Any]) -> SamplingConfig:
    given = {name: flags[name] for name in SamplingConfig.__dataclass_fields__}
    sampling: SamplingConfig = build_config(SamplingConfig, given)
    return sampling


@contextmanager
def _answering(options: Options, *policies: str | None, judge: str = "") -> Iterator[Workbench]:
    """The workspace as its owner. The model is loaded where a policy or the judge needs it; None is the one in use."""
    with options.owning() as workbench, options.serving_clients(workbench):
        found = workbench.judges.find(judge)
        here = found is not None and workbench.judges.needs_model(found)
        if not here and all(is_served(each or IN_USE) for each in policies):
            workbench.start(fill_queue=False, load_model=False)
        else:
            load_model(workbench)
        yield workbench


@contextmanager
def _judging(options: Options, judge: str, trial: int | None, flags: Mapping[str, Any]) -> Iterator[Workbench]:
    """The same for a new trial, or for one that continues."""
    if trial is None:
        policies = [flags["adapter"], flags["against"]]
    else:
        with options.reading() as view:
            row = view.trial(trial)
        policies = [SERVER if server is not None else BASE for server in (row.server_a, row.server_b)]
    with _answering(options, *policies, judge=judge) as workbench:
        yield workbench


# -- side by side ----------------------------------------------------------------------------------------------


def _side_by_side(options: Options, flags: Mapping[str, Any]) -> None:
    if flags["samples"] > 1 or flags["set_name"] is not None:
        raise InputError("--samples and --set need a trial. Name its judge with --judge, or leave them out.")
    sampling = _sampling(flags)
    shown: set[int] = set()
    with _answering(options, flags["adapter"], flags["against"]) as workbench, EventStream(workbench) as heard:
        number, against = flags["num_questions"], flags["against"]
        trial = workbench.start_side_by_side(
            adapter=flags["adapter"],
            against=against,
            against_system=flags["against_system"],
            num_questions=number,
            sampling=sampling,
        )
        job = workbench.side_by_side.job
        assert job is not None
        row = workbench.trial(trial)
        tuned = row.model_b_name
        if row.against_system is not None:
            against = f"prompted {against}"
            say(f"{visible(against)} has the system prompt: {visible(row.against_system)}")
        for published in heard.until(job, end_with=workbench.scheduler):
            if isinstance(published, TrialChanged):
                for each in workbench.trial_comparisons(trial):
                    if each.id not in shown:
                        shown.add(each.id)
                        _show(each, against, tuned, flags["as_json"])
        status = workbench.trial(trial).status
    if status != "finished":
        say(f"The comparison ended early ({status}).")
        raise SystemExit(1)


def _show(comparison: ComparisonRow, against: str, tuned: str, as_json: bool) -> None:
    if as_json:
        emit(
            {
                "event": "answers",
                "comparison": comparison.id,
                "prompt": list(comparison.prompt.messages),
                "base": comparison.a.text,
                "tuned": comparison.b.text,
                "against": against,
                "adapter": tuned,
                "base_cut": comparison.a.cut,
                "tuned_cut": comparison.b.cut,
            }
        )
        return
    rule = "─" * 72
    show(f"{rule}\n{visible(comparison.prompt.messages[-1]['content'])}\n")
    show(f"{visible(against)}\n{visible(comparison.a.text)}\n")
    show(f"{visible(tuned)}\n{visible(comparison.b.text)}\n")


# -- a trial that a program judges -----------------------------------------------------------------------------


def _judge(options: Options, word: str, trial: int | None, flags: Mapping[str, Any]) -> None:
    sampling = _sampling(flags)
    options = replace(options, environment=(*JUDGE_ENVIRONMENT, *flags["judge_env"]))
    with _judging(options, word, trial, flags) as workbench, EventStream(workbench) as heard:
        judge = _judge_named(workbench, word)
        program = _program(word) if judge is None else None
        asker = None if judge is None else asker_of(workbench, judge)
        if trial is None:
            trial = workbench.blind_trials.start(_plan(workbench, word, judge, sampling, flags))
        else:
            _check_decides(workbench, trial, judge)
        _write_answers(workbench, trial, heard)
        if judge is not None and asker is not None:
            _judge_by(workbench, trial, judge, asker, flags["as_json"])
        elif program is not None:
            _judge_all(workbench, trial, program, flags["as_json"])
        workbench.blind_trials.open(trial).result()
        show_past(workbench, trial, flags["export"], flags["as_json"])


def _judge_named(workbench: Workbench, word: str) -> JudgeView | None:
    """The judge of that name that may decide a trial; None where the word is a command.

    Raises:
        WorkbenchError: that judge may not.
    """
    judge = workbench.judges.find(word)
    if judge is None or judge.row.command == word:
        return None
    workbench.judges.check_for_trials(judge)
    return judge


def _program(command: str) -> ExternalJudge:
    """The program that judges, which runs where the command was typed.

    Raises:
        JudgeError: it is not there.
    """
    from tui.judges.program import ExternalJudge  # help starts no program

    speaker = console()
    program = ExternalJudge(command, folder=speaker.folder, environment=speaker.environment)
    program.check()
    return program


def _check_decides(workbench: Workbench, trial: int, judge: JudgeView | None) -> None:
    """Raise where a person or another judge decides the trial. A program continues a trial of any program."""
    row = workbench.trial(trial)
    if row.judged_by is None:
        raise InputError(f"A person judges trial {trial}. Open it in the app: press C.")
    decides = workbench.judges.by_id(row.judged_by).row
    listed = decides.command != row.judge
    if listed != (judge is not None) or (judge is not None and judge.row.id != decides.id):
        raise InputError(f"{row.judge} decides trial {trial}. Continue with its judge, or begin another trial.")


def _judge_by(workbench: Workbench, trial: int, judge: JudgeView, asker: Asker, as_json: bool) -> None:
    say(f"{judge.name} judges trial {trial}. {NO_PERSON}")
    for judged in workbench.judges.judge_trial(judge, asker, trial, tick=console().check):
        if as_json:
            emit(_verdict_record(judged.pair, judged.judgement))
        else:
            _say_verdict(judged.pair, judged.judgement)


def _plan(
    workbench: Workbench, word: str, judge: JudgeView | None, sampling: SamplingConfig, flags: Mapping[str, Any]
) -> TrialPlan:
    from tui.generation.policies import in_use  # the help needs no policies and no trial
    from tui.trials.blind import TrialPlan

    used = in_use(workbench.services)
    policy = flags["adapter"] or (used.manifest.name if used else None)
    if policy is None:
        raise InputError("No adapter is in use, so there is nothing to compare with the base. Name one with --adapter.")
    sets = {each.name: each.id for each in workbench.prompt_sets() if each.held_out}
    if flags["set_name"] is not None and flags["set_name"] not in sets:
        known = ", ".join(repr(name) for name in sets) or "none"
        raise InputError(f"There is no held-out prompt set {flags['set_name']!r}, only {known}.")
    return TrialPlan(
        policy=policy,
        against=flags["against"],
        against_system=flags["against_system"],
        num_prompts=flags["num_questions"],
        prompt_set=sets.get(flags["set_name"]),
        sampling=sampling,
        samples=flags["samples"],
        judge=word,
        judged_by=None if judge is None else judge.row.id,
    )


def _write_answers(workbench: Workbench, trial: int, heard: EventStream) -> None:
    trials = workbench.blind_trials
    before = trials.attended
    trials.attend(trial)
    try:
        if (job := trials.job_of(trial)) is not None:
            for published in heard.until(job):
                if isinstance(published, TrialChanged) and published.trial == trial:
                    say(f"trial {trial}: {published.done} of {published.total} answered by both")
    finally:
        trials.attend(before)  # in the app, a person may be judging another one
    row = workbench.trial(trial)
    if row.done < row.total:
        raise InputError(
            f"Trial {trial} has only {row.done} of {row.total} pairs of answers. Try again with --trial {trial}."
        )


def _judge_all(workbench: Workbench, trial: int, judge: ExternalJudge, as_json: bool) -> None:
    while (pair := workbench.blind_trials.next(trial)) is not None:
        console().check()
        judgement = judge.judge(pair)
        workbench.labelling.judge_as(
            judge.command, pair.id, judgement.verdict or "discard", note=judgement.note
        ).result()
        if as_json:
            emit(_verdict_record(pair, judgement))
        else:
            _say_verdict(pair, judgement)


def _say_verdict(pair: ComparisonRow, judgement: Judgement) -> None:
    orders = "" if judgement.agrees else " (orders disagree)"
    say(f"{whole_words(pair.prompt.first_line, 50)}: {judgement.verdict or 'no label'}{orders}")


def _verdict_record(pair: ComparisonRow, judgement: Judgement) -> dict[str, Any]:
    record = {"event": "verdict", "comparison": pair.id, "prompt": list(pair.prompt.messages)}
    verdicts = {"verdict": judgement.verdict, "a_first": judgement.a_first, "b_first": judgement.b_first}
    return record | {"a": pair.a.text, "b": pair.b.text} | verdicts
