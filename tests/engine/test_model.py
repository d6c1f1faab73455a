"""Loading base models; adapters attached, switched, saved and dropped."""

import json
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, GPT2Config

from engine.chat import EncodedPair, LeftOut, encode_pair
from engine.config import SamplingConfig, TrainConfig
from engine.errors import AdapterLoadError, MemoryRanOut, ModelError, SettingError, TokenUnknown
from engine.fingerprint import identity_of
from engine.generate import check_fits, generate
from engine.model import BaseModel, load_base
from engine.preference import PreferencePair
from engine.requests import GenerationRequest
from tests.engine.architecture_table import save_model
from tests.tiny import VOCABULARY, save_tiny, tiny_config, tiny_model, tiny_tokenizer

IDS = torch.tensor([[1, 40, 50, 60, 70, 2, 90]])
QUERY_A = "base_model.model.model.layers.0.self_attn.q_proj.lora_A"
DTYPES = ("float32", "float16", "bfloat16")
CONFIG = TrainConfig(lora_r=4, lora_alpha=8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def base(folder: Path) -> BaseModel:
    return load_base(str(folder), source="tiny", dtype="float32", device="cpu")


def logits(base: BaseModel, name: str | None = None) -> torch.Tensor:
    with base.policy(name) as model, torch.no_grad():
        return model(IDS).logits


def disturb(base: BaseModel, name: str, amount: float = 0.3) -> None:
    """Give the adapter weights other than its start, so that it changes the logits."""
    generator = torch.Generator().manual_seed(7)
    for key, weight in base.model.named_parameters():
        if f".{name}." in key:
            weight.data += amount * torch.randn(weight.shape, generator=generator)


def state(base: BaseModel) -> list[object]:
    """All that a turn could leave changed."""
    layers = [(m._active_adapter, m._disable_adapters) for m in base.model.modules() if hasattr(m, "_disable_adapters")]
    modes = [module.training for module in base.model.modules()]
    gradients = [weight.requires_grad for weight in base.model.parameters()]
    return [base.model.active_adapter, base.model.base_model.active_adapter, layers, modes, gradients]


def test_a_folder_is_loaded_with_its_facts(base: BaseModel) -> None:
    assert (base.source, base.dtype, base.device) == ("tiny", "float32", "cpu")
    assert base.has_chat_template
    assert base.parameters == sum(p.numel() for p in base.model.parameters())
    assert base.context_length == 512
    assert len(base.reasons) == 2
    assert not any(weight.requires_grad for weight in base.model.parameters())
    assert not base.model.training


@pytest.mark.parametrize("stored", [torch.float32, torch.bfloat16])
def test_the_fingerprint_does_not_depend_on_the_dtype_but_on_the_weights(tmp_path: Path, stored: torch.dtype) -> None:
    fingerprints = []
    for seed in (0, 1):
        folder = save_tiny(tmp_path / str(seed), seed=seed)
        weights = {name: value.to(stored) for name, value in load_file(folder / "model.safetensors").items()}
        weights["model.norm.weight"] *= 1e-6  # float16 has three digits there, bfloat16 as many as anywhere
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        bases = [load_base(str(folder), source="x", dtype=each, device="cpu") for each in DTYPES]
        assert len({base.parameters for base in bases}) == 1
        fingerprints.append({base.fingerprint for base in bases})
    first, second = fingerprints
    assert len(first) == len(second) == 1
    assert first != second


def test_an_adapter_leaves_the_fingerprint_alone(base: BaseModel) -> None:
    base.create_adapter("a1", CONFIG)
    base.unload_adapter("a1")
    assert identity_of(base.model) == (base.fingerprint, base.parameters)


def test_automatic_choices_say_why(folder: Path) -> None:
    base = load_base(str(folder), source="tiny")
    assert base.dtype in ("float32", "bfloat16")
    assert any(base.dtype in reason for reason in base.reasons)


@pytest.mark.parametrize(("option", "value"), [("dtype", "float8"), ("device", "tpu"), ("device", "cuda:99")])
def test_settings_that_do_not_exist_are_refused(folder: Path, option: str, value: str) -> None:
    with pytest.raises(SettingError, match=value):
        load_base(str(folder), source="tiny", **{option: value})


def test_a_model_without_a_chat_template(tmp_path: Path) -> None:
    base = load_base(str(save_tiny(tmp_path, chat=False)), source="plain", dtype="float32", device="cpu")
    assert not base.has_chat_template
    assert 2 in base.stop_ids


def test_every_end_of_turn_stops(base: BaseModel, tmp_path: Path) -> None:
    assert base.stop_ids == {2}  # <|im_end|>, never <|im_start|>, which begins a turn
    folder = save_tiny(tmp_path)
    settings = json.loads((folder / "generation_config.json").read_text())
    (folder / "generation_config.json").write_text(json.dumps({**settings, "eos_token_id": [2, 77]}))
    assert load_base(str(folder), source="x", device="cpu").stop_ids == {2, 77}


def test_known_ends_of_turn_stop_although_no_setting_names_them(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path)
    tokenizer = tiny_tokenizer()
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|eot_id|>", "<|other|>"]})
    tokenizer.save_pretrained(folder)
    assert load_base(str(folder), source="x", device="cpu").stop_ids == {2, VOCABULARY}


def test_the_end_that_only_the_chat_template_knows_stops(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path)
    tokenizer = tiny_tokenizer()
    tokenizer.add_special_tokens({"additional_special_tokens": ["<finis>"]})
    tokenizer.chat_template = tokenizer.chat_template.replace("<|im_end|>", "<finis>")
    tokenizer.save_pretrained(folder)
    assert load_base(str(folder), source="x", device="cpu").stop_ids == {2, VOCABULARY}


def test_weights_that_are_missing_are_an_error(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 3}))
    with pytest.raises(ModelError, match=r"weights are missing.*layers\.2"):
        load_base(str(folder), source="x", device="cpu")


def test_a_damaged_weight_file_is_an_error_with_words(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path)
    (folder / "model.safetensors").write_bytes(b"no tensors at all")
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_base(str(folder), source="x", device="cpu")


def test_a_folder_without_tokenizer_is_an_error_with_words(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path)
    for file in folder.glob("tokenizer*"):
        file.unlink()
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_base(str(folder), source="x", device="cpu")


def test_pickled_weights_are_not_read(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path)
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match="safetensors"):
        load_base(str(folder), source="x", device="cpu")


def test_remote_code_is_not_run_unasked(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path)
    config = json.loads((folder / "config.json").read_text())
    config.update(model_type="own", auto_map={"AutoConfig": "own.Own", "AutoModelForCausalLM": "own.OwnModel"})
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "own.py").write_text("raise SystemExit('it was run')")
    with pytest.raises(ModelError, match="trust"):
        load_base(str(folder), source="x", device="cpu")


# -- adapters --------------------------------------------------------------------------------------------------


def test_a_fresh_adapter_changes_nothing_yet_and_is_seeded(base: BaseModel) -> None:
    before, random_state = logits(base), torch.get_rng_state()
    base.create_adapter("a1", CONFIG)
    base.create_adapter("a2", CONFIG)
    base.create_adapter("a3", TrainConfig(lora_r=4, lora_alpha=8, seed=1))
    assert torch.equal(torch.get_rng_state(), random_state)
    assert torch.equal(logits(base, "a1"), before)
    first, second, third = (base.model.get_submodule(QUERY_A)[name].weight for name in ("a1", "a2", "a3"))
    assert torch.equal(first, second)
    assert not torch.equal(first, third)
    assert base.loaded_adapters() == ("a1", "a2", "a3")


def test_lora_weights_are_float32_on_a_bfloat16_base(folder: Path) -> None:
    base = load_base(str(folder), source="tiny", dtype="bfloat16", device="cpu")
    base.create_adapter("a1", CONFIG)
    dtypes = {weight.dtype for key, weight in base.model.named_parameters() if "lora_" in key}
    assert dtypes == {torch.float32}
    assert base.hf_model.model.embed_tokens.weight.dtype == torch.bfloat16


def test_policies_are_told_apart_and_the_base_stays(base: BaseModel) -> None:
    plain = logits(base)
    for name, amount in (("a1", 0.3), ("a2", -0.2)):
        base.create_adapter(name, CONFIG)
        disturb(base, name, amount)
    one, two = logits(base, "a1"), logits(base, "a2")
    assert torch.equal(logits(base), plain)
    assert torch.equal(base.model(IDS).logits.detach(), plain)  # outside of any turn the model is the base
    assert not torch.allclose(one, plain)
    assert not torch.allclose(one, two)
    assert torch.equal(logits(base, "a1"), one)


def fail_inside(base: BaseModel, name: str) -> None:
    """A turn that changes modes and gradients itself and then fails."""
    with base.policy(name, training=True) as model:
        model.train()
        model.requires_grad_(True)
        raise KeyError


def test_a_turn_puts_everything_back(base: BaseModel) -> None:
    for name in ("a1", "a2"):
        base.create_adapter(name, CONFIG)
    with base.policy("a1", training=True):
        inside = state(base)
        for name in ("a2", None):
            with base.policy(name):
                assert state(base) != inside
        assert state(base) == inside
        with pytest.raises(KeyError):
            fail_inside(base, "a2")
        assert state(base) == inside


def test_only_the_trained_adapter_gets_gradients_and_only_while_training(base: BaseModel) -> None:
    for name in ("a1", "a2"):
        base.create_adapter(name, CONFIG)
    with base.policy("a2", training=True) as model:
        dropping = {name for name, module in model.named_modules() if module.training}
        wanted = {key for key, weight in model.named_parameters() if weight.requires_grad}
    assert wanted
    assert all(".a2." in key for key in wanted)
    assert dropping
    assert all(name.endswith("lora_dropout.a2") for name in dropping)
    for name in ("a2", None):
        with base.policy(name) as model:
            assert not any(module.training for module in model.modules())
            assert not any(weight.requires_grad for weight in model.parameters())


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")  # PEFT's own, see engine/lora.py
def test_a_saved_adapter_is_read_by_peft_and_by_us(base: BaseModel, folder: Path, tmp_path: Path) -> None:
    base.create_adapter("a1", CONFIG)
    disturb(base, "a1")
    expected = logits(base, "a1")
    base.save_adapter("a1", tmp_path / "adapter")

    plain = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    with torch.no_grad():
        theirs = PeftModel.from_pretrained(plain, tmp_path / "adapter").eval()(IDS).logits
    assert torch.equal(theirs, expected)
    base.load_adapter("a2", tmp_path / "adapter")
    assert torch.equal(logits(base, "a2"), expected)

    assert sorted(file.name for file in (tmp_path / "adapter").iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
    ]
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "adapter").iterdir()} == {0o600}
    assert (tmp_path / "adapter").stat().st_mode & 0o777 == 0o700
    assert json.loads((tmp_path / "adapter" / "adapter_config.json").read_text())["base_model_name_or_path"] == "tiny"


def test_unloading_one_keeps_the_other_and_unloading_all_gives_the_base_back(base: BaseModel) -> None:
    plain, bare = logits(base), base.model
    for name in ("a1", "a2"):
        base.create_adapter(name, CONFIG)
        disturb(base, name)
    kept = logits(base, "a2")
    base.unload_adapter("a1")
    assert base.loaded_adapters() == ("a2",)
    assert torch.equal(logits(base, "a2"), kept)
    assert torch.equal(logits(base), plain)
    base.unload_adapter("a2")
    assert base.loaded_adapters() == ()
    assert base.model is bare
    assert not any("lora" in key for key, _ in base.model.named_parameters())
    base.create_adapter("a1", CONFIG)  # and the whole begins again, without a warning
    assert torch.equal(logits(base, "a1"), plain)


def test_target_modules_are_found_beside_another_adapter(base: BaseModel) -> None:
    named = TrainConfig(target_modules="q_proj, v_proj")
    base.create_adapter("a1", named)
    base.create_adapter("a2", named)
    assert base.loaded_adapters() == ("a1", "a2")


def test_target_modules_by_name(base: BaseModel) -> None:
    base.create_adapter("a1", TrainConfig(target_modules="q_proj, v_proj"))
    touched = {key.split(".lora_")[0].rpartition(".")[2] for key, _ in base.model.named_parameters() if "lora_" in key}
    assert touched == {"q_proj", "v_proj"}


def test_a_wrong_target_module_is_named_even_beside_a_right_one(base: BaseModel) -> None:
    with pytest.raises(AdapterLoadError, match=r"'query'.*q_proj"):
        base.create_adapter("a1", TrainConfig(target_modules="q_proj,query"))
    assert base.loaded_adapters() == ()
    assert not any("lora" in key for key, _ in base.model.named_parameters())


def test_gpt2_layers_can_be_named(tmp_path: Path) -> None:
    config = GPT2Config(
        vocab_size=VOCABULARY, n_embd=32, n_layer=2, n_head=4, n_positions=64, bos_token_id=1, eos_token_id=2
    )
    base = load_base(str(save_tiny(tmp_path, config=config)), source="x", dtype="float32", device="cpu")
    base.create_adapter("a1", TrainConfig(target_modules="c_attn"))
    disturb(base, "a1")
    assert not torch.equal(logits(base, "a1"), logits(base))


@pytest.mark.parametrize("name", ["train", "keys", "v1.2", "A1", "a", ""])
def test_names_that_crash_peft_are_refused(base: BaseModel, name: str) -> None:
    with pytest.raises(AdapterLoadError, match="internal name"):
        base.create_adapter(name, CONFIG)


def test_names_that_are_taken_or_unknown_are_refused(base: BaseModel, tmp_path: Path) -> None:
    base.create_adapter("a1", CONFIG)
    with pytest.raises(AdapterLoadError, match="already"):
        base.create_adapter("a1", CONFIG)
    for act in (base.unload_adapter, lambda name: base.save_adapter(name, tmp_path), lambda name: logits(base, name)):
        with pytest.raises(AdapterLoadError, match=r"'a2'.*loaded: a1"):
            act("a2")


def saved_adapter(folder: Path, **changes: object) -> Path:
    """An adapter made on a model of its own, which may differ from the tests' model."""
    target = folder / "adapter"
    base = load_base(str(save_tiny(folder, config=tiny_config(**changes))), source="x", dtype="float32", device="cpu")
    base.create_adapter("a1", CONFIG)
    base.save_adapter("a1", target)
    return target


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"num_hidden_layers": 3}, "unknown"), ({"hidden_size": 48}, "shape")],
)
def test_an_adapter_of_another_model_is_refused(
    base: BaseModel, tmp_path: Path, changes: dict[str, object], words: str
) -> None:
    plain = logits(base)
    adapter = saved_adapter(tmp_path, **changes)
    with pytest.raises(AdapterLoadError, match=f"does not fit.*{words}"):
        base.load_adapter("a1", adapter)
    assert base.loaded_adapters() == ()
    assert torch.equal(logits(base), plain)


def test_an_adapter_that_lost_weights_is_refused(base: BaseModel, tmp_path: Path) -> None:
    file = saved_adapter(tmp_path) / "adapter_model.safetensors"
    weights = load_file(file)
    lost = sorted(weights)[0]
    save_file({key: weight for key, weight in weights.items() if key != lost}, file)
    with pytest.raises(AdapterLoadError, match=f"lacks 1 weights, the first is {lost}"):
        base.load_adapter("a1", file.parent)


def test_folders_that_hold_no_adapter_are_refused(base: BaseModel, tmp_path: Path) -> None:
    with pytest.raises(AdapterLoadError, match=r"adapter_config\.json is missing"):
        base.load_adapter("a1", tmp_path)
    adapter = saved_adapter(tmp_path)
    (adapter / "adapter_model.safetensors").write_bytes(b"broken")
    with pytest.raises(AdapterLoadError, match="cannot be read"):
        base.load_adapter("a1", adapter)
    (adapter / "adapter_model.safetensors").unlink()
    with pytest.raises(AdapterLoadError, match=r"adapter_model\.safetensors is missing"):
        base.load_adapter("a1", adapter)


def test_an_adapter_for_other_layers_is_refused(base: BaseModel, tmp_path: Path) -> None:
    adapter = saved_adapter(tmp_path)
    config = json.loads((adapter / "adapter_config.json").read_text())
    (adapter / "adapter_config.json").write_text(json.dumps({**config, "target_modules": ["c_attn"]}))
    with pytest.raises(AdapterLoadError, match="c_attn"):
        base.load_adapter("a1", adapter)


HARMONY = (
    "{% for message in messages %}"
    "{% if message['role'] != 'assistant' %}<|start|>user<|message|>{{ message['content'] }}<|end|>"
    "{% else %}{% if 'thinking' in message %}<|start|>assistant<|channel|>analysis<|message|>{{ message['thinking'] }}"
    "<|end|>{% endif %}<|start|>assistant<|channel|>final<|message|>{{ message['content'] }}<|return|>{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}<|start|>assistant{% endif %}"
)


def test_the_end_of_the_thoughts_is_not_the_end_of_the_turn(tmp_path: Path) -> None:
    """As in gpt-oss, whose analysis ends with a token that ends a turn in Phi."""
    folder = save_tiny(tmp_path)
    tokenizer = tiny_tokenizer()
    names = ["<|start|>", "<|channel|>", "<|message|>", "<|end|>", "<|return|>"]
    tokenizer.add_special_tokens({"additional_special_tokens": names})
    tokenizer.chat_template = HARMONY
    tokenizer.save_pretrained(folder)
    tiny_model(config=tiny_config(vocab_size=VOCABULARY + len(names))).save_pretrained(folder)
    assert load_base(str(folder), source="x", device="cpu").stop_ids == {2, VOCABULARY + names.index("<|return|>")}


def test_a_token_that_the_model_does_not_have_is_refused_with_its_text(tmp_path: Path) -> None:
    """Beyond the embedding, an index ends a process on a GPU."""
    folder = save_tiny(tmp_path)
    tokenizer = tiny_tokenizer()
    tokenizer.add_special_tokens({"additional_special_tokens": ["<image>"]})
    tokenizer.save_pretrained(folder)
    base = load_base(str(folder), source="x", device="cpu")
    request = GenerationRequest("1", ({"role": "user", "content": "What is in <image>?"},), 1)
    with pytest.raises(TokenUnknown, match=r"'<image>'.*Take it out"):
        check_fits(base, request, "template")
    with pytest.raises(TokenUnknown):
        list(generate(base, [request], SamplingConfig(max_new_tokens=2)))
    pair = PreferencePair("1", request.messages, "A cat", "No <image>")
    left_out = encode_pair(base.tokenizer, pair, CONFIG)
    assert isinstance(left_out, LeftOut)
    assert "token" in left_out.reason


def test_a_tokenizer_that_begins_every_text_with_an_unknown_token_is_refused(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path)
    tokenizer = tiny_tokenizer()
    tokenizer.add_special_tokens({"bos_token": "<begin>"})
    tokenizer.save_pretrained(folder)
    with pytest.raises(ModelError, match=r"token 259, and the model has only 259"):
        load_base(str(folder), source="x", device="cpu")


def test_a_pair_longer_than_the_model_reads_is_left_out(tmp_path: Path) -> None:
    """GPT-2 has a row for each position, so a longer text is an index out of range."""
    config = GPT2Config(vocab_size=VOCABULARY, n_embd=32, n_layer=1, n_head=2, n_positions=64, eos_token_id=2)
    base = load_base(str(save_tiny(tmp_path, config=config)), source="x", dtype="float32", device="cpu")
    pair = PreferencePair("1", ({"role": "user", "content": "Why?"},), "x" * 80, "y")
    left_out = encode_pair(base.tokenizer, pair, TrainConfig())
    assert isinstance(left_out, LeftOut)
    assert "more than the 64 that the model reads" in left_out.reason
    cut = encode_pair(base.tokenizer, pair, TrainConfig(truncation="cut"))
    assert isinstance(cut, EncodedPair)
    assert len(cut.prompt_ids) + len(cut.chosen_ids) == 64


def test_a_model_that_sees_trains_its_text_layers_alone(tmp_path: Path) -> None:
    """Gemma 3: its vision tower has layers of the same names, and its context length is that of the text part."""
    base = load_base(str(save_model("gemma3", tmp_path)), source="x", dtype="float32", device="cpu")
    assert base.context_length == 512
    for asked in ("all-linear", "q_proj,down_proj"):
        base.create_adapter("a1", TrainConfig(lora_r=4, target_modules=asked))
        names = [name for name, _ in base.model.named_parameters() if ".a1." in name]
        assert names
        assert all(".language_model." in name for name in names)
        base.unload_adapter("a1")


def test_the_fingerprint_of_altered_weights_is_read_in_slices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy in bfloat16 would take 140 GB at 70 billion weights."""
    folder = str(save_tiny(tmp_path))
    plain = load_base(folder, source="x", dtype="float32", device="cpu")
    loads: list[object] = []
    load = AutoModelForCausalLM.from_pretrained

    def counted(*arguments: object, **options: object) -> object:
        loads.append(options["dtype"])
        return load(*arguments, **options)

    monkeypatch.setattr(AutoModelForCausalLM, "from_pretrained", counted)
    half = load_base(folder, source="x", dtype="float16", device="cpu")
    assert loads == [torch.float16]
    assert (half.fingerprint, half.parameters) == (plain.fingerprint, plain.parameters)


def test_memory_that_runs_out_at_the_load_is_told_as_memory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    monkeypatch.setattr("engine.model.load_weights", exhausted)
    with pytest.raises(MemoryRanOut, match=r"tiny does not fit: its files have 0\.0 GB.*--dtype 4bit") as caught:
        load_base(str(folder), source="tiny", device="cpu")
    assert "folder" not in str(caught.value)
