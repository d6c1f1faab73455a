"""The ancestors and descendants of a run's adapter, as a tree of text. No Textual here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from db.run_rows import RunRow
from tui.snapshots import AdapterView


@dataclass(frozen=True)
class TreeLine:
    """One line of the tree: its branch (`│  ├─ `), the adapter's name, and the run that made it, if one did.

    `here` marks the run of the tree; `gone` says that the adapter does not exist (any more).
    """

    branch: str
    name: str
    run: int | None
    here: bool = False
    in_use: bool = False
    gone: bool = False


@dataclass(frozen=True)
class _Node:
    id: str
    name: str
    parent: str | None
    run: int | None
    in_use: bool = False
    gone: bool = False


def family_of(run: RunRow, runs: Iterable[RunRow], adapters: Sequence[AdapterView]) -> list[TreeLine]:
    """The base model, the line down to the run's adapter, and everything that descends from that line's first adapter.

    A removed adapter keeps its place as long as a run names it.
    """
    nodes = _nodes(run, runs, adapters)
    root = own = _id_of(run)
    seen = {root}
    while (parent := nodes[root].parent) in nodes and parent not in seen:
        root = parent
        seen.add(root)
    children: dict[str | None, list[_Node]] = {}
    for node in nodes.values():
        children.setdefault(node.parent, []).append(node)
    lines = [TreeLine("", run.base_name, None)]
    _add(lines, nodes[root], "", True, children, own, set())
    return lines


def _id_of(run: RunRow) -> str:
    return run.adapter or f"run {run.id}"


def _nodes(run: RunRow, runs: Iterable[RunRow], adapters: Sequence[AdapterView]) -> dict[str, _Node]:
    there = {view.id: view for view in adapters}
    nodes = {view.id: _Node(view.id, view.name, view.parent, view.run, view.in_use) for view in reversed(adapters)}
    for each in sorted([*runs, run], key=lambda each: each.id):
        if _id_of(each) not in nodes and (each.adapter or each.id == run.id):
            nodes[_id_of(each)] = _Node(_id_of(each), each.name, each.parent_adapter, each.id, gone=True)
        elif each.adapter in there and there[each.adapter].parent is None and each.parent_adapter:
            view = there[each.adapter]
            nodes[view.id] = _Node(view.id, view.name, each.parent_adapter, view.run, view.in_use)
    for parent in {node.parent for node in nodes.values() if node.parent} - nodes.keys():
        nodes[parent] = _Node(parent, parent, None, None, gone=True)
    return nodes


def _add(
    lines: list[TreeLine],
    node: _Node,
    indent: str,
    last: bool,
    children: dict[str | None, list[_Node]],
    own: str,
    seen: set[str],
) -> None:
    if node.id in seen:  # manifests that name each other as parents
        return
    seen.add(node.id)
    branch = indent + ("└─ " if last else "├─ ")
    lines.append(TreeLine(branch, node.name, node.run, node.id == own, node.in_use, node.gone))
    below = children.get(node.id, [])
    for child in below:
        _add(lines, child, indent + ("   " if last else "│  "), child is below[-1], children, own, seen)
