"""A run killed at any event and resumed gives the very bytes of the run that was never killed."""

import dataclasses
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.checkpoint import FILE
from engine.config import TrainConfig, setting, settings_of
from engine.errors import CheckpointError
from engine.events import AdapterSaved, Event, Notice, ReferenceScored, RunPlanned, StepDone
from engine.model import BaseModel, load_base
from engine.train import train_dpo
from engine.training.learner import adapter_parameters
from engine.training.reference import score_references
from tests.engine.test_train import disturb, of_kind, pairs
from tests.tiny import CHAT_TEMPLATE, save_tiny

CONFIG = TrainConfig(
    learning_rate=1e-3,
    epochs=3,
    lora_dropout=0.2,
    lora_r=4,
    eval_share=0.3,
    batch_size=3,
    checkpoint_every=2,
    warmup_ratio=0.2,
)


NEW_IN_STATE = ("kept_by", "best_losses", "eval_losses")


@pytest.fixture(autouse=True)
def _steps_of_several_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of these small pairs in a pass, so that a step has places inside it where a run can be left."""
    monkeypatch.setattr("engine.training.scorer.TOKENS_TOGETHER", 120)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> BaseModel:
    base = load_base(str(save_tiny(tmp_path_factory.mktemp("model"))), source="tiny", dtype="float32", device="cpu")
    base.create_adapter("a0", dataclasses.replace(CONFIG, seed=5))
    return base


def _whole(base: BaseModel, folder: Path, config: TrainConfig = CONFIG) -> tuple[list[Event], bytes]:
    events = list(train_dpo(base, pairs(8), config, adapter="a1", folder=folder, checkpoint_folder=folder / "c"))
    base.unload_adapter("a1")
    return events, (folder / "adapter_model.safetensors").read_bytes()


def _killed_at(base: BaseModel, folder: Path, number: int, config: TrainConfig = CONFIG) -> None:
    """Run until event `number` and drop the run there; a killed process leaves its files alone behind."""
    place = {"adapter": "a1", "folder": folder, "checkpoint_folder": folder / "c"}
    events = train_dpo(base, pairs(8), config, **place, checkpoint_now=lambda: True)  # type: ignore[arg-type]
    for _ in zip(range(number), events, strict=False):
        disturb(base)
    events.close()  # type: ignore[attr-defined]


def test_killed_anywhere_and_resumed_equals_never_killed(base: BaseModel, tmp_path: Path) -> None:
    events, expected = _whole(base, tmp_path / "whole")
    first = next(number for number, event in enumerate(events) if isinstance(event, StepDone))
    chance = random.Random(0)
    inside_a_step = 0
    for number in sorted(chance.sample(range(first + 2, len(events)), 6)):
        folder = tmp_path / str(number)
        _killed_at(base, folder, number)
        state = torch.load(folder / "c" / FILE, weights_only=True)["state"]
        inside_a_step += bool(state["window"])
        resumed = list(
            train_dpo(base, pairs(8), CONFIG, adapter="a1", folder=folder, checkpoint_folder=folder / "c", resume=True)
        )
        base.unload_adapter("a1")
        assert (folder / "adapter_model.safetensors").read_bytes() == expected, number
        assert not of_kind(resumed, ReferenceScored)
        assert not any("not exact" in notice.text for notice in of_kind(resumed, Notice))
        steps = of_kind(resumed, StepDone)
        known = {step.step: _timeless(step) for step in of_kind(events, StepDone)}
        assert all(_timeless(step) == known[step.step] for step in steps)
        assert len(steps) == of_kind(events, RunPlanned)[0].total_steps - state["step"]
    assert inside_a_step > 0


def _timeless(step: StepDone) -> dict[str, float]:
    return {name: value for name, value in step.metrics.items() if "_per_second" not in name}


def test_another_run_s_checkpoint_is_refused_by_name(base: BaseModel, tmp_path: Path) -> None:
    _whole(base, tmp_path)
    place = {"adapter": "a1", "folder": tmp_path, "checkpoint_folder": tmp_path / "c", "resume": True}
    other = dataclasses.replace(CONFIG, beta=0.2)
    with pytest.raises(CheckpointError, match="--beta differ"):
        list(train_dpo(base, pairs(8), other, **place))  # type: ignore[arg-type]
    with pytest.raises(CheckpointError, match="pairs"):
        list(train_dpo(base, pairs(7), CONFIG, **place))  # type: ignore[arg-type]
    (tmp_path / "c" / FILE).write_bytes(b"damaged")
    with pytest.raises(CheckpointError, match="cannot be read"):
        list(train_dpo(base, pairs(8), CONFIG, **place))  # type: ignore[arg-type]
    (tmp_path / "c" / FILE).unlink()
    with pytest.raises(CheckpointError, match="no checkpoint"):
        list(train_dpo(base, pairs(8), CONFIG, **place))  # type: ignore[arg-type]
    assert base.loaded_adapters() == ("a0",)


def test_a_resume_on_other_ground_says_that_it_is_not_exact(base: BaseModel, tmp_path: Path) -> None:
    _whole(base, tmp_path)
    content = torch.load(tmp_path / "c" / FILE, weights_only=True)
    content["environment"]["number of threads"] = "7"
    torch.save(content, tmp_path / "c" / FILE)
    events = train_dpo(
        base, pairs(8), CONFIG, adapter="a1", folder=tmp_path, checkpoint_folder=tmp_path / "c", resume=True
    )
    told = [event.text for event in events if isinstance(event, Notice)]
    base.unload_adapter("a1")
    assert told[0].startswith("This resume is not exact to the last bit: the number of threads was 7, now it is ")


def _resumed(base: BaseModel, folder: Path, config: TrainConfig = CONFIG) -> tuple[list[str], bytes]:
    """The notices of a resumed run, and the bytes of its adapter."""
    place = {"adapter": "a1", "folder": folder, "checkpoint_folder": folder / "c", "resume": True}
    told = [event.text for event in of_kind(list(train_dpo(base, pairs(8), config, **place)), Notice)]  # type: ignore[arg-type]
    base.unload_adapter("a1")
    return told, (folder / "adapter_model.safetensors").read_bytes()


def _changed(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Write the checkpoint again with some of its content changed, as another version of Palate would have."""
    content = torch.load(folder / FILE, weights_only=True)
    change(content)
    torch.save(content, folder / FILE)


def test_a_template_that_writes_another_date_does_not_end_a_run(
    base: BaseModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, expected = _whole(base, tmp_path / "whole")
    _killed_at(base, tmp_path / "killed", 20)
    monkeypatch.setattr(base.tokenizer, "chat_template", "Today is Monday. " + CHAT_TEMPLATE)
    told, adapter = _resumed(base, tmp_path / "killed")
    assert adapter == expected
    assert not any("not exact" in text for text in told)


def test_a_setting_of_tomorrow_counts_as_its_default_in_a_checkpoint_of_today(base: BaseModel, tmp_path: Path) -> None:
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Tomorrow(TrainConfig):
        momentum: float = setting(0.5, "Something that comes later.", low=0)

    _, expected = _whole(base, tmp_path / "whole")
    _killed_at(base, tmp_path / "killed", 20)
    config = Tomorrow(**dataclasses.asdict(CONFIG))
    with pytest.raises(CheckpointError, match="belongs to another run: --momentum differ"):
        _resumed(base, tmp_path / "killed", dataclasses.replace(config, momentum=0.9))
    assert _resumed(base, tmp_path / "killed", config)[1] == expected
    _killed_at(base, tmp_path / "back", 20)
    _changed(tmp_path / "back" / "c", lambda content: content["run"]["settings"].update(momentum=0.5))
    with pytest.raises(CheckpointError, match="--momentum differ"):  # and today cannot tell what tomorrow's asks for
        _resumed(base, tmp_path / "back")


def test_settings_that_change_no_bit_may_differ_at_a_resume(base: BaseModel, tmp_path: Path) -> None:
    _, expected = _whole(base, tmp_path / "whole")
    _killed_at(base, tmp_path / "killed", 20)
    config = dataclasses.replace(CONFIG, gradient_checkpointing="on", checkpoint_every=1)
    assert {each.name for each in settings_of(TrainConfig) if each.free_at_resume} == {
        "gradient_checkpointing",
        "checkpoint_every",
        "devices",
        "shard",
    }
    told, adapter = _resumed(base, tmp_path / "killed", config)
    assert adapter == expected
    assert any("Gradient checkpointing is on, as asked for" in text for text in told)


def test_a_run_from_an_adapter_keeps_its_dropout_whatever_version_began_it(base: BaseModel, tmp_path: Path) -> None:
    """Without a share in the checkpoint the run has that of the adapter that it started from, 0.2 here."""
    other = dataclasses.replace(CONFIG, lora_dropout=0.5)
    settings = {"new": other, "old": CONFIG}
    expected = {name: _from_adapter(base, tmp_path / name, config) for name, config in settings.items()}
    assert expected["new"] != expected["old"]

    def written_before(content: dict[str, Any]) -> None:
        del content["lora_dropout"]
        content["run"]["settings"] = dataclasses.asdict(other)

    for name, config in settings.items():
        folder = tmp_path / f"{name} killed"
        _from_adapter(base, folder, config, until=20)
        if name == "old":
            _changed(folder / "c", written_before)
        _from_adapter(base, folder, other, until=12, resume=True)
        assert _from_adapter(base, folder, other, resume=True) == expected[name], name


def _from_adapter(
    base: BaseModel, folder: Path, config: TrainConfig, *, until: int = 999, resume: bool = False
) -> bytes:
    """Train from `a0` until event `until`. Returns the bytes of the adapter, if it was saved."""
    place = {"adapter": "a1", "start": "a0", "folder": folder, "checkpoint_folder": folder / "c", "resume": resume}
    events = train_dpo(base, pairs(8), config, **place, checkpoint_now=lambda: True)  # type: ignore[arg-type]
    for _ in zip(range(until), events, strict=False):
        pass
    events.close()
    if until < 999:
        return b""
    base.unload_adapter("a1")
    return (folder / "adapter_model.safetensors").read_bytes()


def test_a_field_of_the_state_that_a_checkpoint_lacks_has_its_default(base: BaseModel, tmp_path: Path) -> None:
    _, expected = _whole(base, tmp_path / "whole")
    _killed_at(base, tmp_path / "killed", 20)
    _changed(tmp_path / "killed" / "c", lambda content: content["state"].pop("told"))
    assert _resumed(base, tmp_path / "killed")[1] == expected


def test_a_run_that_began_under_the_old_rule_keeps_it(base: BaseModel, tmp_path: Path) -> None:
    """A checkpoint without `kept_by`, whose best step is not clearly better than the last."""
    _killed_at(base, tmp_path / "new", 40)
    _killed_at(base, tmp_path / "old", 40)

    def best_by_a_hair(content: dict[str, Any]) -> None:
        state = content["state"]
        state["best_loss"] = 1e-9  # no step will be lower; the pairs' losses then cannot tell the steps apart
        state["best_step"], state["best_weights"] = 1, content["weights"]
        state["best_losses"] = dict.fromkeys(state["best_losses"], 1.0)

    assert torch.load(tmp_path / "old" / "c" / FILE, weights_only=True)["state"]["best_losses"]
    _changed(tmp_path / "new" / "c", best_by_a_hair)
    _changed(tmp_path / "old" / "c", best_by_a_hair)
    _changed(tmp_path / "old" / "c", lambda content: [content["state"].pop(name) for name in NEW_IN_STATE])
    kept = []
    for name in ("new", "old"):
        place = {"adapter": "a1", "folder": tmp_path / name, "checkpoint_folder": tmp_path / name / "c"}
        events = list(train_dpo(base, pairs(8), CONFIG, **place, resume=True))  # type: ignore[arg-type]
        base.unload_adapter("a1")
        kept.append(of_kind(events, AdapterSaved)[0].step)
    assert kept == [of_kind(events, StepDone)[-1].step, 1]


def test_a_fact_that_a_checkpoint_lacks_is_not_compared(base: BaseModel, tmp_path: Path) -> None:
    _killed_at(base, tmp_path, 20)
    _changed(tmp_path / "c", lambda content: content["environment"].pop("version of peft"))
    assert not any("not exact" in text for text in _resumed(base, tmp_path)[0])


def test_a_checkpoint_of_a_newer_version_is_refused_by_its_number(base: BaseModel, tmp_path: Path) -> None:
    _killed_at(base, tmp_path, 20)
    _changed(tmp_path / "c", lambda content: content.update(format=3))
    with pytest.raises(CheckpointError, match="has format 3, and this Palate reads formats 1 and 2"):
        _resumed(base, tmp_path)


def test_pairs_with_other_texts_are_another_run_s(base: BaseModel, tmp_path: Path) -> None:
    _killed_at(base, tmp_path, 20)
    place = {"adapter": "a1", "folder": tmp_path, "checkpoint_folder": tmp_path / "c", "resume": True}
    others = [dataclasses.replace(pair, chosen=pair.chosen + "?") for pair in pairs(8)]
    with pytest.raises(CheckpointError, match="another run: pairs differ"):
        list(train_dpo(base, others, CONFIG, **place))  # type: ignore[arg-type]


def test_a_run_is_resumed_with_or_without_the_pairs_that_were_left_out(base: BaseModel, tmp_path: Path) -> None:
    config = dataclasses.replace(CONFIG, cut="leave-out")  # leaves out pair 1, whose rejected answer was cut
    _, expected = _whole(base, tmp_path / "whole", config)
    for name, given in (("with", pairs(8)), ("without", [pair for pair in pairs(8) if pair.key != "pair 1"])):
        place = {"adapter": "a1", "folder": tmp_path / name, "checkpoint_folder": tmp_path / name / "c"}
        events = train_dpo(base, pairs(8), config, **place, checkpoint_now=lambda: True)  # type: ignore[arg-type]
        for _ in zip(range(20), events, strict=False):
            pass
        events.close()
        plan, *_ = train_dpo(base, given, config, **place, resume=True)  # type: ignore[arg-type]
        base.unload_adapter("a1")
        assert isinstance(plan, RunPlanned)
        assert set(plan.left_out) == ({"pair 1"} if name == "with" else set())
        assert (tmp_path / name / "adapter_model.safetensors").read_bytes() == expected


def test_a_run_on_a_share_of_its_pairs_is_resumed_with_or_without_the_others(base: BaseModel, tmp_path: Path) -> None:
    config = dataclasses.replace(CONFIG, train_share=0.5)
    events, expected = _whole(base, tmp_path / "whole", config)
    (plan,) = of_kind(events, RunPlanned)
    used = [pair for pair in pairs(8) if pair.key in plan.train_keys + plan.eval_keys]
    assert (len(plan.train_keys), len(used)) == (3, 5)
    for name, given in (("with", pairs(8)), ("without", used)):
        folder = tmp_path / name
        _killed_at(base, folder, 20, config)
        place = {"adapter": "a1", "folder": folder, "checkpoint_folder": folder / "c", "resume": True}
        for others in (used[1:], [dataclasses.replace(used[0], chosen="another"), *used[1:]]):
            with pytest.raises(CheckpointError, match="another run: pairs differ"):
                list(train_dpo(base, others, config, **place))  # type: ignore[arg-type]
        list(train_dpo(base, given, config, **place))  # type: ignore[arg-type]
        base.unload_adapter("a1")
        assert (folder / "adapter_model.safetensors").read_bytes() == expected


def test_a_run_on_all_of_its_pairs_is_not_resumed_with_more(base: BaseModel, tmp_path: Path) -> None:
    _killed_at(base, tmp_path, 20)
    place = {"adapter": "a1", "folder": tmp_path, "checkpoint_folder": tmp_path / "c", "resume": True}
    with pytest.raises(CheckpointError, match="another run: pairs differ"):
        list(train_dpo(base, pairs(9), CONFIG, **place))  # type: ignore[arg-type]


def test_a_checkpoint_is_for_the_owner_alone(base: BaseModel, tmp_path: Path) -> None:
    _whole(base, tmp_path)
    assert (tmp_path / "c" / FILE).stat().st_mode & 0o777 == 0o600
    assert [file.name for file in (tmp_path / "c").iterdir()] == [FILE]


def test_reference_logps_scored_ahead_spare_the_pass_and_change_nothing(base: BaseModel, tmp_path: Path) -> None:
    known: dict[str, tuple[float, float]] = {}
    for event in score_references(base, pairs(8), CONFIG, known):
        known |= {event.cache_keys[key]: logps for key, logps in event.logps.items()}
    assert len(known) == 8
    assert list(score_references(base, pairs(8), CONFIG, known)) == []
    assert list(score_references(base, [], CONFIG, known)) == []
    events = list(train_dpo(base, pairs(8), CONFIG, adapter="a1", folder=tmp_path / "ahead", known_reference=known))
    base.unload_adapter("a1")
    assert not of_kind(events, ReferenceScored)
    _, expected = _whole(base, tmp_path / "plain")
    assert (tmp_path / "ahead" / "adapter_model.safetensors").read_bytes() == expected


def test_reference_logps_of_an_earlier_run_spare_the_pass(base: BaseModel, tmp_path: Path) -> None:
    events, expected = _whole(base, tmp_path / "first")
    known = {
        event.cache_keys[key]: logps for event in of_kind(events, ReferenceScored) for key, logps in event.logps.items()
    }
    assert len(known) == 8
    again = list(train_dpo(base, pairs(8), CONFIG, adapter="a1", folder=tmp_path / "second", known_reference=known))
    base.unload_adapter("a1")
    assert not of_kind(again, ReferenceScored)
    assert (tmp_path / "second" / "adapter_model.safetensors").read_bytes() == expected
    # held to another reference, none of them is taken
    with torch.no_grad():
        for value in adapter_parameters(base.model, "a0").values():
            value.normal_(std=0.1)
    place = {"adapter": "a2", "folder": tmp_path / "third", "start": "a0", "known_reference": known}
    other = list(train_dpo(base, pairs(8), CONFIG, **place))  # type: ignore[arg-type]
    base.unload_adapter("a2")
    assert len(of_kind(other, ReferenceScored)) == 8
    assert of_kind(other, AdapterSaved)


def test_a_checkpoint_keeps_the_names_that_earlier_versions_wrote(base: BaseModel, tmp_path: Path) -> None:
    """Whoever renames a field of the state or a label of the environment must map it: old checkpoints must resume."""
    _whole(base, tmp_path)
    content = torch.load(tmp_path / "c" / FILE, weights_only=True)
    stored = {"total_steps", "step", "window", "window_s", "learning_s", "work", "num_tokens", "ledger", "eval_margins"}
    stored |= {"evaluated_step", "best_step", "best_loss", "best_weights", "worse_evaluations", "told", "stopped"}
    stored |= {"best_losses", "eval_losses", "kept_by", "general_text", "chosen_lost"}
    assert set(content["state"]) == stored
    parts = {"format", "run", "environment", "pairs", "dropout", "state", "weights", "gradients", "optimizer"}
    assert set(content) == parts | {"reference", "busy_s", "lora_dropout"}
    assert (content["format"], content["dropout"]) == (2, "by pair")
    assert set(content["run"]) == {"settings", "base model", "dtype", "starting weights", "pairs"}
    assert set(content["run"]["settings"]) == {each.name for each in dataclasses.fields(TrainConfig)}
    facts = {"number of threads", "way of scoring", "attention kernel", "device", "machine", "version of torch"}
    facts |= {"version of transformers", "version of peft", "number of tokens in a pass"}
    assert set(content["environment"]) == facts
    assert content["environment"]["way of scoring"] == "fast eager"
    assert type(content["environment"]["way of scoring"]) is str  # torch reads no class of ours back
