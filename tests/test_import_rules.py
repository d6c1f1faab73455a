"""Who may import whom: three leaves (engine, db, adapters), one root (tui), and torch only when it is needed."""

import ast
import functools
import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LEAVES = ("engine", "db", "adapters")
SCREEN_SIDE = ("tui/screens/", "tui/widgets/", "tui/app.py", "tui/driver.py", "tui/screens/messages.py", "tui/theme.py")
"""The only files that may know of Textual."""
COMMANDS = "tui/commands/"
"""The only files that may print."""

HOMES = {
    "torch": ("engine/",),
    "transformers": ("engine/",),
    "peft": ("engine/",),
    "openai": ("engine/",),
    "sqlite_utils": ("db/",),
    "textual": SCREEN_SIDE,
    "textual_plot": SCREEN_SIDE,
    "rich": SCREEN_SIDE,
}
"""A library → the beginnings of the paths that may import it."""

HEAVY = ("torch", "transformers", "peft", "datasets", "trl", "openai")
SCREENLESS = ("textual", "rich")
LIGHT_MODULES = {
    "engine.config": (*HEAVY, *SCREENLESS, "sqlite3"),
    "engine.events": (*HEAVY, *SCREENLESS, "sqlite3"),
    "engine.errors": (*HEAVY, *SCREENLESS, "sqlite3"),
    "engine.server": (*HEAVY, *SCREENLESS, "sqlite3"),
    "engine.preference": (*HEAVY, *SCREENLESS, "sqlite3"),
    "engine.sources.prepare": (*HEAVY, *SCREENLESS, "sqlite3"),
    "engine.sources.default_model": (*HEAVY, *SCREENLESS, "sqlite3"),
    "adapters.registry": (*HEAVY, *SCREENLESS, "sqlite3"),
    "adapters.compatibility": (*HEAVY, *SCREENLESS, "sqlite3"),
    "db.connection": (*HEAVY, *SCREENLESS),
    "db.migrations.runner": (*HEAVY, *SCREENLESS),
    "db.writer": (*HEAVY, *SCREENLESS),
    "tui.workbench": (*HEAVY, *SCREENLESS),
    "tui.cli": (*HEAVY, *SCREENLESS),
    "tui.app": HEAVY,
}
"""A module → what importing it must not bring along."""


def sources() -> list[Path]:
    return sorted(path for package in ("tui", *LEAVES) for path in (ROOT / package).rglob("*.py"))


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(tree: ast.AST) -> Iterator[str]:
    """The full name of every module that is imported anywhere below `tree`, within functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are written in full"
            assert node.module is not None
            yield node.module
            yield from (f"{node.module}.{each.name}" for each in node.names)


def packages(tree: ast.AST) -> set[str]:
    return {name.split(".")[0] for name in imports(tree)}


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def calls_of(tree: ast.AST, name: str) -> list[int]:
    """Lines that call a function or a method of this name."""
    called = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [
        call.lineno
        for call in called
        if (isinstance(call.func, ast.Name) and call.func.id == name)
        or (isinstance(call.func, ast.Attribute) and call.func.attr == name)
    ]


@pytest.mark.parametrize("leaf", LEAVES)
def test_a_leaf_imports_neither_its_neighbours_nor_the_root(leaf: str) -> None:
    forbidden = {"tui", "tests", *LEAVES} - {leaf}
    wrong = {relative(path): packages(parsed(path)) & forbidden for path in (ROOT / leaf).rglob("*.py")}
    assert {path: found for path, found in wrong.items() if found} == {}


@pytest.mark.parametrize(("library", "homes"), HOMES.items())
def test_a_library_is_imported_in_its_home_alone(library: str, homes: tuple[str, ...]) -> None:
    users = [relative(path) for path in sources() if library in packages(parsed(path))]
    assert [path for path in users if not path.startswith(homes)] == []


def test_sql_is_written_in_db_alone() -> None:
    """Elsewhere a connection is handed on: its type may be named, nothing is executed."""
    for path in sources():
        if relative(path).startswith("db/"):
            continue
        tree = parsed(path)
        uses = {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "sqlite3"
        }
        assert uses <= {"Connection"}, relative(path)
        assert not any(name.startswith("sqlite3.") for name in imports(tree)), relative(path)
        assert [calls_of(tree, name) for name in ("execute", "executemany", "executescript")] == [[], [], []], path


def test_only_commands_print() -> None:
    wrong = {relative(path): calls_of(parsed(path), "print") for path in sources()}
    assert {path: lines for path, lines in wrong.items() if lines and not path.startswith(COMMANDS)} == {}


def test_what_has_no_screen_imports_no_screen_when_it_starts() -> None:
    """The command line may open the app, but only inside the function that does so."""
    screens = tuple(each.removesuffix(".py").rstrip("/").replace("/", ".") for each in SCREEN_SIDE)
    for path in sources():
        if relative(path).startswith(SCREEN_SIDE):
            continue
        top = [node for node in parsed(path).body if isinstance(node, ast.Import | ast.ImportFrom)]
        names = list(imports(ast.Module(body=top, type_ignores=[])))
        found = [name for name in names if any(name == each or name.startswith(f"{each}.") for each in screens)]
        assert found == [], relative(path)


@pytest.fixture(scope="module")
def brought_along() -> dict[str, list[str]]:
    """What is there after the import of each light module, one after another in a single process: what one of them may
    not bring along, those before it may not either."""
    code = (
        "import importlib, json, sys\n"
        "for name in sys.argv[1:]:\n"
        "    importlib.import_module(name)\n"
        "    print(json.dumps(sorted(sys.modules)))\n"
    )
    command = [sys.executable, "-c", code, *LIGHT_MODULES]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    return dict(zip(LIGHT_MODULES, map(json.loads, done.stdout.splitlines()), strict=True))


@pytest.mark.parametrize(("module", "forbidden"), LIGHT_MODULES.items())
def test_a_light_module_starts_without_heavy_ones(
    brought_along: dict[str, list[str]], module: str, forbidden: tuple[str, ...]
) -> None:
    assert set(brought_along[module]) & set(forbidden) == set()


def test_no_light_module_may_bring_along_what_a_later_one_may_not() -> None:
    """Or the single process above would blame the later one."""
    allowed = [set(forbidden) for forbidden in LIGHT_MODULES.values()]
    assert all(before >= after for before, after in itertools.pairwise(allowed))


def test_the_rules_would_notice_a_breach() -> None:
    tree = ast.parse("def later():\n    from torch.nn import functional\n    cursor.execute('x')\n    print(1)\n")
    assert packages(tree) == {"torch"}
    assert calls_of(tree, "execute") == [3]
    assert calls_of(tree, "print") == [4]
