"""A tiny random language model with a byte-level tokenizer, so that tests need no download and no second.

The tokenizer imitates SmolLM2's: its end of turn `<|im_end|>` is also its padding token, and its chat template puts a
newline behind every end of turn. Every byte is one token, so token counts can be worked out by hand.
"""

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoModelForCausalLM, LlamaConfig, PreTrainedTokenizerFast

END_OF_TURN = "<|im_end|>"
SPECIAL_TOKENS = ("<|endoftext|>", "<|im_start|>", END_OF_TURN)
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
VOCABULARY = len(SPECIAL_TOKENS) + 256


def tiny_tokenizer(*, chat: bool = True, merges: tuple[tuple[str, str], ...] = ()) -> PreTrainedTokenizerFast:
    """A byte-level tokenizer of 259 tokens (plus one per merge), with SmolLM2's chat template unless `chat` is off."""
    names = [*SPECIAL_TOKENS, *sorted(pre_tokenizers.ByteLevel.alphabet()), *(a + b for a, b in merges)]
    core = Tokenizer(models.BPE(vocab={name: i for i, name in enumerate(names)}, merges=list(merges)))
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    core.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=core,
        bos_token="<|im_start|>",
        eos_token=END_OF_TURN,
        pad_token=END_OF_TURN,
        clean_up_tokenization_spaces=False,
        model_max_length=512,
    )
    if chat:
        tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer


def tiny_config(**changes: Any) -> LlamaConfig:
    """A Llama of two layers with grouped-query attention: 4 heads, 2 of them for keys and values."""
    settings: dict[str, Any] = {
        "vocab_size": VOCABULARY,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 512,
        "tie_word_embeddings": True,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 2,
    }
    return LlamaConfig(**{**settings, **changes})


def tiny_model(*, seed: int = 0, config: Any = None) -> torch.nn.Module:
    """A random model in fp32, in eval mode; the same seed gives the same weights and leaves the global seed alone.

    Weights are ten times as large as transformers' own start, so that its answers are far from uniform.
    """
    config = config or tiny_config(initializer_range=0.2)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return AutoModelForCausalLM.from_config(config).float().eval()


def save_tiny(folder: Path, *, seed: int = 0, config: Any = None, chat: bool = True) -> Path:
    """Save the tiny model and its tokenizer in `folder`, as a person's model folder would look, and return it."""
    tiny_model(seed=seed, config=config).save_pretrained(folder)
    tiny_tokenizer(chat=chat).save_pretrained(folder)
    return folder
