"""Private names of libraries are used in engine/compat alone, where each has its reason."""

import ast
from collections.abc import Iterator
from pathlib import Path

ENGINE = Path(__file__).parents[2] / "engine"
DEEP = ("peft.", "transformers.modeling_layers", "torch.ops", "torch._")
"""The beginnings of modules that a library's documentation does not name."""
PUBLIC = {"_replace", "_asdict", "_fields", "_exit"}
"""What Python's documentation names: of named tuples, and of `os`."""


def private_names(tree: ast.AST) -> Iterator[str]:
    """Attributes with an underscore on anything but `self` and `cls`, and imports from modules of `DEEP`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.endswith("__"):
            if node.attr not in PUBLIC and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")):
                yield node.attr
        elif isinstance(node, ast.ImportFrom) and node.module is not None and node.module.startswith(DEEP):
            yield node.module


def test_the_engine_uses_private_names_in_compat_alone() -> None:
    found = {
        path.relative_to(ENGINE).as_posix(): names
        for path in ENGINE.rglob("*.py")
        if (names := list(private_names(ast.parse(path.read_text(encoding="utf-8")))))
    }
    assert sorted(found) == ["compat/peft_private.py", "compat/torch_private.py", "compat/transformers_private.py"]


def test_a_breach_would_be_noticed() -> None:
    tree = ast.parse("from peft.tuners.lora import Linear\nlayer._active = self._own\n")
    assert list(private_names(tree)) == ["peft.tuners.lora", "_active"]
