"""The element-wise work of a Llama layer, forward and backward; where it is compiled, each is one pass over memory.

Compiling needs a C++ compiler (on a CPU) and some seconds once. Without one the same functions run as they are, with
the same results up to rounding. Rotary positions and norms are computed in float32, as transformers does.
"""

from collections.abc import Callable
from typing import Any

import torch


def add_norm(
    x: torch.Tensor, delta: torch.Tensor, weight: torch.Tensor, eps: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """`x + delta`, its RMS norm times `weight`, and the norm's factor; (T, H), (T, H), (T, 1) float32."""
    total = x + delta
    wide = total.float()
    inverse = torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + eps)
    return total, weight * (wide * inverse).to(x.dtype), inverse


def norm_again(total: torch.Tensor, inverse: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """The second result of `add_norm` from its first and third, (T, H); to the last bit where nothing is compiled."""
    return weight * (total.float() * inverse).to(total.dtype)


def add_norm_backward(
    d_total: torch.Tensor, d_normed: torch.Tensor, total: torch.Tensor, inverse: torch.Tensor, weight: torch.Tensor
) -> torch.Tensor:
    """d loss / d x (and d delta, which is the same), (T, H)."""
    weighted = d_normed.float() * weight.float()
    normed = total.float() * inverse
    inner = inverse * (weighted - normed * (weighted * normed).mean(-1, keepdim=True))
    return (d_total.float() + inner).to(total.dtype)


def swiglu(gate: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
    """`silu(gate) · up`, (T, I)."""
    wide = gate.float()
    return (wide * torch.sigmoid(wide)).to(gate.dtype) * up


def swiglu_backward(d_out: torch.Tensor, gate: torch.Tensor, up: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """d loss / d gate and d loss / d up, each (T, I)."""
    wide, d_wide = gate.float(), d_out.float()
    sigmoid = torch.sigmoid(wide)
    silu = wide * sigmoid
    d_gate = d_wide * up.float() * (sigmoid + silu * (1 - sigmoid))
    return d_gate.to(gate.dtype), (d_wide * silu).to(gate.dtype)


def rotate(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Rotary positions on (T, heads, d), with cos and sin of (T, 1, d), in Llama's order: halves, not pairs."""
    half = x.shape[-1] // 2
    turned = torch.cat((-x[..., half:], x[..., :half]), -1)
    return x * cos + turned * sin


class AddNorm(torch.autograd.Function):
    """`apply(x, delta, weight, eps, kernels)` → (x + delta, its RMS norm, the norm's factor). `weight` is frozen."""

    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, delta: torch.Tensor, weight: torch.Tensor, eps: float, kernels: "Kernels"
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Add and normalise."""
        total, normed, inverse = kernels.add_norm(x, delta, weight, eps)
        ctx.save_for_backward(total, inverse, weight)
        ctx.mark_non_differentiable(inverse)
        ctx.kernels = kernels
        return total, normed, inverse

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """The gradient of both inputs."""
        d_x = ctx.kernels.add_norm_backward(*gradients[:2], *ctx.saved_tensors)
        return d_x, d_x, None, None, None


class SwiGlu(torch.autograd.Function):
    """`apply(gate, up, kernels)` → silu(gate) · up."""

    @staticmethod
    def forward(ctx: Any, gate: torch.Tensor, up: torch.Tensor, kernels: "Kernels") -> torch.Tensor:
        """Gate and multiply."""
        ctx.save_for_backward(gate, up)
        ctx.kernels = kernels
        product: torch.Tensor = kernels.swiglu(gate, up)
        return product

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """The gradients of gate and up."""
        return *ctx.kernels.swiglu_backward(*gradients, *ctx.saved_tensors), None


class Rotate(torch.autograd.Function):
    """`apply(x, cos, sin, kernels)` → x with rotary positions; the backward pass rotates back."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor, kernels: "Kernels") -> torch.Tensor:
        """Rotate by each position's angles."""
        ctx.save_for_backward(cos, sin)
        ctx.kernels = kernels
        turned: torch.Tensor = kernels.rotate(x, cos, sin)
        return turned

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Rotate back: the transpose of a rotation is the rotation by the negative angle."""
        cos, sin = ctx.saved_tensors
        return ctx.kernels.rotate(gradients[0], cos, -sin), None, None, None


class Kernels:
    """The functions of this module, compiled or as they are.

    Attributes:
        compiled: which of the two. Their results differ in the last bits, so this belongs to the key of whatever was
            computed with them.
    """

    def __init__(self, *, compiled: bool) -> None:
        self.compiled = compiled
        wrap = _compiled if compiled else _as_it_is
        self.add_norm: Callable[..., Any] = wrap(add_norm)
        self.norm_again: Callable[..., Any] = wrap(norm_again)
        self.add_norm_backward: Callable[..., Any] = wrap(add_norm_backward)
        self.swiglu: Callable[..., Any] = wrap(swiglu)
        self.swiglu_backward: Callable[..., Any] = wrap(swiglu_backward)
        self.rotate: Callable[..., Any] = wrap(rotate)


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function compiled once for all lengths, so that every pair meets the same kernel."""
    inner = torch.compile(function, dynamic=True)

    def call(*values: Any) -> Any:
        # Without the history of the values: by it the compiler would distinguish calls that are the same.
        return inner(*(value.detach() if isinstance(value, torch.Tensor) else value for value in values))

    return call


def _as_it_is(function: Callable[..., Any]) -> Callable[..., Any]:
    return function
