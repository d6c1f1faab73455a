"""Log-probabilities of tokens from hidden states, without holding (tokens × vocabulary) at any time.

The output layer is frozen, so its backward pass needs only the gradient of the hidden states. The forward pass forms
that gradient chunk by chunk, while it has the logits; entropy and mean logit come from the same products.
"""

from typing import Any

import torch

_CHUNK_VALUES = 1 << 22  # logits at a time: 64 tokens at a vocabulary of 65,536, so that they stay in the cache
_CHUNK_VALUES_ON_CUDA = 1 << 26  # a GPU needs hundreds of tokens, or it spends its time on reading the weights
_COLUMNS = 64  # of the output layer that are in float32 at a time


def mean_of_rows(weight: torch.Tensor) -> torch.Tensor:
    """The mean of a weight's rows, (V, H) → (H,), in float32: `weight.float().mean(0)` without that copy.

    A copy in float32 takes 2 GB at a vocabulary of 128,256 and 4,096 values. The bits are the same.
    """
    parts = torch.split(weight.detach(), _COLUMNS, dim=1)
    return torch.cat([columns.float().mean(0) for columns in parts])


class TokenScores(torch.autograd.Function):
    """`apply(hidden, weight, mean_weight, targets, squares)`: the figures of n tokens."""

    @staticmethod
    def forward(
        ctx: Any,
        hidden: torch.Tensor,
        weight: torch.Tensor,
        mean_weight: torch.Tensor,
        targets: torch.Tensor,
        squares: bool = False,
    ) -> tuple[torch.Tensor, ...]:
        """Score n tokens.

        Args:
            hidden: (n, H); row i predicts `targets[i]`.
            weight: (V, H), the output layer; `mean_weight` is its mean over the vocabulary, (H,) float32.
            targets: (n,) token ids.
            squares: whether to compute the last figure; without it there are four.

        Returns:
            Five of (n,), or four: log-probabilities (float32, differentiable), entropies, mean logits, whether the
            target was a likeliest token, and ln Σ p² over the vocabulary.
        """
        rows = max(1, (_CHUNK_VALUES_ON_CUDA if weight.is_cuda else _CHUNK_VALUES) // weight.shape[0])
        buffers = _Buffers(min(rows, len(targets)), weight)
        chunks = [
            buffers.score(hidden[start : start + rows], weight, targets[start : start + rows], squares)
            for start in range(0, len(targets), rows)
        ]
        logps, entropy, top1, gradient, *concentration = (torch.cat(parts) for parts in zip(*chunks, strict=True))
        ctx.save_for_backward(gradient)
        ctx.hidden_dtype = hidden.dtype
        mean_logits = hidden.float() @ mean_weight
        ctx.mark_non_differentiable(entropy, mean_logits, top1, *concentration)
        return logps, entropy, mean_logits, top1, *concentration

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Scale the gradient that the forward pass formed."""
        (formed,) = ctx.saved_tensors  # (n, H) float32: d logps[i] / d hidden[i]
        return (formed * gradients[0][:, None]).to(ctx.hidden_dtype), None, None, None, None


class _Buffers:
    """Memory for one chunk of logits, allocated once: new pages would cost more than the arithmetic."""

    def __init__(self, rows: int, weight: torch.Tensor) -> None:
        shape = (rows, weight.shape[0])
        self.logits = torch.empty(shape, dtype=weight.dtype, device=weight.device)
        self.wide = torch.empty(shape, dtype=torch.float32, device=weight.device)

    def score(
        self, hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor, squares: bool
    ) -> tuple[torch.Tensor, ...]:
        """Log-probabilities, entropies, hits, each (c,), gradients (c, H), and if asked ln Σ p² (c,), of one chunk."""
        count = len(targets)
        logits = torch.mm(hidden, weight.t(), out=self.logits[:count])  # (c, V)
        highest = logits.amax(-1)  # (c,)
        target_logits = logits.gather(-1, targets[:, None])[:, 0]
        wide = self.wide[:count].copy_(logits).sub_(highest.float()[:, None]).exp_()
        total = wide.sum(-1)  # (c,) Σ exp(logit − highest)
        normaliser = highest.float() + total.log()
        # vector_norm reads what it has, and copies nothing
        concentration = [2 * (torch.linalg.vector_norm(wide, dim=-1).log() - total.log())] if squares else []
        # Σ p·w is both the softmax's part of the gradient and, times hidden, the mean logit under p
        expected = (logits.copy_(wide) @ weight).float() / total[:, None]  # (c, H)
        entropy = normaliser - (expected * hidden.float()).sum(-1)
        gradient = weight[targets].float() - expected
        return target_logits.float() - normaliser, entropy, target_logits == highest, gradient, *concentration
