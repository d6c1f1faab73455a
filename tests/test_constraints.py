"""constraints.txt and uv.lock hold one public version of everything that pyproject.toml asks for."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PINS = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
WANTED = [Requirement(each) for each in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]]


def test_every_line_is_one_public_version() -> None:
    """No local tag such as +cpu, no address, no path: the file means the same on every machine."""
    assert [line for line in PINS if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][0-9A-Za-z.]*", line)] == []


def test_nothing_is_pinned_twice() -> None:
    names = [canonicalize_name(line.split("==")[0]) for line in PINS]
    assert len(names) == len(set(names))


def test_every_dependency_has_a_pin_that_it_allows() -> None:
    pins = {canonicalize_name(name): version for name, version in (line.split("==") for line in PINS)}
    missing = [each.name for each in WANTED if canonicalize_name(each.name) not in pins]
    assert missing == []
    refused = [str(each) for each in WANTED if not each.specifier.contains(pins[canonicalize_name(each.name)])]
    assert refused == []


def test_dependencies_have_lower_bounds_alone() -> None:
    """A pin in the package itself would keep others from using it beside anything else.

    Textual alone has an upper bound: the app overrides private methods, which a major version may rename.
    """
    bounds = {each.name: {bound.operator for bound in each.specifier} for each in WANTED}
    assert bounds.pop("textual") == {">=", "<"}
    assert {name: found for name, found in bounds.items() if found != {">="}} == {}


def test_uv_lock_is_for_the_requirements_of_pyproject() -> None:
    """`uv lock` renews it; `uv lock --check` in CI says whether it has to be."""
    (ours,) = [each for each in LOCK["package"] if each["name"] == "palate"]
    locked = {
        (each["name"], str(SpecifierSet(each["specifier"])), each.get("marker"))
        for each in ours["metadata"]["requires-dist"]
    }
    extras = PROJECT["optional-dependencies"]
    wanted = [(each, None) for each in PROJECT["dependencies"]]
    wanted += [(each, f"extra == '{extra}'") for extra, listed in extras.items() for each in listed]
    assert locked == {
        (canonicalize_name(need.name), str(need.specifier), marker)
        for need, marker in ((Requirement(each), marker) for each, marker in wanted)
    }


def test_uv_lock_has_the_versions_of_the_constraints() -> None:
    """Another version is there beside the pin only where the pin does not run on an older Python."""
    pins = {canonicalize_name(name): version for name, version in (line.split("==") for line in PINS)}
    locked: dict[str, set[str]] = {}
    for each in LOCK["package"]:
        locked.setdefault(each["name"], set()).add(each.get("version", ""))
    assert {name: version for name, version in pins.items() if version not in locked.get(name, {version})} == {}


def test_uv_lock_names_the_public_registry_alone() -> None:
    text = (ROOT / "uv.lock").read_text(encoding="utf-8")
    assert set(re.findall(r"https?://([^/\"]+)", text)) == {"pypi.org", "files.pythonhosted.org"}
