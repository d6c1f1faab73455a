"""The element-wise work of a Llama layer, forward and backward; where it is compiled, each is one pass over memory.

Compiling needs a C++ compiler (on a CPU) and some seconds once. Without one the same functions run as they are, with
the same results up to rounding. Rotary positions and norms are computed in float32, as transformers does.
"""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F

from engine.compat import torch_private


def add_norm(
    x: torch.Tensor, delta: torch.Tensor, weight: torch.Tensor, eps: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """`x + delta`, its RMS norm times `weight`, and the norm's factor; (T, H), (T, H), (T, 1) float32."""
    total = x + delta
    return total, *norm(total, weight, eps)


def norm(x: torch.Tensor, weight: torch.Tensor, eps: float) -> tuple[torch.Tensor, torch.Tensor]:
    """The RMS norm of `x` times `weight`, and its factor; (T, H), (T, 1) float32."""
    wide = x.float()
    inverse = torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + eps)
    return _weighted(wide * inverse, weight, x.dtype), inverse


def head_norm(x: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
    """The RMS norm of each head, (T, heads, d), times `weight`, (d,); it has the gradient of torch's own."""
    if weight.dtype == x.dtype:
        return F.rms_norm(x, (x.shape[-1],), weight, eps)
    return F.rms_norm(x.float(), (x.shape[-1],), weight, eps).to(x.dtype)


def step_norm(x: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
    """The RMS norm of the last dimension times `weight`, without a gradient and in few kernels."""
    return _cuda_norm(x, weight, eps)[0]


def _weighted(normed: torch.Tensor, weight: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Weights of the model's dtype multiply what was rounded to it, as in Llama; float32 ones before, as in Gemma."""
    return weight * normed.to(dtype) if weight.dtype == dtype else (weight * normed).to(dtype)


def norm_again(total: torch.Tensor, inverse: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
    """The second result of `add_norm` from its first and third, (T, H); to the last bit where nothing is compiled."""
    del eps
    return _weighted(total.float() * inverse, weight, total.dtype)


def add_norm_backward(
    d_total: torch.Tensor, d_normed: torch.Tensor, total: torch.Tensor, inverse: torch.Tensor, weight: torch.Tensor
) -> torch.Tensor:
    """d loss / d x (and d delta, which is the same), (T, H)."""
    return (d_total.float() + _inner(d_normed, total, inverse, weight)).to(total.dtype)


def norm_backward(d_normed: torch.Tensor, x: torch.Tensor, inverse: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """d loss / d x of `norm`, (T, H)."""
    return _inner(d_normed, x, inverse, weight).to(x.dtype)


def _inner(d_normed: torch.Tensor, x: torch.Tensor, inverse: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    weighted = d_normed.float() * weight.float()
    normed = x.float() * inverse
    return inverse * (weighted - normed * (weighted * normed).mean(-1, keepdim=True))


def geglu(gate: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
    """`gelu(gate) · up` with the tanh form of gelu, (T, I); Gemma's gate."""
    return F.gelu(gate, approximate="tanh") * up


def geglu_backward(d_out: torch.Tensor, gate: torch.Tensor, up: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """d loss / d gate and d loss / d up, each (T, I)."""
    d_gate: torch.Tensor = torch.ops.aten.gelu_backward(d_out * up, gate, approximate="tanh")
    return d_gate, F.gelu(gate, approximate="tanh").mul_(d_out)


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
    other = torch.cat((-x[..., half:], x[..., :half]), -1)
    return x * cos + other * sin


# -- the same on a CUDA device, in torch's own kernels: a third of the launches, each result rounded once ------------


def _cuda_norm(x: torch.Tensor, weight: torch.Tensor, eps: float) -> tuple[torch.Tensor, torch.Tensor]:
    if weight.dtype == x.dtype:
        return torch_private.rms_norm(x, weight, eps)
    normed, inverse = torch_private.rms_norm(x.float(), weight, eps)
    return normed.to(x.dtype), inverse


def _cuda_add_norm(
    x: torch.Tensor, delta: torch.Tensor, weight: torch.Tensor, eps: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    total = x + delta
    return total, *_cuda_norm(total, weight, eps)


def _cuda_norm_again(total: torch.Tensor, inverse: torch.Tensor, weight: torch.Tensor, eps: float) -> torch.Tensor:
    del inverse
    return _cuda_norm(total, weight, eps)[0]


def _cuda_norm_backward(
    d_normed: torch.Tensor, x: torch.Tensor, inverse: torch.Tensor, weight: torch.Tensor
) -> torch.Tensor:
    if weight.dtype == x.dtype:
        return torch_private.rms_norm_backward(d_normed, x, inverse, weight)
    return torch_private.rms_norm_backward(d_normed.float(), x.float(), inverse, weight).to(x.dtype)


def _cuda_add_norm_backward(
    d_total: torch.Tensor, d_normed: torch.Tensor, total: torch.Tensor, inverse: torch.Tensor, weight: torch.Tensor
) -> torch.Tensor:
    return _cuda_norm_backward(d_normed, total, inverse, weight).add_(d_total)


def _cuda_swiglu(gate: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
    return F.silu(gate).mul_(up)


def _cuda_swiglu_backward(
    d_out: torch.Tensor, gate: torch.Tensor, up: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    d_gate: torch.Tensor = torch.ops.aten.silu_backward(d_out * up, gate)
    return d_gate, F.silu(gate).mul_(d_out)


def _cuda_rotate(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    half = x.shape[-1] // 2
    rotated = torch.empty_like(x)
    torch.mul(x[..., half:], -sin[..., :half], out=rotated[..., :half])
    torch.mul(x[..., :half], sin[..., half:], out=rotated[..., half:])
    return rotated.addcmul_(x, cos)


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


class Norm(torch.autograd.Function):
    """`apply(x, weight, eps, kernels)` → the RMS norm of x. `weight` is frozen."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor, eps: float, kernels: "Kernels") -> torch.Tensor:
        """Normalise."""
        normed, inverse = kernels.norm(x, weight, eps)
        ctx.save_for_backward(x, inverse, weight)
        ctx.kernels = kernels
        found: torch.Tensor = normed
        return found

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """The gradient of the input."""
        return ctx.kernels.norm_backward(gradients[0], *ctx.saved_tensors), None, None, None


class GeGlu(torch.autograd.Function):
    """`apply(gate, up, kernels)` → gelu(gate) · up."""

    @staticmethod
    def forward(ctx: Any, gate: torch.Tensor, up: torch.Tensor, kernels: "Kernels") -> torch.Tensor:
        """Gate and multiply."""
        ctx.save_for_backward(gate, up)
        ctx.kernels = kernels
        product: torch.Tensor = kernels.geglu(gate, up)
        return product

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """The gradients of gate and up."""
        return *ctx.kernels.geglu_backward(gradients[0], *ctx.saved_tensors), None


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
        rotated: torch.Tensor = kernels.rotate(x, cos, sin)
        return rotated

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
        self.norm: Callable[..., Any] = wrap(norm)
        self.norm_again: Callable[..., Any] = wrap(norm_again)
        self.norm_backward: Callable[..., Any] = wrap(norm_backward)
        self.geglu: Callable[..., Any] = wrap(geglu)
        self.geglu_backward: Callable[..., Any] = wrap(geglu_backward)
        self.add_norm_backward: Callable[..., Any] = wrap(add_norm_backward)
        self.swiglu: Callable[..., Any] = wrap(swiglu)
        self.swiglu_backward: Callable[..., Any] = wrap(swiglu_backward)
        self.rotate: Callable[..., Any] = wrap(rotate)


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function compiled once for all lengths, so that every pair meets the same kernel."""
    inner = torch.compile(function, dynamic=True)

    def call(*values: Any, **options: float) -> Any:
        # Without the history of the values: by it the compiler would distinguish calls that are the same.
        return inner(*(value.detach() if isinstance(value, torch.Tensor) else value for value in values), **options)

    return call


_ON_CUDA: dict[Callable[..., Any], Callable[..., Any]] = {
    norm: _cuda_norm,
    add_norm: _cuda_add_norm,
    norm_again: _cuda_norm_again,
    norm_backward: _cuda_norm_backward,
    add_norm_backward: _cuda_add_norm_backward,
    swiglu: _cuda_swiglu,
    swiglu_backward: _cuda_swiglu_backward,
    rotate: _cuda_rotate,
}


def _as_it_is(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function itself, or on a CUDA device the one that takes its place there."""
    on_cuda = _ON_CUDA.get(function, function)

    def call(first: torch.Tensor, *others: Any, **options: float) -> Any:
        return (on_cuda if first.is_cuda else function)(first, *others, **options)

    return call
