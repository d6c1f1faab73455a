"""The adapters in memory: those that nobody uses leave."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.manifest import Adapter
from engine.config import TrainConfig
from tests.tiny import save_tiny
from tui.compute.loaded_model import LoadedModel, ModelChoice
from tui.workbench import Workbench


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[Workbench]:
    opened = Workbench(tmp_path / "space", ModelChoice(str(save_tiny(tmp_path / "model")), dtype="float32"), seed=5)
    opened.start(fill_queue=False)
    assert opened.loading is not None
    opened.loading.done.result(timeout=60)
    yield opened
    opened.close()


def publish(workbench: Workbench, name: str) -> Adapter:
    """Publish an adapter that nobody has loaded."""
    base, registry = workbench.loaded_model.required(), workbench.workspace.registry
    staging = registry.staging()
    base.create_adapter(staging.name, TrainConfig(lora_r=2))
    base.save_adapter(staging.name, staging)
    base.unload_adapter(staging.name)
    shape = {"parent": None, "run": None, "pairs": 4, "pairs_fingerprint": "x"}
    made = registry.publish(staging, name=name, base_source=base.source, base_fingerprint=base.fingerprint, **shape)
    shutil.rmtree(staging, ignore_errors=True)
    return made


def loaded(model: LoadedModel) -> set[str]:
    return set(model.required().loaded_adapters())


def test_adapters_that_nobody_uses_leave(workbench: Workbench) -> None:
    model = workbench.loaded_model
    one, two, three, four = (publish(workbench, name) for name in ("one", "two", "three", "four"))
    list(model.use_steps(one))
    for each in (two, three, four):
        model.attach(each)
    assert loaded(model) == {one.manifest.id, three.manifest.id, four.manifest.id}  # in use, and the last two
    model.attach(two)
    assert loaded(model) == {one.manifest.id, four.manifest.id, two.manifest.id}


def test_two_policies_that_answer_in_turn_stay(workbench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    model = workbench.loaded_model
    one, two = publish(workbench, "one"), publish(workbench, "two")
    loads: list[str] = []
    load = model.required().load_adapter
    monkeypatch.setattr(model.required(), "load_adapter", lambda name, folder: (loads.append(name), load(name, folder)))
    for each in (one, two) * 3:
        model.attach(each)
    assert loads == [one.manifest.id, two.manifest.id]


def test_an_adapter_that_a_job_holds_stays_until_the_job_ends(workbench: Workbench) -> None:
    model = workbench.loaded_model
    held, *others = (publish(workbench, name) for name in ("held", "two", "three", "four"))
    with model.using(held) as name:
        for each in others:
            model.attach(each)
        assert name in loaded(model)
    model.attach(others[0])
    model.attach(others[1])
    assert name not in loaded(model)
    assert workbench.loaded_model.required().loaded_adapters()
