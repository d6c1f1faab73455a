"""Every message that a person can meet, read from the source: `python -m tests.messages` prints them with their places.

A refusal is what an error class or click's error is made with, and what a screen tells in a notice. A sentence is any
other text in the source that reads as one: what functions return for the first two, lines of screens, words of help.
What is put in at run time is written as {…}.
"""

import argparse
import ast
import builtins
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from tests.flags import flags_of
from tui.errors import KNOWN_ERRORS

ROOT = Path(__file__).parents[1]
PACKAGES = ("tui", "engine", "db", "adapters")
GAP = "{…}"
CLICK_ERRORS = ("UsageError", "BadParameter", "ClickException", "BadOptionUsage")
MOST_VARIANTS = 16
"""Of a text that is put together from alternatives."""


@dataclass(frozen=True)
class Message:
    """A text for a person, and where it is in the source."""

    place: str
    kind: str
    """Either "refusal" or "sentence"."""
    text: str


def messages() -> list[Message]:
    """All of them, in the order of files and lines."""
    files = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
    return [each for file in files for each in messages_in(file)]


def messages_in(file: Path) -> Iterator[Message]:
    """The messages of one file: refusals first, then other sentences."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    refusing = {id(part): part for call in ast.walk(tree) for part in _refusal(call)}
    within = {id(node) for part in refusing.values() for node in ast.walk(part)} | _docstrings(tree)
    for part in refusing.values():
        yield from _as_messages(file, part, "refusal")
    for part in _texts(tree):
        if id(part) not in within:
            yield from (each for each in _as_messages(file, part, "sentence") if reads_as_sentence(each.text))


def _as_messages(file: Path, node: ast.expr, kind: str) -> Iterator[Message]:
    place = f"{file.relative_to(ROOT).as_posix()}:{node.lineno}"
    for text in variants(node):
        if text.replace(GAP, "").strip(" :.,"):
            yield Message(place, kind, text)


def _error_names() -> set[str]:
    """Without TemplateRefused, whose words come within a sentence."""
    names, rest = set(CLICK_ERRORS), list(KNOWN_ERRORS)
    while rest:
        each = rest.pop()
        names.add(each.__name__)
        rest += each.__subclasses__()
    return names - {"TemplateRefused"}


ERRORS = _error_names()
"""Names of the classes whose text a person reads; those of modules that are not imported yet end in Error as well."""


def _refusal(node: ast.AST) -> list[ast.expr]:
    """The texts of a call that refuses or tells: an error's first text, a notice's second argument."""
    if not isinstance(node, ast.Call):
        return []
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name == "tell" and len(node.args) == 2:
        return [node.args[1]]
    if name in ERRORS or (name.endswith("Error") and name not in BUILT_IN):
        return [each for each in node.args if _is_text(each)][-1:]
    return []


BUILT_IN = {name for name in dir(builtins) if name.endswith("Error")}
"""What no person reads, but a programmer."""


def _is_text(node: ast.expr) -> bool:
    """Can this be text: a string, one with gaps, several added up, or one of two?"""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str)
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add) and (_is_text(node.left) or _is_text(node.right))
    if isinstance(node, ast.IfExp):
        return _is_text(node.body) or _is_text(node.orelse)
    return isinstance(node, ast.JoinedStr)


def _texts(tree: ast.AST) -> Iterator[ast.expr]:
    """The outermost texts below `tree`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.expr) and _is_text(node):
            yield node
        else:
            yield from _texts(node)


def _docstrings(tree: ast.AST) -> set[int]:
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def variants(node: ast.expr) -> list[str]:
    """Every text that an expression can give, with gaps for what only the run knows."""
    if isinstance(node, ast.Constant):
        return [str(node.value)] if isinstance(node.value, str) else [GAP]
    if isinstance(node, ast.JoinedStr):
        return _joined([variants(each) for each in node.values])
    if isinstance(node, ast.FormattedValue):
        return variants(node.value) if _is_text(node.value) else [GAP]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _joined([variants(node.left), variants(node.right)])
    if isinstance(node, ast.IfExp):
        return [*variants(node.body), *variants(node.orelse)]
    return [GAP]


def _joined(parts: Sequence[Sequence[str]]) -> list[str]:
    return ["".join(each) for _, each in zip(range(MOST_VARIANTS), product(*parts), strict=False)]


def reads_as_sentence(text: str) -> bool:
    """Does it begin with a capital letter, have four words, and end as a sentence does?"""
    return len(text.split()) >= 4 and bool(re.match(r"[A-Z{]", text)) and text.rstrip().endswith((".", "?"))


def sentences(text: str) -> list[str]:
    """The sentences of a text. What stands in backticks, and a number's point, end none."""
    plain = re.sub(r"`[^`]*`", "`code`", text)
    return [each for each in re.split(r"(?<=[.!?])\s+(?=[A-Z{`“'\"])", plain.strip()) if each]


def parser() -> argparse.ArgumentParser:
    """One flag."""
    flags = flags_of(__doc__)
    flags.add_argument("--kind", choices=("refusal", "sentence"), help="only these")
    return flags


def main(line: Sequence[str] | None = None) -> None:
    """Print them."""
    wanted = parser().parse_args(line).kind
    for each in messages():
        if wanted in (None, each.kind):
            print(f"{each.place}\n    {each.text}")  # noqa: T201


if __name__ == "__main__":
    main()
