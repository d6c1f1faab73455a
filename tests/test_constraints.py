"""constraints.txt holds one public version of everything that pyproject.toml asks for."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PINS = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
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
