"""Log-probabilities of a pair's two completions by the plain method, which works for every causal model.

A forward pass takes exactly one pair, as two rows. So the scores of a pair do not depend, not even in their last bit,
on the other pairs of its batch, and a reference that was computed once stays right for the whole run.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.checkpoint import checkpoint

from engine.chat import EncodedPair
from engine.compat.transformers_private import layers_checkpointed
from engine.parts import text_body
from engine.prompt_cache import PromptCache

_CHUNK_VALUES = 1 << 22  # logits at a time: 32 tokens at a vocabulary of 128,256
_CHUNK_VALUES_ON_CUDA = 1 << 25  # a GPU needs more tokens, or it spends its time on reading the output layer's weights


@dataclass(frozen=True)
class CompletionScores:
    """The figures of a pair's completions from one forward pass; every tensor is (2,): chosen, rejected.

    `logps` is float32 and carries the gradient; with an `ld_alpha` below 1 the tokens by which a completion is longer
    than the other one count by that weight in it, and `whole` counts all of them alike. `entropy`, `mean_logits` and
    `top1` are sums over tokens without a gradient (`mean_logits`: of the mean over the vocabulary; `top1`: how many
    tokens were the likeliest). So is `squares`, of ln Σ p² over the vocabulary: None where it was not asked for.
    """

    logps: torch.Tensor
    tokens: tuple[int, int]
    entropy: torch.Tensor
    mean_logits: torch.Tensor
    top1: torch.Tensor
    whole: torch.Tensor
    squares: torch.Tensor | None = None


def score_pair(
    model: Any,
    pair: EncodedPair,
    device: str,
    *,
    checkpointing: bool = False,
    ld_alpha: float = 1.0,
    squares: bool = False,
) -> CompletionScores:
    """Score both completions of a pair under the model as it is now (active adapter, mode, grad mode).

    The rows are padded on the right to the same length. That needs no attention mask: attention is causal, so no scored
    token sees the padding, and padding is not scored. The model's output layer computes a chunk of tokens at a time,
    and once more in the backward pass, so (tokens × vocabulary) is never in memory.

    Args:
        checkpointing: the backward pass computes each layer again, and the forward pass keeps only its inputs.
        ld_alpha: weight of the tokens by which one completion is longer (LD-DPO, arXiv:2409.06411), 0 to 1.
        squares: also sum ln Σ p² over the tokens.
    """
    rows = [pair.prompt_ids + pair.chosen_ids, pair.prompt_ids + pair.rejected_ids]
    width = max(map(len, rows))
    padded = [list(row) + [row[-1]] * (width - len(row)) for row in rows]
    input_ids = torch.tensor(padded, device=device)  # (2, T)
    whole = model.get_base_model() if hasattr(model, "get_base_model") else model
    body = text_body(whole)
    with layers_checkpointed(body) if checkpointing and torch.is_grad_enabled() else nullcontext():
        output = body(input_ids=input_ids, use_cache=False)
    hidden = output.last_hidden_state  # (2, T, H)
    start = len(pair.prompt_ids)  # the last prompt token predicts the first completion token
    lengths = (len(pair.chosen_ids), len(pair.rejected_ids))
    head = _Head(whole, output)
    parts = [
        _score_row(head, hidden[row, start - 1 : start - 1 + length], input_ids[row, start : start + length], squares)
        for row, length in enumerate(lengths)
    ]
    stacked = (torch.stack(values).to(device) for values in zip(*parts, strict=True))
    whole, entropy, mean_logits, top1, *concentration = stacked
    logps = whole
    if ld_alpha != 1 and lengths[0] != lengths[1]:
        longer, shared = (0, lengths[1]) if lengths[0] > lengths[1] else (1, lengths[0])
        rest = slice(start - 1 + shared, start - 1 + lengths[longer])
        targets = input_ids[longer, start + shared : start + lengths[longer]]
        tail, *_ = _score_row(head, hidden[longer, rest], targets)
        tails = torch.stack([tail * (longer == place) for place in range(2)]).to(device)
        logps = whole - (1 - ld_alpha) * tails
    return CompletionScores(logps, lengths, entropy, mean_logits, top1, whole, *concentration)


def next_token_logps(model: Any, ids: Sequence[int], device: str, read: PromptCache) -> torch.Tensor:
    """Log-probabilities in nats, (V,), of the token after `ids`, under the model as it is now; float32.

    `read` holds the prompt that the same model read before, and holds this one afterwards.
    """
    whole = model.get_base_model() if hasattr(model, "get_base_model") else model
    known, cache = read.take(ids)
    new = torch.tensor([list(ids[known:])], device=device)
    output = text_body(whole)(input_ids=new, past_key_values=cache, use_cache=True)
    read.keep(ids, getattr(output, "past_key_values", None))
    return _Head(whole, output).logits(output.last_hidden_state[0, -1:])[0].float().log_softmax(-1)


def _score_row(
    head: "_Head", hidden: torch.Tensor, targets: torch.Tensor, squares: bool = False
) -> tuple[torch.Tensor, ...]:
    """`score_tokens` of one completion from its hidden states, (n, H), chunk by chunk."""

    def score(states: torch.Tensor, wanted: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return score_tokens(head.logits(states), wanted, squares)

    parts = []
    for states, wanted in zip(hidden.split(head.rows), targets.split(head.rows), strict=True):  # type: ignore[no-untyped-call]
        if torch.is_grad_enabled():
            parts.append(checkpoint(score, states, wanted, use_reentrant=False))
        else:
            parts.append(score(states, wanted))
    return tuple(torch.stack(values).sum(0) for values in zip(*parts, strict=True))


class _Head:
    """A model's own computation behind its body, whose result is `output`.

    The whole model is called without its body. So whatever the model does to logits (Gemma's soft cap, Cohere's and
    Granite's scale, a bias) happens here as well. `rows` is how many tokens it takes at a time.
    """

    def __init__(self, model: Any, output: Any) -> None:
        self._model = model
        self._body = text_body(model)
        self._kind = type(output)
        self._beside = dict.fromkeys(output) | {"last_hidden_state": None}
        weight = model.get_output_embeddings().weight
        self.rows = max(1, (_CHUNK_VALUES_ON_CUDA if weight.is_cuda else _CHUNK_VALUES) // weight.shape[0])

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """The model's own logits, (n, V), of n final hidden states."""
        output = self._kind(**{**self._beside, "last_hidden_state": hidden[None]})
        ids = torch.zeros((1, 1), dtype=torch.long, device=hidden.device)  # nothing reads them
        own = vars(self._body).get("forward")  # that of a model whose layers are on several devices
        self._body.forward = lambda *_, **__: output  # hides the class's method
        try:
            logits: torch.Tensor = self._model(input_ids=ids, use_cache=False).logits
        finally:
            del self._body.forward
            if own is not None:
                self._body.forward = own
        return logits[0]


def score_tokens(logits: torch.Tensor, targets: torch.Tensor, squares: bool = False) -> tuple[torch.Tensor, ...]:
    """Sums over n tokens: log-probability (with gradient), entropy, mean logit, likeliest-token hits and ln Σ p².

    Args:
        logits: (n, V) of any float type; the log-softmax is taken in float32.
        targets: (n,) token ids; row i of `logits` predicts `targets[i]`.
        squares: whether to compute the last figure; without it there are four.

    Returns:
        Five scalars or four. Two tokens, each given probability 1/2, sum to −2 ln 2 = −1.3863.
    """
    log_probs = logits.float().log_softmax(-1)  # (n, V)
    targets = targets.to(logits.device)  # the last layers may be on another device than the first
    logps = log_probs.gather(-1, targets[:, None]).sum()
    with torch.no_grad():
        entropy = torch.special.entr(log_probs.exp()).sum()  # 0 where a token is impossible, not NaN
        mean_logits = logits.float().mean(-1).sum()
        top1 = (logits.argmax(-1) == targets).sum()
        concentration = [(2 * log_probs).logsumexp(-1).sum()] if squares else []
    return logps, entropy, mean_logits, top1, *concentration
