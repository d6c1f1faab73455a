"""Adapters exported and merged with a card, renamed and removed, through the coordinator, on a tiny model."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub import ModelCard
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

import engine.export.merge
from adapters.errors import AdapterDamaged, AdapterNameError, AdapterNotFound
from adapters.peft_format import read_peft_folder
from engine.config import SamplingConfig
from engine.errors import AdapterLoadError, MergeError
from tests.engine.export.test_merge import peft_logits, plain_logits
from tests.tiny import save_tiny
from tests.tui.test_workbench import QUICK, judge_all, train
from tui.compute.loaded_model import ModelChoice
from tui.compute.scheduler import Job
from tui.errors import InputError, WorkbenchError
from tui.events import AdapterMerged, WorkbenchEvent, WorkbenchFailed
from tui.export.adapter_service import export_adapter
from tui.export.model_card import NO_TRIAL
from tui.export.output_path import placed
from tui.workbench import Workbench


def opened(space: Path, model: Path) -> Workbench:
    workbench = Workbench(space, ModelChoice(str(model), dtype="float32"), seed=7)
    workbench.answers.sampling = SamplingConfig(max_new_tokens=12)
    workbench.start(fill_queue=False)
    assert workbench.loading is not None
    workbench.loading.done.result(timeout=60)
    return workbench


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Path:
    """A workspace with eight verdicts and two adapters: taste-1, and taste-2 that went on from it and is in use."""
    space = tmp_path_factory.mktemp("trained") / "space"
    workbench = opened(space, model)
    try:
        workbench.answers.write_pairs(8).done.result(timeout=60)
        judge_all(workbench)
        train(workbench)
        train(workbench, from_adapter="taste-1")
    finally:
        workbench.close()
    return space


@pytest.fixture
def workbench(tmp_path: Path, trained: Path, model: Path) -> Iterator[Workbench]:
    shutil.copytree(trained, tmp_path / "space")
    workbench = opened(tmp_path / "space", model)
    yield workbench
    workbench.close()


def use(workbench: Workbench, name: str | None) -> None:
    workbench.use_adapter(name).done.result(timeout=60)


def test_an_adapter_is_checked_in_full_before_it_is_added(workbench: Workbench, tmp_path: Path) -> None:
    theirs, heard = tmp_path / "theirs", []
    export_adapter(workbench, "taste-1", theirs)
    workbench.subscribe(heard.append)
    before = workbench.workspace.registry.list()
    weights = load_file(theirs / "adapter_model.safetensors")
    broken = {key: torch.full_like(value, torch.nan) for key, value in weights.items()}
    save_file(broken, theirs / "adapter_model.safetensors")
    with pytest.raises(AdapterLoadError, match="NaN or infinite") as raised:
        workbench.adapter_service.add(theirs, name="broken")
    assert str(theirs) in str(raised.value)  # the person's folder, not the copy
    assert workbench.workspace.registry.list() == before
    assert not [each for each in heard if isinstance(each, WorkbenchFailed)]  # the caller tells it
    assert workbench.loaded_model.required().loaded_adapters() == (before[-1].manifest.id,)

    save_file(weights, theirs / "adapter_model.safetensors")
    config = json.loads((theirs / "adapter_config.json").read_text())
    (theirs / "adapter_config.json").write_text(json.dumps({**config, "new_thing": {"x": 1}}))
    added = workbench.adapter_service.add(theirs, name="theirs")
    assert "does not know and passes over: new_thing." in added.manifest.note
    use(workbench, "theirs")


def test_an_adapter_that_was_added_before_there_was_a_check_ends_no_run(workbench: Workbench) -> None:
    adapter = workbench.workspace.registry.get("taste-1")
    file = adapter.folder / "adapter_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "modules_to_save": ["lm_head"]}))
    with pytest.raises(AdapterLoadError, match="modules_to_save"):
        use(workbench, "taste-1")
    train(workbench)
    assert workbench.runs()[0].status == "finished"


def merge(workbench: Workbench, name: str, target: Path, **options: Any) -> AdapterMerged:
    heard: list[WorkbenchEvent] = []
    unsubscribe = workbench.subscribe(heard.append)
    workbench.adapter_service.merge(name, target, **options).done.result(timeout=120)
    unsubscribe()
    (told,) = [each for each in heard if isinstance(each, AdapterMerged)]
    return told


def sections(card: Path) -> dict[str, str]:
    """A card's sections by their titles."""
    return {part.split("\n", 1)[0]: part.split("\n", 1)[1].strip() for part in card.read_text().split("\n## ")[1:]}


def left_behind(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir() if ".palate-part-" in each.name]


# -- exporting -------------------------------------------------------------------------------------------------


def test_an_exported_adapter_is_a_peft_folder_with_a_card(workbench: Workbench, tmp_path: Path, model: Path) -> None:
    adapter = export_adapter(workbench, "taste-1", tmp_path / "out")
    read_peft_folder(tmp_path / "out")
    inside = sorted(each.name for each in (tmp_path / "out").iterdir())
    assert inside == ["README.md", "adapter_config.json", "adapter_model.safetensors", "palate.json"]
    ours = peft_logits(model, tmp_path / "out")
    torch.testing.assert_close(ours, peft_logits(model, adapter.folder), atol=0, rtol=0)
    assert (ours - plain_logits(model)).abs().max() > 1e-4
    assert left_behind(tmp_path) == []


def test_the_card_tells_where_it_comes_from_and_what_is_known(workbench: Workbench, tmp_path: Path) -> None:
    adapter = export_adapter(workbench, "taste-2", tmp_path / "out").manifest
    card = ModelCard.load(tmp_path / "out" / "README.md")
    assert card.data.to_dict() == {
        "library_name": "peft",
        "pipeline_tag": "text-generation",
        "tags": ["lora", "dpo"],
    }  # a folder of one's own has no name on the Hub, and its licence is not known
    found = sections(tmp_path / "out" / "README.md")
    first = workbench.workspace.registry.get("taste-1").manifest
    assert f"fingerprint of its weights `{adapter.base_fingerprint}`" in found["What it was made of"]
    assert "lineage: base → `taste-1` → `taste-2`" in found["What it was made of"]
    assert "run: 2, begun 20" in found["What it was made of"]
    assert f"reference: the adapter that it started from, `{first.id}`" in found["What it was made of"]
    assert f"SHA-256 `{adapter.checksum}`" in found["What it was made of"]
    assert found["Blind trials"] == NO_TRIAL
    rows = {line.split("|")[1].strip(): line for line in found["Settings"].splitlines() if line.startswith("| `")}
    assert set(rows) == {"`epochs`", "`batch_size`", "`lora_r`", "`lora_alpha`", "`lora_dropout`", "`eval_share`"}
    assert rows["`lora_r`"] == "| `lora_r` | `4` | `16` |"


def test_the_card_s_figures_are_those_of_the_kept_step_by_hand(workbench: Workbench, tmp_path: Path) -> None:
    export_adapter(workbench, "taste-1", tmp_path / "out")
    rows = workbench.run_metrics(1)
    (step,) = [each.step for each in rows if each.name == "kept"]
    value = {each.name: each.value for each in rows if each.step == step}
    loss = value["eval_loss"]
    run = workbench.run(1)
    pairs = f"{run.eval_pairs} pair" + ("s" if run.eval_pairs > 1 else "")
    found = sections(tmp_path / "out" / "README.md")["Figures"]
    assert found.startswith(f"Of the step that was kept, {step} of {run.step}, on {pairs} not trained on:")
    assert f"| loss | {loss:.3f} |" in found
    low, high = value["eval_rewards/accuracies_low"], value["eval_rewards/accuracies_high"]
    assert f"| accuracy | {value['eval_rewards/accuracies']:.3f} | {low:.3f} to {high:.3f} |" in found


@pytest.mark.parametrize("kind", ["adapter", "merged"])
def test_the_card_s_snippet_runs(workbench: Workbench, tmp_path: Path, kind: str) -> None:
    if kind == "adapter":
        export_adapter(workbench, "taste-1", tmp_path / "out")
    else:
        merge(workbench, "taste-1", tmp_path / "out")
    snippet = re.search(r"```python\n(.*?)```", (tmp_path / "out" / "README.md").read_text(), re.DOTALL)
    assert snippet is not None
    done = subprocess.run([sys.executable, "-c", snippet[1]], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_nothing_stands_where_something_else_stood_unasked(workbench: Workbench, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="exists already"):
        export_adapter(workbench, "taste-1", tmp_path / "mine")
    with pytest.raises(InputError, match="more than a model or an adapter, so it is not overwritten"):
        export_adapter(workbench, "taste-1", tmp_path / "mine", overwrite=True)
    (tmp_path / "mine" / "config.json").write_text('{"port": 80}')  # of any program
    (tmp_path / "mine" / "model.safetensors").write_text("weights")
    with pytest.raises(InputError, match="so it is not overwritten"):
        export_adapter(workbench, "taste-1", tmp_path / "mine", overwrite=True)
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"
    with pytest.raises(InputError, match="There is no folder"):
        export_adapter(workbench, "taste-1", tmp_path / "nowhere" / "out")
    export_adapter(workbench, "taste-1", tmp_path / "out")
    with pytest.raises(InputError, match="exists already"):
        export_adapter(workbench, "taste-2", tmp_path / "out")
    export_adapter(workbench, "taste-2", tmp_path / "out", overwrite=True)
    assert json.loads((tmp_path / "out" / "palate.json").read_text())["name"] == "taste-2"
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize(("content", "replaced"), [(b"GGUF\x03\x00", True), (b"years of work", False), (b"", False)])
def test_a_file_is_replaced_only_where_it_is_a_gguf_file(content: bytes, replaced: bool, tmp_path: Path) -> None:
    target = tmp_path / "model.gguf"
    target.write_bytes(content)
    refused = pytest.raises(InputError, match="more than a model or an adapter")
    with nullcontext() if replaced else refused, placed(target, overwrite=True) as part:
        part.write_bytes(b"GGUF, the new one")
    assert target.read_bytes() == (b"GGUF, the new one" if replaced else content)


def test_damaged_weights_are_not_exported(workbench: Workbench, tmp_path: Path) -> None:
    weights = workbench.workspace.registry.get("taste-1").folder / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(AdapterDamaged, match="checksum"):
        export_adapter(workbench, "taste-1", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_full_disk_leaves_nothing_and_says_so(
    workbench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tui.export.adapter_service.copy_private", full)
    with pytest.raises(InputError, match="No space left on device"):
        export_adapter(workbench, "taste-1", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert left_behind(tmp_path) == []


# -- merging ---------------------------------------------------------------------------------------------------


def test_a_merged_folder_answers_alone_as_base_and_adapter(workbench: Workbench, tmp_path: Path, model: Path) -> None:
    told = merge(workbench, "taste-2", tmp_path / "out")
    folder = workbench.workspace.registry.get("taste-2").folder
    torch.testing.assert_close(plain_logits(tmp_path / "out"), peft_logits(model, folder), atol=1e-4, rtol=0)
    assert (told.title, told.path) == ("taste-2 is merged", str(tmp_path / "out"))
    assert told.merged.merged_by < 1e-4
    assert workbench.adapter_service.doing is None
    card = ModelCard.load(tmp_path / "out" / "README.md")
    assert card.data.library_name == "transformers"
    assert "logits differ from the unmerged model's by at most" in card.text
    assert workbench.run_log(2)[-1].text == f"Its adapter was merged into {tmp_path / 'out'} (float32)."


def test_a_merge_needs_no_prompt_that_the_template_refuses(workbench: Workbench, tmp_path: Path) -> None:
    strict = "{% if 'sky' not in messages[0]['content'] %}{{ raise_exception('only the sky') }}{% endif %}"
    tokenizer = workbench.loaded_model.required().tokenizer
    tokenizer.chat_template = strict + tokenizer.chat_template
    assert merge(workbench, "taste-2", tmp_path / "merged").merged.dtype == "float32"


def test_a_merged_folder_opens_as_a_model(workbench: Workbench, tmp_path: Path) -> None:
    merge(workbench, "taste-1", tmp_path / "out")
    again = opened(tmp_path / "other", tmp_path / "out")
    try:
        again.answers.write_pairs(1).done.result(timeout=60)
        assert again.ready_count() == 1
    finally:
        again.close()


def test_progress_stands_on_the_status_line(workbench: Workbench, tmp_path: Path) -> None:
    said: list[str | None] = []
    unsubscribe = workbench.subscribe(lambda _: said.append(workbench.status().merging))
    workbench.adapter_service.merge("taste-1", tmp_path / "out").done.result(timeout=120)
    unsubscribe()
    assert "merging taste-1: merging" not in said
    assert "merging taste-1: copying the model" in said
    assert "merging taste-1: writing" in said
    assert said[-1] is None


def test_what_cannot_be_merged_is_said_at_once(workbench: Workbench, tmp_path: Path) -> None:
    with pytest.raises(AdapterNotFound):
        workbench.adapter_service.merge("nobody", tmp_path / "out")
    with pytest.raises(InputError, match="for out it can be auto, float32, bfloat16, float16"):
        workbench.adapter_service.merge("taste-1", tmp_path / "out", dtype="q8_0")
    (tmp_path / "there.gguf").write_text("x")
    with pytest.raises(InputError, match="exists already"):
        workbench.adapter_service.merge("taste-1", tmp_path / "there.gguf")


def test_a_merge_that_fails_leaves_nothing(
    workbench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine.export.merge, "TOLERANCE", 0.0)
    monkeypatch.setattr(engine.export.merge, "largest_difference", lambda *_: 1.0)
    with pytest.raises(MergeError, match="does not answer as the unmerged one"):
        workbench.adapter_service.merge("taste-1", tmp_path / "out").done.result(timeout=60)
    assert not (tmp_path / "out").exists()
    assert left_behind(tmp_path) == []
    assert workbench.adapter_service.doing is None


def test_leaving_in_the_middle_leaves_nothing(trained: Path, model: Path, tmp_path: Path) -> None:
    shutil.copytree(trained, tmp_path / "space")
    workbench = opened(tmp_path / "space", model)
    job = workbench.adapter_service.merge("taste-1", tmp_path / "out")
    workbench.close()
    assert job.done.done()
    assert not (tmp_path / "out").exists() or (tmp_path / "out" / "config.json").is_file()
    assert left_behind(tmp_path) == []


def test_what_a_killed_process_left_is_taken_away_the_next_time(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    for pid in (dead.pid, os.getppid()):
        (tmp_path / f".out.palate-part-{pid}").mkdir()
    with placed(tmp_path / "out") as part:
        part.write_text("whole")
    assert (tmp_path / "out").read_text() == "whole"
    assert left_behind(tmp_path) == [f".out.palate-part-{os.getppid()}"]  # its process is alive


def test_a_run_that_trains_meanwhile_is_not_changed(trained: Path, model: Path, tmp_path: Path) -> None:
    """The same run twice, once with a merge in the middle: its adapter's bytes are equal."""
    found = []
    for number in range(2):
        shutil.copytree(trained, tmp_path / f"space-{number}")
        workbench = opened(tmp_path / f"space-{number}", model)
        try:
            run = workbench.trainer.start(QUICK)
            if number:
                workbench.adapter_service.merge("taste-1", tmp_path / "out").done.result(timeout=120)
                assert workbench.run(run).status in ("running", "finished")
            assert workbench.trainer.job is not None
            workbench.trainer.job.done.result(timeout=120)
            adapter = workbench.run(run).adapter
            assert adapter is not None
            folder = workbench.workspace.registry.get(adapter).folder
            found.append((folder / "adapter_model.safetensors").read_bytes())
        finally:
            workbench.close()
    assert found[0] == found[1]
    assert AutoModelForCausalLM.from_pretrained(tmp_path / "out") is not None


# -- renaming and removing -------------------------------------------------------------------------------------


def test_an_adapter_in_use_or_with_descendants_is_not_removed(workbench: Workbench) -> None:
    with pytest.raises(WorkbenchError, match="taste-2 cannot be removed: it is in use"):
        workbench.adapter_service.remove("taste-2")
    with pytest.raises(WorkbenchError, match="taste-1 cannot be removed: taste-2 came from it"):
        workbench.adapter_service.remove("taste-1")
    use(workbench, None)
    assert workbench.adapter_service.remove("taste-2").manifest.name == "taste-2"
    assert workbench.adapter_service.remove("taste-1").manifest.name == "taste-1"
    assert workbench.adapters() == []


def test_the_record_of_a_removed_adapter_stays(workbench: Workbench) -> None:
    use(workbench, None)
    figures, pairs = workbench.run_metrics(2), workbench.run(2).pairs
    removed = workbench.adapter_service.remove("taste-2")
    assert not removed.folder.exists()
    run = workbench.run(2)
    assert (run.status, run.adapter, run.pairs) == ("finished", removed.manifest.id, pairs)
    assert workbench.run_metrics(2) == figures
    assert workbench.run_log(2)[-1].text == f"Its adapter taste-2 ({removed.manifest.id}) was removed."


def test_a_run_that_starts_from_it_holds_an_adapter(workbench: Workbench) -> None:
    use(workbench, None)
    workbench.adapter_service.remove("taste-2")
    workbench.trainer.start(QUICK, from_adapter="taste-1")
    with pytest.raises(WorkbenchError, match=r"run 3 \(running\) started from it"):
        workbench.adapter_service.remove("taste-1")
    assert workbench.trainer.job is not None
    workbench.trainer.job.done.result(timeout=120)


def test_a_setting_or_a_trial_that_needs_it_holds_an_adapter(workbench: Workbench) -> None:
    use(workbench, None)
    workbench.change_setting("policy", "taste-2")
    with pytest.raises(WorkbenchError, match="the queue's setting policy names it"):
        workbench.adapter_service.remove("taste-2")
    workbench.adapter_service.rename("taste-2", "blunt")
    assert {each.name: value for each, value in workbench.settings()}["policy"] == "blunt"
    workbench.change_setting("policy", "default")
    workbench.adapter_service.remove("blunt")


def test_a_new_name_is_known_everywhere(workbench: Workbench) -> None:
    trial = workbench.start_side_by_side(num_questions=1)
    assert workbench.side_by_side.job is not None
    workbench.side_by_side.job.done.result(timeout=60)
    workbench.adapter_service.rename("taste-2", "blunt")
    in_use = workbench.loaded_model.in_use
    assert in_use is not None
    assert (in_use.manifest.name, workbench.status().adapter_name) == ("blunt", "blunt")
    assert workbench.trial(trial).model_b_name == "blunt"
    with pytest.raises(AdapterNameError, match="called 'blunt' already"):
        workbench.adapter_service.rename("taste-1", "Blunt")


def test_a_merge_that_is_ended_leaves_nothing_and_another_may_begin(workbench: Workbench, tmp_path: Path) -> None:
    jobs: list[Job] = []
    known = threading.Event()

    def end_it(_: WorkbenchEvent) -> None:
        """On the lane's thread, at the first sign of life: the job cannot have come to its end."""
        if known.wait(60):
            workbench.scheduler.end(jobs[0])

    unsubscribe = workbench.subscribe(end_it)
    jobs.append(workbench.adapter_service.merge("taste-1", tmp_path / "out"))
    known.set()
    jobs[0].done.result(timeout=60)
    unsubscribe()
    assert not (tmp_path / "out").exists()
    assert left_behind(tmp_path) == []
    assert merge(workbench, "taste-1", tmp_path / "out").path == str(tmp_path / "out")
