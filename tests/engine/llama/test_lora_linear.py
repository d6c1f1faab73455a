"""The LoRA function against the formula, in value and gradient, and its dropout."""

import dataclasses

import torch

from engine.dropout import seeded_places
from engine.llama.layers import LinearWeights
from engine.llama.lora_linear import LowRanks, project


def _projections() -> tuple[LinearWeights, ...]:
    torch.manual_seed(0)
    return (
        LinearWeights(torch.randn(5, 8), torch.randn(5), torch.randn(2, 8), torch.randn(5, 2), 2.0),
        LinearWeights(torch.randn(3, 8), None),
        LinearWeights(torch.randn(4, 8), None, torch.randn(3, 8), torch.randn(4, 3), 0.5),
    )


def test_values_and_gradients_equal_the_formula() -> None:
    projections = _projections()
    leaves = [matrix for each in projections for matrix in (each.a, each.b) if matrix is not None]
    results = []
    for fast in (True, False):
        x = torch.linspace(-1, 1, 48).view(6, 8).requires_grad_()
        for leaf in leaves:
            leaf.requires_grad_().grad = None
        if fast:
            outputs = project(x, projections, dropped=None)
        else:
            outputs = tuple(
                torch.nn.functional.linear(x, each.weight, each.bias)
                + (0 if each.a is None or each.b is None else each.scale * x @ each.a.T @ each.b.T)
                for each in projections
            )
        sum((output * output).sum() for output in outputs).backward()  # type: ignore[union-attr]
        results.append([*outputs, x.grad, *(leaf.grad for leaf in leaves)])
    for ours, formula in zip(*results, strict=True):
        torch.testing.assert_close(ours, formula)


def test_matrices_converted_before_give_the_same() -> None:
    layers = [dataclasses.replace(each, dropout=0.5) for each in _projections()]
    leaves = [matrix.requires_grad_() for each in layers for matrix in (each.a, each.b) if matrix is not None]
    ranks = LowRanks([[layers[1]], layers], torch.float32)
    dropped = seeded_places(48, 0.5, 3, device=torch.device("cpu"))
    for places in (dropped, None):
        with torch.no_grad():
            leaves[0] += 1  # the matrices change from pass to pass
        found = []
        for low_rank in (None, ranks.converted(dropping=places is not None)[1]):
            x = torch.linspace(-1, 1, 48).view(6, 8).requires_grad_()
            outputs = project(x, layers, dropped=places, low_rank=low_rank)
            total = sum((output * output).sum() for output in outputs)
            found.append([*outputs, *torch.autograd.grad(total, [x, *leaves])])  # type: ignore[arg-type]
        for ours, theirs in zip(*found, strict=True):
            torch.testing.assert_close(ours, theirs)
    assert ranks.converted(dropping=False)[0] is None


def test_layers_without_lora_pass_the_gradient_on() -> None:
    x = torch.randn(3, 8, requires_grad=True)
    weight = torch.randn(3, 8)
    (output,) = project(x, [LinearWeights(weight, None)], dropped=None)
    output.sum().backward()
    torch.testing.assert_close(x.grad, torch.ones(3, 3) @ weight)


def test_dropout_zeroes_the_same_places_forward_and_backward_and_scales_the_rest() -> None:
    a, b = torch.eye(8), torch.eye(8).requires_grad_()
    layer = LinearWeights(torch.zeros(8, 8), None, a.requires_grad_(), b, 1.0, dropout=0.5)
    x = torch.ones(50, 8, requires_grad=True)
    dropped = seeded_places(400, 0.5, 0, device=torch.device("cpu"))
    (output,) = project(x, [layer], dropped=dropped)
    assert set(output.unique().tolist()) == {0.0, 2.0}
    output.sum().backward()
    assert torch.equal(x.grad, output.detach())
    assert (output.view(-1)[dropped] == 0).all()
    assert torch.equal(project(x, [layer], dropped=None)[0], x)
