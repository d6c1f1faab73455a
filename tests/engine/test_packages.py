"""Palate without the packages that compute: it says what it can do, and loads no model."""

import pytest

from engine.errors import ModelError
from engine.sources import packages


def test_nothing_is_missing_where_everything_is_installed() -> None:
    assert packages.missing_packages() == []
    packages.require_packages()


def test_a_missing_package_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "NEEDED", ("torch", "package_that_nobody_wrote"))
    with pytest.raises(ModelError, match=r"without package_that_nobody_wrote, so it labels from servers.*Install"):
        packages.require_packages()
