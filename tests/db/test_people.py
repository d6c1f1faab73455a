"""People other than the owner, by name."""

from pathlib import Path

import pytest

from db.errors import NotAllowed
from db.people import ensure_person, list_people
from tests.db_workspace import workspace


def test_a_name_is_one_person(tmp_path: Path) -> None:
    with workspace(tmp_path) as conn:
        anna = ensure_person(conn, " Anna ")
        assert ensure_person(conn, "Anna") == anna
        assert list_people(conn) == {anna: "Anna"}
        with pytest.raises(NotAllowed, match="needs a name"):
            ensure_person(conn, " ")
