"""Whole runs on the tiny model: what is reported, what is saved, and what may happen between two events."""

import dataclasses
import math
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from engine.config import TrainConfig
from engine.errors import NonFiniteLoss, PairsError
from engine.events import (
    AdapterSaved,
    EvalDone,
    Event,
    MarginsKnown,
    Notice,
    ReferenceScored,
    RunFinished,
    RunPlanned,
    StepDone,
)
from engine.model import BaseModel, load_base
from engine.preference import Message, PreferencePair, split_by_prompt
from engine.train import train_dpo
from engine.training.learner import adapter_parameters
from engine.training.reference import score_references
from tests.tiny import save_tiny

CONFIG = TrainConfig(
    learning_rate=1e-3, epochs=2, lora_dropout=0.0, lora_r=4, lora_alpha=8, eval_share=0.0, batch_size=2
)


@pytest.fixture(scope="module")
def location(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("model"))


@pytest.fixture
def base(location: Path) -> BaseModel:
    return load_base(str(location), source="tiny", dtype="float32", device="cpu")


def pairs(count: int = 5) -> list[PreferencePair]:
    return [
        PreferencePair(
            f"pair {number}",
            (Message(role="user", content=f"question {number}?"),),
            "short" + "!" * number,
            f"a rather longer answer, number {number}",
            rejected_cut=number == 1,
        )
        for number in range(count)
    ]


def break_down(base: BaseModel) -> None:
    """From now on the model computes no numbers."""
    norm = next(value for name, value in base.model.named_parameters() if "input_layernorm" in name)
    with torch.no_grad():
        norm.fill_(math.nan)


def run(base: BaseModel, folder: Path, config: TrainConfig = CONFIG, count: int = 5, **more: object) -> list[Event]:
    return list(train_dpo(base, pairs(count), config, adapter="a1", folder=folder, **more))  # type: ignore[arg-type]


def of_kind(events: list[Event], kind: type) -> list:  # type: ignore[type-arg]
    return [event for event in events if isinstance(event, kind)]


def trained(base: BaseModel, adapter: str = "a1") -> dict[str, torch.Tensor]:
    return {name: value.detach().clone() for name, value in adapter_parameters(base.model, adapter).items()}


def test_a_run_reports_its_plan_its_steps_and_its_adapter(base: BaseModel, tmp_path: Path) -> None:
    events = run(base, tmp_path / "adapter")
    plan = events[0]
    assert isinstance(plan, RunPlanned)
    assert plan.total_steps == 6  # 5 pairs by 2, twice
    assert sorted(plan.train_keys) == [f"pair {number}" for number in range(5)]
    assert plan.eval_keys == ()
    # r 4 on q, k, v, o, gate, up, down of two layers: 4 × (inputs + outputs)
    assert plan.trainable_parameters == 2 * 4 * (64 + 48 + 48 + 64 + 96 + 96 + 96)
    assert len(of_kind(events, ReferenceScored)) == 5
    steps = of_kind(events, StepDone)
    assert [step.step for step in steps] == [1, 2, 3, 4, 5, 6]
    assert [step.epoch for step in steps] == pytest.approx([1 / 3, 2 / 3, 1, 4 / 3, 5 / 3, 2])
    assert isinstance(events[-2], AdapterSaved)
    assert events[-2].step == 6
    assert 0 < events[-2].changed_parameters <= plan.trainable_parameters
    assert isinstance(events[-1], RunFinished)
    assert (events[-1].steps, events[-1].stopped) == (6, False)


def test_the_first_step_is_ln_2_and_carries_every_metric(base: BaseModel, tmp_path: Path) -> None:
    first, *_, last = of_kind(run(base, tmp_path / "adapter"), StepDone)
    assert first.metrics["loss"] == pytest.approx(math.log(2), abs=1e-7)
    assert first.metrics["rewards/margins"] == 0.0
    assert first.metrics["rewards/accuracies"] == 0.0
    assert last.metrics["loss"] < first.metrics["loss"]
    assert last.metrics["rewards/accuracies"] > 0.0
    assert last.seconds_left == 0.0
    names = "loss grad_norm learning_rate epoch num_tokens rewards/chosen rewards/rejected rewards/margins "
    names += "rewards/accuracies logps/chosen logps/rejected logits/chosen logits/rejected entropy "
    names += "mean_token_accuracy pairs_per_second tokens_per_second flops_per_second"
    assert set(first.metrics) == set(names.split())
    assert all(math.isfinite(value) for value in first.metrics.values())


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")  # peft 0.21 on transformers 5.23
def test_the_saved_adapter_is_peft_s_and_gives_the_same_logits(base: BaseModel, location: Path, tmp_path: Path) -> None:
    run(base, tmp_path / "adapter")
    assert base.loaded_adapters() == ("a1",)
    loaded = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(location), tmp_path / "adapter").eval()
    ids = torch.arange(3, 40)[None]
    with torch.no_grad(), base.policy("a1"):
        ours = base.model(input_ids=ids).logits
    with torch.no_grad(), base.policy(None):
        untouched = base.model(input_ids=ids).logits
    with torch.no_grad():
        torch.testing.assert_close(loaded(input_ids=ids).logits, ours, rtol=0, atol=1e-6)
    assert (ours - untouched).abs().max() > 1e-3


@pytest.mark.parametrize("count", [8, 7])
def test_batches_and_accumulation_count_each_pair_once(base: BaseModel, tmp_path: Path, count: int) -> None:
    shapes = {}
    for batch_size, accumulation in ((4, 1), (1, 4), (2, 2)):
        config = dataclasses.replace(CONFIG, batch_size=batch_size, gradient_accumulation_steps=accumulation)
        name = f"a{batch_size}"
        events = list(train_dpo(base, pairs(count), config, adapter=name, folder=tmp_path / name))
        metrics = [dict(step.metrics) for step in of_kind(events, StepDone)]
        for step in metrics:
            del step["pairs_per_second"], step["tokens_per_second"], step["flops_per_second"]
        weights = {key.replace(f".{name}.", "."): value for key, value in trained(base, name).items()}
        shapes[name] = (metrics, weights)
    for name in ("a1", "a2"):
        assert shapes[name][0] == shapes["a4"][0]
        assert all(torch.equal(value, shapes["a4"][1][key]) for key, value in shapes[name][1].items())


def test_the_gradient_of_a_batch_is_the_mean_over_its_pairs(base: BaseModel, tmp_path: Path) -> None:
    """One step over 3 pairs by plain SGD-like bookkeeping: its gradient norm is that of the averaged loss."""
    config = dataclasses.replace(CONFIG, batch_size=3, epochs=1, max_grad_norm=1e9)
    together = of_kind(run(base, tmp_path / "one", config, count=3), StepDone)[0]
    base.unload_adapter("a1")
    base.create_adapter("a2", config)
    with base.policy("a2", training=True), torch.enable_grad():
        losses = []
        for pair in pairs(3):
            ratio = []
            for answer, cut in ((pair.chosen, pair.chosen_cut), (pair.rejected, pair.rejected_cut)):
                prompt = f"<|im_start|>user\n{pair.prompt[0]['content']}<|im_end|>\n<|im_start|>assistant\n"
                before = base.tokenizer(prompt)["input_ids"]
                ids = base.tokenizer(prompt + answer + ("" if cut else "<|im_end|>\n"))["input_ids"]
                log_probs = base.model(input_ids=torch.tensor([ids])).logits[0, len(before) - 1 : -1].log_softmax(-1)
                ratio.append(log_probs.gather(-1, torch.tensor(ids[len(before) :])[:, None]).sum())
            difference = ratio[0] - ratio[1]
            losses.append(-torch.nn.functional.logsigmoid(0.1 * (difference - difference.detach())))
        torch.stack(losses).mean().backward()
        parameters = adapter_parameters(base.model, "a2").values()
        norm = torch.stack([value.grad.norm() for value in parameters if value.grad is not None]).norm()
    assert together.metrics["grad_norm"] == pytest.approx(norm.item(), rel=1e-5)


def disturb(base: BaseModel) -> None:
    """What a labeller's generation does between two events: another policy, other seeds, other modes."""
    with torch.no_grad(), base.policy("a0"):
        logits = base.model(input_ids=torch.randint(3, 200, (2, 9))).logits
        torch.multinomial(logits[:, -1].softmax(-1), 1)
    with torch.no_grad(), base.policy(None):
        base.model(input_ids=torch.randint(3, 200, (1, 5)))
    torch.manual_seed(1)
    np.random.seed(1)
    random.seed(1)
    torch.rand(7)


def watched(
    base: BaseModel, events: Iterator[Event], between: Callable[[], None]
) -> tuple[list[Event], list[dict[str, torch.Tensor]]]:
    """Drive a run, call `between` at every event, and note the gradients that stand there."""
    seen, gradients = [], []
    for event in events:
        between()
        seen.append(event)
        if "a1" in base.loaded_adapters():
            found = adapter_parameters(base.model, "a1").items()
            gradients.append({name: value.grad.clone() for name, value in found if value.grad is not None})
    return seen, gradients


def test_foreign_work_at_every_boundary_changes_neither_gradients_nor_adapter(base: BaseModel, tmp_path: Path) -> None:
    config = dataclasses.replace(CONFIG, lora_dropout=0.2, eval_share=0.2)
    base.create_adapter("a0", dataclasses.replace(CONFIG, seed=5))
    with torch.no_grad():
        for value in adapter_parameters(base.model, "a0").values():
            value.normal_(std=0.05)
    results = []
    for number, between in enumerate((lambda: None, lambda: disturb(base))):
        events = train_dpo(base, pairs(6), config, adapter="a1", folder=tmp_path / str(number))
        seen, gradients = watched(base, events, between)
        results.append((seen, gradients, trained(base)))
        base.unload_adapter("a1")
    alone, disturbed = results
    assert len(alone[0]) == len(disturbed[0]) > 20
    assert sum(map(len, alone[1])) > 0
    for one, other in zip(alone[1], disturbed[1], strict=True):
        assert one.keys() == other.keys()
        assert all(torch.equal(one[name], other[name]) for name in one)
    assert all(torch.equal(alone[2][name], disturbed[2][name]) for name in alone[2])


def test_every_boundary_leaves_global_state_as_it_was(base: BaseModel, tmp_path: Path) -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    modes: list[bool] = []
    for _ in train_dpo(base, pairs(), CONFIG, adapter="a1", folder=tmp_path / "adapter"):
        assert torch.equal(torch.get_rng_state(), before)
        assert torch.is_grad_enabled()
        assert not torch.is_autocast_enabled("cpu")
        modes = modes or [module.training for module in base.model.modules()]
        assert [module.training for module in base.model.modules()] == modes
        assert not any(value.requires_grad for value in base.model.parameters())


def test_the_last_step_is_kept_unless_an_earlier_one_is_clearly_better(base: BaseModel, tmp_path: Path) -> None:
    config = dataclasses.replace(CONFIG, eval_share=0.4, epochs=4, learning_rate=2e-2, lr_scheduler="constant")
    events = run(base, tmp_path / "adapter", config, count=10)
    plan = of_kind(events, RunPlanned)[0]
    assert (len(plan.train_keys), len(plan.eval_keys)) == (6, 4)
    evaluations = of_kind(events, EvalDone)
    assert [evaluation.step for evaluation in evaluations] == [3, 6, 9, 12]
    best = min(evaluations, key=lambda evaluation: evaluation.metrics["eval_loss"])
    (words,) = [notice.text for notice in of_kind(events, Notice) if "kept" in notice.text and "±" in notice.text]
    assert best.step == 9
    kept = 12 if "too little to choose it" in words else 9
    assert words.startswith(f"Step {kept}")
    assert of_kind(events, AdapterSaved)[0].step == kept
    assert any("4 pairs to evaluate on: accuracy" in notice.text for notice in of_kind(events, Notice))


def test_margins_of_every_pair_are_told_each_epoch(base: BaseModel, tmp_path: Path) -> None:
    config = dataclasses.replace(CONFIG, eval_share=0.4, eval_every=2)
    events = run(base, tmp_path / "adapter", config, count=10)
    plan = of_kind(events, RunPlanned)[0]
    assert [evaluation.step for evaluation in of_kind(events, EvalDone)] == [2, 4, 6]
    pages = of_kind(events, MarginsKnown)
    assert [page.epoch for page in pages] == [1, 2]
    for page in pages:
        assert set(page.train) == set(plan.train_keys)
        assert set(page.evaluation) == set(plan.eval_keys)
    assert set(pages[0].train.values()) != set(pages[1].train.values())


def test_early_stop_ends_a_run_that_gets_worse(base: BaseModel, tmp_path: Path) -> None:
    config = dataclasses.replace(CONFIG, eval_share=0.4, epochs=20, lr_scheduler="constant", early_stop=2)
    _, evaluation = split_by_prompt(pairs(10), config.eval_share, config.seed)
    turned = [
        dataclasses.replace(pair, chosen=pair.rejected, rejected=pair.chosen) if pair in evaluation else pair
        for pair in pairs(10)
    ]
    events = list(train_dpo(base, turned, config, adapter="a1", folder=tmp_path / "adapter"))
    losses = [evaluation.metrics["eval_loss"] for evaluation in of_kind(events, EvalDone)]
    assert len(losses) == 3
    assert losses[0] == min(losses)
    assert of_kind(events, AdapterSaved)[0].step == 3
    assert any("Step 3 is kept" in notice.text for notice in of_kind(events, Notice))


def test_a_run_that_forgets_how_to_speak_is_told_so_once(base: BaseModel, tmp_path: Path) -> None:
    config = dataclasses.replace(CONFIG, learning_rate=1e-1, epochs=6)
    told = [notice.text for notice in of_kind(run(base, tmp_path / "adapter", config), Notice)]
    assert sum("forgetting how to speak" in text for text in told) == 1
    base.unload_adapter("a1")
    told = [notice.text for notice in of_kind(run(base, tmp_path / "calm"), Notice)]
    assert not any("forgetting" in text for text in told)


def test_going_on_is_held_to_the_start_or_to_the_base(base: BaseModel, tmp_path: Path) -> None:
    run(base, tmp_path / "adapter")
    before = trained(base)
    config = dataclasses.replace(CONFIG, lora_r=8)  # the start's own rank counts
    for reference, first_loss in (("start", math.log(2)), ("base", None)):
        go_on = dataclasses.replace(config, reference=reference)
        events = list(train_dpo(base, pairs(), go_on, adapter="a2", folder=tmp_path / reference, start="a1"))
        loss = of_kind(events, StepDone)[0].metrics["loss"]
        assert (loss == pytest.approx(math.log(2), abs=1e-6)) == (first_loss is not None)
        base.unload_adapter("a2")
    after = trained(base)
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_stop_saves_what_was_learned(base: BaseModel, tmp_path: Path) -> None:
    seen: list[Event] = []
    events = train_dpo(
        base, pairs(), CONFIG, adapter="a1", folder=tmp_path / "adapter", stop=lambda: len(of_kind(seen, StepDone)) == 2
    )
    for event in events:
        seen.append(event)
    assert of_kind(seen, AdapterSaved)[0].step == 2
    assert seen[-1] == RunFinished(2, True, seen[-1].elapsed_s)  # type: ignore[attr-defined]


def test_a_run_stopped_before_its_first_step_or_closed_leaves_no_adapter(base: BaseModel, tmp_path: Path) -> None:
    events = run(base, tmp_path / "adapter", stop=lambda: True)
    assert events[-1] == RunFinished(0, True, events[-1].elapsed_s)  # type: ignore[attr-defined]
    assert not of_kind(events, AdapterSaved)
    closed = train_dpo(base, pairs(), CONFIG, adapter="a1", folder=tmp_path / "adapter")
    while not isinstance(next(closed), StepDone):
        pass
    closed.close()  # type: ignore[attr-defined]
    assert base.loaded_adapters() == ()
    assert not (tmp_path / "adapter").exists()


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_last_good_state(base: BaseModel, tmp_path: Path) -> None:
    events = train_dpo(base, pairs(), CONFIG, adapter="a1", folder=tmp_path / "adapter")
    while not (isinstance(event := next(events), StepDone) and event.step == 2):
        pass
    good = trained(base)
    break_down(base)
    told: list[Event] = []
    with pytest.raises(NonFiniteLoss, match=r"Pair pair \d gave a loss of nan"):
        told.extend(events)
    assert of_kind(told, AdapterSaved)[0].step == 2
    after = trained(base)
    assert all(torch.equal(good[name], after[name]) for name in good)
    assert (tmp_path / "adapter" / "adapter_model.safetensors").exists()


@pytest.mark.parametrize(("breaks_at", "saved"), [(4, [2]), (2, [])])
def test_an_evaluation_without_a_number_ends_the_run_and_keeps_the_best(
    base: BaseModel, tmp_path: Path, breaks_at: int, saved: list[int]
) -> None:
    config = dataclasses.replace(CONFIG, eval_share=0.4)  # 3 pairs to train on: steps 2 and 4 end their epochs
    events = train_dpo(base, pairs(), config, adapter="a1", folder=tmp_path / "adapter")
    while not (isinstance(event := next(events), StepDone) and event.step == breaks_at):
        pass
    break_down(base)
    told: list[Event] = []
    with pytest.raises(NonFiniteLoss, match=r"Pair pair \d gave a loss of nan"):
        told.extend(events)
    assert not of_kind(told, EvalDone)
    assert [event.step for event in of_kind(told, AdapterSaved)] == saved
    assert (tmp_path / "adapter").exists() == bool(saved)


def test_a_reference_that_is_no_number_is_told_with_its_pair(base: BaseModel, tmp_path: Path) -> None:
    break_down(base)
    with pytest.raises(NonFiniteLoss, match=r"pair 0 log-probabilities of nan and nan in float32.*--dtype"):
        run(base, tmp_path / "adapter")
    assert base.loaded_adapters() == ()
    ahead = list(score_references(base, pairs(), CONFIG, {}))
    assert [(event.logps, event.cache_keys) for event in ahead] == [({}, {})] * 5


def test_pairs_that_cannot_be_trained_on_are_named(base: BaseModel, tmp_path: Path) -> None:
    config = dataclasses.replace(CONFIG, cut="leave-out")
    plan = run(base, tmp_path / "adapter", config)[0]
    assert isinstance(plan, RunPlanned)
    assert plan.left_out == {"pair 1": "an answer was cut by the token limit"}
    with pytest.raises(PairsError, match="no pair to train on"):
        run(base, tmp_path / "none", count=0)
    with pytest.raises(PairsError, match="the prompt alone has"):
        run(base, tmp_path / "none", dataclasses.replace(CONFIG, max_length=8), count=2)
