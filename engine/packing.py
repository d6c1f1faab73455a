"""One pair as one row of tokens: prompt, chosen, rejected, so that the prompt is computed once.

    row        p0 p1 p2 | c0 c1 | r0 r1 r2
    positions   0  1  2 |  3  4 |  3  4  5      the rejected answer goes on where the prompt ended
    predicted         c0   c1     |             p2 predicts c0, c0 predicts c1
                      r0            r1 r2       p2 predicts r0 as well

The rejected answer sees the prompt and itself, never the chosen one. There is no padding, and no other pair.
"""

from dataclasses import dataclass

import torch

from engine.chat import EncodedPair


@dataclass(frozen=True)
class PackedPair:
    """A pair's row on a device; T = prompt + chosen + rejected tokens, n = chosen + rejected tokens.

    Attributes:
        input_ids, positions: (T,) token ids and their places in the sequence.
        prompt, chosen, rejected: token counts.
        predicting: (n,) the places in the row whose hidden states predict `targets`, chosen ones first.
        targets: (n,) the completions' token ids.
    """

    input_ids: torch.Tensor
    positions: torch.Tensor
    prompt: int
    chosen: int
    rejected: int
    predicting: torch.Tensor
    targets: torch.Tensor


def pack(pair: EncodedPair, device: str) -> PackedPair:
    """Lay a pair out in one row."""
    prompt, chosen, rejected = len(pair.prompt_ids), len(pair.chosen_ids), len(pair.rejected_ids)
    answered = prompt + chosen
    positions = [*range(answered), *range(prompt, prompt + rejected)]
    predicting = [*range(prompt - 1, answered - 1), prompt - 1, *range(answered, answered + rejected - 1)]
    return PackedPair(
        input_ids=torch.tensor(pair.prompt_ids + pair.chosen_ids + pair.rejected_ids, device=device),
        positions=torch.tensor(positions, device=device),
        prompt=prompt,
        chosen=chosen,
        rejected=rejected,
        predicting=torch.tensor(predicting, device=device),
        targets=torch.tensor(pair.chosen_ids + pair.rejected_ids, device=device),
    )


def visible(query_positions: torch.Tensor, key_positions: torch.Tensor, window: int | None) -> torch.Tensor:
    """Which keys each query sees, (queries, keys) bool: none after it, and the last `window` only, if there is one.

    Right within one sequence: the prompt with the chosen answer, or the prompt with the rejected one.
    """
    distance = query_positions[:, None] - key_positions[None, :]
    seen = distance >= 0
    return seen if window is None else seen & (distance < window)
