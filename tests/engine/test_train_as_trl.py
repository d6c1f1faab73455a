"""The same run as TRL's DPOTrainer on the same pairs, step by step in float32."""

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset

from engine.chat import EncodedPair, encode_pair
from engine.config import TrainConfig
from engine.events import StepDone
from engine.model import load_base
from engine.preference import Message, Outcome, PreferencePair
from engine.schedule import epoch_order, planned_steps
from engine.train import train_dpo
from engine.training.learner import Learner, adapter_parameters
from engine.training.scorer import Scorer
from tests.tiny import save_tiny

CONFIG = TrainConfig(
    learning_rate=2e-3, epochs=2, lora_dropout=0.0, eval_share=0.0, batch_size=4, warmup_ratio=0.2, max_grad_norm=0.5
)
PAIRS = [
    PreferencePair(
        str(number),
        (Message(role="system", content="Be brief."), Message(role="user", content=f"question {number}?")),
        "word " * (number % 3 + 1),
        "a longer answer " * (number % 2 + 1),
    )
    for number in range(8)
]
NAMES = "rewards/chosen rewards/rejected rewards/margins rewards/accuracies logps/chosen logps/rejected "
NAMES += "logits/chosen logits/rejected entropy mean_token_accuracy loss grad_norm learning_rate num_tokens"


def trl_trainer(
    location: Path,
    folder: Path,
    config: TrainConfig,
    first: dict[str, torch.Tensor],
    pairs: Sequence[PreferencePair] = PAIRS,
    device: str = "cpu",
) -> Any:
    """TRL's trainer for the same run: same pairs in the same order, same first weights."""
    from peft import LoraConfig
    from torch.utils.data import SequentialSampler
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import DPOConfig, DPOTrainer

    class InOrder(DPOTrainer):  # type: ignore[misc]
        def _get_train_sampler(self, dataset: Any = None) -> SequentialSampler:
            return SequentialSampler(self.train_dataset if dataset is None else dataset)

    ordered = [pairs[place] for epoch in range(config.epochs) for place in epoch_order(len(pairs), epoch, config.seed)]
    rows = [
        {
            "prompt": [dict(message) for message in pair.prompt],
            "chosen": [{"role": "assistant", "content": pair.chosen}],
            "rejected": [{"role": "assistant", "content": pair.rejected}],
        }
        for pair in ordered
    ]
    arguments = DPOConfig(
        output_dir=str(folder),
        num_train_epochs=1,
        per_device_train_batch_size=config.batch_size,
        learning_rate=config.learning_rate,
        warmup_steps=math.ceil(config.warmup_ratio * planned_steps(len(pairs), config)),
        max_grad_norm=config.max_grad_norm,
        logging_steps=1,
        save_strategy="no",
        report_to=[],
        use_cpu=device == "cpu",
        bf16=False,
        fp16=False,
        gradient_checkpointing=False,
        disable_tqdm=True,
        beta=config.beta,
        loss_type=[config.loss],
        ld_alpha=None if config.ld_alpha == 1 else config.ld_alpha,
        use_weighting=config.off_policy == "wpo",
    )
    trainer = InOrder(
        AutoModelForCausalLM.from_pretrained(location),
        args=arguments,
        train_dataset=Dataset.from_list(rows),
        processing_class=AutoTokenizer.from_pretrained(location),
        peft_config=LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"),
    )
    own = dict(trainer.model.named_parameters())
    with torch.no_grad():
        for name, value in first.items():
            own[name.replace(".a1.", ".default.")].copy_(value)
    return trainer


@pytest.mark.filterwarnings("ignore")  # TRL and its helpers use what their own dependencies are about to drop
@pytest.mark.parametrize(
    ("loss", "epochs", "ld_alpha", "off_policy"),
    [
        ("sigmoid", 2, 1.0, "full"),
        ("sigmoid", 5, 0.3, "full"),
        ("apo_zero", 5, 1.0, "full"),
        ("apo_down", 5, 1.0, "full"),
        ("sigmoid", 5, 1.0, "wpo"),
        ("sigmoid_norm", 5, 1.0, "wpo"),
    ],
)
def test_a_run_follows_trl_step_by_step(
    tmp_path: Path, loss: str, epochs: int, ld_alpha: float, off_policy: str
) -> None:
    config = dataclasses.replace(CONFIG, loss=loss, epochs=epochs, ld_alpha=ld_alpha, off_policy=off_policy)
    given = [dataclasses.replace(pair, chosen_foreign=True, rejected_foreign=True) for pair in PAIRS]
    location = save_tiny(tmp_path / "model")
    base = load_base(str(location), source="tiny", dtype="float32", device="cpu")
    events = train_dpo(base, given, config, adapter="a1", folder=tmp_path / "adapter")
    next(events)
    first = {name: value.detach().clone() for name, value in adapter_parameters(base.model, "a1").items()}
    ours = [event.metrics for event in events if isinstance(event, StepDone)]
    trainer = trl_trainer(location, tmp_path / "trl", config, first)
    trainer.train()
    theirs = [entry for entry in trainer.state.log_history if "grad_norm" in entry]
    assert len(ours) == len(theirs) == 2 * epochs
    if off_policy == "full":
        assert theirs[-1]["loss"] < theirs[0]["loss"] - 0.01
    else:
        assert theirs[-1]["rewards/margins"] > theirs[0]["rewards/margins"] + 0.01
    for own, other in zip(ours, theirs, strict=True):
        for name in NAMES.split():
            assert own[name] == pytest.approx(other[name], rel=1e-4, abs=1e-5), name


LOSSES = [
    ("sigmoid", 0.0, 0.0),
    ("robust", 0.2, 0.0),
    ("hinge", 0.0, 0.0),
    ("ipo", 0.0, 0.0),
    ("sigmoid_norm", 0.0, 0.0),
    ("apo_zero", 0.0, 0.0),
    ("apo_down", 0.0, 0.0),
]


@pytest.mark.filterwarnings("ignore")
def test_every_loss_equals_trl_s_on_the_same_batch(tmp_path: Path) -> None:
    location = save_tiny(tmp_path / "model")
    base = load_base(str(location), source="tiny", dtype="float32", device="cpu")
    list(train_dpo(base, PAIRS, CONFIG, adapter="a1", folder=tmp_path / "adapter"))
    trainer = trl_trainer(location, tmp_path / "trl", CONFIG, adapter_parameters(base.model, "a1"))
    trainer.precompute_ref_logps = True
    batch = [encode_pair(base.tokenizer, pair, CONFIG) for pair in PAIRS[:4]]
    learner = Learner(Scorer(base, None, "asked for"), "a1", CONFIG)
    examples = []
    for pair in batch:
        assert isinstance(pair, EncodedPair)
        chosen, rejected = learner.score_reference(pair)
        ids = {"prompt_ids": pair.prompt_ids, "chosen_ids": pair.chosen_ids, "rejected_ids": pair.rejected_ids}
        examples.append(
            {name: list(value) for name, value in ids.items()}
            | {"ref_chosen_logps": chosen, "ref_rejected_logps": rejected}
        )
    collated = trainer.data_collator(examples)
    for loss, smoothing, sft_weight in [*LOSSES, *((loss, smoothing, 0.3) for loss, smoothing, _ in LOSSES)]:
        trainer.loss_types, trainer.loss_weights = [loss, "sft"], [1.0, sft_weight]
        trainer.label_smoothing = smoothing
        theirs = trainer._compute_loss(trainer.model, collated, False).item()
        learner.config = dataclasses.replace(CONFIG, loss=loss, label_smoothing=smoothing, sft_weight=sft_weight)
        ours = sum(learner.evaluate(pair, batch).loss for pair in batch) / len(batch)
        assert ours == pytest.approx(theirs, abs=1e-5, rel=1e-5), (loss, sft_weight)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("outcome", ["both_bad", "both_good"])
def test_both_bad_and_both_good_equal_trl_s_unpaired_loss(tmp_path: Path, outcome: Outcome) -> None:
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import KTOConfig, KTOTrainer

    location = save_tiny(tmp_path / "model")
    base = load_base(str(location), source="tiny", dtype="float32", device="cpu")
    list(train_dpo(base, PAIRS, CONFIG, adapter="a1", folder=tmp_path / "adapter"))
    pair = dataclasses.replace(PAIRS[1], outcome=outcome)
    texts = [[{"role": "assistant", "content": text}] for text in (pair.chosen, pair.rejected)]
    rows = [
        {"prompt": [dict(each) for each in pair.prompt], "completion": text, "label": outcome == "both_good"}
        for text in texts
    ]
    trainer = KTOTrainer(
        AutoModelForCausalLM.from_pretrained(location),
        args=KTOConfig(
            output_dir=str(tmp_path / "trl"),
            loss_type="apo_zero_unpaired",
            per_device_train_batch_size=2,
            beta=CONFIG.beta,
            use_cpu=True,
            bf16=False,
            gradient_checkpointing=False,
            report_to=[],
        ),
        train_dataset=Dataset.from_list(rows),
        processing_class=AutoTokenizer.from_pretrained(location),
        peft_config=LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"),
    )
    own = dict(trainer.model.named_parameters())
    with torch.no_grad():
        for name, value in adapter_parameters(base.model, "a1").items():
            own[name.replace(".a1.", ".default.")].copy_(value)
    trainer.model.eval()
    theirs = trainer._compute_loss(trainer.model, next(iter(trainer.get_train_dataloader())), False).item()
    config = dataclasses.replace(CONFIG, unpaired_weight=1.0)
    batch = [encode_pair(base.tokenizer, each, config) for each in (*PAIRS[2:6], pair)]  # 4 pairs: no cap on one
    learner = Learner(Scorer(base, None, "asked for"), "a1", config)
    assert all(isinstance(each, EncodedPair) for each in batch)
    learner.score_reference(batch[-1])  # type: ignore[arg-type]
    ours = learner.evaluate(batch[-1], batch).loss  # type: ignore[arg-type]
    assert ours == pytest.approx(theirs, abs=1e-6, rel=1e-5)
    assert abs(ours - 0.5) > 1e-3
