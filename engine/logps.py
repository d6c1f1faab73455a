"""Log-probabilities of a pair's two completions, by the plain way that every causal model knows.

A forward pass takes exactly one pair, as two rows. So what a pair scores does not depend, not even in its last bit,
on which pairs share its batch, and a reference computed once stays right for the whole run.
"""

from dataclasses import dataclass
from typing import Any

import torch

from engine.chat import EncodedPair


@dataclass(frozen=True)
class CompletionScores:
    """What a forward pass says of a pair's completions; every tensor is (2,): chosen, rejected.

    `logps` is float32 and carries the gradient; `entropy`, `mean_logits` and `top1` are sums over tokens without one
    (`mean_logits`: of the mean over the vocabulary; `top1`: how many tokens were the likeliest).
    """

    logps: torch.Tensor
    tokens: tuple[int, int]
    entropy: torch.Tensor
    mean_logits: torch.Tensor
    top1: torch.Tensor


def score_pair(model: Any, pair: EncodedPair, device: str) -> CompletionScores:
    """Score both completions of a pair under the model as it stands (active adapter, mode, grad mode).

    The rows are padded on the right to the same length. No attention mask is needed for that: attention is causal,
    so no scored token can see the padding, and padding is never scored.
    """
    rows = [pair.prompt_ids + pair.chosen_ids, pair.prompt_ids + pair.rejected_ids]
    width = max(map(len, rows))
    padded = [list(row) + [row[-1]] * (width - len(row)) for row in rows]
    input_ids = torch.tensor(padded, device=device)  # (2, T)
    kept = width - len(pair.prompt_ids) + 1  # the last prompt token predicts the first completion token
    logits = model(input_ids=input_ids, use_cache=False, logits_to_keep=kept).logits  # (2, kept, V)
    lengths = (len(pair.chosen_ids), len(pair.rejected_ids))
    parts = [
        score_tokens(logits[row, :length], input_ids[row, len(pair.prompt_ids) :][:length])
        for row, length in enumerate(lengths)
    ]
    logps, entropy, mean_logits, top1 = (torch.stack(values) for values in zip(*parts, strict=True))
    return CompletionScores(logps, lengths, entropy, mean_logits, top1)


def score_tokens(
    logits: torch.Tensor, targets: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Sums over n tokens: log-probability (with gradient), entropy, mean logit and likeliest-token hits.

    Args:
        logits: (n, V) of any float type; the log-softmax is taken in float32.
        targets: (n,) token ids; row i of `logits` predicts `targets[i]`.

    Returns:
        Four scalars. Two tokens, each given probability 1/2, sum to −2 ln 2 = −1.3863.
    """
    log_probs = logits.float().log_softmax(-1)  # (n, V)
    logps = log_probs.gather(-1, targets[:, None]).sum()
    with torch.no_grad():
        entropy = torch.special.entr(log_probs.exp()).sum()  # 0 where a token is impossible, not NaN
        mean_logits = logits.float().mean(-1).sum()
        top1 = (logits.argmax(-1) == targets).sum()
    return logps, entropy, mean_logits, top1
