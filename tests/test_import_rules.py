"""Who may import whom. The rules of the layout: leaves, the order of packages, no circles, one home for a library."""

import ast
import functools
import itertools
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LEAVES = ("engine", "db", "adapters")

ORDER = (
    ("errors",),
    ("text", "snapshots", "theme"),
    ("events",),
    ("workspace",),
    ("machine",),
    ("compute", "terminal", "analysis", "runs", "keymap"),
    ("curation",),
    ("generation",),
    ("training", "driver", "asking", "tracking"),
    ("judges",),
    ("trials", "reader", "status", "widgets"),
    ("export",),
    ("workbench",),
    ("screens", "ipc", "detached"),
    ("app",),
    ("watch_app", "demo_app"),
    ("commands",),
    ("run_app",),
    ("cli",),
    ("start",),
)
"""The packages and modules of `tui`: each imports from earlier rows alone."""

SCREEN_SIDE = (
    "tui/screens/",
    "tui/widgets/",
    "tui/app.py",
    "tui/watch_app.py",
    "tui/demo_app.py",
    "tui/driver.py",
    "tui/theme.py",
)
"""The only files that may know of Textual."""
PRINTERS = ("tui/commands/", "tui/ipc/client.py", "tui/ipc/console.py")
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

HEAVY = ("torch", "transformers", "peft", "datasets", "trl", "openai", "scipy")
SCREENLESS = ("textual", "rich")
LIGHT_MODULES = {
    "engine.config": (*HEAVY, *SCREENLESS, "sqlite3"),
    "engine.events": (*HEAVY, *SCREENLESS, "sqlite3"),
    "engine.errors": (*HEAVY, *SCREENLESS, "sqlite3"),
    "engine.chat_servers.client": (*HEAVY, *SCREENLESS, "sqlite3"),
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

FROM_DB = ("pair_rows", "prompt_rows", "run_rows")
FROM_ADAPTERS = ("names",)
FROM_ENGINE = ("config", "events", "errors", "estimates.preflight")


def sources() -> list[Path]:
    return sorted(path for package in ("tui", *LEAVES) for path in (ROOT / package).rglob("*.py"))


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def name_of(path: Path) -> str:
    """The dotted name of a module: `tui.text.format`, and `tui.text` for a package's `__init__`."""
    return relative(path).removesuffix(".py").replace("/", ".").removesuffix(".__init__")


def imports(tree: ast.AST) -> Iterator[str]:
    """The full name of every module that is imported anywhere below `tree`: in functions and for types as well."""
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


def import_graph() -> dict[str, set[str]]:
    """Module → the modules of ours that it imports. `from package import module` is an import of the module alone."""
    known = {name_of(path): path for path in sources()}
    graph = {}
    for name, path in known.items():
        found = set(imports(parsed(path))) & known.keys()
        parents = {each for each in found if known[each].name == "__init__.py"}
        graph[name] = (found - parents) - {name}
    return graph


def circles(graph: Mapping[str, set[str]]) -> list[set[str]]:
    """The groups of nodes that reach one another."""
    reached: dict[str, set[str]] = {}
    for start in graph:
        seen: set[str] = set()
        ahead = list(graph[start])
        while ahead:
            node = ahead.pop()
            if node not in seen:
                seen.add(node)
                ahead.extend(graph.get(node, ()))
        reached[start] = seen
    groups = {frozenset(other for other in reached[node] if node in reached.get(other, ())) for node in reached}
    return [set(group) for group in groups if len(group) > 1]


def calls_of(tree: ast.AST, name: str) -> list[int]:
    """Lines that call a function or a method of this name."""
    called = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [
        call.lineno
        for call in called
        if (isinstance(call.func, ast.Name) and call.func.id == name)
        or (isinstance(call.func, ast.Attribute) and call.func.attr == name)
    ]


# -- rule 1: packages import from earlier ones ------------------------------------------------------------------


@pytest.mark.parametrize("leaf", LEAVES)
def test_a_leaf_imports_neither_its_neighbours_nor_the_root(leaf: str) -> None:
    forbidden = {"tui", "tests", *LEAVES} - {leaf}
    wrong = {relative(path): packages(parsed(path)) & forbidden for path in (ROOT / leaf).rglob("*.py")}
    assert {path: found for path, found in wrong.items() if found} == {}


def test_a_package_of_the_root_imports_from_earlier_ones_alone() -> None:
    rank = {name: number for number, row in enumerate(ORDER) for name in row}
    wrong = []
    for module, targets in import_graph().items():
        if not module.startswith("tui.") or module == "tui.__main__":
            continue
        own = module.split(".")[1]
        others = {target.split(".")[1] for target in targets if target.startswith("tui.")} - {own}
        wrong += [f"{module} imports tui.{other}" for other in sorted(others) if rank[other] >= rank[own]]
    assert wrong == []


# -- rule 2: no circles -----------------------------------------------------------------------------------------


def test_no_files_import_one_another_in_a_circle() -> None:
    assert circles(import_graph()) == []


def test_no_packages_import_one_another_in_a_circle() -> None:
    between: dict[str, set[str]] = defaultdict(set)
    for module, targets in import_graph().items():
        own = _package_of(module)
        between[own] |= {_package_of(each) for each in targets} - {own}
    assert circles(between) == []


def _package_of(module: str) -> str:
    """The folder that a module lies in; a module at a top level counts as a package of its own."""
    parent = module.rpartition(".")[0]
    return module if "." not in parent else parent


# -- rule 3: libraries and printing have homes ------------------------------------------------------------------


@pytest.mark.parametrize(("library", "homes"), HOMES.items())
def test_a_library_is_imported_in_its_home_alone(library: str, homes: tuple[str, ...]) -> None:
    users = [relative(path) for path in sources() if library in packages(parsed(path))]
    assert [path for path in users if not path.startswith(homes)] == []


def test_only_the_command_line_prints() -> None:
    wrong = {relative(path): calls_of(parsed(path), "print") for path in sources()}
    assert {path: lines for path, lines in wrong.items() if lines and not path.startswith(PRINTERS)} == {}


# -- rule 4: SQL lives in db ------------------------------------------------------------------------------------


def test_sql_is_written_in_db_alone() -> None:
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


def test_no_function_outside_db_takes_a_connection() -> None:
    wrong = []
    for path in sources():
        if relative(path).startswith("db/"):
            continue
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                typed = [ast.unparse(each.annotation) for each in given if each.annotation is not None]
                if any("Connection" in each for each in typed):
                    wrong.append(f"{relative(path)}:{node.lineno} {node.name}")
    assert wrong == []


def test_screens_take_rows_from_db_and_settings_and_events_from_the_engine() -> None:
    allowed = {f"db.{each}" for each in FROM_DB} | {f"engine.{each}" for each in FROM_ENGINE}
    allowed |= {f"adapters.{each}" for each in FROM_ADAPTERS}
    wrong = []
    for module, targets in import_graph().items():
        if module.startswith(("tui.screens.", "tui.widgets.")):
            taken = {each for each in targets if each.startswith(("db.", "engine.", "adapters."))}
            wrong += [f"{module} imports {each}" for each in sorted(taken - allowed)]
    assert wrong == []


# -- rule 5: the root is small ----------------------------------------------------------------------------------


def test_the_root_of_tui_holds_what_it_should() -> None:
    here = {path.stem for path in (ROOT / "tui").glob("*.py")} - {"__init__", "__main__"}
    folders = {path.parent.name for path in (ROOT / "tui").glob("*/__init__.py")}
    assert here | folders == {name for row in ORDER for name in row}


APART = {
    "db.interchange.questions",
    "engine.compat.transformers_private",
    "engine.estimates.answer_memory",
    "engine.fingerprint",
    "engine.sources.prepare",
    "engine.stops",
    "engine.training.allocator",
    "engine.training.margins",
    "engine.training.outages",
    "engine.training.save_adapter",
    "tui.run_app",
    "tui.terminal.gc_freeze",
    "tui.terminal.notify",
    "tui.widgets.pair.markdown_table",
    "tui.workspace.bundled_prompts",
    "tui.workspace.copied",
}
"""Modules of one function with one caller that stay apart: each is a subject of its own, or keeps a heavy import out of
its caller. The list may only shrink."""


def test_no_module_is_one_function_with_one_caller() -> None:
    graph = import_graph()
    callers = {name: [each for each, targets in graph.items() if name in targets] for name in graph}
    for path in sources():
        name = name_of(path)
        if name.startswith("tui.commands.") or len(callers[name]) != 1:
            continue
        shapes = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        public = [node for node in parsed(path).body if isinstance(node, shapes) and not node.name.startswith("_")]
        assert len(public) != 1 or isinstance(public[0], ast.ClassDef) or name in APART, name


# -- rule 6: one name, one place --------------------------------------------------------------------------------


@pytest.mark.parametrize("top", ["tui", *LEAVES])
def test_no_public_name_is_defined_in_two_modules(top: str) -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path in (ROOT / top).rglob("*.py"):
        for name in _public_names(parsed(path)):
            places[name].append(relative(path))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def _public_names(tree: ast.Module) -> Iterator[str]:
    """What a module defines; `main`, `logger` and click's commands apart."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            decorators = " ".join(ast.unparse(each) for each in node.decorator_list)
            names = [] if "command" in decorators or "group" in decorators else [node.name]
        elif isinstance(node, ast.Assign):
            names = [each.id for each in node.targets if isinstance(each, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names = [node.target.id]
        else:
            names = []
        yield from (name for name in names if not name.startswith("_") and name not in ("main", "logger"))


# -- rule 7: what is light stays light --------------------------------------------------------------------------


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


def test_packages_are_empty_where_they_begin() -> None:
    """A package's `__init__` runs whenever a module of it is imported: it holds a docstring at most."""
    allowed = {"tui/__init__.py", "engine/__init__.py"}  # Textual and torch read the environment early
    for path in sources():
        if path.name == "__init__.py" and relative(path) not in allowed:
            body = [node for node in parsed(path).body if not isinstance(node, ast.Expr)]
            assert body == [], relative(path)


# -- the rules themselves ---------------------------------------------------------------------------------------


def test_the_rules_would_notice_a_breach() -> None:
    tree = ast.parse("def later():\n    from torch.nn import functional\n    cursor.execute('x')\n    print(1)\n")
    assert packages(tree) == {"torch"}
    assert calls_of(tree, "execute") == [3]
    assert calls_of(tree, "print") == [4]
    hidden = ast.parse("if TYPE_CHECKING:\n    from tui.app import PalateApp\n")
    assert set(imports(hidden)) == {"tui.app", "tui.app.PalateApp"}
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [{"a", "b", "c"}]
    assert circles({"a": {"b"}, "b": set()}) == []
    assert list(_public_names(ast.parse("X = 1\n_y = 2\ndef f(): ...\n@click.command()\ndef g(): ..."))) == ["X", "f"]
