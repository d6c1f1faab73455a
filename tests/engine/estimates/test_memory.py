"""What a run will need, worked by hand, and against what a real forward pass keeps."""

from pathlib import Path

import pytest
import torch

from engine.chat import EncodedPair
from engine.config import TrainConfig
from engine.dropout import PairDropout
from engine.errors import ModelError
from engine.estimates.flops import PairSize, pair_flops, run_flops
from engine.estimates.memory import estimate_memory, lora_values
from engine.estimates.model_shape import shape_of
from engine.llama.kernels import Kernels
from engine.llama.scoring import LlamaScorer
from engine.model import load_base
from tests.tiny import save_tiny, tiny_config

LLAMA_8B = {
    "model_type": "llama",
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "vocab_size": 128256,
    "tie_word_embeddings": False,
}
CONFIG = TrainConfig()
# q and o 4096 × 4096, k and v 4096 × 1024, three of 4096 × 14336
LINEAR = 32 * (2 * 4096 * 4096 + 2 * 4096 * 1024 + 3 * 4096 * 14336)
REST = 2 * 128256 * 4096 + 65 * 4096  # embedding and output layer, two norms a layer and the last
# r × (inputs + outputs): q and o 8192, k and v 5120, three of 18432
LORA = 32 * 16 * (2 * 8192 + 2 * 5120 + 3 * 18432)


def test_llama_8b_has_the_weights_that_meta_says() -> None:
    shape = shape_of(LLAMA_8B)
    assert shape.parameters == LINEAR + REST == 8_030_261_248
    assert lora_values(shape, CONFIG) == LORA == 41_943_040
    assert lora_values(shape, TrainConfig(target_modules="q_proj,v_proj")) == 32 * 16 * (8192 + 5120)


def test_llama_8b_in_bfloat16() -> None:
    told = estimate_memory(shape_of(LLAMA_8B), CONFIG, dtype="bfloat16")
    assert told.weights == 2 * 8_030_261_248
    assert (told.adapter, told.optimizer, told.copies) == (8 * LORA, 8 * LORA, 8 * LORA)
    # a token and layer: 4·4096 + 2·4096 + 2·1024 + 3·14336 values and 7·16 of LoRA, 2 bytes each; 5 % of the inputs'
    # places dropped, 8 bytes each; 8 bytes of norms. 2,048 tokens, 32 layers; then first and last states.
    layer = 2048 * ((69_632 + 112) * 2 + 0.4 * (2 * 4096 + 4096 + 14336) + 8)
    assert told.activations == int(32 * layer + 2048 * 4096 * 8)
    assert told.work == int(layer + (1 << 22) * 6)
    assert told.peak == pytest.approx(27.4e9, rel=0.01)
    again = estimate_memory(shape_of(LLAMA_8B), CONFIG, dtype="bfloat16", checkpointing=True)
    assert again.activations == 32 * 2 * 4096 * 2048 * 2 + 2048 * 4096 * 8
    assert again.peak == pytest.approx(18.9e9, rel=0.01)


def test_llama_8b_in_4_bits() -> None:
    told = estimate_memory(shape_of(LLAMA_8B), CONFIG, dtype="4bit", checkpointing=True)
    assert told.weights == int(LINEAR * (0.5 + 1 / 64 + 4 / 16384) + 2 * REST)
    assert told.weights == pytest.approx(5.70e9, rel=0.001)
    assert told.peak == pytest.approx(8.7e9, rel=0.02)


def test_sizes_that_a_config_does_not_tell() -> None:
    with pytest.raises(ModelError, match="its config has no hidden_size"):
        shape_of({"model_type": "mamba"})
    with pytest.raises(ModelError, match="experts"):
        shape_of({**LLAMA_8B, "num_local_experts": 8})
    gpt2 = shape_of({"n_embd": 768, "n_layer": 12, "n_head": 12, "vocab_size": 50257})
    # 124,439,808 in all: without 1,024 positions of 768 and the biases of linear layers and norms
    biases = 12 * (3 * 768 + 768 + 4 * 768 + 768) + 25 * 768
    assert gpt2.parameters == 124_439_808 - 1024 * 768 - biases


@pytest.mark.parametrize("checkpointing", [False, True])
def test_activations_are_what_a_forward_pass_keeps(tmp_path: Path, checkpointing: bool) -> None:
    config = tiny_config(hidden_size=64, intermediate_size=160, num_hidden_layers=6)
    base = load_base(str(save_tiny(tmp_path, config=config)), source="tiny", dtype="float32", device="cpu")
    settings = TrainConfig(lora_r=4, lora_dropout=0.1)
    base.create_adapter("a1", settings)
    pair = EncodedPair("1", tuple(range(40, 60)), tuple(range(60, 150)), tuple(range(90, 170)))
    own = {weight.untyped_storage().data_ptr() for weight in base.model.parameters()}
    held: dict[int, torch.Tensor] = {}

    def keep(value: torch.Tensor) -> torch.Tensor:
        storage = value.untyped_storage().data_ptr()
        if storage not in own:
            held[storage] = value
        return value

    model = LlamaScorer(base.hf_model, "a1", Kernels(compiled=False))
    with base.policy("a1", training=True), torch.autograd.graph.saved_tensors_hooks(keep, lambda value: value):
        model.score([pair], "cpu", dropout=PairDropout((0,)), checkpointing=checkpointing)
    measured = sum(value.untyped_storage().nbytes() for value in held.values())
    shape = shape_of(base.hf_model.config.to_dict())
    told = estimate_memory(shape, settings, dtype="float32", row=(190, 110), checkpointing=checkpointing)
    assert told.activations == pytest.approx(measured, rel=0.15)


def test_operations_of_a_pair_by_hand() -> None:
    smol = shape_of(
        {
            "hidden_size": 576,
            "intermediate_size": 1536,
            "num_hidden_layers": 30,
            "num_attention_heads": 9,
            "num_key_value_heads": 3,
            "vocab_size": 49152,
            "tie_word_embeddings": True,
        }
    )
    assert smol.parameters == 134_515_008
    pair = PairSize(36, 121, 150)
    linear = 30 * (2 * 576 * 576 + 2 * 576 * 192 + 3 * 576 * 1536)
    attention = 4 * 30 * 576 * (157 * 157 + 150 * 186)
    head = 4 * 49152 * 576 * 271
    assert pair_flops(smol, pair, learning=True) == 4 * linear * 307 + 3 * attention + head
    assert pair_flops(smol, pair, learning=False) == 2 * linear * 307 + attention + head
    assert pair_flops(smol, pair, learning=True) == pytest.approx(177e9, rel=0.05)  # counted in another way before
    one = pair_flops(smol, pair, learning=True)
    scored = pair_flops(smol, pair, learning=False)
    assert run_flops(smol, [pair] * 2, [pair], epochs=3, evaluations=3) == 6 * one + 2 * scored + 4 * scored


def test_llama_8b_on_a_cuda_device() -> None:
    told = estimate_memory(shape_of(LLAMA_8B), CONFIG, dtype="bfloat16", row=(2048, 1024), device="cuda")
    # a token and layer: 2·(4096 + 4096 + 1024 + 14336) values and 7·16 of LoRA, 2 bytes each; two factors of norms and
    # 32 normalisers of 4 bytes. 2,048 tokens, 32 layers; then first and last states.
    layer = 2048 * ((47_104 + 112) * 2 + 4 * 34)
    assert told.activations == 32 * layer + 2048 * 4096 * 8
    assert told.work == (1 << 26) * 6  # logits in two formats; the widest tensors of a layer are less
    assert told.adapter == 10 * LORA
    assert told.peak - told.copies == pytest.approx(23.5e9, rel=0.01)
    again = estimate_memory(shape_of(LLAMA_8B), CONFIG, dtype="bfloat16", checkpointing=True, device="cuda")
    assert again.work == layer + 4 * 14336 * 2048 * 2
    qwen3, gemma3 = (shape_of({**LLAMA_8B, "model_type": kind}) for kind in ("qwen3", "gemma3_text"))
    kept = [
        estimate_memory(each, CONFIG, dtype="bfloat16", row=(1, 1), device="cuda").activations
        for each in (shape_of(LLAMA_8B), qwen3, gemma3)
    ]
    assert kept[1] - kept[0] == 32 * (4096 + 1024) * 2  # the inputs of the heads' norms
    assert kept[2] - kept[0] == 32 * ((4096 + 1024) * 4 + 2 * 4096 * 2)  # in float32; and of the norms behind
