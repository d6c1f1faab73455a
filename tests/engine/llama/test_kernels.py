"""Element-wise kernels against torch's own functions, in value and gradient; compiled ones where that is possible."""

import shutil
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from engine.llama import kernels
from engine.llama.kernels import AddNorm, Kernels, Rotate, SwiGlu

EAGER = Kernels(compiled=False)


def _compare(ours: list[torch.Tensor], theirs: list[torch.Tensor], inputs: list[torch.Tensor]) -> None:
    shares = [torch.randn_like(output) for output in theirs]
    gradients = []
    for outputs in (ours, theirs):
        total = sum((output * share).sum() for output, share in zip(outputs, shares, strict=True))
        gradients.append(torch.autograd.grad(total, inputs))  # type: ignore[arg-type]
    for one, other in zip([*ours, *gradients[0]], [*theirs, *gradients[1]], strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


def _check(own: Kernels, tokens: int) -> None:
    torch.manual_seed(tokens)
    x, delta = torch.randn(tokens, 12, requires_grad=True), torch.randn(tokens, 12, requires_grad=True)
    weight = torch.randn(12)
    normed = F.rms_norm(x + delta, (12,), weight, 1e-5)
    total, ours, inverse = AddNorm.apply(x, delta, weight, 1e-5, own)
    _compare([total, ours], [x + delta, normed], [x, delta])
    assert torch.equal(own.norm_again(total, inverse, weight, eps=1e-5), ours)
    _compare([SwiGlu.apply(x, delta, own)], [F.silu(x) * delta], [x, delta])


def test_add_norm_and_swiglu_equal_torch_s() -> None:
    _check(EAGER, 7)


def test_the_functions_for_a_cuda_device_equal_the_others() -> None:
    """All but the norm's backward pass, for which torch has no kernel on a CPU."""
    torch.manual_seed(2)
    x, delta, weight = torch.randn(7, 12), torch.randn(7, 12), torch.randn(12)
    for dtype, close in ((torch.float32, 1e-6), (torch.bfloat16, 2e-2)):
        gate, up, out, scale = (each.to(dtype) for each in (x, delta, delta - x, weight))
        angles = torch.randn(7, 1, 4).repeat(1, 1, 2)
        cos, sin = angles.cos().to(dtype), angles.sin().to(dtype)
        calls: list[tuple[Any, tuple[Any, ...]]] = [
            (kernels.add_norm, (gate, up, scale, 1e-5)),
            (kernels.norm_again, (gate, kernels.add_norm(gate, 0 * up, scale, 1e-5)[2], scale, 1e-5)),
            (kernels.swiglu, (gate, up)),
            (kernels.swiglu_backward, (out, gate, up)),
            (kernels.rotate, (torch.randn(7, 3, 8).to(dtype), cos, sin)),
        ]
        for function, values in calls:
            torch.testing.assert_close(
                kernels._ON_CUDA[function](*values), function(*values), rtol=close, atol=close, msg=str(function)
            )


def test_rotation_by_hand_and_its_gradient() -> None:
    x = torch.tensor([[[1.0, 2.0, 3.0, 4.0]]], requires_grad=True)  # one token, one head, two planes: (1, 3) and (2, 4)
    angles = torch.tensor([torch.pi / 2, 0.0])
    cos, sin = (torch.cat((each, each)).view(1, 1, 4) for each in (angles.cos(), angles.sin()))
    turned = Rotate.apply(x, cos, sin, EAGER)
    torch.testing.assert_close(turned, torch.tensor([[[-3.0, 2.0, 1.0, 4.0]]]), atol=1e-6, rtol=0)
    (gradient,) = torch.autograd.grad(turned, x, torch.tensor([[[1.0, 0.0, 0.0, 0.0]]]))
    torch.testing.assert_close(gradient, torch.tensor([[[0.0, 0.0, -1.0, 0.0]]]), atol=1e-6, rtol=0)


@pytest.mark.skipif(shutil.which("g++") is None, reason="compiling needs a C++ compiler")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # from inside the compiler
def test_a_compiled_kernel_gives_the_same_for_every_length() -> None:
    own = Kernels(compiled=True)
    for tokens in (7, 3):
        torch.manual_seed(tokens)
        gate, up = torch.randn(tokens, 12, requires_grad=True), torch.randn(tokens, 12, requires_grad=True)
        _compare([SwiGlu.apply(gate, up, own)], [F.silu(gate) * up], [gate, up])
