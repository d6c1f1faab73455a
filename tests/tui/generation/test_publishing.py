"""An adapter on a server: published under a new name, probed, and not used where the server answers otherwise."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from adapters.manifest import Adapter
from adapters.servable import served_name
from db.margin_scores import open_margins
from engine.chat_servers.adapters import AdapterNotServed
from engine.config import SamplingConfig, TrainConfig
from engine.errors import ServerError
from engine.model import load_base
from tests.adapter_server import AdapterServer, adapter_server
from tests.tiny import save_tiny
from tests.waiting import wait_until
from tui.compute.loaded_model import ModelChoice
from tui.errors import WorkbenchError
from tui.events import WorkbenchEvent, WorkbenchFailed, WorkbenchNotice
from tui.generation.policies import ServedPolicy, policy_by_name
from tui.generation.publishing import (
    KEPT_PROBES,
    MOST_HELD,
    MOST_WRITTEN,
    publish_on_server,
    served_margins,
    target_of,
)
from tui.workbench import Workbench
from tui.workspace.consent import Destination, TextsStay

QUICK = TrainConfig(epochs=4, batch_size=2, lora_r=4, lora_alpha=8, eval_share=0.0, learning_rate=3e-3)


class RealScores:
    """Scores as a server computes them that really has the model and its adapters."""

    def __init__(self, model: Path) -> None:
        self._base = load_base(str(model), source=str(model), dtype="float32", device="cpu")
        self._names: dict[str, str] = {}

    def __call__(self, path: str | None, ids: list[int]) -> list[float]:
        if path is not None and path not in self._names:
            self._names[path] = f"a{len(self._names):08x}"
            self._base.load_adapter(self._names[path], Path(path))
        row = torch.tensor([ids])
        with self._base.policy(None if path is None else self._names[path]) as model, torch.no_grad():
            scores = model(input_ids=row, use_cache=False).logits[0, :-1].float().log_softmax(-1)
        return scores.gather(-1, row[0, 1:, None])[:, 0].tolist()


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Path:
    """A workspace with two adapters, of runs on opposite verdicts."""
    folder = tmp_path_factory.mktemp("trained") / "space"
    workbench = Workbench(folder, ModelChoice(str(model_folder), dtype="float32"), seed=3)
    workbench.start(fill_queue=False)
    assert workbench.loading is not None
    workbench.loading.done.result(timeout=120)
    workbench.answers.sampling = SamplingConfig(max_new_tokens=12, temperature=1.2)
    workbench.answers.write_pairs(6).done.result(timeout=120)
    for name, verdict in (("likes-a", "a"), ("likes-b", "b")):
        for number in range(1, 7):
            workbench.labelling.judge(number, verdict).result(timeout=60)
        workbench.trainer.start(QUICK, name=name)
        assert workbench.trainer.job is not None
        workbench.trainer.job.done.result(timeout=120)
    workbench.close()
    return folder


@pytest.fixture
def served(model_folder: Path) -> Iterator[AdapterServer]:
    with adapter_server(AdapterServer(scores=RealScores(model_folder))) as server:
        yield server


@pytest.fixture
def workbench(tmp_path: Path, trained: Path, model_folder: Path, served: AdapterServer) -> Iterator[Workbench]:
    """The model loaded, and a server called box."""
    shutil.copytree(trained, tmp_path / "space")
    workbench = Workbench(tmp_path / "space", ModelChoice(str(model_folder), dtype="float32"), seed=3)
    workbench.servers.add("box", served.url, model="base")
    workbench.start(fill_queue=False)
    assert workbench.loading is not None
    workbench.loading.done.result(timeout=120)
    yield workbench
    workbench.close()


def policy(workbench: Workbench, name: str = "likes-a") -> ServedPolicy:
    found = policy_by_name(f"{name}@box", workbench.services)
    assert isinstance(found, ServedPolicy)
    return found


def adapter(workbench: Workbench, name: str) -> Adapter:
    return workbench.workspace.registry.get(name)


def test_an_adapter_is_published_under_a_name_of_its_weights_and_probed(
    workbench: Workbench, served: AdapterServer
) -> None:
    probe = publish_on_server(policy(workbench), workbench.services)
    made = adapter(workbench, "likes-a").manifest
    assert probe.name == f"palate-{made.run}-{made.checksum[:8]}"
    assert list(served.loaded) == [probe.name]
    assert probe.share == pytest.approx(1.0, abs=1e-3)
    assert probe.served == pytest.approx(probe.here, abs=1e-3)
    assert target_of(policy(workbench), workbench.services).model == probe.name
    assert len(served.paths("/v1/load_lora_adapter")) == 1


@pytest.mark.parametrize("fault", ["as_base", "wrong"])
def test_a_server_that_answers_otherwise_is_reported_and_not_used(
    workbench: Workbench, served: AdapterServer, fault: str
) -> None:
    if fault == "as_base":
        served.as_base = True
    else:
        served.wrong = adapter(workbench, "likes-b").folder
    told: list[WorkbenchEvent] = []
    workbench.subscribe(told.append)
    words = "answers as the base" if fault == "as_base" else "answers otherwise than the adapter"
    with pytest.raises(AdapterNotServed, match=words):
        publish_on_server(policy(workbench), workbench.services)
    assert served.loaded == {}
    workbench.change_setting("policy", "likes-a@box")
    workbench.answers.wake()
    wait_until(lambda: [each for each in told if isinstance(each, WorkbenchFailed) and words in each.text])
    assert served.paths("/v1/chat/completions") == []


def test_a_figure_that_was_kept_finds_a_wrong_adapter_without_the_model(
    workbench: Workbench, served: AdapterServer
) -> None:
    publish_on_server(policy(workbench), workbench.services)
    folder, wrong = workbench.folder, adapter(workbench, "likes-b").folder
    workbench.close()
    later = Workbench(folder, ModelChoice(), seed=3)
    try:
        assert publish_on_server(policy(later), later.services).share == pytest.approx(1.0, abs=1e-3)
        served.wrong = wrong
        with pytest.raises(AdapterNotServed, match="answers otherwise"):
            publish_on_server(policy(later), later.services)
        assert later.loaded_model.base is None
    finally:
        later.close()


def test_without_any_figure_of_here_only_the_base_is_told_apart(workbench: Workbench, served: AdapterServer) -> None:
    folder = workbench.folder
    workbench.close()
    later = Workbench(folder, ModelChoice(), seed=3)
    try:
        probe = publish_on_server(policy(later), later.services)
        assert (probe.here, probe.share) == (None, None)
        assert "not compared with the model here" in probe.words
        served.as_base = True
        with pytest.raises(AdapterNotServed, match="answers as the base"):
            publish_on_server(policy(later), later.services)
    finally:
        later.close()


def test_a_tuned_queue_and_its_records(workbench: Workbench, served: AdapterServer) -> None:
    workbench.change_setting("policy", "likes-a@box")
    workbench.answers.write_pairs(2).done.result(timeout=60)
    pair = workbench.comparison(workbench.answers.written[-1])
    made = adapter(workbench, "likes-a").manifest
    assert (pair.a.source, pair.a.server, pair.a.model_kind, pair.a.model_name) == (
        "server",
        workbench.servers.get("box").id,
        "adapter",
        "likes-a",
    )
    assert {each["model"] for each in served.paths("/v1/chat/completions")} == {
        f"palate-{made.run}-{made.checksum[:8]}"
    }
    assert pair.a.model_id == workbench.loaded_model.model_row(adapter(workbench, "likes-a"))


def test_an_evicted_adapter_is_loaded_and_probed_again(workbench: Workbench, served: AdapterServer) -> None:
    name = target_of(policy(workbench), workbench.services).model
    served.loaded.clear()
    assert target_of(policy(workbench), workbench.services).model == name
    assert list(served.loaded) == [name]
    assert len(served.paths("/v1/load_lora_adapter")) == 2


def test_the_oldest_of_ours_is_unloaded_and_nothing_else(workbench: Workbench, served: AdapterServer) -> None:
    path = str(adapter(workbench, "likes-b").folder)
    served.loaded |= {"theirs": path} | {f"palate-{number}-0000000{number}": path for number in range(MOST_HELD)}
    publish_on_server(policy(workbench), workbench.services)
    assert [each["lora_name"] for each in served.paths("/v1/unload_lora_adapter")] == ["palate-0-00000000"]
    assert "theirs" in served.loaded


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        ({"loads": False}, "VLLM_ALLOW_RUNTIME_LORA_UPDATING=1"),
        ({"refuses": {"/v1/load_lora_adapter": (404, {"error": {"message": "No adapter found for /x"}})}}, "own disk"),
        (
            {
                "refuses": {
                    "/v1/load_lora_adapter": (400, {"error": {"message": "LoRA rank 4 is greater than max_lora_rank"}})
                }
            },
            "--max-lora-rank",
        ),
        ({"refuses": {"/v1/load_lora_adapter": (500, {"error": {"message": "bad"}})}}, "refuses the adapter: bad"),
        ({"gives_logps": False}, "no log-probabilities of a prompt"),
        ({"replicas": 2}, r"no longer knows palate-\S+: The model .* give the address of one"),
    ],
    ids=["variable", "path", "rank", "server", "logps", "replicas"],
)
def test_what_goes_wrong_is_told_in_words(
    workbench: Workbench, served: AdapterServer, faults: dict[str, object], words: str
) -> None:
    for name, value in faults.items():
        setattr(served, name, value)
    with pytest.raises(ServerError, match=words):
        publish_on_server(policy(workbench), workbench.services)


def test_sglang_names_base_and_adapter_and_says_failures_with_success(
    workbench: Workbench, served: AdapterServer
) -> None:
    served.protocol = "sglang"
    workbench.servers.keep_protocol("box", "sglang")
    target = target_of(policy(workbench), workbench.services)
    assert target.model.startswith("base:palate-")
    assert len(served.paths("/load_lora_adapter")) == 1
    served.loaded.clear()
    served.refuses["/load_lora_adapter"] = (200, {"success": False, "error_message": "LoRA is not enabled."})
    with pytest.raises(AdapterNotServed, match="LoRA is not enabled"):
        publish_on_server(policy(workbench), workbench.services)
    served.refuses["/load_lora_adapter"] = (400, {"success": False, "error_message": "LoRA rank 4 is too large"})
    with pytest.raises(AdapterNotServed, match=r"of this rank: LoRA rank 4 is too large\. Start"):
        publish_on_server(policy(workbench), workbench.services)


def as_llama_cpp(workbench: Workbench, served: AdapterServer, *started: str) -> None:
    """Make it a llama.cpp that was started with the adapter's file, which holds the weights of `started`, in order."""
    served.protocol = "llamacpp"
    workbench.servers.keep_protocol("box", "llamacpp")
    for name, weights in zip(("other", served_name(adapter(workbench, "likes-a"))), started, strict=False):
        served.loaded[name] = str(adapter(workbench, weights).folder / f"{name}.gguf")


def test_llama_cpp_is_made_to_write_a_pair_and_a_wrong_file_is_found(
    workbench: Workbench, served: AdapterServer
) -> None:
    as_llama_cpp(workbench, served, "likes-b", "likes-a")
    probe = publish_on_server(policy(workbench), workbench.services)
    assert probe.share == pytest.approx(1.0, abs=1e-3)
    assert probe.served == pytest.approx(probe.here, abs=1e-3)
    asked = served.paths("/completion")
    assert 4 <= len(asked) <= 4 * MOST_WRITTEN
    assert {tuple(each["scale"] for each in body["lora"]) for body in asked} == {(0.0, 0.0), (0.0, 1.0)}
    served.loaded.clear()
    as_llama_cpp(workbench, served, "likes-b", "likes-b")
    folder = workbench.folder
    workbench.close()
    later = Workbench(folder, ModelChoice(), seed=3)
    try:
        with pytest.raises(AdapterNotServed, match="answers otherwise than the adapter"):
            publish_on_server(policy(later), later.services)
    finally:
        later.close()


def test_llama_cpp_that_answers_as_the_base_or_scores_nothing_is_not_used(
    workbench: Workbench, served: AdapterServer
) -> None:
    as_llama_cpp(workbench, served, "likes-b", "likes-a")
    folder = workbench.folder
    workbench.close()
    later = Workbench(folder, ModelChoice(), seed=3)
    try:
        assert publish_on_server(policy(later), later.services).share is None  # it was never scored here
        served.as_base = True
        with pytest.raises(AdapterNotServed, match="answers as the base"):
            publish_on_server(policy(later), later.services)
        served.gives_logps = False
        with pytest.raises(ServerError, match=r"no log-probability of a token\. Update llama\.cpp"):
            publish_on_server(policy(later), later.services)
        served.refuses["/completion"] = (503, {"error": {"message": "Loading model"}})
        with pytest.raises(ServerError, match="no log-probabilities: Loading model"):
            publish_on_server(policy(later), later.services)
        served.refuses["/apply-template"] = (500, {"error": {"message": "no template"}})
        with pytest.raises(ServerError, match="does not tell the tokens of a text: no template"):
            publish_on_server(policy(later), later.services)
        with pytest.raises(ServerError, match="too slow for the order margin"):
            served_margins(policy(later), later.services, [])
    finally:
        later.close()


def test_llama_cpp_turns_the_adapter_on_and_off_by_its_scale(workbench: Workbench, served: AdapterServer) -> None:
    as_llama_cpp(workbench, served)
    with pytest.raises(AdapterNotServed, match=r"--lora palate-\S*\.gguf"):
        target_of(policy(workbench), workbench.services)
    as_llama_cpp(workbench, served, "likes-b", "likes-a")
    tuned = target_of(policy(workbench), workbench.services)
    assert dict(tuned.extra) == {"lora": [{"id": 0, "scale": 0.0}, {"id": 1, "scale": 1.0}]}
    base = policy_by_name("base@box", workbench.services)
    assert isinstance(base, ServedPolicy)
    assert [each["scale"] for each in target_of(base, workbench.services).extra["lora"]] == [0.0, 0.0]


def test_a_folder_that_both_see_gets_a_readable_copy(
    workbench: Workbench, served: AdapterServer, tmp_path: Path
) -> None:
    seen = tmp_path / "seen"
    seen.mkdir()
    workbench.servers.set_folder("box", seen, None)
    probe = publish_on_server(policy(workbench), workbench.services)
    assert served.loaded == {probe.name: str(seen / probe.name)}
    assert (seen / probe.name / "adapter_model.safetensors").stat().st_mode & 0o777 == 0o644
    assert [each.name for each in seen.iterdir()] == [probe.name]


def test_nothing_more_is_sent_to_a_server_that_was_forbidden_meanwhile(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Destination, "is_this_machine", False)
    workbench.servers.allow("box")
    begun = policy(workbench)
    target_of(begun, workbench.services)
    workbench.servers.forbid("box")
    with pytest.raises(TextsStay, match="palate servers allow box"):
        target_of(begun, workbench.services)
    with pytest.raises(TextsStay, match="palate servers allow box"):
        served_margins(begun, workbench.services, [])


def test_the_order_margin_is_scored_by_the_server_while_no_model_is_loaded(workbench: Workbench) -> None:
    folder = workbench.folder
    workbench.close()
    later = Workbench(folder, ModelChoice(), seed=4)
    try:
        for name, text in (("policy", "likes-a@box"), ("order", "margin"), ("depth", "6"), ("random_share", "0")):
            later.change_setting(name, text)
        later.start()
        wait_until(lambda: later.ready_count() == 6)
        model = later.loaded_model.base
        assert model is None
        row = later.margins.model
        assert row is not None
        margins = open_margins(later.workspace.connection, row)
        wait_until(lambda: None not in open_margins(later.workspace.connection, row).values())
        margins = open_margins(later.workspace.connection, row)
        following = later.next_comparison()
        assert following is not None
        assert following.id == min(margins, key=lambda each: abs(margins[each] or 0.0))
    finally:
        later.close()


def test_a_server_without_log_probabilities_says_what_the_order_margin_misses(
    workbench: Workbench, served: AdapterServer
) -> None:
    publish_on_server(policy(workbench), workbench.services)
    folder = workbench.folder
    workbench.close()
    later = Workbench(folder, ModelChoice(), seed=4)
    told: list[WorkbenchEvent] = []
    later.subscribe(told.append)
    try:
        served.refuses["/tokenize"] = (404, {"detail": "Not Found"})
        for name, text in (("policy", "likes-a@box"), ("order", "margin"), ("depth", "6")):
            later.change_setting(name, text)
        later.start()
        wait_until(lambda: [each for each in told if isinstance(each, WorkbenchNotice) and "(/tokenize)" in each.text])
        assert later.next_comparison() is not None
    finally:
        later.close()


def test_an_adapter_that_is_renamed_or_removed_is_known_on_its_server_too(workbench: Workbench) -> None:
    workbench.change_setting("policy", "likes-a@box")
    workbench.adapter_service.rename("likes-a", "mine")
    assert workbench.answers.settings.source.policy == "likes-a@box"
    workbench.answers.reload_settings()
    assert workbench.answers.settings.source.policy == "mine@box"
    with pytest.raises(WorkbenchError, match="queue"):
        workbench.adapter_service.remove("mine")


def test_the_adapter_alone_is_written_for_llama_cpp(workbench: Workbench, tmp_path: Path) -> None:
    target = workbench.adapter_service.write_gguf("likes-a", tmp_path)
    assert target.name == f"{served_name(adapter(workbench, 'likes-a'))}.gguf"
    assert target.read_bytes()[:4] == b"GGUF"


def test_a_forgotten_prompt_leaves_no_tokens_behind(workbench: Workbench) -> None:
    publish_on_server(policy(workbench), workbench.services)
    assert workbench.workspace.setting(KEPT_PROBES)
    prompt = workbench.comparison(1).prompt.id
    workbench.forgetting.forget(workbench.forgetting.plan(str(prompt)))
    assert not workbench.workspace.setting(KEPT_PROBES)
